"""Judging in a thread of its own while the main thread, where signals arrive, draws the samples."""

from __future__ import annotations

import threading
from collections.abc import Callable

from humaneval_x.evaluation import Evaluated
from humaneval_x.evaluation.drawing import AbandonedError, Drawing
from humaneval_x.progress import Progress

__all__ = ["HeardProgress", "judged_beside"]


class HeardProgress:
    """The drawing's progress, each step of which is a sample that can be judged."""

    def __init__(self, progress: Progress, drawing: Drawing) -> None:
        self._progress = progress
        self._drawing = drawing

    def begin(self, *, total: int, done: int = 0, unit: str) -> None:
        """Pass it on."""
        self._progress.begin(total=total, done=done, unit=unit)

    def advance(self, **facts: float) -> None:
        """Pass it on, and tell who judges."""
        self._progress.advance(**facts)
        self._drawing.more()


def judged_beside(
    drawing: Drawing, draw: Callable[[], None], judge: Callable[[], Evaluated], *, say: Callable[[str], None]
) -> Evaluated:
    """Draw, and judge in another thread meanwhile and to its end.

    What `draw` raises, or a signal, ends both, and is raised once the judging has ended too; a second signal does not
    wait for that. What `judge` raises is told to `say` and raised when the drawing has ended: it can go on without.
    """
    judging = _Judging(drawing, judge, say)
    try:
        judging.start()
        draw()
        drawing.end()
        judging.join()
    except BaseException:
        drawing.abandon()
        if judging.ident is not None:
            judging.join()
        raise
    return judging.result()


class _Judging(threading.Thread):
    # A daemon: a second Ctrl-C ends the process whatever the sandboxes are at; they end with it.
    def __init__(self, drawing: Drawing, judge: Callable[[], Evaluated], say: Callable[[str], None]) -> None:
        super().__init__(name="judging", daemon=True)
        self._drawing = drawing
        self._judge = judge
        self._say = say
        self._evaluated: Evaluated | None = None
        self._error: BaseException | None = None

    def run(self) -> None:
        try:
            self._evaluated = self._judge()
        except AbandonedError:
            return
        except BaseException as error:  # raised in the main thread, when the samples are drawn
            self._error = error
            if not self._drawing.ended:
                self._say(f"judging has stopped, sampling goes on: {error}")

    def result(self) -> Evaluated:
        """What the thread, which has ended, has judged. Raises what it raised."""
        if self._error is not None:
            raise self._error
        assert self._evaluated is not None
        return self._evaluated
