"""`humaneval-x show`."""

from __future__ import annotations

import difflib
import os
import shlex
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from humaneval_x.cli.foreign_text import DIM, NO_STYLE, Style, block
from humaneval_x.cli.options import data_folder_option, judgement_options
from humaneval_x.errors import IncompleteError, UsageError
from humaneval_x.text import padded, plain
from humaneval_x.verdicts import DISAGREEMENTS, STATUSES

if TYPE_CHECKING:
    from humaneval_x.inspection import Inspection, Sample

__all__ = ["LEXERS", "command"]

LEXERS = {"python": "python", "cpp": "cpp", "java": "java", "js": "javascript", "go": "go"}
"""Language -> the name of its pygments lexer; the text of another language is shown without colours."""

_RULE_WIDTH = 100

_WARNING: Style = {"fg": "red", "bold": True}
_DIFF_STYLES: dict[str, Style] = {"+": {"fg": "green"}, "-": {"fg": "red"}, "@": {"fg": "cyan"}}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Options:
    """The options of `show`, as parsed."""

    source: str
    statuses: tuple[str, ...]
    differ: bool
    canonical: bool
    diff: bool
    only: str | None
    color: str
    truncation: str
    example_tests: bool
    data_dir: Path | None


@click.command(name="show")
@click.argument("run", type=click.Path(path_type=Path), metavar="runs/ID")
@click.argument("problem", metavar="TASK")
@click.argument("number", required=False, type=click.IntRange(0), metavar="[COMPLETION]")
@click.option("--from", "source", default="", metavar="LANG", help="Translations: the language to translate from.")
@click.option(
    "--status",
    "statuses",
    multiple=True,
    type=click.Choice([*STATUSES, "not_judged"]),
    help="List only the samples of this strict status; may be repeated.",
)
@click.option("--differ", is_flag=True, help="List only the samples on which strict and reference verdict differ.")
@click.option("--canonical", is_flag=True, help="Print the data's own solution, too.")
@click.option("--diff", is_flag=True, help="Compare what is kept of the completion with the data's own solution.")
@click.option(
    "--only",
    type=click.Choice(["prompt", "completion", "program", "output"]),
    help="Print just that, byte for byte: control characters of the model's included.",
)
@click.option(
    "--color",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    show_default=True,
    help="auto: on a terminal, unless NO_COLOR is set.",
)
@judgement_options
@data_folder_option
def command(run: Path, problem: str, number: int | None, **options: Any) -> None:
    """Print a problem's samples, or one of them: prompt, program, verdict, output.

    TASK is a task id such as CPP/12, also written cpp/12, or 12 where the run holds one language. Without COMPLETION
    its samples are listed. Control characters are spelled out (\\x1b); --only prints a text as it is, for a file:

    \b
      humaneval-x show runs/ID CPP/12 7 --only program > a.cpp
    """
    from humaneval_x.inspection import find_sample, inspect_problem  # noqa: PLC0415
    from humaneval_x.rundir import Judgement, RunFolder  # noqa: PLC0415

    parsed = _Options(**options)
    _refuse_misfits(parsed, number)
    inspection = inspect_problem(
        RunFolder(run),
        problem,
        source=parsed.source,
        judgement=Judgement(truncation=parsed.truncation, example_tests=parsed.example_tests),
        data=parsed.data_dir,
    )
    sample = None if number is None else find_sample(inspection, number)
    if parsed.only:
        # Bytes go past everything that makes text fit for a terminal.
        click.echo(_only(inspection, sample, parsed.only).encode("utf-8", "surrogatepass"), nl=False)
        return
    lines = _overview(inspection, parsed) if sample is None else _one(inspection, sample, parsed)
    _print(lines, parsed.color)


def _refuse_misfits(options: _Options, number: int | None) -> None:
    if number is None and options.diff:
        raise UsageError("--diff compares one completion: give its number after the task")
    if number is None and options.only not in (None, "prompt"):
        raise UsageError(f"--only {options.only} is of one completion: give its number after the task")
    if number is not None and (options.statuses or options.differ):
        raise UsageError("--status and --differ choose among a problem's samples: leave the completion's number out")
    extra = [f"--{name}" for name in ("statuses", "differ", "canonical", "diff") if getattr(options, name)]
    if options.only and extra:
        raise UsageError(f"--only prints one text alone: leave {extra[0].replace('statuses', 'status')} out")


def _only(inspection: Inspection, sample: Sample | None, what: str) -> str:
    from humaneval_x.inspection import program_of  # noqa: PLC0415

    if sample is None or what == "prompt":
        return inspection.prompt
    if what == "completion":
        return sample.completion.text
    if what == "program":
        program = program_of(inspection, sample.completion)
        for line in _changed(sample, program.sha256):
            click.echo(f"warning: {line}", err=True)
        return program.source
    if sample.verdict is None:
        raise IncompleteError(f"{inspection.run}: {_not_judged(inspection)}")
    return sample.verdict.detail


