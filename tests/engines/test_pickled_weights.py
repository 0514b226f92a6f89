"""`.pdparams` and `pytorch_model.bin`: read in every form, and without doing what a pickle asks for."""

from __future__ import annotations

import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checkpoint_files import (
    assert_layouts_agree,
    assert_same,
    random_tensors,
    respell_numpy,
    write_config,
    write_pdparams,
    write_safetensors,
    write_torch_zip,
)

from humaneval_x.engines.codegen.checkpoint import open_checkpoint
from humaneval_x.errors import DataError


@pytest.mark.parametrize("core", ["core", "_core"])
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("named", [False, True], ids=["arrays", "pairs"])
@pytest.mark.parametrize("width", [16, 64], ids=["in the pickle", "left in the file"])
def test_paddle_s_arrays_and_pairs_are_read_in_every_protocol_and_spelling_of_numpy(
    tmp_path: Path, width: int, named: bool, protocol: int, core: str
) -> None:
    tensors = random_tensors(n_embd=width)
    expected = write_config(tmp_path / "safe", n_embd=width)
    write_safetensors(expected / "model.safetensors", tensors)
    other = write_config(tmp_path / "paddle", n_embd=width)
    file = other / "model_state.pdparams"
    write_pdparams(file, tensors, named=named, protocol=protocol)
    respell_numpy(file, core)
    assert f"numpy.{core}." in file.read_bytes().decode("latin1")
    assert_same(open_checkpoint(other), open_checkpoint(expected))


@pytest.mark.parametrize("protocol", [2, 4, 5])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float16, ">f4", np.float64])
def test_arrays_by_columns_and_of_other_numbers_are_read(tmp_path: Path, dtype: Any, order: Any, protocol: int) -> None:
    tensors = {name: value.astype(dtype, order=order) for name, value in random_tensors(n_embd=64).items()}
    folder = write_config(tmp_path, n_embd=64)
    write_pdparams(folder / "model_state.pdparams", tensors, protocol=protocol)
    checkpoint = open_checkpoint(folder)
    np.testing.assert_array_equal(checkpoint.embedding(), tensors["transformer.wte.weight"].astype(np.float32))
    np.testing.assert_array_equal(checkpoint.head(), tensors["lm_head.weight"].astype(np.float32))
    assert_layouts_agree(checkpoint)


@pytest.mark.parametrize("compressed", [False, True], ids=["stored", "compressed"])
@pytest.mark.parametrize("shared", [False, True], ids=["a record each", "one record"])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_pytorch_s_tensors_are_read_wherever_they_lie_in_a_record(
    tmp_path: Path, dtype: str, order: Any, shared: bool, compressed: bool
) -> None:
    tensors = {name: value.astype(dtype, order=order) for name, value in random_tensors().items()}
    folder = write_config(tmp_path / "zip")
    write_torch_zip(folder / "pytorch_model.bin", tensors, shared=shared, compressed=compressed)
    expected = write_config(tmp_path / "safe")
    write_safetensors(expected / "model.safetensors", random_tensors())
    checkpoint = open_checkpoint(folder)
    assert_same(checkpoint, open_checkpoint(expected), 0 if dtype == "float32" else 2e-3)
    assert_layouts_agree(checkpoint)


def test_an_array_cut_short_behind_an_opened_checkpoint_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    folder = write_config(tmp_path, n_embd=64)
    file = folder / "model_state.pdparams"
    for protocol in (2, 4):
        write_pdparams(file, random_tensors(n_embd=64), protocol=protocol)
        checkpoint = open_checkpoint(folder)
        file.write_bytes(file.read_bytes()[:5000])
        with pytest.raises(DataError, match=r"model_state\.pdparams.*fetch it again"):
            checkpoint.head()


def test_a_tensor_that_reaches_out_of_its_record_is_an_error(tmp_path: Path) -> None:
    folder = write_config(tmp_path)
    file = folder / "pytorch_model.bin"
    write_torch_zip(file, random_tensors())
    # Strides and offset, changed within the pickle.
    with zipfile.ZipFile(file) as archive:
        records = {name: archive.read(name) for name in archive.namelist()}
    for before, after in ((b"K\x10K\x01\x86", b"K\x11K\x01\x86"), (b"QK\x00", b"QJ\xff\xff\xff\xff")):
        assert before in records["archive/data.pkl"]
        with zipfile.ZipFile(file, "w") as archive:
            for name, data in records.items():
                archive.writestr(name, data.replace(before, after) if name.endswith(".pkl") else data)
        with pytest.raises(DataError, match=r"pytorch_model\.bin.*(ends|begins) before"):
            open_checkpoint(folder)


class Hostile:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("made-by-a-checkpoint",)


def test_a_pickle_that_calls_something_is_refused_and_not_executed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_config(tmp_path)
    (tmp_path / "model_state.pdparams").write_bytes(pickle.dumps({"a": Hostile()}))
    with pytest.raises(DataError, match=r"mkdir.*is not loaded"):
        open_checkpoint(tmp_path)
    assert not (tmp_path / "made-by-a-checkpoint").exists()


@pytest.mark.parametrize(
    "commands",
    [
        pickle.GLOBAL + b"_codecs\nencode\n(N}" + pickle.BINUNICODE + b"\x0c\0\0\0__defaults__N" + b"st" + pickle.BUILD,
        pickle.GLOBAL + b"collections\nOrderedDict\n" + pickle.EMPTY_DICT + pickle.BUILD,
        b"(" + pickle.INST + b"collections\nOrderedDict\n",
        pickle.EXT1 + b"\1",
    ],
    ids=["function", "class", "instance", "extension"],
)
@pytest.mark.parametrize("name", ["model_state.pdparams", "pytorch_model.bin"])
def test_a_pickle_changes_nothing_that_it_can_name(tmp_path: Path, name: str, commands: bytes) -> None:
    write_config(tmp_path)
    data = b"\x80\x02" + commands + b"."
    if name.endswith("bin"):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("archive/data.pkl", data.replace(b"_codecs\nencode", b"torch._utils\n_rebuild_tensor_v2"))
    else:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(DataError, match=rf"{name}: (asks for .a state|not a readable)"):
        open_checkpoint(tmp_path)
