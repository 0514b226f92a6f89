from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from checkpoint_files import as_hugging_face, random_tensors, write_in_parts, write_safetensors, write_torch_zip
from small_model import CHANGES, write_model

NAME = "Salesforce/codegen-350M-mono"
COMMIT = "0" * 40
CODE = f"""
from humaneval_x.engines.codegen.hub import hub_folder
from humaneval_x.errors import EngineError
try:
    print(hub_folder({NAME!r}, install="pip install it"))
except EngineError as error:
    print("EngineError:", error)
"""

pytest.importorskip("huggingface_hub", reason="neither the [paddle] nor the [torch] extra is installed")


# Nobody listens there: a hub that cannot be reached.
def found(caches: Path, endpoint: str = "http://127.0.0.1:9") -> str:
    """What is answered in a process of its own: the library reads its settings when it is imported."""
    settings = {
        "PPNLP_HOME": str(caches / "paddlenlp"),
        "HF_HOME": str(caches / "hf"),
        "HF_ENDPOINT": endpoint,
        "HF_HUB_OFFLINE": "0",
        "NO_PROXY": "127.0.0.1",
    }
    others = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGINGFACE_"))}
    done = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, check=True, env=others | settings
    )
    return done.stdout.strip()


def cached(caches: Path) -> Path:
    """Where Hugging Face's cache has the checkpoint; its branch is there."""
    repository = caches / "hf" / "hub" / f"models--{NAME.replace('/', '--')}"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text(COMMIT)
    return repository / "snapshots" / COMMIT


class Hub(ThreadingHTTPServer):
    """What of Hugging Face's hub a download needs, for the files in one folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.files = {path.name: path.read_bytes() for path in folder.iterdir()}
        self.fetched: set[str] = set()


class Answer(BaseHTTPRequestHandler):
    server: Hub

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:
        return None

    def _answer(self) -> None:
        files = self.server.files
        path = self.path.partition("?")[0]
        file = path.removeprefix(f"/{NAME}/resolve/{COMMIT}/")
        if path == f"/api/models/{NAME}/tree/main":
            tree = [{"type": "file", "path": name, "size": len(files[name]), "oid": "0" * 40} for name in files]
            self._send(json.dumps(tree).encode())
        elif path == f"/api/models/{NAME}/revision/main":
            siblings = [{"rfilename": name} for name in files]
            self._send(json.dumps({"id": NAME, "sha": COMMIT, "siblings": siblings}).encode())
        elif file in files:
            if self.command == "GET":
                self.server.fetched.add(file)
            self._send(files[file])
        else:
            self.send_error(404)

    def _send(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", f'"{hashlib.sha256(body).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[Hub]:
    with Hub(folder) as hub:
        thread = threading.Thread(target=hub.serve_forever)
        thread.start()
        try:
            yield hub
        finally:
            hub.shutdown()
            thread.join()


def test_paddlenlp_s_cache_is_read(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "paddlenlp" / "models" / NAME)
    assert found(tmp_path) == str(folder)


def test_hugging_face_s_cache_is_read(tmp_path: Path) -> None:
    folder = write_model(cached(tmp_path), layout="hugging face")
    assert found(tmp_path) == str(folder)


@pytest.mark.parametrize("missing", ["config.json", "tokenizer.json", "model.safetensors"])
def test_an_incomplete_folder_is_not_taken_and_a_hub_out_of_reach_is_an_error_that_says_what_to_do(
    tmp_path: Path, missing: str
) -> None:
    in_paddle = write_model(tmp_path / "paddlenlp" / "models" / NAME)
    (in_paddle / missing.replace("model.safetensors", "model_state.pdparams")).unlink()
    in_torch = write_model(cached(tmp_path), layout="hugging face")
    (in_torch / missing).unlink()
    answer = found(tmp_path)
    assert answer.startswith(f"EngineError: {NAME} is in neither")
    assert "give its folder as --model" in answer


@pytest.mark.parametrize("in_parts", [False, True])
def test_safetensors_are_fetched_where_the_hub_has_them_and_nothing_that_is_not_needed(
    tmp_path: Path, in_parts: bool
) -> None:
    there = write_model(tmp_path / "there", layout="hugging face")
    if in_parts:
        (there / "model.safetensors").unlink()
        write_in_parts(there, "model.safetensors", write_safetensors, as_hugging_face(random_tensors(**CHANGES)))
    wanted = {path.name for path in there.iterdir()}
    write_torch_zip(there / "pytorch_model.bin", as_hugging_face(random_tensors(**CHANGES)))
    (there / "README.md").write_text("Read me")
    with serving(there) as hub:
        folder = Path(found(tmp_path, f"http://127.0.0.1:{hub.server_port}"))
    assert hub.fetched == {path.name for path in folder.iterdir()} == wanted
    for name in wanted:
        assert (folder / name).read_bytes() == (there / name).read_bytes()
    # Once it is there no hub is needed.
    assert found(tmp_path) == str(folder)


def test_a_download_is_completed_in_the_cache(tmp_path: Path) -> None:
    there = write_model(tmp_path / "there", layout="hugging face")
    (there / "model.safetensors").unlink()
    write_torch_zip(there / "pytorch_model.bin", as_hugging_face(random_tensors(**CHANGES)))
    begun = cached(tmp_path)
    begun.mkdir(parents=True)
    (begun / "config.json").write_bytes((there / "config.json").read_bytes())
    with serving(there) as hub:
        assert found(tmp_path, f"http://127.0.0.1:{hub.server_port}") == str(begun)
    assert hub.fetched == {"tokenizer.json", "pytorch_model.bin"}
    assert {path.name for path in begun.iterdir()} == {"config.json", "tokenizer.json", "pytorch_model.bin"}


@pytest.mark.parametrize("missing", ["a part", "the index"])
def test_a_download_in_parts_that_was_broken_off_is_completed(tmp_path: Path, missing: str) -> None:
    there = write_model(tmp_path / "there", layout="hugging face")
    (there / "model.safetensors").unlink()
    write_in_parts(there, "model.safetensors", write_safetensors, as_hugging_face(random_tensors(**CHANGES)))
    pattern = "*-of-*.safetensors" if missing == "a part" else "*.index.json"
    begun = cached(tmp_path)
    shutil.copytree(there, begun)
    lost = sorted(begun.glob(pattern))[-1]
    lost.unlink()
    with serving(there) as hub:
        assert found(tmp_path, f"http://127.0.0.1:{hub.server_port}") == str(begun)
    assert hub.fetched == {lost.name}


def test_a_hub_that_has_no_weights_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    there = write_model(tmp_path / "there", layout="hugging face")
    (there / "model.safetensors").unlink()
    with serving(there) as hub:
        answer = found(tmp_path, f"http://127.0.0.1:{hub.server_port}")
    assert answer.startswith(f"EngineError: {NAME} has neither .safetensors nor .bin files")
    assert not hub.fetched
