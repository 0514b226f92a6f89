from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from humaneval_x.datasets.catalogue import DataFile, data_folder, data_versions, published_files, sha256_of
from humaneval_x.datasets.fetching import MAX_BYTES, fetch_file, import_folder, pull
from humaneval_x.errors import DataError, UsageError

CONTENT = b'{"task_id": "Python/0"}\n' * 400
FILE = DataFile(
    name="sub/rows.jsonl", language="python", sha256=sha256_of(CONTENT), url="https://publisher.example/rows.jsonl.gz"
)


@dataclass
class Publisher(httpx.BaseTransport):
    """A real HTTP server on this host that answers for every address asked of it."""

    port: int
    answers: dict[str, Callable[[BaseHTTPRequestHandler], None]]
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._wire = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(str(request.url))
        local = request.url.copy_with(scheme="http", host="127.0.0.1", port=self.port)
        return self._wire.handle_request(
            httpx.Request("GET", local, headers=request.headers, extensions=request.extensions)
        )

    def close(self) -> None:
        self._wire.close()

    def client(self, timeout_s: float = 5.0) -> httpx.Client:
        return httpx.Client(transport=self, timeout=timeout_s)


def body(content: bytes, *, announce: int | None = None, status: int = 200) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(content) if announce is None else announce))
        handler.end_headers()
        handler.wfile.write(content)

    return answer


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    answers: dict[str, Callable[[BaseHTTPRequestHandler], None]] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answers.get(self.path.rpartition("/")[2], body(b"no such file", status=404))(self)

        def log_message(self, *_: object) -> None:
            """The test's output is not the place for a server's log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    transport = Publisher(port=server.server_address[1], answers=answers)
    yield transport
    transport.close()
    server.shutdown()
    thread.join()
    server.server_close()


def assert_released(release: threading.Event) -> None:
    assert release.wait(30)


def left_over(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_download_is_unpacked_checked_and_put_in_its_place(publisher: Publisher, tmp_path: Path) -> None:
    packed = gzip.compress(CONTENT)
    accepted: list[str] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        accepted.append(handler.headers["Accept-Encoding"])
        body(packed)(handler)

    publisher.answers["rows.jsonl.gz"] = answer
    told: list[tuple[str, int, int]] = []
    with publisher.client() as client:
        path = fetch_file(FILE, tmp_path, client, lambda *step: told.append(step))
    assert path.read_bytes() == CONTENT
    assert left_over(tmp_path) == [tmp_path / "sub" / "rows.jsonl"]
    assert told[-1] == ("sub/rows.jsonl", len(packed), len(packed))
    assert publisher.asked == [FILE.url]
    assert accepted == ["identity"]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (body(b"gone", status=404), "the server answered 404 Not Found"),
        (body(b"", status=503), "the server answered 503"),
        (body(b"<html>Please log in</html>"), "not a gzip file"),
        (body(b""), "not a gzip file"),
        (body(gzip.compress(CONTENT + b"\n")), "is not the published sub/rows.jsonl"),
        (body(gzip.compress(CONTENT)[:-9]), "ends too early"),
        (body(b"\x1f\x8b" + b"\x00" * 40), "a damaged gzip file"),
        (body(gzip.compress(b" " * (MAX_BYTES + 1))), "unpacks to more than"),
        (body(gzip.compress(CONTENT), announce=10_000), "cannot be downloaded"),
        (body(b"\x1f\x8b" + b"x" * MAX_BYTES), "more than"),
    ],
    ids=["404", "503", "page", "empty", "other", "torn", "damaged", "bomb", "cut off", "too large"],
)
def test_a_download_that_is_not_the_pinned_file_leaves_nothing_and_says_why(
    publisher: Publisher, tmp_path: Path, answer: Callable[[BaseHTTPRequestHandler], None], said: str
) -> None:
    publisher.answers["rows.jsonl.gz"] = answer
    with publisher.client() as client, pytest.raises(DataError) as caught:
        fetch_file(FILE, tmp_path, client)
    assert said in str(caught.value)
    assert FILE.url in str(caught.value)
    assert left_over(tmp_path) == []


def test_a_failed_download_keeps_the_file_that_was_there(publisher: Publisher, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "rows.jsonl").write_bytes(b"older")
    with publisher.client() as client, pytest.raises(DataError):
        fetch_file(FILE, tmp_path, client)
    assert (tmp_path / "sub" / "rows.jsonl").read_bytes() == b"older"


def test_a_server_that_never_answers_is_a_data_error(publisher: Publisher, tmp_path: Path) -> None:
    release = threading.Event()
    publisher.answers["rows.jsonl.gz"] = lambda _handler: assert_released(release)
    with publisher.client(timeout_s=0.2) as client, pytest.raises(DataError, match="check the network"):
        fetch_file(FILE, tmp_path, client)
    release.set()


def test_no_network_is_a_data_error_that_names_the_other_way(tmp_path: Path) -> None:
    with (
        httpx.Client(transport=httpx.HTTPTransport(proxy="http://127.0.0.1:9"), timeout=5) as client,
        pytest.raises(DataError, match="humaneval-x data import PATH"),
    ):
        pull("codegeex", ("go",), tmp_path, client=client)
    assert left_over(tmp_path) == []


def test_a_folder_that_cannot_be_written_is_a_data_error(publisher: Publisher, tmp_path: Path) -> None:
    (tmp_path / "sub").write_text("a file where the folder should be")
    publisher.answers["rows.jsonl.gz"] = body(gzip.compress(CONTENT))
    with publisher.client() as client, pytest.raises(DataError, match="HUMANEVAL_X_DATA"):
        fetch_file(FILE, tmp_path, client)


def test_every_published_file_comes_over_https_from_a_fixed_commit() -> None:
    for file in published_files().values():
        parts = file.url.split("/")
        assert parts[0] == "https:" and len(parts[5]) == 40 and int(parts[5], 16)
        assert len(file.sha256) == 64 and int(file.sha256, 16)
        assert file.places


def test_the_smoke_version_needs_no_download(tmp_path: Path) -> None:
    with httpx.Client(transport=httpx.HTTPTransport(proxy="http://127.0.0.1:9"), timeout=5) as client:
        assert [finding.name for finding in pull("smoke", ("go",), tmp_path, client=client)] == [
            "smoke/humaneval_go.jsonl"
        ]


def test_the_smoke_version_cannot_be_imported(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="comes with the package"):
        import_folder(tmp_path, tmp_path / "data", version="smoke")


def test_an_unknown_version_is_a_usage_error_that_names_the_known_ones(tmp_path: Path) -> None:
    for ask in (lambda: pull("latest", folder=tmp_path), lambda: import_folder(tmp_path, tmp_path, version="latest")):
        with pytest.raises(UsageError, match="codegeex, codegeex2, fixed, smoke"):
            ask()
    assert data_versions()[0].name == "codegeex"


def test_the_data_folder_is_the_argument_else_the_environment_else_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUMANEVAL_X_DATA", str(tmp_path / "environment"))
    assert data_folder(tmp_path / "argument") == tmp_path / "argument"
    assert data_folder() == tmp_path / "environment"
    monkeypatch.delenv("HUMANEVAL_X_DATA")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert data_folder() == tmp_path / "cache" / "humaneval-x" / "data"


@pytest.mark.parametrize("name", ["absent", "file"])
def test_importing_from_what_is_no_folder_is_a_usage_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="is not a folder"):
        import_folder(tmp_path / name, tmp_path / "data")


def test_importing_from_an_empty_folder_names_every_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        import_folder(tmp_path, tmp_path / "data")
    assert all(name in str(caught.value) for name in published_files())


def test_importing_a_file_of_that_name_with_other_contents_is_a_data_error(tmp_path: Path) -> None:
    (tmp_path / "humaneval_js.jsonl").write_bytes(CONTENT)
    with pytest.raises(DataError, match=r"is not the published humaneval_js\.jsonl: its JSONL has SHA-256"):
        import_folder(tmp_path, tmp_path / "data")
    assert left_over(tmp_path / "data") == []


def test_importing_a_gzip_bomb_is_a_data_error(tmp_path: Path) -> None:
    (tmp_path / "humaneval_js.jsonl.gz").write_bytes(gzip.compress(b"0" * (MAX_BYTES + 1)))
    with pytest.raises(DataError, match="unpacks to more than"):
        import_folder(tmp_path, tmp_path / "data")


@pytest.mark.published
def test_the_file_of_another_version_is_told_by_name(tmp_path: Path, published_data: Path) -> None:
    (tmp_path / "humaneval_js.jsonl").write_bytes((published_data / "codegeex2" / "humaneval_js.jsonl").read_bytes())
    with pytest.raises(DataError, match=r"it is codegeex2/humaneval_js\.jsonl, not humaneval_js\.jsonl"):
        import_folder(tmp_path, tmp_path / "data")


@pytest.mark.published
@pytest.mark.parametrize("packed", [False, True])
def test_a_checkout_of_the_publishers_repository_can_be_imported(
    tmp_path: Path, published_data: Path, packed: bool
) -> None:
    for name, file in published_files().items():
        if name.startswith("codegeex2/"):
            continue
        content = (published_data / name).read_bytes()
        place = tmp_path / "source" / (file.places[-1] + (".gz" if packed else ""))
        place.parent.mkdir(parents=True)
        place.write_bytes(gzip.compress(content) if packed else content)
    findings = import_folder(tmp_path / "source", tmp_path / "data")
    assert [finding.name for finding in findings if not finding.ok] == ["codegeex2/humaneval_js.jsonl"]
    assert len(left_over(tmp_path / "data")) == 5
    with pytest.raises(DataError, match=r"lacks codegeex2/humaneval_js\.jsonl"):
        import_folder(tmp_path / "source", tmp_path / "data", version="codegeex2")


@pytest.mark.published
def test_pull_asks_the_publisher_only_for_what_is_missing(
    publisher: Publisher, tmp_path: Path, published_data: Path
) -> None:
    for name in ("humaneval_go.jsonl", "humaneval_js.jsonl"):
        publisher.answers[f"{name}.gz"] = body(gzip.compress((published_data / name).read_bytes()))
    (tmp_path / "humaneval_go.jsonl").write_bytes((published_data / "humaneval_go.jsonl").read_bytes())
    (tmp_path / "humaneval_js.jsonl").write_bytes(b"not the published file")
    with publisher.client() as client:
        findings = pull("codegeex", ("js", "go"), tmp_path, client=client)
    assert [finding.ok for finding in findings] == [True, True]
    assert publisher.asked == [published_files()["humaneval_js.jsonl"].url]
