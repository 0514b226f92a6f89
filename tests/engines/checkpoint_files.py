"""Checkpoints written by hand, so that reading them is tested without the frameworks that usually write them."""

from __future__ import annotations

import json
import pickle
import pickletools
import re
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from humaneval_x.engines.codegen.checkpoint import Checkpoint

HF_TINY = Path(__file__).parent / "fixtures" / "hf_tiny"

LINEAR = ("qkv_proj.weight", "out_proj.weight", "fc_in.weight", "fc_out.weight", "lm_head.weight")

CONFIG: dict[str, Any] = {
    "model_type": "codegen",
    "activation_function": "gelu_new",
    "vocab_size": 61,
    "n_positions": 48,
    "n_ctx": 48,
    "n_embd": 16,
    "n_layer": 2,
    "n_head": 4,
    "n_inner": None,
    "rotary_dim": 2,
    "layer_norm_epsilon": 1e-5,
    "eos_token_id": 0,
}


def random_tensors(seed: int = 0, **changes: Any) -> dict[str, np.ndarray]:
    """Named tensors of a random model as Paddle lays them out: linear weights as [in, out]."""
    config = CONFIG | changes
    hidden, vocabulary = config["n_embd"], config["vocab_size"]
    rng = np.random.default_rng(seed)
    shapes = {
        "transformer.wte.weight": (vocabulary, hidden),
        "transformer.ln_f.weight": (hidden,),
        "transformer.ln_f.bias": (hidden,),
        "lm_head.weight": (hidden, vocabulary),
        "lm_head.bias": (vocabulary,),
    }
    for layer in range(config["n_layer"]):
        block = f"transformer.h.{layer}."
        shapes |= {
            f"{block}ln_1.weight": (hidden,),
            f"{block}ln_1.bias": (hidden,),
            f"{block}attn.qkv_proj.weight": (hidden, 3 * hidden),
            f"{block}attn.out_proj.weight": (hidden, hidden),
            f"{block}mlp.fc_in.weight": (hidden, 4 * hidden),
            f"{block}mlp.fc_in.bias": (4 * hidden,),
            f"{block}mlp.fc_out.weight": (4 * hidden, hidden),
            f"{block}mlp.fc_out.bias": (hidden,),
        }
    return {name: (rng.standard_normal(shape) * 0.3).astype(np.float32) for name, shape in shapes.items()}


