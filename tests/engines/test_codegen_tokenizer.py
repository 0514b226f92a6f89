from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_model import write_tokenizer

from humaneval_x.engines.codegen.tokenizer import END_OF_TEXT, CodeTokenizer, read_tokenizer
from humaneval_x.errors import DataError

tokenizers = pytest.importorskip("tokenizers", reason="the [paddle] extra is not installed")
pytestmark = pytest.mark.paddle


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tokenizer")
    write_tokenizer(path)
    return path


@pytest.fixture(scope="module")
def tokenizer(folder: Path) -> CodeTokenizer:
    return read_tokenizer(folder, 320)


def text_of(tokenizer: CodeTokenizer, tokens: list[int]) -> str:
    return b"".join(tokenizer.token_bytes[token] for token in tokens).decode("utf-8", "replace")


@given(text=st.text(max_size=40))
@settings(deadline=None)
def test_text_comes_back_from_its_tokens_unchanged(tokenizer: CodeTokenizer, text: str) -> None:
    if END_OF_TEXT not in text:
        assert text_of(tokenizer, tokenizer.encode(text)) == text


@given(tokens=st.lists(st.integers(1, 299), max_size=30))
@settings(deadline=None)
def test_any_tokens_read_as_the_library_itself_decodes_them(
    tokenizer: CodeTokenizer, folder: Path, tokens: list[int]
) -> None:
    library = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    assert text_of(tokenizer, tokens) == library.decode(tokens)


@pytest.mark.parametrize("text", ["a  ,  b .", " n't 's", "x\n\n\n    y\t\tz ", "  lead and trail  "])
def test_spaces_are_never_cleaned_up(tokenizer: CodeTokenizer, text: str) -> None:
    assert text_of(tokenizer, tokenizer.encode(text)) == text


def test_no_prefix_space_and_no_special_tokens_are_added(tokenizer: CodeTokenizer) -> None:
    assert b"".join(tokenizer.token_bytes[token] for token in tokenizer.encode("def")) == b"def"
    assert tokenizer.encode("") == []


def test_vocabulary_and_merges_give_the_same_tokens_as_tokenizer_json(tokenizer: CodeTokenizer, tmp_path: Path) -> None:
    write_tokenizer(tmp_path, whole=False)
    other = read_tokenizer(tmp_path, 320)
    text = "def f(x):\n    return x  # café 😀\n" + END_OF_TEXT
    assert other.encode(text) == tokenizer.encode(text)
    assert other.token_bytes == tokenizer.token_bytes
    assert other.end_of_text == tokenizer.end_of_text == 0


def test_added_whitespace_tokens_are_used_and_stand_for_their_text(tmp_path: Path) -> None:
    write_tokenizer(tmp_path, whole=False, added={" " * 8: 300, "\t\t": 301})
    tokenizer = read_tokenizer(tmp_path, 320)
    tokens = tokenizer.encode("a" + " " * 8 + "b\t\tc")
    assert {300, 301} <= set(tokens)
    assert text_of(tokenizer, tokens) == "a" + " " * 8 + "b\t\tc"


def test_padded_ids_and_end_of_text_stand_for_nothing(tokenizer: CodeTokenizer) -> None:
    assert len(tokenizer.token_bytes) == 320
    assert tokenizer.token_bytes[0] == b""
    assert set(tokenizer.token_bytes[300:]) == {b""}


def test_added_ids_that_leave_a_gap_are_an_error(tmp_path: Path) -> None:
    write_tokenizer(tmp_path, whole=False, added={"  ": 310})
    with pytest.raises(DataError, match="cannot have the id 310"):
        read_tokenizer(tmp_path, 320)


def test_more_tokens_than_the_model_knows_are_an_error(folder: Path) -> None:
    with pytest.raises(DataError, match="the model knows 200 tokens"):
        read_tokenizer(folder, 200)


def test_missing_or_damaged_files_are_errors_that_name_them(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds neither tokenizer"):
        read_tokenizer(tmp_path, 320)
    write_tokenizer(tmp_path, whole=False)
    (tmp_path / "vocab.json").write_text("{")
    with pytest.raises(DataError, match=r"vocab\.json and merges\.txt are no"):
        read_tokenizer(tmp_path, 320)
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(DataError, match=r"tokenizer\.json: not a tokenizer"):
        read_tokenizer(tmp_path, 320)


def test_a_tokenizer_that_is_not_byte_level_is_an_error(tmp_path: Path) -> None:
    tokenizers.Tokenizer(tokenizers.models.WordLevel({"漢字": 0, "a": 1}, unk_token="a")).save(
        str(tmp_path / "tokenizer.json")
    )
    with pytest.raises(DataError, match="not byte-level"):
        read_tokenizer(tmp_path, 320)


def test_the_hash_changes_with_the_files(tmp_path: Path) -> None:
    write_tokenizer(tmp_path, whole=False)
    before = read_tokenizer(tmp_path, 320).sha256
    write_tokenizer(tmp_path, whole=False, added={"  ": 300})
    assert read_tokenizer(tmp_path, 320).sha256 != before
