"""Hostile programs, each between two innocent ones, in one and the same box: none of them may notice the others."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from fast_slot import FastSlot

from humaneval_x.languages import Step, read_language
from humaneval_x.records import Limits, Outcome, Program
from humaneval_x.sandbox import Backend
from humaneval_x.sandbox.docker import connect
from humaneval_x.sandbox.images import build_image
from humaneval_x.sandbox.slot import SupervisedSlot

INNOCENT = """
import glob, os, stat, tempfile
assert os.listdir('.') == ['main.py'] and os.listdir('/tmp') == ['sample'], (os.listdir('.'), os.listdir('/tmp'))
assert os.listdir('/dev/shm') == []
for kind in ('shm', 'msg', 'sem'):
    with open('/proc/sysvipc/' + kind) as file:
        assert len(file.readlines()) == 1, kind
with open('result', 'w') as file:
    file.write('x' * 1000)
with tempfile.TemporaryFile() as file:
    file.write(bytearray(1 << 20))
others = [int(name) for name in os.listdir('/proc') if name.isdigit() and int(name) not in (1, os.getpid())]
owners = {}
for other in others:
    with open('/proc/%d/status' % other) as file:
        owners[other] = [line.split()[1] for line in file if line.startswith(('Name:', 'Uid:', 'State:'))]
# The fast way's server may be there: root's, one of them, asleep or about to be.
assert not [owner for owner in owners.values() if owner[2] == str(os.getuid()) or owner[1] not in 'SR'], owners
assert not [owner for owner in owners.values() if owner[1] == 'R' and owner[2] != '0'], owners
assert len(others) <= 1, owners
"""


@dataclass(frozen=True, kw_only=True)
class Attack:
    """A program, what it must have come to, and limits that differ from the usual ones.

    Who uses up all processes, or ends those sent to end him, takes the fast way's servers with him.
    """

    source: str
    limit_hit: str = ""
    completed: bool | None = None
    limits: dict[str, float] | None = None
    takes_servers: bool = False


MUST_FAIL = """
def must_fail(action, *arguments):
    try:
        result = action(*arguments)
    except (OSError, ValueError):
        return
    assert result == -1, (action, arguments, result)
"""

ATTACKS = {
    "kills all processes": Attack(
        source="import os\ntry:\n    os.kill(-1, 9)\nexcept ProcessLookupError:\n    pass\n", completed=True
    ),
    "kills its parent": Attack(
        source="""
import os, signal
for pid in (os.getppid(), 1):
    for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM, signal.SIGINT, signal.SIGSEGV):
        try:
            os.kill(pid, number)
        except (PermissionError, ProcessLookupError):
            pass
""",
    ),
    "reads and writes process 1": Attack(
        source=MUST_FAIL
        + """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
for name in ('mem', 'environ', 'maps', 'cwd/x', 'root/tmp/x', 'fd/0', 'fd/1', 'fd/4'):
    must_fail(open, '/proc/1/' + name, 'r+b')
    must_fail(open, '/proc/1/' + name, 'rb')
must_fail(os.listdir, '/proc/1/fd')
must_fail(libc.ptrace, 16, 1, 0, 0)
buffer = ctypes.create_string_buffer(8)
vector = (ctypes.c_size_t * 2)(ctypes.addressof(buffer), 8)
must_fail(libc.process_vm_readv, 1, vector, 1, vector, 1, 0)
must_fail(libc.process_vm_writev, 1, vector, 1, vector, 1, 0)
""",
        completed=True,
    ),
    "reads and writes its parent": Attack(  # process 1, a namespace's, or the fast way's server
        source=MUST_FAIL
        + """
