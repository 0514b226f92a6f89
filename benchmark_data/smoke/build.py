"""Write the smoke set's JSONL files from `problems/*.toml`, its one readable source.

A problem file gives the problem once (name, sentence, parameters, examples, tests) and the bodies of its solution
and of its wrong solutions in each language. This script spells names, types and values as each language does and
writes `humaneval_<language>.jsonl` in the published fields and `wrong_<language>.jsonl` (`task_id`, `name`,
`completion`, and the strict `status` that a harness must give it).

    python benchmark_data/smoke/build.py           # write the files
    python benchmark_data/smoke/build.py --check   # exit code 1 if the files are not what would be written
"""

from __future__ import annotations

import json
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["LANGUAGES", "built_files", "read_specifications"]

FOLDER = Path(__file__).resolve().parent
Specification = dict[str, Any]
Case = Sequence[Any]  # [arguments, expected]


class Spelling(ABC):
    """How one language writes names, types, values and a problem's fields.

    Value types: `int`, `bool`, `str`, `ints` and `strs` (lists). `indent` is that of a function's body, `closing`
    ends a solution; `list_form` is a list's spelling, `doc_list_form` the one in documentation.
    """

    prefix: str
    indent: str
    closing: str
    types: ClassVar[dict[str, str]]
    list_form = doc_list_form = "[{items}]"
    literal: Callable[[Any], str] = staticmethod(json.dumps)

    @abstractmethod
    def name(self, words: Sequence[str]) -> str:
        """The function's name, from the words of the problem's name."""

    @abstractmethod
    def fields(self, spec: Specification) -> dict[str, str]:
        """The published fields except `task_id` and `canonical_solution`, in the published order."""

    def value(self, value: Any, kind: str, list_form: str = "") -> str:
        """The literal of a value of that type."""
        if kind in ("ints", "strs"):
            items = ", ".join(self.literal(item) for item in value)
            return (list_form or self.list_form).format(type=self.types.get(kind), items=items)
        return self.literal(value)

    def call(self, spec: Specification, arguments: Sequence[Any], list_form: str = "") -> str:
        """A call of the problem's function."""
        kinds = [kind for _, kind in spec["parameters"]]
        spelled = [self.value(value, kind, list_form) for value, kind in zip(arguments, kinds, strict=True)]
        return f"{self.name(spec['name'].split())}({', '.join(spelled)})"

    def doc_lines(self, spec: Specification) -> list[str]:
        """The documentation: the sentence, then each example with its result."""
        lines = [spec["doc"]]
        for arguments, expected in spec["examples"]:
            lines += [f">>> {self.call(spec, arguments, self.doc_list_form)}", self.literal(expected)]
        return lines

    def completion(self, body: str) -> str:
        """A body as a completion: indented and closed."""
        return "".join(f"{self.indent}{line}\n" for line in body.strip("\n").split("\n")) + self.closing


class Python(Spelling):
    """Documentation inside the function; `check` calls what it is given."""

    prefix, indent, closing = "Python", "    ", ""
    types: ClassVar = {"int": "int", "bool": "bool", "str": "str", "ints": "List[int]", "strs": "List[str]"}
    literal = staticmethod(repr)

    def name(self, words: Sequence[str]) -> str:
        return "_".join(words)

    def fields(self, spec: Specification) -> dict[str, str]:
        name = self.name(spec["name"].split())
        parameters = ", ".join(f"{parameter}: {self.types[kind]}" for parameter, kind in spec["parameters"])
        head = f"def {name}({parameters}) -> {self.types[spec['result']]}:\n"
        if "List[" in head:
            head = f"from typing import List\n\n\n{head}"
        text = "\n".join(f"    {line}" for line in self.doc_lines(spec))
        return {
            "prompt": ("" if head.startswith("from") else "\n\n") + f'{head}    """ {text[4:]}\n    """\n',
            "test": f"\n\n{self._check(spec, [*spec['examples'], *spec['tests']])}\ncheck({name})",
            "text": text,
            "declaration": head,
            "example_test": f"{self._check(spec, spec['examples'])}check({name})\n",
        }

    def _check(self, spec: Specification, cases: Sequence[Case]) -> str:
        lines = [f"    assert {self.call(spec, given)} == {expected!r}\n" for given, expected in cases]
        return f"def check({self.name(spec['name'].split())}):\n{''.join(lines)}"


