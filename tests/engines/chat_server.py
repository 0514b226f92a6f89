"""A server that speaks OpenAI's protocol on 127.0.0.1, and misbehaves as told."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from engine_requests import make_request

from humaneval_x.engines import Request
from humaneval_x.engines.openai.engine import OpenAIEngine
from humaneval_x.engines.openai.instruction import Instruction
from humaneval_x.engines.openai.key import Key
from humaneval_x.engines.openai.server import Place
from humaneval_x.records import Sampling

SAMPLING = Sampling(temperature=0.8, top_p=1.0, top_k=0, max_tokens=64, samples=3, seed=1)
KEY = "sk-test/0123456789abcdef"


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A request as it came."""

    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What is sent back. `torn` promises more bytes than come, `dropped` ends the connection without an answer."""

    status: int = 200
    body: object = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    torn: bool = False
    dropped: bool = False

    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


Answer = Callable[[Sent], Reply]


def completions(*texts: str | None, finish: str = "stop", tokens: int = 0) -> Reply:
    usage = {"usage": {"prompt_tokens": 10, "completion_tokens": tokens}} if tokens else {}
    choices = [{"index": n, "text": text, "finish_reason": finish} for n, text in enumerate(texts)]
    return Reply(body={"choices": choices, **usage})


def messages(*texts: str | None, finish: str = "stop") -> Reply:
    choices = [{"message": {"role": "assistant", "content": text}, "finish_reason": finish} for text in texts]
    return Reply(body={"choices": choices})


def refusal(status: int, message: str, **more: str) -> Reply:
    return Reply(status=status, body={"error": {"message": message, **more}})


def obliging(sent: Sent) -> Reply:
    """As many completions as are asked for, each with its number."""
    count = sent.body.get("n", 1)
    return completions(*(f"    return {number}\n" for number in range(count)), tokens=7 * count)


class ChatServer:
    """Gives the `script`'s replies first, then those of `answer`. Keeps what it was sent."""

    def __init__(self, script: Sequence[Reply], answer: Answer) -> None:
        self._script = list(script)
        self._answer = answer
        self._lock = threading.Lock()
        self.sent: list[Sent] = []
        self.open_now = self.most_open = 0
        self.url = ""

    def reply(self, sent: Sent) -> Reply:
        with self._lock:
            self.sent.append(sent)
            self.open_now += 1
            self.most_open = max(self.most_open, self.open_now)
            scripted = self._script.pop(0) if self._script else None
        return scripted or self._answer(sent)

    def replied(self) -> None:
        with self._lock:
            self.open_now -= 1

    @property
    def asked(self) -> list[int]:
        return [sent.body.get("n", 1) for sent in self.sent]


@contextmanager
def chat_server(*script: Reply, answer: Answer = obliging) -> Iterator[ChatServer]:
    server = ChatServer(script, answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            reply = server.reply(Sent(path=self.path, headers=dict(self.headers), body=body))
            server.replied()
            if reply.dropped:
                # Without lingering the close is a reset.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.close_connection = True
                return
            content = reply.content()
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content) + 100 * reply.torn))
            self.end_headers()
            self.wfile.write(content)
            self.close_connection = self.close_connection or reply.torn

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:
                self.close_connection = True  # the client went away, as some tests want it to

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    server.url = f"http://127.0.0.1:{http.server_port}/v1"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


class Waits(list[float]):
    """Waits no time at all and keeps for how long it should have."""

    def __call__(self, closing: threading.Event, seconds: float) -> bool:
        self.append(seconds)
        return closing.is_set()


def engine_on(
    server: ChatServer,
    *,
    chat: str = "",
    key: str = KEY,
    concurrency: int = 1,
    timeout_s: float = 60.0,
    waits: Waits | None = None,
    now: float = 0.0,
) -> OpenAIEngine:
    """An engine that waits no time; `chat` is its instruction."""
    place = Place(
        base_url=server.url,
        api="chat" if chat else "completions",
        model="some-model",
        key=Key(key),
        key_variable="SOME_KEY",
        connections=concurrency,
        timeout_s=timeout_s,
    )
    return OpenAIEngine(
        place,
        Instruction.of(chat) if chat else None,
        wait=Waits() if waits is None else waits,
        now=lambda: now,
    )


def requests(prompts: int = 1, samples: int = 3) -> list[Request]:
    return [
        make_request(f"Python/{number}", ids=tuple(range(samples)), text=f"def f{number}():\n")
        for number in range(prompts)
    ]
