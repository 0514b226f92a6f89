from __future__ import annotations

import codecs
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from humaneval_x.engines.codegen.transcripts import Finished, TokenSigns, Transcripts

BYTES = [bytes([byte]) for byte in range(256)] + [b"", b"\n}\n", "é".encode(), b"\n    x", b"\nx", b"}}", b"{", b"  "]
END = 256
SIGNS = TokenSigns(BYTES, frozenset({END}))
WATCHES = ["always", "lines", "braces"]


def never(text: str) -> bool:
    return text is None


def closes(text: str) -> bool:
    return text.count("}") > text.count("{")


def starts_a_line(text: str) -> bool:
    return any(line[:1].strip() for line in text.split("\n")[1:])


@dataclass
class Fed:
    finished: Finished | None
    taken: int


def fed(
    tokens: list[int], *, rule: Callable[[str], bool] = never, watch: str = "always", limit: int = 1000, steps: int = 1
) -> Fed:
    """One sample in the middle slot of three, its tokens in blocks of `steps`."""
    transcripts = Transcripts(SIGNS, slots=3, capacity=1000)
    transcripts.begin(1, rule, watch, limit)
    for start in range(0, len(tokens), steps):
        block = np.full((steps, 3), -1, dtype=np.int32)
        block[: len(tokens[start : start + steps]), 1] = tokens[start : start + steps]
        endings = transcripts.read(block)
        if endings:
            assert list(endings) == [1]
            return Fed(endings[1](), start + steps)
    return Fed(None, len(tokens))


def one_by_one(tokens: list[int], rule: Callable[[str], bool], limit: int) -> Finished | None:
    """What a sample is, by definition: the rule is asked after every token."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    text = ""
    for count, token in enumerate(tokens, 1):
        if token != END:
            text += decoder.decode(BYTES[token])
            if rule(text):
                return Finished(text=text, finish="stop", tokens=count)
        if token == END or count == limit:
            text += decoder.decode(b"", final=True)
            return Finished(text=text, finish="eos" if token == END else "length", tokens=count)
    return None


TOKENS = st.lists(st.sampled_from([*range(32, 126), *range(257, len(BYTES)), 10, 0xE2, END]), max_size=150)


@given(
    TOKENS, st.integers(1, 9), st.integers(1, 160), st.sampled_from(WATCHES), st.sampled_from([closes, starts_a_line])
)
def test_neither_watch_nor_blocks_change_a_sample_that_ends(
    tokens: list[int], steps: int, limit: int, watch: str, rule: Callable[[str], bool]
) -> None:
    def stays(text: str) -> bool:
        """Stays met once it is, as the stop rules do."""
        return any(rule(text[:end]) for end in range(len(text) + 1))

    tokens = [*tokens, END]
    assert fed(tokens, rule=stays, watch=watch, limit=limit, steps=steps).finished == one_by_one(tokens, stays, limit)


@pytest.mark.parametrize(("watch", "rule"), [("braces", closes), ("lines", starts_a_line), ("always", closes)])
@pytest.mark.parametrize("steps", [1, 4])
def test_a_watched_rule_is_asked_as_soon_as_it_is_met(watch: str, rule: Callable[[str], bool], steps: int) -> None:
    text = (
        b"  if (x) { return 1; }\n  return 2;\n}\nint main() {" if rule is closes else b"    return x\n\ndef g():\n  z"
    )
    tokens = [*text]
    found = fed(tokens, rule=rule, watch=watch, steps=steps)
    assert found.finished == one_by_one(tokens, rule, 1000)
    assert found.finished is not None
    assert found.taken <= found.finished.tokens + max(steps, found.finished.tokens // 16) + steps


def test_a_rule_that_the_watch_misses_is_asked_now_and_then() -> None:
    asked: list[int] = []

    def long_enough(text: str) -> bool:
        asked.append(len(text))
        return len(text) >= 70

    found = fed([*b" " + b"x" * 300], rule=long_enough, watch="lines")
    assert found.finished == Finished(text=" " + "x" * 69, finish="stop", tokens=70)
    assert found.taken == 128


def test_a_rule_that_nothing_can_meet_is_never_asked() -> None:
    def fails(text: str) -> bool:
        raise AssertionError(text)

    assert fed([*b"}}\nx" * 30, END], rule=fails, watch="never").finished is not None


@given(st.text(max_size=30))
def test_text_split_into_single_bytes_comes_back_whole(text: str) -> None:
    found = fed([*text.encode(), END]).finished
    assert found is not None
    assert found.text == text


@given(st.binary(max_size=30))
def test_bytes_that_are_no_utf8_become_replacement_characters_as_in_one_go(data: bytes) -> None:
    found = fed([*data, END]).finished
    assert found is not None
    assert found.text == data.decode("utf-8", "replace")


def test_end_of_text_ends_the_sample_and_counts_as_a_token() -> None:
    assert fed([*b"ab", END, *b"cd"], steps=9).finished == Finished(text="ab", finish="eos", tokens=3)


def test_the_limit_ends_the_sample_with_an_unfinished_character_replaced() -> None:
    found = fed([*b"ab", 0xE2, 0x82], limit=3, steps=4).finished
    assert found == Finished(text="ab\N{REPLACEMENT CHARACTER}", finish="length", tokens=3)


def test_a_slot_s_next_sample_begins_anew_and_the_last_one_s_text_can_wait() -> None:
    transcripts = Transcripts(SIGNS, slots=1, capacity=8)
    transcripts.begin(0, closes, "braces", 2)
    [ending] = transcripts.read(np.array([[97], [98]], dtype=np.int32)).values()
    transcripts.begin(0, closes, "braces", 8)
    [other] = transcripts.read(np.array([[99], [END]], dtype=np.int32)).values()
    assert (ending().text, other().text) == ("ab", "c")
