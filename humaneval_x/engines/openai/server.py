"""One server: requests to it, tried again while its faults may pass."""

from __future__ import annotations

import json
import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from humaneval_x import __version__
from humaneval_x.engines.openai.address import PATHS
from humaneval_x.engines.openai.dialect import Dialect
from humaneval_x.engines.openai.faults import advice_for, passes, pause_asked_for
from humaneval_x.engines.openai.key import Key
from humaneval_x.engines.openai.replies import MalformedReply, Reply, complaint_of, read_reply
from humaneval_x.engines.openai.sockets import Sockets
from humaneval_x.engines.openai.usage import Tally, Usage
from humaneval_x.errors import EngineError

__all__ = ["ATTEMPTS", "ClosedError", "Place", "Server", "Wait"]

_log = logging.getLogger(__name__)

ATTEMPTS = 8
"""A request is sent so often before the run is given up."""

Wait = Callable[[threading.Event, float], bool]
"""Waits for the event or for so many seconds; true if the event came."""

_CONNECT_S = 30.0
_FIRST_PAUSE_S = 1.0
_LONGEST_BACKOFF_S = 60.0
_MAX_BODY_BYTES = 64 * 1024 * 1024
_MAX_QUOTED = 500
_GO_ON = "what was drawn is kept: the same command goes on from there"


class ClosedError(Exception):
    """Raised in a thread that asks a server when nobody wants the answer any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a server is and how it is reached; `timeout_s` bounds one request."""

    base_url: str
    api: str
    model: str
    key: Key
    key_variable: str
    connections: int
    timeout_s: float

    @property
    def url(self) -> str:
        """Where completions are asked for."""
        return self.base_url + PATHS[self.api]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fault:
    """Why a request was not answered, and the pause before the next one if the server asks for one."""

    reason: str
    pause_s: float | None = None


class Server:
    """Answers requests from several threads until it is closed. Use with `with`."""

    def __init__(self, place: Place, dialect: Dialect, tally: Tally, wait: Wait, now: Callable[[], float]) -> None:
        self._place = place
        self._dialect = dialect
        self._tally = tally
        self._wait = wait
        self._now = now
        self._random = random.Random()
        self._closing = threading.Event()
        self._sockets = Sockets()
        try:
            self._client = httpx.Client(
                headers={"User-Agent": f"humaneval-x/{__version__}", "Accept": "application/json"},
                timeout=httpx.Timeout(place.timeout_s, connect=min(place.timeout_s, _CONNECT_S)),
                limits=httpx.Limits(max_connections=place.connections, max_keepalive_connections=place.connections),
                follow_redirects=False,
            )
        except (ImportError, ValueError, OSError, httpx.InvalidURL) as error:
            raise EngineError(
                f"no HTTP client for {place.url}: {error}: check the proxy and certificate settings of the environment"
            ) from error

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def interrupt(self) -> None:
        """Let every thread that waits here, for an answer or to ask again, raise ClosedError."""
        self._closing.set()
        self._sockets.shut()

    def ask(self, text: str, seed: int, wanted: int) -> tuple[Reply, dict[str, Any]]:
        """Completions of `text`, `wanted` at most, and the request that they answer.

        Raises EngineError if the server refuses, or if its faults do not pass; ClosedError after `interrupt`.
        """
        faults = 0
        while True:
            body = self._dialect.body(text, seed, wanted)
            result = self._attempt(body, faults)
            if isinstance(result, Reply):
                return result, body
            if result is None:  # refused in this form only
                continue
            faults += 1
            if faults == ATTEMPTS:
                raise EngineError(
                    f"{self._place.url}: {result.reason} ({ATTEMPTS} attempts): check that the server is up and "
                    f"reachable at that address; {_GO_ON}"
                )
            self._pause(result, faults)

    def _attempt(self, body: dict[str, Any], faults: int) -> Reply | _Fault | None:
        """The reply, or the fault that kept it away; None if the same is to be asked in another form."""
        if self._closing.is_set():
            raise ClosedError
        self._tally.add(Usage(requests=1, retries=1 if faults else 0))
        try:
            status, reason, headers, content = self._post(body)
        except httpx.RequestError as error:
            if self._closing.is_set():
                raise ClosedError from error
            return _Fault(reason=self._quoted(f"no answer: {error or ''} ({type(error).__name__})"))
        if 200 <= status < 300:
            try:
                reply = read_reply(content, self._place.api)
            except MalformedReply as error:
                return _Fault(reason=self._quoted(str(error)))
            self._tally.add(reply.usage)
            return reply
        message, parameter, codes = complaint_of(content)
        location = headers.get("location", "")
        said = self._quoted(f"{status} {reason}: {f'to {location}' if 300 <= status < 400 else message}")
        if passes(status, codes):
            return _Fault(reason=f"the server answered {said}", pause_s=pause_asked_for(headers, self._now()))
        if status in (400, 422) and self._dialect.gives_way(body, self._quoted(message), parameter):
            return None
        raise EngineError(
            f"{self._place.url}: the server answered {said}: "
            f"{advice_for(status, self._place.key_variable, self._place.model)}; {_GO_ON}"
        )

    def _post(self, body: dict[str, Any]) -> tuple[int, str, httpx.Headers, bytes]:
        # ASCII, so that a prompt's lone surrogates pass. The time-out is for each wait, the deadline for them all.
        deadline = time.monotonic() + self._place.timeout_s
        content = bytearray()
        with self._client.stream(
            "POST",
            self._place.url,
            content=json.dumps(body).encode(),
            headers={"Content-Type": "application/json", **self._place.key.headers()},
            extensions={"trace": self._sockets.trace},
        ) as response:
            for chunk in response.iter_bytes():
                content += chunk
                if len(content) > _MAX_BODY_BYTES:
                    raise httpx.ReadError(f"more than {_MAX_BODY_BYTES} bytes", request=response.request)
                if time.monotonic() > deadline:
                    raise httpx.ReadTimeout("the answer takes too long", request=response.request)
            return response.status_code, response.reason_phrase, response.headers, bytes(content)

    def _pause(self, fault: _Fault, faults: int) -> None:
        if fault.pause_s:
            seconds = fault.pause_s + self._random.uniform(0, 1)
        else:
            longest = min(_LONGEST_BACKOFF_S, _FIRST_PAUSE_S * 2 ** (faults - 1))
            seconds = longest * self._random.uniform(0.5, 1)
        _log.info("%s: %s; asking again in %.1f s", self._place.url, fault.reason, seconds)
        if self._wait(self._closing, seconds):
            raise ClosedError

    def _quoted(self, text: str) -> str:
        """A server's words, on one line and without the key."""
        line = " ".join(self._place.key.scrub(text).split())
        return line if len(line) <= _MAX_QUOTED else f"{line[:_MAX_QUOTED]}..."
