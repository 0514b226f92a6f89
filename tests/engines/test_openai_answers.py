"""The code in a chat's answer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from humaneval_x.datasets import read_problems
from humaneval_x.engines.openai.answers import Taken, completion_in
from humaneval_x.engines.openai.fences import Block, fenced_blocks, names_language
from humaneval_x.languages import language_names, read_language
from humaneval_x.programs import assemble, start_of
from humaneval_x.records import Completion, Problem
from humaneval_x.sandbox.choice import backend_named
from humaneval_x.truncation import truncate
from humaneval_x.verdicts import decide

STARTS = {
    "python": 'def f(n):\n    """ Doc.\n    """\n',
    "cpp": "#include<vector>\nusing namespace std;\nint f(vector<int> xs){\n",
    "java": "import java.util.*;\nimport java.lang.*;\n\nclass Solution {\n    public int f(List<Integer> xs) {\n",
    "js": "const f = (xs) => {\n",
    "go": "\nfunc F(xs []int) int {\n",
}


def problem(name: str, start: str = "") -> Problem:
    start = start or STARTS[name]
    prefix = read_language(name).task_prefix
    return Problem(
        task_id=f"{prefix}/0", language=name, prompt=start, declaration=start, canonical_solution="", test=""
    )


def taken(name: str, answer: str, start: str = "") -> str:
    return completion_in(answer, problem(name, start), f"generation-{name}", read_language(name)).text


def put_before(name: str, answer: str) -> list[str]:
    """The lines that are put before the start."""
    return completion_in(answer, problem(name), f"generation-{name}", read_language(name)).preamble.splitlines()


def kept(name: str, answer: str, start: str = "") -> str:
    """What the strict rule leaves of it."""
    return truncate(taken(name, answer, start), read_language(name), "strict", start or STARTS[name])


def plain(text: str) -> str:
    return "".join(text.split())


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("no fence", []),
        ("a\n```\nx\n```\nb", [("", "x\n")]),
        ("```python\nx\n\ny\n```", [("python", "x\n\ny\n")]),
        ("~~~ go\nx\n```\n~~~", [("go", "x\n```\n")]),
        ("````\n```\nx\n```\n````", [("", "```\nx\n```\n")]),
        ("```\nx", [("", "x\n")]),
        ("```\nx\n", [("", "x\n")]),
        ("```", [("", "")]),
        ("1. Do:\n   ```js\n   x\n     y\n   ```\n", [("js", "x\n  y\n")]),
        ("- ```js\n  x\n  ```", [("js", "x\n")]),
        ("> ```js\n> x\n> ```", [("js", "x\n")]),
        ("```\na\n    ```\nb\n```", [("", "a\n    ```\nb\n")]),
        ("```a``` is code\n```\nx\n```", [("", "x\n")]),
        ("```\nx\n```\n```c\ny\n```", [("", "x\n"), ("c", "y\n")]),
    ],
)
def test_fenced_blocks_are_read_as_markdown_has_them(text: str, blocks: list[tuple[str, str]]) -> None:
    assert fenced_blocks(text) == [Block(info=info, code=code) for info, code in blocks]


@pytest.mark.parametrize(
    ("name", "infos"),
    [
        (
            "python",
            ["python", "Python3", "py", "{.python .numberLines}", "python title=x", "python:main.py", "python3.10"],
        ),
        ("cpp", ["cpp", "C++", "c++11", "cc", "c"]),
        ("js", ["js", "javascript", "JavaScript", "node"]),
        ("go", ["go", "golang"]),
        ("java", ["java", "Java"]),
    ],
)
def test_a_languages_names_are_known(name: str, infos: list[str]) -> None:
    for info in infos:
        assert [each for each in language_names() if names_language(info, read_language(each))] == [name], info


def test_the_last_block_with_the_function_is_taken() -> None:
    answer = (
        "```python\ndef f(n):\n    return 1\n```\nNo:\n```python\ndef f(n):\n    return 2\n```\n```\nprint(f(1))\n```"
    )
    assert taken("python", answer) == "    return 2\n"


def test_blocks_in_other_languages_are_passed_over_if_there_is_one_that_fits() -> None:
    answer = "```bash\npip install numpy and much more\n```\n```py\nreturn 2\n```"
    assert taken("python", answer) == "    return 2\n"
    assert taken("python", "```text\nreturn 2\n```") == "    return 2\n"


def test_without_the_function_the_longest_block_is_the_body() -> None:
    assert taken("python", "```\nx = 1\nreturn x\n```\n```\nf(1)\n```") == "    x = 1\n    return x\n"


def test_an_answer_without_a_fence_is_kept_as_it_is() -> None:
    for name, text in {"python": "    return n  # \r\n", "cpp": "  return 1;\n}\n", "go": "I cannot."}.items():
        assert taken(name, text) == text


def test_an_answer_without_a_fence_may_hold_the_whole_function() -> None:
    assert taken("python", "Here it is.\n\ndef f(n):\n    return n\n") == "    return n\n"
    assert taken("js", "const f = (xs) => {\n  return 1;\n}\n") == "  return 1;\n}\n"


def test_a_fence_that_only_ends_the_code_does_not_belong_to_it() -> None:
    assert taken("cpp", "  return 1;\n}\n```\n") == "  return 1;\n}\n"


def test_what_a_model_thinks_aloud_is_no_answer() -> None:
    assert taken("python", "<think>```py\nreturn 1\n```</think>\n\n```py\nreturn 2\n```") == "    return 2\n"
    assert taken("python", "so:\n```py\nreturn 1\n```</think>    return 2\n") == "    return 2\n"
    assert taken("python", "<think>\n```py\nreturn 1\n```\nNo, wait") == ""


def test_windows_line_ends_in_a_block_are_newlines() -> None:
    assert taken("python", "```python\r\ndef f(n):\r\n    return 1\r\n```\r\n") == "    return 1\n"


def test_a_block_that_never_ends_is_read_to_the_end() -> None:
    assert taken("go", "```go\nfunc F(xs []int) int {\n\treturn 1") == "\treturn 1\n"


@pytest.mark.parametrize(
    ("code", "body"),
    [
        ("return n\n", "    return n\n"),
        ("    return n\n", "    return n\n"),
        ("  return n\n", "  return n\n"),
        ("for x in y:\n    z\nreturn 1\n", "    for x in y:\n        z\n    return 1\n"),
        ("x = 1\n    return x\n", "    x = 1\n    return x\n"),
        ("for x in y:\n        z\n    return 1\n", "    for x in y:\n        z\n    return 1\n"),
        ("if n:\n    return 1\n", "    if n:\n        return 1\n"),
        ('x = """\na\n"""\nreturn x\n', '    x = """\na\n"""\n    return x\n'),
        ("def g(x):\n    return x\nreturn g(n)\n", "    def g(x):\n        return x\n    return g(n)\n"),
        ("def g(x):\n    return x\n", "def g(x):\n    return x\n"),
        ("# so\nreturn n\n", "    # so\n    return n\n"),
        ("import math\nreturn math.pi\n", "    import math\n    return math.pi\n"),
    ],
)
def test_pythons_body_alone_is_indented_unless_it_is_a_definition(code: str, body: str) -> None:
    assert taken("python", f"```\n{code}```") == body


@pytest.mark.parametrize(
    ("code", "body"),
    [
        ("def f(n):\n  if n:\n    return 1\n  return 2\n", "    if n:\n      return 1\n    return 2\n"),
        ("def f(n):\n\tif n:\n\t\treturn 1\n\treturn 2\n", "    if n:\n    \treturn 1\n    return 2\n"),
        ("def f(n): return 2\n", "    return 2\n"),
        ("def f(\n    n: int,\n) -> Dict[str, int]:\n    return 2\n", "    return 2\n"),
        ("class Solution:\n    def f(n):\n        return 2\n", "    return 2\n"),
        ('def f(n):\n  x = """\n  a"""\n  return x\n', '    x = """\n  a"""\n    return x\n'),
    ],
)
def test_pythons_body_takes_the_indentation_of_the_docstring_before_it(code: str, body: str) -> None:
    assert taken("python", f"```python\n{code}```") == body
    compile(STARTS["python"] + body, "f", "exec")


def test_a_docstring_that_is_repeated_is_left_out_and_another_may_stay() -> None:
    assert taken("python", f"```python\n{STARTS['python']}    return 2\n```") == "    return 2\n"
    own = 'def f(n):\n    """Other."""\n    return 2\n'
    assert taken("python", f"```python\n{own}```") == '    """Other."""\n    return 2\n'


@pytest.mark.parametrize(
    ("name", "body"),
    [("cpp", "  return 1;\n"), ("java", "  for (;;) { }\n"), ("js", "  return {};\n"), ("go", "  return 1\n")],
)
def test_a_body_alone_that_lacks_its_last_brace_is_given_one(name: str, body: str) -> None:
    assert taken(name, f"```\n{body}```") == f"{body}}}\n"
    assert taken(name, f"```\n{body}}}\n```") == f"{body}}}\n"


@pytest.mark.parametrize(
    "code",
    [
        "const f = (xs) => {\n  return 1;\n};",
        "let f = xs => {\n  return 1;\n}",
        "function f(xs) {\n  return 1;\n}",
        "const f = function (xs) {\n  return 1;\n}",
        "const f = async (xs = [], { a } = {}) => {\n  return 1;\n}",
        "const f = (xs) => 1;",
        "const f = xs =>\n  1\n",
        "var f = (xs) => 1\nconsole.log(f([]))",
        "const x = f(1);\nfunction f(xs) {\n  return 1;\n}",
    ],
)
def test_javascripts_functions_are_told_in_all_their_forms(code: str) -> None:
    assert plain(kept("js", f"```js\n{code}\n```")).rstrip(";") == "return1;}"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("cpp", "int f(vector<int> xs);\nint f(vector<int> xs)\n{\n  return 1;\n}\nint main(){ if (f({})) { } }"),
        (
            "cpp",
            "int f(const vector<int>& xs, int depth = 0) {\n  return 1;\n}\nint f(vector<int> xs) {\n  return 1;\n}",
        ),
        (
            "java",
            "class Solution {\n  int g() { return f(null); }\n  public int f(List<Integer> xs) {\n  return 1;\n}\n}",
        ),
        (
            "go",
            'package main\n\nimport "fmt"\n\nfunc F(xs []int) (int) {\n  return 1;\n}\nfunc main() { for F(nil) { } }',
        ),
        ("go", "func F(xs []int) interface{} { return 1; }"),
    ],
)
def test_the_function_is_told_from_calls_and_prototypes(name: str, code: str) -> None:
    assert plain(kept(name, f"```\n{code}\n```").removesuffix("}" * (name == "java"))) == "return1;}"


def run_python(answer: str, call: str) -> object:
    """What `call` gives in the program that the harness would judge."""
    found = completion_in(answer, problem("python"), "generation-python", read_language("python"))
    sample = Completion(
        task_id="Python/0", completion_id=0, text=found.text, finish="eos", tokens=0, seed=0, preamble=found.preamble
    )
    program = assemble(problem("python"), sample, task="generation", truncation="strict")
    names: dict[str, object] = {"__name__": "program"}
    exec(compile(program.source, "program", "exec", dont_inherit=True), names)
    return eval(call, names)


HELPED = """
import os, sys
from functools import lru_cache
from dataclasses import dataclass

