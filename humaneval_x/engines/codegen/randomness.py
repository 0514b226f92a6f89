"""Random numbers by identity: a sample's draws depend on its seed, the step and the token, on nothing else.

Counter-based: no state is carried, so any batch, any order and any resumption gives the same numbers.
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

__all__ = ["row_keys", "sample_seed", "seed_keys", "token_uniforms"]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def sample_seed(run_seed: int, task: str, task_id: str, completion_id: int) -> int:
    """The seed of one sample: the first 63 bits of the SHA-256 of its identity (positive in any signed 64 bits)."""
    identity = f"{run_seed}\n{task}\n{task_id}\n{completion_id}".encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.sha256(identity).digest()[:8], "big") >> 1


def row_keys(seeds: npt.NDArray[np.uint64], steps: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """One 64-bit key for each (seed, step), both of shape [rows]; `step` counts the sample's own tokens from 0."""
    return _splitmix(seed_keys(seeds) + (steps + np.uint64(1)) * _GOLDEN)


def seed_keys(seeds: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """What of `row_keys` depends on the seed alone."""
    return _splitmix(seeds)


def token_uniforms(keys: npt.NDArray[np.uint64], tokens: npt.NDArray[np.uint32]) -> npt.NDArray[np.float32]:
    """Uniform numbers in (0, 1), one for each key and token, of the shapes' broadcast.

    Small values are exact to 24 bits: exponential variates made from them are smooth where they decide a race.
    The mixing rounds are those of a 32-bit integer hash with low bias (multipliers 0x21f0aaad, 0xd35a2d97).
    """
    low = (keys & np.uint64(0xFFFFFFFF)).astype(np.uint32)
    high = (keys >> np.uint64(32)).astype(np.uint32)
    mixed = tokens * np.uint32(0x9E3779B1) + low
    mixed ^= mixed >> np.uint32(16)
    mixed *= np.uint32(0x21F0AAAD)
    mixed += high
    mixed ^= mixed >> np.uint32(15)
    mixed *= np.uint32(0xD35A2D97)
    mixed ^= mixed >> np.uint32(15)
    uniform: npt.NDArray[np.float32] = mixed.astype(np.float32)
    uniform += np.float32(0.5)
    uniform *= np.float32(2.0**-32)
    # 2**32 - 1 rounds to 2**32 in 24 bits of mantissa: stay below 1.
    np.minimum(uniform, np.float32(1 - 2.0**-24), out=uniform)
    return uniform


def _splitmix(state: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    mixed: npt.NDArray[np.uint64] = state + _GOLDEN
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed
