from __future__ import annotations

import hashlib
import json
import os
import pickle
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checkpoint_files import (
    CONFIG,
    HF_TINY,
    as_hugging_face,
    random_tensors,
    write_config,
    write_pdparams,
    write_safetensors,
)

from humaneval_x.engines.codegen.checkpoint import Checkpoint, open_checkpoint
from humaneval_x.engines.codegen.config import read_config
from humaneval_x.errors import DataError


def assert_same(one: Checkpoint, other: Checkpoint, rtol: float = 0) -> None:
    for name in ("embedding", "norm_weight", "norm_bias", "head", "head_bias"):
        np.testing.assert_allclose(getattr(one.ends(), name), getattr(other.ends(), name), rtol=rtol, atol=rtol)
    for mine, theirs in zip(one.layers(), other.layers(), strict=True):
        for name in ("norm_weight", "norm_bias", "w_in", "b_in", "w_out", "b_out"):
            np.testing.assert_allclose(getattr(mine, name), getattr(theirs, name), rtol=rtol, atol=rtol)


@pytest.fixture
def paddle_folder(tmp_path: Path) -> Path:
    folder = write_config(tmp_path / "paddle")
    write_pdparams(folder / "model_state.pdparams", random_tensors())
    return folder


def test_both_layouts_of_the_same_model_are_the_same_weights(tmp_path: Path, paddle_folder: Path) -> None:
    other = write_config(tmp_path / "hf")
    write_safetensors(other / "model.safetensors", as_hugging_face(random_tensors()))
    assert_same(open_checkpoint(other), open_checkpoint(paddle_folder))


def test_safetensors_in_paddle_s_layout_are_told_from_hugging_face_s(tmp_path: Path, paddle_folder: Path) -> None:
    other = write_config(tmp_path / "paddle_safe")
    write_safetensors(other / "model.safetensors", random_tensors())
    assert_same(open_checkpoint(other), open_checkpoint(paddle_folder))


def test_paddle_s_pairs_of_inner_name_and_array_are_read(tmp_path: Path, paddle_folder: Path) -> None:
    other = write_config(tmp_path / "named")
    write_pdparams(other / "model_state.pdparams", random_tensors(), named=True)
    assert_same(open_checkpoint(other), open_checkpoint(paddle_folder))


def test_pytorch_s_zip_and_safetensors_hold_the_same_weights(tmp_path: Path) -> None:
    for name in ("config.json", "pytorch_model.bin"):
        shutil.copy(HF_TINY / name, tmp_path / name)
    assert_same(open_checkpoint(tmp_path), open_checkpoint(HF_TINY))


@pytest.mark.parametrize(("dtype", "rtol"), [("F16", 2e-3), ("BF16", 2e-2), ("F64", 0)])
def test_other_number_formats_are_widened_to_float32(
    tmp_path: Path, paddle_folder: Path, dtype: str, rtol: float
) -> None:
    other = write_config(tmp_path / "other")
    write_safetensors(other / "model.safetensors", random_tensors(), dtype)
    assert open_checkpoint(other).ends().embedding.dtype == np.float32
    assert_same(open_checkpoint(other), open_checkpoint(paddle_folder), rtol)


def test_a_bfloat16_array_in_a_paddle_file_is_widened(tmp_path: Path, paddle_folder: Path) -> None:
    tensors = {name: (value.view(np.uint32) >> 16).astype(np.uint16) for name, value in random_tensors().items()}
    other = write_config(tmp_path / "half")
    write_pdparams(other / "model_state.pdparams", tensors)
    assert_same(open_checkpoint(other), open_checkpoint(paddle_folder), 2e-2)