def _print(lines: Iterator[str], color: str) -> None:
    """Print styled lines, with the styles or without, in whatever encoding the terminal has."""
    wanted = {"always": True, "never": False, "auto": False if os.environ.get("NO_COLOR") else None}[color]
    encoding = sys.stdout.encoding or "utf-8"
    for line in lines:
        click.echo(line.encode(encoding, "backslashreplace").decode(encoding), color=wanted)


def _overview(inspection: Inspection, options: _Options) -> Iterator[str]:
    yield from _head(inspection)
    yield from _prompt(inspection)
    if options.canonical:
        yield from _canonical(inspection)
    samples = inspection.samples
    chosen = [
        sample
        for sample in samples
        if (not options.statuses or sample.status in options.statuses) and (sample.reason or not options.differ)
    ]
    undrawn = inspection.wanted - len(samples)
    counts = Counter(sample.status for sample in samples).most_common()
    yield _rule(f"{len(samples)} samples" + (f", {undrawn} more not drawn yet" if undrawn > 0 else ""))
    yield ", ".join(f"{count} {_worded(status)}" for status, count in counts) or "none"
    if len(chosen) < len(samples):
        yield f"{len(chosen)} of them chosen"
    if chosen:
        yield ""
        yield from _table(chosen)
        yield ""
        yield f"One of them: {_command_for(inspection, chosen[0])}"


def _command_for(inspection: Inspection, sample: Sample) -> str:
    kind, _, group = inspection.task.partition("-")
    source = f" --from {group.partition('-')[0]}" if kind == "translation" else ""
    return plain(
        f"humaneval-x show {shlex.quote(str(inspection.run))} {inspection.problem.task_id} "
        f"{sample.completion.completion_id}{source}{inspection.judgement.options}",
        400,
    )


def _table(samples: list[Sample]) -> Iterator[str]:
    titles = ["sample", "strict", "reference", "finish", "tokens", "flags", "program", "same as"]
    head, *rows = padded([titles, *map(_cells, samples)], left=(1, 2, 3, 5, 6))
    yield click.style("  ".join(head).rstrip(), underline=True)
    for sample, row in zip(samples, rows, strict=True):
        row[1] = click.style(row[1], **_status_style(sample))
        if sample.reason:
            row[2] = click.style(row[2], fg="yellow")
        yield "  ".join(row).rstrip()


def _cells(sample: Sample) -> list[str]:
    completion, verdict = sample.completion, sample.verdict
    drawn = [plain(completion.finish), f"{completion.tokens}"]
    number = f"{completion.completion_id}"
    if verdict is None:
        return [number, _worded(sample.status), "", *drawn, "", "", ""]
    same = "" if sample.same_as is None else f"= {sample.same_as}"
    flags = plain(", ".join(verdict.flags))
    return [number, _worded(verdict.status), _reference(sample), *drawn, flags, plain(verdict.sha256[:12]), same]


def _one(inspection: Inspection, sample: Sample, options: _Options) -> Iterator[str]:
    yield from _head(inspection)
    yield from _prompt(inspection)
    if sample.completion.response:
        yield _rule("the model's whole answer")
        yield from block(sample.completion.response)
    yield from _completion(inspection, sample)
    yield from _program(inspection, sample)
    yield from _verdict(inspection, sample)
    if options.canonical:
        yield from _canonical(inspection)
    if options.diff:
        yield from _difference(inspection, sample)


def _head(inspection: Inspection) -> Iterator[str]:
    title = f"{inspection.problem.task_id} in {inspection.run} ({inspection.task})"
    yield click.style(plain(title, 400), bold=True)
    if inspection.judgement not in inspection.judgements:
        yield click.style(_not_judged(inspection), fg="yellow")
        for judgement in inspection.judgements:
            yield f"It is judged with {judgement.options.strip() or 'neither --truncation nor --example-tests'}."


def _prompt(inspection: Inspection) -> Iterator[str]:
    yield _rule("prompt")
    yield from block(inspection.prompt, LEXERS.get(inspection.language.name))


