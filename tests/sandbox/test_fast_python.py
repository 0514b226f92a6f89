"""Python's fast way against the plain one: what a program can see of itself, of its end, and of its neighbours."""
# ruff: noqa: E501 - the programs, a line each

from __future__ import annotations

import contextlib
import os
import re
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from humaneval_x.languages import language_names, read_language
from humaneval_x.programs import ASSEMBLIES
from humaneval_x.records import Limits, Outcome, Problem, Program
from humaneval_x.resources import resource_folder
from humaneval_x.sandbox import Declined
from humaneval_x.sandbox.docker import DockerBackend, connect
from humaneval_x.sandbox.slot import SupervisedSlot

pytestmark = pytest.mark.docker

ODDITIES = {
    "its arguments": "import sys\nprint(sys.argv, sys.orig_argv, sys.path, sys.flags, sys.executable)",
    "its names": "print(sorted(globals()), __name__, __file__, __builtins__, __doc__)",
    "its main module": "import __main__\nx = 3\nprint(__main__.x, __main__.__file__)",
    "how deep it may recurse": "n = 0\ndef f():\n    global n\n    n += 1\n    f()\ntry:\n    f()\nexcept RecursionError:\n    print(n)",
    "how deep its error is": "def f():\n    f()\nf()",
    "its streams": "import sys\nprint([(s.name, s.mode, s.encoding, s.line_buffering, s.seekable(), s.isatty()) for s in (sys.stdin, sys.stdout, sys.stderr)])",
    "its signals": "import signal\nprint([signal.getsignal(n) for n in sorted(signal.valid_signals())], signal.pthread_sigmask(0, ()))",
    "its limits": "import resource\nprint([resource.getrlimit(n) for n in range(resource.RLIM_NLIMITS)])",
    "its user": "import os\nprint(os.getresuid(), os.getresgid(), os.getgroups(), os.umask(0), os.getcwd(), os.nice(0))",
    "its session": "import os\nprint(os.getsid(0) == os.getpid() == os.getpgrp())",
    "its environment": "import os\nprint(sorted(os.environ.items()))",
    "its descriptors": "import os\nprint(sorted(os.listdir('/proc/self/fd'))[:4], os.get_inheritable(3))",
    "its threads": "import threading\nprint(threading.enumerate(), threading.current_thread() is threading.main_thread())",
    "its modules": "import collections\nprint('numpy' in dir(), 'np' in dir())\nimport xml\nprint(hasattr(xml, 'dom'))",
    "its garbage collector": "import gc\nprint(gc.isenabled(), gc.get_threshold())",
    "a hash": "print(hash('x'), [*{'a', 'b', 'c'}])",
    "a seeded draw": "import random, numpy\nrandom.seed(1)\nnumpy.random.seed(1)\nprint(random.random(), numpy.random.rand())",
    "an error": "1 / 0",
    "an error within an error": "try:\n    1 / 0\nexcept ZeroDivisionError:\n    raise KeyError('x')",
    "a failed assertion": "assert 1 == 2, 'no'",
    "no syntax": "def f(:\n",
    "a warning of the compiler": "print(1 is 1)",
    "nesting beyond the parser": "(" * 5000 + ")" * 5000,
    "a group of errors": "raise ExceptionGroup('g', [ValueError(1), TypeError(2)])",
    "an exit": "import sys\nsys.exit(3)",
    "an exit with a text": "raise SystemExit('bye')",
    "an exit with nothing": "exit()",
    "a hard exit": "import os\nprint('lost')\nos._exit(0)",
    "an interrupt": "raise KeyboardInterrupt",
    "a thread that goes on": "import threading, time\nthreading.Thread(target=lambda: (time.sleep(0.2), print('late'))).start()\nprint('early')",
    "a thread that fails": "import threading\nthread = threading.Thread(target=lambda: 1 / 0, name='t')\nthread.start()\nthread.join()",
    "a daemon thread": "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()",
    "an exit function": "import atexit\natexit.register(print, 'end')\nprint('begin')",
    "an exit function that fails": "import atexit\natexit.register(lambda: 1 / 0)",
    "an exit function that exits hard": "import atexit, os\natexit.register(os._exit, 4)",
    "an object's end": "class A:\n    def __del__(self):\n        print('deleted')\na = A()\nprint('kept')",
    "the end of objects in a circle": "class A:\n    def __del__(self):\n        print('deleted')\na, b = A(), A()\na.b, b.a = b, a\ndel a, b",
    "an object's end that exits hard": "import os\nclass A:\n    def __del__(self, leave=os._exit):\n        leave(5)\na = A()",
    "a finalizer": "import weakref\nclass A: pass\na = A()\nweakref.finalize(a, print, 'final')",
    "a closed stdout": "import sys\nprint('x')\nsys.stdout.close()",
    "a closed descriptor": "import os\nprint('x')\nos.close(1)",
    "another stdout": "import io, sys\nsys.stdout = io.StringIO()\nprint('x')",
    "unflushed output": "import sys\nsys.stdout.write('a')\nsys.stderr.write('b')",
    "bytes that are no text": "import sys\nsys.stdout.buffer.write(b'\\xff\\x00')",
    "a lone surrogate": "print('\\ud800')",
    "the main module gone": "import sys\ndel sys.modules['__main__']\nprint('x')",
    "main modules of another kind": "import sys\nsys.modules['__main__'] = 3",
    "names gone": "for name in list(globals()):\n    del globals()[name]",
    "an excepthook": "import sys\nsys.excepthook = lambda *a: print('hooked')\n1 / 0",
    "a child": "import os\npid = os.fork()\nif pid == 0:\n    print('child')\nelse:\n    os.waitpid(pid, 0)\n    print('parent')",
    "a child of another kind": "import subprocess\nprint(subprocess.run(['id', '-u'], capture_output=True).stdout)",
    "processes of its own": "import multiprocessing\nif __name__ == '__main__':\n    with multiprocessing.Pool(2) as pool:\n        print(pool.map(abs, [-1, -2]))",
    "an event loop": "import asyncio\nasync def f():\n    await asyncio.sleep(0.01)\n    print('x')\nasyncio.run(f())",
    "a pickled class": "import pickle\nclass A: pass\nprint(type(pickle.loads(pickle.dumps(A()))))",
    "its source": "import inspect\ndef f():\n    return 1\nprint(inspect.getsource(f))",
    "a data class": "from dataclasses import dataclass\n@dataclass\nclass A:\n    x: int\nprint(A(1), A.__module__)",
    "types by name": "import typing\nclass A:\n    x: 'A'\nprint(typing.get_type_hints(A))",
    "memory to spare": "x = bytearray(50 << 20)\nprint(len(x))",
}  # fmt: skip


