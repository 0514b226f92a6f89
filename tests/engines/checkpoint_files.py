"""Checkpoints written by hand, so that reading them is tested without the frameworks that usually write them."""

from __future__ import annotations

import json
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np

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
    body = b""
    for name, value in tensors.items():
        kind = "BOOL" if value.dtype == bool else dtype
        data = value.tobytes() if kind == "BOOL" else encoded(value, kind)
        header[name] = {"dtype": kind, "shape": list(value.shape), "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    head = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(head)) + head + body)


def encoded(value: np.ndarray, dtype: str) -> bytes:
    if dtype == "BF16":
        return (value.astype("<f4").view("<u4") >> 16).astype("<u2").tobytes()
    return value.astype({"F32": "<f4", "F16": "<f2", "F64": "<f8"}[dtype]).tobytes()


def write_pdparams(path: Path, tensors: dict[str, np.ndarray], *, named: bool = False) -> None:
    """As `paddle.save` writes a state dict: a pickle of arrays, or of (inner name, array) in some versions."""
    table = {name: (f"inner of {name}", value) if named else value for name, value in tensors.items()}
    path.write_bytes(pickle.dumps(table, protocol=4))
