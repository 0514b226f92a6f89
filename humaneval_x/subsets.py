"""A fixed subset of the problems that stands for all of them, for a measurement in minutes. Pure.

The published data say nothing of how hard a problem is, so what stands for it is the length of the Python solution (its
characters that are not blank): solutions of a problem are long or short in all languages together (rank correlations
from 0.6 to 0.8). The problems are lined up by it and taken at the places frac(1/2 + t / golden ratio), t = 0, 1, ...:
each falls into one of the largest gaps that those before it left, and no other multiplier divides the gaps as evenly
(Knuth, The Art of Computer Programming, volume 3, section 6.4, theorem S and what follows it). So every quarter of the
line has its share in every subset, within three problems for the 164 of HumanEval-X.

Nothing is drawn: the order is the same for everyone, whatever the seed or the languages, and a smaller subset is the
beginning of a larger one.
"""

from __future__ import annotations

from collections.abc import Sequence

from humaneval_x.errors import UsageError
from humaneval_x.records import Problem

__all__ = ["METHOD", "REFERENCE_LANGUAGE", "affordable", "representative_order"]

METHOD = "python-solution-length/golden-ratio"
"""What a manifest names the choice."""

REFERENCE_LANGUAGE = "python"
"""Whose problems `representative_order` is to be given, so that every choice of languages has the same subset."""

# 2^64 divided by the golden ratio, and its half: whole numbers are the same on every machine.
_WORD = 64
_STEP = 11400714819323198485
_HALF = 1 << (_WORD - 1)


def affordable(budget: int, *, samples: int, tasks: int) -> int:
    """How many problems of each task a budget of samples is enough for, each with `samples`.

    Raises UsageError if it is not enough for one.
    """
    least = samples * tasks
    if budget < least:
        raise UsageError(
            f"--sample-budget {budget} is not enough for one problem: {samples} samples of it in {tasks} "
            f"{'task' if tasks == 1 else 'tasks'} make {least}; raise it, or ask for fewer samples (-n) or languages"
        )
    return budget // least


def representative_order(reference: Sequence[Problem]) -> list[int]:
    """The numbers of these problems, which are of one language, so that every beginning represents the whole."""
    line = sorted(reference, key=lambda problem: (_length(problem), problem.number))
    return [line[place].number for place in _spread(len(line))]


def _length(problem: Problem) -> int:
    return sum(not character.isspace() for character in problem.canonical_solution)


def _spread(count: int) -> list[int]:
    """The places 0 to count - 1, each once, as the golden ratio visits them."""
    places: dict[int, None] = {}
    at = _HALF
    while len(places) < count:
        places.setdefault(at * count >> _WORD)
        at = (at + _STEP) % (1 << _WORD)
    return list(places)
