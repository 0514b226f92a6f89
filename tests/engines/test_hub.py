from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from small_model import write_model

NAME = "Salesforce/codegen-350M-mono"
CODE = f"""
from humaneval_x.engines.codegen.hub import hub_folder
from humaneval_x.errors import EngineError
try:
    print(hub_folder({NAME!r}, install="pip install it"))
except EngineError as error:
    print("EngineError:", error)
"""

pytest.importorskip("huggingface_hub", reason="neither the [paddle] nor the [torch] extra is installed")


def found(caches: Path) -> str:
    """What is answered in a process of its own: the library reads its settings when it is imported."""
    settings = {
        "PPNLP_HOME": str(caches / "paddlenlp"),
        "HF_HOME": str(caches / "hf"),
        "HF_HUB_CACHE": str(caches / "hub"),
        # Nobody listens there: a hub that cannot be reached.
        "HF_ENDPOINT": "http://127.0.0.1:9",
    }
    done = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, check=True, env=os.environ | settings
    )
    return done.stdout.strip()


def test_paddlenlp_s_cache_is_read(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "paddlenlp" / "models" / NAME)
    assert found(tmp_path) == str(folder)


def test_hugging_face_s_cache_is_read(tmp_path: Path) -> None:
    repository = tmp_path / "hub" / f"models--{NAME.replace('/', '--')}"
    folder = write_model(repository / "snapshots" / ("0" * 40), layout="hugging face")
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("0" * 40)
    assert found(tmp_path) == str(folder)


def test_a_folder_without_weights_is_not_taken_and_a_hub_out_of_reach_is_an_error_that_says_what_to_do(
    tmp_path: Path,
) -> None:
    folder = write_model(tmp_path / "paddlenlp" / "models" / NAME)
    (folder / "model_state.pdparams").unlink()
    answer = found(tmp_path)
    assert answer.startswith(f"EngineError: {NAME} is in neither")
    assert "give its folder as --model" in answer
