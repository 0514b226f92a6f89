from __future__ import annotations

import pickle
import random
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from humaneval_x.datasets import read_problems
from humaneval_x.errors import UsageError
from humaneval_x.languages import language_names, read_language
from humaneval_x.truncation import TRUNCATIONS, stop_rule, stops_from, truncate
from humaneval_x.truncation.masks import mask

# Pieces from which texts are made that hit every rule's corners more often than random characters would.
PIECES = {
    "python": [
        "    return x\n",
        "    if x:\n",
        "        y = helper(x)\n",
        "    s = '''a\nb'''\n",
        '    """\ndoc\n"""\n',
        "# note\n",
        "    z = [1,\n2]\n",
        "def helper(v):\n    return v\n",
        "def f(x):\n",
        "LIMIT = 7\n",
        "    return LIMIT\n",
        "import math\n",
        "from os import path, sep\n",
        "class Node:\n    pass\n",
        "    n = Node()\n",
        "print(f(1))\n",
        "\n",
        "@cache\n",
        "if __name__ == '__main__':\n",
        "    f(1)\n",
        "async def go():\n",
        "x = f(2)\n",
        "\\\n",
        "'",
        '"',
        "(",
        ")",
        "\r\n",
        "key = lambda v: v\n",
        "    return sorted(x, key=key)\n",
        '"""',
        "assert f(1)\n",
        "de",
        "f(",
        "    # inner\n",
        "\t",
        "=",
        "\x0c",
    ],
    "braces": [
        "    return x;\n",
        "}\n",
        "}",
        "{",
        "\n",
        "    if (x) {\n",
        "    y = helper(x);\n",
        "int helper(int v) {\n  return v;\n}\n",
        "// a comment }\n",
        "/* } */",
        "/*",
        "*/",
        '"}"',
        "'}'",
        "'",
        '"',
        "`${x}`",
        "`",
        "${",
        "/}/.test(x)",
        "/",
        "\\",
        "\\\n",
        "#include <map>\n",
        "#define N 3\n",
        "#if",
        "#",
        "int main() {\n",
        "func helper(v int) int {\n    return v\n}\n",
        "function helper(v) {\n  return v\n}\n",
        "const helper = (v) => {\n  return v\n}\n",
        "const limit = 7\n",
        "limit",
        "    public static int helper(int v) {\n        return v;\n    }\n",
        "class Node {\n}\n",
        "new Node()",
        "type Node struct {\n}\n",
        "func main() {\n",
        "console.log(f(1))\n",
        ";",
        "(",
        ")",
        'R"x(}',
        ')x"',
        "@Override\n",
        "template <class T>\n",
        "var x = 1\n",
        "private",
        " static",
        "func (n Node) ",
        "String()",
        "const (\n",
        "=",
        "=>",
        "helper",
        "\u00e9",
        "\ud800",
    ],
}


def texts(language: str) -> st.SearchStrategy[str]:
    pieces = PIECES["python" if language == "python" else "braces"]
    return st.lists(st.sampled_from(pieces) | st.text(max_size=3), max_size=14).map("".join)


languages = st.sampled_from(["python", "cpp", "java", "js", "go"])
starts = st.sampled_from(["", "def f(x):\n", "int f(int x) {\n", "int helper(int v); int f(int x) {"])


@settings(max_examples=400, deadline=None)
@given(st.data(), languages, st.sampled_from(["strict", "codegen"]), starts)
def test_what_is_added_to_a_finished_text_is_cut_off(data: st.DataObject, name: str, rule: str, start: str) -> None:
    language = read_language(name)
    text, more = data.draw(texts(name)), data.draw(texts(name))
    finished = stop_rule(language, rule, start)
    if finished(text):
        assert truncate(text + more, language, rule, start) == truncate(text, language, rule, start)
        assert finished(text + more)


