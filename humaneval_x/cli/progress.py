"""Progress for people: a bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO

from tqdm import tqdm

if TYPE_CHECKING:
    from typing_extensions import Never

__all__ = ["TerminalProgress", "say"]

_BAR_EVERY_S = 0.2
# Plain lines come soon at first, since they also say how fast it goes, and then seldom, since they stay.
_PLAIN_FIRST_S = 2.0
_PLAIN_EVERY_S = 10.0
# Facts that grow with the work, so that their rate means something.
_RATED = frozenset({"tokens"})
_BAR = "{desc}: {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt}{postfix}"


def say(text: str) -> None:
    """Write a line to stderr, above any bars that are being drawn there."""
    tqdm.write(text, file=sys.stderr)


class TerminalProgress:
    """Shows one piece of work on stderr; use it as a context manager.

    Of several at once each has a `position` of its own, its bar's line; at its end only the one at 0 leaves its bar.
    Rates and the time left are those of the steps since it began: what was done before counts as done alone.
    """

    def __init__(
        self,
        title: str,
        *,
        position: int = 0,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._title = title
        self._position = position
        self._stream = stream or sys.stderr
        self._clock = clock
        self._bar: tqdm[Never] | None = None
        self._total = self._done = self._before = self._shown = 0
        self._unit = "step"
        self._began = self._due = clock()
        self._facts: dict[str, float] = {}

    def begin(self, *, total: int, done: int = 0, unit: str) -> None:
        """Start counting at `done` of `total`."""
        self._total, self._done, self._before, self._shown, self._unit = total, done, done, done, unit
        self._began = self._due = self._clock()
        if self._stream.isatty():
            self._bar = tqdm(
                total=total,
                initial=done,
                desc=self._title,
                bar_format=_BAR,
                file=self._stream,
                mininterval=0,
                miniters=0,
                dynamic_ncols=True,
                position=self._position,
                leave=self._position == 0,
            )
        elif total > done:
            self._due += _PLAIN_FIRST_S
            before = f", {done:,} of them done before" if done else ""
            self._write(f"{self._title}: {total:,} {unit}s{before}")

    def advance(self, **facts: float) -> None:
        """Count one step. Comes thousands of times a second: all but few of the calls look at the clock and return."""
        self._done += 1
        self._facts = facts
        now = self._clock()
        if now >= self._due:
            self._show(now)
            self._due = now + (_PLAIN_EVERY_S if self._bar is None else _BAR_EVERY_S)

    def _show(self, now: float) -> None:
        self._shown, new = self._done, self._done - self._shown
        said = self._said(now)
        if self._bar is not None:
            self._bar.set_postfix_str(said, refresh=False)
            self._bar.update(new)
        else:
            self._write(f"{self._title}: {self._done:,}/{self._total:,} {self._unit}s, {said}")

    def _said(self, now: float) -> str:
        """How fast it goes, what it has found, and how long it will take."""
        passed = max(now - self._began, 1e-9)
        steps = self._done - self._before
        words = [f"{_rate(steps / passed)} {self._unit}s/s"]
        for name, value in self._facts.items():
            words.append(f"{value:,.0f} {name}")
            if name in _RATED:
                words.append(f"{_rate(value / passed)} {name}/s")
        left = self._total - self._done
        # The first of thousands of steps came after a start that says nothing of the others.
        if 0 < left <= steps * (100 if steps < 10 else left):
            words.append(f"{_duration(left * passed / steps)} left")
        return ", ".join(words)

    def _write(self, line: str) -> None:
        self._stream.write(line + "\n")
        self._stream.flush()

    def __enter__(self) -> TerminalProgress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._done > self._shown:
            self._show(self._clock())
        if self._bar is not None:
            self._bar.close()


def _rate(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 1 else f"{value:.2g}"


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
