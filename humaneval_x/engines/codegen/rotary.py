"""Rotary position tables."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from humaneval_x.engines.codegen.config import CodeGenConfig

__all__ = ["rotary_tables"]

Floats = npt.NDArray[np.float32]


def rotary_tables(config: CodeGenConfig) -> tuple[Floats, Floats]:
    """Cosines and sines, [n_positions, rotary / 2], in float32 throughout as in the published implementation."""
    exponents = np.arange(0, config.rotary_dim, 2, dtype=np.float32) / np.float32(config.rotary_dim)
    frequencies = (np.float32(1) / np.float32(10000) ** exponents).astype(np.float32)
    angles = np.arange(config.n_positions, dtype=np.float32)[:, None] * frequencies
    return np.cos(angles), np.sin(angles)
