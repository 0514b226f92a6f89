"""Patches: small audited corrections of published problems, each with its reason.

A patch list is a TOML file of `[[patch]]` tables:

    task_id = "CPP/23"           the problem
    field = "test"               the published field to mend
    reason = "..."               what is wrong with it
    find = "strlen(\\"\\")"        text that stands in the field exactly once ...
    replace = "..."              ... and what stands there afterwards
    to_end = true                optional: the replaced text goes from `find` to the end of the field
    excerpt = { field = "prompt", first = "...", last = "..." }
                                 optional: `{excerpt}` in `replace` stands for the text of that published field from
                                 `first` (exactly once in it) to the first `last` after it, both included

Without `find`, `append` is added at the end of the field. Patches apply in the order of the list; published text is
quoted no longer than it takes to find the place.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from humaneval_x.errors import DataError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["Excerpt", "Patch", "apply_patches", "read_patches"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """Text of a published field, from `first` to the next `last`, both included."""

    field: str
    first: str
    last: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """One correction; the module's documentation says what each field means."""

    task_id: str
    field: str
    reason: str
    find: str = ""
    replace: str = ""
    append: str = ""
    to_end: bool = False
    excerpt: Excerpt | None = None


def read_patches(path: Path) -> dict[str, list[Patch]]:
    """Task id -> its patches, in the order of the list. Raises DataError for a list that is not well formed."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))["patch"]
    except (OSError, KeyError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataError(f"{path}: not a list of patches: {error!r}: reinstall the package or mend the list") from error
    found: dict[str, list[Patch]] = defaultdict(list)
    for number, table in enumerate(tables, 1):
        patch = _patch(table, f"{path}: patch {number}")
        found[patch.task_id].append(patch)
    return dict(found)


def apply_patches(row: dict[str, str], patches: list[Patch], where: str) -> dict[str, str]:
    """The published row, corrected. Raises DataError if a patch does not fit it exactly."""
    mended = dict(row)
    for patch in patches:
        place = f"{where}: the patch of {patch.task_id} {patch.field} ({patch.reason})"
        if patch.field not in mended:
            raise DataError(f"{place}: the problem has no such field")
        mended[patch.field] = _apply(patch, mended[patch.field], row, place)
    return mended


def _apply(patch: Patch, text: str, row: dict[str, str], place: str) -> str:
    if not patch.find:
        return text + patch.append
    if (times := text.count(patch.find)) != 1:
        raise DataError(f"{place}: {patch.find!r} stands there {times} times, not once")
    replacement = patch.replace
    if patch.excerpt is not None:
        replacement = replacement.replace("{excerpt}", _cut_out(patch.excerpt, row, place))
    head, _, tail = text.partition(patch.find)
    return head + replacement + ("" if patch.to_end else tail)


def _cut_out(excerpt: Excerpt, row: dict[str, str], place: str) -> str:
    source = row.get(excerpt.field, "")
    if (times := source.count(excerpt.first)) != 1:
        raise DataError(f"{place}: {excerpt.first!r} stands in {excerpt.field} {times} times, not once")
    start = source.index(excerpt.first)
    end = source.find(excerpt.last, start + len(excerpt.first))
    if end < 0:
        raise DataError(f"{place}: no {excerpt.last!r} in {excerpt.field} after {excerpt.first!r}")
    return source[start : end + len(excerpt.last)]


def _patch(table: dict[str, Any], where: str) -> Patch:
    try:
        excerpt = Excerpt(**table["excerpt"]) if "excerpt" in table else None
        patch = Patch(**{**table, "excerpt": excerpt})
    except TypeError as error:
        raise DataError(f"{where}: {error}: see humaneval_x/datasets/patches.py for its fields") from error
    if not patch.reason.strip():
        raise DataError(f"{where}: no reason given")
    if bool(patch.find) == bool(patch.append) or patch.find == patch.replace != "":
        raise DataError(f"{where}: give either `find` with another `replace`, or `append`")
    return patch
