"""A run in the numbers that reports and the gate need: what it is, and its counts per problem.

A summary also has a JSON form, which `report.json` holds, so that a report can serve as a gate's baseline. Reading that
file is the only effect here.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from humaneval_x.errors import DataError, IncompleteError, UsageError
from humaneval_x.estimates import KS, Estimates, estimate

__all__ = [
    "COUNTS",
    "REPORT_FORMAT",
    "SEMANTICS",
    "Disagreement",
    "RunSummary",
    "apart_from_temperature",
    "counts_of",
    "differences",
    "estimates_of",
    "gaps_of",
    "group_of",
    "groups_of",
    "labels_of",
    "read_report",
    "remarks",
    "require_complete",
    "summary_from_json",
    "summary_to_json",
    "unstated",
]

SEMANTICS = ("strict", "reference")
"""What counts as a pass: this harness's own verdict, or the published evaluator's rule on the same execution."""

COUNTS = ("task", "task_id", "language", "n", "c_strict", "c_reference")
"""Columns of `RunSummary.counts`."""

REPORT_FORMAT = {"format": "humaneval-x report", "version": 1}
"""What a `report.json` begins with."""

# Fields of the sampling that decide scores. The number of samples and the seed only decide how exactly they are known.
_SAMPLING = ("temperature", "top_p", "top_k", "max_tokens", "repetition_penalty")
# What manifests say that were written before a field was.
_SAMPLING_BEFORE = {"repetition_penalty": 1.0}


class Disagreement(NamedTuple):
    """Samples of one problem on which the semantics differ in one way; `reason` as in `verdicts.DISAGREEMENTS`."""

    task: str
    task_id: str
    status: str
    reason: str
    completion_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RunSummary:
    """One run.

    `task` is `generation` or `translation`; `counts` has a row for every problem with at least one judged
    sample (columns `COUNTS`: n judged samples, of which c pass); `statuses` maps a group (`group_of`) to how often
    each strict status occurs. `undrawn` samples were wanted and are not there, `unjudged` ones are there without a
    verdict; `missing` are the problems (`<group> <task id>`) without any judged sample. `purpose` is the engine's own
    statement of what its model is for, empty for ordinary ones. Of the judged samples `shared` have the verdict of
    another one with the same program, `stored` of these that of one in an earlier run. `disagreements` are all samples
    on which strict and reference verdicts differ. `run` and `evaluation` are the manifests, without their lists of task
    ids.
    """

    run_id: str
    model: str
    engine: str
    purpose: str
    data_version: str
    data_hashes: dict[str, str]
    task: str
    sampling: dict[str, Any]
    truncation: str
    example_tests: bool
    sandbox: str
    limits: dict[str, Any]
    counts: pd.DataFrame
    statuses: dict[str, dict[str, int]]
    undrawn: int
    unjudged: int
    missing: tuple[str, ...]
    tokens: int
    cpu_s: float
    run: dict[str, Any]
    evaluation: dict[str, Any]
    shared: int = 0
    stored: int = 0
    disagreements: tuple[Disagreement, ...] = ()


def group_of(task: str) -> str:
    """What a task's figures are filed under: `python` for `generation-python`, `python-to-cpp` for its translation."""
    return task.partition("-")[2]


def groups_of(summary: RunSummary) -> tuple[str, ...]:
    """The groups that have counts, in the run's order."""
    return tuple(group_of(task) for task in dict.fromkeys(summary.counts["task"]))


def estimates_of(summary: RunSummary, semantics: str = "strict", ks: Sequence[int] = KS) -> Estimates:
    """pass@k per group and overall under those semantics. Whether the run is complete is not looked at here."""
    return estimate(counts_of(summary, semantics), ks)


def counts_of(summary: RunSummary, semantics: str = "strict") -> pd.DataFrame:
    """The counts under those semantics as `estimates.estimate` takes them, a group for a language."""
    if semantics not in SEMANTICS:
        raise UsageError(f"no semantics {semantics!r}: there are {' and '.join(SEMANTICS)}")
    counts = summary.counts
    table: pd.DataFrame = pd.DataFrame(
        {
            "task_id": counts["task_id"],
            "language": counts["task"].map(group_of),
            "n": counts["n"],
            "c": counts[f"c_{semantics}"],
        }
    )
    return table


