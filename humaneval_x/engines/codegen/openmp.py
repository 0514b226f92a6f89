"""How the threads of a tensor library wait for each other."""

from __future__ import annotations

import os

__all__ = ["wait_patiently"]


def wait_patiently() -> None:
    """Have threads sleep while they wait, unless the user has said otherwise. Call it before PyTorch is imported.

    Threads that spin take the processor from whom they wait for: with the sandboxes judging on the same cores a step
    then took four times as long and more.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
