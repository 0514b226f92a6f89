#!/usr/bin/env python3
"""Runs samples, one at a time, as process 1 of a sandbox (a container, or bubblewrap); standard library only.

A job goes through `Sandbox.judge`: `lay_out` a program's files, an `Execution` (execution.py) for each step, which
starts a `Process` (processes.py), watches its `Stream`s and the `Meter`, and `clean_up`. What the fast ways need beyond
that is in `fastpath.py`, loaded when first asked for.

It talks to the harness over stdin and stdout in frames: four bytes of big-endian length, then JSON in ASCII.

    hello   {"hello": 2, "cgroup": "v1"|"v2"|"none", "missing_limits": [...], "python": "3.11.2"}    once, at the start
    job     {"id": 7, "programs": [PROGRAM, ...], "fast": "/opt/humaneval-x/go/fast.py" or ""}
    reply   {"id": 7, "index": 0, "outcome": {facts}, "clean": true}         one for each program, in any order
            {"id": 7, "index": 0, "declined": "why", "clean": true}          instead, of a fast way only
    end     {"id": 7, "end": true, "cpu_s": 3.2, "peak_mb": 210.5}           what the sandbox has used since its start
            {"id": 7, "fault": "what failed"}                                instead

    PROGRAM {"files": {"main.cpp": "..."}, "steps": [STEP, ...]}
    STEP    {"stage": "run", "argv": [...], "environment": {...}, "cpu_s": 5, "wall_s": 30, "memory_mb": 512,
             "processes": 64, "output_bytes": 1000000, "disk_mb": 64, "marker": true}

Steps run in order until one does not exit 0 or hits a limit; the facts are those of the last one that ran. With
`marker` a step gets a socket as descriptor 3 that holds one line, a fresh secret; the sample's outcome is `completed`
if and only if it sends back a line "SECRET ASSERTIONS FAILED_ASSERTIONS".

A step runs in a session of its own, without privileges, in a folder on a tmpfs that is wiped after the program, as are
shared memory, semaphores and message queues. When the step's first process ends, everything else that it started is
killed. `clean` is false if anything is left; the job ends there, and the sandbox must be thrown away.

Usage: supervisor.py --uid N     samples run as user and group N; the supervisor needs the capabilities CHOWN,
                                 DAC_OVERRIDE, FOWNER, KILL, SETGID, SETUID
       supervisor.py --nested    samples run as this user, each step in user, process, mount and IPC namespaces of its
                                 own, out of which it can neither see nor reach the supervisor; needs no capability;
                                 there are no fast ways
"""

import errno
import functools
import importlib
import json
import os
import struct
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))  # isolated Python looks nowhere by itself

from execution import WIPED, Execution, HarnessGoneError, Meter
from processes import FOLDER, LIBC, MARKER_FD, MEGABYTE, PR_SET_DUMPABLE, Command, Reaper, call

DELIVERY_S = 0.1


class Channel:
    """The framed connection to the harness. Descriptors 0 to 3 are free for samples afterwards."""

    def __init__(self):
        null = os.open(os.devnull, os.O_RDWR)
        if null != MARKER_FD:  # taken first of all: whatever is opened later gets another number
            os.dup2(null, MARKER_FD, inheritable=False)
        self.source, self.sink = os.dup(0), os.dup(1)
        os.dup2(null, 0)
        os.dup2(2, 1)
        self._unsent, self._sent_at = bytearray(), 0.0

    def read(self):
        """The next message, or None at the end of the stream."""
        header = self._read_exactly(4)
        return None if header is None else json.loads(self._read_exactly(*struct.unpack(">I", header)) or b"null")

    def write(self, message, *, may_wait=False):
        """Send a message, or keep it for a moment until more come with it: each delivery costs the engine some CPU."""
        body = json.dumps(message).encode("ascii")
        self._unsent += struct.pack(">I", len(body)) + body
        now = time.monotonic()
        if may_wait and now - self._sent_at < DELIVERY_S:
            return
        self._sent_at = now
        data, self._unsent = memoryview(bytes(self._unsent)), bytearray()
        while data:
            data = data[os.write(self.sink, data) :]

    def _read_exactly(self, size):
        parts = bytearray()
        while len(parts) < size:
            part = os.read(self.source, min(size - len(parts), MEGABYTE))
            if not part:
                return None
            parts += part
        return bytes(parts)


def wipe(folder):
    """Remove everything in a folder, however deep, whatever its mode; never follows a link."""
    os.chmod(folder, 0o1777)
    top = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    serial = 0
    try:
        pending = ["."]
        while pending:
            name = pending.pop()
            if name != ".":
                os.chmod(name, 0o700, dir_fd=top)
            here = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=top)
            try:
                with os.scandir(here) as entries:
                    found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
                for entry, is_folder in found:
                    if not is_folder:
                        os.unlink(entry, dir_fd=here)
                    elif name == ".":
                        pending.append(entry)
                    else:  # lifted to the top, so that no depth is too deep
                        os.chmod(entry, 0o700, dir_fd=here)  # moving a folder writes to it
                        serial += 1
                        lifted = f".{serial}-{os.urandom(8).hex()}"
                        os.rename(entry, lifted, src_dir_fd=here, dst_dir_fd=top)
                        pending.append(lifted)
            finally:
                os.close(here)
            if name != ".":
                os.rmdir(name, dir_fd=top)
    finally:
        os.close(top)