@settings(max_examples=200, deadline=None)
@given(st.data(), languages, st.sampled_from(["reference", "none"]))
def test_a_text_that_stopped_by_the_published_rule_stays_stopped_line_by_line(
    data: st.DataObject, name: str, rule: str
) -> None:
    language = read_language(name)
    text = data.draw(texts(name))
    if rule == "none" or name == "python":
        finished = stop_rule(language, rule)
        assert not finished(text) or finished(text + data.draw(texts(name)))
    else:
        assert stop_rule(language, rule)(text) == (text.count("}") > text.count("{"))


@settings(max_examples=200, deadline=None)
@given(st.data(), languages, starts)
def test_strict_truncation_is_idempotent_and_keeps_a_beginning(data: st.DataObject, name: str, start: str) -> None:
    language = read_language(name)
    text = data.draw(texts(name))
    once = truncate(text, language, "strict", start)
    assert truncate(once, language, "strict", start) == once
    closing = once[len(text[: len(once)].rstrip("\n}")) :] if name == "java" else ""
    assert text.startswith(once) or (name == "java" and set(closing) <= set("\n}"))


@settings(max_examples=200, deadline=None)
@given(st.data(), languages)
def test_a_mask_has_the_length_of_its_text_and_agrees_with_it_where_it_paints_nothing(
    data: st.DataObject, name: str
) -> None:
    text = data.draw(texts(name))
    painted = mask(text, name)
    assert len(painted) == len(text)
    assert all(new in (old, " ", '"') for old, new in zip(text, painted, strict=True))


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("python", "x = 1  # }{ \"\ny = 'a\\'#' + \"#\"\nz = '''\n# {'''\n"),
        ("cpp", 'char c = \'}\'; /* } */ string s = "\\"}"; // } \\\n }\nauto r = R"x(}")x";\n'),
        ("java", 'char c = \'}\'; String s = "}\\""; String t = """\n } """; // }\n'),
        ("go", "c := '}'; s := \"}\"; r := `}\n}`; /* } */ // }\n"),
        ("js", "a = '}'; b = `}${ {x: `}`}.x }}`; c = /[/}]\\/}/.test(a); d = 4 / 2; // }\nreturn /}/g\n"),
    ],
)
def test_no_brace_or_hash_of_a_literal_or_comment_is_taken_for_code(name: str, code: str) -> None:
    painted = mask(code, name)
    assert painted.count("}") == painted.count("{")
    assert "#" not in painted


def test_a_division_is_not_taken_for_a_regular_expression() -> None:
    code = "a = b / c; } d = (e) / 2 / f[0] / 1; }"
    assert mask(code, "js") == code


@pytest.mark.published
@pytest.mark.parametrize("version", ["codegeex", "codegeex2", "fixed"])
@pytest.mark.parametrize("name", ["python", "cpp", "java", "js", "go"])
def test_strict_truncation_leaves_every_canonical_solution_whole(
    name: str, version: str, published_data: object
) -> None:
    language = read_language(name)
    problems = read_problems(version, [name], published_data)  # type: ignore[arg-type]
    assert len(problems) == 164
    for problem in problems:
        for start in ("", problem.prompt, problem.declaration):
            kept = truncate(problem.canonical_solution, language, "strict", start)
            assert kept.rstrip() == problem.canonical_solution.rstrip(), problem.task_id


@pytest.mark.published
@pytest.mark.parametrize("name", ["python", "cpp", "java", "js", "go"])
def test_strict_truncation_cuts_what_models_write_after_a_canonical_solution(name: str, published_data: object) -> None:
    language = read_language(name)
    talk = {
        "python": "\n\n# Test\nprint(1)\n\ndef check():\n    pass\n",
        "cpp": "\n\n// Test\nint main() {\n  return 0;\n}\n",
        "java": "\n\nclass Main {\n    public static void main(String[] args) {}\n}\n",
        "js": "\n\n// Test\nconsole.log(1)\n",
        "go": "\n\n// Test\nfunc main() {\n}\n",
    }[name]
    for problem in read_problems("codegeex", [name], published_data):  # type: ignore[arg-type]
        text = problem.canonical_solution.rstrip() + talk
        assert stop_rule(language, "strict", problem.prompt)(text), problem.task_id
        kept = truncate(text, language, "strict", problem.prompt)
        assert kept.rstrip() == problem.canonical_solution.rstrip(), problem.task_id


