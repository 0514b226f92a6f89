"""Foreign text made harmless to show."""

from __future__ import annotations

import unicodedata

__all__ = ["plain"]

# Control, format (bidi overrides, zero-width), surrogate, private, unassigned; line and paragraph separators.
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def plain(text: str, limit: int = 160) -> str:
    r"""Foreign text on one line, invisible characters spelled as `\u202e`, cut after `limit` characters.

    A name can thus neither move a terminal's cursor, nor turn a line around, nor break a table. What a format itself
    takes for markup is that format's to escape.
    """
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    return "".join(
        f"\\u{ord(character):04x}" if unicodedata.category(character) in _INVISIBLE else character for character in cut
    )
