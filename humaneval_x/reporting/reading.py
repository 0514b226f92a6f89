"""Reads runs and estimates what reports show of them, several at a time where that is worth while."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from humaneval_x.reporting.measured import Measured, measure
from humaneval_x.reporting.summary import read_summary
from humaneval_x.rundir import USUAL, Judgement

__all__ = ["read_runs"]

_WORTH_WHILE = 50_000_000
"""Bytes of journals that are read in the time that further processes need to start."""


def read_runs(runs: Sequence[Path], judgement: Judgement = USUAL, *, processes: int = 1) -> list[Measured]:
    """Each run by that one of its evaluations, with up to so many processes. Raises as `read_summary`.

    With more than one, a program's own main module must be importable, as `multiprocessing` wants it.
    """
    read = partial(_read, judgement=judgement)
    workers = min(processes, len(runs))
    if workers < 2 or sum(map(_journal_bytes, runs)) < _WORTH_WHILE:
        return [read(run) for run in runs]
    # Started afresh, since a fork of a process with threads (numpy has some) may hang.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        return list(pool.map(read, runs))


def _read(run: Path, judgement: Judgement) -> Measured:
    return measure(read_summary(run, judgement))


def _journal_bytes(run: Path) -> int:
    return sum(path.stat().st_size for path in run.glob("*/*.jsonl*"))