CUTS = [
    (
        "python",
        "    return g(x)\n\ndef g(v):\n    return v\n\nprint(f(1))\n",
        "    return g(x)\n\ndef g(v):\n    return v",
    ),
    ("python", "    return 1\n\ndef g(v):\n    return v\n", "    return 1"),
    ("python", "    return f(1)\n\ndef f(x):\n    return 2\n", "    return f(1)"),
    ("python", "    x = '''\nnot code\n'''\n    return x\nif x:\n", "    x = '''\nnot code\n'''\n    return x"),
    ("python", "    x = [\n1,\n]\n    return x\n```\n", "    x = [\n1,\n]\n    return x"),
    ("python", "# aside\n    return x\n# end\nf(1)\n", "# aside\n    return x"),
    ("python", "    return N\nN = 3\nfor x in y: pass\n", "    return N\nN = 3"),
    ("python", "    r = 1\n    return r\nr = f(1)\nf(r)\n", "    r = 1\n    return r"),
    ("python", "    return math.pi\n\nimport math\nx()\n", "    return math.pi\n\nimport math"),
    ("python", "    return math.pi\n\nimport math\n", "    return math.pi\n\nimport math"),
    ("python", "    return N\nN = [\n3,\n]", "    return N\nN = [\n3,\n]"),
    ("js", "  return g(1)\n}\nconst g = (v) => v", "  return g(1)\n}\nconst g = (v) => v"),
    ("go", "    return N\n}\nconst (\n    N = 1\n)", "    return N\n}\nconst (\n    N = 1\n)"),
    ("python", "return 1\n", ""),
    ("cpp", '    return "}";\n}\nint main() {\n', '    return "}";\n}'),
    ("cpp", "    return 1;\n}\n#undef N\n#ifdef TEST\nint main() {}\n#endif\n", "    return 1;\n}\n#undef N\n"),
    ("cpp", "    return 1;\n}\n// The end.\n", "    return 1;\n}"),
    (
        "java",
        "        return g(x);\n    }\n    int g(int v) {\n        return v;\n    }\n    int h() {\n",
        "        return g(x);\n    }\n    int g(int v) {\n        return v;\n    }\n}",
    ),
    ("java", "        return 1;\n    }\n\n    public static void main(String[] a) {\n", "        return 1;\n    }\n}"),
    ("java", "        return 1;\n    }\n}\npublic class Main {\n", "        return 1;\n    }\n}"),
    ("java", "        return 1;\n    }", "        return 1;\n    }\n}"),
    (
        "java",
        "        return new P(1);\n    }\n}\n\nclass P {\n    P(int x) {}\n}\nclass Q {",
        "        return new P(1);\n    }\n}\n\nclass P {\n    P(int x) {}\n}",
    ),
    (
        "js",
        "  return xs.map(g)\n}\n\nconst g = (v) =>\n  v + 1\n\nconsole.log(f([1]))\n",
        "  return xs.map(g)\n}\n\nconst g = (v) =>\n  v + 1\n",
    ),
    ("js", "  return 1\n};\n\nmodule.exports = { f };\n", "  return 1\n};"),
    ("js", "  const r = 1\n  return r\n}\nconst r = f(1)\nconsole.log(r)\n", "  const r = 1\n  return r\n}"),
    (
        "go",
        "    return g(x)\n}\n\n// g is a helper.\nfunc g(v int) int {\n    return v\n}\n\nfunc main() {\n",
        "    return g(x)\n}\n\n// g is a helper.\nfunc g(v int) int {\n    return v\n}\n",
    ),
    (
        "go",
        "    sort.Sort(by(x))\n}\n\ntype by []int\n\nfunc (b by) Len() int {\n    return 0\n}\nfunc TestF(t *T) {",
        "    sort.Sort(by(x))\n}\n\ntype by []int\n\nfunc (b by) Len() int {\n    return 0\n}\n",
    ),
]