class Cpp(Spelling):
    """Documentation and includes before the function; `assert` in `main`."""

    prefix, indent, closing = "CPP", "    ", "}\n"
    types: ClassVar = {"int": "int", "bool": "bool", "str": "string", "ints": "vector<int>", "strs": "vector<string>"}
    list_form = doc_list_form = "{type}{{{items}}}"

    def name(self, words: Sequence[str]) -> str:
        return "_".join(words)

    def fields(self, spec: Specification) -> dict[str, str]:
        kinds = {spec["result"], *(kind for _, kind in spec["parameters"])}
        headers = set(spec.get("cpp_includes", []))
        headers |= {"vector"} if kinds & {"ints", "strs"} else set()
        headers |= {"string"} if kinds & {"str", "strs"} else set()
        includes = "".join(f"#include<{header}>\n" for header in sorted(headers | {"stdio.h"}))
        parameters = ", ".join(f"{self.types[kind]} {parameter}" for parameter, kind in spec["parameters"])
        head = f"{self.types[spec['result']]} {self.name(spec['name'].split())}({parameters}){{\n"
        declaration = f"{includes}using namespace std;\n{head}"
        return {
            "prompt": "/*\n" + "\n".join(self.doc_lines(spec)) + f"\n*/\n{declaration}",
            "test": self._main(spec, [*spec["examples"], *spec["tests"]]),
            "declaration": declaration,
            "example_test": self._main(spec, spec["examples"]),
        }

    def _main(self, spec: Specification, cases: Sequence[Case]) -> str:
        # A list's braces hold commas, which would end the macro's argument: hence the inner parentheses.
        lines = [
            f"    assert ({self.call(spec, given)} == ({self.value(expected, spec['result'])}));\n"
            for given, expected in cases
        ]
        return f"#undef NDEBUG\n#include<assert.h>\nint main(){{\n{''.join(lines)}}}\n"


class Java(Spelling):
    """A method of `Solution`; `Main` throws AssertionError if any comparison is false."""

    prefix, indent, closing = "Java", "        ", "    }\n}"
    types: ClassVar = {
        "int": "int",
        "bool": "boolean",
        "str": "String",
        "ints": "List<Integer>",
        "strs": "List<String>",
    }
    # ArrayList: a solution may change the list that it is given.
    list_form = "new ArrayList<>(Arrays.asList({items}))"
    doc_list_form = "Arrays.asList({items})"

    def name(self, words: Sequence[str]) -> str:
        return words[0] + "".join(word.capitalize() for word in words[1:])

    def fields(self, spec: Specification) -> dict[str, str]:
        parameters = ", ".join(f"{self.types[kind]} {parameter}" for parameter, kind in spec["parameters"])
        method = f"    public {self.types[spec['result']]} {self.name(spec['name'].split())}({parameters}) {{\n"
        opening = "import java.util.*;\nimport java.lang.*;\n\nclass Solution {\n"
        text = "\n".join(f"    {line}" for line in self.doc_lines(spec))
        return {
            "prompt": f"{opening}    /**\n{text}\n     */\n{method}",
            "test": self._main(spec, [*spec["examples"], *spec["tests"]]),
            "text": text,
            "declaration": opening + method,
            "example_test": self._main(spec, spec["examples"]) + "\n",
        }

    def _main(self, spec: Specification, cases: Sequence[Case]) -> str:
        comparisons = ",\n".join(
            f"            Objects.equals(s.{self.call(spec, given)}, {self.value(expected, spec['result'])})"
            for given, expected in cases
        )
        return (
            "public class Main {\n    public static void main(String[] args) {\n"
            "        Solution s = new Solution();\n"
            f"        List<Boolean> correct = Arrays.asList(\n{comparisons}\n        );\n"
            "        if (correct.contains(false)) {\n            throw new AssertionError();\n        }\n    }\n}"
        )


class JavaScript(Spelling):
    """An arrow function; `console.assert`, which reports and goes on. Lists are compared as JSON."""

    prefix, indent, closing = "JavaScript", "  ", "}\n\n"
    types: ClassVar = {}

    def name(self, words: Sequence[str]) -> str:
        return words[0] + "".join(word.capitalize() for word in words[1:])

    def fields(self, spec: Specification) -> dict[str, str]:
        parameters = ", ".join(parameter for parameter, _ in spec["parameters"])
        head = f"const {self.name(spec['name'].split())} = ({parameters}) => {{\n"
        return {
            "prompt": "/* " + "\n  ".join(self.doc_lines(spec)) + f"\n  */\n{head}",
            "test": self._test(spec, [*spec["examples"], *spec["tests"]]),
            "declaration": f"\n{head}",
            "example_test": self._test(spec, spec["examples"]),
        }

    def _test(self, spec: Specification, cases: Sequence[Case]) -> str:
        test = "test" + "".join(word.capitalize() for word in spec["name"].split())
        lines = []
        for given, expected in cases:
            call, value = self.call(spec, given), self.value(expected, spec["result"])
            if spec["result"] in ("ints", "strs"):
                call, value = f"JSON.stringify({call})", f"JSON.stringify({value})"
            lines.append(f"  console.assert({call} === {value})\n")
        return f"const {test} = () => {{\n{''.join(lines)}}}\n\n{test}()\n"


