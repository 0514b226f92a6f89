"""The fast ways of judging against the plain way: the same programs, alternately, in the same minutes.

    python benchmarks/judging.py [--languages all] [--limit 164] [--block 41] [--replay FILE] [--scaling] [--json FILE]

Needs Docker, the images and the data (`humaneval-x sandbox build`, `humaneval-x data pull`). Judges the canonical
solutions of `--data-version` (or, with --replay, the samples of a file that `tests/mutants.py` writes) block by block:
one slot plainly, with a fresh compiler and process for each program and the published evaluator's commands, another
slot the fast way, and the plain way again there for what the fast way cannot tell. Prints per language and over all:

    plain, fast    CPU milliseconds a program: everything in the container (compilers, tests, servers, supervisor)
    CPU, wall      plain over fast
    harness        CPU milliseconds a program of this process, the fast way
    peak           megabytes of a fast slot: its servers and the largest sample at once
    first          seconds from nothing (no container) to the first verdict of a fast slot
    again          programs that the fast way left to the plain way
    differ         programs on whose verdict the two ways differ; these are named

The CPU time of the Docker engine itself is in neither. --scaling judges all programs also with one worker and with
two, as `humaneval-x evaluate` does, and prints the ratio of the times.
"""

from __future__ import annotations

import json
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path

from humaneval_x.datasets import data_folder, read_problems
from humaneval_x.evaluation.pool import Pool
from humaneval_x.languages import Language, parse_languages, read_language
from humaneval_x.programs import assemble
from humaneval_x.records import Completion, Outcome, Problem, Program
from humaneval_x.sandbox.docker import DockerBackend
from humaneval_x.sandbox.slot import SupervisedSlot
from humaneval_x.verdicts import decide, is_beyond_doubt


@dataclass(kw_only=True)
class Tally:
    """What one way has used for the programs of one language."""

    wall_s: float = 0.0
    sandbox_s: float = 0.0
    harness_s: float = 0.0
    statuses: dict[str, str] = field(default_factory=dict)


@dataclass(kw_only=True)
class Comparison:
    """Both ways on the programs of one language."""

    language: str
    programs: int
    plain: Tally = field(default_factory=Tally)
    fast: Tally = field(default_factory=Tally)
    again: int = 0
    peak_mb: float = 0.0
    first_s: float = 0.0
    workers_s: dict[int, float] = field(default_factory=dict)

    @property
    def differing(self) -> list[str]:
        """The programs on whose status the two ways differ."""
        return [key for key, status in self.plain.statuses.items() if self.fast.statuses[key] != status]


def programs_of(problems: Sequence[Problem], replay: Path | None) -> list[Program]:
    """The canonical solutions' programs, or those of the samples in a file."""
    if replay is None:
        texts = [(problem.task_id, problem.canonical_solution) for problem in problems]
    else:
        rows = map(json.loads, replay.read_text("utf-8").splitlines())
        texts = [(row["task_id"], row["completion"]) for row in rows]
    by_id = {problem.task_id: problem for problem in problems}
    return [
        assemble(
            by_id[task_id],
            Completion(task_id=task_id, completion_id=number, text=text, finish="given", tokens=0, seed=0),
            task="generation",
            truncation="none",
        )
        for number, (task_id, text) in enumerate(texts)
        if task_id in by_id
    ]


def plain_outcomes(slot: SupervisedSlot, programs: list[Program], language: Language) -> Iterator[Outcome]:
    """Judge one by one, the plain way."""
    for program in programs:
        yield slot.execute(program, language.limits)


def fast_outcomes(
    slot: SupervisedSlot, programs: list[Program], language: Language, again: list[Program]
) -> Iterator[Outcome]:
    """Judge the fast way; those that it leaves to the plain way are added to `again`."""
    assert language.fast is not None
    found: dict[int, Outcome] = {}
    for start in range(0, len(programs), language.fast.batch):
        for program, outcome in slot.execute_fast(programs[start : start + language.fast.batch], language.limits):
            if isinstance(outcome, Outcome) and is_beyond_doubt(outcome, language):
                found[program.completion_id] = outcome
    for program in programs:
        if program.completion_id not in found:
            again.append(program)
            found[program.completion_id] = slot.execute(program, language.limits)
        yield found[program.completion_id]


