"""Programs: what a sandbox is given, put together from problem and completion by the published rules. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

from humaneval_x.languages import read_language
from humaneval_x.records import MAX_SOURCE_BYTES, Completion, Problem, Program
from humaneval_x.truncation import TRUNCATIONS, truncate

__all__ = [
    "ASSEMBLIES",
    "TRUNCATIONS",
    "Parts",
    "assemble",
    "assembled_go_packages",
    "invalid_reason",
    "parts_of",
    "start_of",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A program in three: what is kept of the completion (`code`), what stands before it and what after it."""

    before: str
    code: str
    after: str


def assemble(
    problem: Problem, completion: Completion, *, task: str, truncation: str, example_test: bool = False
) -> Program:
    """The program that judges `completion`.

    `task` is a task's or a journal's name, `truncation` one of `TRUNCATIONS`; a completion that is `whole` is neither
    cut nor put after anything. With `example_test` the problem's example test judges where there is one, else its
    test. Never raises for a completion's text, whatever it is: see `invalid_reason`. Raises UsageError for an unknown
    language or truncation.
    """
    parts = parts_of(problem, completion, task=task, truncation=truncation, example_test=example_test)
    source = parts.before + parts.code + parts.after
    return Program(
        task_id=problem.task_id,
        completion_id=completion.completion_id,
        language=problem.language,
        source=source,
        sha256=hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest(),
    )


def parts_of(
    problem: Problem, completion: Completion, *, task: str, truncation: str, example_test: bool = False
) -> Parts:
    """The parts of the program that `assemble` makes of the same arguments."""
    language = read_language(problem.language)
    start = "" if completion.whole else start_of(problem, task)
    code = truncate(completion.text, language, "none" if completion.whole else truncation, start)
    start = completion.preamble + start
    test = problem.example_test if example_test and problem.example_test.strip() else problem.test
    before, after = ASSEMBLIES[language.assembly](problem, start, code, test)
    return Parts(before=before, code=code, after=after)


def start_of(problem: Problem, task: str) -> str:
    """What the completion goes on from in the judged program: a translation's starts with the bare declaration."""
    return problem.declaration if task.partition("-")[0] == "translation" else problem.prompt


def invalid_reason(program: Program) -> str:
    """Why no compiler can be given this program, or an empty string if one can."""
    try:
        size = len(program.source.encode("utf-8"))
    except UnicodeEncodeError as error:
        return f"the program holds a lone surrogate (U+{ord(program.source[error.start]):04X})"
    if "\0" in program.source:
        return "the program holds a NUL character"
    if size > MAX_SOURCE_BYTES:
        return f"the program has {size} bytes, more than {MAX_SOURCE_BYTES}"
    return ""


# The imports and headers below are those of the published evaluator, in its order.
_PYTHON_IMPORTS = """\
import math
import re
import sys
import copy
import datetime
import itertools
import collections
import heapq
import statistics
import functools
import hashlib
import numpy
import numpy as np
import string
from typing import *
from collections import *
"""
_CPP_HEADERS = ("stdlib.h", "algorithm", "math.h", "stdio.h", "vector", "string", "climits", "cstring", "iostream")
_GO_PACKAGES = ("math", "strings", "fmt", "strconv", "time", "bytes", "regexp", "sort", "math/rand", "crypto/md5")

# What a completion could redefine to make any test pass, or never run. The blank line before keeps a backslash at the
# completion's end from swallowing the first of them.
_CPP_GUARDED = """
    main assert NDEBUG __assert_fail if else for while do switch case default break continue return goto try catch throw
    const static static_cast void bool int char float double long short unsigned signed auto string vector map
    true false nullptr sizeof operator new delete struct class typedef using namespace template std decltype
"""
# An overload of what a failed assertion calls has no address of its own, and so does not compile.
_CPP_GUARD = (
    "\n"
    + "".join(f"#undef {name}\n" for name in _CPP_GUARDED.split())
    + "#include<assert.h>\ntypedef decltype(&__assert_fail) harness_assert_fail;\n"
)
_CPP_DEFINE = re.compile(r"^[ \t]*(?:#|%:)[ \t]*define[ \t]+([A-Za-z_]\w*)", re.MULTILINE)


def _python(_problem: Problem, start: str, _code: str, test: str) -> tuple[str, str]:
    # The statement between keeps a decorator at the completion's end from taking the place of the test's function.
    return f"{_PYTHON_IMPORTS}{start}", f"\n\npass\n{test}\n"


def _cpp(_problem: Problem, start: str, code: str, test: str) -> tuple[str, str]:
    includes = (f"#include<{header}>" for header in _CPP_HEADERS)
    missing = "".join(f"{include}\n" for include in includes if include not in start)
    # A macro of the completion must not change what the test says.
    used = set(re.findall(r"\w+", test))
    defined = sorted(set(_CPP_DEFINE.findall(code.replace("\\\n", ""))) & used)
    undone = "".join(f"#undef {name}\n" for name in defined)
    return f"{missing}\n{start}", f"\n{_CPP_GUARD}{undone}{test}"


def _plain(_problem: Problem, start: str, _code: str, test: str) -> tuple[str, str]:
    return start, f"\n{test}"


def _go(problem: Problem, start: str, code: str, test: str) -> tuple[str, str]:
    wanted = assembled_go_packages(problem, code)
    imports = "import (\n" + "".join(f'    "{package}"\n' for package in wanted) + ")\n" if wanted else ""
    body = start.replace(problem.imports, "") if problem.imports else start
    return f"{problem.test_setup}\n{imports}{body}", f"\n{test}"


def assembled_go_packages(problem: Problem, code: str) -> list[str]:
    """The packages that a Go program imports beside its test's set-up: of ten those that the completion uses."""
    # The published evaluator looks for the package's name anywhere in the set-up and the code; so "math" counts as
    # there where "math/rand" is. Scores compare only if this does the same.
    return [
        package
        for package in _GO_PACKAGES
        if package not in problem.test_setup and f"{package.rpartition('/')[2]}." in code
    ]


ASSEMBLIES: dict[str, Callable[[Problem, str, str, str], tuple[str, str]]] = {
    "python": _python,
    "cpp": _cpp,
    "java": _plain,
    "js": _plain,
    "go": _go,
}
"""Language's `assembly` -> what it puts before and after the code, given problem, start, code and test."""
