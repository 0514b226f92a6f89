"""Getting the published files: from their publisher over HTTPS, or from a folder. Only the pinned contents pass."""

from __future__ import annotations

import contextlib
import os
import tempfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from humaneval_x.datasets.catalogue import (
    DataFile,
    data_folder,
    data_version,
    data_versions,
    files_of,
    published_files,
    sha256_of,
)
from humaneval_x.datasets.problems import FileFinding, mismatch, verify
from humaneval_x.errors import DataError, UsageError

if TYPE_CHECKING:
    import httpx

__all__ = ["MAX_BYTES", "Progress", "fetch_file", "import_folder", "pull"]

MAX_BYTES = 16 * 1024 * 1024
"""No published file is a tenth of this, packed or not; what is larger is not read on."""

Progress = Callable[[str, int, int], None]
"""Called with a file's name, the bytes had so far, and those in all (0: the server did not say)."""

_MAGIC = b"\x1f\x8b"
_CHUNK = 1 << 16
_TIMEOUT_S = 30.0
_PULL_AGAIN = "run `humaneval-x data pull` again, or import a local copy with `humaneval-x data import PATH`"


def pull(
    version: str,
    languages: Sequence[str] | None = None,
    folder: Path | None = None,
    *,
    progress: Progress | None = None,
    client: httpx.Client | None = None,
) -> list[FileFinding]:
    """Download what the version lacks in the data folder, and say of each file where it is.

    A file that is there and right is not fetched again. Raises DataError if the network, the publisher or the contents
    fail; files that came before are kept. Raises UsageError for an unknown version.
    """
    import httpx  # noqa: PLC0415  (a tenth of a second, wanted by this command alone)

    named = data_version(version)
    wanted = _languages(version) if languages is None else tuple(languages)
    if named.folder:
        return verify(version, wanted, folder)
    there = {finding.name for finding in verify(version, wanted, folder) if finding.ok}
    with contextlib.ExitStack() as stack:
        opened = client or stack.enter_context(
            httpx.Client(timeout=_TIMEOUT_S, follow_redirects=True, headers={"User-Agent": "humaneval-x"})
        )
        for file in files_of(named, wanted):
            if file.name not in there:
                fetch_file(file, data_folder(folder), opened, progress)
    return verify(version, wanted, folder)


def fetch_file(file: DataFile, folder: Path, client: httpx.Client, progress: Progress | None = None) -> Path:
    """Download one file into `folder`, check it and put it in its place in one step. Raises DataError."""
    import httpx  # noqa: PLC0415

    packed = bytearray()
    try:
        # The bytes are counted and unpacked here; a second, transport's compression would only be in the way.
        with client.stream("GET", file.url, headers={"Accept-Encoding": "identity"}) as response:
            if response.status_code != httpx.codes.OK:
                raise DataError(
                    f"{file.url}: the server answered {response.status_code} {response.reason_phrase}: "
                    f"the publisher may have moved it; {_PULL_AGAIN}"
                )
            total = int(response.headers.get("Content-Length", "0") or 0)
            for chunk in response.iter_raw(_CHUNK):
                packed += chunk
                if len(packed) > MAX_BYTES:
                    raise DataError(f"{file.url}: more than {MAX_BYTES} bytes: not the published file")
                if progress is not None:
                    progress(file.name, len(packed), total)
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise DataError(
            f"{file.url}: cannot be downloaded: {error or type(error).__name__}: check the network and {_PULL_AGAIN}"
        ) from error
    return _keep(file, _unpacked(bytes(packed), file.url), folder, file.url)


def import_folder(source: Path, folder: Path | None = None, *, version: str | None = None) -> list[FileFinding]:
    """Take the published files from `source` into the data folder.

    `source` is laid out as published (the repository, its data folder, or all files side by side), plain or `.gz`.
    With `version`, that version's files must all be there; without, whatever published file is there is taken, and
    the findings say which are missing. Raises UsageError if `source` is no folder, DataError for a file that is not
    the published one and if none, or not all that must be there, are found; right files before it are kept.
    """
    if not source.is_dir():
        raise UsageError(f"{source} is not a folder: give the folder that holds humaneval_python.jsonl.gz and so on")
    wanted = list(published_files().values())
    if version is not None:
        named = data_version(version)
        if named.folder:
            raise UsageError(f"data version {version} comes with the package: there is nothing to import")
        wanted = files_of(named, _languages(version))
    findings = []
    for file in wanted:
        place = _place(file, source)
        if place is None:
            detail = f"missing: not in {source} as {' or '.join(file.places)}, with or without .gz"
            path, ok = source / file.name, False
        else:
            path, ok = _keep(file, _content(place), data_folder(folder), str(place)), True
            detail = f"from {place}"
        findings.append(FileFinding(name=file.name, language=file.language, path=path, ok=ok, detail=detail))
    missing = [finding.name for finding in findings if not finding.ok]
    if len(missing) == len(findings) or (version is not None and missing):
        raise DataError(f"{source} lacks {', '.join(missing)} (plain or .gz): give a folder laid out as published")
    return findings


def _languages(version: str) -> tuple[str, ...]:
    named = data_version(version)
    if named.folder:
        named = data_versions()[0]
    known = published_files()
    return tuple(known[name].language for name in named.files)


def _place(file: DataFile, source: Path) -> Path | None:
    for place in file.places:
        for path in (source / place, source / f"{place}.gz"):
            if path.is_file():
                return path
    return None


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}: check its permissions") from error
    if len(content) > MAX_BYTES:
        raise DataError(f"{path}: more than {MAX_BYTES} bytes: not the published file")
    return _unpacked(content, str(path)) if path.suffix == ".gz" else content


def _unpacked(packed: bytes, where: str) -> bytes:
    if not packed.startswith(_MAGIC):
        raise DataError(f"{where}: not a gzip file (a proxy's or login page, perhaps): {_PULL_AGAIN}")
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        content = unpacker.decompress(packed, MAX_BYTES + 1)
    except zlib.error as error:
        raise DataError(f"{where}: a damaged gzip file: {error}: {_PULL_AGAIN}") from error
    if len(content) > MAX_BYTES:
        raise DataError(f"{where}: unpacks to more than {MAX_BYTES} bytes: not the published file")
    if not unpacker.eof:
        raise DataError(f"{where}: the gzip file ends too early: {_PULL_AGAIN}")
    return content


def _keep(file: DataFile, content: bytes, folder: Path, where: str) -> Path:
    digest = sha256_of(content)
    if digest != file.sha256:
        raise DataError(f"{where} is not the published {file.name}: {mismatch(file, digest)}")
    path = folder / file.name
    try:
        with _beside(path) as temporary:
            temporary.write_bytes(content)
            temporary.replace(path)
    except OSError as error:
        raise DataError(
            f"{path}: cannot be written: {error.strerror}: choose another data folder with HUMANEVAL_X_DATA"
        ) from error
    return path


@contextlib.contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """A new file next to `path`, gone afterwards unless it was renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".fetched-")
    os.close(descriptor)
    temporary = Path(name)
    temporary.chmod(0o644)
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)
