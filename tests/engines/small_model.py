"""A whole random checkpoint in a folder: weights, configuration and a byte-level tokenizer made on the spot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from checkpoint_files import as_hugging_face, random_tensors, write_config, write_pdparams, write_safetensors

from humaneval_x.engines.codegen.tokenizer import END_OF_TEXT

TEXTS = ["def add(a, b):\n    return a + b\n", "int f(int x) {\n  return x * 2;\n}\n", "naïve café — 東京 😀\n"] * 3
VOCABULARY = 320
CHANGES = {"vocab_size": VOCABULARY, "n_positions": 64, "n_ctx": 64}


def write_tokenizer(folder: Path, *, whole: bool = True, added: dict[str, int] | None = None) -> None:
    """`tokenizer.json`, or (not `whole`) `vocab.json` and `merges.txt`; ids 0 end of text, up to 300 merged."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=[END_OF_TEXT],
        show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(TEXTS, trainer)
    folder.mkdir(parents=True, exist_ok=True)
    if whole:
        tokenizer.save(str(folder / "tokenizer.json"))
    else:
        tokenizer.model.save(str(folder))
    if added is not None:
        (folder / "added_tokens.json").write_text(json.dumps(added))


def write_model(folder: Path, *, layout: str = "paddle", seed: int = 0, **changes: Any) -> Path:
    """A random model with a tokenizer, in Paddle's or Hugging Face's layout."""
    write_config(folder, **CHANGES | changes)
    tensors = random_tensors(seed, **CHANGES | changes)
    if layout == "paddle":
        write_pdparams(folder / "model_state.pdparams", tensors)
    else:
        write_safetensors(folder / "model.safetensors", as_hugging_face(tensors))
    write_tokenizer(folder)
    return folder
