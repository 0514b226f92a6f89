"""Engines draw completions. Each is one module here, or a third party's entry point `humaneval_x.engines`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Protocol

from humaneval_x.errors import UsageError
from humaneval_x.records import Completion, Problem, Prompt, Sampling

__all__ = ["Engine", "EngineOptions", "Request", "ServerOptions", "engine_names", "open_engine"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A prompt, the completion ids wanted of it, and the rule that says whether a text so far is finished.

    `is_finished` takes the completion's text as drawn so far and is true once a stop rule is met. `watch` hints when
    asking it is worth while: `never`, `lines`, `braces` or `always`, as `truncation.StopRule.watch` says.
    """

    prompt: Prompt
    problem: Problem
    completion_ids: tuple[int, ...]
    is_finished: Callable[[str], bool]
    watch: str = "always"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """How an engine reaches a server that speaks OpenAI's protocol.

    `base_url` is what comes before `/completions`, `api` one of `completions` and `chat`; `instruction` is the file of
    a Jinja template for a chat's message, None the engine's own. The key is in the environment variable `key_variable`.
    At most `concurrency` requests are under way at once; one that takes longer than `timeout_s` is tried again.
    """

    base_url: str = ""
    api: str = "completions"
    instruction: Path | None = None
    key_variable: str = "OPENAI_API_KEY"
    concurrency: int = 8
    timeout_s: float = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineOptions:
    """What an engine is opened with. `model` is a name, a folder or a file, as the engine understands it.

    `devices` are the numbers of the GPUs to use, one process each; empty leaves the choice to the engine.
    """

    model: str = ""
    slots: int = 0
    device: str = "auto"
    dtype: str = "auto"
    devices: tuple[int, ...] = ()
    server: ServerOptions = ServerOptions()


class Engine(Protocol):
    """Draws completions for requests."""

    def describe(self) -> dict[str, Any]:
        """What decides the completions: model, weights hash, versions. JSON-ready; written into `run.json`."""

    def sample(self, requests: Sequence[Request], sampling: Sampling) -> Iterator[tuple[Prompt, Completion]]:
        """Each wanted completion once, in any order, as soon as it is finished. Raises EngineError, DataError.

        A completion depends on its identity (run seed, task, task id, completion id) alone, never on what else is
        sampled beside it.
        """

    def close(self) -> None:
        """Give back what the engine holds; it is not used afterwards."""


# Name -> module with a function `open_engine(EngineOptions) -> Engine`.
_ENGINES = {
    "paddle": "humaneval_x.engines.paddle",
    "torch": "humaneval_x.engines.torch",
    "canonical": "humaneval_x.engines.canonical",
    "replay": "humaneval_x.engines.replay",
    "openai": "humaneval_x.engines.openai",
}


def engine_names() -> tuple[str, ...]:
    """Names for `--engine`: the built-in ones, then those that installed packages register."""
    third_party = {point.name for point in entry_points(group="humaneval_x.engines")}
    return (*_ENGINES, *sorted(third_party - set(_ENGINES)))


def open_engine(name: str, options: EngineOptions) -> Engine:
    """Open the engine of that name. Raises UsageError for an unknown name, EngineError or DataError if it cannot."""
    if name in _ENGINES:
        engine: Engine = import_module(_ENGINES[name]).open_engine(options)
        return engine
    for point in entry_points(group="humaneval_x.engines", name=name):
        registered: Engine = point.load()(options)
        return registered
    raise UsageError(f"no engine {name!r}: the engines are {', '.join(engine_names())}")
