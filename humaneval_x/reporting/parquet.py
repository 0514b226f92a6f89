"""The report's numbers as Parquet: the figures, and the counts of every problem that they come from."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import asdict, fields
from typing import Any

import pandas as pd

from humaneval_x.reporting.contents import Contents
from humaneval_x.reporting.curves import CurveRow, curve_rows
from humaneval_x.reporting.rows import FigureRow, figure_rows
from humaneval_x.summaries import COUNTS
from humaneval_x.text import plain

__all__ = ["curves_parquet", "figures_parquet", "problems_parquet"]

# More than a folder's name has: runs must keep their names apart, and have the same in all files.
_LONGEST = 400


def figures_parquet(contents: Contents) -> bytes:
    """A row for each `FigureRow`; what is undefined is null."""
    return _rows_parquet(FigureRow, figure_rows(contents))


def curves_parquet(contents: Contents) -> bytes:
    """A row for each `CurveRow`."""
    return _rows_parquet(CurveRow, curve_rows(contents.runs))


def problems_parquet(contents: Contents) -> bytes:
    """A row for each run and problem: `run`, then the columns of `summaries.COUNTS`."""
    import pyarrow as pa  # noqa: PLC0415  (heavy)

    schema = pa.schema(
        [(name, pa.string()) for name in ("run", *COUNTS[:3])] + [(name, pa.int64()) for name in COUNTS[3:]]
    )
    parts = [run.summary.counts[list(COUNTS)].assign(run=plain(run.summary.run_id, _LONGEST)) for run in contents.runs]
    counts = pd.concat(parts, ignore_index=True)
    for name in COUNTS[:3]:
        counts[name] = counts[name].map(plain)
    table = pa.Table.from_pandas(counts[schema.names], schema=schema, preserve_index=False)
    return _written(table.replace_schema_metadata())


def _rows_parquet(kind: type[FigureRow | CurveRow], rows: Iterable[FigureRow | CurveRow]) -> bytes:
    import pyarrow as pa  # noqa: PLC0415  (heavy)

    kinds = {"str": pa.string(), "int": pa.int64(), "float": pa.float64()}
    schema = pa.schema([(field.name, kinds[str(field.type).removesuffix(" | None")]) for field in fields(kind)])
    return _written(pa.Table.from_pylist([_plain_row(row) for row in rows], schema=schema))


def _plain_row(row: FigureRow | CurveRow) -> dict[str, Any]:
    return {name: plain(value, _LONGEST) if isinstance(value, str) else value for name, value in asdict(row).items()}


def _written(table: Any) -> bytes:
    import pyarrow.parquet as pq  # noqa: PLC0415  (heavy)

    file = io.BytesIO()
    pq.write_table(table, file, compression="zstd")
    return file.getvalue()
