"""A folder on loopback, for pages that load files beside them: read-only, and for this machine's own browser alone.

Another site's page could ask for `127.0.0.1` too. It cannot read an answer (no CORS, `Cross-Origin-Resource-Policy`),
nor by a name of its own that resolves to `127.0.0.1`: a `Host` other than this machine's is refused.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import IO
from urllib.parse import unquote, urlsplit

from humaneval_x.errors import UsageError

__all__ = ["HOSTS", "SERVED", "FolderServer", "open_server"]

HOSTS = frozenset({"127.0.0.1", "localhost"})
"""Names of this machine that a request may give, with any port: one that is forwarded here may be another."""

SERVED = MappingProxyType(
    {
        ".html": "text/html; charset=utf-8",
        ".json": "application/json; charset=utf-8",
        ".md": "text/markdown; charset=utf-8",
        ".csv": "text/csv; charset=utf-8",
        ".txt": "text/plain; charset=utf-8",
        ".gz": "application/gzip",
        ".svg": "image/svg+xml; charset=utf-8",
        ".png": "image/png",
        ".pdf": "application/pdf",
        ".parquet": "application/octet-stream",
    }
)
"""Suffix -> what a file is served as; files of other suffixes are not served."""

_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    # Pages bring stricter ones of their own; what is no page gets at least this.
    "Content-Security-Policy": "frame-ancestors 'none'; base-uri 'none'; form-action 'none'; object-src 'none'; "
    "connect-src 'self'",
}
_FRONT_PAGES = ("samples.html", "report.html")
_IDLE_S = 60.0


class FolderServer(ThreadingHTTPServer):
    """Serves the files of one folder on 127.0.0.1; `url` is where its front page lies."""

    daemon_threads = True

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder.resolve()
        super().__init__(("127.0.0.1", port), partial(_Handler, self.folder))

    @property
    def url(self) -> str:
        """The address of the folder's front page."""
        return f"http://127.0.0.1:{self.server_port}/{_front_page(self.folder)}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a browser that went away in the middle of an answer."""


@contextmanager
def open_server(folder: Path, port: int = 0) -> Iterator[FolderServer]:
    """A server that listens; `serve_forever` answers. Port 0 is any free one.

    Raises UsageError if the folder holds no page, or the port is taken or not allowed.
    """
    if not _front_page(folder):
        raise UsageError(
            f"{folder} holds no {' or '.join(_FRONT_PAGES)}: `humaneval-x report runs/ID --samples --out {folder}` "
            "makes them"
        )
    try:
        server = FolderServer(folder, port)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(f"port {port} cannot be listened on ({reason}): give another --port") from error
    with server:
        yield server


def _front_page(folder: Path) -> str:
    return next((name for name in _FRONT_PAGES if (folder / name).is_file()), "")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _IDLE_S

    def __init__(self, folder: Path, *arguments: object) -> None:
        self._folder = folder
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def version_string(self) -> str:
        """Nothing of the Python that serves."""
        return "humaneval-x"

    def log_message(self, format: str, *arguments: object) -> None:
        """Keep the terminal as it is."""

    def end_headers(self) -> None:
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def _answer(self, *, body: bool) -> None:
        if not _is_own(self.headers.get_all("Host", [])):
            self._refuse(HTTPStatus.MISDIRECTED_REQUEST, "This serves 127.0.0.1 and localhost only.")
            return
        try:
            name = urlsplit(self.path).path
        except ValueError:
            self._refuse(HTTPStatus.BAD_REQUEST, "That is no address.")
            return
        if name == "/" and _front_page(self._folder):
            self.send_response(HTTPStatus.FOUND)
            self.send_header("Location", f"/{_front_page(self._folder)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if name == "/favicon.ico":
            self.send_response(HTTPStatus.NO_CONTENT)
            self.end_headers()
            return
        opened = _opened(self._folder, name)
        if opened is None:
            self._refuse(HTTPStatus.NOT_FOUND, "There is no such file.")
            return
        file, kind = opened
        with file:
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(os.fstat(file.fileno()).st_size))
            self.end_headers()
            if body:
                shutil.copyfileobj(file, self.wfile)

    def _refuse(self, status: HTTPStatus, why: str) -> None:
        content = f"{why}\n".encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def _is_own(hosts: list[str]) -> bool:
    if len(hosts) != 1:
        return False
    name, _, port = hosts[0].partition(":")
    return name.lower() in HOSTS and (not port or port.isdigit())


def _opened(folder: Path, name: str) -> tuple[IO[bytes], str] | None:
    """The file of that name in an address, and what it is served as, if it is one of the folder's that are served."""
    parts = unquote(name, errors="surrogateescape").removeprefix("/").split("/")
    # Hidden files are drafts, or none of ours.
    if any(not part or part.startswith(".") or "\0" in part or "\\" in part for part in parts):
        return None
    try:
        path = folder.joinpath(*parts).resolve()
        if path.suffix not in SERVED or not path.is_relative_to(folder) or not path.is_file():
            return None
        return path.open("rb"), SERVED[path.suffix]
    except OSError:
        return None
