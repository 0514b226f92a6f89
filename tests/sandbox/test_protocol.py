"""Frames, jobs and outcomes, with the other end of a socket pair as the supervisor."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from humaneval_x.errors import SandboxError
from humaneval_x.languages import Step, read_language
from humaneval_x.records import MAX_SOURCE_BYTES, Limits, Program
from humaneval_x.sandbox import Declined
from humaneval_x.sandbox.protocol import Connection, Reply, Usage, job_of, read_reply, wall_budget_s
from humaneval_x.sandbox.slot import RECYCLE_AFTER, SupervisedSlot
from humaneval_x.verdicts import not_run

FACTS = asdict(not_run(""))


@pytest.fixture
def ends() -> Iterator[tuple[Connection, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield Connection(ours, multiplexed=False), theirs


def frame(message: Any) -> bytes:
    body = json.dumps(message).encode()
    return struct.pack(">I", len(body)) + body


@given(
    messages=st.lists(st.dictionaries(st.text(), st.integers() | st.text(), max_size=3), max_size=4),
    cuts=st.lists(st.integers(1, 40), min_size=1),
    notes=st.binary(max_size=20),
)
def test_messages_arrive_whole_however_the_engine_cuts_the_stream(
    messages: list[dict[str, Any]], cuts: list[int], notes: bytes
) -> None:
    stream = b"".join(map(frame, messages))
    wrapped, position, turn = b"", 0, 0
    while position < len(stream):
        size = cuts[turn % len(cuts)]
        part = stream[position : position + size]
        wrapped += struct.pack(">BxxxI", 2, len(notes)) + notes + struct.pack(">BxxxI", 1, len(part)) + part
        position, turn = position + size, turn + 1
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(wrapped)
        connection = Connection(ours, multiplexed=True)
        assert [connection.receive(5) for _ in messages] == messages


def test_what_is_sent_is_ascii_and_survives_surrogates(ends: tuple[Connection, socket.socket]) -> None:
    connection, theirs = ends
    connection.send({"files": {"main.py": "\ud800é"}}, 5)
    sent = theirs.recv(1 << 16)
    assert sent[4:].isascii() and struct.unpack(">I", sent[:4]) == (len(sent) - 4,)
    assert json.loads(sent[4:]) == {"files": {"main.py": "\ud800é"}}


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        (b"", "ended before it answered"),
        (b"\x00\x00", "ended before it answered"),
        (frame({"id": 1})[:-1], "ended before it answered"),
        (struct.pack(">I", 5) + b"x" * 5, "not JSON"),
        (frame([1]), "not an object"),
        (b"HTTP/1.1 400 Bad Request", "announces"),
    ],
)
def test_nonsense_and_a_lost_sandbox_are_errors(
    sent: bytes, message: str, ends: tuple[Connection, socket.socket]
) -> None:
    connection, theirs = ends
    theirs.sendall(sent)
    theirs.close()
    with pytest.raises(SandboxError, match=message):
        connection.receive(5)


def test_silence_ends_after_the_time_allowed(ends: tuple[Connection, socket.socket]) -> None:
    with pytest.raises(SandboxError, match="in time"):
        ends[0].receive(0.05)


def test_what_the_sandbox_wrote_to_stderr_is_in_the_message() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(struct.pack(">BxxxI", 2, 9) + b"no python")
        theirs.shutdown(socket.SHUT_WR)
        with pytest.raises(SandboxError, match="it says: no python"):
            Connection(ours, multiplexed=True).receive(5)


def program(task_id: str = "Python/3") -> Program:
    return Program(task_id=task_id, completion_id=0, language="python", source="pass", sha256="")


def test_a_job_has_the_steps_tokens_task_arguments_and_limits(limits: Limits) -> None:
    compile_step = Step(
        argv=("cc", "{wrappers}/start.c", "-m{memory_mb}"),
        environment={"A": "b"},
        task_arguments={"Python/3": ("-lx",)},
    )
    language = replace(read_language("python"), compile=compile_step, source_name="main.c")
    job = job_of([program(), program("Python/4")], language, limits, wrappers="/w", serial=5, fast=False)
    ours, other = job["programs"]
    assert (job["id"], job["fast"], ours["files"]) == (5, "", {"main.c": "pass"})
    first, last = ours["steps"]
    assert first["argv"] == ["cc", "/w/start.c", "-m256", "-lx"] and first["environment"] == {"A": "b"}
    assert (first["stage"], first["cpu_s"], first["marker"]) == ("compile", limits.compile_cpu_s, False)
    assert (last["stage"], last["cpu_s"], last["marker"]) == ("run", limits.run_cpu_s, True)
    assert other["steps"][0]["argv"][-1] == "-m256", "another task has no arguments of this one's"
    assert job_of([program()], language, limits, wrappers="/w", serial=5, fast=True)["fast"] == "/w/fast.py"
    assert wall_budget_s(language, limits) == 2 * limits.wall_s


def test_replies_become_values() -> None:
    reply = read_reply({"id": 3, "index": 4, "outcome": {**FACTS, "exit_code": 1}, "clean": False}, 3)
    assert reply == Reply(index=4, outcome=replace(not_run(""), exit_code=1), declined="", clean=False)
    reply = read_reply({"id": 3, "index": 0, "declined": "no server", "clean": True}, 3)
    assert reply == Reply(index=0, outcome=None, declined="no server", clean=True)
    assert read_reply({"id": 3, "end": True, "cpu_s": 2, "peak_mb": 3.5}, 3) == Usage(cpu_s=2.0, peak_mb=3.5)


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        ({"id": 2, "index": 0, "outcome": FACTS, "clean": True}, "answers job 2 where 3"),
        ({"id": 3, "fault": "no compiler"}, "no compiler"),
        ({"id": 3, "outcome": FACTS, "clean": True}, "lacks facts"),
        ({"id": 3, "index": 0, "outcome": FACTS}, "lacks facts"),
        ({"id": 3, "index": 0, "clean": True}, "lacks facts"),
        ({"id": 3, "index": "x", "outcome": FACTS, "clean": True}, "lacks facts"),
        ({"id": 3, "index": 0, "outcome": {**FACTS, "more": 1}, "clean": True}, "lacks facts"),
        ({"id": 3, "index": 0, "outcome": {}, "clean": True}, "lacks facts"),
        ({"id": 3, "end": True}, "lacks facts"),
    ],
)
def test_a_reply_that_is_no_outcome_is_an_error(reply: dict[str, Any], message: str) -> None:
    with pytest.raises(SandboxError, match=message):
        read_reply(reply, 3)


class Desk:
    """A box whose supervisor answers each job in turn with the messages that it was told to."""

    def __init__(self, answers: list[list[dict[str, Any]]]) -> None:
        ours, self._theirs = socket.socketpair()
        self.connection = Connection(ours, multiplexed=False)
        self.closed = False
        self._clerk = threading.Thread(target=self._serve, args=(answers,))
        self._clerk.start()

    def _serve(self, answers: list[list[dict[str, Any]]]) -> None:
        with self._theirs.makefile("rb") as jobs:
            for answer in answers:
                header = jobs.read(4)
                if not header:
                    return
                job = json.loads(jobs.read(*struct.unpack(">I", header)))
                self._theirs.sendall(b"".join(frame({"id": job["id"], **message}) for message in answer))

    def close(self) -> None:
        self.connection.close()
        self._clerk.join()
        self._theirs.close()
        self.closed = True


def slot_of(*desks: Desk) -> SupervisedSlot:
    waiting = iter(desks)
    return SupervisedSlot(read_language("python"), lambda _: next(waiting), wrappers="/w", fast=True, grace_s=20)


def judged(index: int = 0, *, clean: bool = True) -> dict[str, Any]:
    return {"index": index, "outcome": {**FACTS, "exit_code": index}, "clean": clean}


def declined(index: int) -> dict[str, Any]:
    return {"index": index, "declined": "no server", "clean": True}


END = {"end": True, "cpu_s": 1.5, "peak_mb": 20.0}
JUDGED = [judged(), END]


def test_a_box_is_kept_for_the_next_program(limits: Limits) -> None:
    desk = Desk([JUDGED, JUDGED])
    slot = slot_of(desk)
    slot.execute(program(), limits)
    slot.execute(program(), limits)
    assert slot.boxes == 1 and not desk.closed
    slot.close()
    assert desk.closed


def test_a_box_that_is_not_clean_is_replaced_and_its_outcome_counts(limits: Limits) -> None:
    first, second = Desk([[judged(clean=False), END]]), Desk([JUDGED])
    slot = slot_of(first, second)
    assert slot.execute(program(), limits) == replace(not_run(""), exit_code=0)
    assert first.closed
    slot.execute(program(), limits)
    assert slot.boxes == 2
    slot.close()


def test_a_box_is_replaced_for_other_limits_and_after_thousands_of_programs(limits: Limits) -> None:
    first, second, third = Desk([JUDGED]), Desk([JUDGED] * RECYCLE_AFTER), Desk([JUDGED])
    slot = slot_of(first, second, third)
    slot.execute(program(), limits)
    larger = replace(limits, memory_mb=512)
    for _ in range(RECYCLE_AFTER):
        slot.execute(program(), larger)
    assert first.closed and slot.boxes == 2 and not second.closed
    slot.execute(program(), larger)
    assert second.closed and slot.boxes == 3
    slot.close()


def test_a_fault_closes_the_box(limits: Limits) -> None:
    desk = Desk([[{"fault": "broken"}]])
    with pytest.raises(SandboxError, match="broken"):
        slot_of(desk).execute(program(), limits)
    assert desk.closed


def test_a_program_of_many_megabytes_is_an_outcome_without_any_box(limits: Limits) -> None:
    slot = slot_of()
    outcome = slot.execute(replace(program(), source="x" * (MAX_SOURCE_BYTES + 1)), limits)
    assert (outcome.stage, outcome.limit_hit, outcome.completed) == ("input", "disk", False)
    assert slot.boxes == 0


def numbered(count: int) -> list[Program]:
    return [replace(program(), completion_id=number) for number in range(count)]


def told(slot: SupervisedSlot, programs: list[Program], limits: Limits) -> dict[int, int | str | None]:
    """Completion id -> the exit code, or why it was declined."""
    return {
        each.completion_id: result.reason if isinstance(result, Declined) else result.exit_code
        for each, result in slot.execute_fast(programs, limits)
    }


def test_fast_answers_may_come_in_any_order_and_some_be_declined(limits: Limits) -> None:
    desk = Desk([[judged(2), declined(0), judged(1), END], JUDGED])
    slot = slot_of(desk)
    assert told(slot, numbered(3), limits) == {0: "no server", 1: 1, 2: 2}
    slot.execute(program(), limits)
    assert slot.boxes == 1 and (slot.cpu_s, slot.peak_mb) == (1.5, 20.0)
    slot.close()


def test_fast_programs_after_one_that_was_not_clean_go_to_the_next_box(limits: Limits) -> None:
    first, second = Desk([[judged(0), judged(1, clean=False), END]]), Desk([[judged(0), END]])
    slot = slot_of(first, second)
    assert told(slot, numbered(3), limits) == {0: 0, 1: 1, 2: 0}
    assert first.closed and slot.boxes == 2 and slot.cpu_s == 3.0
    slot.close()


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ([judged(0), judged(0), END], "answers twice"),
        ([judged(3), END], "program 3 of 3"),
        ([judged(-1), END], "program -1 of 3"),
        ([judged(0), {"fault": "broken"}], "broken"),
        ([END], "no program"),
    ],
)
def test_nonsense_among_fast_answers_closes_the_box_and_keeps_what_was_told(
    answer: list[dict[str, Any]], message: str, limits: Limits
) -> None:
    desk = Desk([answer])
    slot = slot_of(desk)
    kept = []
    with pytest.raises(SandboxError, match=message):
        for each, _ in slot.execute_fast(numbered(3), limits):
            kept.append(each.completion_id)
    assert kept in ([], [0]) and desk.closed


def test_a_fast_job_that_its_caller_leaves_early_closes_the_box(limits: Limits) -> None:
    desk = Desk([[judged(0), judged(1), END]])
    answers = slot_of(desk).execute_fast(numbered(2), limits)
    next(iter(answers))
    answers.close()  # type: ignore[attr-defined]
    assert desk.closed


def test_an_oversized_program_among_fast_ones_is_refused_alone(limits: Limits) -> None:
    huge = replace(program(), completion_id=9, source="x" * (MAX_SOURCE_BYTES + 1))
    slot = slot_of(Desk([[judged(0), END]]))
    assert told(slot, [huge, program()], limits) == {9: None, 0: 0}
    slot.close()