def as_hugging_face(tensors: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The same model with linear weights as [out, in], and the mask buffers that older files carry."""
    turned = {
        name: np.ascontiguousarray(value.T) if name.endswith(LINEAR) else value for name, value in tensors.items()
    }
    return turned | {"transformer.h.0.attn.causal_mask": np.tril(np.ones((1, 1, 48, 48), dtype=bool))}


def write_config(folder: Path, **changes: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(CONFIG | changes))
    return folder


def write_safetensors(path: Path, tensors: dict[str, np.ndarray], dtype: str = "F32") -> None:
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    body = []
    end = 0
    for name, value in tensors.items():
        kind = "BOOL" if value.dtype == bool else dtype
        body.append(value.tobytes() if kind == "BOOL" else encoded(value, kind))
        start, end = end, end + len(body[-1])
        header[name] = {"dtype": kind, "shape": list(value.shape), "data_offsets": [start, end]}
    head = json.dumps(header).encode()
    with path.open("wb") as file:
        file.writelines([struct.pack("<Q", len(head)), head, *body])


def encoded(value: np.ndarray, dtype: str) -> bytes:
    if dtype == "BF16":
        return (value.astype("<f4").view("<u4") >> 16).astype("<u2").tobytes()
    return value.astype({"F32": "<f4", "F16": "<f2", "F64": "<f8"}[dtype]).tobytes()


class PaddleTensor:
    """Pickled as `paddle.save` pickles a tensor: the call of `tuple` on (inner name, array)."""

    def __init__(self, name: str, value: np.ndarray) -> None:
        self.pair = (f"inner of {name}", value)

    def __reduce__(self) -> tuple[Any, ...]:
        return tuple, (self.pair,)


def write_pdparams(path: Path, tensors: dict[str, np.ndarray], *, named: bool = False, protocol: int = 4) -> None:
    """As `paddle.save` writes a state dict: a pickle of arrays, or of (inner name, array) in some versions."""
    table = {name: PaddleTensor(name, value) if named else value for name, value in tensors.items()}
    with path.open("wb") as file:
        pickle.dump(table, file, protocol=protocol)


def respell_numpy(path: Path, core: str) -> None:
    """Make a pickle name numpy's inner package as another version of numpy does, `core` or `_core`."""
    # Framed and memoized anew, since the name's length changes.
    path.write_bytes(pickletools.optimize(re.sub(rb".numpy\._?core(\.\w+)", _named_as(core), path.read_bytes())))


def _named_as(core: str) -> Callable[[re.Match[bytes]], bytes]:
    def name(match: re.Match[bytes]) -> bytes:
        spelled = b"numpy." + core.encode() + match[1]
        # After the opcode GLOBAL comes the name; after SHORT_BINUNICODE its length does.
        return (match[0][:1] if match[0][:1] == pickle.GLOBAL else bytes([len(spelled)])) + spelled

    return name


def write_torch_zip(
    path: Path, tensors: dict[str, np.ndarray], *, shared: bool = False, compressed: bool = False
) -> None:
    """As `torch.save` writes a state dict: a record a tensor, or (`shared`) all in one, each of which begins within."""
    storages = {"float32": "FloatStorage", "float16": "HalfStorage", "uint16": "BFloat16Storage", "bool": "BoolStorage"}
    commands = [b"\x80\x02}("]
    records: list[list[bytes]] = [[]]
    offset = 0
    for name, value in tensors.items():
        strides = tuple(stride // value.itemsize for stride in value.strides)
        key = str(len(records) - 1)
        commands += [
            *(_pickled(name), b"ctorch._utils\n_rebuild_tensor_v2\n(("),
            *(_pickled("storage"), f"ctorch\n{storages[value.dtype.name]}\n".encode()),
            *(_pickled(key), _pickled("cpu"), _pickled(value.size), b"tQ"),
            *(_pickled(offset), _pickled(value.shape), _pickled(strides), b"\x89ccollections\nOrderedDict\n)RtR"),
        ]
        # The bytes in the order in which they lie in memory, whatever the strides are.
        records[-1].append(value.tobytes(order="A"))
        if shared:
            offset += value.size
        else:
            records.append([])
    commands.append(b"u.")
    method = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("archive/data.pkl", b"".join(commands))
        for key, parts in enumerate(records):
            archive.writestr(f"archive/data/{key}", b"".join(parts))


def _pickled(value: Any) -> bytes:
    """What puts a plain value on the stack: its pickle without the beginning and the end."""
    return pickletools.optimize(pickle.dumps(value, protocol=2))[2:-1]


def write_in_parts(
    folder: Path, name: str, write: Callable[[Path, dict[str, np.ndarray]], None], tensors: dict[str, np.ndarray]
) -> tuple[Path, Path]:
    """A checkpoint's file in two parts of about the same size, with their index."""
    stem, suffix = name.split(".")
    parts = (folder / f"{stem}-00001-of-00002.{suffix}", folder / f"{stem}-00002-of-00002.{suffix}")
    inside: tuple[dict[str, np.ndarray], ...] = ({}, {})
    for key, value in sorted(tensors.items(), key=lambda item: -item[1].nbytes):
        min(inside, key=lambda part: sum(each.nbytes for each in part.values()))[key] = value
    for part, held in zip(parts, inside, strict=True):
        write(part, held)
    index = {"weight_map": {key: part.name for part, held in zip(parts, inside, strict=True) for key in held}}
    (folder / f"{name}.index.json").write_text(json.dumps(index))
    return parts


def assert_same(one: Checkpoint, other: Checkpoint, rtol: float = 0) -> None:
    for name in ("embedding", "norm_weight", "norm_bias", "head", "head_bias"):
        np.testing.assert_allclose(getattr(one, name)(), getattr(other, name)(), rtol=rtol, atol=rtol)
    for mine, theirs in zip(one.layers(), other.layers(), strict=True):
        for name in ("norm_weight", "norm_bias", "w_in", "b_in", "w_out", "b_out"):
            np.testing.assert_allclose(getattr(mine, name), getattr(theirs, name), rtol=rtol, atol=rtol)


def assert_layouts_agree(checkpoint: Checkpoint) -> None:
    """Transposed is the transpose, row by row, and chunks are the whole."""
    for mine, turned in zip(checkpoint.layers(), checkpoint.layers(transposed=True), strict=True):
        for name in ("w_in", "w_out"):
            np.testing.assert_array_equal(getattr(mine, name), getattr(turned, name).T)
            assert getattr(mine, name).flags.c_contiguous and getattr(turned, name).flags.c_contiguous
        for name in ("norm_weight", "norm_bias", "b_in", "b_out"):
            np.testing.assert_array_equal(getattr(mine, name), getattr(turned, name))
    head = checkpoint.head(transposed=True)
    assert head.flags.c_contiguous
    np.testing.assert_array_equal(head, checkpoint.head().T)
    for rows in (1, 7, checkpoint.config.vocab_size, 4096):
        for whole, chunks in (
            (checkpoint.embedding(), checkpoint.embedding_rows(rows)),
            (head, checkpoint.head_rows(rows)),
        ):
            starts, parts = zip(*chunks, strict=True)
            assert starts == tuple(range(0, len(whole), rows))
            assert all(part.dtype == np.float32 and part.flags.c_contiguous for part in parts)
            np.testing.assert_array_equal(np.concatenate(parts), whole)
