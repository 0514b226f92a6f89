"""The sample browser's page in a test: what it serves, and what is seen of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from humaneval_x.records import Completion
from humaneval_x.rundir import RunFolder
from humaneval_x.serving import open_server

READY = "html[data-ready]"
PYTHON, CPP, TRANSLATION = "generation-python", "generation-cpp", "translation-go-to-python"
HOSTILE = [
    "    x = 1  # </script></style><script>window.hacked = 1; alert(1)</script>\n",
    "<img src=x onerror='window.hacked = 1'><svg onload=alert(1)>\n"
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>\n",
    "    level = 'user\u202e \u2066# only admins\u2069 \u2066'\u200b\x00\x1b[2J\ud800\ue000\ufeff\r\n",
    "    return '" + "A" * 1_000_000 + "'\n",
    "\n" * 50_000 + "    return 1\n",
    "\x00" * 500_000,
    "    \u05d0 = \u05d1\n",
    "{{ 7 * 7 }} ${alert(1)} `\"'\\u003cscript>alert(1)</script>\n]]>--><!--\n",
]


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    with open_server(folder) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class Page:
    """The page in one context; at the end everything that it asked for must be of the folder."""

    def __init__(self, page: Any, origin: str) -> None:
        self.page, self.origin = page, origin
        self.dialogs: list[str] = []
        page.context.route(f"{origin}/**", lambda route: route.continue_())
        page.on("dialog", lambda dialog: (self.dialogs.append(dialog.message), dialog.dismiss()))

    def open(self, address: str = "") -> Any:
        self.page.goto(f"{self.origin}/samples.html{address}")
        self.page.wait_for_selector(READY)
        return self.page

    def check(self) -> None:
        requests = self.page.watch.requests
        requests[:] = [url for url in requests if not url.startswith(f"{self.origin}/")]
        assert self.dialogs == []


def listed(page: Any) -> list[str]:
    """The names of the rows in sight, from the top."""
    rows = page.locator("#list [role=option]").all()
    found = sorted((int(row.get_attribute("aria-posinset")), row.locator(".name").inner_text()) for row in rows)
    return [name for _, name in found]


def title(page: Any) -> str:
    text: str = page.locator("#detail h2").inner_text()
    return text


def shown(page: Any, scope: str = "#view") -> str:
    """The text of the view's lines, as it was written: what is spelled out stays so."""
    lines = page.locator(f"{scope} .text .line").all_text_contents()
    return "\n".join(lines)


# What is waited for must be a function: an expression is evaluated anew at each look, which the page's policy forbids.
def wait_for_title(page: Any, text: str) -> None:
    page.wait_for_function("text => document.querySelector('#detail h2')?.textContent === text", arg=text)


def wait_for_count(page: Any, text: str) -> None:
    page.wait_for_function("text => document.querySelector('#count').textContent === text", arg=text)


def sample_of(folder: Path, run: str, task: str, task_id: str, number: int) -> Completion:
    samples = RunFolder(folder.parent / run).samples(task)
    return next(each for each in samples if (each.task_id, each.completion_id) == (task_id, number))