SCALE = 5
unused = SCALE

@dataclass
class Box:
    value: int = SCALE

@lru_cache(maxsize=None)
def fib(n: int) -> int:
    return n if n < 2 else fib(n - 1) + fib(n - 2)

def f(n):
    return plus_one(fib(n) * Box().value)

def plus_one(n):
    return n + ONE

ONE = 1

print(f(3))
"""


def test_what_stands_around_pythons_function_is_kept_in_an_order_that_runs() -> None:
    assert run_python(f"```python{HELPED}```", "f(10)") == 276
    text = kept("python", f"```python{HELPED}```")
    assert "unused" not in text
    assert "import os" not in text
    assert "print" not in text


def test_pythons_variable_that_a_call_makes_moves_into_the_function() -> None:
    assert run_python("```python\nMOD = int(1e9 + 7)\n\ndef f(n):\n    return n % MOD\n```", "f(10**9 + 8)") == 1


def test_a_variable_of_the_functions_own_is_not_taken_from_outside() -> None:
    answer = "```python\nresult = []\nimport math\n\ndef f(n):\n    result = [math.floor(n)]\n    return result\n```"
    assert run_python(answer, "f(1.5)") == [1]
    assert kept("python", answer).count("result = []") == 0


KEPT = {
    "cpp": (
        """
