"""Go's fast way: what it says stands only where the plain way says the same, and a batch keeps its programs apart."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

import pytest
from case_files import program_of
from open_slots import Slots

from humaneval_x.datasets import read_problems
from humaneval_x.languages import read_language
from humaneval_x.records import Limits, Outcome, Program
from humaneval_x.resources import resource_folder
from humaneval_x.sandbox import Slot
from humaneval_x.sandbox.docker import connect
from humaneval_x.sandbox.images import find_image
from humaneval_x.verdicts import decide, is_beyond_doubt

pytestmark = pytest.mark.docker

GO = read_language("go")
LIMITS = GO.limits
ADD = "func Add(a, b int) int { return a + b }\n"
RIGHT = "func TestAdd(t *testing.T) { assert.New(t).Equal(3, Add(1, 2)) }\n"


@pytest.fixture(scope="module")
def slot() -> Iterator[Slot]:
    with ExitStack() as stack:
        yield stack.enter_context(Slots(stack).use("docker", "go"))


def program(
    body: str, *imports: str, number: int = 0, package: str = "main", add: str = ADD, test: str = RIGHT
) -> Program:
    lines = "".join(f"\t{line}\n" for line in (*imports, '"testing"', '"github.com/stretchr/testify/assert"'))
    source = f"package {package}\n\nimport (\n{lines})\n\n{add}\n{body}\n{test}"
    digest = hashlib.sha256(source.encode()).hexdigest()
    return Program(task_id="Go/0", completion_id=number, language="go", source=source, sha256=digest)


def fast_statuses(slot: Slot, programs: Sequence[Program], limits: Limits = LIMITS) -> list[str]:
    """Each program's status by the fast way alone; "plain" where it declines, or what it says would not stand."""
    statuses = {}
    for each, outcome in slot.execute_fast(programs, limits):
        stands = isinstance(outcome, Outcome) and is_beyond_doubt(outcome, GO)
        statuses[id(each)] = decide(each, outcome, GO).status if stands else "plain"
    return [statuses[id(each)] for each in programs]


def plain_status(slot: Slot, each: Program, limits: Limits = LIMITS) -> str:
    return decide(each, slot.execute(each, limits), GO).status


def statuses(slot: Slot, programs: Sequence[Program], limits: Limits = LIMITS) -> list[str]:
    """Each program's status as the harness judges: fast, then plainly what the fast way leaves open."""
    found = fast_statuses(slot, programs, limits)
    return [
        plain_status(slot, each, limits) if status == "plain" else status
        for each, status in zip(programs, found, strict=True)
    ]


def test_the_fast_way_settles_the_smoke_set_without_declining(slot: Slot) -> None:
    problems = {problem.task_id: problem for problem in read_problems("smoke", ["go"])}
    right = [program_of(problem, problem.canonical_solution) for problem in problems.values()]
    assert right
    assert fast_statuses(slot, right) == ["passed"] * len(right)
    path = resource_folder("benchmark_data") / "smoke" / "wrong_go.jsonl"
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    wrong = [program_of(problems[row["task_id"]], row["completion"]) for row in rows]
    settled = ("passed", "wrong_answer")
    assert fast_statuses(slot, wrong) == [row["status"] if row["status"] in settled else "plain" for row in rows]


@dataclass(frozen=True, kw_only=True)
class Oddity:
    """A program, and its status if the fast way must settle it ("plain": it must leave it to the plain way)."""

    program: Program
    status: str = "passed"


