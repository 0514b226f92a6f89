from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from checkpoint_files import (
    CONFIG,
    HF_TINY,
    as_hugging_face,
    assert_layouts_agree,
    assert_same,
    random_tensors,
    write_config,
    write_in_parts,
    write_pdparams,
    write_safetensors,
    write_torch_zip,
)

from humaneval_x.engines.codegen.checkpoint import open_checkpoint
from humaneval_x.engines.codegen.config import read_config
from humaneval_x.errors import DataError


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


@pytest.mark.parametrize("tied", [False, True], ids=["head", "tied"])
@pytest.mark.parametrize("rotary", [2, 4])
@pytest.mark.parametrize("kind", ["F32", "F16", "BF16", "paddle", "paddle half"])
def test_transposed_weights_are_the_transpose_and_chunks_are_the_whole(
    tmp_path: Path, kind: str, rotary: int, tied: bool
) -> None:
    tensors = random_tensors()
    if tied:
        del tensors["lm_head.weight"]
    folder = write_config(tmp_path, rotary_dim=rotary, tie_word_embeddings=tied)
    if kind.startswith("paddle"):
        half = {name: (value.view(np.uint32) >> 16).astype(np.uint16) for name, value in tensors.items()}
        write_pdparams(folder / "model_state.pdparams", half if kind == "paddle half" else tensors)
    else:
        write_safetensors(folder / "model.safetensors", as_hugging_face(tensors), kind)
    assert_layouts_agree(open_checkpoint(folder))


def test_queries_keys_and_values_come_in_that_order_with_even_rotary_elements_first(paddle_folder: Path) -> None:
    stored = random_tensors()["transformer.h.1.attn.qkv_proj.weight"]
    _, layer = open_checkpoint(paddle_folder).layers()
    # Four heads of four elements, a head a block; stored as query, value, key; two elements of each head are turned.
    for head in range(4):
        query, value, key = (stored[:, 12 * head + 4 * part :][:, :4] for part in range(3))
        for place, expected in enumerate((query, key, value)):
            np.testing.assert_array_equal(layer.w_in[:, 16 * place + 4 * head :][:, :4], expected)
    write_config(paddle_folder, rotary_dim=4)
    _, layer = open_checkpoint(paddle_folder).layers()
    np.testing.assert_array_equal(layer.w_in[:, 4:8], stored[:, [12, 14, 13, 15]])
    np.testing.assert_array_equal(layer.w_in[:, 32:36], stored[:, 4:8])


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
    assert open_checkpoint(other).embedding().dtype == np.float32
    assert_same(open_checkpoint(other), open_checkpoint(paddle_folder), rtol)


def test_a_bfloat16_array_in_a_paddle_file_is_widened(tmp_path: Path, paddle_folder: Path) -> None:
    tensors = {name: (value.view(np.uint32) >> 16).astype(np.uint16) for name, value in random_tensors().items()}
    other = write_config(tmp_path / "half")
    write_pdparams(other / "model_state.pdparams", tensors)
    assert_same(open_checkpoint(other), open_checkpoint(paddle_folder), 2e-2)


@pytest.fixture
def sharded_folder(tmp_path: Path) -> Path:
    folder = write_config(tmp_path / "sharded")
    write_in_parts(folder, "model.safetensors", write_safetensors, as_hugging_face(random_tensors()))
    return folder


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("model.safetensors", write_safetensors),
        ("model_state.pdparams", write_pdparams),
        ("pytorch_model.bin", write_torch_zip),
    ],
)
def test_a_sharded_checkpoint_is_read_through_its_index(
    tmp_path: Path, paddle_folder: Path, name: str, write: Callable[[Path, dict[str, np.ndarray]], None]
) -> None:
    folder = write_config(tmp_path / "sharded")
    write_in_parts(folder, name, write, random_tensors())
    assert_same(open_checkpoint(folder), open_checkpoint(paddle_folder))


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
    write_in_parts(sharded_folder, "model.safetensors", write_safetensors, tensors)
    assert open_checkpoint(sharded_folder).sha256 != before


def test_tied_embeddings_stand_in_for_a_missing_head(tmp_path: Path) -> None:
    tensors = random_tensors()
    del tensors["lm_head.weight"]
    folder = write_config(tmp_path / "tied", tie_word_embeddings=True)
    write_pdparams(folder / "model_state.pdparams", tensors)
    checkpoint = open_checkpoint(folder)
    np.testing.assert_array_equal(checkpoint.head(), checkpoint.embedding().T)


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


def test_reading_a_checkpoint_needs_no_tensor_library() -> None:
    import subprocess
    import sys

    code = (
        "import sys, pathlib\n"
        "from humaneval_x.engines.codegen import decoding, drawing, tokenizer, zoo\n"
        "from humaneval_x.engines.codegen.checkpoint import open_checkpoint\n"
        f"open_checkpoint(pathlib.Path({str(HF_TINY)!r})).head()\n"
        "assert not {'torch', 'paddle', 'paddlenlp', 'safetensors', 'transformers'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
