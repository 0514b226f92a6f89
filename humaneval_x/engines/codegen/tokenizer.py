"""CodeGen's byte-level tokens, through the `tokenizers` library; never with prefix spaces or clean-up."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from humaneval_x.errors import DataError, EngineError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = ["END_OF_TEXT", "CodeTokenizer", "read_tokenizer"]

END_OF_TEXT = "<|endoftext|>"

_FILES = ("tokenizer.json", "vocab.json", "merges.txt", "added_tokens.json")


class CodeTokenizer:
    """Text to tokens, and each token to its bytes.

    `token_bytes` covers ids 0 to `vocab_size` - 1; ids that the model has but the tokenizer has not (CodeGen's
    vocabulary is padded) and special tokens stand for no bytes. `sha256` is that of the files it came from.
    """

    def __init__(self, tokenizer: Tokenizer, vocab_size: int, sha256: str, source: Path) -> None:
        self._tokenizer = tokenizer
        self.sha256 = sha256
        self.token_bytes = _bytes_of_tokens(tokenizer, vocab_size, source)
        self.end_of_text: int | None = tokenizer.token_to_id(END_OF_TEXT)

    def encode(self, text: str) -> list[int]:
        """The tokens of a text, nothing added before or after."""
        tokens: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return tokens


def read_tokenizer(folder: Path, vocab_size: int) -> CodeTokenizer:
    """The tokenizer in a checkpoint's folder: `tokenizer.json`, or `vocab.json` and `merges.txt` with added tokens.

    Raises DataError if files are missing, damaged, or name more tokens than the model's `vocab_size`.
    """
    try:
        import tokenizers  # noqa: PLC0415 (part of the [paddle] extra)
    except ImportError as error:
        raise EngineError("the package tokenizers is missing: pip install 'humaneval-x[paddle]'") from error
    present = [name for name in _FILES if (folder / name).is_file()]
    digest = hashlib.sha256()
    if "tokenizer.json" in present:
        source = folder / "tokenizer.json"
        digest.update(source.read_bytes())
        try:
            return CodeTokenizer(tokenizers.Tokenizer.from_file(str(source)), vocab_size, digest.hexdigest(), source)
        except DataError:
            raise
        except Exception as error:  # the library raises bare Exception
            raise DataError(f"{source}: not a tokenizer: {error}") from error
    if not {"vocab.json", "merges.txt"} <= set(present):
        raise DataError(f"{folder} holds neither tokenizer.json nor vocab.json and merges.txt: copy them there")
    for name in present:
        digest.update((folder / name).read_bytes())
    tokenizer = _from_vocabulary(folder, "added_tokens.json" in present)
    return CodeTokenizer(tokenizer, vocab_size, digest.hexdigest(), folder / "vocab.json")


def _from_vocabulary(folder: Path, has_added: bool) -> Tokenizer:
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers  # noqa: PLC0415

    try:
        vocabulary, merges = models.BPE.read_file(str(folder / "vocab.json"), str(folder / "merges.txt"))
        tokenizer = Tokenizer(models.BPE(vocabulary, merges))
    except Exception as error:  # the library raises bare Exception
        raise DataError(f"{folder}: vocab.json and merges.txt are no byte-level vocabulary: {error}") from error
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    if END_OF_TEXT in vocabulary:
        tokenizer.add_special_tokens([AddedToken(END_OF_TEXT, normalized=False, special=True)])
    if has_added:
        added = _read_added(folder / "added_tokens.json")
        for content, number in sorted(added.items(), key=lambda item: item[1]):
            tokenizer.add_tokens([AddedToken(content, normalized=False, special=False)])
            if tokenizer.token_to_id(content) != number:
                raise DataError(
                    f"{folder / 'added_tokens.json'}: {content!r} cannot have the id {number}, "
                    f"it follows as {tokenizer.token_to_id(content)}"
                )
    return tokenizer


def _read_added(path: Path) -> dict[str, int]:
    try:
        added: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: not a readable JSON file: {error}") from error
    if not isinstance(added, dict) or not all(isinstance(number, int) for number in added.values()):
        raise DataError(f"{path}: not an object of token ids")
    return added


def _bytes_of_tokens(tokenizer: Tokenizer, vocab_size: int, source: Path) -> list[bytes]:
    alphabet = _byte_of_character()
    table = [b""] * vocab_size
    added = tokenizer.get_added_tokens_decoder()
    for token, number in tokenizer.get_vocab(with_added_tokens=True).items():
        if number >= vocab_size:
            raise DataError(f"{source}: token {token!r} has the id {number}, but the model knows {vocab_size} tokens")
        if number in added:
            table[number] = b"" if added[number].special else added[number].content.encode()
            continue
        try:
            table[number] = bytes(alphabet[character] for character in token)
        except KeyError as error:
            raise DataError(f"{source}: token {token!r} is not byte-level, as CodeGen's are") from error
    return table


def _byte_of_character() -> dict[str, int]:
    """GPT-2's alphabet: printable bytes stand for themselves, the others for the characters from U+0100 on."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in set(printable)]
    table = {chr(byte): byte for byte in printable}
    table.update({chr(0x100 + place): byte for place, byte in enumerate(others)})
    return table