def measure(
    tally: Tally, slot: SupervisedSlot, programs: list[Program], outcomes: Iterator[Outcome], language: Language
) -> None:
    """Add what it takes to have these outcomes and their verdicts."""
    wall, sandbox, harness = time.perf_counter(), slot.cpu_s, time.process_time()
    for program, outcome in zip(programs, outcomes, strict=True):
        tally.statuses[f"{program.task_id} #{program.completion_id}"] = decide(program, outcome, language).status
    tally.wall_s += time.perf_counter() - wall
    tally.sandbox_s += slot.cpu_s - sandbox
    tally.harness_s += time.process_time() - harness


def compare(backend: DockerBackend, language: Language, programs: list[Program], block: int) -> Comparison:
    """Both ways, block by block."""
    result = Comparison(language=language.name, programs=len(programs))
    again: list[Program] = []
    with ExitStack() as stack:
        plain = stack.enter_context(backend.open_slot(language))
        began = time.perf_counter()
        fast = stack.enter_context(backend.open_slot(language))
        assert isinstance(plain, SupervisedSlot) and isinstance(fast, SupervisedSlot)
        next(fast_outcomes(fast, programs[:1], language, []))
        result.first_s = time.perf_counter() - began
        for start in range(0, len(programs), block):
            part = programs[start : start + block]
            measure(result.plain, plain, part, plain_outcomes(plain, part, language), language)
            measure(result.fast, fast, part, fast_outcomes(fast, part, language, again), language)
            print(f"  {language.name} {start + len(part)}/{len(programs)}", file=sys.stderr)
        result.peak_mb = fast.peak_mb
    result.again = len(again)
    return result


def scale(backend: DockerBackend, language: Language, programs: list[Program]) -> dict[int, float]:
    """Workers -> seconds for all programs, containers started and removed each time."""
    taken = {}
    for workers in (1, 2):
        began = time.perf_counter()
        for _ in Pool(backend, language, language.limits, workers, fast=True).judge(iter(programs)):
            pass
        taken[workers] = time.perf_counter() - began
    return taken


def row(name: str, parts: list[Comparison]) -> str:
    """One line of the table."""
    count = sum(part.programs for part in parts)
    plain = sum(part.plain.sandbox_s for part in parts)
    fast = sum(part.fast.sandbox_s for part in parts)
    wall = sum(part.plain.wall_s for part in parts) / sum(part.fast.wall_s for part in parts)
    harness = sum(part.fast.harness_s for part in parts)
    again, differing = sum(part.again for part in parts), sum(len(part.differing) for part in parts)
    peak, first = max(part.peak_mb for part in parts), max(part.first_s for part in parts)
    return (
        f"{name:<10} {count:>5} {1000 * plain / count:>8.1f} {1000 * fast / count:>8.2f} {plain / fast:>6.1f}x "
        f"{wall:>6.1f}x {1000 * harness / count:>7.2f} {peak:>6.0f} {first:>6.2f} {again:>6} {differing:>6}"
    )


def parsed() -> Namespace:
    """The command line."""
    parser = ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--languages", default="all")
    parser.add_argument("--data-version", default="fixed")
    parser.add_argument("--limit", type=int, default=164, help="problems of each language")
    parser.add_argument("--block", type=int, default=64, help="programs judged one way before the other has its turn")
    parser.add_argument("--replay", type=Path, help="samples to judge instead of the canonical solutions")
    parser.add_argument("--scaling", action="store_true", help="also one worker against two")
    parser.add_argument("--json", type=Path, help="write everything there")
    return parser.parse_args()


def main() -> None:
    """Measure every language."""
    options = parsed()
    backend = DockerBackend()
    results = []
    for name in parse_languages(options.languages):
        language = read_language(name)
        problems = read_problems(options.data_version, [name], data_folder(None))[: options.limit]
        programs = programs_of(problems, options.replay)
        results.append(compare(backend, language, programs, options.block))
        if options.scaling:
            results[-1].workers_s = scale(backend, language, programs)
    print(
        f"{'':<10} {'':>5} {'plain':>8} {'fast':>8} {'CPU':>7} {'wall':>7} {'harness':>7} {'peak':>6} {'first':>6} "
        f"{'again':>6} {'differ':>6}"
    )
    for result in results:
        print(row(read_language(result.language).title, [result]))
    print(row("all", results))
    for result in results:
        if result.workers_s:
            one, two = result.workers_s[1], result.workers_s[2]
            print(f"{result.language}: 1 worker {one:.1f} s, 2 workers {two:.1f} s, {one / two:.2f}x")
        for key in result.differing:
            print(f"DIFFERS {key}: plain {result.plain.statuses[key]}, fast {result.fast.statuses[key]}")
    if options.json:
        options.json.write_text(json.dumps([asdict(result) for result in results], indent=1), "utf-8")


if __name__ == "__main__":
    main()
