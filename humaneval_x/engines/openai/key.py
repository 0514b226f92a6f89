"""The key that a server asks for: read from the environment, sent in one header, kept out of everything else."""

from __future__ import annotations

import json
import os
from urllib.parse import quote

from humaneval_x.errors import UsageError

__all__ = ["Key", "read_key"]

_MASK = "[the key]"


class Key:
    """A key, or none: what leaves it is the header, and texts that it has been taken out of."""

    def __init__(self, value: str = "") -> None:
        self._value = value

    def __repr__(self) -> str:
        return f"Key({_MASK if self._value else ''})"

    def headers(self) -> dict[str, str]:
        """The header that carries it; none without a key, as most local servers want it."""
        return {"Authorization": f"Bearer {self._value}"} if self._value else {}

    def scrub(self, text: str) -> str:
        """`text` without the key, in whatever way a server writes it."""
        if not self._value:
            return text
        escaped = json.dumps(self._value)[1:-1]
        forms = {self._value, escaped, escaped.replace("/", "\\/"), quote(self._value), quote(self._value, safe="")}
        for form in sorted(forms, key=len, reverse=True):
            text = text.replace(form, _MASK)
        return text


def read_key(variable: str) -> Key:
    """The key in that environment variable, blanks around it aside; none where it is not set or empty.

    Raises UsageError, without the key, for one that no header can carry.
    """
    value = os.environ.get(variable, "").strip()
    if not value.isascii() or not value.isprintable() or " " in value:
        raise UsageError(
            f"the key in the environment variable {variable} holds blanks or characters that are not ASCII"
        )
    return Key(value)
