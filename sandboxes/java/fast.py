"""Java's fast way: a resident compiler (CompileServer) and a Java machine (launcher.c) for each program."""

import os
import shutil
import struct

from fastpath import Declined, FastPath
from processes import ENVIRONMENT

HERE = os.path.dirname(os.path.abspath(__file__))
COMPILE_CPU_S, COMPILE_WALL_S = 5, 30  # a program that needs more is compiled the plain way
COMPILER = [
    "java",
    "-XX:TieredStopAtLevel=1",
    "-XX:-UsePerfData",
    "-XX:ActiveProcessorCount=2",
    "-XX:+UseSerialGC",
    "-Xmx128m",
    "-Xmn64m",
    "-Xlog:disable",  # for warnings would go to stdout, where the answers go
    f"-XX:SharedArchiveFile={HERE}/compiler.jsa",
    "-cp",
    f"{HERE}/compiler.jar",
    "CompileServer",
]
# Only what makes starting cheap. Limits of memory are those of the plain command, that of the stack is Java's own. The
# archive of classes is mapped where it was made for; G1 is the collector that can use the objects in it.
TUNING = [
    "-XX:TieredStopAtLevel=1",
    "-XX:CompileThresholdScaling=4",  # most of what programs call a few hundred times is not worth compiling
    "-XX:-UsePerfData",
    "-XX:+UseG1GC",
    "-XX:+UnlockDiagnosticVMOptions",
    "-XX:ArchiveRelocationMode=0",
    f"-XX:SharedArchiveFile={HERE}/program.jsa",
    "-Djava.class.path=.",
]


class Fast(FastPath):
    """Compiles in the server, runs in a child of the launcher."""

    def __init__(self, bench):
        super().__init__(bench)
        self._compiler = bench.daemon(COMPILER, ENVIRONMENT)
        self._launcher = None

    def judge(self, programs):
        """Each program's index, its facts or the Declined that it met, and whether the sandbox is clean after it."""
        for index, program in enumerate(programs):
            try:
                classes = self._compiled(program)
                self.bench.lay_out({**program["files"], **classes})
                facts = self._run(program["steps"][-1])
            except (Declined, OSError) as error:
                facts = error
            yield index, facts, self.bench.clean_up()

    def _compiled(self, program):
        """The program's class files. Raises Declined."""
        (source,) = program["files"].values()
        if "HarnessStart" in source:
            raise Declined("the program names a class of the plain way")
        try:
            data = source.encode("utf-8")
        except UnicodeEncodeError as error:
            raise Declined("the program is no UTF-8") from error
        answer = self._compiler.ask(data, COMPILE_CPU_S, COMPILE_WALL_S)
        if not answer:
            raise Declined("the program does not compile, or is out of the ordinary")
        classes, at = {}, 0
        while at < len(answer):
            (length,) = struct.unpack_from(">H", answer, at)
            name = answer[at + 2 : at + 2 + length].decode("ascii")
            at += 2 + length
            (length,) = struct.unpack_from(">I", answer, at)
            classes[f"{name}.class"] = answer[at + 4 : at + 4 + length]
            at += 4 + length
        return classes

    def _run(self, step):
        """The facts of the run. Raises Declined unless the program ended by itself, in one of the two usual ways."""
        if self._launcher is None:  # its environment and options are those of all programs
            library = os.path.join(os.path.dirname(os.path.realpath(shutil.which("java"))), "../lib/server/libjvm.so")
            limits = [word for word in step["argv"] if word.startswith("-XX:")]
            environment = {**ENVIRONMENT, **step["environment"]}
            self._launcher = self.bench.fork_server([f"{HERE}/launcher", library, *limits, *TUNING], environment)
        facts = self.bench.execute(step, start=self._launcher)
        if facts["signal"] or facts["limit_hit"] or facts["exit_code"] not in (0, 1):
            raise Declined("the program does not end in a usual way")
        return facts