def remove_ipc(user):
    """Remove all System V shared memory, message queues and semaphores: the IPC namespace is this sandbox's own.

    False if some are left.
    """
    calls = {"shm": lambda i: LIBC.shmctl(i, 0, None), "msg": lambda i: LIBC.msgctl(i, 0, None),
             "sem": lambda i: LIBC.semctl(i, 0, 0)}  # fmt: skip
    for kind, remove in calls.items():
        found = ipc_ids(kind)
        if found and user is not None:  # only the owner may remove; no sample is alive to use this moment
            os.seteuid(user)
            try:
                for identifier in found:
                    remove(identifier)
            finally:
                os.seteuid(0)
        if found and ipc_ids(kind):
            return False
    return True


def ipc_ids(kind):
    """Ids of the System V objects of one kind (`shm`, `msg`, `sem`) in this IPC namespace."""
    try:
        with open(f"/proc/sysvipc/{kind}", encoding="ascii") as file:
            return [int(line.split()[1]) for line in file.readlines()[1:]]
    except FileNotFoundError:
        return []


def unfit(limit):
    """The facts of a program whose files hit that limit before anything ran."""
    return {"stage": "input", "exit_code": None, "signal": 0, "cpu_s": 0.0, "wall_s": 0.0, "peak_mb": 0.0, "stdout": "",
            "stderr": "", "limit_hit": limit, "completed": False, "assertions": 0, "failed_assertions": 0}  # fmt: skip


class Sandbox:
    """Where samples run, one at a time. `user` is whom they run as (None: this process's own user, in namespaces)."""

    def __init__(self, user, harness):
        self.user, self.harness = user, harness
        self.meter = Meter()
        self.reaper = Reaper(user, self.meter)
        self.peak_mb = 0.0
        self._fast = None

    def judge(self, job):
        """Run a job's programs: the replies, which end early after one that left something behind."""
        ways = self._fast_way(job["fast"]).judge(job["programs"]) if job["fast"] else self._plainly(job["programs"])
        for index, facts, clean in ways:
            yield {"id": job["id"], "index": index, **facts, "clean": clean}
            if not clean:
                break
        yield {"id": job["id"], "end": True, "cpu_s": self.meter.sandbox_cpu_s(), "peak_mb": self.peak_mb}

    def _plainly(self, programs):
        for index, program in enumerate(programs):
            facts = self._facts_of(program)
            yield index, {"outcome": facts}, self.clean_up()

    def _facts_of(self, program):
        try:
            self.lay_out(program["files"])
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            return unfit("disk")
        for step in program["steps"]:
            facts = self.execute(step)
            if facts["exit_code"] != 0 or facts["limit_hit"]:
                break
        return facts

    def _fast_way(self, path):
        """The language's fast way, with its servers: made once, and anew after it has failed."""
        if self._fast is None:
            self._fast = importlib.import_module("fastpath").FastWay(path, self)
        return self._fast

    def execute(self, step, start=None, bounds=None):
        """Run a step: its facts. `start` makes its Process of step and secret; without, its command is executed.

        `bounds` end it instead of the step's own limits.
        """
        if start is None:
            processes = self.meter.process_rlimit(step)
            start = functools.partial(Command, reaper=self.reaper, user=self.user, processes=processes)
        execution = Execution(step, bounds or step, self.meter, start)
        try:
            execution.watch(self.harness)
        finally:
            facts = execution.finish()
        self.peak_mb = max(self.peak_mb, execution.memory_base / MEGABYTE + facts["peak_mb"])
        return facts

    def lay_out(self, files):
        """Make the sample's folder with its files. Raises OSError, with ENOSPC where they do not fit."""
        os.mkdir(FOLDER, 0o700)
        owner = os.getuid() if self.user is None else self.user
        for name, content in files.items():
            data = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
            with open(os.open(f"{FOLDER}/{name}", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "wb") as file:
                file.write(data)
                os.fchown(file.fileno(), owner, owner)
        os.chown(FOLDER, owner, owner)

    def clean_up(self):
        """Make the sandbox as new; False if something of the sample is left."""
        self.reaper.sweep()
        folders = [folder for folder in WIPED if os.path.isdir(folder)]
        for folder in folders:
            wipe(folder)
        return remove_ipc(self.user) and not any(os.listdir(folder) for folder in folders)


def main(arguments):
    """Serve jobs until stdin ends."""
    if os.getpid() != 1:
        sys.exit("supervisor.py must be process 1 of its own process namespace: it kills everything else in it")
    user = None if arguments == ["--nested"] else int(arguments[arguments.index("--uid") + 1])
    call("prctl", PR_SET_DUMPABLE, 0, 0, 0, 0)
    strange = [folder for folder in WIPED if os.path.isdir(folder) and os.listdir(folder)]
    if strange:
        sys.exit(f"supervisor.py wipes {', '.join(strange)}, which are not empty: this is not a fresh sandbox")
    channel = Channel()
    sandbox = Sandbox(user, channel.source)
    channel.write({"hello": 2, "cgroup": sandbox.meter.version, "missing_limits": sandbox.meter.missing,
                   "python": ".".join(map(str, sys.version_info[:3]))})  # fmt: skip
    while (job := channel.read()) is not None:
        try:
            for reply in sandbox.judge(job):
                channel.write(reply, may_wait="end" not in reply)
        except HarnessGoneError:
            return
        except Exception as error:  # a sample must never end the supervisor; the harness replaces the sandbox
            channel.write({"id": job["id"], "fault": f"{type(error).__name__}: {error}"})


if __name__ == "__main__":
    main(sys.argv[1:])
