"""The colours of pages and charts, from `reports/templates/colours.toml`, each in the light and in the dark."""

from __future__ import annotations

import sys
from functools import cache
from typing import Any

from humaneval_x.resources import resource_folder

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["HEAT", "SERIES", "painted", "read_colours"]

SERIES = 8
"""So many colours tell runs apart; beyond that the dashes of their lines do."""

HEAT = tuple(f"var:heat-{step}" for step in range(5))
"""From a share of nothing to one of all."""

_FOREIGN = frozenset({"values", "datasets", "domain", "sort", "text"})
"""Where a specification holds data and names, which are no colours even if a model is called `var:ink`."""


@cache
def read_colours() -> dict[str, tuple[str, str]]:
    """Name -> the colour in the light and in the dark."""
    path = resource_folder("reports") / "templates" / "colours.toml"
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    return {name: (light, dark) for name, (light, dark) in table.items()}


def painted(spec: Any) -> Any:
    """The chart's specification with the light colours in place of `var:<name>`, as files on white paper need it."""
    if isinstance(spec, dict):
        return {key: value if key in _FOREIGN else painted(value) for key, value in spec.items()}
    if isinstance(spec, list):
        return [painted(value) for value in spec]
    if isinstance(spec, str) and spec.startswith("var:"):
        return read_colours()[spec[4:]][0]
    return spec
