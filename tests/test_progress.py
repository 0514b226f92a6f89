from __future__ import annotations

import io

import pytest

from humaneval_x.cli.progress import TerminalProgress


class Clock:
    """Shows the time that it was set to."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def frames(stream: io.StringIO) -> list[str]:
    """What a bar has shown, oldest first."""
    return [frame.strip() for frame in stream.getvalue().replace("\x1b[A", "").split("\r") if frame.strip()]


def drawn(stream: io.StringIO, *, every: float, samples: int, done: int = 0, total: int = 400) -> list[str]:
    """The lines of a run that draws `samples` of 100 tokens each."""
    clock = Clock()
    with TerminalProgress("generate", stream=stream, clock=clock) as progress:
        progress.begin(total=total, done=done, unit="sample")
        for number in range(1, samples + 1):
            clock.now += every
            progress.advance(tokens=100 * number)
    return stream.getvalue().splitlines()


def test_a_plain_line_says_tokens_their_rate_and_the_time_left() -> None:
    lines = drawn(io.StringIO(), every=1.0, samples=14)
    assert lines[0] == "generate: 400 samples"
    assert lines[1] == "generate: 2/400 samples, 1.0 samples/s, 200 tokens, 100 tokens/s"
    assert lines[2] == "generate: 12/400 samples, 1.0 samples/s, 1,200 tokens, 100 tokens/s, 6 min left"
    assert lines[-1].startswith("generate: 14/400 samples")
    assert len(lines) == 4


def test_too_few_steps_to_tell_say_no_time_left() -> None:
    assert "left" not in drawn(io.StringIO(), every=4.0, samples=1, total=32_800)[1]
    assert "left" in drawn(io.StringIO(), every=0.2, samples=10, total=32_800)[1]
    assert "left" in drawn(io.StringIO(), every=4.0, samples=1, total=100)[1]


def test_the_first_plain_line_comes_within_seconds_and_the_others_seldom() -> None:
    lines = drawn(io.StringIO(), every=0.25, samples=150)
    assert [int(line.split()[1].split("/")[0]) for line in lines[1:]] == [8, 48, 88, 128, 150]


def test_what_an_earlier_call_drew_makes_neither_the_rate_nor_the_time_left_better() -> None:
    lines = drawn(io.StringIO(), every=2.0, samples=1, done=390)
    assert lines[0] == "generate: 400 samples, 390 of them done before"
    assert lines[1] == "generate: 391/400 samples, 0.5 samples/s, 100 tokens, 50.0 tokens/s, 18 s left"


def test_nothing_is_left_at_the_end() -> None:
    lines = drawn(io.StringIO(), every=1.0, samples=3, total=3)
    assert lines[-1] == "generate: 3/3 samples, 1.0 samples/s, 300 tokens, 100 tokens/s"


def test_what_is_all_done_before_says_nothing() -> None:
    assert drawn(io.StringIO(), every=1.0, samples=0, done=400) == []


def test_a_bar_shows_the_same_facts() -> None:
    terminal = Terminal()
    drawn(terminal, every=0.5, samples=4, done=390)
    last = frames(terminal)[-1]
    assert "394/400" in last
    assert last.endswith("2.0 samples/s, 400 tokens, 200 tokens/s, 3 s left")


def test_a_bar_is_not_redrawn_for_every_step() -> None:
    terminal = Terminal()
    drawn(terminal, every=0.001, samples=3_000, total=3_000)
    assert 10 < len(frames(terminal)) < 40
    assert "3000/3000" in frames(terminal)[-1]


@pytest.mark.parametrize(
    ("every", "said"), [(0.0125, "80.0 samples/s"), (0.0005, "2,000 samples/s"), (40.0, "0.025 samples/s")]
)
def test_a_rate_is_readable_at_any_speed(every: float, said: str) -> None:
    assert said in drawn(io.StringIO(), every=every, samples=160)[-1]


@pytest.mark.parametrize(("every", "said"), [(0.25, "99 s left"), (10.0, "66 min left"), (40.0, "4.4 h left")])
def test_the_time_left_is_readable_at_any_length(every: float, said: str) -> None:
    assert drawn(io.StringIO(), every=every, samples=4)[-1].endswith(said)


def test_facts_that_are_no_tokens_are_shown_without_a_rate() -> None:
    clock, stream = Clock(), io.StringIO()
    with TerminalProgress("evaluate", stream=stream, clock=clock) as progress:
        progress.begin(total=4, unit="sample")
        clock.now += 4
        progress.advance(passed=1, unjudged=0)
    assert stream.getvalue().splitlines()[-1] == (
        "evaluate: 1/4 samples, 0.25 samples/s, 1 passed, 0 unjudged, 12 s left"
    )
