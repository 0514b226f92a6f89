"""Salesforce CodeGen: checkpoints, tokens, scheduling and draws, without any tensor library.

A runner (`paddle_runner`) does the arithmetic of prefill and decode; everything that decides which sample gets which
token when lies here and is tested without a model.
"""

from __future__ import annotations

__all__: list[str] = []
