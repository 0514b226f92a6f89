"""Colours are told apart, from each other and from what they stand on, in the light and in the dark."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import vl_convert

from humaneval_x.reporting.charts.translation import translation
from humaneval_x.reporting.contents import build_contents
from humaneval_x.reporting.palette import SERIES, painted, read_colours
from humaneval_x.reporting.summary import read_summary
from humaneval_x.verdicts import STATUSES

SHADES = pytest.mark.parametrize("shade", [0, 1], ids=["light", "dark"])
GROUNDS = ("ground", "card", "quiet", "note")


def linear(colour: str) -> list[float]:
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def contrast(one: str, other: str) -> float:
    """By WCAG 2, section 1.4.3."""

    def luminance(colour: str) -> float:
        red, green, blue = linear(colour)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def oklab(colour: str) -> tuple[float, float, float]:
    """The colour in OKLab, in which equal distances look alike (bottosson.github.io/posts/oklab)."""
    red, green, blue = linear(colour)
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    middle = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    return (
        0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short,
    )


@SHADES
def test_text_and_its_ground_differ_enough(shade: int) -> None:
    colours = read_colours()
    for name in ("ink", "soft", "mark"):
        for ground in (*GROUNDS, "warn"):
            assert contrast(colours[name][shade], colours[ground][shade]) >= 4.5, (name, ground)


@SHADES
def test_lines_of_charts_and_their_ground_differ_enough(shade: int) -> None:
    colours = read_colours()
    for number in range(SERIES):
        assert contrast(colours[f"series-{number}"][shade], colours["card"][shade]) >= 3, number


@SHADES
def test_statuses_differ_enough_from_their_ground_and_from_each_other(shade: int) -> None:
    statuses = {name: read_colours()[name][shade] for name in (*STATUSES, "other")}
    for name, colour in statuses.items():
        for ground in GROUNDS:
            assert contrast(colour, read_colours()[ground][shade]) >= 3, (name, ground)
    for (one, colour), (other, second) in combinations(statuses.items(), 2):
        assert math.dist(oklab(colour), oklab(second)) >= 0.08, (one, other)


@SHADES
def test_every_figure_of_the_map_of_translation_can_be_read_on_its_cell(
    make_run: Callable[..., Path], shade: int
) -> None:
    run = make_run(tasks={"translation-go-to-python": ["Python/0"]})
    spec = translation(build_contents([read_summary(run)])).specs()[0]
    shares = [step / 1000 for step in range(1001)]
    spec["data"] = {"values": [{"source": "Go", "target": "Python", "value": share} for share in shares]}
    text = re.sub(r'"var:([\w-]+)"', lambda match: f'"{read_colours()[match[1]][shade]}"', json.dumps(spec))
    drawn = json.loads(text)
    svg = vl_convert.vegalite_to_svg({**drawn, "width": 300})
    cells = re.findall(r'<path aria-label="[^"]*pass@1: [^"]*"[^>]* fill="([^"]*)"', svg)
    figures = re.findall(r'<text aria-label="[^"]*"[^>]* fill="([^"]*)"[^>]*>[\d.]+</text>', svg)
    assert len(cells) == len(figures) == len(shares)
    worst = min(zip(map(contrast, map(as_hex, cells), map(as_hex, figures)), shares, strict=True))
    assert worst[0] >= 4.5, worst


def as_hex(colour: str) -> str:
    """Vega writes what it mixed as `rgb(1, 2, 3)`."""
    return (
        colour if colour.startswith("#") else "#" + "".join(f"{int(part):02x}" for part in re.findall(r"\d+", colour))
    )


@pytest.mark.parametrize("name", ["var:2B", "var:ink"])
def test_a_name_that_looks_like_a_colour_s_is_not_painted(name: str) -> None:
    spec: dict[str, Any] = {
        "title": {"text": name, "color": "var:ink"},
        "data": {"values": [{"model": name}]},
        "datasets": {"some": [{"model": name}]},
        "encoding": {"y": {"sort": [name]}, "color": {"scale": {"domain": [name], "range": ["var:series-0"]}}},
    }
    light = {colour: pair[0] for colour, pair in read_colours().items()}
    assert painted(spec) == {
        **spec,
        "title": {"text": name, "color": light["ink"]},
        "encoding": {"y": {"sort": [name]}, "color": {"scale": {"domain": [name], "range": [light["series-0"]]}}},
    }
