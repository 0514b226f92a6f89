"""C++'s fast way: it must judge what it is for, and where it could differ from the plain way, decline."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator

import pytest
from case_files import program_of
from fast_slot import fast_answers, kill_server
from open_slots import Slots

from humaneval_x.datasets import read_problems
from humaneval_x.languages import read_language
from humaneval_x.records import Outcome, Program, Verdict
from humaneval_x.sandbox.slot import SupervisedSlot
from humaneval_x.verdicts import decide, is_beyond_doubt

pytestmark = pytest.mark.docker

CPP = read_language("cpp")
HEADERS = ("stdlib.h", "algorithm", "math.h", "stdio.h", "vector", "string", "climits", "cstring", "iostream")
NINE = "".join(f"#include<{header}>\n" for header in HEADERS)
TESTS = """
#undef NDEBUG
#include<assert.h>
int main(){
    assert (answer() == 42);
}
"""


@pytest.fixture(scope="module")
def slot() -> Iterator[SupervisedSlot]:
    with contextlib.ExitStack() as stack:
        opened = stack.enter_context(Slots(stack).use("docker", "cpp"))
        assert isinstance(opened, SupervisedSlot)
        yield opened


def program(code: str, *, head: str = NINE + "using namespace std;\n", tests: str = TESTS) -> Program:
    source = head + code + tests
    return Program(
        task_id="CPP/0",
        completion_id=0,
        language="cpp",
        source=source,
        sha256=hashlib.sha256(source.encode()).hexdigest(),
    )


def judged(slot: SupervisedSlot, *programs: Program) -> list[Outcome | str]:
    return fast_answers(slot, programs, CPP.limits)


def facts(verdict: Verdict) -> tuple[str, bool, frozenset[str], str]:
    return verdict.status, verdict.reference_passed, frozenset(verdict.flags), verdict.detail


SEEN = {
    "right": ("int answer() { return 42; }", "passed"),
    "a wrong answer, and where": ("int answer() { return 41; }", "wrong_answer"),
    "its name and lines": (
        'int answer() { return strcmp(__FILE__, "main.cpp") ? 1 : __LINE__ == 11 ? 42 : __LINE__; }',
        "passed",
    ),
    "its own assertion": (
        "#include <assert.h>\nint answer() { assert(answer != 0 && 1 > 2); return 42; }",
        "wrong_answer",
    ),
    "the templates of the library": (
        'int answer() { vector<string> v = {"b", "a"}; sort(v.begin(), v.end()); return v[0] == "a" ? 42 : 0; }',
        "passed",
    ),
    "more headers": (
        "#include <map>\n#include <sstream>\n"
        'int answer() { map<string, int> m; stringstream("42") >> m["a"]; return m["a"]; }',
        "passed",
    ),
    "all headers": (
        "#include <bits/stdc++.h>\nint answer() { return unordered_set<int>{1, 42}.count(42) * 42; }",
        "passed",
    ),
    "templates of its own": (
        "template<class T> struct Less { bool operator()(T a, T b) const { return a > b; } };\n"
        "int answer() { vector<int> v{1, 42}; sort(v.begin(), v.end(), Less<int>()); return v[0]; }",
        "passed",
    ),
    "lambdas": ("int answer() { auto f = [](int a) { return a + 1; }; return f(41); }", "passed"),
    "exceptions across the library": (
        'int answer() { try { return stoi("x"); } catch (const invalid_argument &) { return 42; } }',
        "passed",
    ),
    "out of range": (
        "int answer() { try { return vector<int>(3).at(3); } catch (out_of_range &) { return 42; } }",
        "passed",
    ),
    "an end that is not reached": ("int answer() { for (int i = 0; i < 43; i++) if (i == 42) return i; }", "passed"),
    "constructors of globals": ("vector<int> global(42, 1);\nint answer() { return global.size(); }", "passed"),
    "destructors": (
        "struct Last { ~Last() { cerr << 1; } } last;\nint answer() { return 42; }",
        "passed",
    ),
    "a macro over several lines": (
        "#define SUM(a, b) \\\n    ((a) + \\\n     (b))\nint answer() { return SUM(40, 2); }",
        "passed",
    ),
    "a header's words in a comment": ("// #included: import, pragma\nint answer() { return 42; }", "passed"),
    "a string that looks like a directive": (
        'int answer() { return string("#6@2").size() + string("#1").size() * 19; }',
        "passed",
    ),
    "static_assert": ('static_assert(sizeof(vector<int>) == 24, "");\nint answer() { return 42; }', "passed"),
}
"""Programs that the fast way must judge, as the plain one does, to the last letter of their output."""


@pytest.mark.parametrize("name", SEEN)
def test_the_fast_way_says_what_the_plain_one_says(name: str, slot: SupervisedSlot) -> None:
    code, status = SEEN[name]
    tried = program(code)
    (outcome,) = judged(slot, tried)
    assert isinstance(outcome, Outcome), outcome
    assert is_beyond_doubt(outcome, CPP)
    plain = decide(tried, slot.execute(tried, CPP.limits), CPP)
    assert facts(decide(tried, outcome, CPP)) == facts(plain)
    assert plain.status == status, plain.detail


ONCE = "#ifndef AGAIN\n#define AGAIN\n{}\n#endif\nint answer() {{ return 42; }}"
DECLINED = {
    "a syntax error": "int answer() { return 42 }",
    "a missing header": "int answer() { return map<int, int>{{1, 42}}[1]; }",
    "an undefined function": "int other();\nint answer() { return other(); }",
    "a function of a library that is not linked": (
        "#include <openssl/md5.h>\nint answer() { MD5_CTX c; return MD5_Init(&c) * 42; }"
    ),
    "a variable never set": "int answer() { int n; return n == 42 ? 42 : n; }",
    "a string never returned": "string f() { if (rand() < 0) return string(); }\nint answer() { f(); return 42; }",
    "an object of many megabytes": "int a[10000000] = {1};\nint answer() { return 42; }",
    "a missing return": "int answer() { }",
    "an instantiation of the library's, made special": (
        "namespace std { template<> class vector<int> { }; }\nint answer() { return 42; }"
    ),
    "a member of one, made special": (
        "namespace std { template<> void vector<int>::push_back(const int &) { } }\nint answer() { return 42; }"
    ),
    "an order for the library's templates": (
        "namespace std { inline bool operator<(const vector<int> &a, const vector<int> &b) { return a[0] > b[0]; } }\n"
        "int answer() { vector<vector<int>> v{{1}, {42}}; sort(v.begin(), v.end()); return v[0][0]; }"
    ),
    "the same by another name": (
        "#define library std\n"
        "namespace library { bool operator<(const vector<int> &a, const vector<int> &b) { return a[0] > b[0]; } }\n"
        "int answer() { vector<vector<int>> v{{1}, {42}}; sort(v.begin(), v.end()); return v[0][0]; }"
    ),
    "operator new": "void *operator new(size_t n) { return malloc(n); }\nint answer() { return 42; }",
    "malloc": 'extern "C" void *malloc(size_t) { abort(); }\nint answer() { return 42; }',
    "a name of the C library": "char **__environ;\nint answer() { return 42; }",
    "the assertions' own end": (
        'extern "C" void __assert_fail(const char *, const char *, unsigned, const char *) noexcept { exit(0); }\n'
        "int answer() { return 41; }"
    ),
    "assembly": 'int answer() { int n; asm("movl $42, %0" : "=r"(n)); return n; }',
    "an attribute": "__attribute__((constructor)) void early() { }\nint answer() { return 42; }",
    "a pragma": '#pragma GCC optimize("O3")\nint answer() { return 42; }',
    "a pragma as operator": '_Pragma("GCC optimize(3)")\nint answer() { return 42; }',
    "a counter": "int answer() { return __COUNTER__ + 42; }",
    "the main file's name": 'int answer() { return strcmp(__BASE_FILE__, "main.cpp") ? 0 : 42; }',
    "the depth of inclusion": "int answer() { return __INCLUDE_LEVEL__ ? 0 : 42; }",
    "its own source": ONCE.format('#include "main.cpp"'),
    "its own source, by another name": ONCE.format("#include __FILE__"),
    "its own source, in digraphs": ONCE.format('%:include "main.cpp"'),
    "its own source, over two lines": ONCE.format('#inc\\\nlude "main.cpp"'),
    "the next header": "#include_next <vector>\nint answer() { return 42; }",
    "lines renumbered": '#line 1 "other.cpp"\nint answer() { return 41; }',
    "a line marker": '# 1 "other.cpp"\nint answer() { return 41; }',
    "the compiler's own parts": '#include "/opt/humaneval-x/cpp/fast/start.h"\nint answer() { return 42; }',
    "objects of gigabytes": "char a[1 << 30], b[1 << 30];\nint answer() { return 42; }",
    "a compilation without end": "template<int n> struct Deep { typedef typename Deep<n + 1>::T T; };\nDeep<0>::T t;",
}
"""Programs of which the fast way must not tell: what it would see may differ from the plain way, or is no verdict."""


@pytest.mark.parametrize("name", DECLINED)
def test_what_the_two_ways_may_see_differently_is_declined(name: str, slot: SupervisedSlot) -> None:
    (answer,) = judged(slot, program(DECLINED[name]))
    assert isinstance(answer, str), decide(program(""), answer, CPP)


HEADS = {
    "a macro before the headers": "#define private public\n" + NINE,
    "assertions switched off": "#define NDEBUG\n" + NINE,
    "a declaration between them": NINE.replace("#include<vector>", "struct vector;\n#include<vector>"),
    "one of them missing": NINE.replace("#include<climits>\n", ""),
    "one of them in a comment": NINE.replace("#include<climits>\n", "/*\n#include<climits>\n*/\n"),
    "one of them commented out by a line's end": NINE.replace("#include<climits>\n", "// \\\n#include<climits>\n"),
    "one of them under a condition": NINE.replace("#include<climits>\n", "#if 0\n#include<climits>\n#endif\n"),
}


@pytest.mark.parametrize("name", HEADS)
def test_a_program_that_changes_the_headers_is_declined(name: str, slot: SupervisedSlot) -> None:
    (answer,) = judged(slot, program("int answer() { return 42; }", head=HEADS[name] + "using namespace std;\n"))
    assert isinstance(answer, str), answer


def test_the_smoke_sets_canonical_solutions_pass_without_declining(slot: SupervisedSlot) -> None:
    programs = [program_of(problem, problem.canonical_solution) for problem in read_problems("smoke", ["cpp"])]
    answers = fast_answers(slot, programs, CPP.limits)
    assert len(answers) > 5
    found = [
        decide(each, a, CPP).status if isinstance(a, Outcome) else a for each, a in zip(programs, answers, strict=True)
    ]
    assert found == ["passed"] * len(programs)


def test_nothing_that_a_program_declares_is_there_for_the_next(slot: SupervisedSlot) -> None:
    leaves = program("#define LEFT 1\nint left = 1;\nstruct Left { };\nint answer() { return 42; }")
    looks = program("#ifdef LEFT\n#error left\n#endif\nchar left;\ntypedef int Left;\nint answer() { return 42; }")
    breaks = program("int answer() { return {{{{ }")
    for outcome in judged(slot, leaves, looks, looks, leaves):
        assert isinstance(outcome, Outcome), outcome
        assert decide(leaves, outcome, CPP).status == "passed"
    first, second = judged(slot, breaks, looks)
    assert isinstance(first, str)
    assert isinstance(second, Outcome)


def test_a_server_that_was_killed_is_replaced(slot: SupervisedSlot) -> None:
    right = program("int answer() { return 42; }")
    judged(slot, right)
    boxes = slot.boxes
    for name in ("cc1plus", "as", "ld.mold"):
        assert kill_server(name) == "killed\n", name
        (outcome,) = judged(slot, right)
        assert isinstance(outcome, Outcome), outcome
        assert decide(right, outcome, CPP).status == "passed"
    assert slot.boxes == boxes
