"""Names of models that need no path: the twelve published CodeGen checkpoints, and the project's own small one."""

from __future__ import annotations

from pathlib import Path

from humaneval_x.engines.codegen.config import CodeGenConfig
from humaneval_x.errors import DataError, UsageError
from humaneval_x.resources import resource_folder

__all__ = ["SMOKE", "ZOO", "local_folder", "purpose_of", "shape_of"]

# Size in the checkpoints' names -> layers, hidden size, heads, rotary dimension.
_SHAPES = {
    "350M": (20, 1024, 16, 32),
    "2B": (32, 2560, 32, 64),
    "6B": (33, 4096, 16, 64),
    "16B": (34, 6144, 24, 64),
}

ZOO = tuple(f"Salesforce/codegen-{size}-{data}" for size in _SHAPES for data in ("mono", "multi", "nl"))
"""The checkpoints that Salesforce published, by the names under which Hugging Face's hub and PaddleNLP know them."""

SMOKE = "smoke"
"""The small model in `benchmark_data/smoke/model`: it makes the pipeline run and says nothing of models."""


def local_folder(model: str) -> Path | None:
    """The folder that a model's name or path stands for; None for a name of `ZOO` that is no folder here.

    Raises UsageError if no model is given, DataError if it is neither a folder nor a known name.
    """
    if not model:
        raise UsageError(f"no model given: --model takes a checkpoint's folder, {SMOKE!r}, or one of {', '.join(ZOO)}")
    if model == SMOKE:
        return _smoke_folder()
    path = Path(model)
    if path.exists():
        return path
    if model in ZOO:
        return None
    raise DataError(f"{model!r} is neither a folder nor a known model: known are {SMOKE}, {', '.join(ZOO)}")


def shape_of(model: str) -> CodeGenConfig:
    """The shape of a published checkpoint, by a name of `ZOO` or by the size in it (`6B`). Raises UsageError."""
    size = model.split("-")[1] if model in ZOO else model
    if size not in _SHAPES:
        raise UsageError(f"no published model {model!r}: they are {', '.join(ZOO)}")
    layers, hidden, heads, rotary = _SHAPES[size]
    return CodeGenConfig(
        vocab_size=51200,
        n_positions=2048,
        n_embd=hidden,
        n_layer=layers,
        n_head=heads,
        n_inner=4 * hidden,
        rotary_dim=rotary,
        layer_norm_epsilon=1e-5,
        end_tokens=(50256,),
        tie_word_embeddings=False,
    )


def purpose_of(folder: Path) -> str:
    """What the model in that folder is for, if it is the project's own; empty for a model like any other."""
    return _SMOKE_PURPOSE if folder.resolve() == _smoke_folder().resolve() else ""


_SMOKE_PURPOSE = (
    "The model is the harness's own small one: it exists so that the pipeline runs out of the box and says nothing of "
    "models."
)


def _smoke_folder() -> Path:
    return resource_folder("benchmark_data") / "smoke" / "model"
