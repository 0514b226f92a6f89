"""The conversation with `sandboxes/supervisor.py`: frames, jobs made from programs, outcomes made from replies.

A frame is four bytes of big-endian length and that much JSON in ASCII. The supervisor's docstring is the contract.
"""

from __future__ import annotations

import json
import select
import socket
import struct
import time
from dataclasses import fields
from typing import Any

from humaneval_x.errors import SandboxError
from humaneval_x.languages import Language
from humaneval_x.records import Limits, Outcome, Program

__all__ = [
    "MEMORY_MARGIN_MB",
    "Connection",
    "job_of",
    "outcome_of",
    "wall_budget_s",
]

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
        self._stream.settimeout(timeout_s)
        try:
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


def job_of(program: Program, language: Language, limits: Limits, *, wrappers: str, serial: int) -> dict[str, Any]:
    """The supervisor's job for a program. `wrappers` is the folder of the language's wrapper files in the sandbox."""
    steps = []
    for stage, step in (("compile", language.compile), ("run", language.run)):
        if step is not None:
            argv = [
                word.replace("{wrappers}", wrappers).replace("{memory_mb}", str(limits.memory_mb))
                for word in (*step.argv, *step.task_arguments.get(program.task_id, ()))
            ]
            steps.append({**_bounds(stage, limits), "argv": argv, "environment": step.environment})
    return {"id": serial, "files": {language.source_name: program.source}, "steps": steps}


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


def outcome_of(reply: dict[str, Any], serial: int) -> tuple[Outcome, bool]:
    """A reply's outcome, and whether the sandbox is clean after it.

    Raises SandboxError for a fault, for the reply to another job, and for one that lacks facts.
    """
    if reply.get("id") != serial:
        raise SandboxError(f"the sandbox answers job {reply.get('id')!r} where {serial} was asked")
    if "fault" in reply:
        raise SandboxError(f"the sandbox failed: {reply['fault']}")
    facts, clean = reply.get("outcome"), reply.get("clean")
    names = {field.name for field in fields(Outcome)}
    if not isinstance(facts, dict) or set(facts) != names or not isinstance(clean, bool):
        raise SandboxError(f"the sandbox's reply lacks facts (it has {sorted(reply)}): rebuild the images")
    return Outcome(**facts), clean
