"""Where a server is reached."""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx

from humaneval_x.errors import UsageError

__all__ = ["PATHS", "checked_base_url"]

PATHS = {"completions": "/completions", "chat": "/chat/completions"}
"""API -> what comes after the base URL."""

_EXAMPLE = "give what comes before /completions, such as http://127.0.0.1:8000/v1"


def checked_base_url(text: str) -> str:
    """The base URL without its last slash; `/v1` is neither added nor taken away.

    Raises UsageError if it is none, and if it holds a key or a password: those come from the environment.
    """
    if not text.strip():
        raise UsageError(f"the openai engine needs a base URL: {_EXAMPLE}")
    try:
        parts = urlsplit(text.strip())
        port = parts.port
        httpx.URL(text.strip())
    except (ValueError, httpx.InvalidURL) as error:
        raise UsageError(f"the base URL is none: {_EXAMPLE}") from error
    # Not quoted up to here: what is wrong with it may be a password in it.
    if "@" in parts.netloc:
        raise UsageError(
            "the base URL holds a user's name or a password: leave it out, and put the key into an environment variable"
        )
    if parts.query or parts.fragment or "?" in text or "#" in text:
        raise UsageError("the base URL has a query or a fragment, which may hold a key: leave it out")
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise UsageError(f"the base URL {text!r} is no address of http:// or https://: {_EXAMPLE}")
    return text.strip().rstrip("/")
