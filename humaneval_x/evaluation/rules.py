"""The rules of an evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from humaneval_x.languages import Language
from humaneval_x.records import Limits
from humaneval_x.rundir import Judgement

__all__ = ["Rules", "limits_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How samples are judged. `timeout_s` replaces the CPU limit of the run step; None keeps the language's.

    `fast` lets the languages' fast ways judge what they can tell beyond doubt; verdicts are the same without.
    """

    truncation: str = "strict"
    example_tests: bool = False
    timeout_s: float | None = None
    fast: bool = True

    @property
    def judgement(self) -> Judgement:
        """Which of a run's evaluations follows these rules."""
        return Judgement(truncation=self.truncation, example_tests=self.example_tests)

    def limits(self, language: Language) -> Limits:
        """The limits of that language under these rules; the wall limit grows with the CPU limit."""
        if self.timeout_s is None:
            return language.limits
        grown = max(language.limits.wall_s, language.limits.wall_s / language.limits.run_cpu_s * self.timeout_s)
        return replace(language.limits, run_cpu_s=self.timeout_s, wall_s=grown)


def limits_of(rules: Rules, languages: Mapping[str, Language]) -> dict[str, dict[str, float]]:
    """Language -> its limits under these rules, for the manifest."""
    return {name: asdict(rules.limits(language)) for name, language in languages.items()}
