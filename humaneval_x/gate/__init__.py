"""The regression gate: is a run worse than its baseline, by more than allowed and more than chance explains?

For every group of the baseline (languages or pairs) and overall, and for every k that both runs have, the drop is the
mean over the same problems of baseline pass@k minus candidate pass@k. It is a regression if it exceeds `max_drop` and
chance explains it with a probability of at most `alpha` (`pairing`). Beside each drop stands how large a drop the
comparison could have detected (`power`).

The result is told as text for people, as Markdown and annotations for GitHub, as JUnit XML and as JSON.
"""

from humaneval_x.gate.baselines import read_baseline, require_as_many_samples, require_own_file, write_baseline
from humaneval_x.gate.comparison import gate
from humaneval_x.gate.github import step_summary, workflow_commands
from humaneval_x.gate.junit import junit
from humaneval_x.gate.machine import machine
from humaneval_x.gate.rendering import render_gate
from humaneval_x.gate.results import Answer, Decision, GateResult, Refusal

__all__ = [
    "Answer",
    "Decision",
    "GateResult",
    "Refusal",
    "gate",
    "junit",
    "machine",
    "read_baseline",
    "render_gate",
    "require_as_many_samples",
    "require_own_file",
    "step_summary",
    "workflow_commands",
    "write_baseline",
]