@pytest.mark.parametrize(("name", "text", "kept"), CUTS, ids=[f"{name}-{i}" for i, (name, _, _) in enumerate(CUTS)])
def test_strict_keeps_the_function_and_what_it_needs(name: str, text: str, kept: str) -> None:
    start = {"python": "def f(x):\n", "java": "int f(int x) {\n"}.get(name, "f(x) {\n")
    assert truncate(text, read_language(name), "strict", start) == kept


@pytest.mark.parametrize("name", ["cpp", "js", "go"])
def test_a_function_that_never_ends_is_left_as_it_is(name: str) -> None:
    text = "    if (x) {\n        return 1\n    }\n"
    assert truncate(text, read_language(name), "strict") == text
    assert not stop_rule(read_language(name), "strict")(text)


def test_a_first_line_that_goes_on_from_the_prompt_is_not_unindented() -> None:
    python = read_language("python")
    assert truncate("return 1\n", python, "strict", "def f(x): ") == "return 1\n"
    assert truncate("return 1\n", python, "strict", "def f(x):\n") == ""


REFERENCE = [
    ("python", "    return 1\n\n# x\ndef g():\n", "    return 1\n"),
    ("cpp", "    return 1;\n}\nint main() {\n  f();\n} // }", "    return 1;\n}\nint main() {\n  f();\n} // }"),
    ("cpp", "    return 1;\n}\nint x;", "    return 1;\n}"),
    ("js", "  return 1\n}\nfoo()", "  return 1\n}"),
    ("java", "        return 1;\n    }", "        return 1;\n    }\n}"),
    (
        "java",
        "        return 1;\n    }\n\n    public static void main(String[] a) {\n",
        "        return 1;\n    }\n\n    }",
    ),
    ("go", "    return 1\n}\n\n// x\nfunc main() {\n}\n", "    return 1\n}"),
    ("go", "    return 1\n", "    return 1\n"),
]


@pytest.mark.parametrize(("name", "text", "kept"), REFERENCE)
def test_reference_cuts_as_the_published_evaluator_does(name: str, text: str, kept: str) -> None:
    assert truncate(text, read_language(name), "reference") == kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("    return 1\ndef g():\n    pass\ndef h():\n", "    return 1\ndef g():\n    pass\n"),
        ("    return 1\n# x\n", "    return 1\n"),
        ("    return 1\n\n\n    x", "    return 1"),
        ("    return 1<|endoftext|>x", "    return 1"),
        ("    return 1\nprint(1)\nprint(2)\n", "    return 1\nprint(1)\n"),
        ("    return 1\n'''\n", "    return 1\n"),
        ("    return 1\n", "    return 1\n"),
    ],
)
def test_codegen_cuts_as_its_own_script_does(text: str, kept: str) -> None:
    assert truncate(text, read_language("python"), "codegen") == kept
    assert stop_rule(read_language("python"), "codegen")(text) == (text != kept)


def test_an_unknown_rule_is_a_usage_error_that_names_the_known_ones() -> None:
    for ask in (lambda: truncate("", read_language("go"), "loose"), lambda: stop_rule(read_language("go"), "loose")):
        with pytest.raises(UsageError, match="strict, reference, codegen, none"):
            ask()


@pytest.mark.parametrize("rule", TRUNCATIONS)
@pytest.mark.parametrize("name", language_names())
def test_a_stop_rule_is_asked_of_growing_text_in_linear_time(name: str, rule: str) -> None:
    language = read_language(name)
    finished = stop_rule(language, rule, "x")
    body = "    if (x == '{') { y = g(\"}\", x / 2); }\n" if language.open_braces else "    y = g('#', [x])  # note\n"

    def cost(lines: int) -> float:
        text = body * lines
        began = time.process_time()
        assert not finished(text)
        truncate(text, language, rule, "x")
        return time.process_time() - began

    small = min(cost(500) for _ in range(3))
    large = min(cost(5_000) for _ in range(3))
    assert large < 40 * small + 0.05
    assert large < 4.0


