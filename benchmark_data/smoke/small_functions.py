"""Small functions from templates, with bodies in all five languages: text for the tiny model beside the smoke set.

A template draws words, a constant and an operator, and gives a table as a file in `problems/` would.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from build import LANGUAGES, Specification, read_specifications

__all__ = ["small_functions"]

_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_CONDITIONS = (
    ("over", "over {k}", "{x} > {k}"),
    ("under", "under {k}", "{x} < {k}"),
    ("from", "at least {k}", "{x} >= {k}"),
    ("up to", "at most {k}", "{x} <= {k}"),
    ("equal to", "equal to {k}", "{x} == {k}"),
    ("except", "other than {k}", "{x} != {k}"),
)
_CHANGES = (
    ("plus", "plus {k}", "{x} + {k}"),
    ("minus", "minus {k}", "{x} - {k}"),
    ("times", "times {k}", "{x} * {k}"),
    ("taken from", "taken from {k}", "{k} - {x}"),
)


def small_functions(rng: random.Random, count: int) -> list[Specification]:
    """That many functions with two examples each; no two share a name, with each other or with the smoke set."""
    taken = {specification["name"] for specification in read_specifications()}
    found: dict[str, Specification] = {}
    while len(found) < count:
        function = rng.choice(TEMPLATES)(rng)
        if function["name"] not in taken | found.keys():
            found[function["name"]] = {**function, "examples": _examples(function, rng), "tests": []}
    return list(found.values())


def _examples(function: Specification, rng: random.Random) -> list[Any]:
    """Two calls with drawn arguments; the results are those of the Python body."""
    names = ", ".join(name for name, _ in function["parameters"])
    body = function["solution"]["python"].replace("\n", "\n    ")
    scope: dict[str, Any] = {}
    exec(f"def answer({names}):\n    {body}", scope)
    given = [[_drawn_value(kind, rng) for _, kind in function["parameters"]] for _ in range(2)]
    return [[arguments, scope["answer"](*arguments)] for arguments in given]


def _function(
    name: str, doc: str, parameters: Sequence[tuple[str, str]], result: str, solution: dict[str, str]
) -> Specification:
    return {"name": name, "doc": doc, "parameters": parameters, "result": result, "solution": solution}


def _drawn_value(kind: str, rng: random.Random) -> Any:
    if kind == "ints":
        return [rng.randint(-3, 14) for _ in range(rng.randint(1, 4))]
    if kind == "str":
        return rng.choice(("cat", "tree", "a", "moon", "blue", "ok", "river", "salt"))
    return rng.randint(-3, 14)


def _plain(expression: str) -> dict[str, str]:
    """The body that returns an expression which all five languages write alike."""
    return {language: f"return {expression}{'' if language in ('python', 'go') else ';'}" for language in LANGUAGES}


def _scalar(rng: random.Random) -> Specification:
    k = rng.randint(2, 12)
    word, phrase, form = rng.choice(_CHANGES)
    noun = rng.choice(("number", "value", "size", "age", "price"))
    solution = _plain(form.format(x=noun, k=k))
    return _function(
        f"{noun} {word} {_WORDS[k]}", f"Return {noun} {phrase.format(k=k)}.", [(noun, "int")], "int", solution
    )


def _test(rng: random.Random) -> Specification:
    k = rng.randint(1, 12)
    word, phrase, form = rng.choice(_CONDITIONS)
    noun = rng.choice(("number", "value", "size", "age", "price"))
    solution = _plain(form.format(x=noun, k=k))
    return _function(
        f"is {noun} {word} {_WORDS[k]}",
        f"Tell whether {noun} is {phrase.format(k=k)}.",
        [(noun, "int")],
        "bool",
        solution,
    )


def _choice(rng: random.Random) -> Specification:
    k = rng.randint(1, 12)
    word, phrase, form = rng.choice(_CONDITIONS)
    noun = rng.choice(("number", "value", "size", "age"))
    condition = form.format(x=noun, k=k)
    ternary = f"return {condition} ? first : second;"
    solution = {
        "python": f"return first if {condition} else second",
        "cpp": ternary,
        "java": ternary,
        "js": ternary,
        "go": f"if {condition} {{\n    return first\n}}\nreturn second",
    }
    return _function(
        f"choose if {noun} {word} {_WORDS[k]}",
        f"Return first if {noun} is {phrase.format(k=k)}, otherwise second.",
        [(noun, "int"), ("first", "int"), ("second", "int")],
        "int",
        solution,
    )


def _loop(start: str, condition: str, step: str, result: str) -> dict[str, str]:
    """A loop over `numbers` in the four brace languages that does `step` where the condition holds."""
    line = f"for (int number : numbers) if ({condition}) {step};"
    script = f"for (const number of numbers) if ({condition}) {step};"
    return {
        "cpp": f"int {start};\n{line}\nreturn {result};",
        "java": f"int {start};\n{line}\nreturn {result};",
        "js": f"let {start};\n{script}\nreturn {result};",
        "go": f"{start.replace('=', ':=')}\n{_go_loop(condition, step)}\nreturn {result}",
    }


def _go_loop(condition: str, step: str) -> str:
    return f"for _, number := range numbers {{\n    if {condition} {{\n        {step}\n    }}\n}}"


def _total(rng: random.Random) -> Specification:
    k = rng.randint(1, 12)
    word, phrase, form = rng.choice(_CONDITIONS)
    condition = form.format(x="number", k=k)
    solution = {
        "python": f"return sum(number for number in numbers if {condition})",
        **_loop("total = 0", condition, "total += number", "total"),
    }
    return _function(
        f"total {word} {_WORDS[k]}",
        f"Return the sum of the numbers that are {phrase.format(k=k)}.",
        [("numbers", "ints")],
        "int",
        solution,
    )


def _count(rng: random.Random) -> Specification:
    k = rng.randint(1, 12)
    word, phrase, form = rng.choice(_CONDITIONS)
    condition = form.format(x="number", k=k)
    solution = {
        "python": f"return sum(1 for number in numbers if {condition})",
        **_loop("count = 0", condition, "count++", "count"),
        "js": f"return numbers.filter(number => {condition}).length;",
    }
    return _function(
        f"how many {word} {_WORDS[k]}",
        f"Return how many of the numbers are {phrase.format(k=k)}.",
        [("numbers", "ints")],
        "int",
        solution,
    )


def _each(rng: random.Random) -> Specification:
    k = rng.randint(2, 12)
    word, phrase, form = rng.choice(_CHANGES)
    change = form.format(x="number", k=k)
    loop = "for _, number := range numbers {\n    result = append(result, " + change + ")\n}"
    solution = {
        "python": f"return [{change} for number in numbers]",
        "cpp": f"for (int &number : numbers) number = {change};\nreturn numbers;",
        "java": f"List<Integer> result = new ArrayList<>();\n"
        f"for (int number : numbers) result.add({change});\nreturn result;",
        "js": f"return numbers.map(number => {change});",
        "go": f"result := []int{{}}\n{loop}\nreturn result",
    }
    return _function(
        f"each {word} {_WORDS[k]}",
        f"Return each of the numbers {phrase.format(k=k)}.",
        [("numbers", "ints")],
        "ints",
        solution,
    )


def _kept(rng: random.Random) -> Specification:
    k = rng.randint(1, 12)
    word, phrase, form = rng.choice(_CONDITIONS)
    condition = form.format(x="number", k=k)
    loop = _go_loop(condition, "result = append(result, number)")
    solution = {
        "python": f"return [number for number in numbers if {condition}]",
        "cpp": f"vector<int> result;\nfor (int number : numbers) if ({condition}) result.push_back(number);\n"
        "return result;",
        "java": f"List<Integer> result = new ArrayList<>();\n"
        f"for (int number : numbers) if ({condition}) result.add(number);\nreturn result;",
        "js": f"return numbers.filter(number => {condition});",
        "go": f"result := []int{{}}\n{loop}\nreturn result",
    }
    return _function(
        f"keep {word} {_WORDS[k]}",
        f"Return the numbers that are {phrase.format(k=k)}.",
        [("numbers", "ints")],
        "ints",
        solution,
    )


def _framed(rng: random.Random) -> Specification:
    sign, sign_name = rng.choice(
        (("-", "dash"), ("+", "plus"), ("#", "hash"), ("_", "line"), ("=", "bar"), (".", "dot"))
    )
    noun = rng.choice(("text", "word", "name", "title", "line"))
    form, verb, phrase = rng.choice(
        (
            ("{q}{s}{q} + {x}", "put {s} before", "a {s} before it"),
            ("{x} + {q}{s}{q}", "put {s} after", "a {s} after it"),
            ("{q}{s}{q} + {x} + {q}{s}{q}", "put {s} around", "a {s} on each side"),
            ("{x} + {q}{s}{q} + {x}", "put {s} between two", "a {s} and once more the same"),
        )
    )
    solution = {
        language: body.replace('"', "'") if language in ("python", "js") else body
        for language, body in _plain(form.format(q='"', s=sign, x=noun)).items()
    }
    return _function(
        f"{verb.format(s=sign_name)} {noun}",
        f"Return {noun} with {phrase.format(s=sign_name)}.",
        [(noun, "str")],
        "str",
        solution,
    )


def _length(rng: random.Random) -> Specification:
    k = rng.randint(1, 12)
    word, phrase, form = rng.choice(_CONDITIONS)
    noun = rng.choice(("text", "word", "name", "title", "line"))
    lengths = {
        "python": f"len({noun})",
        "cpp": f"(int) {noun}.size()",
        "java": f"{noun}.length()",
        "js": f"{noun}.length",
        "go": f"len({noun})",
    }
    solution = {language: _plain(form.format(x=length, k=k))[language] for language, length in lengths.items()}
    return _function(
        f"is {noun} length {word} {_WORDS[k]}",
        f"Tell whether the length of {noun} is {phrase.format(k=k)}.",
        [(noun, "str")],
        "bool",
        solution,
    )


TEMPLATES: tuple[Callable[[random.Random], Specification], ...] = (
    _scalar,
    _test,
    _choice,
    _total,
    _count,
    _each,
    _kept,
    _framed,
    _length,
)