ODDITIES = {
    "variables and init functions": Oddity(program=program("""
var order = first + second
var second = tell("second ")
var first = tell("first ")
var told []string
func tell(text string) string { told = append(told, text); return text }
func init() { told = append(told, "init") }
func TestOrder(t *testing.T) { assert.Equal(t, []string{"second ", "first ", "init"}, told) }
""")),
    "a table and an expression made when initialised": Oddity(program=program("""
var table = map[string]int{"one": 1, "two": 2}
var digits = regexp.MustCompile("[0-9]+")
func TestTable(t *testing.T) { assert.Equal(t, "12", digits.FindString(strings.Repeat("x", table["two"])+"12")) }
""", '"regexp"', '"strings"')),
    "names of types": Oddity(program=program("""
type Point struct{ x int }
func (Point) Error() string { return "point" }
type Other struct{}
func (Other) Error() string { return "other" }
type Pair[T any] struct{ left, right T }
func TestNames(t *testing.T) {
	assert.Equal(t, "main.Point main.Point{x:1} *main.Point", fmt.Sprintf("%T %#v %T", Point{1}, Point{1}, &Point{1}))
	assert.Equal(t, "main.Pair[int] []main.Pair[error]", fmt.Sprintf("%T %T", Pair[int]{}, []Pair[error]{}))
	assert.Equal(t, "main.Pair[string]", reflect.TypeOf(Pair[string]{}).String())
	defer func() {
		assert.Equal(t, "interface conversion: error is main.Point, not main.Other", recover().(error).Error())
	}()
	var err error = Point{}
	_ = err.(Other)
}
""", '"fmt"', '"reflect"')),
    "structs without a name": Oddity(program=program("""
func made() struct{ a int; b []string } { return struct{ a int; b []string }{1, nil} }
func TestMade(t *testing.T) { assert.Equal(t, struct{ a int; b []string }{1, nil}, made()) }
""")),
    "generic functions": Oddity(program=program("""
func mapped[T, U any](list []T, f func(T) U) []U {
	var result []U
	for _, one := range list {
		result = append(result, f(one))
	}
	return result
}
func TestMapped(t *testing.T) { assert.Equal(t, []string{"1", "2"}, mapped([]int{1, 2}, strconv.Itoa)) }
""", '"strconv"')),
    "subtests, one wrong": Oddity(status="wrong_answer", program=program("""
func TestSub(t *testing.T) {
	for _, sum := range []int{3, 4} {
		t.Run("sum", func(t *testing.T) { assert.Equal(t, sum, Add(1, 2)) })
	}
}
""")),
    "a second test is wrong": Oddity(status="wrong_answer", program=program("""
func Test2(t *testing.T) { assert.Equal(t, 4, Add(1, 2)) }
""")),
    "fails at once": Oddity(status="wrong_answer", program=program("""
func TestFatal(t *testing.T) { t.Fatal("no") }
""")),
    "skips": Oddity(program=program("""
func TestSkips(t *testing.T) { t.Skip("not today") }
""")),
    "parallel tests": Oddity(program=program("""
func TestLeft(t *testing.T)  { t.Parallel(); assert.Equal(t, 5, Add(2, 3)) }
func TestRight(t *testing.T) { t.Parallel(); assert.Equal(t, 7, Add(3, 4)) }
""")),
    "names much like tests'": Oddity(program=program("""
type suite struct{}
func (suite) TestMethod(t *testing.T) { t.Fatal("not a test") }
func Testament(t *testing.T)          { t.Fatal("not a test") }
func testSmall(t *testing.T)          { t.Fatal("not a test") }
""")),
    "a test without a name for its argument": Oddity(program=program("func TestNothing(*testing.T) {}")),
    "no test at all": Oddity(program=program("var _ = assert.New\nvar _ *testing.T", test="")),
    "the command's words, the folder, the source": Oddity(program=program("""
func TestPlace(t *testing.T) {
	folder, _ := os.Getwd()
	source, _ := os.ReadFile("main_test.go")
	assert.Equal(t, []string{"./main.test"}, os.Args)
	assert.Equal(t, "/tmp/sample", folder)
	assert.Contains(t, string(source), "TestPlace")
	assert.Equal(t, []string{"2", "/tmp", "UTC"}, []string{os.Getenv("GOMAXPROCS"), os.Getenv("HOME"), os.Getenv("TZ")})
}
""", '"os"')),
    "the sequence of random numbers": Oddity(program=program("""
func TestRandom(t *testing.T) { assert.Equal(t, []int{81, 87}, []int{rand.Intn(100), rand.Intn(100)}) }
""", '"math/rand"')),
    "the text of a failed test": Oddity(program=program("""
func TestPrints(t *testing.T) { fmt.Println("--- FAIL: TestAdd (0.00s)") }
""", '"fmt"')),
    "a panic that is caught": Oddity(program=program("""
func divided(a, b int) (result int, err interface{}) {
	defer func() { err = recover() }()
	return a / b, nil
}
func TestDivided(t *testing.T) {
	_, err := divided(1, 0)
	assert.EqualError(t, err.(error), "runtime error: integer divide by zero")
}
""")),
    "flags of its own": Oddity(program=program("""
var count = flag.Int("count", 3, "a number")
func TestFlag(t *testing.T) { assert.Equal(t, 3, *count) }
""", '"flag"')),
    "names that other files import": Oddity(program=program("""
func os() int { return 1 }
type flag struct{ strings string }
var syscall = os()
""")),
    "names that the language declares": Oddity(program=program("""
var stolen interface{}
func len(any interface{}) int { stolen = any; return 1 }
func append(list []int, more ...int) []int { return list }
func make() int { return 1 }
var nil = 2
type byte string
""")),
    "an import that is renamed, and one for its effects": Oddity(program=program("""
func TestUpper(t *testing.T) { assert.Equal(t, "A", text.ToUpper("a")) }
""", 'text "strings"', '_ "image/png"')),
    "waits for others": Oddity(program=program("""
func TestWaits(t *testing.T) {
	var group sync.WaitGroup
	results := make(chan int, 3)
	for i := 0; i < 3; i++ {
		group.Add(1)
		go func(i int) { defer group.Done(); results <- i }(i)
	}
	group.Wait()
	assert.Len(t, results, 3)
	time.Sleep(time.Millisecond)
}
""", '"sync"', '"time"')),
    "the path of its package": Oddity(status="plain", program=program("""
type T struct{}
func TestPath(t *testing.T) { assert.Equal(t, "command-line-arguments", reflect.TypeOf(T{}).PkgPath()) }
""", '"reflect"')),
    "the path of its package in a name": Oddity(status="plain", program=program("""
type Point struct{ x int }
type Pair[T any] struct{ left, right T }
func name[T any](one T) string { return fmt.Sprintf("%T", Pair[T]{one, one}) }
func TestName(t *testing.T) { assert.Equal(t, "main.Pair[command-line-arguments.Point]", name(Point{})) }
""", '"fmt"')),
    "generic functions over its own types": Oddity(program=program("""
type Point struct{ x int }
func first[T any](list []T) T { return list[0] }
func TestFirst(t *testing.T) { assert.Equal(t, "main.Point", fmt.Sprintf("%T", first([]Point{{1}}))) }
""", '"fmt"')),
    "who calls": Oddity(status="plain", program=program("""
func TestCaller(t *testing.T) { _, file, _, _ := runtime.Caller(0); assert.NotEmpty(t, file) }
""", '"runtime"')),
    "the frames of its callers, under another name": Oddity(status="plain", program=program("""
func TestStack(t *testing.T) { show := d.Stack; assert.NotEmpty(t, show()) }
""", 'd "runtime/debug"')),
    "names of its own that tell nothing": Oddity(program=program("""
type Stack struct{ Caller, PkgPath []int }
func (s *Stack) Callers() []int { return s.Caller }
func TestStack(t *testing.T) { assert.Empty(t, new(Stack).Callers()) }
""")),
    "unsafe": Oddity(status="plain", program=program("var size = unsafe.Sizeof(0)", '"unsafe"')),
    "unsafe, spelled otherwise": Oddity(status="plain", program=program("var _ u.Pointer", 'u "\\x75nsafe"')),
    "a function of the runtime's": Oddity(status="plain", program=program("""
//go:linkname now runtime.nanotime
func now() int64
""", '_ "unsafe"')),
    "a directive": Oddity(status="plain", program=program("//go:noinline\nfunc same(a int) int { return a }")),
    "other lines": Oddity(status="plain", program=program("//line other.go:1\nfunc same(a int) int { return a }")),
    "comments much like directives": Oddity(program=program("// line by line, go: there and back /* line */")),
    "other lines, in the midst of one": Oddity(status="plain", program=program("var _ = /*line other.go:1:1*/ 1")),
    "names without their package": Oddity(status="plain", program=program("var _ = Sqrt(2)", '. "math"')),
    "a main test": Oddity(status="plain", program=program("func TestMain(m *testing.M) {}")),
    "an example": Oddity(status="plain", program=program("func ExampleAdd() {\n\tprintln()\n\t// Output: 3\n}")),
    "a benchmark": Oddity(status="plain", program=program("func BenchmarkAdd(b *testing.B) {}")),
    "a fuzz test": Oddity(status="plain", program=program("func FuzzAdd(f *testing.F) {}")),
    "a test of another type": Oddity(status="plain", program=program("func TestOther(t testing.TB) {}")),
    "another package": Oddity(status="plain", program=program("", package="other")),
    "testify that is left out": Oddity(status="plain", program=program("""
func TestYAML(t *testing.T) { assert.YAMLEq(t, "a: 1", "a:  1") }
""")),
    "a package for the standard library only": Oddity(status="plain", program=program("", '_ "internal/abi"')),
    "vet: a wrong verb": Oddity(status="plain", program=program(
        'func wrong() { fmt.Printf("%d", "sum") }', '"fmt"')),
    "vet: a wrong verb for a function of its own": Oddity(status="plain", program=program("""
func say(format string, values ...interface{}) { fmt.Printf(format, values...) }
func wrong() { say("%d", "sum") }
""", '"fmt"')),
    "vet: a letter of a number": Oddity(status="plain", program=program(
        "func wrong(a int) string { return string(a) }")),
    "vet: a condition twice": Oddity(status="plain", program=program(
        "func wrong(a int) bool { return a == 1 || a == 1 }")),
    "leaves through an initialiser": Oddity(status="plain", program=program("func init() { os.Exit(0) }", '"os"')),
    "waits for ever": Oddity(status="plain", program=program("func TestWaits(t *testing.T) { select {} }")),
    "panics": Oddity(status="plain", program=program("func TestPanics(t *testing.T) { panic(1) }")),
    "ends with 1": Oddity(status="plain", program=program("func TestEnds(t *testing.T) { os.Exit(1) }", '"os"')),
}  # fmt: skip


