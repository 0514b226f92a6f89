"""Which sample sits in which slot: fixed slots, refilled across prompts, one prefill for all samples of a prompt."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Admission", "Scheduler", "seats_for"]

# A prompt whose last samples outlive the next prompts' keeps its seat; so many seats wait for that.
_SPARE_SEATS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """Samples of one prompt that got a slot: `samples[i]` (counted from 0 within the prompt) sits in `slots[i]`.

    `seat` is the place of the prompt's cache. `first` is true for a prompt's first admission: it must be prefilled.
    """

    prompt: int
    seat: int
    first: bool
    samples: tuple[int, ...]
    slots: tuple[int, ...]


class Scheduler:
    """Hands out slots in the order of the prompts; touches no tensors and draws nothing.

    A prompt keeps a seat (its cache) from its first admission until `retire` says that its last sample has ended.
    """

    def __init__(self, samples: Sequence[int], slots: int, seats: int) -> None:
        """`samples[p]` is how many samples prompt p needs (none is allowed), `slots` how many run at once.

        `seats` is how many prompts may have samples running; a prompt that finds none free waits.
        """
        if slots < 1 or seats < 1:
            raise ValueError(f"at least one slot and one seat are needed, not {slots} and {seats}")
        self._waiting = deque((prompt, count) for prompt, count in enumerate(samples) if count)
        self._needed = list(samples)
        self._open = list(samples)
        self._free = list(range(slots - 1, -1, -1))
        self._free_seats = list(range(seats - 1, -1, -1))
        self._seat_of: dict[int, int] = {}
        self._tenants: dict[int, tuple[int, int]] = {}

    @property
    def finished(self) -> bool:
        """Whether every sample has had its slot and left it."""
        return not self._waiting and not self._tenants

    def tenants(self) -> dict[int, tuple[int, int]]:
        """Slot -> (prompt, sample) of all samples that are running."""
        return dict(self._tenants)

    def admit(self) -> list[Admission]:
        """Fill the free slots with the next samples, prompt by prompt."""
        admissions = []
        while self._free and self._waiting:
            prompt, left = self._waiting[0]
            first = prompt not in self._seat_of
            if first and not self._free_seats:
                break
            if first:
                self._seat_of[prompt] = self._free_seats.pop()
            count = min(left, len(self._free))
            start = self._needed[prompt] - left
            samples = tuple(range(start, start + count))
            slots = tuple(self._free.pop() for _ in range(count))
            self._tenants.update({slot: (prompt, sample) for slot, sample in zip(slots, samples, strict=True)})
            self._waiting.popleft()
            if left > count:
                self._waiting.appendleft((prompt, left - count))
            seat = self._seat_of[prompt]
            admissions.append(Admission(prompt=prompt, seat=seat, first=first, samples=samples, slots=slots))
        return admissions

    def retire(self, slot: int) -> int | None:
        """Free the slot of a sample that has ended; the seat that its prompt leaves with its last sample, else None."""
        prompt, _ = self._tenants.pop(slot)
        self._free.append(slot)
        self._open[prompt] -= 1
        if self._open[prompt]:
            return None
        seat = self._seat_of.pop(prompt)
        self._free_seats.append(seat)
        return seat


def seats_for(samples: Sequence[int], slots: int) -> int:
    """How many prompts have samples running at once at most when `slots` samples run in order, and a few spare."""
    counts = [count for count in samples if count]
    most = first = running = 0
    for last, count in enumerate(counts):
        running += count
        # Of the window's first and last prompt one sample each is enough.
        while first < last and running - counts[first] - count + 2 > slots:
            running -= counts[first]
            first += 1
        most = max(most, last - first + 1)
    return max(1, min(len(counts), min(most, slots) + _SPARE_SEATS))
