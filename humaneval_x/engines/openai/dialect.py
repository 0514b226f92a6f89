"""What is asked of a server, and what of it the server has turned out to take."""

from __future__ import annotations

import logging
import re
import threading
from typing import Any

from humaneval_x.errors import EngineError
from humaneval_x.records import Sampling

__all__ = ["MOST_CHOICES", "Dialect"]

_log = logging.getLogger(__name__)

MOST_CHOICES = 32
"""So many completions are asked for in one request at most."""

# Without these the completions would be another model's: they are never left out in silence.
_DECISIVE = {"top_k": "--top-k", "repetition_penalty": "--repetition-penalty"}
_CHOICES = re.compile(r"(?<![\w\\])n(?!\w)|best_of|completion choice|multiple (?:choices|completions)")
_NEW_LENGTH = "max_completion_tokens"


class Dialect:
    """The parameters of one run's requests. It learns from refusals, in whatever thread they come.

    `choices` is how many completions one request may ask for, `seeded` whether requests carry a seed.
    """

    def __init__(self, model: str, api: str, sampling: Sampling) -> None:
        self._model = model
        self._api = api
        self._sampling = sampling
        self._lock = threading.Lock()
        self._length = "max_tokens"
        self._warned = False
        self._says_top_p = True
        self.choices = MOST_CHOICES
        self.seeded = True

    def body(self, text: str, seed: int, wanted: int) -> dict[str, Any]:
        """The request for at most `wanted` completions of `text`.

        What only some servers know is not sent where it is switched off; top-p is, since a server may have a default of
        its own.
        """
        sampling = self._sampling
        body: dict[str, Any] = {"model": self._model}
        if self._api == "chat":
            body["messages"] = [{"role": "user", "content": text}]
        else:
            body["prompt"] = text
        body[self._length] = sampling.max_tokens
        body["temperature"] = sampling.temperature
        if self._says_top_p:
            body["top_p"] = sampling.top_p
        if sampling.top_k:
            body["top_k"] = sampling.top_k
        if sampling.repetition_penalty != 1:
            body["repetition_penalty"] = sampling.repetition_penalty
        if min(wanted, self.choices) > 1:
            body["n"] = min(wanted, self.choices)
        if self.seeded:
            body["seed"] = seed
        return body

    def counted(self, asked: int, got: int) -> None:
        """Ask for no more from now on than a server gives that gave fewer completions than it was asked for."""
        if got < asked:
            with self._lock:
                self._fewer(max(1, got), f"the server gave {got} completions where n was {asked}")

    def gives_way(self, body: dict[str, Any], message: str, parameter: str) -> bool:
        """Whether a request that was refused with `message` is worth sending again in another form.

        `parameter` is the one that the server names, if it does. Raises EngineError if it refuses what decides the
        completions.
        """
        for name, option in _DECISIVE.items():
            if name in body and _names(name, message, parameter):
                raise EngineError(
                    f"the server refuses {name}, without which the completions would be others: leave out {option}, "
                    f"or use a server that takes it. It says: {message}"
                )
        with self._lock:
            if "seed" in body and _names("seed", message, parameter):
                if self.seeded:
                    _log.warning(
                        "the server refuses a seed: its completions cannot be drawn again. It says: %s", message
                    )
                self.seeded = False
                return True
            if body.get("top_p") == 1 and _names("top_p", message, parameter):
                self._says_top_p = False
                return True
            if self._api == "chat" and "max_tokens" in body and _NEW_LENGTH in message:
                self._length = _NEW_LENGTH
                return True
            if "n" in body and (parameter == "n" or _CHOICES.search(message)):
                self._fewer(max(1, body["n"] // 2), f"the server refuses n = {body['n']}. It says: {message}")
                return True
        return False

    def _fewer(self, choices: int, reason: str) -> None:
        if choices < self.choices and not self._warned:
            _log.warning("asking for fewer completions at once from now on: %s", reason)
            self._warned = True
        self.choices = min(self.choices, choices)


def _names(name: str, message: str, parameter: str) -> bool:
    return parameter == name or re.search(rf"(?<!\w){name}(?!\w)", message) is not None
