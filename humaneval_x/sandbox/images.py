"""Images of the Docker sandbox: their build context, their names, building and finding them.

An image belongs to one content of `sandboxes/<language>/` (without `cases/` and `language.toml`, which it does not
hold) and of the files that all languages share, and to one base image; its tag says both, its labels say which.
"""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from humaneval_x.errors import SandboxError
from humaneval_x.resources import resource_folder

if TYPE_CHECKING:
    import docker

__all__ = ["DEFAULT_BASE", "OWN_BASE", "SHARED_FILES", "Image", "build_image", "context_files", "find_image"]

DEFAULT_BASE = "debian:bookworm-slim"
OWN_BASE = "humaneval-x-base:bookworm"
"""The base image that `sandboxes/make-base-image` makes where no registry can be reached."""

SHARED_FILES = ("supervisor.py", "execution.py", "processes.py", "fastpath.py", "forkserver.h")
"""What every image's build context holds at its top besides the language's own files."""

_LANGUAGE_LABEL = "humaneval-x.language"
_CONTEXT_LABEL = "humaneval-x.context"
_BASE_LABEL = "humaneval-x.base"
_LEFT_OUT = ("cases", "language.toml", "__pycache__")
_CA_FILE = "ca-certificates.crt"
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image as the engine knows it. `id` names its content, `base` that of its base image."""

    language: str
    id: str
    tag: str
    base: str


def build_image(client: docker.DockerClient, language: str, *, base: str = DEFAULT_BASE, say: Say) -> Image:
    """Build a language's image unless it is there; `say` gets a line for each step.

    Raises SandboxError if the base image cannot be had or the build fails.
    """
    import docker.errors  # noqa: PLC0415 - the SDK is loaded by those who use it only

    files = context_files(language)
    base_image = _base_image(client, base, say)
    context = _digest(files)
    tag = f"humaneval-x-{language}:{_short(context + str(base_image.id))}"
    try:
        found = client.images.get(tag)
        say(f"{tag} is up to date")
    except docker.errors.ImageNotFound:
        say(f"building {tag} on {base_image.tags[0] if base_image.tags else base_image.id}")
        labels = {_LANGUAGE_LABEL: language, _CONTEXT_LABEL: context, _BASE_LABEL: str(base_image.id)}
        _build(client, files, tag, labels=labels, say=say)
        found = client.images.get(tag)
    return _image_of(found, language)


def find_image(client: docker.DockerClient, language: str) -> Image:
    """The image built from the present content of `sandboxes/<language>/`; the newest if on several bases.

    Raises SandboxError, naming the command to run, if there is none, only an outdated one, or one for other machines.
    """
    wanted = _digest(context_files(language))
    found = client.images.list(filters={"label": f"{_LANGUAGE_LABEL}={language}"})
    command = f"run `humaneval-x sandbox build --languages {language}`"
    if not found:
        raise SandboxError(f"there is no image of the {language} sandbox: {command}")
    current = [image for image in found if image.labels.get(_CONTEXT_LABEL) == wanted]
    if not current:
        raise SandboxError(f"the image of the {language} sandbox was built from other files than these: {command}")
    newest = max(current, key=lambda image: str(image.attrs["Created"]))
    has, needs = newest.attrs["Architecture"], client.version()["Arch"]
    if _MACHINES.get(has, has) != _MACHINES.get(needs, needs):
        raise SandboxError(f"the {language} sandbox's image is for {has}, the engine's is {needs}: {command}")
    return _image_of(newest, language)


def context_files(language: str) -> dict[str, bytes]:
    """What the image is built from: path in the build context -> content, without the host's certificates."""
    sandboxes = resource_folder("sandboxes")
    folder = sandboxes / language
    files = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not set(path.relative_to(folder).parts) & set(_LEFT_OUT)
    }
    if "Dockerfile" not in files:
        raise SandboxError(f"{folder} has no Dockerfile: {language} cannot be judged under Docker; see CONTRIBUTING.md")
    return files | {name: (sandboxes / name).read_bytes() for name in SHARED_FILES}


def _build(client: docker.DockerClient, files: dict[str, bytes], tag: str, *, labels: dict[str, str], say: Say) -> None:
    import docker.errors  # noqa: PLC0415

    archive = _archive({**files, _CA_FILE: _host_certificates()})
    lines: list[str] = []
    try:
        events = client.api.build(
            fileobj=archive, custom_context=True, tag=tag, buildargs={"BASE_IMAGE": labels[_BASE_LABEL]}, labels=labels,
            rm=True, forcerm=True, decode=True,
        )  # fmt: skip
        for event in events:
            if "error" in event:
                raise SandboxError(f"building {tag} failed: {event['error']}\n" + "\n".join(lines[-15:]))
            for line in str(event.get("stream", "")).splitlines():
                if line.strip():
                    lines.append(line.rstrip())
                    say(line.rstrip())
    except (docker.errors.DockerException, OSError) as error:
        raise SandboxError(f"building {tag} failed: {error}") from error


def _base_image(client: docker.DockerClient, name: str, say: Say) -> Any:
    import docker.errors  # noqa: PLC0415

    try:
        return client.images.get(name)
    except docker.errors.ImageNotFound:
        say(f"pulling {name}")
    try:
        repository, _, tag = name.partition(":")
        return client.images.pull(repository, tag=tag or "latest")
    except (docker.errors.DockerException, OSError) as error:
        refused = str(error).strip().splitlines()[-1]
    if name == DEFAULT_BASE:
        try:
            own = client.images.get(OWN_BASE)
        except docker.errors.ImageNotFound:
            pass
        else:
            say(f"{name} cannot be pulled here; using the local {OWN_BASE} instead")
            return own
    script = resource_folder("sandboxes") / "make-base-image"
    raise SandboxError(
        f"the base image {name} is neither here nor can it be pulled ({refused}): make one from Debian packages with "
        f"`sudo sh {script}`, or name another one with --base-image"
    )


def _image_of(found: Any, language: str) -> Image:
    tags = found.tags or ["<untagged>"]
    return Image(language=language, id=str(found.id), tag=tags[0], base=str(found.labels.get(_BASE_LABEL, "")))


def _digest(files: dict[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name in sorted(files):
        for part in (name.encode(), files[name]):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
    return digest.hexdigest()


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _archive(files: dict[str, bytes]) -> io.BytesIO:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o755 if content.startswith(b"#!") else 0o644
            archive.addfile(member, io.BytesIO(content))
    buffer.seek(0)
    return buffer


def _host_certificates() -> bytes:
    """The certificate authorities that this host was told to trust: a build behind a local proxy needs them."""
    for variable in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        path = os.environ.get(variable, "")
        if path and Path(path).is_file():
            return Path(path).read_bytes()
    return b""