class Go(Spelling):
    """Documentation as line comments; a test function with testify's `assert`."""

    prefix, indent, closing = "Go", "    ", "}\n\n"
    types: ClassVar = {"int": "int", "bool": "bool", "str": "string", "ints": "[]int", "strs": "[]string"}
    list_form = doc_list_form = "{type}{{{items}}}"

    def name(self, words: Sequence[str]) -> str:
        return "".join(word.capitalize() for word in words)

    def fields(self, spec: Specification) -> dict[str, str]:
        packages = spec.get("go_imports", [])
        imports = "".join(f'    "{package}"\n' for package in packages)
        imports = f"import (\n{imports})\n" if packages else ""
        docstring = "".join(f"// {line}\n" for line in self.doc_lines(spec))
        parameters = ", ".join(f"{parameter} {self.types[kind]}" for parameter, kind in spec["parameters"])
        head = f"func {self.name(spec['name'].split())}({parameters}) {self.types[spec['result']]} {{\n"
        return {
            "prompt": f"{imports}\n{docstring}{head}",
            "import": imports,
            "docstring": docstring,
            "declaration": f"\n{head}",
            "test": self._test(spec, [*spec["examples"], *spec["tests"]]),
            "test_setup": 'package main\n\nimport (\n    "testing"\n    "github.com/stretchr/testify/assert"\n)\n',
            "example_test": self._test(spec, spec["examples"]),
        }

    def _test(self, spec: Specification, cases: Sequence[Case]) -> str:
        lines = []
        for given, expected in cases:
            if expected == []:  # a nil slice is as good an empty answer as an empty one, but not Equal to it
                lines.append(f"    assert.Len({self.call(spec, given)}, 0)\n")
            else:
                lines.append(f"    assert.Equal({self.value(expected, spec['result'])}, {self.call(spec, given)})\n")
        name = self.name(spec["name"].split())
        return f"func Test{name}(t *testing.T) {{\n    assert := assert.New(t)\n{''.join(lines)}}}\n"


LANGUAGES: dict[str, Spelling] = {"python": Python(), "cpp": Cpp(), "java": Java(), "js": JavaScript(), "go": Go()}


def read_specifications(folder: Path = FOLDER / "problems") -> list[Specification]:
    """The problem files' tables, in the order of their names."""
    return [tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.toml"))]


def built_files(specifications: Sequence[Specification]) -> dict[str, str]:
    """File name to content, for every JSONL file of the set."""
    files = {}
    for language, spelling in LANGUAGES.items():
        problems, wrong = [], []
        for number, spec in enumerate(specifications):
            task_id = f"{spelling.prefix}/{number}"
            fields = spelling.fields(spec)
            opening = {"task_id": task_id, "prompt": fields.pop("prompt")}
            solution = spelling.completion(spec["solution"][language])
            problems.append({**opening, "canonical_solution": solution, **fields})
            wrong += [
                {
                    "task_id": task_id,
                    "name": entry["name"],
                    "completion": spelling.completion(entry[language]),
                    "status": entry["status"],
                }
                for entry in spec["wrong"]
                if language in entry
            ]
        files[f"humaneval_{language}.jsonl"] = "".join(json.dumps(row) + "\n" for row in problems)
        files[f"wrong_{language}.jsonl"] = "".join(json.dumps(row) + "\n" for row in wrong)
    return files


def main(arguments: Sequence[str]) -> int:
    """Write the files, or with `--check` compare them. Returns the exit code."""
    files = built_files(read_specifications())
    if list(arguments) == ["--check"]:
        stale = [name for name, content in files.items() if _content(FOLDER / name) != content]
        print("\n".join(f"{name} is not what build.py writes: run it" for name in stale) or "in sync")
        return 1 if stale else 0
    for name, content in files.items():
        (FOLDER / name).write_text(content, encoding="utf-8")
    print(f"wrote {len(files)} files to {FOLDER}")
    return 0


def _content(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
