"""What the commands do, shared by `generate`, `evaluate`, `report` and `run`."""

from __future__ import annotations

import contextlib
import os
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import click

from humaneval_x import __version__
from humaneval_x.cli.progress import TerminalProgress
from humaneval_x.datasets import data_folder, data_hashes, read_problems
from humaneval_x.engines import EngineOptions, open_engine
from humaneval_x.errors import DataError, IncomparableError, SandboxError
from humaneval_x.evaluation import Evaluated, Rules, evaluate, limits_of
from humaneval_x.evaluation.store import Store, store_path
from humaneval_x.generation import Generated, generate, tasks_of
from humaneval_x.languages import language_names, language_of_task, parse_languages, read_language
from humaneval_x.records import Problem, Prompt, Sampling
from humaneval_x.rundir import RunFolder
from humaneval_x.sandbox.choice import open_backend
from humaneval_x.tasks import prompts as prompts_of

__all__ = ["EvaluationOptions", "GenerationOptions", "evaluate_stage", "generate_stage"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationOptions:
    """The options of `generate`, as parsed."""

    engine: str
    model: str
    task: str
    languages: str
    source_languages: str
    samples: int
    temperature: float
    top_p: float
    top_k: int
    max_tokens: int
    seed: int
    limit: int | None
    stop: str
    slots: int
    device: str
    dtype: str
    data_version: str
    data_dir: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationOptions:
    """The options of `evaluate`, as parsed."""

    sandbox: str
    workers: int | None
    example_tests: bool
    timeout: float | None
    truncation: str
    no_cache: bool
    allow_partial: bool
    data_dir: Path | None


def generate_stage(options: GenerationOptions, out: Path) -> Generated:
    """Sample into `out`, going on where an earlier call stopped."""
    problems = _problems(options)
    prompts = _prompts(options, problems)
    sampling = Sampling(
        temperature=options.temperature,
        top_p=options.top_p,
        top_k=options.top_k,
        max_tokens=options.max_tokens,
        samples=options.samples,
        seed=options.seed,
    )
    engine = open_engine(
        options.engine,
        EngineOptions(model=options.model, slots=options.slots, device=options.device, dtype=options.dtype),
    )
    try:
        with TerminalProgress("generate") as progress:
            generated = generate(
                RunFolder(out),
                engine,
                prompts,
                {problem.task_id: problem for problem in problems},
                sampling,
                manifest=_run_manifest(options, engine.describe(), prompts, sampling),
                stop=options.stop,
                progress=progress,
            )
    finally:
        engine.close()
    kept = f", {generated.kept} were there" if generated.kept else ""
    click.echo(f"{out}: drew {generated.drawn} samples ({generated.tokens} tokens){kept}", err=True)
    return generated


def evaluate_stage(options: EvaluationOptions, run: Path) -> Evaluated:
    """Judge `run`'s samples, going on where an earlier call stopped. Raises SandboxError if some are not judged."""
    folder = RunFolder(run)
    manifest = folder.manifest()
    names = _languages_of(folder)
    data_folder_here = data_folder(options.data_dir)
    version = manifest["data"]["version"]
    problems = {problem.task_id: problem for problem in read_problems(version, names, data_folder_here)}
    _check_data(manifest["data"]["sha256"], data_hashes(version, names, data_folder_here), run)
    backend = open_backend(options.sandbox, names, say=lambda text: click.echo(text, err=True))
    rules = Rules(truncation=options.truncation, example_tests=options.example_tests, timeout_s=options.timeout)
    workers = options.workers or len(os.sched_getaffinity(0))
    sandbox = backend.describe(names)
    with contextlib.ExitStack() as stack:
        store = None if options.no_cache else stack.enter_context(_store(sandbox, version, names, data_folder_here))
        evaluated = evaluate(
            folder,
            backend,
            problems,
            rules,
            manifest=_evaluation_manifest(rules, sandbox, names),
            workers=workers,
            progress=stack.enter_context(TerminalProgress("evaluate")),
            store=store,
        )
    _say_evaluated(evaluated, run)
    return evaluated


def _store(sandbox: dict[str, object], version: str, names: list[str], data: Path) -> Store:
    return Store(
        store_path(),
        sandbox=sandbox,
        data={name: data_hashes(version, [name], data) for name in names},
        say=lambda text: click.echo(text, err=True),
    )


def _say_evaluated(evaluated: Evaluated, run: Path) -> None:
    kept = f", {evaluated.kept} were judged before" if evaluated.kept else ""
    stored = f" ({evaluated.stored} in earlier runs)" if evaluated.stored else ""
    shared = f", {evaluated.shared} of them by the verdict on the same program{stored}" if evaluated.shared else ""
    click.echo(f"{run}: judged {evaluated.judged} samples{shared}{kept}", err=True)
    for fault in evaluated.unjudged[:10]:
        click.echo(f"  not judged: {fault.task} {fault.task_id} sample {fault.completion_id}: {fault.reason}", err=True)
    if evaluated.unjudged:
        raise SandboxError(
            f"{len(evaluated.unjudged)} samples of {run} could not be judged, so it has no score yet; the host failed, "
            f"not the samples: mend it (humaneval-x sandbox check) and run `humaneval-x evaluate {run}` again"
        )


def _problems(options: GenerationOptions) -> list[Problem]:
    names = set(parse_languages(options.languages))
    if options.task == "translation":
        names |= set(parse_languages(options.source_languages))
    ordered = [name for name in language_names() if name in names]
    problems = read_problems(options.data_version, ordered, data_folder(options.data_dir))
    if options.limit is None:
        return problems
    kept: list[Problem] = []
    for name in ordered:
        kept += [problem for problem in problems if problem.language == name][: options.limit]
    return kept


def _prompts(options: GenerationOptions, problems: list[Problem]) -> list[Prompt]:
    return prompts_of(
        options.task, problems, parse_languages(options.languages), parse_languages(options.source_languages)
    )


def _run_manifest(
    options: GenerationOptions, engine: dict[str, Any], prompts: list[Prompt], sampling: Sampling
) -> dict[str, Any]:
    names = sorted({prompt.language for prompt in prompts}, key=language_names().index)
    if options.task == "translation":
        names = [name for name in language_names() if name in {*names, *parse_languages(options.source_languages)}]
    return {
        "harness": __version__,
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "engine": {"name": options.engine, **engine},
        "data": {
            "version": options.data_version,
            "sha256": data_hashes(options.data_version, names, data_folder(options.data_dir)),
        },
        "task": options.task,
        "sampling": asdict(sampling),
        "stop": options.stop,
        "limit": options.limit,
        "tasks": tasks_of(prompts),
    }


def _evaluation_manifest(rules: Rules, sandbox: dict[str, object], names: list[str]) -> dict[str, Any]:
    return {
        "harness": __version__,
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "sandbox": sandbox,
        "limits": limits_of(rules, {name: read_language(name) for name in names}),
        "truncation": rules.truncation,
        "example_tests": rules.example_tests,
    }


def _languages_of(folder: RunFolder) -> list[str]:
    found = set()
    for task, task_ids in folder.tasks().items():
        if not task_ids:
            raise DataError(f"{folder.path / 'run.json'}: {task} names no task id: the file was edited or damaged")
        found.add(language_of_task(task_ids[0]).name)
    return [name for name in language_names() if name in found]


def _check_data(wanted: dict[str, str], here: dict[str, str], run: Path) -> None:
    for name, sha256 in here.items():
        if wanted.get(name) != sha256:
            raise IncomparableError(
                f"{run} was sampled from other data: {name} has SHA-256 {sha256[:12]}… here but "
                f"{str(wanted.get(name))[:12]}… in run.json; `humaneval-x data verify` tells what you have"
            )
