"""What a language's wrappers need and git does not hold, made once on a host: compiled libraries, fetched packages.

Where `sandboxes/<language>/prepare.sh FOLDER` exists, it makes that and checks that what programs need is installed.
Images run it when they are built; the local sandbox runs it here and shows the folder to samples, read-only, as
`{wrappers}/prepared`.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import platformdirs

from humaneval_x.errors import SandboxError
from humaneval_x.languages import Language

__all__ = ["SCRIPT", "prepare"]

SCRIPT = "prepare.sh"
_TIMEOUT_S = 600.0


def prepare(language: Language, toolchain: str, cache: Path | None = None) -> Path | None:
    """The folder that the language's script made, running it if it has not; None if the language has no script.

    `toolchain` names what is installed (versions): another one has a folder of its own. Raises SandboxError with what
    the script says if it fails.
    """
    if not (language.folder / SCRIPT).is_file():
        return None
    root = cache or _cache_folder()
    try:
        root.mkdir(parents=True, exist_ok=True)
        folder = root / f"{language.name}-{_digest(language, toolchain)}"
        with (root / f"{language.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.is_dir():
                _make(language, folder)
    except OSError as error:
        raise SandboxError(f"cannot prepare the {language.title} toolchain in {root}: {error}") from error
    return folder


def _make(language: Language, folder: Path) -> None:
    """Run the script on a folder beside, renamed only when complete: what is there is whole."""
    unfinished = folder.with_name(folder.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o755)
    step = language.compile or language.run
    # The host's own settings say how to reach a registry; the language's decide what compiles, and how.
    environment = {**os.environ, **step.environment, "HOME": os.environ.get("HOME", "/")}
    environment["PATH"] = os.pathsep.join(filter(None, (step.environment.get("PATH"), os.environ.get("PATH"))))
    try:
        done = subprocess.run(
            ["sh", str(language.folder / SCRIPT), str(unfinished)],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=_TIMEOUT_S,
        )
    except subprocess.TimeoutExpired as error:
        raise SandboxError(f"preparing the {language.title} toolchain took more than {_TIMEOUT_S:.0f} s") from error
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()[-5:]
        raise SandboxError(f"the {language.title} toolchain is not complete: " + "; ".join(said))
    unfinished.rename(folder)


def _cache_folder() -> Path:
    """A folder that a slot's user can read: root's slots run as others, who may not enter root's home."""
    if os.getuid() == 0:
        return Path("/var/cache/humaneval-x/prepared")
    return platformdirs.user_cache_path("humaneval-x") / "prepared"


def _digest(language: Language, toolchain: str) -> str:
    digest = hashlib.sha256(toolchain.encode())
    for path in sorted(language.folder.iterdir()):
        if path.is_file():
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]
