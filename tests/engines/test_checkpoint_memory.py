"""How much memory reading a checkpoint takes, measured in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from checkpoint_files import (
    HF_TINY,
    as_hugging_face,
    random_tensors,
    write_config,
    write_in_parts,
    write_pdparams,
    write_safetensors,
    write_torch_zip,
)

# 58 million parameters: 116 MB as float16, 232 MB as float32. The blocks are few and large, so that even who only keeps
# the bytes of the file beside a block and a tensor takes more than 1.3 times the file.
LARGE = {"vocab_size": 16_000, "n_embd": 1024, "n_layer": 2, "n_head": 16, "rotary_dim": 32}

Write = Callable[[Path, dict[str, np.ndarray]], None]

WALK = """
import sys
from pathlib import Path
from humaneval_x.engines.codegen.checkpoint import open_checkpoint

def memory(field):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))

def walk(folder, kept):
    checkpoint = open_checkpoint(Path(folder))
    for chunks in (checkpoint.embedding_rows, checkpoint.head_rows):
        for _, rows in chunks():
            kept(rows)
            del rows
    for layer in checkpoint.layers(transposed=True):
        kept(layer)
        del layer
    for one in (checkpoint.norm_weight, checkpoint.norm_bias, checkpoint.head_bias):
        kept(one())

tiny, large, keeps = sys.argv[1:]
walk(tiny, id)
before = memory("VmRSS:")
walk(large, [].append if keeps == "True" else id)
print(memory("VmHWM:") - before)
"""

needs_proc = pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="measures with Linux's /proc")


def peak_of_reading(folder: Path, *, keep: bool = False) -> int:
    """Bytes by which reading all weights one after another raised the process's memory at most."""
    command = [sys.executable, "-c", WALK, str(HF_TINY), str(folder), str(keep)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


@pytest.fixture(scope="module")
def large_tensors() -> dict[str, np.ndarray]:
    return random_tensors(**LARGE)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield write_config(tmp_path, **LARGE)
    # pytest keeps the folders of its last runs: not these.
    for file in tmp_path.iterdir():
        file.unlink()


def halved(tensors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: value.astype(np.float16) for name, value in tensors.items()}


@needs_proc
def test_reading_pdparams_takes_less_than_1_3_times_the_file(
    folder: Path, large_tensors: dict[str, np.ndarray]
) -> None:
    file = folder / "model_state.pdparams"
    write_pdparams(file, halved(large_tensors))
    assert peak_of_reading(folder) < 1.3 * file.stat().st_size


@needs_proc
def test_reading_safetensors_takes_less_than_1_3_times_the_file(
    folder: Path, large_tensors: dict[str, np.ndarray]
) -> None:
    file = folder / "model.safetensors"
    write_safetensors(file, as_hugging_face(large_tensors), "F16")
    assert peak_of_reading(folder) < 1.3 * file.stat().st_size
    # The measure sees what is not dropped.
    assert peak_of_reading(folder, keep=True) > 1.3 * file.stat().st_size


@needs_proc
def test_reading_a_zip_of_one_record_takes_less_than_1_3_times_the_file(
    folder: Path, large_tensors: dict[str, np.ndarray]
) -> None:
    file = folder / "pytorch_model.bin"
    write_torch_zip(file, halved(large_tensors), shared=True)
    assert peak_of_reading(folder) < 1.3 * file.stat().st_size


@needs_proc
@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("model_state.pdparams", write_pdparams),
        ("model.safetensors", write_safetensors),
        ("pytorch_model.bin", write_torch_zip),
    ],
)
def test_reading_takes_less_than_1_3_times_the_larger_of_two_parts(
    folder: Path, large_tensors: dict[str, np.ndarray], name: str, write: Write
) -> None:
    parts = write_in_parts(folder, name, write, large_tensors)
    assert peak_of_reading(folder) < 1.3 * max(part.stat().st_size for part in parts)
