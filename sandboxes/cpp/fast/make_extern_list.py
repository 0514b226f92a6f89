#!/usr/bin/env python3
"""Makes extern_list.h: the instantiations of the standard library's templates that many C++ programs share.

Usage, where g++ is the image's: make_extern_list.py AT_LEAST PROGRAM.cpp... >extern_list.h

Every weak function that at least AT_LEAST of the programs define is made an explicit instantiation of itself and, if it
is a member of a class template, one of its class. What does not compile as such after exactly the nine headers that
every program includes is left out. The committed list is that of the canonical solutions, with AT_LEAST 3.
"""

import collections
import re
import subprocess
import sys
import tempfile

HEADERS = ("stdlib.h", "algorithm", "math.h", "stdio.h", "vector", "string", "climits", "cstring", "iostream")
ALWAYS = (
    "char", "long", "long long", "double", "float", "unsigned int", "bool", "std::string", "std::vector<int>",
    "std::vector<std::string>",
)  # fmt: skip
OPERATORS = (
    "operator()",
    "operator<<",
    "operator>>",
    "operator<=",
    "operator>=",
    "operator->",
    "operator<",
    "operator>",
)
GIVEN = (
    "class std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char> >"  # by the headers themselves
)
NO_FUNCTION = ("_ZT", "_ZGV", "_ZGR")  # tables, type information, guards, temporaries


def run(argv, text=None):
    """The process that has run."""
    return subprocess.run(argv, input=text, text=True, capture_output=True, check=False)


def outside(text):
    """(index, character) of everything that stands in no template's arguments."""
    depth = index = 0
    while index < len(text):
        operator = next((name for name in OPERATORS if text.startswith(name, index)), "")
        if operator:
            index += len(operator)
            continue
        depth += {"<": 1, ">": -1}.get(text[index], 0)
        if depth == 0:
            yield index, text[index]
        index += 1


def instantiations(name):
    """What to instantiate for a demangled function."""
    if "{lambda" in name or "{default" in name:
        return
    name = re.sub(r"\[abi:\w+\]", "", name)
    head = name[: next((index for index, letter in outside(name) if letter == "("), 0)]
    spaces = [index for index, letter in outside(head) if letter == " "]
    if spaces and "operator " not in head:  # it has a return type: a function template
        yield name
        head = head[spaces[-1] + 1 :]
    colons = [index for index, letter in outside(head) if letter == ":"]
    scope = head[: colons[-1] - 1] if colons else ""
    if "<" in scope and f"class {scope}" != GIVEN:
        yield f"class {scope}"


def compiles(lines):
    """The lines that g++ finds no fault with."""
    while True:
        with tempfile.NamedTemporaryFile("w", suffix=".cpp") as file:
            file.writelines(f"#include<{header}>\n" for header in HEADERS)
            file.writelines(f"template {line};\n" for line in lines)
            file.flush()
            tried = run(
                ["g++", "-std=c++11", "-fmax-errors=0", "-fsyntax-only", "-fno-diagnostics-show-caret", file.name]
            )
        if tried.returncode == 0:
            return lines
        faults = re.findall(rf"{re.escape(file.name)}:(\d+):\d+: (?:error|  required from here)", tried.stderr)
        wrong = {int(number) - len(HEADERS) - 1 for number in faults}
        if not wrong:
            sys.exit(tried.stderr)
        lines = [line for index, line in enumerate(lines) if index not in wrong]


def main(at_least, programs):
    """Print the list."""
    counts = collections.Counter()
    for program in programs:
        assembly = run(["g++", "-std=c++11", "-S", "-o", "-", program]).stdout
        counts.update(set(re.findall(r"\t\.weak\t(_Z\S+)\n", assembly)))
    shared = [name for name, count in counts.items() if count >= at_least and not name.startswith(NO_FUNCTION)]
    names = run(["c++filt"], "\n".join(shared)).stdout.splitlines()
    wanted = {line for name in names for line in instantiations(name)} | {
        f"class std::vector<{kind}>" for kind in ALWAYS
    }
    lines = compiles(sorted(wanted, key=lambda line: (not line.startswith("class "), len(line), line)))
    sys.stdout.write("// Made by make_extern_list.py.\n" + "".join(f"INSTANCE({line})\n" for line in lines))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
