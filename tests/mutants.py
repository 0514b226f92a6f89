"""Mutants: the canonical solutions with one small change each, most of them wrong in an ordinary way.

Programs of a kind that models write, to judge in two ways that must agree. Made of the data alone, token by token, so
that text in strings and comments stays as it is; the same each time. Problems with random tests have none.

    python tests/mutants.py FILE [--version fixed] [--languages all]

writes them as samples to replay, `{"task_id": ..., "completion": ...}`, the same number for each problem (what
is missing is made up with the canonical solution):

    humaneval-x generate --engine replay --model FILE -n 4 ...; humaneval-x evaluate ...
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from humaneval_x.datasets import read_problems
from humaneval_x.languages import parse_languages
from humaneval_x.records import Problem

PER_PROBLEM = 4
"""How many mutants each problem gives, at most: some solutions are too short for as many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A changed canonical solution, and what kind of change it is."""

    task_id: str
    language: str
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the code: `word`, `number`, `operator`, or `other` (white space, comments, strings)."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


Change = tuple[str, int, int, str]
"""A kind of change, and the part of the code (start, end) that a text replaces."""

_PYTHON_OTHER = (
    r"""\s+|\\\n|\#[^\n]*|[rRbBuUfF]{0,2}(?:'''.*?'''|\"{3}.*?\"{3}|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")"""
)
_BRACES_OTHER = r"""\s+|//[^\n]*|/\*.*?\*/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`"""
# A slash that a value cannot precede begins a regular expression.
_JS_OTHER = (
    _BRACES_OTHER + r"|(?<=[(,=:\[!&|?{};])/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n*\[])(?:\\.|[^/\\\n\[])*/[a-z]*"
)
_REST = r"""
    |(?P<number>(?:0[xXbBoO][0-9a-fA-F]+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)[a-zA-Z]*)
    |(?P<word>[^\W\d]\w*)
    |(?P<operator><<=|>>=|>>>|===|!==|\*\*|//|->|=>|::|:=|&\^|<-|\+\+|--|&&|\|\||[-+*/%&|^<>=!]=|<<|>>|.)
"""
_SCANNERS = {
    language: re.compile(f"(?P<other>{other}){_REST}", re.VERBOSE | re.DOTALL)
    for language, other in (
        ("python", _PYTHON_OTHER),
        ("cpp", _BRACES_OTHER),
        ("java", _BRACES_OTHER),
        ("js", _JS_OTHER),
        ("go", _BRACES_OTHER),
    )
}

_OPERATORS = {
    "==": "!=", "!=": "==", "===": "!==", "!==": "===", "+": "-", "-": "+", "*": "+", "/": "*", "//": "/", "**": "*",
    "%": "*", "&&": "||", "||": "&&", "and": "or", "or": "and", "+=": "-=", "-=": "+=", "*=": "+=", "/=": "*=",
    "%=": "/=", "++": "--", "--": "++", "&": "|", "|": "&", "^": "&", "<<": ">>", ">>": "<<", "is": "is not",
    "in": "not in", "?": "? !",
}  # fmt: skip
_BOUNDS = {"<": ("<=", ">="), "<=": ("<", ">"), ">": (">=", "<="), ">=": (">", "<")}
# These mean types, references and pointers too unless there is white space on both sides; `in` and `is` are Python's.
_SPACED = {"<", ">", "*", "&", "<<", ">>"}
_WORDS_OF = {"is": ("python",), "in": ("python",), "and": ("python", "cpp"), "or": ("python", "cpp")}
_CONSTANTS = {"True": "False", "False": "True", "true": "false", "false": "true"}
_CALLS = {
    "min": "max", "max": "min", "Min": "Max", "Max": "Min", "any": "all", "all": "any", "some": "every",
    "every": "some", "floor": "ceil", "ceil": "floor", "upper": "lower", "lower": "upper", "isupper": "islower",
    "islower": "isupper", "toupper": "tolower", "tolower": "toupper", "toUpperCase": "toLowerCase",
    "toLowerCase": "toUpperCase", "ToUpper": "ToLower", "ToLower": "ToUpper", "isUpperCase": "isLowerCase",
    "isLowerCase": "isUpperCase", "push": "unshift", "pop": "shift", "append": "extend", "sorted": "list",
    "push_back": "pop_back", "sqrt": "exp", "abs": "exp", "sum": "len", "len": "sum", "filter": "map", "map": "filter",
    "startsWith": "endsWith", "startswith": "endswith", "add": "remove", "first": "last", "begin": "end",
}  # fmt: skip
_KEYWORDS = {"if", "for", "while", "switch", "catch", "return", "and", "or", "not", "in", "lambda", "func", "function"}
_ZERO = {"bool": "false", "boolean": "false", "string": '""', "String": "null"}
_NUMBERS = {"int", "int64", "float64", "long", "double", "float", "Integer"}


def tokens_of(code: str, language: str) -> list[Token]:
    """The code in pieces; together they are the code."""
    return [Token(str(found.lastgroup), found[0], found.start()) for found in _SCANNERS[language].finditer(code)]


