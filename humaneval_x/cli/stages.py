"""What the commands do, shared by `generate`, `evaluate`, `report` and `run`."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path
from typing import Any

from humaneval_x import __version__
from humaneval_x.cli.beside import HeardProgress, judged_beside
from humaneval_x.cli.progress import TerminalProgress
from humaneval_x.cli.progress import say as _say
from humaneval_x.datasets import data_folder, data_hashes, read_problems
from humaneval_x.engines import EngineOptions, open_engine
from humaneval_x.errors import DataError, IncomparableError, SandboxError, UsageError
from humaneval_x.evaluation import Evaluated, Evaluation, Rules, begin_evaluation, limits_of
from humaneval_x.evaluation.drawing import Drawing
from humaneval_x.evaluation.store import Store, store_path
from humaneval_x.generation import Generated, generate, tasks_of
from humaneval_x.languages import language_names, language_of_task, parse_languages, read_language
from humaneval_x.progress import Progress
from humaneval_x.records import Problem, Prompt, Sampling
from humaneval_x.rundir import Judgement, RunFolder
from humaneval_x.sandbox import Backend
from humaneval_x.sandbox.choice import open_backend
from humaneval_x.tasks import prompts as prompts_of

__all__ = ["EvaluationOptions", "GenerationOptions", "evaluate_stage", "generate_stage", "run_stages"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationOptions:
    """The options of `generate`, as parsed; `stop` is a rule and patterns."""

    engine: str
    model: str
    task: str
    languages: str
    source_languages: str
    samples: int
    temperature: float
    top_p: float
    top_k: int
    repetition_penalty: float
    max_tokens: int
    seed: int
    limit: int | None
    stop: tuple[str, tuple[str, ...]]
    slots: int
    device: str
    devices: tuple[int, ...]
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
    mode: str
    no_cache: bool
    allow_partial: bool
    data_dir: Path | None

    @property
    def judgement(self) -> Judgement:
        """Which of the run's evaluations these options ask for."""
        return Judgement(truncation=self.truncation, example_tests=self.example_tests)


def generate_stage(options: GenerationOptions, out: Path) -> Generated:
    """Sample into `out`, going on where an earlier call stopped."""
    with contextlib.closing(_Sampler(options)) as sampler, TerminalProgress("generate") as progress:
        generated = sampler.sample(RunFolder(out), progress)
    _say_generated(generated, out)
    return generated


def evaluate_stage(options: EvaluationOptions, run: Path) -> Evaluated:
    """Judge `run`'s samples, going on where an earlier call stopped. Raises SandboxError if some are not judged."""
    folder = RunFolder(run)
    names = _languages_of(folder)
    judge = _Judge(options, folder, names, lambda: open_backend(options.sandbox, names, say=_say))
    with judge.begin() as evaluation, TerminalProgress("evaluate") as progress:
        evaluated = judge.judge(evaluation, progress)
    _say_evaluated(evaluated, run)
    return evaluated


def run_stages(generation: GenerationOptions, evaluation: EvaluationOptions, out: Path) -> Evaluated:
    """Sample into `out` and judge the samples as they come; going on where an earlier call stopped.

    What keeps the samples from being judged is raised before the first is drawn.
    """
    folder, drawing = RunFolder(out), Drawing()
    with contextlib.ExitStack() as stack:
        sampler = stack.enter_context(contextlib.closing(_Sampler(generation)))
        names = sampler.languages
        backend = open_backend(evaluation.sandbox, names, say=_say)
        folder.begin(sampler.manifest)
        judge = _Judge(evaluation, folder, names, lambda: backend)
        begun = stack.enter_context(judge.begin(drawing))
        judged = stack.enter_context(TerminalProgress("evaluate"))

        def draw() -> None:
            with TerminalProgress("generate", position=1) as drawn:
                generated = sampler.sample(folder, HeardProgress(drawn, drawing))
            _say_generated(generated, out)

        evaluated = judged_beside(drawing, draw, lambda: judge.judge(begun, judged), say=_say)
    _say_evaluated(evaluated, out)
    return evaluated


