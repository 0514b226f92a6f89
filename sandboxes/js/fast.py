"""JavaScript's fast way: each program in a process forked from a node that has started and warmed up (node-zygote)."""

import os
import re

from fastpath import Declined, FastPath
from processes import ENVIRONMENT

ZYGOTE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "node-zygote")
NEEDS_NODE = 103  # node-zygote's exit code for a program that needs what a forked process does not have

# Where a program could see that its process is a forked one: the clocks' origins, memory, threads, parent, the
# engine's inside. No solution needs to look there; one that does, even in a comment, is judged in a fresh process.
LOOKS_AT_ITS_PROCESS = re.compile(
    r"""\b(?: performance | uptime | timeOrigin | ppid | memoryUsage | resourceUsage | cpuUsage | _getActive\w+
    | child_process | cluster | worker_threads | Worker | inspector | async_hooks | perf_hooks | trace_events | repl
    | binding | v8 | WebAssembly | FinalizationRegistry | WeakRef | SharedArrayBuffer ) \b | /proc/ """,
    re.VERBOSE,
)


class Fast(FastPath):
    """Runs a program's only step in a child of node-zygote."""

    def __init__(self, bench):
        super().__init__(bench)
        self._zygote, self._missing = None, ""

    def run(self, program):
        """The facts about a program that lies in the sample's folder. Raises Declined."""
        (step,) = program["steps"]
        for text in program["files"].values():
            found = LOOKS_AT_ITS_PROCESS.search(text)
            if found:
                raise Declined(f"the program looks at its process ({found[0]})")
        facts = self.bench.execute(step, start=self._started(step))
        if facts["signal"] or facts["limit_hit"] or facts["exit_code"] == NEEDS_NODE:
            raise Declined("the program does not end by itself, or needs a node of its own")
        return facts

    def _started(self, step):
        """The server. It is started for the first program, whose command and environment are those of all."""
        if self._zygote is None and not self._missing:
            environment = {**ENVIRONMENT, **step["environment"]}
            try:
                self._zygote = self.bench.fork_server([ZYGOTE, *step["argv"][1:]], environment)
            except RuntimeError as error:
                self._missing = str(error)
        if self._missing:
            raise Declined(self._missing)
        return self._zygote
