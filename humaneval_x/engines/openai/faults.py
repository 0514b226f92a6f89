"""What a reply's status means: try again, ask otherwise, or give up with advice. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timezone
from email.utils import parsedate_to_datetime

__all__ = ["BUSY", "LONGEST_PAUSE_S", "advice_for", "passes", "pause_asked_for"]

LONGEST_PAUSE_S = 120.0
"""A server that asks for a longer pause is asked again after this one."""

BUSY = 429
_PASSING = frozenset({408, 409, 425, BUSY})
_LASTING = frozenset({501, 505})
_NO_MONEY = "insufficient_quota"
_SERVER_FAULT = 500


def passes(status: int, codes: str) -> bool:
    """Whether the same request may be answered later; no waiting pays an account's bill."""
    if status in _PASSING:
        return _NO_MONEY not in codes
    return status >= _SERVER_FAULT and status not in _LASTING


def advice_for(status: int, key_variable: str, model: str) -> str:
    """What to do about a refusal."""
    if status == BUSY:
        return "the account behind the key has nothing left to spend"
    if status in (401, 403):
        return f"check the key in the environment variable {key_variable}, and that it may use the model {model!r}"
    if status in (404, 405):
        return f"check the model's name, {model!r}, and that the base URL is what comes before /completions"
    if 300 <= status < 400:
        return "redirects are not followed, lest the key goes to somebody else: give the address that it points to"
    return "change the options that it names"


def pause_asked_for(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that `Retry-After` asks for, capped; None without one. `now` is in seconds since the epoch."""
    text = headers.get("retry-after", "").strip()
    try:
        seconds = float(text)
    except ValueError:
        try:
            date = parsedate_to_datetime(text)
        except (TypeError, ValueError, IndexError):
            return None
        seconds = (date if date.tzinfo else date.replace(tzinfo=timezone.utc)).timestamp() - now
    return min(LONGEST_PAUSE_S, max(0.0, seconds)) if seconds == seconds else None  # noqa: PLR0124  (not a number)