#include <vector>
#include <map>
using namespace std;
#define TWICE(x) ((x)*2)
typedef long long ll;
const int OFFSET = 12;

static inline int square(int x) {
    return x * x;
}

int total(const vector<int>& xs,
          int start = 0) {
    for (int x : xs) start += square(x);
    return start;
}

int f(vector<int> xs) {
    ll r = total(xs);
    return r + OFFSET + TWICE(0);
}

int main() { return f({1}); }
""",
        [
            "#define TWICE",
            "typedef long long ll;",
            "const int OFFSET = 12;",
            "    int square(int x);",
            "    int total(const vector<int>& xs, int start = 0);",
            "    ll r = total",
            "\nint square(int x) {",
            "\nint total(",
        ],
        ["main", "#include", "static"],
    ),
    "java": (
        """
import java.util.*;
import java.util.stream.Collectors;
import java.util.function.*;

class Pair { int a; }

class Solution {
    private static final int FIVE = 5;
    private static final int SIX = 6;

    private static int square(int x) { return x * x; }

    public int f(List<Integer> xs) {
        Function<Integer, Integer> g = x -> square(x);
        String said = "Collectors";
        return plus(xs.stream().map(g).collect(Collectors.toList()).size() + new Pair().a);
    }

    int plus(int s) { return s + FIVE; }

