"""Java's fast way: what it decides is what the plain way says, and what it cannot be sure of it declines."""

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
from humaneval_x.records import Outcome, Program
from humaneval_x.sandbox.slot import SupervisedSlot
from humaneval_x.verdicts import decide, is_beyond_doubt

pytestmark = pytest.mark.docker

JAVA = read_language("java")
HEAD = "import java.util.*;\nimport java.util.function.*;\nimport java.util.stream.*;\n"
TEST = """
public class Main {
    public static void main(String[] args) {
        if (new Solution().answer() != 42) {
            throw new AssertionError();
        }
    }
}
"""


@pytest.fixture(scope="module")
def slot() -> Iterator[SupervisedSlot]:
    with contextlib.ExitStack() as stack:
        opened = stack.enter_context(Slots(stack).use("docker", "java"))
        assert isinstance(opened, SupervisedSlot)
        yield opened


def program(code: str, *, head: str = HEAD, test: str = TEST) -> Program:
    source = head + code + test
    return Program(
        task_id="Java/0",
        completion_id=0,
        language="java",
        source=source,
        sha256=hashlib.sha256(source.encode()).hexdigest(),
    )


def solution(body: str, beside: str = "") -> str:
    return "class Solution {\n    int answer() throws RuntimeException {\n" + body + "\n    }\n" + beside + "\n}\n"


def answers(slot: SupervisedSlot, *programs: Program) -> list[Outcome | str]:
    return fast_answers(slot, programs, JAVA.limits)


