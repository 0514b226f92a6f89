"""Random CodeGen models for measuring: one set of weights for this engine and for Hugging Face's model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from humaneval_x.engines.codegen.checkpoint import LayerWeights
from humaneval_x.engines.codegen.config import QKV_BLOCKS, CodeGenConfig
from humaneval_x.engines.codegen.zoo import shape_of

__all__ = ["NumberTokenizer", "RandomCheckpoint", "hub_model"]


class RandomCheckpoint:
    """Has of `Checkpoint` what a model is loaded by; weights are made on the device when asked for."""

    def __init__(self, size: str, device: str, dtype: torch.dtype) -> None:
        """`size` is 350M, 2B, 6B or 16B."""
        # Nothing ends a text, so that every sample has full length.
        self.config: CodeGenConfig = replace(shape_of(size), end_tokens=())
        self.folder = Path(size)
        self.sha256 = ""
        self._device = device
        self._dtype = dtype

    def layers(self, *, transposed: bool) -> Iterator[LayerWeights]:
        """Blocks, [out, in]."""
        assert transposed
        hidden, inner = self.config.n_embd, self.config.n_inner
        for number in range(self.config.n_layer):
            draw = self._drawer(number)
            bias = torch.cat([torch.zeros(3 * hidden, device=self._device), draw(inner).float()])
            yield LayerWeights(
                norm_weight=1 + draw(hidden).float(), norm_bias=draw(hidden).float(),
                w_in=draw(3 * hidden + inner, hidden), b_in=bias,
                w_out=draw(hidden, hidden + inner), b_out=draw(hidden).float(),
            )  # type: ignore[arg-type]  # fmt: skip

    def embedding_rows(self) -> Iterator[tuple[int, torch.Tensor]]:
        """The embedding in one piece."""
        yield 0, self._drawer(1001)(self.config.vocab_size, self.config.n_embd)

    def head_rows(self) -> Iterator[tuple[int, torch.Tensor]]:
        """The head in one piece."""
        yield 0, self._drawer(1002)(self.config.vocab_size, self.config.n_embd)

    def norm_weight(self) -> torch.Tensor:
        """The last norm's weight."""
        return 1 + self._drawer(1003)(self.config.n_embd).float()

    def norm_bias(self) -> torch.Tensor:
        """The last norm's bias."""
        return self._drawer(1004)(self.config.n_embd).float()

    def head_bias(self) -> torch.Tensor:
        """The head's bias."""
        return self._drawer(1005)(self.config.vocab_size).float()

    def _drawer(self, seed: int) -> Any:
        generator = torch.Generator(self._device).manual_seed(seed)

        def draw(*shape: int) -> torch.Tensor:
            values = torch.empty(shape, dtype=self._dtype, device=self._device)
            return values.normal_(std=0.02, generator=generator)

        return draw


def hub_model(checkpoint: RandomCheckpoint, device: str, dtype: torch.dtype) -> Any:
    """Hugging Face's CodeGen with the same weights."""
    import transformers  # noqa: PLC0415

    config = checkpoint.config
    shape = transformers.CodeGenConfig(
        vocab_size=config.vocab_size, n_positions=config.n_positions, n_ctx=config.n_positions, n_embd=config.n_embd,
        n_layer=config.n_layer, n_head=config.n_head, rotary_dim=config.rotary_dim,
        bos_token_id=None, eos_token_id=None, resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0,
    )  # fmt: skip
    torch.set_default_dtype(dtype)
    try:
        with torch.device(device):
            model = transformers.CodeGenForCausalLM(shape).eval()
    finally:
        torch.set_default_dtype(torch.float32)
    hidden = config.n_embd
    with torch.no_grad():
        for block, layer in zip(model.transformer.h, checkpoint.layers(transposed=True), strict=True):
            w_in, w_out = torch.as_tensor(layer.w_in), torch.as_tensor(layer.w_out)
            _write_qkv(block.attn.qkv_proj.weight, w_in[: 3 * hidden], config)
            block.mlp.fc_in.weight.copy_(w_in[3 * hidden :])
            block.mlp.fc_in.bias.copy_(torch.as_tensor(layer.b_in)[3 * hidden :])
            block.attn.out_proj.weight.copy_(w_out[:, :hidden])
            block.mlp.fc_out.weight.copy_(w_out[:, hidden:])
            block.mlp.fc_out.bias.copy_(torch.as_tensor(layer.b_out))
            block.ln_1.weight.copy_(torch.as_tensor(layer.norm_weight))
            block.ln_1.bias.copy_(torch.as_tensor(layer.norm_bias))
        for _, rows in checkpoint.embedding_rows():
            model.transformer.wte.weight.copy_(rows)
        for _, rows in checkpoint.head_rows():
            model.lm_head.weight.copy_(rows)
        model.lm_head.bias.copy_(checkpoint.head_bias())
        model.transformer.ln_f.weight.copy_(checkpoint.norm_weight())
        model.transformer.ln_f.bias.copy_(checkpoint.norm_bias())
    return model


def _write_qkv(stored: torch.Tensor, internal: torch.Tensor, config: CodeGenConfig) -> None:
    """The opposite of what reading a checkpoint does: blocks of query, value, key; rotary pairs together."""
    heads = (config.n_head // QKV_BLOCKS, config.head_size, config.n_embd)
    blocks = stored.view(QKV_BLOCKS, 3, *heads)
    query, key, value = internal.reshape(3, QKV_BLOCKS, *heads)
    rotary, half = config.rotary_dim, config.rotary_dim // 2
    for target, source in ((blocks[:, 0], query), (blocks[:, 2], key)):
        target[:, :, :rotary:2] = source[:, :, :half]
        target[:, :, 1:rotary:2] = source[:, :, half:rotary]
        target[:, :, rotary:] = source[:, :, rotary:]
    blocks[:, 1] = value


class NumberTokenizer:
    """Stands where a tokenizer does: a text is its tokens' numbers, and every token is one letter."""

    end_of_text: int | None = None
    sha256 = ""

    def __init__(self, vocab_size: int) -> None:
        self.token_bytes = [b"x"] * vocab_size

    def encode(self, text: str) -> Sequence[int]:
        """The numbers that stand there."""
        return [int(number) for number in text.split()]
