"""What a server's reply says: its completions, or its complaint, in full and as the server wrote it. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from humaneval_x.engines.openai.usage import Usage

__all__ = ["Choice", "MalformedReply", "Reply", "complaint_of", "read_reply"]

# A choice that ends so was broken off by the server, whatever text there is.
_FAULTS = frozenset({"error", "abort"})


class MalformedReply(Exception):
    """A reply that is not what the protocol says: the server's fault, not the model's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One completion's text, and how it ended in the harness's words: `eos` or `length`."""

    text: str
    finish: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A request's completions, one at least, and the tokens they cost; `requests` and `retries` are not in it."""

    choices: tuple[Choice, ...]
    usage: Usage


def read_reply(body: bytes, api: str) -> Reply:
    """The completions in a reply of that API. Raises MalformedReply, which says what is wrong with it.

    A text that is null is an empty one: a model that refuses, or has only thought, has answered nothing.
    """
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MalformedReply(f"the body is not JSON: {_line(body.decode('utf-8', 'replace'))!r}") from error
    if not isinstance(payload, dict):
        raise MalformedReply(f"the body is no JSON object: {_line(json.dumps(payload))}")
    choices = payload.get("choices")
    if not isinstance(choices, list) or not choices:
        message, _, _ = complaint_of(body)
        raise MalformedReply(f"the body has no choices: {message}")
    return Reply(choices=tuple(_choice(choice, api) for choice in choices), usage=_usage(payload.get("usage")))


def complaint_of(body: bytes) -> tuple[str, str, str]:
    """What a refusal says, the parameter that it names, and its code or type; empty where it does not say."""
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        return _line(body.decode("utf-8", "replace")), "", ""
    if not isinstance(payload, dict):
        return _line(json.dumps(payload)), "", ""
    error = payload.get("error", payload)
    if not isinstance(error, dict):
        error = {"message": error}
    message = error.get("message", error.get("detail", payload.get("detail", error)))
    codes = [str(error[name]) for name in ("code", "type") if error.get(name) is not None]
    parameter = error.get("param")
    return (
        _line(message if isinstance(message, str) else json.dumps(message)),
        parameter if isinstance(parameter, str) else "",
        " ".join(codes),
    )


def _choice(choice: Any, api: str) -> Choice:
    if not isinstance(choice, dict):
        raise MalformedReply(f"a choice is {type(choice).__name__}, not an object")
    reason = choice.get("finish_reason")
    if reason in _FAULTS or choice.get("error"):
        raise MalformedReply(f"a completion was broken off: {_line(json.dumps(choice.get('error') or reason))}")
    holder, name = (choice.get("message"), "content") if api == "chat" else (choice, "text")
    if not isinstance(holder, dict):
        raise MalformedReply("a choice has no message")
    # A message may lack what it could say; a completion without a text is none.
    text = holder.get(name) if api == "chat" else holder.get(name, ...)
    if text is not None and not isinstance(text, str):
        raise MalformedReply(f"a completion's {name} is missing or no string")
    return Choice(text=text or "", finish="length" if reason == "length" else "eos")


def _usage(usage: Any) -> Usage:
    counts = usage if isinstance(usage, dict) else {}
    return Usage(
        prompt_tokens=_count(counts.get("prompt_tokens")), completion_tokens=_count(counts.get("completion_tokens"))
    )


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _line(text: str) -> str:
    return " ".join(text.split()).encode("utf-8", "replace").decode()
