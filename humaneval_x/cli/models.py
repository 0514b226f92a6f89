"""`humaneval-x models`."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from humaneval_x.reporting.published import PublishedRow

__all__ = ["command"]

_KS = (1, 10, 100)
_WIDTH = 110
_HEADINGS = ("model", "params", "shape", "16 bits", "32 bits", "cache kB", "published, Python")
_LEGEND = """\
shape      layers/hidden size/heads; all have a vocabulary of {vocabulary:,} and {positions:,} positions
16 bits    download, and memory for the weights on a GPU; 32 bits: memory for the weights on a CPU
cache kB   memory for each token of a prompt or sample, on a GPU/on a CPU
published  pass@1/10/100 in per cent; what we could not verify at its source is a dash"""


@click.command(name="models")
@click.option("--json", "as_json", is_flag=True, help="For machines: bytes, shares instead of per cent, all tasks.")
def command(as_json: bool) -> None:
    """List the checkpoints that --model knows by name: size, memory, published scores.

    `--model` takes the folder of any other CodeGen checkpoint too, and `smoke`, the small model of the package.
    """
    from humaneval_x.engines.codegen.zoo import ZOO  # noqa: PLC0415

    rows = [_facts(name) for name in ZOO]
    click.echo(json.dumps(rows, indent=2) if as_json else "\n".join(_table(rows)))


def _facts(name: str) -> dict[str, Any]:
    from humaneval_x.engines.codegen.zoo import shape_of  # noqa: PLC0415

    shape = shape_of(name)
    return {
        "name": name,
        "parameters": shape.parameters,
        "layers": shape.n_layer,
        "hidden": shape.n_embd,
        "heads": shape.n_head,
        "rotary": shape.rotary_dim,
        "vocabulary": shape.vocab_size,
        "positions": shape.n_positions,
        "download_bytes": 2 * shape.parameters,
        "weights_bytes": {"gpu": 2 * shape.parameters, "cpu": 4 * shape.parameters},
        "cache_bytes_per_token": {
            "gpu": 2 * shape.cache_elements_per_token,
            "cpu": 4 * shape.cache_elements_per_token,
        },
        "published": [
            {"task": row.task, "source": row.source.title, "scores": _scores(row)} for row in _published(name)
        ],
    }


def _published(name: str) -> list[PublishedRow]:
    from humaneval_x.reporting.published import read_published  # noqa: PLC0415

    # Salesforce/codegen-350M-mono is CodeGen-Mono-350M in papers.
    size, data = name.split("-")[1:]
    return [row for row in read_published() if row.model == f"CodeGen-{data.title()}-{size}"]


def _scores(row: PublishedRow) -> dict[str, dict[str, float]]:
    groups = dict.fromkeys(group for group, _ in row.scores)
    return {group: {str(k): row.scores[group, k] for k in _KS if (group, k) in row.scores} for group in groups}


def _table(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    from humaneval_x.reporting.wording import DASH, group_title  # noqa: PLC0415

    sources = list(
        dict.fromkeys(one["source"] for row in rows for one in row["published"] if one["task"] == "generation")
    )
    figures = {row["name"]: dict(_figures(row, sources)) for row in rows}
    yield from _columns([_HEADINGS, *(_cells(row, figures[row["name"]].get("python", DASH)) for row in rows)])
    others = [
        (name, group_title(group), text)
        for name, found in figures.items()
        for group, text in found.items()
        if group != "python"
    ]
    if others:
        yield "\npublished, other languages"
        yield from _columns(others)
    yield ""
    yield _LEGEND.format(vocabulary=rows[0]["vocabulary"], positions=rows[0]["positions"])
    for number, source in enumerate(sources, 1):
        yield textwrap.fill(f"[{number}]{'':8}{source}", _WIDTH, subsequent_indent=" " * 11)


def _figures(row: dict[str, Any], sources: list[str]) -> Iterator[tuple[str, str]]:
    """A model's groups, and their generation figures with the number of their source."""
    from humaneval_x.reporting.wording import DASH, published_percent  # noqa: PLC0415

    for one in row["published"]:
        if one["task"] == "generation":
            for group, scores in one["scores"].items():
                shown = "/".join(published_percent(scores[str(k)]) if str(k) in scores else DASH for k in _KS)
                yield group, f"{shown} [{sources.index(one['source']) + 1}]"


def _cells(row: dict[str, Any], figures: str) -> tuple[str, ...]:
    weights, cache = row["weights_bytes"], row["cache_bytes_per_token"]
    return (
        row["name"],
        f"{row['parameters'] / 1e9:.2f} B",
        f"{row['layers']}/{row['hidden']}/{row['heads']}",
        f"{row['download_bytes'] / 1e9:.1f} GB",
        f"{weights['cpu'] / 1e9:.1f} GB",
        f"{cache['gpu'] / 1e3:.0f}/{cache['cpu'] / 1e3:.0f}",
        figures,
    )


def _columns(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
