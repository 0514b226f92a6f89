"""Train the project's own small model on `corpus.py`'s text, into `benchmark_data/smoke/model/`.

Some minutes on a free core; needs the [paddle] extra. The seed is fixed, so the text, its order and the start are.

    python benchmark_data/smoke/train_model.py [--out FOLDER] [--steps N]
"""

from __future__ import annotations

import argparse
import logging
import math
import random
import time
import zlib  # noqa: F401  (before paddle: its library exports its own zlib)
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import paddle
import paddle.nn.functional as F
from corpus import END_OF_TEXT, documents
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

FOLDER = Path(__file__).resolve().parent
SEED = 20_260
VOCABULARY = 2048
POSITIONS = 1024
SHAPE = {"n_embd": 128, "n_layer": 4, "n_head": 4, "rotary_dim": 16}
BATCH_TOKENS = 2048
PEAK_RATE, WARMUP_STEPS, FINAL_SHARE = 3e-3, 50, 0.05
IGNORED = -100


def main() -> None:
    """Train and save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=FOLDER / "model")
    parser.add_argument("--steps", type=int, default=900)
    options = parser.parse_args()
    logging.getLogger("paddlenlp").setLevel(logging.WARNING)
    options.out.mkdir(parents=True, exist_ok=True)
    texts = documents(SEED)
    tokenizer = train_tokenizer(texts)
    encoded = [tokenizer.encode(text).ids[:POSITIONS] for text in texts]
    print(f"{len(texts)} documents, {sum(map(len, encoded))} tokens, longest {max(map(len, encoded))}")
    model = train(encoded, options.steps, tokenizer.token_to_id(END_OF_TEXT))
    model.save_pretrained(str(options.out))
    save_tokenizer(tokenizer, options.out)


def train_tokenizer(texts: Sequence[str]) -> Tokenizer:
    """Byte-level BPE as GPT-2's, with its own merges and one special token.

    It learns from single lines, so no token spans a line's end: a prompt that ends with one is then cut into the same
    tokens as when its completion follows.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    lines = (line for text in texts for line in text.removesuffix(END_OF_TEXT).split("\n"))
    tokenizer.train_from_iterator(lines, trainer)
    return tokenizer


def train(encoded: Sequence[Sequence[int]], steps: int, end: int) -> paddle.nn.Layer:
    """PaddleNLP's CodeGen, trained to predict each document's next tokens."""
    from paddlenlp.transformers import CodeGenConfig, CodeGenForCausalLM  # noqa: PLC0415 (slow)

    paddle.set_device("cpu")
    paddle.seed(SEED)
    config = CodeGenConfig(
        vocab_size=VOCABULARY,
        n_positions=POSITIONS,
        n_ctx=POSITIONS,
        bos_token_id=end,
        eos_token_id=end,
        pad_token_id=end,
        **SHAPE,
    )
    model = CodeGenForCausalLM(config)
    model.train()
    optimizer = paddle.optimizer.AdamW(
        learning_rate=PEAK_RATE,
        beta2=0.95,
        weight_decay=0.01,
        parameters=model.parameters(),
        grad_clip=paddle.nn.ClipGradByGlobalNorm(1.0),
    )
    started = time.monotonic()
    for step, (tokens, labels) in zip(range(steps), batches(encoded, random.Random(SEED)), strict=False):
        optimizer.set_lr(learning_rate(step, steps))
        logits = model.lm_head(hidden_states(model.transformer, paddle.to_tensor(tokens)))
        loss = F.cross_entropy(
            logits.reshape([-1, VOCABULARY]), paddle.to_tensor(labels).reshape([-1]), ignore_index=IGNORED
        )
        loss.backward()
        optimizer.step()
        optimizer.clear_grad()
        if step % 20 == 0 or step == steps - 1:
            print(f"step {step:5d}  loss {float(loss):.3f}  {time.monotonic() - started:6.0f} s", flush=True)
    model.eval()
    return model


