"""Names of models that need no path: the twelve published CodeGen checkpoints, and the project's own small one."""

from __future__ import annotations

from pathlib import Path

from humaneval_x.errors import DataError, UsageError
from humaneval_x.resources import resource_folder

__all__ = ["SMOKE", "ZOO", "local_folder", "purpose_of"]

ZOO = tuple(
    f"Salesforce/codegen-{size}-{data}" for size in ("350M", "2B", "6B", "16B") for data in ("mono", "multi", "nl")
)
"""The checkpoints that Salesforce published, by the names under which PaddleNLP finds them."""

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


def purpose_of(folder: Path) -> str:
    """What the model in that folder is for, if it is the project's own; empty for a model like any other."""
    return _SMOKE_PURPOSE if folder.resolve() == _smoke_folder().resolve() else ""


_SMOKE_PURPOSE = (
    "The model is the harness's own small one: it exists so that the pipeline runs out of the box and says nothing of "
    "models."
)


def _smoke_folder() -> Path:
    return resource_folder("benchmark_data") / "smoke" / "model"