@pytest.fixture
def sharded_folder(tmp_path: Path) -> Path:
    folder = write_config(tmp_path / "sharded")
    tensors = as_hugging_face(random_tensors())
    names = sorted(tensors)
    parts = {"model-00001-of-00002.safetensors": names[:9], "model-00002-of-00002.safetensors": names[9:]}
    for part, inside in parts.items():
        write_safetensors(folder / part, {name: tensors[name] for name in inside})
    index = {"metadata": {}, "weight_map": {name: part for part, inside in parts.items() for name in inside}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return folder


def test_a_sharded_checkpoint_is_read_through_its_index(sharded_folder: Path, paddle_folder: Path) -> None:
    assert_same(open_checkpoint(sharded_folder), open_checkpoint(paddle_folder))


def test_a_missing_shard_is_named(sharded_folder: Path) -> None:
    (sharded_folder / "model-00002-of-00002.safetensors").unlink()
    with pytest.raises(DataError, match="model-00002-of-00002"):
        open_checkpoint(sharded_folder)


def test_an_index_cannot_reach_out_of_its_folder(sharded_folder: Path) -> None:
    shutil.copy(sharded_folder / "model-00001-of-00002.safetensors", sharded_folder.parent / "outside.safetensors")
    index = {"weight_map": {"a": "../outside.safetensors"}}
    (sharded_folder / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(DataError, match="same folder"):
        open_checkpoint(sharded_folder)


def test_one_file_s_hash_is_that_of_its_bytes(paddle_folder: Path) -> None:
    expected = hashlib.sha256((paddle_folder / "model_state.pdparams").read_bytes()).hexdigest()
    assert open_checkpoint(paddle_folder).sha256 == expected


def test_the_hash_of_shards_changes_with_any_of_them(sharded_folder: Path) -> None:
    before = open_checkpoint(sharded_folder).sha256
    tensors = as_hugging_face(random_tensors(seed=1))
    write_safetensors(
        sharded_folder / "model-00002-of-00002.safetensors", {name: tensors[name] for name in sorted(tensors)[9:]}
    )
    assert open_checkpoint(sharded_folder).sha256 != before


def test_tied_embeddings_stand_in_for_a_missing_head(tmp_path: Path) -> None:
    tensors = random_tensors()
    del tensors["lm_head.weight"]
    folder = write_config(tmp_path / "tied", tie_word_embeddings=True)
    write_pdparams(folder / "model_state.pdparams", tensors)
    ends = open_checkpoint(folder).ends()
    np.testing.assert_array_equal(ends.head, ends.embedding.T)


def test_the_count_of_parameters_is_exact(paddle_folder: Path) -> None:
    assert open_checkpoint(paddle_folder).config.parameters == sum(value.size for value in random_tensors().values())


def test_paddlenlp_s_nested_model_config_is_understood(tmp_path: Path) -> None:
    inner = {name: value for name, value in CONFIG.items() if name != "model_type"}
    nested = {"init_args": [inner | {"init_class": "CodeGenModel"}], "init_class": "CodeGenForCausalLM"}
    (tmp_path / "model_config.json").write_text(json.dumps(nested))
    expected = read_config(write_config(tmp_path / "flat"))[0]
    assert read_config(tmp_path)[0] == expected


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model_type": "gptj"}, "'gptj' model"),
        ({"activation_function": "relu"}, "'relu' is not"),
        ({"n_layer": 0}, "n_layer is 0"),
        ({"n_embd": "16"}, "n_embd is '16'"),
        ({"vocab_size": None}, "vocab_size is None"),
        ({"n_head": 3}, "3 heads"),
        ({"rotary_dim": 7}, "rotary_dim 7"),
        ({"n_inner": 32}, r"is \[16, 64\], but the configuration asks for \[16, 32\]"),
        ({"vocab_size": 60}, r"wte.weight is \[61, 16\]"),
        ({"n_layer": 3}, r"lacks the tensor transformer\.h\.2\.ln_1"),
    ],
)
def test_a_configuration_that_does_not_fit_is_an_error_that_says_where(
    paddle_folder: Path, changes: dict[str, Any], message: str
) -> None:
    write_config(paddle_folder, **changes)
    with pytest.raises(DataError, match=message):
        open_checkpoint(paddle_folder)


def test_a_path_that_is_no_checkpoint_s_folder_is_an_error_that_says_so(tmp_path: Path, paddle_folder: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        open_checkpoint(tmp_path / "nowhere")
    with pytest.raises(DataError, match="is a file"):
        open_checkpoint(paddle_folder / "config.json")
    with pytest.raises(DataError, match="holds no weights"):
        open_checkpoint(write_config(tmp_path / "bare"))
    (paddle_folder / "config.json").write_text("{")
    with pytest.raises(DataError, match=r"config\.json: not a readable JSON file"):
        open_checkpoint(paddle_folder)
    (paddle_folder / "config.json").unlink()
    with pytest.raises(DataError, match=r"holds no config\.json"):
        open_checkpoint(paddle_folder)


@pytest.mark.parametrize("name", ["model.safetensors", "pytorch_model.bin", "model_state.pdparams"])
@pytest.mark.parametrize("kept", [0, 5, 100, 0.5, 0.99])
def test_a_file_cut_short_is_an_error_that_names_it(
    tmp_path: Path, paddle_folder: Path, name: str, kept: float
) -> None:
    source = (paddle_folder if name.endswith("pdparams") else HF_TINY) / name
    shutil.copy(source.parent / "config.json", tmp_path / "config.json")
    data = source.read_bytes()
    (tmp_path / name).write_bytes(data[: kept if kept >= 5 or kept == 0 else int(len(data) * kept)])
    with pytest.raises(DataError, match=name):
        list(open_checkpoint(tmp_path).layers())


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


def test_reading_a_checkpoint_needs_no_tensor_library() -> None:
    import subprocess
    import sys

    code = (
        "import sys, pathlib\n"
        "from humaneval_x.engines.codegen import decoding, drawing, tokenizer, zoo\n"
        "from humaneval_x.engines.codegen.checkpoint import open_checkpoint\n"
        f"open_checkpoint(pathlib.Path({str(HF_TINY)!r})).ends()\n"
        "assert not {'torch', 'paddle', 'paddlenlp', 'safetensors', 'transformers'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