def _completion(inspection: Inspection, sample: Sample) -> Iterator[str]:
    from humaneval_x.inspection import cut_of  # noqa: PLC0415

    completion, cut = sample.completion, cut_of(inspection, sample.completion)
    rule = inspection.judgement.truncation
    yield _rule(
        f"completion {completion.completion_id}: {len(completion.text)} characters, {completion.tokens} tokens, "
        f"finish {plain(completion.finish)}"
    )
    if completion.preamble:
        yield click.style("put before the prompt:", **DIM)
        yield from block(completion.preamble, LEXERS.get(inspection.language.name), gutter="+")
    yield from block(cut.kept, LEXERS.get(inspection.language.name))
    if cut.added:
        yield click.style(f"added by --truncation {rule}:", **DIM)
        yield from block(cut.added, LEXERS.get(inspection.language.name), gutter="+")
    if cut.rest.strip():
        yield click.style(f"cut here by --truncation {rule}; not judged are {len(cut.rest)} characters:", fg="yellow")
        yield from block(cut.rest, style=DIM)
    elif cut.rest:
        yield click.style(f"cut here by --truncation {rule}: {len(cut.rest)} blank characters", **DIM)
    elif completion.whole:
        yield click.style("a whole program: nothing is put before it, nothing is cut", **DIM)


def _program(inspection: Inspection, sample: Sample) -> Iterator[str]:
    from humaneval_x.inspection import program_of  # noqa: PLC0415

    program = program_of(inspection, sample.completion)
    yield _rule(f"program {program.sha256[:12]} ({inspection.language.source_name})")
    changed = [click.style(f"WARNING: {line}", **_WARNING) for line in _changed(sample, program.sha256)]
    yield from changed
    yield from block(program.source, LEXERS.get(inspection.language.name), numbered=True)
    yield from changed


def _changed(sample: Sample, sha256: str) -> Iterator[str]:
    """What to say where the program that is made now is not the one that was judged."""
    if sample.verdict is not None and sample.verdict.sha256 != sha256:
        yield (
            f"this is not the program that was judged: its SHA-256 is {sha256[:12]}, the judged one's "
            f"{plain(sample.verdict.sha256[:12])}; the data or this harness changed since"
        )


def _verdict(inspection: Inspection, sample: Sample) -> Iterator[str]:
    verdict = sample.verdict
    yield _rule("verdict")
    if verdict is None:
        yield click.style(_not_judged(inspection), fg="yellow")
        return
    entries = [["strict", _worded(verdict.status)], ["reference", _reference(sample)]]
    if sample.reason:
        entries.append(["they differ", DISAGREEMENTS.get(sample.reason, sample.reason)])
    if sample.same_as is not None:
        entries.append(["same program", f"as sample {sample.same_as}"])
    entries += [
        ["flags", plain(", ".join(verdict.flags)) or "none"],
        ["took", f"{verdict.cpu_s:.2f} s CPU, {verdict.wall_s:.2f} s, {verdict.peak_mb:.0f} MB at most"],
        ["SHA-256", plain(verdict.sha256)],
    ]
    for name, (title, value) in zip([name for name, _ in entries], padded(entries, left=(0, 1)), strict=True):
        style = _status_style(sample) if name == "strict" else {"fg": "yellow"} if name == "they differ" else NO_STYLE
        yield f"{title}  {click.style(value.rstrip(), **style)}"
    yield _rule("output")
    yield from block(verdict.detail)


def _canonical(inspection: Inspection) -> Iterator[str]:
    yield _rule("the data's own solution")
    yield from block(inspection.problem.canonical_solution, LEXERS.get(inspection.language.name))


def _difference(inspection: Inspection, sample: Sample) -> Iterator[str]:
    from humaneval_x.inspection import cut_of  # noqa: PLC0415

    cut = cut_of(inspection, sample.completion)
    yield _rule("from the data's own solution (-) to what is kept of the completion (+)")
    own, kept = (
        text.rstrip("\n").split("\n") for text in (inspection.problem.canonical_solution, cut.kept + cut.added)
    )
    lines = list(difflib.unified_diff(own, kept, lineterm=""))[2:]
    for line in lines:
        yield from block(line, style=_DIFF_STYLES.get(line[:1], NO_STYLE))
    if not lines:
        yield click.style("no difference", **DIM)


def _not_judged(inspection: Inspection) -> str:
    evaluate = f"humaneval-x evaluate {shlex.quote(str(inspection.run))}{inspection.judgement.options}"
    judged = inspection.judgement in inspection.judgements
    what = "not judged" if judged else f"The run is not judged{inspection.judgement.options and ' so'} yet"
    return plain(f"{what}: `{evaluate}` does that", 400)


def _worded(status: str) -> str:
    return plain(status).replace("_", " ")


def _reference(sample: Sample) -> str:
    return "passed" if sample.verdict is not None and sample.verdict.reference_passed else "failed"


def _status_style(sample: Sample) -> Style:
    if sample.verdict is None:
        return DIM
    return {"fg": "green"} if sample.verdict.passed else {"fg": "red"}


def _rule(title: str) -> str:
    return "\n" + click.style(f"--- {title} ".ljust(_RULE_WIDTH, "-"), bold=True)
