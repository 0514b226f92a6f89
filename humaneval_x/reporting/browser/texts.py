"""The texts of a problem's samples: prompt, solution, and of each sample what the page shows of it.

```
{"task_id": "CPP/3", "prompt": "...", "solution": "...", "texts": ["", "...", ...],
 "samples": [{"number": 0, "kept": 1, "rest": 2, "added": 0, "before": 3, "after": 4, "preamble": 0, "response": 0,
              "finish": "stop", "tokens": 61, "seed": "123", "whole": false, "same_as": 0, "changed": false,
              "verdict": {"sha256": "...", "wall_s": 0.1, "cpu_s": 0.1, "peak_mb": 12.0, "detail": 0}}, ...]}
```
Numbers under names of texts say which of `texts`; a text that several samples share stands there once. `kept` + `rest`
is the completion, `before` + `kept` + `added` + `after` the program. `changed` says that this is not what was judged.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from humaneval_x.inspection import cut_between
from humaneval_x.programs import parts_of
from humaneval_x.records import Completion, Problem, Verdict
from humaneval_x.reporting.browser.packed import write_packed
from humaneval_x.rundir import Judgement

__all__ = ["PART_CHARACTERS", "Texts", "TextsWriter"]

PART_CHARACTERS = 4_000_000
"""A file that holds so much text is ended, so that a page need not load all of a problem whose samples are huge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """What the texts of a problem's samples have in common; `prompt` is what the model was given."""

    problem: Problem
    prompt: str
    task: str
    judgement: Judgement


class TextsWriter:
    """Writes the samples of one problem, given in the order of their numbers, as `<stem>-0.json.gz` and so on.

    At least one file is written, for the prompt. Of its samples one part is held at a time.
    """

    def __init__(self, texts: Texts, stem: Path) -> None:
        self._texts = texts
        self._stem = stem
        self._starts: list[int] = [0]
        self._rows = 0
        self._begin()

    def add(self, sample: Completion, verdict: Verdict | None, same_as: int) -> None:
        """`same_as` is the lowest number among the samples that were judged as the same program."""
        if self._held > PART_CHARACTERS:
            self._end_part()
            self._starts.append(self._rows)
            self._begin()
        self._samples.append(self._row(sample, verdict, same_as))
        self._rows += 1

    def end(self) -> list[int]:
        """Write what is held; the positions of the samples that the files begin with."""
        self._end_part()
        return self._starts

    def _begin(self) -> None:
        self._numbers: dict[str, int] = {"": 0}
        self._samples: list[dict[str, Any]] = []
        self._held = 0

    def _number(self, text: str) -> int:
        if text not in self._numbers:
            self._numbers[text] = len(self._numbers)
            self._held += len(text)
        return self._numbers[text]

    def _row(self, sample: Completion, verdict: Verdict | None, same_as: int) -> dict[str, Any]:
        judgement = self._texts.judgement
        parts = parts_of(
            self._texts.problem,
            sample,
            task=self._texts.task,
            truncation=judgement.truncation,
            example_test=judgement.example_tests,
        )
        cut = cut_between(sample.text, parts.code)
        texts = {"kept": cut.kept, "rest": cut.rest, "added": cut.added, "before": parts.before, "after": parts.after}
        texts |= {"preamble": sample.preamble, "response": sample.response}
        source = parts.before + parts.code + parts.after
        return {
            "number": sample.completion_id,
            **{name: self._number(text) for name, text in texts.items()},
            "finish": sample.finish,
            "tokens": sample.tokens,
            # As text: JavaScript would round it.
            "seed": str(sample.seed),
            "whole": sample.whole,
            "same_as": same_as,
            "changed": verdict is not None and verdict.sha256 != _sha256(source),
            "verdict": None if verdict is None else self._verdict(verdict),
        }

    def _verdict(self, verdict: Verdict) -> dict[str, Any]:
        return {
            "sha256": verdict.sha256,
            "cpu_s": verdict.cpu_s,
            "wall_s": verdict.wall_s,
            "peak_mb": verdict.peak_mb,
            "detail": self._number(verdict.detail),
        }

    def _end_part(self) -> None:
        content = {
            "task_id": self._texts.problem.task_id,
            "prompt": self._texts.prompt,
            "solution": self._texts.problem.canonical_solution,
            "texts": list(self._numbers),
            "samples": self._samples,
        }
        path = self._stem.with_name(f"{self._stem.name}-{len(self._starts) - 1}.json.gz")
        write_packed(path, content)


def _sha256(source: str) -> str:
    return hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()
