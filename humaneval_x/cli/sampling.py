"""Sampling for the commands: their options, and the runs that these ask for with the engine open."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path
from typing import Any

from humaneval_x import __version__
from humaneval_x.datasets import data_folder, data_hashes, read_problems
from humaneval_x.engines import Engine, EngineOptions, ServerOptions
from humaneval_x.errors import UsageError
from humaneval_x.generation import Generated, generate, tasks_of
from humaneval_x.languages import language_names, parse_languages
from humaneval_x.progress import Progress
from humaneval_x.prompting import PromptStyle, prompt_style
from humaneval_x.records import Problem, Prompt, Sampling
from humaneval_x.rundir import RunFolder
from humaneval_x.subsets import METHOD, REFERENCE_LANGUAGE, affordable, representative_order
from humaneval_x.tasks import prompts as prompts_of
from humaneval_x.text import brief

__all__ = ["EngineOpener", "GenerationOptions", "Sampler"]

EngineOpener = Callable[[str, EngineOptions], Engine]


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationOptions:
    """The options of `generate`, as parsed; `stop` is a rule and patterns. Each temperature is a run of its own."""

    engine: str
    model: str
    task: str
    languages: str
    source_languages: str
    prompt_style: str
    prompt_template: Path | None
    samples: int
    temperatures: tuple[float, ...]
    top_p: float
    top_k: int
    repetition_penalty: float
    max_tokens: int
    seed: int
    limit: int | None
    sample_budget: int | None
    stop: tuple[str, tuple[str, ...]]
    slots: int
    device: str
    devices: tuple[int, ...]
    dtype: str
    base_url: str
    api: str
    instruction: Path | None
    api_key_variable: str
    concurrency: int
    request_timeout: float
    data_version: str
    data_dir: Path | None

    def folders(self, out: Path) -> dict[float, Path]:
        """Temperature -> the folder of its run: `out` itself for one; for several its name followed by `-t0.2`.

        Raises UsageError if `out` has no name that something could follow.
        """
        if len(self.temperatures) == 1:
            return {self.temperatures[0]: out}
        if out.name in ("", ".."):
            raise UsageError(f"--out {out} is no name that temperatures could follow: give one such as runs/ID")
        return {each: out.with_name(f"{out.name}-t{brief(each)}") for each in self.temperatures}

    def sampling(self, temperature: float) -> Sampling:
        """How the run of that temperature is drawn."""
        return Sampling(
            temperature=temperature,
            top_p=self.top_p,
            top_k=self.top_k,
            max_tokens=self.max_tokens,
            samples=self.samples,
            seed=self.seed,
            repetition_penalty=self.repetition_penalty,
        )


class Sampler:
    """What `generate` needs for the runs of all temperatures, with the engine open."""

    def __init__(self, options: GenerationOptions, opener: EngineOpener) -> None:
        self._options = options
        self._problems, self._subset = _problems(options)
        self._style = prompt_style(options.prompt_style, options.prompt_template)
        self._prompts = _prompts(options, self._problems, self._style)
        if options.devices and options.device == "cpu":
            raise UsageError("--devices names GPUs and --device cpu none: leave one of them out")
        engine = EngineOptions(
            model=options.model,
            slots=options.slots,
            device=options.device,
            dtype=options.dtype,
            devices=options.devices,
            server=ServerOptions(
                base_url=options.base_url,
                api=options.api,
                instruction=options.instruction,
                key_variable=options.api_key_variable,
                concurrency=options.concurrency,
                timeout_s=options.request_timeout,
            ),
        )
        self._engine = opener(options.engine, engine)
        self.languages = [name for name in language_names() if name in {prompt.language for prompt in self._prompts}]

    @cached_property
    def _manifests(self) -> dict[float, dict[str, Any]]:
        options = self._options
        described = self._engine.describe()
        return {
            temperature: {
                **_run_manifest(options, described, self._prompts, options.sampling(temperature)),
                "prompt": self._style.manifest,
                **({"subset": self._subset} if self._subset else {}),
            }
            for temperature in options.temperatures
        }

    def begin(self, folders: Mapping[float, RunFolder]) -> None:
        """Write each run's manifest. Raises what keeps one of them from being drawn there."""
        for temperature, folder in folders.items():
            folder.begin(self._manifests[temperature])

    def sample(self, folder: RunFolder, temperature: float, progress: Progress) -> Generated:
        """Draw the run of that temperature into its folder, going on where an earlier call stopped."""
        return generate(
            folder,
            self._engine,
            self._prompts,
            {problem.task_id: problem for problem in self._problems},
            self._options.sampling(temperature),
            manifest=self._manifests[temperature],
            stop=self._options.stop[0],
            patterns=self._options.stop[1],
            progress=progress,
        )

    @property
    def usage(self) -> str:
        """What sampling has cost so far, in words, where the engine counts it."""
        return str(getattr(self._engine, "usage", ""))

    def close(self) -> None:
        """Close the engine."""
        self._engine.close()


def _problems(options: GenerationOptions) -> tuple[list[Problem], dict[str, Any]]:
    """The problems that are asked for, and what the manifest says of a subset; empty for none."""
    names = set(parse_languages(options.languages))
    if options.task == "translation":
        names |= set(parse_languages(options.source_languages))
    ordered = [name for name in language_names() if name in names]
    problems = read_problems(options.data_version, ordered, data_folder(options.data_dir))
    if options.limit is None and options.sample_budget is None:
        return problems, {}
    return _subset(options, problems)


def _subset(options: GenerationOptions, problems: list[Problem]) -> tuple[list[Problem], dict[str, Any]]:
    """The beginning of the representative order that --limit or --sample-budget asks for."""
    if options.limit is not None and options.sample_budget is not None:
        raise UsageError("--limit and --sample-budget both choose problems: give one of them")
    reference = read_problems(options.data_version, [REFERENCE_LANGUAGE], data_folder(options.data_dir))
    everywhere = set.intersection(
        *({problem.number for problem in problems if problem.language == name} for name in _languages_of(problems))
    )
    order = [number for number in representative_order(reference) if number in everywhere]
    count = options.limit
    if options.sample_budget is not None:
        tasks = len(tasks_of(_task_prompts(options, problems)))
        count = affordable(options.sample_budget, samples=options.samples, tasks=tasks)
    chosen = set(order[:count])
    kept = [problem for problem in problems if problem.number in chosen]
    return kept, {"method": METHOD, "problems": len(chosen), "of": len(order)}


def _languages_of(problems: list[Problem]) -> list[str]:
    return list(dict.fromkeys(problem.language for problem in problems))


def _prompts(options: GenerationOptions, problems: list[Problem], style: PromptStyle) -> list[Prompt]:
    return style.applied(_task_prompts(options, problems), {problem.task_id: problem for problem in problems})


def _task_prompts(options: GenerationOptions, problems: list[Problem]) -> list[Prompt]:
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
