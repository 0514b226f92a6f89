"""The conversation with `sandboxes/supervisor.py`: frames, jobs made from programs, outcomes made from replies.

A frame is four bytes of big-endian length and that much JSON in ASCII. The supervisor's docstring is the contract.
"""

from __future__ import annotations

import json
import select
import socket
import struct
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from humaneval_x.errors import SandboxError
from humaneval_x.languages import Language
from humaneval_x.records import Limits, Outcome, Program

__all__ = [
    "FAST_FILE",
    "HELLO",
    "MEMORY_MARGIN_MB",
    "Connection",
    "Reply",
    "Usage",
    "job_of",
    "read_reply",
    "wall_budget_s",
]

HELLO = 2
"""The version of this conversation, which a supervisor's hello names."""

FAST_FILE = "fast.py"
"""The file in a language's folder that is its fast way."""

MEMORY_MARGIN_MB = 64
"""What a sandbox's kernel limit has above a sample's: the supervisor's own, and time for it to end the sample first."""

_MAX_FRAME_BYTES = 64 << 20
_KEPT_COMPLAINT_BYTES = 4096
_STDERR = 2


class Connection:
    """A framed, timed conversation over a stream socket.

    With `multiplexed` the other end is a Docker engine, which wraps what it passes on in frames of its own that tell
    stdout from stderr (Engine API, "Attach to a container", stream format).
    """

    def __init__(self, stream: socket.socket, *, multiplexed: bool) -> None:
        self._stream = stream
        self._multiplexed = multiplexed
        self._raw = bytearray()
        self._stdout = bytearray()
        self._complaint = bytearray()

    def send(self, message: dict[str, Any], timeout_s: float) -> None:
        """Send one frame. Raises SandboxError if the other end is gone or does not take it in time."""
        body = json.dumps(message).encode("ascii")
        try:
            self._stream.settimeout(timeout_s)
            self._stream.sendall(struct.pack(">I", len(body)) + body)
        except OSError as error:
            raise SandboxError(f"the sandbox does not take a program: {error!r}{self.complaint()}") from error

    def receive(self, timeout_s: float) -> dict[str, Any]:
        """The next frame. Raises SandboxError at the end of the stream, for nonsense, and after `timeout_s`."""
        deadline = time.monotonic() + timeout_s
        (size,) = struct.unpack(">I", self._take(4, deadline))
        if size > _MAX_FRAME_BYTES:
            raise SandboxError(f"the sandbox announces a reply of {size} bytes: it is not our supervisor")
        try:
            message = json.loads(self._take(size, deadline))
        except ValueError as error:
            raise SandboxError(f"the sandbox's reply is not JSON: {error}{self.complaint()}") from error
        if not isinstance(message, dict):
            raise SandboxError("the sandbox's reply is not an object: it is not our supervisor")
        return message

    def complaint(self) -> str:
        """What the sandbox has written to its stderr, to be appended to a message, or an empty string."""
        text = self._complaint.decode("utf-8", "replace").strip()
        return f"; it says: {text}" if text else ""

    def close(self) -> None:
        """End the conversation: the supervisor exits when its stdin ends."""
        self._stream.close()

    def _take(self, size: int, deadline: float) -> bytes:
        while len(self._stdout) < size:
            self._read_more(deadline)
        taken = bytes(self._stdout[:size])
        del self._stdout[:size]
        return taken

    def _read_more(self, deadline: float) -> None:
        left = deadline - time.monotonic()
        poll = select.poll()
        poll.register(self._stream, select.POLLIN)
        if left <= 0 or not poll.poll(left * 1000 + 1):
            raise SandboxError(f"the sandbox does not answer in time{self.complaint()}")
        try:
            part = self._stream.recv(1 << 16)
        except OSError as error:
            raise SandboxError(f"the connection to the sandbox broke: {error!r}{self.complaint()}") from error
        if not part:
            raise SandboxError(f"the sandbox ended before it answered{self.complaint()}")
        if self._multiplexed:
            self._raw += part
            self._demultiplex()
        else:
            self._stdout += part

    def _demultiplex(self) -> None:
        while len(self._raw) >= 8:
            kind, size = struct.unpack(">BxxxI", self._raw[:8])
            if len(self._raw) < 8 + size:
                return
            payload = self._raw[8 : 8 + size]
            if kind == _STDERR:
                self._complaint = (self._complaint + payload)[-_KEPT_COMPLAINT_BYTES:]
            else:
                self._stdout += payload
            del self._raw[: 8 + size]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the sandbox says of the job's program number `index`.

    `outcome` is None where its fast way declined to judge, for the reason in `declined`. Where `clean` is false the
    sandbox must be thrown away.
    """

    index: int
    outcome: Outcome | None
    declined: str
    clean: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a sandbox has used since its start, its supervisor and servers included."""

    cpu_s: float
    peak_mb: float


def job_of(
    programs: Sequence[Program], language: Language, limits: Limits, *, wrappers: str, serial: int, fast: bool
) -> dict[str, Any]:
    """The supervisor's job for programs. `wrappers` is the folder of the language's wrapper files in the sandbox."""
    return {
        "id": serial,
        "programs": [
            {
                "files": {language.source_name: program.source},
                "steps": list(_steps(program, language, limits, wrappers)),
            }
            for program in programs
        ],
        "fast": f"{wrappers}/{FAST_FILE}" if fast else "",
    }


def _steps(program: Program, language: Language, limits: Limits, wrappers: str) -> Iterator[dict[str, Any]]:
    for stage, step in (("compile", language.compile), ("run", language.run)):
        if step is not None:
            argv = [
                word.replace("{wrappers}", wrappers).replace("{memory_mb}", str(limits.memory_mb))
                for word in (*step.argv, *step.task_arguments.get(program.task_id, ()))
            ]
            yield {**_bounds(stage, limits), "argv": argv, "environment": step.environment}


def _bounds(stage: str, limits: Limits) -> dict[str, Any]:
    return {
        "stage": stage,
        "cpu_s": limits.compile_cpu_s if stage == "compile" else limits.run_cpu_s,
        "wall_s": limits.wall_s,
        "memory_mb": limits.memory_mb,
        "processes": limits.processes,
        "output_bytes": limits.output_bytes,
        "disk_mb": limits.disk_mb,
        "marker": stage == "run",
    }


def wall_budget_s(language: Language, limits: Limits) -> float:
    """The wall time after which a healthy supervisor has long answered, without any grace."""
    return limits.wall_s * (1 if language.compile is None else 2)


def read_reply(message: dict[str, Any], serial: int) -> Reply | Usage:
    """What one message about a job says; a `Usage` is its end.

    Raises SandboxError for a fault, for a message about another job, and for one that lacks facts.
    """
    if message.get("id") != serial:
        raise SandboxError(f"the sandbox answers job {message.get('id')!r} where {serial} was asked")
    if "fault" in message:
        raise SandboxError(f"the sandbox failed: {message['fault']}")
    try:
        if "end" in message:
            return Usage(cpu_s=float(message["cpu_s"]), peak_mb=float(message["peak_mb"]))
        declined = message.get("declined")
        return Reply(
            index=int(message["index"]),
            outcome=Outcome(**message["outcome"]) if declined is None else None,
            declined=declined or "",
            clean=bool(message["clean"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        told = f"the sandbox's reply lacks facts (it has {sorted(message)}): rebuild the images"
        raise SandboxError(told) from error
