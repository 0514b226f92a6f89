"""Addresses of samples in the sample browser that lies beside a report."""

from __future__ import annotations

from urllib.parse import urlencode

__all__ = ["SAMPLES_PAGE", "samples_link"]

SAMPLES_PAGE = "samples.html"
"""The sample browser's page in the report's folder."""


def samples_link(run: str, **filters: str) -> str:
    """The page showing the samples of that run that the filters leave (`choice.js` has their names)."""
    # A folder's name need not be UTF-8; no page could name such a run.
    return f"{SAMPLES_PAGE}#{urlencode({'run': run, **filters}, errors='replace')}"
