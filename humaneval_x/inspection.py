"""One problem of a run, looked at closely: its prompt, its samples, what they were judged as and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from humaneval_x.datasets import data_folder, data_hashes, read_problems
from humaneval_x.errors import DataError, IncomparableError, UsageError
from humaneval_x.languages import Language, language_names, language_of_task, read_language
from humaneval_x.programs import assemble, start_of
from humaneval_x.prompting import prompt_style_from
from humaneval_x.records import Completion, Problem, Program, Verdict
from humaneval_x.rundir import USUAL, Judgement, RunFolder
from humaneval_x.tasks import prompts
from humaneval_x.truncation import TRUNCATIONS, truncate
from humaneval_x.verdicts import disagreement

__all__ = [
    "Cut",
    "Inspection",
    "Sample",
    "cut_between",
    "cut_of",
    "find_sample",
    "find_task",
    "inspect_problem",
    "languages_of",
    "problems_of",
    "program_of",
    "prompt_text",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One drawn sample; `verdict` is None until it is judged.

    `reason` is one of `verdicts.DISAGREEMENTS` where strict and reference verdict differ, else empty. `same_as` is the
    lowest number among the samples that were judged as the same program, None where there is no other.
    """

    completion: Completion
    verdict: Verdict | None
    reason: str
    same_as: int | None

    @property
    def status(self) -> str:
        """The strict status, or `not_judged`."""
        return "not_judged" if self.verdict is None else self.verdict.status


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """A run's samples of one problem, in the order of their numbers, under one of the run's evaluations.

    `prompt` is what the model was given, `task` the journal's name. `wanted` samples were asked for. `judgement` is the
    evaluation; the run has those in `judgements`, and may lack this one.
    """

    run: Path
    task: str
    problem: Problem
    language: Language
    prompt: str
    wanted: int
    judgement: Judgement
    judgements: tuple[Judgement, ...]
    samples: tuple[Sample, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """What truncation made of a completion: `kept`, without `rest`, and with `added` at its end.

    `kept + rest` is the completion as drawn, `kept + added` what is judged.
    """

    kept: str
    rest: str
    added: str


def inspect_problem(
    folder: RunFolder, wanted: str, *, source: str = "", judgement: Judgement = USUAL, data: Path | None = None
) -> Inspection:
    """What the run holds on the problem that `wanted` names (`find_task`).

    `data` is the data folder. Raises UsageError if the run or the problem is none, IncomparableError if the data here
    are not those that the run was sampled from, DataError if a file is missing or damaged.
    """
    task, task_id = find_task(folder, wanted, source)
    language = language_of_task(task_id)
    origin = _source_of(task)
    manifest = folder.manifest()
    problems = problems_of(folder, [name for name in language_names() if name in {language.name, origin}], data)
    problem = next((each for each in problems if each.task_id == task_id), None)
    if problem is None:
        raise DataError(f"{folder.path / 'run.json'}: the run's data have no {task_id}: the file was edited or damaged")
    return Inspection(
        run=folder.path,
        task=task,
        problem=problem,
        language=language,
        prompt=prompt_text(manifest, task, problem, problems),
        wanted=_wanted_of(folder, manifest, task, task_id),
        judgement=judgement,
        judgements=tuple(each for each in _all_judgements() if folder.evaluation_path(each).is_file()),
        samples=_samples(folder, task, task_id, judgement),
    )


def prompt_text(manifest: Mapping[str, Any], task: str, problem: Problem, problems: Sequence[Problem]) -> str:
    """What the run that `manifest` describes gave its model for `problem`; `problems` hold a translation's source.

    Raises UsageError if this harness does not have the run's style of prompts.
    """
    kind = task.partition("-")[0]
    counterparts = [each for each in problems if each.number == problem.number]
    found = prompts(kind, counterparts, [problem.language], [_source_of(task)])
    (prompt,) = prompt_style_from(manifest.get("prompt")).applied(found, {problem.task_id: problem})
    return prompt.text


def languages_of(folder: RunFolder) -> list[str]:
    """The languages of the run's programs, in the benchmark's order. Raises DataError if `run.json` names none."""
    found = set()
    for task, task_ids in folder.tasks().items():
        if not task_ids:
            raise DataError(f"{folder.path / 'run.json'}: {task} names no task id: the file was edited or damaged")
        found.add(language_of_task(task_ids[0]).name)
    return [name for name in language_names() if name in found]


def problems_of(folder: RunFolder, names: Sequence[str], data: Path | None = None) -> list[Problem]:
    """The problems in those languages that the run was sampled from. `data` is the data folder.

    Raises IncomparableError if the data here are others, DataError if they are not here or `run.json` names none.
    """
    named = folder.manifest().get("data")
    if not isinstance(named, dict) or not isinstance(named.get("sha256"), dict) or "version" not in named:
        raise DataError(f"{folder.path / 'run.json'}: does not say which data: the file was edited or damaged")
    problems = read_problems(named["version"], names, data_folder(data))
    for name, sha256 in data_hashes(named["version"], names, data_folder(data)).items():
        if named["sha256"].get(name) != sha256:
            raise IncomparableError(
                f"{folder.path} was sampled from other data: {name} has SHA-256 {sha256[:12]}… here but "
                f"{str(named['sha256'].get(name))[:12]}… in run.json; `humaneval-x data verify` tells what you have"
            )
    return problems


def find_task(folder: RunFolder, wanted: str, source: str = "") -> tuple[str, str]:
    """The task (a journal's name) and the task id that `wanted` names.

    `wanted` is a task id in any case (`cpp/12`), also by the language's name or title (`js/3`, `c++/12`), or the number
    alone where the run holds one language. `source` is the language that is translated from; it may be left out where
    there is one only. Raises UsageError that names the choices.
    """
    tasks = folder.tasks()
    prefix = _prefix_of(folder, tasks, wanted)
    number = wanted.rpartition("/")[2].strip()
    plain_number = number.lstrip("0") or "0"
    found = {
        task: task_id
        for task, task_ids in tasks.items()
        for task_id in task_ids
        if number.isascii() and number.isdigit() and task_id == f"{prefix}/{plain_number}"
    }
    if not found:
        raise UsageError(f"{folder.path} has no problem {wanted!r}: it has {_held(tasks)}")
    return _from_source(found, folder, source)


def find_sample(inspection: Inspection, number: int) -> Sample:
    """The sample of that number. Raises UsageError that says which there are."""
    numbers = [sample.completion.completion_id for sample in inspection.samples]
    if number in numbers:
        return inspection.samples[numbers.index(number)]
    what = f"{inspection.run}: no sample {number} of {inspection.problem.task_id}"
    if not numbers:
        raise UsageError(f"{what}: none is drawn yet, {inspection.wanted} are wanted")
    raise UsageError(f"{what}: {len(numbers)} of {inspection.wanted} are drawn, numbers {numbers[0]} to {numbers[-1]}")


def cut_of(inspection: Inspection, completion: Completion) -> Cut:
    """What the evaluation's truncation keeps of the completion."""
    rule = "none" if completion.whole else inspection.judgement.truncation
    start = start_of(inspection.problem, inspection.task)
    return cut_between(completion.text, truncate(completion.text, inspection.language, rule, start))


def cut_between(text: str, judged: str) -> Cut:
    """What made the completion `text` the code that is `judged`."""
    kept = len(judged)
    if not text.startswith(judged):
        pairs = enumerate(zip(text, judged, strict=False))
        kept = next((place for place, pair in pairs if pair[0] != pair[1]), min(len(text), len(judged)))
    return Cut(kept=judged[:kept], rest=text[kept:], added=judged[kept:])


def program_of(inspection: Inspection, completion: Completion) -> Program:
    """The program that the evaluation makes of the completion, with the data and the harness that are here."""
    return assemble(
        inspection.problem,
        completion,
        task=inspection.task,
        truncation=inspection.judgement.truncation,
        example_test=inspection.judgement.example_tests,
    )


def _wanted_of(folder: RunFolder, manifest: Mapping[str, Any], task: str, task_id: str) -> int:
    try:
        # Samples that came from elsewhere may be fewer of some problems.
        return int(manifest.get("fewer", {}).get(task, {}).get(task_id, manifest["sampling"]["samples"]))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        path = folder.path / "run.json"
        raise DataError(f"{path}: does not say how many samples: the file was edited or damaged") from error


def _samples(folder: RunFolder, task: str, task_id: str, judgement: Judgement) -> tuple[Sample, ...]:
    # Verdicts first: of a run that is going on each has its sample in the journal by then.
    verdicts = {
        verdict.completion_id: verdict for verdict in folder.verdicts(task, judgement) if verdict.task_id == task_id
    }
    drawn = sorted(
        (sample for sample in folder.samples(task) if sample.task_id == task_id),
        key=lambda sample: sample.completion_id,
    )
    orphans = verdicts.keys() - {sample.completion_id for sample in drawn}
    if orphans:
        raise DataError(
            f"{folder.path}: {task} has a verdict on sample {min(orphans)} of {task_id} but no such sample: "
            "the samples' journal was cut or replaced"
        )
    numbers: dict[str, list[int]] = {}
    for number in sorted(verdicts):
        numbers.setdefault(verdicts[number].sha256, []).append(number)
    language = language_of_task(task_id)
    return tuple(_sample(completion, verdicts.get(completion.completion_id), numbers, language) for completion in drawn)


def _sample(
    completion: Completion, verdict: Verdict | None, numbers: Mapping[str, Sequence[int]], language: Language
) -> Sample:
    if verdict is None:
        return Sample(completion=completion, verdict=None, reason="", same_as=None)
    same = numbers[verdict.sha256]
    return Sample(
        completion=completion,
        verdict=verdict,
        reason=disagreement(verdict, language),
        same_as=same[0] if len(same) > 1 else None,
    )


def _all_judgements() -> Iterator[Judgement]:
    for truncation in TRUNCATIONS:
        for example_tests in (False, True):
            yield Judgement(truncation=truncation, example_tests=example_tests)


def _source_of(task: str) -> str:
    """The language that a task translates from; empty for another task."""
    kind, _, group = task.partition("-")
    return group.partition("-to-")[0] if kind == "translation" else ""


def _prefix_of(folder: RunFolder, tasks: Mapping[str, Sequence[str]], wanted: str) -> str:
    """What the task ids of the wanted problem begin with; empty for a language that there is none of."""
    named, slash, _ = wanted.rpartition("/")
    if slash:
        language = _language_called(named)
        return language.task_prefix if language else ""
    prefixes = list(dict.fromkeys(str(task_ids[0]).partition("/")[0] for task_ids in tasks.values() if task_ids))
    if len(prefixes) > 1:
        choices = ", ".join(f"{prefix}/{wanted}" for prefix in prefixes)
        raise UsageError(f"{folder.path} holds several languages, so {wanted!r} is not enough: give one of {choices}")
    return prefixes[0] if prefixes else ""


def _language_called(word: str) -> Language | None:
    called = word.strip().casefold()
    for language in map(read_language, language_names()):
        if called in {name.casefold() for name in (language.name, language.task_prefix, language.title)}:
            return language
    return None


def _held(tasks: Mapping[str, Sequence[str]]) -> str:
    ranges = dict.fromkeys(
        f"{task_ids[0]} to {task_ids[-1]} ({len(task_ids)} problems)" if len(task_ids) > 1 else f"{task_ids[0]}"
        for task_ids in tasks.values()
        if task_ids
    )
    return ", ".join(ranges) or "no problem at all"


def _from_source(found: Mapping[str, str], folder: RunFolder, source: str) -> tuple[str, str]:
    by_source = {_source_of(task): (task, task_id) for task, task_id in found.items()}
    task_id = next(iter(found.values()))
    if source and "" in by_source:
        raise UsageError(f"{folder.path} is no translation run, so {task_id} is from no other language: drop --from")
    if not source and len(by_source) == 1:
        return next(iter(by_source.values()))
    choices = ", ".join(by_source)
    if not source:
        raise UsageError(f"{folder.path} has {task_id} from several languages: give --from with one of {choices}")
    language = _language_called(source)
    if language is None or language.name not in by_source:
        raise UsageError(f"{folder.path} has no {task_id} from {source!r}: it has it from {choices}")
    return by_source[language.name]
