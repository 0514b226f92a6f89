"""Published checkpoints by name: where other programs have put them, or from Hugging Face's hub."""

from __future__ import annotations

import os
from pathlib import Path

from humaneval_x.engines.codegen.tensors import weight_files
from humaneval_x.errors import DataError, EngineError

__all__ = ["hub_folder"]

_SMALL = ["config.json", "tokenizer.json", "vocab.json", "merges.txt", "added_tokens.json"]
_WEIGHTS = (["*.safetensors", "*.safetensors.index.json"], ["*.bin", "*.bin.index.json"])


def hub_folder(name: str, *, install: str) -> Path:
    """The folder of a published checkpoint: from PaddleNLP's or Hugging Face's cache, or fetched into the latter.

    Raises EngineError that says what to do if it is in neither and cannot be fetched.
    """
    paddle = Path(os.environ.get("PPNLP_HOME", Path.home() / ".paddlenlp")) / "models" / name
    if _is_whole(paddle):
        return paddle
    try:
        import huggingface_hub  # noqa: PLC0415 (slow, and part of the [torch] extra)
    except ImportError as error:
        raise EngineError(f"huggingface_hub, which finds {name}, cannot be imported ({error}): {install}") from error
    try:
        folder = Path(huggingface_hub.snapshot_download(name, local_files_only=True))
        if _is_whole(folder):
            return folder
    except Exception:
        pass
    try:
        files = huggingface_hub.list_repo_files(name)
        weights = next(
            (patterns for patterns in _WEIGHTS if any(file.endswith(patterns[0].removeprefix("*")) for file in files)),
            None,
        )
        if weights is None:
            raise EngineError(
                f"{name} has neither .safetensors nor .bin files on Hugging Face's hub: give a checkpoint's folder as "
                "--model"
            )
        return Path(huggingface_hub.snapshot_download(name, allow_patterns=[*_SMALL, *weights]))
    except EngineError:
        raise
    except Exception as error:  # its download raises whatever its HTTP library raises
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:120]
        raise EngineError(
            f"{name} is in neither PaddleNLP's nor Hugging Face's cache and could not be downloaded ({reason}): "
            "connect this machine, or fetch the checkpoint elsewhere and give its folder as --model"
        ) from error


def _is_whole(folder: Path) -> bool:
    """Whether configuration, vocabulary and weights with all their parts lie there; opening checks the rest."""
    if not folder.is_dir():
        return False
    try:
        weight_files(folder)
    except DataError:
        return False
    names = {path.name for path in folder.iterdir()}
    return bool(names & {"config.json", "model_config.json"}) and bool(names & {"tokenizer.json", "vocab.json"})
