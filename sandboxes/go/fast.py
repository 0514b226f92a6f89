"""Judges Go programs many at a time: each is compiled by itself, all are vetted by one process and linked into one
binary, and each runs in a fresh process of that binary.

Per batch, in a folder of the store: `0.a`, `1.a` ... are the programs, compiled as samples, each as the package
`command-line-arguments/<number>` (type names remain `main.T`, as in `go test`, whose package has that path without a
number); `main.a` imports them all (fast_main.go, programs.go) and `tests` is the binary. Starting it initialises no
program but the one whose number it is given (fast_guard.go).

Declined are programs that do not compile, that vet objects to, that `go test` would run something else of than tests,
or that could tell this package or binary from those of `go test` (fast_vet.go).
"""

import itertools
import json
import os
import shutil
import stat

from fastpath import Declined, FastPath
from processes import ENVIRONMENT

PREPARED = f"{os.path.dirname(os.path.abspath(__file__))}/fast"
SLOTS = 64  # programs in a binary, at most: as prepare_fast.sh was told
PACKAGE = "command-line-arguments"
OBJECT = "program.a"
PRELOADED = ("testing", "github.com/stretchr/testify/assert", "fmt", "math", "sort", "strconv", "strings")
MAX_OBJECT_BYTES = 4 << 20
# A batch's tools live for a moment and need not collect their garbage, unless there is very much of it.
TOOLS = {"PATH": "/usr/bin:/bin", "HOME": "/tmp", "GOGC": "off", "GOMEMLIMIT": "192MiB", "GOMAXPROCS": "1"}


class ToolError(Exception):
    """A tool has failed over several programs: one of them may be the reason."""


