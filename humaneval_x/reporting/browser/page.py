"""The browser's page: one HTML file with its own style, scripts and words, which it names by hash."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

from humaneval_x.reporting.pages import data_block, page_environment, source_hash
from humaneval_x.reporting.palette import read_colours
from humaneval_x.resources import resource_folder
from humaneval_x.verdicts import STATUSES

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["LANGUAGES", "SCRIPTS", "page", "words"]

SCRIPTS = (
    "words.js",
    "text.js",
    "colours.js",
    "diff.js",
    "store.js",
    "choice.js",
    "list.js",
    "detail.js",
    "keys.js",
    "main.js",
)
"""The page's scripts in the order in which they stand in it, as one module."""

LANGUAGES = ("en", "zh")
"""The languages that the page speaks."""


@cache
def page() -> str:
    """The whole page. It holds nothing foreign: what models wrote comes from the files beside it, as text."""
    folder = _folder()
    script = "".join((folder / name).read_text(encoding="utf-8") for name in SCRIPTS)
    environment = page_environment(folder)
    statuses = [name for name in read_colours() if name in STATUSES]
    style = environment.get_template("style.css").render(colours=read_colours(), statuses=statuses)
    return environment.get_template("page.html").render(
        style=Markup(style),
        style_hash=source_hash(style),
        script=Markup(script),
        script_hash=source_hash(script),
        words=data_block(words()),
    )


def words() -> dict[str, Any]:
    """What the page says: name -> language -> words."""
    with (_folder() / "words.toml").open("rb") as file:
        return tomllib.load(file)


def _folder() -> Path:
    return resource_folder("reports") / "templates" / "samples"