@pytest.mark.parametrize("name", language_names())
def test_hostile_text_neither_raises_nor_hangs(name: str) -> None:
    language = read_language(name)
    draw = random.Random(7)
    for unit in (
        "{",
        "}",
        "(",
        "'",
        '"',
        "`${",
        "/",
        "\\",
        "/*",
        "//\n",
        "#",
        "'''",
        'R"(',
        "\n",
        "@a\n",
        "x ",
        "template <",
    ):
        for text in (
            unit * 8_000,
            "}" * 3 + unit * 8_000,
            unit * 3_000 + "".join(draw.choices("{}'\"`/\\\n ", k=6_000)),
        ):
            began = time.process_time()
            for rule in TRUNCATIONS:
                truncate(text, language, rule, "int f() {")
                stop_rule(language, rule, "int f() {")(text)
            assert time.process_time() - began < 3.0, unit


def test_a_completion_of_a_hundred_megabytes_is_cut_quickly() -> None:
    began = time.process_time()
    tail = "x = y / 2; // {\n" * 6_500_000
    assert truncate("    return 1;\n}\nint main() {\n" + tail, read_language("cpp"), "strict") == "    return 1;\n}"
    assert len(truncate(tail, read_language("cpp"), "strict")) == len(tail)
    assert time.process_time() - began < 20.0


@settings(max_examples=300, deadline=None)
@given(st.data(), languages, st.sampled_from(TRUNCATIONS), starts)
def test_a_stop_rule_is_first_met_where_its_watch_says(data: st.DataObject, name: str, rule: str, start: str) -> None:
    text = data.draw(texts(name))
    finished = stop_rule(read_language(name), rule, start)
    if not finished(text):
        return
    assert finished.watch != "never"
    if finished.watch == "braces":
        # The braces of literals are the exception that the watch speaks of.
        code = mask(text, read_language(name).truncation) if rule == "strict" else text
        balance = [code.count("}", 0, end) - code.count("{", 0, end) for end in range(len(code) + 1)]
        assert max(balance) > 0
    elif rule != "codegen":
        assert re.search(r"^[^ \t\n]", text, re.MULTILINE)


def test_a_watch_is_named_by_rule_language_and_patterns() -> None:
    watches = {
        (name, rule): stop_rule(read_language(name), rule).watch for name in ("python", "go") for rule in TRUNCATIONS
    }
    assert watches == {
        ("python", "strict"): "lines",
        ("python", "reference"): "lines",
        ("python", "codegen"): "lines",
        ("python", "none"): "never",
        ("go", "strict"): "braces",
        ("go", "reference"): "braces",
        ("go", "codegen"): "lines",
        ("go", "none"): "never",
    }
    assert stop_rule(read_language("go"), "none", patterns=["x"]).watch == "always"


@pytest.mark.parametrize("rule", TRUNCATIONS)
@pytest.mark.parametrize("name", language_names())
def test_a_stop_rule_survives_pickling(name: str, rule: str) -> None:
    before = stop_rule(read_language(name), rule, "int helper(int v); int f(int x) {", patterns=["^STOP"])
    after = pickle.loads(pickle.dumps(before))
    assert after == before
    for text in ("    return 1\n}\nint main() {\n", "    return 1\n\nprint(1)\n", "STOP", "    x", ""):
        assert after(text) == before(text)
        assert after.cut(text) == before.cut(text)


def test_a_pattern_finishes_a_text_wherever_it_matches() -> None:
    finished = stop_rule(read_language("python"), "none", patterns=["^class ", r"\bEND\b"])
    assert finished("    return 1\nclass A")
    assert finished("    x = END\n")
    assert not finished("    class A")
    assert not finished("    x = ENDS\n")


def test_a_rule_holds_beside_patterns() -> None:
    finished = stop_rule(read_language("python"), "strict", patterns=["^#"])
    assert finished("    return 1\nprint(1)\n")
    assert finished.cut("    return 1\nprint(1)\n") == "    return 1\nprint(1)\n"
    assert not stop_rule(read_language("python"), "none", patterns=["^#"])("    return 1\nprint(1)\n")


