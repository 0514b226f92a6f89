"""Which sample sits in which slot: fixed slots, refilled across prompts, one prefill for all samples of a prompt."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Admission", "Scheduler"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """Samples of one prompt that got a slot: `samples[i]` (counted from 0 within the prompt) sits in `slots[i]`.

    `first` is true for a prompt's first admission: it must be prefilled.
    """

    prompt: int
    first: bool
    samples: tuple[int, ...]
    slots: tuple[int, ...]


class Scheduler:
    """Hands out slots in the order of the prompts; touches no tensors and draws nothing.

    A prompt's cache is needed from its first admission until `retire` says that its last sample has ended.
    """

    def __init__(self, samples: Sequence[int], slots: int) -> None:
        """`samples[p]` is how many samples prompt p needs (none is allowed), `slots` how many run at once."""
        if slots < 1:
            raise ValueError(f"at least one slot is needed, not {slots}")
        self._waiting = deque((prompt, count) for prompt, count in enumerate(samples) if count)
        self._needed = list(samples)
        self._open = list(samples)
        self._free = list(range(slots - 1, -1, -1))
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
            prompt, left = self._waiting.popleft()
            count = min(left, len(self._free))
            start = self._needed[prompt] - left
            samples = tuple(range(start, start + count))
            slots = tuple(self._free.pop() for _ in range(count))
            self._tenants.update({slot: (prompt, sample) for slot, sample in zip(slots, samples, strict=True)})
            if left > count:
                self._waiting.appendleft((prompt, left - count))
            admissions.append(Admission(prompt=prompt, first=start == 0, samples=samples, slots=slots))
        return admissions

    def retire(self, slot: int) -> int | None:
        """Free the slot of a sample that has ended; the prompt whose last sample this was, else None."""
        prompt, _ = self._tenants.pop(slot)
        self._free.append(slot)
        self._open[prompt] -= 1
        return None if self._open[prompt] else prompt