class Fast(FastPath):
    """The fast way of Go."""

    def __init__(self, bench):
        super().__init__(bench)
        if not os.path.isfile(f"{PREPARED}/vet"):
            raise RuntimeError(f"{PREPARED} is not complete")
        self._serials = itertools.count()
        self._server = None

    def judge(self, programs):
        """Each program's index, its facts or why it is declined, and whether the sandbox is clean after it."""
        for start in range(0, len(programs), SLOTS):
            folder = f"{self.bench.store}/{next(self._serials)}"
            os.mkdir(folder)
            try:
                os.chmod(folder, 0o711)
                os.chown(folder, self.bench.servant, self.bench.servant)
                for slot, facts, clean in self._judge_batch(programs[start : start + SLOTS], folder):
                    yield start + slot, facts, clean
                    if not clean:
                        return
            finally:
                shutil.rmtree(folder)

    def _judge_batch(self, programs, folder):
        compiled = []
        for slot, program in enumerate(programs):
            declined, clean = self._compile(program, f"{folder}/{slot}.a", slot)
            if declined is None and clean:
                compiled.append(slot)
            else:
                yield slot, declined or Declined("the compiler left something behind"), clean
            if not clean:
                return
        sources = {slot: next(iter(programs[slot]["files"].values())) for slot in compiled}
        answers = self._halved(compiled, lambda slots: self._examine(slots, sources))
        fit = [slot for slot in compiled if not answers[slot]["why"]]
        for slot in compiled:
            if answers[slot]["why"]:
                yield slot, Declined(answers[slot]["why"]), True
        binaries = self._halved(fit, lambda slots: self._link(slots, answers, folder))
        for slot in compiled:
            os.unlink(f"{folder}/{slot}.a")
        for slot in fit:
            if binaries[slot]["why"]:
                yield slot, Declined(binaries[slot]["why"]), True
                continue
            facts = self._run(programs[slot], binaries[slot]["path"], slot)
            clean = self.bench.clean_up()
            yield slot, facts, clean
            if not clean:
                return

    def _halved(self, slots, work):
        """What `work` finds of each of those: where it fails over several, it is given the halves."""
        if not slots:
            return {}
        try:
            return work(slots)
        except Declined as error:
            return {slot: {"why": str(error)} for slot in slots}
        except ToolError as error:
            if len(slots) == 1:
                return {slots[0]: {"why": str(error)}}
        middle = len(slots) // 2
        return {**self._halved(slots[:middle], work), **self._halved(slots[middle:], work)}

    def _compile(self, program, target, slot):
        """Compile a program to `target`: None or why not, and whether the sandbox is clean after it."""
        step = program["steps"][0]
        try:
            self.bench.lay_out(program["files"])
            facts = self._execute(step, program, ["compile", f"{PACKAGE}/{slot}"])
            if facts["exit_code"] != 0 or facts["limit_hit"]:
                declined = Declined("it does not compile")
            else:
                self._take(f"{self.bench.folder}/{OBJECT}", target)
                declined = None
        except (Declined, OSError) as error:
            declined = error
        return declined, self.bench.clean_up()

    def _take(self, source, target):
        """Copy what the compiler, who was the sample's user, has made: for the linker's eyes only."""
        with open(os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            facts = os.fstat(file.fileno())
            if not stat.S_ISREG(facts.st_mode) or facts.st_size > MAX_OBJECT_BYTES:
                raise Declined("its object is too large")
            with open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640), "wb") as copy:
                os.fchown(copy.fileno(), 0, self.bench.servant)
                copy.write(file.read())

    def _examine(self, slots, sources):
        """What fast_vet.go says of the programs. Raises ToolError."""
        said = self._tool([f"{PREPARED}/vet", f"{PREPARED}/vet.cfg"], self.bench.store, len(slots),
                          json.dumps([sources[slot] for slot in slots]).encode())  # fmt: skip
        return dict(zip(slots, json.loads(said), strict=True))

    def _link(self, slots, answers, folder):
        """Make a binary of the programs: its path for each of them. Raises ToolError."""
        with open(f"{PREPARED}/importcfg.link", encoding="utf-8") as file:
            packages = file.read()
        packages += "".join(f"packagefile {PACKAGE}/{slot}={folder}/{slot}.a\n" for slot in slots)
        imports, tables = "", ""
        for slot in slots:
            tests = answers[slot]["tests"]
            imports += f'import {f"p{slot}" if tests else "_"} "{PACKAGE}/{slot}"\n'
            tables += f"\t{slot}: {{" + "".join(f'{{"{test}", p{slot}.{test}}}, ' for test in tests) + "},\n"
        table = (
            f'package main\n\nimport "testing"\n{imports}\nvar programs = [...][]testing.InternalTest{{\n{tables}}}\n'
        )
        for name, text in (("packages", packages), ("programs.go", table)):
            with open(f"{folder}/{name}", "w", encoding="utf-8") as file:
                file.write(text)
        self._tool([f"{PREPARED}/tools/compile", "-o", "main.a", "-p", "main", "-c=1", "-dwarf=false", "-importcfg",
                    "packages", "-pack", f"{PREPARED}/fast_main.go", "programs.go"], folder, len(slots))  # fmt: skip
        path = f"{folder}/tests{slots[0]}"
        self._tool([f"{PREPARED}/tools/link", "-o", path, "-importcfg", "packages", "-buildmode=exe", "-s", "-w",
                    "main.a"],                    folder, len(slots))  # fmt: skip
        for name in ("packages", "programs.go", "main.a"):
            os.unlink(f"{folder}/{name}")
        return {slot: {"why": "", "path": path} for slot in slots}

    def _tool(self, argv, folder, count, stdin=b""):
        """What a tool prints. Raises ToolError if it fails, Declined if it takes too long."""
        code, said, complaint = self.bench.command(
            argv, TOOLS, user=self.bench.servant, folder=folder, cpu_s=10 + count / 4, wall_s=60, stdin=stdin
        )
        if code != 0:
            raise ToolError(f"{os.path.basename(argv[0])}: {(said + complaint)[:1000].decode('utf-8', 'replace')}")
        return said

    def _run(self, program, binary, slot):
        """Run a program's tests, the binary being where the plain way has it."""
        step = program["steps"][1]
        try:
            self.bench.lay_out(program["files"])
            os.symlink(binary, f"{self.bench.folder}/{os.path.basename(step['argv'][0])}")
        except OSError as error:
            return error
        words = [*step["argv"], str(slot)]
        environment = {**ENVIRONMENT, **step["environment"]}
        order = ["run", str(len(words)), *words, *(f"{name}={value}" for name, value in environment.items())]
        try:
            return self._execute(step, program, order)
        except Declined as error:
            return error

    def _execute(self, step, program, order):
        """Run a step in a child of the compiler. Raises Declined."""
        if self._server is None:
            self._server = self._started(program)
        descriptor = os.memfd_create("order")
        try:
            os.write(descriptor, "".join(f"{word}\0" for word in order).encode())
            return self.bench.execute(step, start=self._server, extras=(descriptor,))
        finally:
            os.close(descriptor)

    def _started(self, program):
        """A compiler that waits for programs, called as `go test` calls it but for what only debuggers read."""
        (name,) = program["files"]
        argv = [f"{PREPARED}/compiler", "-o", OBJECT, "-trimpath", "/work=>", "-p", f"{PACKAGE}/program", "-complete",
                "-c=1", "-dwarf=false", "-D", f"_{self.bench.folder}", "-importcfg", f"{PREPARED}/importcfg", "-pack",
                f"./{name}"]  # fmt: skip
        environment = {**ENVIRONMENT, **program["steps"][0]["environment"], **TOOLS, "PRELOAD": " ".join(PRELOADED)}
        return self.bench.fork_server(argv, environment)
