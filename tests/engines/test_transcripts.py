from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from humaneval_x.engines.codegen.transcript import Transcript

BYTES = [bytes([byte]) for byte in range(256)] + [b"", b"\n}\n", "é".encode()]
END = 256


def never(text: str) -> bool:
    return text is None


def fed(tokens: list[int], *, rule: Callable[[str], bool] = never, limit: int = 1000, checks: int = 16) -> Transcript:
    transcript = Transcript(BYTES, frozenset({END}), rule, limit, checks=checks)
    for token in tokens:
        if transcript.append(token):
            break
    return transcript


@given(st.text(max_size=30))
def test_text_split_into_single_bytes_comes_back_whole(text: str) -> None:
    assert fed([*text.encode(), END]).text == text


@given(st.binary(max_size=30))
def test_bytes_that_are_no_utf8_become_replacement_characters_as_in_one_go(data: bytes) -> None:
    assert fed([*data, END]).text == data.decode("utf-8", "replace")


def test_a_character_appears_only_with_its_last_byte() -> None:
    transcript = fed([0xE2, 0x82])
    assert transcript.text == ""
    transcript.append(0xAC)
    assert transcript.text == "€"


def test_end_of_text_ends_the_sample_and_counts_as_a_token() -> None:
    transcript = fed([*b"ab", END, *b"cd"])
    assert (transcript.text, transcript.finish, transcript.tokens) == ("ab", "eos", 3)


def test_the_limit_ends_the_sample_with_an_unfinished_character_replaced() -> None:
    transcript = fed([*b"ab", 0xE2], limit=3)
    assert (transcript.text, transcript.finish, transcript.tokens) == ("ab\N{REPLACEMENT CHARACTER}", "length", 3)


@pytest.mark.parametrize("checks", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("tail", [[], [END], [*b"more text"]])
def test_the_cadence_of_the_stop_rule_never_changes_a_sample(checks: int, tail: list[int]) -> None:
    transcript = fed([*b"  return 1;", 257, *tail, END], rule=lambda text: "}" in text, checks=checks)
    assert (transcript.text, transcript.finish, transcript.tokens) == ("  return 1;\n}\n", "stop", 12)


def test_a_stop_rule_met_by_the_last_allowed_token_is_a_stop() -> None:
    assert fed([*b"a}"], rule=lambda text: "}" in text, limit=2).finish == "stop"


def test_tokens_after_the_end_are_ignored() -> None:
    transcript = fed([*b"a", END])
    assert transcript.append(98)
    assert (transcript.text, transcript.tokens) == ("a", 2)
