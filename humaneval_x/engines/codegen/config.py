"""A CodeGen checkpoint's shape: `config.json` (Hugging Face, PaddleNLP) or PaddleNLP's older `model_config.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from humaneval_x.errors import DataError

__all__ = ["CONFIG_NAMES", "CodeGenConfig", "read_config"]

CONFIG_NAMES = ("config.json", "model_config.json")

# Tensor-parallel parts that CodeGen was trained with; its fused projection interleaves their queries, values and keys.
QKV_BLOCKS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeGenConfig:
    """Shape of a model, under Hugging Face's names. `end_tokens` are the ids that end a text."""

    vocab_size: int
    n_positions: int
    n_embd: int
    n_layer: int
    n_head: int
    n_inner: int
    rotary_dim: int
    layer_norm_epsilon: float
    end_tokens: tuple[int, ...]
    tie_word_embeddings: bool

    @property
    def head_size(self) -> int:
        """Elements of one head's query."""
        return self.n_embd // self.n_head

    @property
    def parameters(self) -> int:
        """How many numbers the model has."""
        layer = self.n_embd * (4 * self.n_embd + 2 * self.n_inner + 3) + self.n_inner
        ends = self.vocab_size * (2 * self.n_embd + 1) + 2 * self.n_embd
        return self.n_layer * layer + ends

    @property
    def cache_elements_per_token(self) -> int:
        """Numbers that the keys and values of one token take."""
        return 2 * self.n_layer * self.n_embd


def read_config(folder: Path) -> tuple[CodeGenConfig, Path]:
    """The configuration in a checkpoint's folder, and the file it came from.

    Raises DataError if there is none, if it is damaged, of another architecture, or contradicts itself.
    """
    for name in CONFIG_NAMES:
        path = folder / name
        if path.is_file():
            return _config_from(_read_table(path), path), path
    raise DataError(f"{folder} holds no {' or '.join(CONFIG_NAMES)}: it is not a CodeGen checkpoint's folder")


def _read_table(path: Path) -> dict[str, Any]:
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: not a readable JSON file: {error}") from error
    if not isinstance(table, dict):
        raise DataError(f"{path}: holds a JSON {type(table).__name__}, not an object")
    # PaddleNLP before 2.6 nests the arguments: {"init_args": [{"vocab_size": ...}], "init_class": ...}.
    while isinstance(table.get("init_args"), list) and table["init_args"] and isinstance(table["init_args"][0], dict):
        table = {**table, **table["init_args"][0], "init_args": table["init_args"][0].get("init_args")}
    return table


def _config_from(table: Mapping[str, Any], path: Path) -> CodeGenConfig:
    kind = table.get("model_type", "codegen")
    if kind != "codegen":
        raise DataError(f"{path}: describes a {kind!r} model; this engine samples CodeGen models only")
    if table.get("activation_function", "gelu_new") not in ("gelu_new", "gelu_pytorch_tanh"):
        raise DataError(f"{path}: activation {table['activation_function']!r} is not CodeGen's gelu_new")
    n_embd, n_head = _count(table, "n_embd", path), _count(table, "n_head", path)
    ends = table.get("eos_token_id")
    config = CodeGenConfig(
        vocab_size=_count(table, "vocab_size", path),
        n_positions=_count(table, "n_positions", path),
        n_embd=n_embd,
        n_layer=_count(table, "n_layer", path),
        n_head=n_head,
        n_inner=4 * n_embd if table.get("n_inner") is None else _count(table, "n_inner", path),
        rotary_dim=n_embd // n_head if table.get("rotary_dim") is None else _count(table, "rotary_dim", path),
        layer_norm_epsilon=float(table.get("layer_norm_epsilon", 1e-5)),
        end_tokens=tuple(ends) if isinstance(ends, list) else () if ends is None else (ends,),
        tie_word_embeddings=bool(table.get("tie_word_embeddings", False)),
    )
    if n_embd % n_head or n_head % QKV_BLOCKS:
        raise DataError(f"{path}: {n_head} heads fit neither n_embd {n_embd} nor CodeGen's {QKV_BLOCKS} blocks")
    if config.rotary_dim % 2 or config.rotary_dim > config.head_size:
        raise DataError(f"{path}: rotary_dim {config.rotary_dim} is odd or above the head size {config.head_size}")
    return config


def _count(table: Mapping[str, Any], name: str, path: Path) -> int:
    value = table.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise DataError(f"{path}: {name} is {value!r}, not a positive whole number")
    return value
