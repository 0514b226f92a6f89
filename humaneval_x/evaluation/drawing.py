"""What the thread that draws samples tells the thread that judges them meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

from humaneval_x.records import Completion
from humaneval_x.rundir import FollowedSamples

__all__ = ["AbandonedError", "Drawing"]

# How long a judgement that has ended may wait for its journal while no sample comes.
_MOMENT_S = 0.2
# How long samples may wait for others to be judged with.
_COMPANY_S = 20.0


class AbandonedError(Exception):
    """The drawing failed or was interrupted: whoever judges beside it should end."""


class Drawing:
    """The drawing of a run's samples, as far as the judging has to know of it: more came, it ended, it was given up."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._news = 0
        self._ended = self._abandoned = False

    def more(self) -> None:
        """A sample was written to its journal."""
        with self._changed:
            self._news += 1
            self._changed.notify_all()

    def end(self) -> None:
        """All samples that there will be are in the journals."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def abandon(self) -> None:
        """The drawing was given up: nobody waits for verdicts any more."""
        with self._changed:
            self._abandoned = True
            self._changed.notify_all()

    @property
    def ended(self) -> bool:
        """Whether all samples that there will be are in the journals."""
        return self._ended

    def check(self) -> None:
        """Raises AbandonedError if the drawing was given up."""
        if self._abandoned:
            raise AbandonedError

    def samples(self, followed: FollowedSamples, wanted: int, at_once: int = 1) -> Iterator[Completion | None]:
        """A task's samples as they come, until there are as many as wanted or the drawing has ended.

        Several come together: `at_once` of them if they do not take too long. None each time that there has been
        nothing for a moment. Raises AbandonedError as soon as the drawing was given up.
        """
        while True:
            with self._changed:
                # Asked before the journal is read: what comes while it is read is not overlooked.
                news, ended = self._news, self._ended
            for sample in followed.new():
                self.check()
                yield sample
            if ended or len(followed.keys) >= wanted:
                return
            patience_ends = time.monotonic() + _COMPANY_S
            while not self._has_more(news, at_once if time.monotonic() < patience_ends else 1):
                self.check()
                yield None
            self.check()

    def _has_more(self, seen: int, count: int) -> bool:
        """Wait a moment until there are so many more samples than were seen, or will be none."""
        with self._changed:
            return self._changed.wait_for(
                lambda: self._news >= seen + count or self._ended or self._abandoned, _MOMENT_S
            )
