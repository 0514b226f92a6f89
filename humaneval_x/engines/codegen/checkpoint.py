"""A CodeGen checkpoint in one internal layout, whoever wrote it.

The block is parallel (attention and MLP read the same normalised input), so each layer is two products:

    [q | k | v | m] = ln(x) @ w_in + b_in           w_in  [n_embd, 3 n_embd + n_inner]
    x + [attention | gelu(m)] @ w_out + b_out       w_out [n_embd + n_inner, n_embd]

q, k and v hold the heads one after the other. Within each head of q and k the rotary elements come first, the even
ones before the odd ones: rotating every two then means rotating two halves, and a product of q and k is the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from humaneval_x.engines.codegen.config import QKV_BLOCKS, CodeGenConfig, read_config
from humaneval_x.engines.codegen.stored import StoredTensor, row_chunks, widen, widened
from humaneval_x.engines.codegen.tensors import TensorFiles, open_tensors
from humaneval_x.errors import DataError

__all__ = ["Checkpoint", "LayerWeights", "open_checkpoint"]

Floats = npt.NDArray[np.float32]
Stored = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerWeights:
    """One block's weights in the internal layout, float32; `w_in` and `w_out` are [out, in] if asked for transposed."""

    norm_weight: Floats
    norm_bias: Floats
    w_in: Floats
    b_in: Floats
    w_out: Floats
    b_out: Floats


class Checkpoint:
    """A checkpoint's folder, opened and checked against its configuration.

    Weights are read when asked for, as float32, and not kept: who drops each before the next holds one at a time.
    """

    def __init__(self, folder: Path, config: CodeGenConfig, files: TensorFiles) -> None:
        self.folder = folder
        self.config = config
        self.sha256 = files.sha256
        self._files = files
        self._prefix = "transformer." if any(name.startswith("transformer.") for name in files.tensors) else ""
        # PyTorch keeps a linear layer as [out, in], Paddle as [in, out]; q, k and v together are never square.
        first = self._find("h.0.attn.qkv_proj.weight").shape
        self._out_first = first == (3 * config.n_embd, config.n_embd)
        self._tied = config.tie_word_embeddings and "lm_head.weight" not in files.tensors
        self._check()

    def embedding(self) -> Floats:
        """The tokens' embeddings, [vocab, n_embd]."""
        return self._find("wte.weight").read()

    def embedding_rows(self, rows: int = 4096) -> Iterator[tuple[int, Floats]]:
        """The embedding's rows in order, at most so many at a time, each time with the first one's number."""
        return self._find("wte.weight").rows(rows)

    def norm_weight(self) -> Floats:
        """The last norm's weight, [n_embd]."""
        return self._find("ln_f.weight").read()

    def norm_bias(self) -> Floats:
        """The last norm's bias, [n_embd]."""
        return self._find("ln_f.bias").read()

    def head(self, *, transposed: bool = False) -> Floats:
        """The head, [n_embd, vocab], perhaps a view of [vocab, n_embd]; that, row by row, if transposed."""
        tensor, vocabulary_first = self._head()
        if not transposed:
            return tensor.read().T if vocabulary_first else tensor.read()
        return widened(tensor.whole() if vocabulary_first else tensor.whole().T)

    def head_rows(self, rows: int = 4096) -> Iterator[tuple[int, Floats]]:
        """The rows of the transposed head, as `embedding_rows`; stored by columns, it is read whole, not widened."""
        tensor, vocabulary_first = self._head()
        return tensor.rows(rows) if vocabulary_first else row_chunks(tensor.whole().T, rows)

    def head_bias(self) -> Floats:
        """The head's bias, [vocab]."""
        return self._find("lm_head.bias").read()

    def layers(self, *, transposed: bool = False) -> Iterator[LayerWeights]:
        """The blocks in order. In memory are one block and one stored tensor, and what the caller still holds."""
        for layer in range(self.config.n_layer):
            yield self._layer(layer, transposed)

    def _layer(self, layer: int, transposed: bool) -> LayerWeights:
        hidden, inner = self.config.n_embd, self.config.n_inner
        w_in, w_in_rows = _empty_linear(hidden, 3 * hidden + inner, transposed)
        w_out, w_out_rows = _empty_linear(hidden + inner, hidden, transposed)
        _write_qkv(self.config, self._stored_linear(f"h.{layer}.attn.qkv_proj.weight"), w_in_rows[: 3 * hidden])
        widen(self._stored_linear(f"h.{layer}.mlp.fc_in.weight"), w_in_rows[3 * hidden :])
        widen(self._stored_linear(f"h.{layer}.attn.out_proj.weight"), w_out_rows[:, :hidden])
        widen(self._stored_linear(f"h.{layer}.mlp.fc_out.weight"), w_out_rows[:, hidden:])
        b_in = np.zeros(3 * hidden + inner, dtype=np.float32)
        b_in[3 * hidden :] = self._find(f"h.{layer}.mlp.fc_in.bias").read()
        return LayerWeights(
            norm_weight=self._find(f"h.{layer}.ln_1.weight").read(),
            norm_bias=self._find(f"h.{layer}.ln_1.bias").read(),
            w_in=w_in,
            b_in=b_in,
            w_out=w_out,
            b_out=self._find(f"h.{layer}.mlp.fc_out.bias").read(),
        )

    def _full_name(self, name: str) -> str:
        return name if name.startswith("lm_head.") else self._prefix + name

    def _find(self, name: str) -> StoredTensor:
        full = self._full_name(name)
        if full not in self._files.tensors:
            files = ", ".join(file.name for file in self._files.files)
            raise DataError(f"{self.folder}: {files} lacks the tensor {full}: it is no whole CodeGenForCausalLM")
        return self._files.tensors[full]

    def _head(self) -> tuple[StoredTensor, bool]:
        """The tensor that is the head, and whether it is [vocab, n_embd]."""
        return (self._find("wte.weight"), True) if self._tied else (self._find("lm_head.weight"), self._out_first)

    def _stored_linear(self, name: str) -> Stored:
        """A view [out, in] of a linear layer's weight, in the numbers that it is stored in."""
        weight = self._find(name).whole()
        return weight if self._out_first else weight.T

    def _check(self) -> None:
        for name, shape in _shapes(self.config).items():
            if name == "lm_head.weight" and self._tied:
                continue
            found = self._find(name)
            linear = len(shape) == 2 and name != "wte.weight"
            if found.shape != (shape[::-1] if linear and self._out_first else shape):
                raise DataError(
                    f"{found.file}: {self._full_name(name)} is {list(found.shape)}, but the configuration asks for "
                    f"{list(shape)} (in, out): weights and configuration are of different models"
                )