DECIDED = {
    "several top-level classes": (
        solution("return new Other().get();") + "class Other { int get() { return 42; } }",
        "passed",
    ),
    "classes of every kind": (
        solution(
            """
        class Local { int n = 1; }
        Comparator<Integer> anonymous = new Comparator<>() {
            public int compare(Integer a, Integer b) { return b - a; }
        };
        IntUnaryOperator lambda = n -> n * 2;
        List<Integer> list = Stream.of(1, 20).sorted(anonymous).collect(Collectors.toList());
        return lambda.applyAsInt(list.get(0)) + new Local().n + new Inner().n - Nested.ZERO;""",
            "class Inner { int n = 1; } static class Nested { static final int ZERO = 0; }",
        ),
        "passed",
    ),
    "the language as it is today": (
        solution(
            '''
        var text = """
            4
            """;
        Object point = new Point(2, 0);
        int n = switch (text.strip()) { case "4" -> 40; default -> 0; };
        return point instanceof Point p ? n + p.x() : 0;''',
            "record Point(int x, int y) {} sealed interface Shape permits Round {} record Round() implements Shape {}",
        ),
        "passed",
    ),
    "enums and generic methods": (
        solution(
            "switch (Colour.valueOf(\"RED\")) { case RED: return same(42); default: return 0; }",
            "enum Colour { RED { } , GREEN } <T extends Comparable<T>> T same(T value) { return value; }",
        ),
        "passed",
    ),
    "names beyond ASCII": (solution("int größe = 42; return größe;"), "passed"),
    "unchecked and deprecated": (
        solution("List list = new ArrayList(); list.add(new Integer(42)); return (int) list.get(0);"),
        "passed",
    ),
    "a thread that is left running": (
        solution("new Thread(this::rest).start(); return 42;",
                 "void rest() { try { Thread.sleep(50); } catch (InterruptedException e) { } }"),
        "passed",
    ),
    "an exception in another thread": (
        solution("new Thread(() -> { throw new IllegalStateException(); }).start(); return 42;"),
        "passed",
    ),
    "other streams": (
        solution("System.setOut(new java.io.PrintStream(new java.io.ByteArrayOutputStream()));"
                 "System.setIn(null); return 42;"),
        "passed",
    ),
    "an empty input": (
        solution("try { return System.in.read() + 43; } catch (java.io.IOException e) { return 0; }"),
        "passed",
    ),
    "its surroundings": (
        solution(
            """
        String found = System.getProperty("java.class.path") + java.nio.charset.Charset.defaultCharset()
            + TimeZone.getDefault().getID() + System.getenv("HOME") + Thread.currentThread().getName()
            + System.getProperty("user.dir") + Locale.getDefault() + new java.io.File("Main.java").exists()
            + System.getProperty("sun.stdout.encoding") + System.getProperty("java.home").isEmpty();
        return found.equals(".UTF-8UTC/tmpmain/tmp/sampleentruenullfalse") ? 42 : found.length();"""
        ),
        "passed",
    ),
    "assertions, which are off": (solution("assert false; return 42;"), "passed"),
    "an overflow of the stack that it catches": (
        solution("try { return deep(1); } catch (StackOverflowError e) { return 42; }",
                 "int deep(int n) { return deep(n + 1) + 1; }"),
        "passed",
    ),
    "its own classes by reflection": (
        solution('try { return Class.forName("Solution").getName().length() + 34; } catch (Exception e) { return 0; }'),
        "passed",
    ),
    "a wrong answer": (solution("return 41;"), "wrong_answer"),
    "an assertion of its own": (solution('throw new AssertionError("no");'), "runtime_error"),
    "an exception": (solution("return new int[] {42}[1];"), "runtime_error"),
    "a failed initialiser": (solution("return 42;", "static int n = Integer.parseInt(\"x\");"), "runtime_error"),
    "an exit with 1": (solution("System.exit(1); return 42;"), "runtime_error"),
    "an exit when loaded": (solution("return 41;", "static { System.exit(0); }"), "exited_early"),
    "an exit in a hook": (
        solution("Runtime.getRuntime().addShutdownHook(new Thread(() -> Runtime.getRuntime().halt(0))); return 41;"),
        "exited_early",
    ),
    "an exit for want of a handler": (
        solution("Thread.setDefaultUncaughtExceptionHandler((t, e) -> System.exit(0)); return 41;"),
        "exited_early",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DECIDED)
def test_what_the_fast_way_decides_is_what_the_plain_way_says(name: str, slot: SupervisedSlot) -> None:
    code, status = DECIDED[name]
    each = program(code)
    (fast,) = answers(slot, each)
    assert isinstance(fast, Outcome), fast
    assert is_beyond_doubt(fast, JAVA), fast
    plain = slot.execute(each, JAVA.limits)
    verdicts = [decide(each, outcome, JAVA) for outcome in (fast, plain)]
    assert [verdict.status for verdict in verdicts] == [status] * 2, (fast, plain)
    assert verdicts[0].reference_passed == verdicts[1].reference_passed
    assert (fast.stdout, fast.completed, fast.exit_code) == (plain.stdout, plain.completed, plain.exit_code)


RIGHT = solution("return 42;")
DECLINED: dict[str, str | tuple[str, ...]] = {
    "an error of syntax": solution("return 42"),
    "a package": ("package here;\n", RIGHT),
    "a class of the harness": RIGHT + "class HarnessStart {}",
    "the harness by reflection": solution('try { Class.forName("HarnessStart"); } catch (Exception e) { } return 42;'),
    "a class named as one of the platform's": RIGHT + "class String {}",
    "another class of such a name": RIGHT + "class Throwable {}",
    "a class's name beyond ASCII": RIGHT + "class Größe {}",
    "another module": solution("return java.util.logging.Level.ALL.getName().length() + 39;"),
    "hundreds of classes": RIGHT + "".join(f"class C{number} {{}}\n" for number in range(220)),
    "a method that is too large": solution("int n = 0;\n" + "n += 123456789 * n;\n" * 12000 + "return n;"),
    "an expression that is too deep": solution("return " + "(" * 20000 + "42" + ")" * 20000 + ";"),
    "what takes a compiler too long, and is too large": solution(
        "return 42;",
        "".join(f"int m{i}(int n) {{\n" + "n*=n+7;\n" * 2500 + "return n; }\n" for i in range(190)),
    ),
    "a main that nobody may call": ("", "class Main { static void main(String[] args) {} }", ""),
    "no main class": ("", "class Other {}", ""),
    "an exit with another code": solution("System.exit(7); return 42;"),
    "a stack without end": solution("return answer() + 1;"),
    "memory without end": solution(
        "List<int[]> all = new ArrayList<>(); while (true) { all.add(new int[1 << 20]); }"
    ),
}  # fmt: skip


def told(code: str | tuple[str, ...]) -> Program:
    if isinstance(code, str):
        return program(code)
    return program(code[1], head=code[0], test=code[2] if len(code) > 2 else TEST)


@pytest.mark.parametrize("name", DECLINED)
def test_what_the_fast_way_cannot_be_sure_of_it_leaves_to_the_plain_way(name: str, slot: SupervisedSlot) -> None:
    odd, right = told(DECLINED[name]), program(RIGHT)
    first, after = answers(slot, odd, right)
    # A main that the plain way does not find either fails both ways alike.
    fails_alike = isinstance(first, Outcome) and "NoSuchMethodException: Main.main" in first.stderr
    assert fails_alike or isinstance(first, str) or not is_beyond_doubt(first, JAVA), first
    assert isinstance(after, Outcome), after
    assert decide(right, after, JAVA).status == "passed"


def test_the_smoke_sets_canonical_solutions_pass_without_declining(slot: SupervisedSlot) -> None:
    programs = [program_of(problem, problem.canonical_solution) for problem in read_problems("smoke", ["java"])]
    found = [
        decide(each, answer, JAVA).status if isinstance(answer, Outcome) and is_beyond_doubt(answer, JAVA) else answer
        for each, answer in zip(programs, answers(slot, *programs), strict=True)
    ]
    assert len(found) > 5
    assert found == ["passed"] * len(programs)


def test_a_class_of_one_program_is_not_there_for_the_next(slot: SupervisedSlot) -> None:
    owner = program(solution("return Helper.N;") + "class Helper { static final int N = 42; }")
    borrower = program(solution("return Helper.N;"))
    by_name = program(
        solution('try { Class.forName("Helper"); return 0; } catch (ClassNotFoundException e) { return 42; }')
    )
    first, second, third = answers(slot, owner, borrower, by_name)
    assert isinstance(first, Outcome)
    assert first.completed
    assert isinstance(second, str)
    assert isinstance(third, Outcome)
    assert third.completed


def test_a_process_of_one_program_finds_nothing_of_the_servers(slot: SupervisedSlot) -> None:
    # Neither another process of the sample's user, nor an open descriptor beyond its own.
    looks = program(
        solution(
            """
        long own = ProcessHandle.allProcesses().filter(p -> p.info().command().isPresent()).count();
        StringBuilder open = new StringBuilder();
        for (String name : new java.io.File("/proc/self/fd").list()) {
            try {
                java.nio.file.Path link = java.nio.file.Path.of("/proc/self/fd", name);
                String to = java.nio.file.Files.readSymbolicLink(link).toString();
                if (!to.contains("/lib/modules") && !to.endsWith("/fd") && Integer.parseInt(name) > 3) {
                    open.append(to).append(' ');
                }
            } catch (java.io.IOException error) { }
        }
        System.out.println(own + " " + open);
        return own <= 1 && open.length() == 0 ? 42 : 0;"""
        )
    )
    (found,) = answers(slot, looks)
    assert isinstance(found, Outcome)
    assert found.completed, found


def test_a_server_that_was_killed_is_replaced(slot: SupervisedSlot) -> None:
    right, next_one = program(RIGHT), program(RIGHT)
    answers(slot, right)
    boxes = slot.boxes
    for name in ("java", "launcher"):
        assert kill_server(name) == "killed\n", name
        first, second = answers(slot, right, next_one)  # the first may meet the lost server; then it is declined
        assert isinstance(first, str) or decide(right, first, JAVA).status == "passed"
        assert isinstance(second, Outcome), second
        assert decide(right, second, JAVA).status == "passed"
    assert slot.boxes == boxes