import ctypes, os, resource, signal
libc = ctypes.CDLL(None, use_errno=True)
parent = os.getppid()
if parent:
    for name in ('mem', 'environ', 'maps', 'fd/0', 'fd/1', 'fd/4'):
        must_fail(open, '/proc/%d/%s' % (parent, name), 'r+b')
        must_fail(open, '/proc/%d/%s' % (parent, name), 'rb')
    must_fail(os.listdir, '/proc/%d/fd' % parent)
    must_fail(libc.ptrace, 16, parent, 0, 0)
    must_fail(resource.prlimit, parent, resource.RLIMIT_NOFILE, (0, 0))
    must_fail(os.setpriority, os.PRIO_PROCESS, parent, 19)
    must_fail(os.pidfd_open, parent, 1)
""",
    ),
    "takes process 1's limits": Attack(  # in the local sandbox that is its own namespace's, and only it suffers
        source="""
import resource
for limit in range(16):
    try:
        resource.prlimit(1, limit, (0, 0))
    except (PermissionError, ValueError):
        pass
"""
    ),
    "writes to every descriptor": Attack(
        source="""
import os
for descriptor in range(3, 1024):
    try:
        os.write(descriptor, b'\\x00\\x00\\x00\\x02{}')
    except OSError:
        pass
""",
        completed=True,
    ),
    "leaves a daemon that holds stdout": Attack(
        source="""
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        print('daemon', flush=True)
        time.sleep(1000)
    os._exit(0)
os.wait()
""",
        completed=True,
        limits={"wall_s": 1000},
    ),
    "forks without end, each in a session of its own": Attack(
        source="""
import os
while True:
    try:
        if os.fork() == 0:
            os.setsid()
    except OSError:
        pass
""",
        limit_hit="process",
        limits={"run_cpu_s": 20},
        takes_servers=True,
    ),
    "stops its whole group": Attack(
        source="import os, signal\nos.kill(0, signal.SIGSTOP)\n", limit_hit="wall", limits={"wall_s": 1}
    ),
    "ignores all signals and computes": Attack(
        source="""
import signal
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
while True:
    pass
""",
        limit_hit="cpu",
    ),
    "kills and stops all others without end": Attack(
        source="""
import os, signal
while True:
    for number in (signal.SIGSTOP, signal.SIGKILL):
        try:
            os.kill(-1, number)
        except OSError:
            pass
""",
        limit_hit="cpu",
        limits={"run_cpu_s": 0.5},
        takes_servers=True,
    ),
    "prints without end": Attack(source="while True:\n    print('y' * 1000)\n", limit_hit="output"),
    "prints 300 kB and is right": Attack(source="print('y' * 300_000)\n", completed=True),
    "takes 2 GB": Attack(source="bytearray(2 << 30)\n", limit_hit="memory", limits={"run_cpu_s": 20}),
    "lets a child take 2 GB and exits 0": Attack(
        source="""
import os
if os.fork() == 0:
    bytearray(2 << 30)
    os._exit(0)
os.wait()
""",
        limit_hit="memory",
        limits={"run_cpu_s": 20},
    ),
    "takes memory in many processes": Attack(
        source="""
import os, time
for _ in range(20):
    if os.fork() == 0:
        taken = bytearray(os.urandom(1 << 20) * 25)
        time.sleep(1000)
time.sleep(1000)
""",
        limit_hit="memory",
        limits={"run_cpu_s": 20},
    ),
    "fills the disk": Attack(
        source="""
import time
with open('big', 'wb') as file:
    try:
        while True:
            file.write(bytearray(1 << 20))
    except OSError:
        time.sleep(1000)
""",
        limit_hit="disk",
    ),
    "fills /dev/shm": Attack(
        source="""
import time
with open('/dev/shm/big', 'wb') as file:
    try:
        while True:
            file.write(bytearray(1 << 20))
    except OSError:
        time.sleep(1000)
""",
        limit_hit="disk",
    ),
    "makes files without end": Attack(
        source="""
import itertools, time
try:
    for number in itertools.count():
        open(str(number), 'w').close()
except OSError:
    time.sleep(1000)
