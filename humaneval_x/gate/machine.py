"""A gate's answer as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from humaneval_x.gate.results import Answer, GateResult
from humaneval_x.power import POWER

__all__ = ["GATE_FORMAT", "machine"]

GATE_FORMAT = {"format": "humaneval-x gate", "version": 1}
"""What the JSON begins with."""


def machine(answer: Answer) -> str:
    """JSON: `outcome` (pass, regression, incomparable, incomplete, error) and `exit_code`, then every field.

    Shares are from 0 to 1. The same answer gives the same bytes.
    """
    table: dict[str, Any] = {**GATE_FORMAT, "outcome": answer.outcome}
    if isinstance(answer, GateResult):
        table |= {"exit_code": 0 if answer.passed else 1, "power": POWER}
    return json.dumps({**table, **asdict(answer)}, ensure_ascii=True, allow_nan=False, indent=1) + "\n"
