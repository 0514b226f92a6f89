from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from humaneval_x.errors import DataError
from humaneval_x.jsonl import parse_row, read_rows

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**90), 10**90)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), JSON, max_size=5), st.booleans())
def test_every_json_object_is_read_back_as_it_was(row: dict[str, object], ascii_only: bool) -> None:
    assert parse_row(json.dumps(row, ensure_ascii=ascii_only).encode() + b"\n", "f:1") == row


@given(st.binary(max_size=60))
def test_arbitrary_bytes_give_an_object_or_a_data_error(line: bytes) -> None:
    try:
        assert isinstance(parse_row(line, "samples.jsonl:7"), dict)
    except DataError as error:
        assert str(error).startswith("samples.jsonl:7: ")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"{", "not JSON"),
        (b"", "not JSON"),
        (b'{"a": 1} {"b": 2}', "not JSON"),
        (b"{'a': 1}", "not JSON"),
        (b'{"a": "\x00"}', "not JSON"),
        (b"[1]", "a JSON list, not an object"),
        (b'"text"', "a JSON string, not an object"),
        (b"null", "a JSON null, not an object"),
        (b'\xef\xbb\xbf{"a": 1}', "byte order mark"),
        (b'{"a": "\xff"}', "byte 7 is not UTF-8"),
        (b'{"a": "\xed\xa0\x80"}', "is not UTF-8"),
        (b'{"a": 1, "b": 2, "a": 1}', "key 'a' stands twice"),
        (b'{"o": {"k": 1, "k": 2}}', "key 'k' stands twice"),
        (b'{"a": NaN}', "NaN is not JSON"),
        (b'{"a": -Infinity}', "-Infinity is not JSON"),
        (b'{"a": 1e999}', "overflows"),
        (b'{"a": ' + b"9" * 5000 + b"}", "an integer of 5000 digits"),
        (b'{"a": ' + b"[" * 200_000 + b"]" * 200_000 + b"}", "nested too deeply"),
        (b'{"a":' * 200_000 + b"1" + b"}" * 200_000, "nested too deeply"),
    ],
    ids=lambda value: repr(value[:20]),
)
def test_a_line_that_is_not_one_strict_object_is_refused_with_its_place(line: bytes, said: str) -> None:
    with pytest.raises(DataError, match=r"^data/x\.jsonl:12: ") as caught:
        parse_row(line, "data/x.jsonl:12")
    assert said in str(caught.value)


def test_a_lone_surrogate_in_an_escape_is_text() -> None:
    assert parse_row(b'{"a": "\\ud800"}', "f:1") == {"a": "\ud800"}


def test_rows_come_with_line_numbers_and_blank_lines_are_none(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"a": 1}\r\n\n  \n{"a": "\xe2\x80\xa8"}')
    assert list(read_rows(path)) == [(1, {"a": 1}), (4, {"a": "\u2028"})]


def test_a_torn_last_line_is_left_out_only_where_that_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"a": 1}\n{"a": 2}')
    assert [row["a"] for _, row in read_rows(path)] == [1, 2]
    assert [row["a"] for _, row in read_rows(path, drop_torn=True)] == [1]


def test_a_gz_suffix_means_gzip_and_nothing_else_does(tmp_path: Path) -> None:
    packed = tmp_path / "rows.jsonl.gz"
    packed.write_bytes(gzip.compress(b'{"a": 1}\n'))
    assert list(read_rows(packed)) == [(1, {"a": 1})]
    plain = tmp_path / "rows.jsonl"
    plain.write_bytes(packed.read_bytes())
    with pytest.raises(DataError, match="UTF-8"):
        list(read_rows(plain))


@pytest.mark.parametrize("cut", [3, 12, -4])
def test_a_torn_gzip_file_is_a_data_error(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"a": 1}\n' * 50)[:cut])
    with pytest.raises(DataError, match="not a complete gzip file"):
        list(read_rows(path))


def test_text_named_gz_is_a_data_error(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(b'{"a": 1}\n')
    with pytest.raises(DataError, match="not a complete gzip file"):
        list(read_rows(path))


def test_an_overlong_line_is_refused_without_being_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(gzip.compress(b'{"a": 1}\n' + b" " * 10_000_000))
    with pytest.raises(DataError, match=r"rows\.jsonl\.gz:2: longer than 1000 bytes"):
        list(read_rows(path, max_line_bytes=1000))


@pytest.mark.parametrize("name", ["absent.jsonl", "absent.jsonl.gz", "."])
def test_a_file_that_cannot_be_read_is_a_data_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        list(read_rows(tmp_path / name))