def require_complete(summary: RunSummary) -> None:
    """Raises IncompleteError, saying what is missing, unless every wanted sample has a verdict."""
    gaps = gaps_of(summary)
    if gaps:
        raise IncompleteError(
            f"run {summary.run_id} has no score yet: {'; '.join(gaps)}. Run `generate` and `evaluate` on it again, or "
            "give --allow-partial for figures of what is there"
        )


def gaps_of(summary: RunSummary) -> tuple[str, ...]:
    """What keeps the run from being complete, in words; empty for a complete run."""
    gaps = []
    if summary.undrawn:
        gaps.append(f"{summary.undrawn} sample(s) not drawn")
    if summary.unjudged:
        gaps.append(f"{summary.unjudged} sample(s) not judged")
    if summary.missing:
        shown = ", ".join(summary.missing[:5]) + (", ..." if len(summary.missing) > 5 else "")
        gaps.append(f"{len(summary.missing)} problem(s) without any verdict ({shown})")
    return tuple(gaps)


def labels_of(summary: RunSummary) -> tuple[str, ...]:
    """What a reader must know before reading this run's figures as those of a model on the benchmark."""
    labels = []
    if summary.purpose:
        labels.append(summary.purpose)
    if summary.data_version == "smoke":
        labels.append(
            "The data are the harness's own smoke set, not the benchmark: it exists so that the pipeline "
            "runs out of the box and says nothing of models."
        )
    if summary.engine == "canonical":
        labels.append("These are the data set's own solutions, not a model's.")
    if summary.example_tests:
        labels.append("Judged by the example tests of the problem statements, not by the benchmark's tests.")
    if (subset := _subset(summary)) and subset.get("problems") != subset.get("of"):
        labels.append(
            f"Measured on a fixed subset of {subset.get('problems')} of the {subset.get('of')} problems "
            "(--sample-budget): no score on the whole benchmark."
        )
    labels += _labels_of_given(summary)
    labels += [f"Partial: {gap}." for gap in gaps_of(summary)]
    return tuple(labels)


def _labels_of_given(summary: RunSummary) -> list[str]:
    """What is odd about samples that came from elsewhere."""
    given, counts = summary.run.get("given"), summary.counts["n"]
    if not isinstance(given, dict):
        return []
    labels = []
    if absent := given.get("absent"):
        labels.append(f"The file holds no sample of {absent} problem(s) of the data; the figures are over the others.")
    if len(counts) and counts.min() != counts.max() and not summary.unjudged:
        labels.append(f"Problems have between {counts.min()} and {counts.max()} samples.")
    if foreign := given.get("foreign"):
        labels.append(f"{foreign} sample(s) name another prompt than the data's: they may answer another data version.")
    return labels


def differences(one: RunSummary, other: RunSummary, *, ignored: Collection[str] = ()) -> tuple[str, ...]:
    """Why the two runs' scores are not comparable, one phrase each; empty if they are.

    Fields of the sampling that are `ignored` are not looked at.
    """
    found = []
    if one.task != other.task:
        found.append(f"task ({one.task}, {other.task})")
    if one.data_version != other.data_version:
        found.append(f"data version ({one.data_version}, {other.data_version})")
    changed = sorted(
        name
        for name in one.data_hashes.keys() & other.data_hashes.keys()
        if one.data_hashes[name] != other.data_hashes[name]
    )
    if changed:
        found.append(f"data hash ({', '.join(changed)})")
    for name in _SAMPLING:
        here, there = (run.sampling.get(name, _SAMPLING_BEFORE.get(name)) for run in (one, other))
        if here != there and name not in ignored and None not in {here, there}:
            found.append(f"{name} ({here}, {there})")
    unsaid = sorted({name for run in (one, other) for name in unstated(run)} - set(ignored))
    if unsaid and unstated(one) != unstated(other):
        found.append(f"what is not known of samples from elsewhere ({', '.join(unsaid)})")
    prompts = _prompt_style(one), _prompt_style(other)
    if None not in prompts and prompts[0] != prompts[1]:
        found.append(f"prompt style ({', '.join(str(style.get('style')) for style in prompts if style)})")
    if _subset(one) != _subset(other) and not _same_problems(one, other):
        found.append(f"subset of the problems ({_subset_words(one)}; {_subset_words(other)})")
    here, there = _stop_patterns(one), _stop_patterns(other)
    if sorted(here) != sorted(there):
        found.append(f"stop patterns ({', '.join(here) or 'none'}; {', '.join(there) or 'none'})")
    if one.truncation != other.truncation:
        found.append(f"truncation ({one.truncation}, {other.truncation})")
    if one.example_tests != other.example_tests:
        found.append("tests (one run was judged by the example tests)")
    return tuple(found)