    public static void main(String[] args) { }
}
""",
        [
            "Function<Integer, Integer> g",
            '"Collectors"',
            "collect(Collectors.toList())",
            "int plus(int s)",
            "FIVE = 5;",
            "int square(int x)",
            "class Pair",
        ],
        ["SIX", "main", "import"],
    ),
    "js": (
        """
const fs = require('fs');
const BASE = 1;
const UNUSED = 2;
class Acc { constructor() { this.s = BASE; } }
const square = x => x * x;

function f(xs) {
  fs.existsSync('x');
  return new Acc().s + helped(square(xs[0]));
}

function helped(x) { return x; }
module.exports = f;
""",
        ["const fs = require('fs');", "if (false) [BASE];", "BASE = 1", "class Acc", "square = x", "function helped"],
        ["UNUSED", "module"],
    ),
    "go": (
        """
package main

import (
	"fmt"
	"sort"
)

const five = 5

type acc struct{ s int }

func (a *acc) add(x int) { a.s += square(x) }

func square(x int) int { return x * x }

func unused() {}

// F does.
func F(xs []int) int {
	a := acc{}
	sort.Ints(xs)
	a.add(xs[0])
	return plus(a.s)
}

func plus(s int) int { return s + five }

func main() { fmt.Println(F(nil)) }
""",
        ["sort.Ints", "func plus", "const five", "type acc", "func (a *acc) add", "func square"],
        ["main", "unused", "import", "package"],
    ),
}


@pytest.mark.parametrize("name", KEPT)
def test_what_a_function_needs_of_what_stands_around_it_survives_the_strict_rule(name: str) -> None:
    code, there, gone = KEPT[name]
    text = kept(name, f"```{name}{code}```")
    for words in there:
        assert words in text, text
    for words in gone:
        assert words not in text, text


PUT_BEFORE = {
    "cpp": (
        '#include <vector>\n#  include<map>\n// #include <set>\n#include "x.h"\nusing namespace std;\n'
        "using namespace std::chrono;\nint f(vector<int> xs) { return 1; }",
        ["#  include<map>", '#include "x.h"', "using namespace std::chrono;"],
    ),
    "java": (
        "import java.util.*;\nimport java.util.List;\nimport java.util.stream.*;\nimport org.junit.*;\n"
        "import java.math.BigInteger;\nimport java.math.BigDecimal;\nimport static java.lang.Math.max;\n"
        "/* import java.util.concurrent.*; */\n"
        "class Solution { public int f(List<Integer> xs) { return max(BigInteger.ONE.intValue(), 1); } }",
        ["import java.util.stream.*;", "import java.math.BigInteger;", "import static java.lang.Math.max;"],
    ),
    "go": (
        'package main\nimport (\n\t"fmt"\n\tm "math/bits"\n\t"unicode"\n\t"os"\n\t"sort"\n)\nimport "errors"\n'
        '// import "testing"\n'
        "func F(xs []int) int { sort.Ints(xs); errors.New(s); return m.Len(1) + unicode.MaxRune }\n"
        "func main() { os.Exit(0); fmt.Println() }",
        ['import m "math/bits"', 'import "unicode"', 'import "errors"'],
    ),
    "python": (
        "from __future__ import annotations\nfrom math import *\nimport os\ndef f(n):\n    return sqrt(n)",
        ["from math import *"],
    ),
    "js": ("const fs = require('fs');\nconst f = (xs) => fs;", []),
}


@pytest.mark.parametrize("name", PUT_BEFORE)
def test_what_must_stand_before_all_else_and_the_start_lacks_is_put_there(name: str) -> None:
    code, lines = PUT_BEFORE[name]
    assert put_before(name, f"```{name}\n{code}\n```") == lines


def test_a_go_package_of_the_test_s_set_up_is_not_imported_twice() -> None:
    go = replace(problem("go"), test_setup='package main\n\nimport (\n    "testing"\n    "unicode"\n)\n')
    answer = '```go\nimport "unicode"\nimport "math/big"\nfunc F(xs []int) int { return unicode.Max + big.Above }\n```'
    assert completion_in(answer, go, "generation-go", read_language("go")).preamble == 'import "math/big"\n'


# Answers that need what their own first lines bring, and a test in the language's published form.
WHOLE = {
    "cpp": (
        "#include <vector>\n#include <unordered_map>\n#include <numeric>\nusing namespace std;\n"
        "int f(vector<int> xs) {\n  unordered_map<int, int> seen;\n  for (int x : xs) seen[x]++;\n"
        "  return accumulate(xs.begin(), xs.end(), 0) + seen.size();\n}",
        "#undef NDEBUG\n#include<assert.h>\nint main(){\n    assert (f({1,1,2}) == 6);\n}\n",
    ),
    "java": (
        "import java.util.*;\nimport java.util.stream.*;\nclass Solution {\n    public int f(List<Integer> xs) {\n"
        "        return IntStream.range(0, xs.size()).map(xs::get).sum();\n    }\n}",
        "public class Main {\n    public static void main(String[] args) {\n"
        "        if (new Solution().f(Arrays.asList(1, 2)) != 3) { throw new AssertionError(); }\n    }\n}\n",
    ),
    "go": (
        'package main\n\nimport (\n\t"fmt"\n\t"unicode"\n)\n\nfunc F(xs []int) int {\n\tif unicode.IsDigit(\'1\') {\n'
        "\t\treturn xs[0]\n\t}\n\treturn 0\n}\n\nfunc main() { fmt.Println(F(nil)) }",
        "func TestF(t *testing.T) {\n    if F([]int{3}) != 3 {\n        t.Fail()\n    }\n}\n",
    ),
    "python": (
        "from math import *\n\ndef f(n):\n    return isqrt(n)",
        "def check(f):\n    assert f(9) == 3\n\ncheck(f)\n",
    ),
}


@pytest.mark.docker
@pytest.mark.parametrize("name", WHOLE)
def test_an_answer_with_includes_or_imports_of_its_own_passes(name: str) -> None:
    code, test = WHOLE[name]
    language, set_up = read_language(name), 'package main\n\nimport (\n    "testing"\n)\n' if name == "go" else ""
    each = replace(problem(name), test=test, test_setup=set_up)
    found = completion_in(f"```{name}\n{code}\n```", each, f"generation-{name}", language)
    sample = Completion(
        task_id=each.task_id, completion_id=0, text=found.text, finish="eos", tokens=0, seed=0, preamble=found.preamble
    )
    program = assemble(each, sample, task="generation", truncation="strict")
    with backend_named("docker").open_slot(language) as slot:
        outcome = slot.execute(program, language.limits)
    assert decide(program, outcome, language).passed, outcome.stderr
    bare = assemble(each, replace(sample, preamble=""), task="generation", truncation="strict")
    assert bare.source != program.source


def same_as_canonical(problems: list[Problem], task: str) -> None:
    for each in problems:
        language, start = read_language(each.language), start_of(each, task)
        canonical = truncate(each.canonical_solution, language, "strict", start)
        for answer in (
            f"Sure!\n\n```{language.name}\n{start}{each.canonical_solution}\n```\nThis works.",
            f"~~~\n{start}{each.canonical_solution}~~~",
            f"{start}{each.canonical_solution}",
            f"1. Here:\n\n   ```\n{indented(start + each.canonical_solution)}\n   ```\n",
        ):
            found = completion_in(answer, each, task, language)
            assert plain(truncate(found.text, language, "strict", start)) == plain(canonical), each.task_id
            assert found.preamble == "", each.task_id


def indented(text: str) -> str:
    return "\n".join(f"   {line}" for line in text.split("\n"))


@pytest.mark.parametrize("task", ["generation", "translation"])
@pytest.mark.parametrize("name", ["python", "cpp", "java", "js", "go"])
def test_the_canonical_solution_in_an_answer_is_the_canonical_solution(name: str, task: str) -> None:
    same_as_canonical(read_problems("smoke", [name]), task)


@pytest.mark.published
@pytest.mark.parametrize("version", ["codegeex", "fixed"])
@pytest.mark.parametrize("task", ["generation", "translation"])
@pytest.mark.parametrize("name", ["python", "cpp", "java", "js", "go"])
def test_the_published_solution_in_an_answer_is_the_published_solution(
    published_data: Path, name: str, task: str, version: str
) -> None:
    problems = read_problems(version, [name], published_data)
    assert len(problems) == 164
    same_as_canonical(problems, task)


WORDS = r"""``` ~~~ ` def class return import ( ) { } [ ] " ' => = /* // # @ ; \ f(n): f( F( func const int"""
PIECES = st.sampled_from(
    [
        *WORDS.split(" "),
        "\n",
        "    ",
        "def f(n):",
        "int f(",
        "const f = ",
        "func F(",
        "</think>",
        "\r\n",
        "\0",
        "\ud800",
    ]
)