@pytest.fixture(scope="module")
def slot(python_image: str) -> Iterator[SupervisedSlot]:
    """One slot for both ways: their programs have the same user."""
    del python_image
    with DockerBackend().open_slot(read_language("python")) as opened:
        assert isinstance(opened, SupervisedSlot)
        yield opened


def fast_outcome(slot: SupervisedSlot, program: Program, limits: Limits) -> Outcome:
    ((_, outcome),) = slot.execute_fast([program], limits)
    assert isinstance(outcome, Outcome), outcome
    return outcome


def seen(outcome: Outcome) -> tuple[object, ...]:
    """What a program came to, without addresses."""
    texts = [re.sub(r"0x[0-9a-f]+|started \d+", "*", text) for text in (outcome.stdout, outcome.stderr)]
    return outcome.exit_code, outcome.signal, *texts, outcome.limit_hit, outcome.completed


@pytest.mark.parametrize("name", ODDITIES)
def test_a_program_sees_the_same_both_ways(
    name: str, slot: SupervisedSlot, program: Callable[[str], Program], limits: Limits
) -> None:
    odd = program(ODDITIES[name])
    assert seen(fast_outcome(slot, odd, limits)) == seen(slot.execute(odd, limits))
    assert slot.boxes == 1


def test_draws_without_a_seed_differ_from_program_to_program(
    slot: SupervisedSlot, program: Callable[[str], Program], limits: Limits
) -> None:
    draws = program(
        "import random, numpy, os, uuid\nprint(random.random(), numpy.random.rand(), os.urandom(8), uuid.uuid4())"
    )
    drawn = [fast_outcome(slot, draws, limits).stdout.split() for _ in range(3)]
    assert all(len(set(column)) == 3 for column in zip(*drawn, strict=True)), drawn


