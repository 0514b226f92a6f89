"""How all charts look, in the colours of the page."""

from __future__ import annotations

from typing import Any

__all__ = ["config"]


def config(font: str) -> dict[str, Any]:
    """Vega-Lite's `config`; colours are `var:<name>`."""
    return {
        "font": font,
        "view": {"stroke": None},
        "axis": {
            "labelColor": "var:soft",
            "titleColor": "var:soft",
            "domainColor": "var:line",
            "tickColor": "var:line",
            "gridColor": "var:line",
            "labelFontSize": 11,
            "titleFontSize": 11,
            "titleFontWeight": "normal",
            "titlePadding": 8,
            "labelPadding": 5,
        },
        "axisY": {"domain": False, "ticks": False},
        "legend": {
            "labelColor": "var:ink",
            "titleColor": "var:soft",
            "titleFontWeight": "normal",
            "labelFontSize": 11,
            "titleFontSize": 11,
        },
        "title": {"color": "var:ink", "fontWeight": 600},
    }
