"""Write `fixtures/hf_tiny`: a random CodeGen in Hugging Face's layout, and what transformers computes with it.

    python tests/engines/make_hf_fixture.py

Needs torch and transformers; `versions.json` says which ones made it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import torch
import transformers

FOLDER = Path(__file__).resolve().parent / "fixtures" / "hf_tiny"
LENGTHS = (1, 3, 17, 40)
NEW_TOKENS = 20


def main() -> None:
    torch.manual_seed(7)
    config = transformers.CodeGenConfig(
        vocab_size=97,
        n_positions=64,
        n_ctx=64,
        n_embd=16,
        n_layer=2,
        n_head=4,
        rotary_dim=2,
        bos_token_id=0,
        eos_token_id=0,
        initializer_range=0.3,
    )
    model = transformers.CodeGenForCausalLM(config).eval()
    for name, parameter in model.named_parameters():
        if name.endswith("bias") or ".ln_" in name:
            torch.nn.init.normal_(parameter, mean=float(".ln_" in name and name.endswith("weight")), std=0.2)
    FOLDER.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(FOLDER)
    torch.save({name: tensor.clone() for name, tensor in model.state_dict().items()}, FOLDER / "pytorch_model.bin")
    expected = {}
    for length in LENGTHS:
        tokens = torch.randint(1, config.vocab_size, (1, length))
        with torch.no_grad():
            expected[f"logits_{length}"] = model(tokens).logits[0].numpy()
            greedy = model.generate(
                tokens,
                attention_mask=torch.ones_like(tokens),
                do_sample=False,
                pad_token_id=0,
                eos_token_id=None,
                max_new_tokens=NEW_TOKENS,
            )
        expected[f"tokens_{length}"] = tokens[0].numpy()
        expected[f"greedy_{length}"] = greedy[0, length:].numpy()
    np.savez_compressed(FOLDER / "expected.npz", **expected)
    versions = {"torch": torch.__version__, "transformers": transformers.__version__, "python": sys.version.split()[0]}
    (FOLDER / "versions.json").write_text(json.dumps(versions, indent=2) + "\n")


if __name__ == "__main__":
    main()
