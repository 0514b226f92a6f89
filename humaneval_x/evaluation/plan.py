"""Which samples of a run are to be judged, and as which programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from humaneval_x.errors import DataError, IncomparableError
from humaneval_x.evaluation.drawing import Drawing
from humaneval_x.evaluation.rules import Rules
from humaneval_x.languages import Language, language_of_task
from humaneval_x.programs import assemble
from humaneval_x.records import Completion, Problem, Program, Verdict
from humaneval_x.rundir import RunFolder

__all__ = ["Plan"]


class Plan:
    """Which samples lack a verdict, task by task; programs are made when they are asked for.

    Without a `drawing` these are the samples that are there, with one those that will be there when it ends.
    `pending_of` says how many of each task lack a verdict, `kept` how many of all have one.
    """

    def __init__(
        self, folder: RunFolder, problems: Mapping[str, Problem], rules: Rules, drawing: Drawing | None = None
    ) -> None:
        self._folder = folder
        self._problems = problems
        self._rules = rules
        self._drawing = drawing
        self._wanted = folder.tasks()
        self._due = folder.wanted()
        self.tasks = list(self._wanted)
        self.pending_of: dict[str, int] = {}
        self._judged: dict[str, dict[tuple[str, int], Verdict]] = {}
        self._drawn: dict[str, int] = {}
        for task in self.tasks:
            self._judged[task] = {
                (verdict.task_id, verdict.completion_id): verdict for verdict in folder.verdicts(task, rules.judgement)
            }
            due = self._wanted_of(task)
            if drawing is None:
                keys = {(sample.task_id, sample.completion_id) for sample in folder.samples(task)}
                self._note_drawn(task, keys)
                due = len(keys)
            else:
                self._drawn[task] = len(self._judged[task])  # until its journal has been read to its end
            self.pending_of[task] = due - len(self._judged[task])
        self.pending = sum(self.pending_of.values())
        self.kept = sum(map(len, self._judged.values()))

    @property
    def missing(self) -> int:
        """How many of the wanted samples are not drawn."""
        return sum(map(self._wanted_of, self.tasks)) - sum(self._drawn.values())

    def language(self, task: str) -> Language:
        """The language of the task's programs."""
        return language_of_task(self._wanted[task][0])

    def verdicts(self, task: str) -> Iterable[Verdict]:
        """What earlier calls judged."""
        return self._judged[task].values()

    def programs(self, task: str, workers: int) -> Iterator[Program | None]:
        """The programs of the samples without a verdict, checking that the others' verdicts are on the same program.

        None while no sample is there to be judged but more will come. Where the language's fast way judges many
        programs at once, that many for each worker are waited for: one by one they would cost it several times as much.
        """
        judged = self._judged[task]
        known = set(self._wanted[task])
        fast = self.language(task).fast
        at_once = fast.batch * workers if fast is not None and self._rules.fast else 1
        for sample in self._samples(task, at_once):
            if sample is None:
                yield None
                continue
            if sample.task_id not in known:
                raise DataError(f"{self._folder.samples_path(task)}: {sample.task_id} does not belong to this run")
            program = assemble(
                self._problems[sample.task_id],
                sample,
                task=task,
                truncation=self._rules.truncation,
                example_test=self._rules.example_tests,
            )
            before = judged.get((sample.task_id, sample.completion_id))
            if before is None:
                yield program
            elif before.sha256 != program.sha256:
                raise IncomparableError(
                    f"{self._folder.path}: sample {sample.completion_id} of {sample.task_id} was judged as another "
                    f"program: the data or this harness changed; move verdicts{self._rules.judgement.suffix} and "
                    f"{self._folder.evaluation_path(self._rules.judgement).name} away to judge anew"
                )

    def _samples(self, task: str, at_once: int) -> Iterator[Completion | None]:
        if self._drawing is None:
            yield from self._folder.samples(task)
            return
        followed = self._folder.follow_samples(task)
        yield from self._drawing.samples(followed, self._wanted_of(task), at_once)
        self._note_drawn(task, followed.keys)

    def _note_drawn(self, task: str, keys: set[tuple[str, int]]) -> None:
        orphans = set(self._judged[task]) - keys
        if orphans:
            raise DataError(
                f"{self._folder.path}: {task} has a verdict on {sorted(orphans)[0]} but no such sample: "
                "the samples' journal was cut or replaced"
            )
        self._drawn[task] = len(keys)

    def _wanted_of(self, task: str) -> int:
        return self._due[task]
