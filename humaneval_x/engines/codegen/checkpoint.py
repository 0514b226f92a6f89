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

import numpy as np
import numpy.typing as npt

from humaneval_x.engines.codegen.config import QKV_BLOCKS, CodeGenConfig, read_config
from humaneval_x.engines.codegen.tensors import TensorFiles, open_tensors
from humaneval_x.errors import DataError

__all__ = ["Checkpoint", "Ends", "LayerWeights", "open_checkpoint"]

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerWeights:
    """One block's weights in the internal layout, float32."""

    norm_weight: Floats
    norm_bias: Floats
    w_in: Floats
    b_in: Floats
    w_out: Floats
    b_out: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """What lies around the blocks: embedding [vocab, n_embd], last norm, head [n_embd, vocab] and its bias."""

    embedding: Floats
    norm_weight: Floats
    norm_bias: Floats
    head: Floats
    head_bias: Floats


class Checkpoint:
    """A checkpoint's folder, opened and checked against its configuration; weights are read when asked for."""

    def __init__(self, folder: Path, config: CodeGenConfig, files: TensorFiles) -> None:
        self.folder = folder
        self.config = config
        self.sha256 = files.sha256
        self._files = files
        self._prefix = "transformer." if any(name.startswith("transformer.") for name in files.tensors) else ""
        # PyTorch keeps a linear layer as [out, in], Paddle as [in, out]; q, k and v together are never square.
        first = self._find("h.0.attn.qkv_proj.weight")
        self._transposed = first == (3 * config.n_embd, config.n_embd)
        self._check()

    def ends(self) -> Ends:
        """Embedding, last norm and head."""
        tied = self.config.tie_word_embeddings and "lm_head.weight" not in self._files.tensors
        embedding = self._read("wte.weight")
        return Ends(
            embedding=embedding,
            norm_weight=self._read("ln_f.weight"),
            norm_bias=self._read("ln_f.bias"),
            head=np.ascontiguousarray(embedding.T) if tied else self._read_linear("lm_head.weight"),
            head_bias=self._read("lm_head.bias"),
        )

    def layers(self) -> Iterator[LayerWeights]:
        """The blocks in order, one at a time in memory."""
        zeros = np.zeros(3 * self.config.n_embd, dtype=np.float32)
        for layer in range(self.config.n_layer):
            attention = self._read_linear(f"h.{layer}.attn.qkv_proj.weight")[:, _qkv_order(self.config)]
            yield LayerWeights(
                norm_weight=self._read(f"h.{layer}.ln_1.weight"),
                norm_bias=self._read(f"h.{layer}.ln_1.bias"),
                w_in=np.concatenate([attention, self._read_linear(f"h.{layer}.mlp.fc_in.weight")], axis=1),
                b_in=np.concatenate([zeros, self._read(f"h.{layer}.mlp.fc_in.bias")]),
                w_out=np.concatenate(
                    [
                        self._read_linear(f"h.{layer}.attn.out_proj.weight"),
                        self._read_linear(f"h.{layer}.mlp.fc_out.weight"),
                    ],
                    axis=0,
                ),
                b_out=self._read(f"h.{layer}.mlp.fc_out.bias"),
            )

    def _full_name(self, name: str) -> str:
        return name if name.startswith("lm_head.") else self._prefix + name

    def _find(self, name: str) -> tuple[int, ...]:
        full = self._full_name(name)
        if full not in self._files.tensors:
            files = ", ".join(file.name for file in self._files.files)
            raise DataError(f"{self.folder}: {files} lacks the tensor {full}: it is no whole CodeGenForCausalLM")
        return self._files.tensors[full].shape

    def _read(self, name: str) -> Floats:
        return self._files.tensors[self._full_name(name)].read()

    def _read_linear(self, name: str) -> Floats:
        weight = self._read(name)
        return weight.T if self._transposed else weight

    def _check(self) -> None:
        for name, shape in _shapes(self.config).items():
            if name == "lm_head.weight" and self.config.tie_word_embeddings and name not in self._files.tensors:
                continue
            found = self._find(name)
            linear = len(shape) == 2 and name != "wte.weight"
            if found != (shape[::-1] if linear and self._transposed else shape):
                stored = self._files.tensors[self._full_name(name)].file
                raise DataError(
                    f"{stored}: {self._full_name(name)} is {list(found)}, but the configuration asks for "
                    f"{list(shape)} (in, out): weights and configuration are of different models"
                )


def open_checkpoint(folder: Path) -> Checkpoint:
    """The CodeGen checkpoint in a folder (PaddleNLP's or Hugging Face's). Raises DataError naming what is wrong."""
    if not folder.is_dir():
        what = "is a file, not a checkpoint's folder" if folder.exists() else "does not exist"
        raise DataError(f"{folder} {what}: give the folder that holds config.json and the weights")
    config, _ = read_config(folder)
    return Checkpoint(folder, config, open_tensors(folder))


def _qkv_order(config: CodeGenConfig) -> npt.NDArray[np.int64]:
    """Columns of the stored projection in the internal order q, k, v.

    Stored are four interleaved blocks, each of a quarter of the heads, in the order query, value, key.
    """
    columns = np.arange(3 * config.n_embd).reshape(QKV_BLOCKS, 3, config.n_head // QKV_BLOCKS, config.head_size)
    query, value, key = (columns[:, part].reshape(config.n_head, config.head_size) for part in range(3))
    inner = np.arange(config.head_size)
    rotary = config.rotary_dim
    inner = np.concatenate([inner[:rotary:2], inner[1:rotary:2], inner[rotary:]])
    return np.concatenate([query[:, inner].ravel(), key[:, inner].ravel(), value.ravel()])


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
