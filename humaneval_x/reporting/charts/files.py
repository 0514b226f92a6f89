"""The charts as files for papers and slides: SVG, and PNG at twice the size, in the light colours."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from humaneval_x.reporting.charts import figures_of
from humaneval_x.reporting.charts.config import config
from humaneval_x.reporting.contents import Contents
from humaneval_x.reporting.palette import painted

__all__ = ["chart_files", "chart_specs", "pictures"]

_FONT = "DejaVu Sans, Helvetica Neue, Arial, sans-serif"


def chart_files(contents: Contents) -> dict[str, bytes]:
    """Name of the file -> its bytes, two for each chart. The same contents give the same bytes on one machine."""
    return pictures(chart_specs(contents))


def chart_specs(contents: Contents) -> dict[str, dict[str, Any]]:
    """Name of the chart -> its specification as a file shows it, colours by name."""
    return {name: figure.whole() for name, figure in figures_of(contents).items()}


def pictures(specs: Mapping[str, dict[str, Any]]) -> dict[str, bytes]:
    """What `chart_files` gives, of these specifications."""
    import vl_convert  # noqa: PLC0415  (heavy)

    files = {}
    for name, whole in specs.items():
        spec = painted(whole)
        spec["config"] = painted({**config(_FONT), "background": "#ffffff", "padding": 12})
        version = _grammar(spec)
        svg = _renumbered(vl_convert.vegalite_to_svg(json.dumps(spec), vl_version=version))
        files[f"charts/{name}.svg"] = svg.encode()
        files[f"charts/{name}.png"] = vl_convert.svg_to_png(svg, scale=2)
    return files


def _renumbered(svg: str) -> str:
    """With the picture's own numbers of gradients and clips: the converter counts on from one picture to the next."""
    numbers: dict[str, int] = {}

    def own(match: re.Match[str]) -> str:
        return f"{match[1]}{match[2]}{numbers.setdefault(match[2] + match[3], len(numbers))}"

    return re.sub(r'(\bid="|url\(#)(clip|gradient_)(\d+)', own, svg)


def _grammar(spec: dict[str, Any]) -> str:
    """The version of Vega-Lite that the specification is written in, as far as the converter tells them apart."""
    return ".".join(str(spec["$schema"]).rpartition("/v")[2].split(".")[:2])