@pytest.mark.parametrize("name", STARTS)
@settings(max_examples=150, deadline=None)
@given(pieces=st.lists(PIECES | st.text(max_size=5), max_size=40))
def test_no_answer_breaks_the_reader(name: str, pieces: list[str]) -> None:
    answer = "".join(pieces)
    assert isinstance(taken(name, answer), str)
    assert isinstance(taken(name, f"```\n{answer}"), str)


@pytest.mark.parametrize("name", STARTS)
@pytest.mark.parametrize(
    "piece", ["f(", "F(", "(", "{", "def f(", "func F(", "const f = (", "```\n", "const a ", "static int x("]
)
@pytest.mark.timeout(60)
def test_a_model_that_repeats_itself_does_not_hold_up_the_reader(name: str, piece: str) -> None:
    assert isinstance(taken(name, f"```\n{piece * 3000}"), str)
    assert isinstance(taken(name, f"```\n{(piece + chr(10)) * 3000}"), str)


def test_a_start_without_a_function_takes_the_block_as_it_is() -> None:
    assert taken("cpp", "```\nint x;\n}\n```", start="// nothing\n") == "int x;\n}\n"
    nothing = replace(problem("python"), prompt="", declaration="")
    assert completion_in("", nothing, "generation", read_language("python")) == Taken(text="")