def hidden_states(model: paddle.nn.Layer, tokens: paddle.Tensor) -> paddle.Tensor:
    """What PaddleNLP's forward computes, [rows, tokens, n_embd], in operations several times faster on CPUs."""
    heads, hidden, rotary = SHAPE["n_head"], SHAPE["n_embd"], SHAPE["rotary_dim"]
    size = hidden // heads
    rows, count = tokens.shape
    angles = np.arange(count)[:, None] / 10000 ** (np.arange(0, rotary, 2) / rotary)
    cosines, sines = (paddle.to_tensor(f(angles)[:, None].astype(np.float32)) for f in (np.cos, np.sin))
    mask = paddle.to_tensor(np.triu(np.full((count, count), -1e9, dtype=np.float32), 1))
    # Stored are four interleaved blocks of query, value, key; the even rotary elements go before the odd ones.
    columns = np.arange(3 * hidden).reshape(4, 3, heads // 4, size)
    inner = np.concatenate([np.arange(0, rotary, 2), np.arange(1, rotary, 2), np.arange(rotary, size)])
    query, value, key = (columns[:, part].reshape(heads, size) for part in range(3))
    order = paddle.to_tensor(np.concatenate([query[:, inner].ravel(), key[:, inner].ravel(), value.ravel()]))

    def turned(part: paddle.Tensor) -> paddle.Tensor:
        even, odd, rest = paddle.split(
            part.reshape([rows, count, heads, size]), [rotary // 2, rotary // 2, size - rotary], axis=-1
        )
        part = paddle.concat([even * cosines - odd * sines, odd * cosines + even * sines, rest], axis=-1)
        return part.transpose([0, 2, 1, 3])

    state = F.embedding(tokens, model.wte.weight)
    for block in model.h:
        normed = block.ln_1(state)
        fused = paddle.matmul(normed, paddle.index_select(block.attn.qkv_proj.weight, order, axis=1))
        queries, keys, values = paddle.split(fused, 3, axis=-1)
        values = values.reshape([rows, count, heads, size]).transpose([0, 2, 1, 3])
        scores = paddle.matmul(turned(queries) * size**-0.5, turned(keys), transpose_y=True) + mask
        attention = paddle.matmul(F.softmax(scores), values).transpose([0, 2, 1, 3]).reshape([rows, count, hidden])
        mlp = block.mlp.fc_out(F.gelu(block.mlp.fc_in(normed), approximate=True))
        state = state + block.attn.out_proj(attention) + mlp
    return model.ln_f(state)


def batches(encoded: Sequence[Sequence[int]], rng: random.Random) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Endless batches of whole documents of similar length: inputs and next tokens [rows, tokens].

    A row starts as a prompt does at sampling; what pads it is ignored.
    """
    while True:
        order = sorted(range(len(encoded)), key=lambda place: (len(encoded[place]) // 16, rng.random()))
        groups: list[list[int]] = [[]]
        for place in order:
            if groups[-1] and (len(groups[-1]) + 1) * len(encoded[place]) > BATCH_TOKENS:
                groups.append([])
            groups[-1].append(place)
        rng.shuffle(groups)
        for group in groups:
            width = max(len(encoded[place]) for place in group) - 1
            tokens = np.zeros((len(group), width), dtype=np.int64)
            labels = np.full((len(group), width), IGNORED, dtype=np.int64)
            for row, place in enumerate(group):
                count = len(encoded[place]) - 1
                tokens[row, :count] = encoded[place][:-1]
                labels[row, :count] = encoded[place][1:]
            yield tokens, labels


def learning_rate(step: int, steps: int) -> float:
    """Linear warm-up, then a cosine down to a twentieth."""
    warm = min(1.0, (step + 1) / WARMUP_STEPS)
    cooled = 0.5 * (1 + math.cos(math.pi * step / steps))
    return PEAK_RATE * warm * (FINAL_SHARE + (1 - FINAL_SHARE) * cooled)


def save_tokenizer(tokenizer: Tokenizer, folder: Path) -> None:
    """The tokenizer's own format, and the files that PaddleNLP reads."""
    from paddlenlp.transformers import CodeGenTokenizer  # noqa: PLC0415 (slow)

    tokenizer.save(str(folder / "tokenizer.json"))
    tokenizer.model.save(str(folder))
    CodeGenTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt")).save_pretrained(str(folder))


if __name__ == "__main__":
    main()
