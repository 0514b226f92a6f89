"""Other harnesses' files: each format is one module that reads its samples and writes samples and results.

A new format is a module here and an entry in `FORMATS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from humaneval_x.errors import DataError, UsageError
from humaneval_x.formats import bigcode, codegeex, evalplus, humaneval, multipl_e, native
from humaneval_x.formats.content import Content, Judged
from humaneval_x.formats.given import GivenSample, Source, Stated
from humaneval_x.jsonl import open_bytes, read_rows

__all__ = ["FORMATS", "Content", "Format", "GivenSample", "Judged", "Source", "Stated", "format_named", "recognised"]


Reader = Callable[[Source], Iterator[GivenSample]]
Writer = Callable[[Path, Content], Iterator[Path]]


def _no_folder(_path: Path) -> bool:
    return False


def _nothing_stated(_path: Path) -> Stated:
    return Stated()


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A format of samples files.

    `read` gives the samples one after the other, `write_samples` and `write_results` write one task's into a folder and
    give the paths; they raise DataError, UsageError, StorageError. `recognises` looks at a file's first object,
    `recognises_folder` at a folder's names; `stated` reads what a file says of how its samples were drawn. `lost` are
    the facts of a sample that the format cannot hold.
    """

    name: str
    title: str
    read: Reader
    write_samples: Writer
    write_results: Writer
    recognises: Callable[[Mapping[str, object]], bool]
    recognises_folder: Callable[[Path], bool] = _no_folder
    stated: Callable[[Path], Stated] = _nothing_stated
    lost: tuple[str, ...] = ()


_ORDER_ONLY = (
    "completion ids but for their order",
    "finish",
    "tokens",
    "seed",
    "a chat's whole answer and its includes",
)

FORMATS = {
    each.name: each
    for each in (
        Format(
            name="humaneval-x",
            title="this harness",
            read=native.read,
            write_samples=native.write_samples,
            write_results=native.write_results,
            recognises=native.recognises,
        ),
        Format(
            name="codegeex",
            title="CodeGeeX",
            read=codegeex.read,
            write_samples=codegeex.write_samples,
            write_results=codegeex.write_results,
            recognises=codegeex.recognises,
        ),
        Format(
            name="human-eval",
            title="human-eval",
            read=humaneval.read,
            write_samples=humaneval.write_samples,
            write_results=humaneval.write_results,
            recognises=humaneval.recognises,
        ),
        Format(
            name="evalplus",
            title="EvalPlus",
            read=evalplus.read,
            write_samples=evalplus.write_samples,
            write_results=evalplus.write_results,
            recognises=evalplus.recognises,
            recognises_folder=evalplus.recognises_folder,
        ),
        Format(
            name="bigcode",
            title="the bigcode evaluation harness",
            read=bigcode.read,
            write_samples=bigcode.write_samples,
            write_results=bigcode.write_results,
            recognises=bigcode.recognises,
            lost=_ORDER_ONLY,
        ),
        Format(
            name="multipl-e",
            title="MultiPL-E",
            read=multipl_e.read,
            write_samples=multipl_e.write_samples,
            write_results=multipl_e.write_results,
            recognises=multipl_e.recognises,
            recognises_folder=multipl_e.recognises_folder,
            stated=multipl_e.stated,
            lost=_ORDER_ONLY,
        ),
    )
}
"""Name for `--format` -> the format."""


def format_named(name: str) -> Format:
    """The format of that name. Raises UsageError for an unknown one."""
    try:
        return FORMATS[name]
    except KeyError as error:
        raise UsageError(f"no format {name!r}: the formats are auto, {', '.join(FORMATS)}") from error


def recognised(path: Path) -> Format:
    """The format of that file or folder, by its first sample.

    Raises UsageError if it does not exist, DataError if it is none of them.
    """
    if path.is_dir():
        for found in FORMATS.values():
            if found.recognises_folder(path):
                return found
        raise UsageError(f"{path} is neither a run nor a folder of samples: it holds no file whose name a format knows")
    if not path.is_file():
        raise UsageError(f"{path} does not exist: give a run's folder or a samples file")
    if _is_list(path):
        return FORMATS["bigcode"]
    row = _first_object(path)
    for found in FORMATS.values():
        if found.recognises(row):
            return found
    held = ", ".join(sorted(row)[:8])
    raise DataError(
        f"{path}: the first row holds {held or 'nothing'}, which is no sample of a known format: they are "
        f"{', '.join(FORMATS)}; --format names one"
    )


def _is_list(path: Path) -> bool:
    try:
        with open_bytes(path) as file:
            return file.read(1 << 12).lstrip().startswith(b"[")
    except (OSError, EOFError) as error:
        raise DataError(f"{path}: cannot be read: {error}") from error


def _first_object(path: Path) -> Mapping[str, object]:
    for _, row in read_rows(path):
        return row
    raise DataError(f"{path}: holds no sample")
