"""The engine that samples from any server that speaks OpenAI's protocol: completions, or a chat.

The base URL is what comes before `/completions` and `/chat/completions`, mostly with `/v1`. A chat is sent an
instruction and answers in Markdown; the code in it is the completion (`answers`), the whole answer is kept beside it.
Several completions are asked for at once where the server gives them, and what one of several completions cost in
tokens is their average. Faults that may pass are waited out (`server`).
"""

from __future__ import annotations

import math

from humaneval_x.engines import EngineOptions
from humaneval_x.engines.openai.address import PATHS, checked_base_url
from humaneval_x.engines.openai.engine import OpenAIEngine
from humaneval_x.engines.openai.instruction import read_instruction
from humaneval_x.engines.openai.key import read_key
from humaneval_x.engines.openai.server import Place
from humaneval_x.engines.openai.usage import Usage
from humaneval_x.errors import UsageError

__all__ = ["OpenAIEngine", "Usage", "open_engine"]


def open_engine(options: EngineOptions) -> OpenAIEngine:
    """The engine for `options.server` and the model of that name there; nothing is sent yet.

    Raises UsageError for options that make no sense, DataError for an instruction that is no text file.
    """
    server = options.server
    if not options.model:
        raise UsageError("the openai engine needs a model: give --model with the name that the server knows it by")
    base_url = checked_base_url(server.base_url)
    if server.api not in PATHS:
        raise UsageError(f"no API {server.api!r}: the APIs are {', '.join(PATHS)}")
    if server.instruction is not None and server.api != "chat":
        raise UsageError(
            "an instruction is for a chat, and plain completions are sent the prompt as it is: leave it out"
        )
    if server.concurrency < 1:
        raise UsageError(f"{server.concurrency} requests at once draw nothing: give 1 or more")
    if not 0 < server.timeout_s < math.inf:
        raise UsageError(f"a time-out of {server.timeout_s} s makes no sense: give a number of seconds above 0")
    place = Place(
        base_url=base_url,
        api=server.api,
        model=options.model,
        key=read_key(server.key_variable),
        key_variable=server.key_variable,
        connections=server.concurrency,
        timeout_s=server.timeout_s,
    )
    return OpenAIEngine(place, read_instruction(server.instruction) if server.api == "chat" else None)