def all_mutants(problem: Problem) -> list[Mutant]:
    """Every mutant of a problem, each text once, none equal to the canonical solution."""
    code, tokens = problem.canonical_solution, tokens_of(problem.canonical_solution, problem.language)
    found: dict[str, Mutant] = {}
    for change in _CHANGES:
        for kind, start, end, text in change(problem, tokens):
            changed = code[:start] + text + code[end:]
            if changed.split() != code.split() and changed not in found:
                mutant = Mutant(task_id=problem.task_id, language=problem.language, kind=kind, text=changed)
                found[changed] = mutant
    return list(found.values())


def mutants_of(problem: Problem, count: int = PER_PROBLEM) -> list[Mutant]:
    """`count` mutants of a problem, of as many kinds as there are; none for a problem with random tests."""
    if problem.random_test:
        return []
    by_kind: dict[str, list[Mutant]] = defaultdict(list)
    for mutant in sorted(all_mutants(problem), key=rank):
        by_kind[mutant.kind].append(mutant)
    rounds = itertools.zip_longest(*sorted(by_kind.values(), key=lambda group: rank(group[0])))
    chosen = [mutant for mutant in itertools.chain.from_iterable(rounds) if mutant is not None]
    return chosen[:count]


def rank(mutant: Mutant) -> str:
    """An order that has nothing to do with what the mutant is, and never changes."""
    return hashlib.sha256(f"{mutant.task_id}\n{mutant.text}".encode()).hexdigest()


def _significant(tokens: Sequence[Token]) -> Iterator[tuple[Token, Token, Token]]:
    """Each token that is not `other`, between the one right before it and the one right after it."""
    edge = Token("other", "\n", 0)
    for before, token, after in zip([edge, *tokens], tokens, [*tokens[1:], edge], strict=False):
        if token.kind != "other":
            yield before, token, after


def _operators(problem: Problem, tokens: Sequence[Token]) -> Iterator[Change]:
    for before, token, after in _significant(tokens):
        is_spaced = before.text.isspace() and after.text.isspace()
        if token.text in _SPACED and not is_spaced:
            continue
        if token.kind == "word" and problem.language not in _WORDS_OF.get(token.text, ()):
            continue
        for other in _BOUNDS.get(token.text, ()):
            yield "bound", token.start, token.end, other
        if token.text in _OPERATORS:
            yield "operator", token.start, token.end, _OPERATORS[token.text]


def _constants(problem: Problem, tokens: Sequence[Token]) -> Iterator[Change]:
    for _, token, _ in _significant(tokens):
        if token.kind == "word" and token.text in _CONSTANTS:
            yield "constant", token.start, token.end, _CONSTANTS[token.text]
        elif token.kind == "number" and token.text.isdigit() and not (len(token.text) > 1 and token.text[0] == "0"):
            for number in (int(token.text) + 1, int(token.text) - 1):
                if number >= 0:
                    yield "constant", token.start, token.end, str(number)


def _sizes(problem: Problem, tokens: Sequence[Token]) -> Iterator[Change]:
    words = [token for token in tokens if token.kind != "other"]
    for index, token in enumerate(words):
        is_call = index + 1 < len(words) and words[index + 1].text == "("
        if token.text in ("size", "length", "len") and is_call:
            end = _closing(words, index + 1)
            if end is not None:
                yield "size", words[end].end, words[end].end, " - 1"
        elif token.text == "length" and problem.language == "js":
            yield "size", token.end, token.end, " - 1"


def _dropped_lines(problem: Problem, tokens: Sequence[Token]) -> Iterator[Change]:
    code = problem.canonical_solution
    inside = [(token.start, token.end) for token in tokens if token.kind == "other" and not token.text.isspace()]
    for found in re.finditer(r"^([ \t]*)(\S[^\n]*?)[ \t]*\n", code, re.MULTILINE):
        line, start = found[2], found.start(2)
        if any(first <= start < last for first, last in inside) or not _is_balanced(line):
            continue
        if problem.language == "python" and not line.endswith((":", "\\", ",")):
            yield "dropped line", start, found.end(2), "pass"
        elif problem.language in ("cpp", "java") and line.endswith(";"):
            yield "dropped line", start, found.end(2), ";"
        elif problem.language in ("js", "go") and not line.endswith(("{", "}", ",", ".", "&&", "||", "+", "=>")):
            yield "dropped line", start, found.end(2), ";" if problem.language == "js" else ""


def _calls(problem: Problem, tokens: Sequence[Token]) -> Iterator[Change]:
    for _, token, after in _significant(tokens):
        if token.kind == "word" and after.text == "(" and token.text not in _KEYWORDS:
            other = _CALLS.get(token.text)
            yield ("renamed call" if other else "unknown name"), token.start, token.end, other or f"{token.text}s"