def unstated(summary: RunSummary) -> tuple[str, ...]:
    """What nobody says of how the samples were drawn."""
    return tuple(name for name in ("temperature", "top_p", "max_tokens") if summary.sampling.get(name) is None)


def apart_from_temperature(one: RunSummary, other: RunSummary) -> tuple[str, ...]:
    """What differs between the runs but for the temperature, one phrase each.

    Empty if one model was asked for the same samples of the same problems in the same way, and these were judged alike.
    """
    found = []
    for name in ("model", "engine"):
        if getattr(one, name) != getattr(other, name):
            found.append(f"{name} ({getattr(one, name)}, {getattr(other, name)})")
    here, there = (run.run.get("engine") or {} for run in (one, other))
    if not found and here != there:
        entries = sorted(name for name in here.keys() | there.keys() if here.get(name) != there.get(name))
        found.append(f"engine ({', '.join(entries)})")
    found += differences(one, other, ignored=("temperature",))
    for name in ("samples", "seed"):
        if one.sampling.get(name) != other.sampling.get(name):
            found.append(f"{name} ({one.sampling.get(name)}, {other.sampling.get(name)})")
    if _stop_rule(one) != _stop_rule(other):
        found.append(f"stop rule ({_stop_rule(one)}, {_stop_rule(other)})")
    found += remarks(one, other)
    if groups_of(one) == groups_of(other) and _problems(one) != _problems(other):
        found.append("problems that have a verdict")
    return tuple(found)


def _problems(summary: RunSummary) -> set[tuple[str, str]]:
    return set(zip(summary.counts["task"], summary.counts["task_id"], strict=True))


def _same_problems(one: RunSummary, other: RunSummary) -> bool:
    """Whether the runs have the same problems in the tasks that both have."""
    here, there = _problems(one), _problems(other)
    tasks = {task for task, _ in here} & {task for task, _ in there}
    return all((task, task_id) in here & there for task, task_id in here | there if task in tasks)


def _subset(summary: RunSummary) -> dict[str, Any]:
    """The fixed subset of the problems that the run was asked for (`subsets`); empty for another choice, or all."""
    found = summary.run.get("subset")
    return found if isinstance(found, dict) else {}


def _subset_words(summary: RunSummary) -> str:
    found = _subset(summary)
    return f"{found.get('problems')} of {found.get('of')} by --sample-budget" if found else "none"


def _stop_rule(summary: RunSummary) -> Any:
    stop = summary.run.get("stop")
    return stop.get("rule") if isinstance(stop, dict) else stop


def _prompt_style(summary: RunSummary) -> dict[str, Any] | None:
    """How prompts were shown, None if nobody says. Manifests from before there were styles mean the plain one."""
    if summary.engine == "given":
        return None
    prompt = summary.run.get("prompt")
    return prompt if isinstance(prompt, dict) else {"style": "plain"}


def _stop_patterns(summary: RunSummary) -> list[str]:
    """What completions are cut at as they are drawn. Rules cut nothing; older manifests name the rule alone."""
    stop = summary.run.get("stop")
    return [str(pattern) for pattern in stop.get("patterns", ())] if isinstance(stop, dict) else []


def remarks(one: RunSummary, other: RunSummary) -> tuple[str, ...]:
    """What differs between the runs and may shift scores a little, without making them incomparable."""
    found = []
    if groups_of(one) != groups_of(other):
        found.append(
            f"languages ({' '.join(groups_of(one))}; {' '.join(groups_of(other))}): do not compare the overall figures"
        )
    if one.sandbox != other.sandbox:
        found.append(f"sandbox ({one.sandbox}, {other.sandbox})")
    shared = one.limits.keys() & other.limits.keys()
    limits = sorted(name for name in shared if one.limits[name] != other.limits[name])
    if limits:
        found.append(f"limits ({', '.join(limits)})")
    return tuple(found)