def test_a_text_is_cut_before_the_first_match_of_any_pattern() -> None:
    rule = stop_rule(read_language("python"), "strict", patterns=["second", "first.*\nsecond", "never"])
    assert rule.cut("a first b\nsecond") == "a "
    assert rule.cut("a second first") == "a "
    assert rule.cut("neither") == "neither"
    assert stop_rule(read_language("python"), "strict").cut("a\nfirst") == "a\nfirst"


def test_a_dollar_in_a_pattern_matches_at_a_line_s_end_and_at_the_end_so_far() -> None:
    finished = stop_rule(read_language("python"), "none", patterns=["pass$"])
    assert finished("    pass")
    assert finished("    pass\n    x")
    assert not finished("    passed")


@pytest.mark.parametrize("pattern", ["", "x*", "^", "$", "(?=a)?", r"a|\n*"])
def test_a_pattern_that_matches_an_empty_text_is_a_usage_error(pattern: str) -> None:
    with pytest.raises(UsageError, match="empty") as caught:
        stop_rule(read_language("python"), "none", patterns=["ok", pattern])
    assert repr(pattern) in str(caught.value)


def test_what_is_no_regular_expression_is_a_usage_error_that_says_where() -> None:
    with pytest.raises(UsageError, match=r"'a\(b' is no regular expression.* at position 1"):
        stop_rule(read_language("python"), "none", patterns=["a(b"])


def test_a_stop_is_a_rule_by_its_name_and_else_a_pattern() -> None:
    assert stops_from([]) == ("strict", ())
    assert stops_from(["codegen"]) == ("codegen", ())
    assert stops_from(["^#", "none", "\n\n", "^#", "none"]) == ("none", ("^#", "\n\n"))
    assert stops_from(["(?:none)"]) == ("strict", ("(?:none)",))
    with pytest.raises(UsageError, match="none, strict"):
        stops_from(["none", "x", "strict"])


@pytest.mark.published
@pytest.mark.parametrize("version", ["codegeex", "codegeex2", "fixed"])
def test_the_reference_rule_damages_the_one_canonical_solution_that_goes_on_after_its_last_brace(
    version: str, published_data: object
) -> None:
    damaged = set()
    for problem in read_problems(version, language_names(), published_data):  # type: ignore[arg-type]
        kept = truncate(problem.canonical_solution, read_language(problem.language), "reference", problem.prompt)
        if kept.split() != problem.canonical_solution.split():
            damaged.add(problem.task_id)
    assert damaged == {"CPP/94"}


@pytest.mark.published
def test_stopping_by_the_reference_rule_loses_the_two_canonical_solutions_with_code_after_the_function(
    published_data: object,
) -> None:
    lost = set()
    for problem in read_problems("codegeex", language_names(), published_data):  # type: ignore[arg-type]
        rule = stop_rule(read_language(problem.language), "reference", problem.prompt)
        text = problem.canonical_solution
        drawn = next((text[:end] for end in range(1, len(text) + 1) if rule(text[:end])), text)
        if truncate(drawn, read_language(problem.language), "reference").split() != text.split():
            lost.add(problem.task_id)
    assert lost == {"CPP/94", "Go/72"}


@settings(max_examples=200, deadline=None)
@given(st.data(), languages, st.sampled_from(["reference", "codegen", "none"]))
def test_a_published_rule_keeps_a_beginning_of_the_text(data: st.DataObject, name: str, rule: str) -> None:
    language = read_language(name)
    text = data.draw(texts(name))
    kept = truncate(text, language, rule)
    if name == "java" and rule == "reference":  # it closes what it cuts
        kept = kept.rstrip("}\n")
        assert text.startswith(kept)
    else:
        assert text.startswith(kept)
        if name not in {"go", "java"}:  # Go's cuts once more at what now stands last, as published
            assert truncate(kept, language, rule) == kept
