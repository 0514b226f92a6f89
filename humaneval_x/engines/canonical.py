"""The engine that answers with the data set's own solutions: it must score 100 %, so it proves the rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from humaneval_x.engines import EngineOptions, Request
from humaneval_x.errors import UsageError
from humaneval_x.records import Completion, Prompt, Sampling

__all__ = ["CanonicalEngine", "open_engine"]


class CanonicalEngine:
    """Replays each problem's canonical solution, once for every wanted completion."""

    def describe(self) -> dict[str, Any]:
        """The engine has no model: the data set's hashes in `run.json` say what it answers."""
        return {"engine": "canonical", "model": "canonical solutions"}

    def sample(self, requests: Sequence[Request], sampling: Sampling) -> Iterator[tuple[Prompt, Completion]]:  # noqa: ARG002
        """The canonical solution for each wanted completion, in the order asked for."""
        for request in requests:
            for completion_id in request.completion_ids:
                yield (
                    request.prompt,
                    Completion(
                        task_id=request.prompt.task_id,
                        completion_id=completion_id,
                        text=request.problem.canonical_solution,
                        finish="given",
                        tokens=0,
                        seed=0,
                    ),
                )

    def close(self) -> None:
        """Nothing is held."""


def open_engine(options: EngineOptions) -> CanonicalEngine:
    """The canonical engine. Raises UsageError if a model is named, since none would be used."""
    if options.model:
        raise UsageError(f"the canonical engine takes no model, but --model {options.model!r} was given: leave it out")
    return CanonicalEngine()