""",
        limit_hit="disk",
        limits={"run_cpu_s": 20},
    ),
    "makes 2,000 folders in each other that nobody may enter": Attack(
        source="""
import os
for _ in range(2000):
    os.mkdir('deep')
    os.chdir('deep')
for _ in range(2000):
    os.chdir('..')
    os.chmod('deep', 0)
os.chmod('.', 0)
""",
        completed=True,
        limits={"run_cpu_s": 10},
    ),
    "leaves links, pipes and sockets": Attack(
        source="""
import os, socket
os.symlink('/etc', 'link')
os.symlink('/proc/1/root', '/tmp/link')
os.symlink('.', '/dev/shm/link')
os.mkfifo('/tmp/pipe')
os.link('main.py', 'hard')
socket.socket(socket.AF_UNIX).bind('/tmp/socket')
os.rename('main.py', '/tmp/-rf')
os.rmdir('/tmp/sample') if not os.listdir('/tmp/sample') else None
""",
        completed=True,
    ),
    "leaves shared memory, semaphores and queues": Attack(
        source="""
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
for key in range(1, 6):
    assert libc.shmget(key, 4096, 0o1666) >= 0
    assert libc.msgget(key, 0o1666) >= 0
    assert libc.semget(key, 1, 0o1666) >= 0
class Attributes(ctypes.Structure):
    _fields_ = [('flags', ctypes.c_long), ('maximum', ctypes.c_long), ('size', ctypes.c_long),
                ('rest', ctypes.c_long * 5)]
assert libc.mq_open(b'/left', os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666, ctypes.byref(Attributes(0, 2, 64))) >= 0
open('/dev/shm/left', 'w').close()
""",
        completed=True,
    ),
    "reaches for the network": Attack(
        source=MUST_FAIL
        + """
import socket, os
for address in (('127.0.0.1', 80), ('127.0.0.1', 2375), ('172.17.0.1', 22), ('1.1.1.1', 53)):
    must_fail(socket.create_connection, address, 1)
must_fail(socket.getaddrinfo, 'example.org', 80)
for path in ('/var/run/docker.sock', '/run/docker.sock', '/run/containerd/containerd.sock'):
    must_fail(socket.socket(socket.AF_UNIX).connect, path)
""",
        completed=True,
    ),
    "writes outside its folder": Attack(
        source=MUST_FAIL
        + """
import os
for path in ('/x', '/usr/x', '/etc/x', '/opt/x', '/dev/x', '/var/tmp/x', '/opt/humaneval-x/x', '/home/x', '/run/x',
             '/sys/fs/cgroup/x', '/proc/sys/kernel/core_pattern', '/proc/sys/vm/drop_caches', '/proc/sysrq-trigger',
             '/proc/1/oom_score_adj', '/opt/humaneval-x/supervisor.py', '/opt/humaneval-x/python/runner.py'):
    must_fail(open, path, 'w')
for device in ('/dev/mem', '/dev/kmsg', '/dev/sda', '/dev/vda', '/dev/fuse'):
    must_fail(open, device, 'rb')
must_fail(os.mknod, 'disk', 0o060666, os.makedev(254, 0))
must_fail(os.chmod, '/tmp/sample/../../usr', 0o777)
must_fail(os.chown, 'main.py', 0, 0)
""",
        completed=True,
    ),
    "makes namespaces and mounts": Attack(
        source=MUST_FAIL
        + """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
for flag in (0x00020000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000, 0x10020000):
    must_fail(libc.unshare, flag)
must_fail(libc.mount, b'none', b'/tmp', b'tmpfs', 0, None)
must_fail(libc.mount, b'/usr', b'/usr', None, 32 | 4096, None)
must_fail(libc.umount2, b'/proc', 2)
must_fail(libc.chroot, b'/tmp')
must_fail(libc.sethostname, b'x', 1)
must_fail(os.setuid, 0)
must_fail(os.setgid, 0)
must_fail(os.setgroups, [0])
""",
        completed=True,
    ),
    "raises its limits": Attack(
        source=MUST_FAIL
        + """
