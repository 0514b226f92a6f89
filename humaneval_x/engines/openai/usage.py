"""What sampling from a server has cost."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace

__all__ = ["Tally", "Usage"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens as the server counts them (0 where it does not), requests sent, and those of them sent again."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    requests: int = 0
    retries: int = 0

    def __str__(self) -> str:
        return (
            f"{self.prompt_tokens} prompt tokens and {self.completion_tokens} completion tokens in {self.requests} "
            f"requests, {self.retries} of them sent again"
        )


class Tally:
    """Adds up from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._usage = Usage()

    @property
    def usage(self) -> Usage:
        """The sum so far."""
        return self._usage

    def add(self, part: Usage) -> None:
        """Add `part` to the sum."""
        with self._lock:
            there = self._usage
            self._usage = replace(
                there,
                prompt_tokens=there.prompt_tokens + part.prompt_tokens,
                completion_tokens=there.completion_tokens + part.completion_tokens,
                requests=there.requests + part.requests,
                retries=there.retries + part.retries,
            )