class _Sampler:
    """What `generate` needs, with the engine open."""

    def __init__(self, options: GenerationOptions) -> None:
        self._options = options
        self._problems = _problems(options)
        self._prompts = _prompts(options, self._problems)
        self._sampling = Sampling(
            temperature=options.temperature,
            top_p=options.top_p,
            top_k=options.top_k,
            max_tokens=options.max_tokens,
            samples=options.samples,
            seed=options.seed,
            repetition_penalty=options.repetition_penalty,
        )
        if options.devices and options.device == "cpu":
            raise UsageError("--devices names GPUs and --device cpu none: leave one of them out")
        engine = EngineOptions(
            model=options.model,
            slots=options.slots,
            device=options.device,
            dtype=options.dtype,
            devices=options.devices,
        )
        self._engine = open_engine(options.engine, engine)
        self.languages = [name for name in language_names() if name in {prompt.language for prompt in self._prompts}]

    @cached_property
    def manifest(self) -> dict[str, Any]:
        return _run_manifest(self._options, self._engine.describe(), self._prompts, self._sampling)

    def sample(self, folder: RunFolder, progress: Progress) -> Generated:
        return generate(
            folder,
            self._engine,
            self._prompts,
            {problem.task_id: problem for problem in self._problems},
            self._sampling,
            manifest=self.manifest,
            stop=self._options.stop[0],
            patterns=self._options.stop[1],
            progress=progress,
        )

    def close(self) -> None:
        self._engine.close()


class _Judge:
    """What `evaluate` needs, with the sandbox checked."""

    def __init__(
        self, options: EvaluationOptions, folder: RunFolder, names: list[str], backend: Callable[[], Backend]
    ) -> None:
        manifest = folder.manifest()
        data = data_folder(options.data_dir)
        version = manifest["data"]["version"]
        problems = read_problems(version, names, data)
        _check_data(manifest["data"]["sha256"], data_hashes(version, names, data), folder.path)
        self._options = options
        self._folder = folder
        self._names = names
        self._problems = {problem.task_id: problem for problem in problems}
        self._data = {name: data_hashes(version, [name], data) for name in names}
        self._backend = backend()
        self._sandbox = self._backend.describe(names)

    def begin(self, drawing: Drawing | None = None) -> contextlib.AbstractContextManager[Evaluation]:
        options = self._options
        rules = Rules(
            truncation=options.truncation,
            example_tests=options.example_tests,
            timeout_s=options.timeout,
            fast=options.mode == "fast",
        )
        manifest = _evaluation_manifest(rules, self._sandbox, self._names)
        return begin_evaluation(self._folder, self._problems, rules, manifest=manifest, drawing=drawing)

    def judge(self, evaluation: Evaluation, progress: Progress) -> Evaluated:
        workers = self._options.workers or len(os.sched_getaffinity(0))
        with contextlib.ExitStack() as stack:
            store = None if self._options.no_cache else stack.enter_context(self._store())
            return evaluation.judge(self._backend, workers=workers, progress=progress, store=store)

    def _store(self) -> Store:
        return Store(store_path(), sandbox=self._sandbox, data=self._data, say=_say)


def _say_generated(generated: Generated, out: Path) -> None:
    kept = f", {generated.kept} were there" if generated.kept else ""
    _say(f"{out}: drew {generated.drawn} samples ({generated.tokens} tokens){kept}")


def _say_evaluated(evaluated: Evaluated, run: Path) -> None:
    kept = f", {evaluated.kept} were judged before" if evaluated.kept else ""
    stored = f" ({evaluated.stored} in earlier runs)" if evaluated.stored else ""
    shared = f", {evaluated.shared} of them by the verdict on the same program{stored}" if evaluated.shared else ""
    plainly = f", {evaluated.plainly} the plain way, since the fast one could not tell" if evaluated.plainly else ""
    _say(f"{run}: judged {evaluated.judged} samples{shared}{plainly}{kept}")
    for fault in evaluated.unjudged[:10]:
        _say(f"  not judged: {fault.task} {fault.task_id} sample {fault.completion_id}: {fault.reason}")
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
        "stop": {"rule": options.stop[0], "patterns": list(options.stop[1])},
        "limit": options.limit,
        "tasks": tasks_of(prompts),
    }


def _evaluation_manifest(rules: Rules, sandbox: dict[str, object], names: list[str]) -> dict[str, Any]:
    return {
        "harness": __version__,
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "sandbox": sandbox,
        "limits": limits_of(rules, {name: read_language(name) for name in names}),
        "mode": "fast" if rules.fast else "plain",
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
