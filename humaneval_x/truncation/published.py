"""The rules of published evaluators, for comparison: HumanEval-X's (`reference`) and CodeGen's (`codegen`)."""

from __future__ import annotations

import re
from collections.abc import Callable

__all__ = ["CLEAN_UPS", "finished_by_braces", "finished_by_codegen", "finished_by_indentation", "truncate_codegen"]

# Source: the HumanEval-X repository's clean-up of generated code and its test for finished code.
_UNINDENTED = re.compile(r"^(?=[^ \t\n])(?=[^\n]*\S)", re.MULTILINE)


def _first_unindented(text: str) -> int | None:
    # Lines end at "\n" alone here, as they do for the published evaluator.
    found = _UNINDENTED.search(text)
    return found.start() if found else None


def finished_by_indentation(text: str) -> bool:
    """Whether a line that is not blank starts without a space or tab."""
    return _first_unindented(text) is not None


def finished_by_braces(text: str) -> bool:
    """Whether a brace more is closed than opened, wherever the braces stand.

    The published test asks for exactly one more; a token that closes two at once would slip past that.
    """
    return text.count("}") > text.count("{")


def _clean_python(text: str) -> str:
    # The clean-up's end words all start an unindented line, and the evaluator then keeps what stands before the first.
    end = _first_unindented(text)
    return text if end is None else text[:end].removesuffix("\n")


def _to_last_brace(text: str) -> str:
    return text[: text.rfind("}") + 1] if "}" in text else text


def _clean_java(text: str) -> str:
    before, main, _ = text.partition("public static void main")
    text = _to_last_brace(before + "}" if main else text)
    return text + "\n}" if text.count("}") == text.count("{") + 1 else text


def _clean_go(text: str) -> str:
    for word in ("\n//", "\nfunc main("):
        if word in text:
            text = text[: text.rfind(word)]
    return _to_last_brace(text)


CLEAN_UPS: dict[str, Callable[[str], str]] = {
    "python": _clean_python,
    "cpp": _to_last_brace,
    "java": _clean_java,
    "js": _to_last_brace,
    "go": _clean_go,
}
"""Language's `truncation` -> the published clean-up."""

# Source: the sampling script that was published with the CodeGen models.
_CODEGEN_ENDS = re.compile(r"^#|^'''|^\"\"\"|<\|endoftext\|>|\n\n\n", re.MULTILINE)
_CODEGEN_REPEATS = (re.compile(r"^print", re.MULTILINE), re.compile(r"^def", re.MULTILINE))


def truncate_codegen(text: str) -> str:
    """Up to the second unindented `print` or `def`, comment, string or three newlines."""
    for word in _CODEGEN_REPEATS:
        places = [found.start() for found in word.finditer(text)]
        if len(places) > 1:
            text = text[: places[1]]
    end = _CODEGEN_ENDS.search(text)
    return text[: end.start()] if end else text


def finished_by_codegen(text: str) -> bool:
    """Whether anything stands there that `truncate_codegen` cuts at."""
    return _CODEGEN_ENDS.search(text) is not None or any(len(word.findall(text)) > 1 for word in _CODEGEN_REPEATS)