def test_what_the_fast_way_settles_the_plain_way_settles_alike(slot: Slot) -> None:
    programs = [oddity.program for oddity in ODDITIES.values()]
    found = dict(zip(ODDITIES, fast_statuses(slot, programs), strict=True))
    assert found == {name: oddity.status for name, oddity in ODDITIES.items()}
    settled = {name: oddity for name, oddity in ODDITIES.items() if oddity.status != "plain"}
    assert {name: plain_status(slot, oddity.program) for name, oddity in settled.items()} == {
        name: oddity.status for name, oddity in settled.items()
    }


def test_each_program_of_a_mixed_batch_has_its_own_verdict(slot: Slot) -> None:
    mixed = [
        (program("", number=0), "passed"),
        (program("", number=1, add="func Add(a, b int) int { c := a; return b }"), "compile_error"),
        (program('func wrong() { fmt.Printf("%d", "sum") }', '"fmt"', number=2), "compile_error"),
        (program("", number=3, add="func Add(a, b int) int { for { b = a } }"), "cpu_limit"),
        (program("", number=4, add='func Add(a, b int) int { panic("no") }'), "runtime_error"),
        (program("", '"os"', number=5, add="func Add(a, b int) int { os.Exit(0); return 0 }"), "runtime_error"),
        (program("func init() { syscall.Exit(0) }", '"syscall"', number=6), "exited_early"),
        (program("", number=7, add="func Add(a, b int) int { return a - b }"), "wrong_answer"),
        (program("var _ = forever()\nfunc forever() int { for { } }", number=8), "cpu_limit"),
        (program("", number=9), "passed"),
    ]
    assert statuses(slot, [each for each, _ in mixed], replace(LIMITS, run_cpu_s=1)) == [status for _, status in mixed]


