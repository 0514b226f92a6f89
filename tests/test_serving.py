"""A folder on loopback: what is served, to whom, and how it ends."""

from __future__ import annotations

import http.client
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from click.testing import CliRunner

from humaneval_x.cli import group
from humaneval_x.errors import UsageError
from humaneval_x.serving import SERVED, FolderServer, open_server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "report"
    (made / "samples").mkdir(parents=True)
    (made / "samples.html").write_text("<h1>样本</h1>", encoding="utf-8")
    (made / "samples" / "index.json").write_text("{}")
    (made / "samples" / "rows.json.gz").write_bytes(b"\x1f\x8b")
    (made / ".hidden.html").write_text("a draft")
    (made / "odd.exe").write_text("a program")
    (tmp_path / "secret.html").write_text("outside")
    (made / "link.html").symlink_to(tmp_path / "secret.html")
    return made


@pytest.fixture
def server(folder: Path) -> Iterator[FolderServer]:
    with open_server(folder) as opened:
        thread = threading.Thread(target=opened.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield opened
        opened.shutdown()
        thread.join()


def ask(
    server: FolderServer, path: str, method: str = "GET", host: str | None = None
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    connection.putrequest(method, path, skip_host=True)
    if host != "":
        connection.putheader("Host", host or f"127.0.0.1:{server.server_port}")
    connection.endheaders()
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, dict(answer.getheaders()), content


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/samples.html", "text/html; charset=utf-8"),
        ("/samples.html?x=1", "text/html; charset=utf-8"),
        ("/samples%2ehtml", "text/html; charset=utf-8"),
        ("/samples/index.json", "application/json; charset=utf-8"),
        ("/samples/rows.json.gz", "application/gzip"),
    ],
)
def test_a_file_of_the_folder_is_served_as_what_it_is(server: FolderServer, path: str, kind: str) -> None:
    status, headers, content = ask(server, path)
    assert (status, headers["Content-Type"]) == (200, kind)
    assert content == (server.folder / unquote(path.partition("?")[0][1:])).read_bytes()
    assert "Content-Encoding" not in headers


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.html",
        "/%2e%2e/secret.html",
        "/samples/..%2f..%2fsecret.html",
        "/samples/../../secret.html",
        "//etc/hostname",
        "/link.html",
        "/.hidden.html",
        "/odd.exe",
        "/samples",
        "/samples/",
        "/nothing.html",
        "/samples.html/",
        "/samples.html%00",
        "/%ff.html",
        "/..%5csecret.html",
        "/" + "a" * 5000 + ".html",
    ],
)
def test_what_is_no_file_of_the_folder_that_is_meant_for_a_browser_is_not_served(
    server: FolderServer, path: str
) -> None:
    status, _, content = ask(server, path)
    assert status == 404
    assert content == b"There is no such file.\n"


def test_a_link_within_the_folder_is_served_as_what_it_leads_to(server: FolderServer) -> None:
    (server.folder / "link.txt").symlink_to("samples.html")
    assert ask(server, "/link.txt")[1]["Content-Type"] == "text/html; charset=utf-8"


def test_what_is_no_address_is_refused(server: FolderServer) -> None:
    assert ask(server, "http://[/x")[0] == 400


def test_a_front_page_that_is_gone_is_not_looked_for_for_ever(server: FolderServer) -> None:
    (server.folder / "samples.html").unlink()
    assert ask(server, "/")[0] == 404


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1234", "127.0.0.1", "127.0.0.1:9"])
def test_this_machine_s_own_names_are_answered(server: FolderServer, host: str) -> None:
    assert ask(server, "/samples.html", host=host)[0] == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "127.0.0.1:x", "[::1]"])
def test_another_name_that_resolves_to_this_machine_is_refused(server: FolderServer, host: str) -> None:
    status, _, content = ask(server, "/samples.html", host=host)
    assert status == 421
    assert b"<h1>" not in content


def test_a_request_without_a_host_is_refused(server: FolderServer) -> None:
    assert ask(server, "/samples.html", host="")[0] == 421


@pytest.mark.parametrize("path", ["/samples.html", "/nothing.html"])
def test_every_answer_forbids_storing_sniffing_framing_and_reading_from_elsewhere(
    server: FolderServer, path: str
) -> None:
    _, headers, _ = ask(server, path)
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "Access-Control-Allow-Origin" not in headers
    assert "Python" not in headers["Server"]


def test_head_gives_the_headers_alone(server: FolderServer) -> None:
    status, headers, content = ask(server, "/samples.html", "HEAD")
    assert (status, content) == (200, b"")
    assert int(headers["Content-Length"]) == (server.folder / "samples.html").stat().st_size


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_nothing_but_reading_is_understood(server: FolderServer, method: str) -> None:
    assert ask(server, "/samples.html", method)[0] == 501


def test_the_root_leads_to_the_front_page(server: FolderServer) -> None:
    status, headers, _ = ask(server, "/")
    assert (status, headers["Location"]) == (302, "/samples.html")
    assert server.url.endswith("/samples.html")


def test_a_report_without_samples_has_the_report_as_its_front_page(folder: Path) -> None:
    (folder / "samples.html").rename(folder / "report.html")
    with open_server(folder) as server:
        assert server.url.endswith("/report.html")


def test_only_loopback_is_listened_on(server: FolderServer) -> None:
    assert server.socket.getsockname()[0] == "127.0.0.1"


def test_a_port_that_is_taken_is_a_usage_error(server: FolderServer) -> None:
    with pytest.raises(UsageError, match="--port"), open_server(server.folder, server.server_port):
        pass


def test_a_folder_without_a_page_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--samples"), open_server(tmp_path):
        pass
    done = CliRunner().invoke(group, ["browse", str(tmp_path)])
    assert isinstance(done.exception, UsageError)


def test_no_type_lets_a_browser_run_a_script_beside_the_pages() -> None:
    assert not any("javascript" in kind or "css" in kind for kind in SERVED.values())


def test_the_command_says_where_and_ends_on_ctrl_c_with_exit_code_0(folder: Path) -> None:
    command = [sys.executable, "-u", "-m", "humaneval_x", "browse", str(folder), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("http://127.0.0.1:") and "/samples.html" in line
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=30)
    assert (process.returncode, rest, errors) == (0, "ended\n", "")


def test_of_the_usual_port_that_is_taken_another_one_is_taken_instead(folder: Path) -> None:
    command = [sys.executable, "-u", "-m", "humaneval_x", "browse", str(folder)]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as one,
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other,
    ):
        assert one.stdout is not None and other.stdout is not None
        lines = {one.stdout.readline(), other.stdout.readline()}
        for process in (one, other):
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)
    assert len(lines) == 2
    assert all(line.startswith("http://127.0.0.1:") for line in lines)
