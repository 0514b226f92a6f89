"""The values that pass between the modules: frozen, without behaviour, units in the names."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "MAX_SOURCE_BYTES",
    "SHARED",
    "STORED",
    "Completion",
    "Estimate",
    "Limits",
    "Outcome",
    "Problem",
    "Program",
    "Prompt",
    "Sampling",
    "Verdict",
]


MAX_SOURCE_BYTES = 4 * 1024 * 1024
"""A program of more bytes is not given to a sandbox; the longest published one has some 10 kB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One problem of a data set in one language, in the published fields.

    `task_id` is the published one (`Python/0`, `CPP/161`), `language` the folder name under `sandboxes/`.
    `example_test` is empty where the data set has none. `imports` (the published field `import`), `docstring`
    and `test_setup` are Go's, `text` Python's and Java's; empty elsewhere.
    """

    task_id: str
    language: str
    prompt: str
    declaration: str
    canonical_solution: str
    test: str
    example_test: str = ""
    text: str = ""
    imports: str = ""
    docstring: str = ""
    test_setup: str = ""
    random_test: bool = False

    @property
    def number(self) -> int:
        """The problem's number, the same in every language."""
        return int(self.task_id.rpartition("/")[2])


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What an engine is given for one problem.

    `task` names the journal: `generation-<language>` or `translation-<source>-to-<target>`; `task_id` and
    `language` are those of the problem whose test will judge the completion (the target's).
    """

    task: str
    task_id: str
    language: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """How completions are drawn.

    `top_k` 0, `top_p` 1 and `repetition_penalty` 1 switch these off; `temperature` 0 is greedy.
    """

    temperature: float
    top_p: float
    top_k: int
    max_tokens: int
    samples: int
    seed: int
    repetition_penalty: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """One sample: raw text as drawn, before any truncation but that at a stop pattern of the run.

    `finish` is `stop` (a stop rule was met), `eos` (end-of-text), `length` (`max_tokens` or the position limit) or
    `given` (replayed, not drawn). `tokens` counts what was drawn; `seed` is the sample's own, derived from its
    identity. `response` is a chat model's whole answer, of which `text` is the code; empty where `text` is all. `whole`
    says that `text` is a whole program but for the test: nothing is put before it and nothing is cut. `preamble` are
    lines that must stand before all else, such as a chat model's own includes.
    """

    task_id: str
    completion_id: int
    text: str
    finish: str
    tokens: int
    seed: int
    response: str = ""
    whole: bool = False
    preamble: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What a sandbox runs: prompt (or declaration), truncated completion and test, assembled.

    `sha256` is that of `source` in UTF-8 (surrogates passed), in hex: the program's identity in journals.
    """

    task_id: str
    completion_id: int
    language: str
    source: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one sample may use. CPU decides; wall limits only catch what sleeps."""

    compile_cpu_s: float
    run_cpu_s: float
    wall_s: float
    memory_mb: int
    processes: int
    output_bytes: int
    disk_mb: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Facts about one execution, without judgement.

    `stage` is the last stage that ran: `input` (the program could not be given to a sandbox at all), `compile` or
    `run`. `exit_code` is None where a signal ended it; `signal` is 0 where none did. `limit_hit` names the limit
    that ended it (`cpu`, `wall`, `memory`, `process`, `disk`, `output`) or is empty. `completed` is true only if
    the harness's own entry point proved, after the tests returned, that they had. `failed_assertions` counts those
    a language reports without stopping (JavaScript's `console.assert`). `stdout` and `stderr` are capped.
    """

    stage: str
    exit_code: int | None
    signal: int
    cpu_s: float
    wall_s: float
    peak_mb: float
    stdout: str
    stderr: str
    limit_hit: str
    completed: bool
    assertions: int = 0
    failed_assertions: int = 0


SHARED = "shared"
"""Flag of a verdict that was taken over from another sample of the same problem with the same program."""

STORED = "stored"
"""Flag, beside `SHARED`, of one that was taken over from an earlier run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What an outcome means. `status` is the `strict` verdict's, `reference_passed` the published evaluator's rule."""

    task_id: str
    completion_id: int
    sha256: str
    status: str
    reference_passed: bool
    flags: tuple[str, ...]
    cpu_s: float
    wall_s: float
    peak_mb: float
    detail: str

    @property
    def passed(self) -> bool:
        """Whether the strict verdict is a pass."""
        return self.status == "passed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """pass@k over `problems` problems with `samples` samples in all; `low` and `high` bound the 95 % interval."""

    language: str
    k: int
    value: float
    low: float
    high: float
    problems: int
    samples: int