LEAVES = """
var left = leave()
func leave() int {
	os.Setenv("LEFT", "yes")
	rand.Seed(1)
	for _, name := range []string{"/tmp/left", "/tmp/sample/left", "/dev/shm/left"} {
		if err := os.WriteFile(name, []byte("left"), 0o666); err != nil {
			panic(err)
		}
	}
	exec.Command("sleep", "1000").Start()
	return 1
}
"""
FINDS_NOTHING = """
func TestFindsNothing(t *testing.T) {
	assert.Empty(t, os.Getenv("LEFT"))
	for folder, expected := range map[string]int{"/tmp": 1, "/tmp/sample": 2, "/dev/shm": 0} {
		entries, err := os.ReadDir(folder)
		assert.NoError(t, err)
		assert.Len(t, entries, expected, folder)
	}
	processes, _ := filepath.Glob("/proc/[0-9]*/comm")
	for _, one := range processes {
		name, _ := os.ReadFile(one)
		assert.NotEqual(t, "sleep\\n", string(name))
	}
}
"""
KEEPS_OUT = """
func TestKeepsOut(t *testing.T) {
	binary, err := os.Readlink("main.test")
	assert.NoError(t, err)
	folder := filepath.Dir(binary)
	for _, one := range []string{folder, filepath.Dir(folder)} {
		_, err := os.ReadDir(one)
		assert.ErrorIs(t, err, os.ErrPermission)
		assert.ErrorIs(t, os.WriteFile(filepath.Join(one, "new"), nil, 0o666), os.ErrPermission)
	}
	for _, one := range []string{binary, filepath.Join(folder, "0.a")} {
		_, err := os.OpenFile(one, os.O_WRONLY, 0)
		assert.Error(t, err)
		assert.Error(t, os.Remove(one))
		assert.Error(t, os.Chmod(one, 0o777))
	}
	_, err = os.ReadFile(filepath.Join(folder, "0.a"))
	assert.Error(t, err)
}
"""