def test_what_one_program_changes_no_other_sees(
    slot: SupervisedSlot, program: Callable[[str], Program], limits: Limits
) -> None:
    changes = program(
        "import builtins, math, os, signal, sys\nbuiltins.left = math.left = sys.left = 1\nmath.pi = 3\nos.environ['LEFT'] = '1'\n"
        "sys.setrecursionlimit(77)\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nos.nice(5)\nsys.path.append('/left')"
    )
    looks = program(
        "import builtins, math, os, signal, sys\nassert not any(hasattr(x, 'left') for x in (builtins, math, sys))\n"
        "assert math.pi > 3.1 and 'LEFT' not in os.environ and sys.getrecursionlimit() == 1000\n"
        "assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL and os.nice(0) == 10 and '/left' not in sys.path"
    )
    assert fast_outcome(slot, changes, limits).completed
    after = fast_outcome(slot, looks, limits)
    assert after.completed, after.stderr


def test_a_program_that_is_ended_leaves_the_server_to_the_next(
    slot: SupervisedSlot, program: Callable[[str], Program], limits: Limits
) -> None:
    # Looking at once for what the killer had left found the killer, and so sent the next, and in the end the servers too.
    server = program("import os\nprint(os.getppid())")
    before = fast_outcome(slot, server, limits).stdout
    for _ in range(12):
        assert (
            fast_outcome(slot, program("import time\ntime.sleep(9)"), replace(limits, wall_s=0.2)).limit_hit == "wall"
        )
    assert fast_outcome(slot, server, limits).stdout == before


def test_a_server_that_is_killed_is_replaced(
    slot: SupervisedSlot, program: Callable[[str], Program], limits: Limits
) -> None:
    assert fast_outcome(slot, program("pass"), limits).completed
    boxes = slot.boxes
    with contextlib.closing(connect()) as client:
        ours = [
            each for each in client.containers.list() if f"/{os.getpid()}/" in each.labels.get("humaneval-x.owner", "")
        ]
        processes = [row for each in ours for row in each.top(ps_args="-eo pid,args")["Processes"]]
    (server,) = [int(pid) for pid, command in processes if "server.py" in command]
    os.kill(server, signal.SIGKILL)
    assert fast_outcome(slot, program("pass"), limits).completed and slot.boxes == boxes


def test_a_server_that_cannot_start_leaves_everything_to_the_plain_way(program: Callable[[str], Program]) -> None:
    # Less memory than numpy needs to be imported, and more than the supervisor does.
    python = read_language("python")
    starved = Limits(
        compile_cpu_s=1, run_cpu_s=1, wall_s=20, memory_mb=16, processes=1, output_bytes=1 << 20, disk_mb=4
    )
    with DockerBackend().open_slot(python) as slot:
        results = [result for _, result in slot.execute_fast([program("pass"), program("1 / 0")], starved)]
    assert results and all(isinstance(result, Outcome | Declined) for result in results)


def test_the_server_imports_what_the_assembly_puts_before_every_prompt() -> None:
    problem = Problem(task_id="Python/0", language="python", prompt="", declaration="", canonical_solution="", test="")
    before, _ = ASSEMBLIES["python"](problem, "", "", "")
    wanted = {line.split()[1] for line in before.splitlines() if line.strip()}
    source = (resource_folder("sandboxes") / "python" / "server.py").read_text("utf-8")
    body = source[source.index("def import_what") : source.index("def serve")]
    there = {line.split()[1] for line in body.splitlines() if line.strip().startswith("import ")}
    assert wanted - {"sys"} == there and "python" in language_names()
