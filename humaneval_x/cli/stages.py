"""What the commands do, shared by `generate`, `evaluate`, `report` and `run`."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path

from humaneval_x.cli.beside import HeardProgress, judged_beside
from humaneval_x.cli.judging import EvaluationOptions, Judge
from humaneval_x.cli.progress import TerminalProgress
from humaneval_x.cli.progress import say as _say
from humaneval_x.cli.sampling import EngineOpener, GenerationOptions, Sampler
from humaneval_x.engines import open_engine
from humaneval_x.errors import SandboxError
from humaneval_x.evaluation import Evaluated
from humaneval_x.evaluation.drawing import Drawing
from humaneval_x.generation import Generated
from humaneval_x.inspection import languages_of
from humaneval_x.rundir import RunFolder
from humaneval_x.sandbox import Backend
from humaneval_x.sandbox.choice import open_backend

__all__ = ["EvaluationOptions", "GenerationOptions", "evaluate_stage", "generate_stage", "run_stages"]

_BackendOpener = Callable[[str, Sequence[str]], Backend]


def _backend(kind: str, names: Sequence[str]) -> Backend:
    return open_backend(kind, names, say=_say)


def generate_stage(options: GenerationOptions, out: Path, opener: EngineOpener = open_engine) -> list[Path]:
    """Sample a run for each temperature, going on where an earlier call stopped; returns the runs' folders.

    One engine, opened by `opener`, draws them all. A folder with another run in it is an error before that.
    """
    folders = {temperature: RunFolder(path) for temperature, path in options.folders(out).items()}
    with contextlib.closing(Sampler(options, opener)) as sampler:
        sampler.begin(folders)
        for temperature, folder in folders.items():
            with TerminalProgress("generate") as progress:
                generated = sampler.sample(folder, temperature, progress)
            _say_generated(generated, folder.path, sampler.usage)
    return [folder.path for folder in folders.values()]


def evaluate_stage(options: EvaluationOptions, run: Path) -> Evaluated:
    """Judge `run`'s samples, going on where an earlier call stopped. Raises SandboxError if some are not judged."""
    folder = RunFolder(run)
    names = languages_of(folder)
    judge = Judge(options, folder, names, lambda: _backend(options.sandbox, names))
    with judge.begin() as evaluation, TerminalProgress("evaluate") as progress:
        evaluated = judge.judge(evaluation, progress)
    _say_evaluated(evaluated, run)
    return evaluated


def run_stages(
    generation: GenerationOptions,
    evaluation: EvaluationOptions,
    out: Path,
    opener: EngineOpener = open_engine,
    backend_opener: _BackendOpener = _backend,
) -> list[Path]:
    """As `generate_stage`, with the samples judged as they come.

    What keeps the samples from being judged is raised before the first is drawn. Raises SandboxError if some are not
    judged, once all are drawn.
    """
    folders = {temperature: RunFolder(path) for temperature, path in generation.folders(out).items()}
    failed: list[SandboxError] = []
    with contextlib.closing(Sampler(generation, opener)) as sampler:
        names = sampler.languages
        backend = backend_opener(evaluation.sandbox, names)
        sampler.begin(folders)
        judges = {each: Judge(evaluation, folder, names, lambda: backend) for each, folder in folders.items()}
        for judge in judges.values():
            judge.check()
        for temperature, judge in judges.items():
            try:
                _draw_and_judge(sampler, judge, folders[temperature], temperature)
            except SandboxError as error:
                # The other temperatures' samples can be drawn all the same, as the rest of one run's are.
                failed.append(error)
    for later in failed[1:]:
        _say(str(later))
    if failed:
        raise failed[0]
    return [folder.path for folder in folders.values()]


def _draw_and_judge(sampler: Sampler, judge: Judge, folder: RunFolder, temperature: float) -> None:
    drawing = Drawing()
    with judge.begin(drawing) as begun, TerminalProgress("evaluate") as judged:

        def draw() -> None:
            with TerminalProgress("generate", position=1) as drawn:
                generated = sampler.sample(folder, temperature, HeardProgress(drawn, drawing))
            _say_generated(generated, folder.path, sampler.usage)

        evaluated = judged_beside(drawing, draw, lambda: judge.judge(begun, judged), say=_say)
    _say_evaluated(evaluated, folder.path)


def _say_generated(generated: Generated, out: Path, usage: str) -> None:
    kept = f", {generated.kept} were there" if generated.kept else ""
    _say(f"{out}: drew {generated.drawn} samples ({generated.tokens} tokens){kept}")
    if usage:
        _say(f"  in all: {usage}")


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
