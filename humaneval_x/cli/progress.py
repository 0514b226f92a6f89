"""Progress for people: a bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import click
from tqdm import tqdm

if TYPE_CHECKING:
    from typing_extensions import Never

__all__ = ["TerminalProgress", "say"]

_PLAIN_EVERY_S = 10.0


def say(text: str) -> None:
    """Write a line to stderr, above any bars that are being drawn there."""
    tqdm.write(text, file=sys.stderr)


class TerminalProgress:
    """Shows one piece of work on stderr; use it as a context manager.

    Of several at once each has a `position` of its own, its bar's line; at its end only the one at 0 leaves its bar.
    """

    def __init__(self, title: str, *, position: int = 0) -> None:
        self._title = title
        self._position = position
        self._bar: tqdm[Never] | None = None
        self._total = self._done = self._before = 0
        self._unit = "step"
        self._began = self._said = time.monotonic()
        self._facts: dict[str, float] = {}

    def begin(self, *, total: int, done: int = 0, unit: str) -> None:
        """Start counting at `done` of `total`."""
        self._total, self._done, self._before, self._unit = total, done, done, unit
        self._began = self._said = time.monotonic()
        if sys.stderr.isatty():
            self._bar = tqdm(
                total=total,
                initial=done,
                unit=unit,
                desc=self._title,
                dynamic_ncols=True,
                position=self._position,
                leave=self._position == 0,
            )
        elif total > done:
            before = f", {done} of them done before" if done else ""
            click.echo(f"{self._title}: {total} {unit}s{before}", err=True)

    def advance(self, **facts: float) -> None:
        """Count one step."""
        self._done += 1
        self._facts = facts
        if self._bar is not None:
            # tqdm throttles its own drawing; the facts are cheap to hand over each time.
            self._bar.set_postfix({name: f"{value:g}" for name, value in facts.items()}, refresh=False)
            self._bar.update()
        elif time.monotonic() - self._said > _PLAIN_EVERY_S:
            self._say()

    def _say(self) -> None:
        self._said = time.monotonic()
        rate = (self._done - self._before) / max(self._said - self._began, 1e-9)
        left = (self._total - self._done) / rate if rate else 0.0
        facts = "".join(f", {name} {value:g}" for name, value in self._facts.items())
        click.echo(
            f"{self._title}: {self._done}/{self._total} {self._unit}s, {rate:.1f}/s, {left:.0f} s left{facts}", err=True
        )

    def __enter__(self) -> TerminalProgress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()
        elif self._done > self._before:
            self._say()
