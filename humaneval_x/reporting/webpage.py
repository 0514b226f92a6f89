"""The report as one HTML file that needs nothing else, its style sheet and scripts named by hash.

Nothing but those may act in it: the policy has no `unsafe-inline` and no `unsafe-eval`, for which Vega interprets its
expressions instead of compiling them. All text is escaped; charts and words are data blocks, which no browser executes.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import jinja2
from markupsafe import Markup

from humaneval_x.reporting.charts import figures_of
from humaneval_x.reporting.charts.config import config
from humaneval_x.reporting.charts.figures import Figure
from humaneval_x.reporting.contents import Contents
from humaneval_x.reporting.links import SAMPLES_PAGE
from humaneval_x.reporting.pages import data_block, page_environment, source_hash
from humaneval_x.reporting.palette import read_colours
from humaneval_x.reporting.words import Words
from humaneval_x.resources import resource_folder

__all__ = ["SCRIPTS", "webpage"]

SCRIPTS = ("settings.js", "tables.js", "charts.js")
"""The page's own scripts, in the order in which they run."""

_FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "PingFang SC", "Noto Sans CJK SC", sans-serif'
_SAID_BY_SCRIPTS = ("Dark", "Light", "HumanEval-X report")


def webpage(contents: Contents, words: Words | None = None) -> str:
    """The whole page, which keeps in `words` what it says."""
    words = words or Words()
    environment = _environment()
    style = environment.get_template("style.css").render(colours=read_colours())
    script = "".join(environment.get_template(name).render() for name in SCRIPTS)
    vega = _vega()
    figures = figures_of(contents)
    for text in _SAID_BY_SCRIPTS:
        words.say(text)

    def say(text: str) -> Markup:
        return Markup("<span data-word>{}</span>").format(words.say(text))

    charts = {name: data_block(_specs(figure, words)) for name, figure in figures.items()}
    # Style and scripts are the project's own files and Vega's without any foreign text, so they go in as they are.
    return environment.get_template("report.html").render(
        contents=contents,
        figures=figures,
        charts=charts,
        say=say,
        label=lambda text: Markup('aria-label="{}" data-label').format(words.say(text)),
        style=Markup(style),
        script=Markup(script),
        vega=Markup(vega),
        samples_page=SAMPLES_PAGE,
        numbers_beside=not contents.beside.isdisjoint({"md", "csv", "json", "parquet"}),
        hashes={"style": source_hash(style), "script": source_hash(script), "vega": source_hash(vega)},
        config=data_block(config(_FONT)),
        words=lambda: data_block(words.used),
    )


def _specs(figure: Figure, words: Words) -> dict[str, Any]:
    specs = figure.specs()
    for spec in specs:
        for title in _titles(spec):
            words.say(title)
    return {"specs": specs, "ours": figure.ours, "renderer": "canvas" if figure.pixels else "svg"}


def _titles(value: Any) -> list[str]:
    """All titles in a specification: those are words of the interface."""
    if isinstance(value, list):
        return [title for inner in value for title in _titles(inner)]
    if not isinstance(value, dict):
        return []
    found = [title for name, inner in value.items() if name != "data" for title in _titles(inner)]
    title = value.get("title")
    return [*found, title] if isinstance(title, str) else found


@cache
def _vega() -> str:
    """Vega, Vega-Lite and Vega-Embed in one script, which defines `vegaEmbed`."""
    import vl_convert  # noqa: PLC0415  (heavy)

    text: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    assert not any(odd in text for odd in ("</script", "<!--", "<script"))
    # Carriage returns would be newlines to the browser, and the hash another.
    return text.replace("\r\n", "\n").replace("\r", "\n")


@cache
def _environment() -> jinja2.Environment:
    return page_environment(resource_folder("reports") / "templates")