import os, resource
for name in ('CPU', 'FSIZE', 'NOFILE', 'NPROC', 'CORE'):
    limit = getattr(resource, 'RLIMIT_' + name)
    must_fail(resource.setrlimit, limit, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    must_fail(resource.setrlimit, limit, (resource.getrlimit(limit)[1] + 1,) * 2)
must_fail(os.nice, -5)
""",
        completed=True,
    ),
    "computes in a grandchild that nobody waits for": Attack(
        source="""
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork():
        os._exit(0)
    while True:
        pass
os.wait()
time.sleep(1000)
""",
        limit_hit="cpu",
    ),
    "makes core dumps": Attack(source="import os\nos.abort()\n", completed=False),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_contained_and_innocent_programs_around_it_pass(
    name: str, slot: SupervisedSlot, program: Callable[[str], Program], limits: Limits
) -> None:
    attack = ATTACKS[name]
    _passes(slot.execute(program(INNOCENT), limits))
    outcome = slot.execute(program(attack.source), replace(limits, **(attack.limits or {})))
    assert outcome.limit_hit == attack.limit_hit, outcome
    if attack.completed is not None:
        assert outcome.completed is attack.completed, outcome
    if not attack.limit_hit:
        assert outcome.wall_s < 15, outcome
    _passes(slot.execute(program(INNOCENT), limits))
    assert slot.boxes == 1, "the attack broke its box, or left something in it"
    if isinstance(slot, FastSlot):
        # Only he is judged without them.
        assert slot.declined == (["the server of this sample was lost"] if attack.takes_servers else [])
        slot.declined.clear()


def _passes(outcome: Outcome) -> None:
    assert outcome.completed and outcome.exit_code == 0 and not outcome.limit_hit, outcome


@pytest.mark.parametrize(
    ("source", "limit"),
    [
        ("import sys\nwhile True:\n    sys.stderr.write('note: ' * 1000)\n", "output"),
        ("while True:\n    pass\n", "cpu"),
        ("bytearray(2 << 30)\n", "memory"),
        ("import time\ntime.sleep(1000)\n", "wall"),
    ],
)
def test_a_compiler_is_limited_like_a_program(
    source: str, limit: str, backend: Backend, program: Callable[[str], Program], limits: Limits
) -> None:
    python = read_language("python")
    compiled = replace(python, compile=Step(argv=("python3", "main.py")))
    with backend.open_slot(compiled) as slot:
        outcome = slot.execute(program(source), replace(limits, wall_s=1 if limit == "wall" else 60))
        assert (outcome.stage, outcome.limit_hit) == ("compile", limit)
        _passes(slot.execute(program("pass"), limits))


@pytest.mark.parametrize(
    ("source", "limits_hit"),
    [
        ('#include "/dev/zero"\n', {"memory", "cpu", "disk"}),
        ('#include "main.cpp"\n' * 2, {"", "output"}),
        ("char big[1u << 30] = {1};\nint main() {}\n", {"disk", "memory", ""}),
        ("template<int n> struct A { A<n+1> *a; A<n+1> b; };\nA<0> a;\nint main() {}\n", {"", "output", "cpu"}),
        ("#define A B B B B\n#define B C C C C\n#define C D D D D\n#define D E E E E\n#define E F F F F\n"
         "#define F G G G G\n#define G H H H H\n#define H I I I I\n#define I J J J J\n#define J x x x x\n"
         "int main() { A A A A A A A A; }\n", {"cpu", "memory", "output", ""}),
    ],
)  # fmt: skip
def test_a_bomb_for_the_c_plus_plus_compiler_is_contained(
    source: str, limits_hit: set[str], backend: Backend, program: Callable[[str], Program]
) -> None:
    if backend.name == "docker":
        with contextlib.closing(connect()) as client:
            build_image(client, "cpp", say=lambda _: None)
    cpp = read_language("cpp")
    small = replace(cpp.limits, compile_cpu_s=4, memory_mb=512)
    innocent = "int main() { return 0; }\n"
    with backend.open_slot(cpp) as slot:
        assert isinstance(slot, SupervisedSlot)
        outcome = slot.execute(replace(program(source), task_id="CPP/0", language="cpp"), small)
        assert outcome.stage == "compile" and outcome.limit_hit in limits_hit and outcome.exit_code != 0, outcome
        assert len(outcome.stderr) < 1 << 18
        after = slot.execute(replace(program(innocent), task_id="CPP/0", language="cpp"), small)
        assert after.stage == "run" and after.exit_code == 0 and slot.boxes == 1, after


def test_a_closed_slot_leaves_no_process_container_or_group(
    backend: Backend, program: Callable[[str], Program], limits: Limits
) -> None:
    before = _left_by_us(backend.name)
    with backend.open_slot(read_language("python")) as slot:
        _passes(slot.execute(program(INNOCENT), limits))
        assert _left_by_us(backend.name) != before, "this test does not see what a slot is made of"
        slot.execute(program("import os\nos.setsid() if os.fork() == 0 else None\nwhile True: pass"), limits)
    assert _left_by_us(backend.name) == before


def _left_by_us(name: str) -> set[str]:
    """Containers, child processes and control groups of this process."""
    found = set()
    if name == "docker":
        with contextlib.closing(connect()) as client:
            ours = f"/{os.getpid()}/"
            found |= {
                str(container.id)
                for container in client.containers.list(all=True, ignore_removed=True)
                if ours in container.labels.get("humaneval-x.owner", "")
            }
    children = subprocess.run(
        ["ps", "--no-headers", "-o", "pid,comm", "--ppid", str(os.getpid())],
        capture_output=True,
        text=True,
        check=False,
    )
    found |= {line.strip() for line in children.stdout.splitlines() if " ps" not in line}
    found |= {str(path) for path in Path("/sys/fs/cgroup").glob(f"**/humaneval-x-{os.getpid()}-*")}
    return found


def test_a_sample_finds_a_clean_environment(
    slot: SupervisedSlot, program: Callable[[str], Program], limits: Limits
) -> None:
    os.environ["A_SECRET_OF_THE_HARNESS"] = "secret"
    try:
        outcome = slot.execute(
            program(
                """
import os, sys, time
assert sys.stdin.read() == ''
assert os.getcwd() == '/tmp/sample' and os.environ['HOME'] == os.environ['TMPDIR'] == '/tmp'
assert not [name for name in os.environ if 'SECRET' in name or 'DOCKER' in name or 'SSH' in name], dict(os.environ)
assert os.environ['PYTHONHASHSEED'] == '0' and time.tzname == ('UTC', 'UTC')
assert os.getuid() >= 70000 and os.getgid() >= 70000
assert os.getsid(0) == os.getpid()
with open('/proc/self/status') as file:
    status = {name: text.strip() for name, _, text in (line.partition(':') for line in file)}
assert status['CapEff'].strip('0') == '' and status['CapPrm'].strip('0') == '' and status['NoNewPrivs'] == '1'
# Python itself ignores SIGPIPE and SIGXFSZ; 32 and 33 are the C library's own, which lets nobody set them.
ignored = {number + 1 for number in range(64) if int(status['SigIgn'], 16) >> number & 1}
assert ignored <= {13, 25, 32, 33}, ignored
assert int(status['SigBlk'], 16) == 0
assert sorted(map(int, os.listdir('/proc/self/fd')))[:4] == [0, 1, 2, 3]
assert len(os.listdir('/proc/self/fd')) <= 5
"""
            ),
            limits,
        )
    finally:
        del os.environ["A_SECRET_OF_THE_HARNESS"]
    _passes(outcome)
