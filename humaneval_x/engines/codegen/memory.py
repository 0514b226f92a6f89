"""How many samples run at once: what free memory holds, spread evenly; and fewer once a device says it is full."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["DeviceMemoryError", "Shape", "fewer_slots", "free_host_memory", "most_slots"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Sizes of the caches: samples at once and the most tokens of one, prompts at once and the most tokens of one."""

    slots: int
    suffix: int
    seats: int
    prompt: int


class DeviceMemoryError(Exception):
    """The device has no memory left for what was asked."""


def most_slots(wanted: int, free_bytes: int, bytes_for: Callable[[int], int], at_most: int) -> int:
    """Slots for `wanted` samples: as many as fit, at least 1, in waves of equal size.

    `bytes_for(slots)` grows with slots. With 1,000 slots 1,100 samples would leave nearly all idle for half of the
    time; 552 are as quick and need half of the memory.
    """
    low, high = 1, max(1, min(wanted, at_most))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if bytes_for(middle) <= free_bytes else (low, middle - 1)
    waves = -(-wanted // low)
    even = -(-wanted // waves)
    return min(low, even if even < 8 else -(-even // 8) * 8)


def fewer_slots(slots: int) -> int | None:
    """What to try when so many slots did not fit; None if nothing is left to try."""
    return max(1, slots * 3 // 4) if slots > 1 else None


def free_host_memory() -> int:
    """Bytes of main memory that can be had without swapping, within the control group's limit."""
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        free = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError):
        pass
    group = Path("/sys/fs/cgroup")
    for limit, usage in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        try:
            free = min(free, int((group / limit).read_text()) - int((group / usage).read_text()))
        except (OSError, ValueError):
            continue
    return max(free, 0)