def test_a_program_finds_nothing_of_the_others_and_the_store_keeps_it_out(slot: Slot) -> None:
    programs = [
        program(LEAVES, '"os"', '"math/rand"', '"os/exec"', number=0),
        program(FINDS_NOTHING, '"os"', '"path/filepath"', number=1),
        program(KEEPS_OUT, '"os"', '"path/filepath"', number=2),
        program(FINDS_NOTHING, '"os"', '"path/filepath"', number=3),
    ]
    found = [
        (each.completion_id, decide(each, outcome, GO))
        for each, outcome in slot.execute_fast(programs, LIMITS)
        if isinstance(outcome, Outcome)
    ]
    assert {number: (verdict.status, verdict.detail) for number, verdict in found} == dict.fromkeys(
        range(4), ("passed", "")
    )


def test_nothing_of_a_batch_stays_in_the_store(slot: Slot) -> None:
    assert fast_statuses(slot, [program("", number=0), program("nonsense", number=1)]) == ["passed", "plain"]
    with contextlib.closing(connect()) as client:
        labelled = client.containers.list(filters={"label": "humaneval-x.owner"})
        ours = [one for one in labelled if one.labels["humaneval-x.owner"].split("/")[1] == str(os.getpid())]
        left = [one.exec_run(["ls", "-A", "/run/humaneval-x"], user="0") for one in ours]
    assert [(one.exit_code, one.output) for one in left] == [(0, b"")] * len(ours)
    assert ours


def test_more_programs_than_a_binary_holds_are_judged_in_several(slot: Slot) -> None:
    wrong = "func Add(a, b int) int { return a - b }"
    programs = [program("", number=i, add=wrong if i % 10 == 3 else ADD) for i in range(67)]
    expected = ["wrong_answer" if i % 10 == 3 else "passed" for i in range(67)]
    assert fast_statuses(slot, programs) == expected


COMPILES_TWICE = r"""
import os, socket, struct, subprocess, sys
wrappers = "/opt/humaneval-x/go/fast"
arguments = ["-o", "program.a", "-trimpath", "/work=>", "-p", "command-line-arguments/program", "-complete", "-c=1",
             "-dwarf=false", "-D", "_/tmp/sample", "-importcfg", wrappers + "/importcfg", "-pack", "./main_test.go"]
environment = {"GOGC": "off", "GOMAXPROCS": "1", "PRELOAD": "testing github.com/stretchr/testify/assert fmt strings"}
os.mkdir("/tmp/sample")
os.chdir("/tmp/sample")
ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
if os.fork() == 0:
    os.dup2(os.open("/dev/null", os.O_RDWR), 3)
    os.dup2(os.dup(theirs.fileno()), 4)
    os.execve(wrappers + "/compiler", ["compiler", *arguments], environment)
theirs.close()
assert len(ours.recv(24)) == 24
for source in sys.argv[1:]:
    with open("main_test.go", "w") as file:
        file.write(source)
    order = os.memfd_create("order")
    os.write(order, b"compile\0command-line-arguments/program\0")
    socket.send_fds(ours, [struct.pack("=II24Q256s", 0, 0, *[0] * 24, b"/tmp/sample")], [1, 2, order])
    replies = [struct.unpack("=iiQQ", ours.recv(24)) for _ in range(2)]
    assert replies[1][:2] == (replies[0][0], 0), replies
    with open("program.a", "rb") as file:
        forked = file.read()
    os.unlink("program.a")
    subprocess.run([wrappers + "/tools/compile", *arguments], env=environment, check=True)
    with open("program.a", "rb") as file:
        assert file.read() == forked, source
print("the same")
"""


def test_the_compiler_that_is_forked_makes_the_objects_that_the_toolchain_makes() -> None:
    problems = read_problems("smoke", ["go"])
    sources = [program_of(problem, problem.canonical_solution).source for problem in problems]
    sources += [oddity.program.source for oddity in ODDITIES.values() if oddity.status == "passed"]
    with contextlib.closing(connect()) as client:
        image = find_image(client, "go").id
        said = client.containers.run(
            image,
            [COMPILES_TWICE, *sources],
            entrypoint=["python3", "-c"],
            remove=True,
            network_mode="none",
            stderr=True,
        )
    assert said == b"the same\n"
