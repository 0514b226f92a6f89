"""The report as one HTML file that needs nothing else: no script, no network, its one style sheet named by hash."""

from __future__ import annotations

import base64
import hashlib
from functools import cache

import jinja2
from markupsafe import Markup

from humaneval_x.reporting.contents import Contents
from humaneval_x.resources import resource_folder

__all__ = ["webpage"]


def webpage(contents: Contents) -> str:
    """The whole page. All text is escaped by the template engine; the policy forbids everything but the style."""
    environment = _environment()
    style = environment.get_template("style.css").render()
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    # The style sheet is the project's own file without any foreign text, so it goes in as it is.
    return environment.get_template("report.html").render(
        contents=contents, style=Markup(style), style_hash=f"sha256-{digest}"
    )


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(resource_folder("reports") / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