def _arguments(problem: Problem, tokens: Sequence[Token]) -> Iterator[Change]:
    code = problem.canonical_solution
    words = [token for token in tokens if token.kind != "other"]
    for index, token in enumerate(words[:-1]):
        if token.kind != "word" or words[index + 1].text != "(" or token.text in _KEYWORDS:
            continue
        end = _closing(words, index + 1)
        commas = [] if end is None else _commas(words, index + 2, end)
        if end is None or len(commas) != 1:
            continue
        first = code[words[index + 1].end : words[commas[0]].start].strip()
        second = code[words[commas[0]].end : words[end].start].strip()
        if first and second:
            yield "swapped arguments", words[index + 1].end, words[end].start, f"{second}, {first}"


def _conditions(problem: Problem, tokens: Sequence[Token]) -> Iterator[Change]:
    code = problem.canonical_solution
    words = [token for token in tokens if token.kind != "other"]
    for index, token in enumerate(words[:-1]):
        if token.text not in ("if", "while", "elif"):
            continue
        if problem.language in ("cpp", "java", "js"):
            end = _closing(words, index + 1) if words[index + 1].text == "(" else None
            start, opening, closing = index + 1, "(!", ")"
        else:
            final = ":" if problem.language == "python" else "{"
            end = next((at for at in _outside(words, index + 1) if words[at].text == final), None)
            start, opening, closing = index + 1, " not (" if problem.language == "python" else " !(", ")"
        if end is None:
            continue
        if problem.language in ("cpp", "java", "js"):
            condition = code[words[start].start : words[end].end]
            yield "negated condition", words[start].start, words[end].end, f"{opening}{condition}{closing}"
        else:
            condition = code[words[start].start : words[end].start].strip()
            if ";" not in condition and "\n" not in condition:
                yield "negated condition", token.end, words[end].start, f"{opening}{condition}{closing} "


def _early_ends(problem: Problem, tokens: Sequence[Token]) -> Iterator[Change]:
    code, language = problem.canonical_solution, problem.language
    for _, token, _ in _significant(tokens):
        if token.kind == "word" and token.text in ("break", "continue"):
            other = "continue" if token.text == "break" else "break"
            yield "early end", token.start, token.end, other
    first = re.search(r"^[ \t]*(?=\S)", code, re.MULTILINE)
    if first is None or code.lstrip().startswith("}"):
        return
    at, early = first.end(), {"python": "return None", "cpp": "return {};", "js": "return;"}.get(language)
    if language == "java":
        found = re.search(r"([\w<>\[\], ]+?)\s+\w+\([^()]*\)[^()]*\{\s*$", problem.declaration)
        kind = found[1].split()[-1] if found else ""
        early = f"if (true) return {'0' if kind in _NUMBERS else _ZERO.get(kind, 'null')};"
    elif language == "go":
        found = re.search(r"\)\s*([^()\s]+)\s*\{\s*$", problem.declaration)
        kind = found[1] if found else ""
        zero = "0" if kind in _NUMBERS else _ZERO.get(kind)
        early = f"return {zero or ('nil' if kind.startswith(('[]', 'map', '*', 'interface')) else kind + '{}')}"
        early = early if found else None
    if early:
        yield "early end", at, at, early + "\n" + code[first.start() : at]


_CHANGES: tuple[Callable[[Problem, Sequence[Token]], Iterator[Change]], ...] = (
    _operators, _constants, _sizes, _dropped_lines, _calls, _arguments, _conditions, _early_ends,
)  # fmt: skip
_OPENING, _CLOSING = "([{", ")]}"


def _closing(words: Sequence[Token], opening: int) -> int | None:
    """Index of the token that closes the one at `opening`."""
    depth = 0
    for index in range(opening, len(words)):
        depth += (words[index].text in _OPENING) - (words[index].text in _CLOSING)
        if depth == 0:
            return index
    return None


def _outside(words: Sequence[Token], start: int) -> Iterator[int]:
    """Indices from `start` on of the tokens outside all brackets, an opening one counting as outside."""
    depth = 0
    for index in range(start, len(words)):
        depth -= words[index].text in _CLOSING
        if depth < 0:
            return
        if depth == 0:
            yield index
        depth += words[index].text in _OPENING


def _commas(words: Sequence[Token], start: int, end: int) -> list[int]:
    return [index for index in _outside(words[:end], start) if words[index].text == ","]


def _is_balanced(line: str) -> bool:
    return all(line.count(left) == line.count(right) for left, right in zip(_OPENING, _CLOSING, strict=True))


def samples(problems: Iterable[Problem]) -> Iterator[dict[str, str]]:
    """Rows to replay, `PER_PROBLEM` for each problem."""
    for problem in problems:
        texts = [mutant.text for mutant in mutants_of(problem)]
        for text in texts + [problem.canonical_solution] * (PER_PROBLEM - len(texts)):
            yield {"task_id": problem.task_id, "completion": text}


def main() -> None:
    """Write the samples file."""
    parser = argparse.ArgumentParser(description="Write mutants of the canonical solutions as samples to replay.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--version", default="fixed", help="data version (default: %(default)s)")
    parser.add_argument("--languages", default="all", help="default: %(default)s")
    arguments = parser.parse_args()
    problems = read_problems(arguments.version, parse_languages(arguments.languages))
    with arguments.file.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in samples(problems))


if __name__ == "__main__":
    main()
