"""What every chart is: panels in the Vega-Lite grammar with what must be said around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import altair as alt

from humaneval_x.reporting.measured import Measured
from humaneval_x.reporting.palette import SERIES
from humaneval_x.text import plain

__all__ = [
    "ROW",
    "AnyChart",
    "Figure",
    "Key",
    "Panel",
    "run_labels",
    "series_colour",
    "series_dashes",
    "series_keys",
    "shares",
]

AnyChart: TypeAlias = "alt.Chart | alt.LayerChart"

# Lengths of line and gap.
_DASHES: tuple[tuple[int, ...], ...] = (
    (1, 0), (7, 3), (2, 2), (9, 3, 2, 3), (14, 4), (5, 2, 1, 2), (1, 4), (9, 3, 2, 3, 2, 3),
)  # fmt: skip

ROW = 26
"""Pixels from one row to the next in a chart with a row for each run or group."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """An entry of a legend: its name, the colour's name, a line's dashes (empty: a filled box).

    `ours` says that the name is a word of the interface, to be translated.
    """

    name: str
    colour: str
    dashes: tuple[int, ...] = ()
    ours: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Panel:
    """One pane. The chart has neither width nor title: a page gives both, a file `width` pixels and the title.

    Colours in it are `var:<name>`. `ours` says that the title is a word of the interface.
    """

    title: str
    chart: AnyChart
    width: int = 240
    ours: bool = True


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Figure:
    """A chart of one or more panels, `columns` of them side by side in a file.

    `text` tells how to read it; `heat` that its colours run over shares and need that scale as a legend. In data and
    axes the fields named in `ours` hold words of the interface. `wide` panels take a page's whole width each, `pixels`
    says that there are too many marks to be elements of the page.
    """

    name: str
    title: str
    text: str
    panels: tuple[Panel, ...]
    keys: tuple[Key, ...] = ()
    columns: int = 3
    heat: bool = False
    wide: bool = False
    pixels: bool = False
    ours: tuple[str, ...] = ()

    def specs(self) -> list[dict[str, Any]]:
        """Each panel's specification for a page: as wide as its place there."""
        return [_lean(panel.chart.properties(width="container").to_dict()) for panel in self.panels]

    def whole(self) -> dict[str, Any]:
        """The specification of the whole figure, for a file."""
        panes = [
            panel.chart.properties(width=panel.width, title=alt.Title(panel.title, anchor="start", fontSize=12))
            for panel in self.panels
        ]
        chart = alt.concat(*panes, columns=self.columns, title=alt.Title(self.title, fontSize=15, offset=12))
        found: dict[str, Any] = _still(chart.to_dict())
        return found


def run_labels(runs: Sequence[Measured]) -> dict[str, str]:
    """Run id -> what charts call the run: as little of its model, and then its id, as tells it from the others.

    A hub's models are `owner/name`, a folder's are paths: charts have room for the last part alone.
    """
    whole = list(dict.fromkeys(run.summary.model for run in runs))
    last = [model.rstrip("/").rpartition("/")[2] for model in whole]
    short = dict(zip(whole, last if len(set(last)) == len(whole) and all(last) else whole, strict=True))
    models = [_brief(short[run.summary.model]) for run in runs]
    labels = [
        model if models.count(model) == 1 else f"{model} · {_brief(run.summary.run_id)}"
        for run, model in zip(runs, models, strict=True)
    ]
    # What is still the same differed in what was cut out.
    return {
        run.summary.run_id: label if labels.count(label) == 1 else f"{label} #{position}"
        for position, (run, label) in enumerate(zip(runs, labels, strict=True), 1)
    }


def _brief(name: str) -> str:
    """A name in 60 characters, its beginning and its end."""
    return plain(name if len(name) <= 60 else f"{name[:29]}…{name[-30:]}", 60)


def series_colour(position: int) -> str:
    """The name of the colour of the run at that position."""
    return f"series-{position % SERIES}"


def series_dashes(position: int) -> tuple[int, ...]:
    """Lengths of line and gap of that run's line: runs of one colour differ in them, while there are enough."""
    return _DASHES[(position + position // SERIES) % len(_DASHES)]


def series_keys(labels: Sequence[str]) -> tuple[Key, ...]:
    """A legend of lines, one for each run."""
    return tuple(
        Key(name=label, colour=series_colour(position), dashes=series_dashes(position))
        for position, label in enumerate(labels)
    )


def shares(title: str, **more: Any) -> alt.Axis:
    """An axis of shares, written in per cent."""
    return alt.Axis(title=title, format=".0%", values=[0, 0.25, 0.5, 0.75, 1], **more)


def _still(spec: Any) -> Any:
    """Without the points on lines, which are there for a pointer to find."""
    if isinstance(spec, dict):
        kept = {key: _still(value) for key, value in spec.items() if key not in {"datasets", "values"}}
        if isinstance(kept.get("mark"), dict):
            kept["mark"].pop("point", None)
        return {**spec, **kept}
    return [_still(value) for value in spec] if isinstance(spec, list) else spec


def _lean(spec: dict[str, Any]) -> dict[str, Any]:
    """Without what the page says once for all panels; data in place, since each panel has its own."""
    lean = {name: value for name, value in spec.items() if name not in {"$schema", "config", "datasets"}}
    datasets = spec.get("datasets", {})
    return {name: _with_data(value, datasets) for name, value in lean.items()} if datasets else lean


def _with_data(value: Any, datasets: dict[str, Any]) -> Any:
    """With each named table in the place of its name; layers may have tables of their own."""
    if isinstance(value, dict):
        if set(value) == {"name"} and value["name"] in datasets:
            return {"values": datasets[value["name"]]}
        return {name: _with_data(inner, datasets) for name, inner in value.items()}
    return [_with_data(inner, datasets) for inner in value] if isinstance(value, list) else value