def open_checkpoint(folder: Path) -> Checkpoint:
    """The CodeGen checkpoint in a folder (PaddleNLP's or Hugging Face's). Raises DataError naming what is wrong."""
    if not folder.is_dir():
        what = "is a file, not a checkpoint's folder" if folder.exists() else "does not exist"
        raise DataError(f"{folder} {what}: give the folder that holds config.json and the weights")
    config, _ = read_config(folder)
    return Checkpoint(folder, config, open_tensors(folder))


def _empty_linear(inputs: int, outputs: int, transposed: bool) -> tuple[Floats, Floats]:
    """A weight to be filled, [in, out] or (transposed) [out, in], and a view of it that is [out, in]."""
    weight = np.empty((outputs, inputs) if transposed else (inputs, outputs), dtype=np.float32)
    return weight, weight if transposed else weight.T


def _write_qkv(config: CodeGenConfig, stored: Stored, into: Floats) -> None:
    """Write a stored projection [3 n_embd, n_embd] as float32 in the internal order of its rows.

    Stored are four interleaved blocks, each of a quarter of the heads, in the order query, value, key.
    """
    heads = (config.n_head // QKV_BLOCKS, config.head_size, config.n_embd)
    # Views: splitting a dimension copies nothing.
    blocks = stored.reshape(QKV_BLOCKS, 3, *heads)
    query, key, value = into.reshape(3, QKV_BLOCKS, *heads)
    rotary = config.rotary_dim
    half = rotary // 2
    for target, source in ((query, blocks[:, 0]), (key, blocks[:, 2])):
        widen(source[:, :, :rotary:2], target[:, :, :half])
        widen(source[:, :, 1:rotary:2], target[:, :, half:rotary])
        widen(source[:, :, rotary:], target[:, :, rotary:])
    widen(blocks[:, 1], value)


def _shapes(config: CodeGenConfig) -> dict[str, tuple[int, ...]]:
    """Every tensor that a checkpoint must hold, linear weights as (in, out)."""
    hidden, inner, vocabulary = config.n_embd, config.n_inner, config.vocab_size
    shapes: dict[str, tuple[int, ...]] = {
        "wte.weight": (vocabulary, hidden),
        "ln_f.weight": (hidden,),
        "ln_f.bias": (hidden,),
        "lm_head.weight": (hidden, vocabulary),
        "lm_head.bias": (vocabulary,),
    }
    for layer in range(config.n_layer):
        shapes |= {
            f"h.{layer}.ln_1.weight": (hidden,),
            f"h.{layer}.ln_1.bias": (hidden,),
            f"h.{layer}.attn.qkv_proj.weight": (hidden, 3 * hidden),
            f"h.{layer}.attn.out_proj.weight": (hidden, hidden),
            f"h.{layer}.mlp.fc_in.weight": (hidden, inner),
            f"h.{layer}.mlp.fc_in.bias": (inner,),
            f"h.{layer}.mlp.fc_out.weight": (inner, hidden),
            f"h.{layer}.mlp.fc_out.bias": (hidden,),
        }
    return shapes
