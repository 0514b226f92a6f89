"""A real browser for tests of pages: headless Chromium, without a network, that tells what pages did wrong."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def chromium() -> Iterator[object]:
    """The browser (`playwright.sync_api.Browser`), one for all tests."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class Watch:
    """What pages of one context complained of and asked for; `allowed` are complaints that a test provokes itself."""

    def __init__(self, context) -> None:
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.allowed: list[str] = []
        context.on("console", self._console)
        context.on("weberror", lambda error: self.complaints.append(f"error: {error.error}"))
        context.on("request", self._request)
        # What is not a file of this machine is stopped before it could leave it.
        context.route(lambda url: not url.startswith(("file:", "data:", "blob:")), lambda route: route.abort())
        context.add_init_script(
            "document.addEventListener('securitypolicyviolation', event => console.error("
            "`policy: ${event.violatedDirective} stopped ${event.blockedURI || 'inline'} ${event.sample}`))"
        )

    def _console(self, message) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.type}: {message.text}")

    def _request(self, request) -> None:
        if not request.url.startswith(("file:", "data:", "blob:")):
            self.requests.append(request.url)

    def check(self) -> None:
        """Fail if a page complained of anything not allowed, or asked for anything of a network."""
        unexpected = [text for text in self.complaints if not any(part in text for part in self.allowed)]
        assert unexpected == []
        assert self.requests == []


@pytest.fixture
def new_page(chromium) -> Iterator[object]:
    """Makes pages of fresh contexts (arguments: those of `Browser.new_context`), and checks them all at the end."""
    opened = []

    def make(**settings: object):
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}, "locale": "en-GB", **settings})
        context.set_default_timeout(20_000)
        watch = Watch(context)
        opened.append((context, watch))
        page = context.new_page()
        page.watch = watch
        return page

    yield make
    for context, _ in opened:
        context.close()
    for _, watch in opened:
        watch.check()


@pytest.fixture
def page(new_page):
    """A page of a fresh context, 1280 x 900, English, light; `page.watch` has its complaints and requests."""
    return new_page()