def summary_to_json(summary: RunSummary) -> dict[str, Any]:
    """The JSON form: every field by name, `counts` as a list of rows in the order of `COUNTS`."""
    table = {field.name: getattr(summary, field.name) for field in fields(RunSummary)}
    table["counts"] = summary.counts[list(COUNTS)].to_numpy(dtype=object).tolist()
    table["missing"] = list(summary.missing)
    return table


def read_report(path: Path) -> dict[str, RunSummary]:
    """The runs of a `report.json`, by their ids. Raises UsageError if it cannot be read, DataError if it is none."""
    try:
        table = json.loads(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}): name a report.json") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: not JSON ({error}): write it with `humaneval-x report`") from error
    if not isinstance(table, dict) or any(table.get(name) != value for name, value in REPORT_FORMAT.items()):
        raise DataError(f"{path}: not a report of this version's format: write it with `humaneval-x report`")
    runs = table.get("runs")
    if not isinstance(runs, list) or not runs:
        raise DataError(f"{path}: holds no run: write it with `humaneval-x report`")
    return {summary.run_id: summary for summary in (summary_from_json(entry, str(path)) for entry in runs)}


def summary_from_json(table: Mapping[str, Any], where: str) -> RunSummary:
    """The summary that `summary_to_json` wrote, further keys ignored. `where` names the file in the DataError."""
    try:
        # Fields with a default came later: a baseline from before does not have them.
        values = {
            field.name: table[field.name]
            for field in fields(RunSummary)
            if field.name in table or field.default is MISSING
        }
        values["counts"] = _counts_from(table["counts"])
        values["missing"] = tuple(table["missing"])
        values["disagreements"] = tuple(map(_disagreement_from, table.get("disagreements", ())))
        summary = RunSummary(**values)
        _check(summary)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(
            f"{where}: not a run of a report ({error!r}): write it again with `humaneval-x report`"
        ) from error
    return summary


def _counts_from(rows: Sequence[Sequence[Any]]) -> pd.DataFrame:
    counts = pd.DataFrame(list(rows), columns=list(COUNTS))
    for name in COUNTS:
        wanted = str if name in COUNTS[:3] else int
        odd = [value for value in counts[name] if type(value) is not wanted]
        if odd:
            raise ValueError(f"counts hold {odd[0]!r} as {name}")
    if counts.duplicated(["task", "task_id"]).any():
        raise ValueError("counts hold a problem twice")
    if (
        (counts["n"] < 1)
        | counts[["c_strict", "c_reference"]].lt(0).any(axis=1)
        | counts[["c_strict", "c_reference"]].gt(counts["n"], axis=0).any(axis=1)
    ).any():
        raise ValueError("counts hold more passes than samples, or none")
    typed: pd.DataFrame = counts.astype(dict.fromkeys(COUNTS[3:], "int64"))
    return typed


def _disagreement_from(row: Sequence[Any]) -> Disagreement:
    task, task_id, status, reason, numbers = row
    found = Disagreement(task, task_id, status, reason, tuple(numbers))
    if not all(isinstance(word, str) for word in found[:4]) or not all(type(number) is int for number in numbers):
        raise TypeError(f"a disagreement is {row!r}")
    return found


def _check(summary: RunSummary) -> None:
    expected: dict[str, type | tuple[type, ...]] = {
        "example_tests": bool,
        "undrawn": int,
        "unjudged": int,
        "shared": int,
        "stored": int,
        "tokens": int,
        "cpu_s": (int, float),
        **dict.fromkeys(("data_hashes", "sampling", "limits", "statuses", "run", "evaluation"), dict),
        **dict.fromkeys(("run_id", "model", "engine", "purpose", "data_version", "task", "truncation", "sandbox"), str),
    }
    for name, kind in expected.items():
        if not isinstance(getattr(summary, name), kind):
            raise TypeError(f"{name} is {getattr(summary, name)!r}")
