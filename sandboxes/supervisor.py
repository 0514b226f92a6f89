#!/usr/bin/env python3
"""Runs samples, one at a time, as process 1 of a sandbox (a container, or bubblewrap); standard library only.

One file, long as it is, since it is copied into every image; what the fast ways need beyond it is in `fastpath.py`,
loaded when first asked for. A job goes through `Sandbox.judge`: `lay_out` a program's files, an `Execution` for each
step, which starts a `Process`, watches its `Stream`s and the `Meter`, and `clean_up`.

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

import contextlib
import ctypes
import errno
import functools
import importlib
import json
import math
import os
import re
import resource
import select
import signal
import socket
import struct
import sys
import time

SCRATCH = "/tmp"
WIPED = (SCRATCH, "/dev/shm", "/dev/mqueue")
FOLDER = f"{SCRATCH}/sample"
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": SCRATCH,
    "TMPDIR": SCRATCH,
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "PYTHONHASHSEED": "0",
}
GENTLE_KILLS = 50
KEPT_BYTES = 65536  # of each stream: the first and the last half of it
MARKER_FD = 3
MARKS = re.compile(r"([0-9]{1,9}) ([0-9]{1,9})\n")
RESETTABLE = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}
MEGABYTE = 1 << 20
REAP_S = 10.0
POLL_S = 0.05
DELIVERY_S = 0.1
PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 4, 38
CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID = 0x20000, 0x8000000, 0x10000000, 0x20000000
NESTED_UID = 70000
NESTED_PROCESSES = 2  # that the namespaces of a nested step cost: the relay and the init
FILES_PER_MB = 256
LIBC = ctypes.CDLL(None, use_errno=True)


class HarnessGoneError(Exception):
    """The other end of stdin is closed: there is nobody to work for."""


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


class Meter:
    """What the sample uses, from the sandbox's cgroup where there is one, else from the process table.

    `missing` names the limits that the kernel does not enforce here; they are then only polled.
    """

    def __init__(self, root="/sys/fs/cgroup"):
        self.cores = len(os.sched_getaffinity(0))
        if os.path.exists(f"{root}/cgroup.controllers"):
            self.version = "v2"
            cpu, oom, forks = "cpu.stat", "memory.events", "pids.events"
            usage, kinds, tasks = "memory.current", "memory.stat", "pids.current"
            caps = ("memory.max", "pids.max")
        elif os.path.exists(f"{root}/memory") or os.path.exists(f"{root}/cpuacct"):
            self.version = "v1"
            cpu, oom, forks = "cpuacct/cpuacct.usage", "memory/memory.oom_control", "pids/pids.events"
            usage, kinds, tasks = "memory/memory.usage_in_bytes", "memory/memory.stat", "pids/pids.current"
            caps = ("memory/memory.limit_in_bytes", "pids/pids.max")
        else:
            self.version, caps = "none", (None, None)
            cpu = oom = forks = usage = kinds = tasks = None
        limited = [self._is_limited(root, name) for name in caps]
        self._cpu = self._open(root, cpu)
        self._oom = self._open(root, oom) if limited[0] else None
        self._forks = self._open(root, forks) if limited[1] else None
        self._usage, self._kinds, self._tasks = (self._open(root, name) for name in (usage, kinds, tasks))
        found = {"memory": self._oom, "processes": self._forks, "cpu": self._cpu}
        self.missing = [name for name, descriptor in found.items() if descriptor is None]

    @staticmethod
    def _open(root, name):
        try:
            return os.open(f"{root}/{name}", os.O_RDONLY) if name else None
        except OSError:
            return None

    @staticmethod
    def _is_limited(root, name):
        try:
            with open(f"{root}/{name}", encoding="ascii") as file:
                text = file.read().strip()
            return text != "max" and int(text) < 1 << 60
        except OSError:
            return False

    @staticmethod
    def _counter(descriptor, key):
        words = os.pread(descriptor, 16384, 0).split()
        return int(words[words.index(key) + 1] if key in words else words[0])

    def sandbox_cpu_s(self):
        """CPU seconds charged so far to the whole sandbox, this process included."""
        if self._cpu is not None:
            return self._counter(self._cpu, b"usage_usec") / (1e6 if self.version == "v2" else 1e9)
        return self.cpu_s() + time.process_time()

    def cpu_s(self):
        """CPU seconds charged so far to everything but this process."""
        if self._cpu is not None:
            return self.sandbox_cpu_s() - time.process_time()
        reaped = resource.getrusage(resource.RUSAGE_CHILDREN)
        return reaped.ru_utime + reaped.ru_stime + self._processes()[0]

    def ooms(self):
        """How often the kernel has killed for memory (0 where it does not say)."""
        return 0 if self._oom is None else self._counter(self._oom, b"oom_kill")

    def memory_bytes(self):
        """What the sandbox uses and cannot give back: without files' cached contents (0 where the kernel says nothing).

        Samples may make the kernel prefer this process when memory runs out: watched, they seldom get that far.
        """
        if self._usage is None or self._kinds is None:
            return 0
        total = b"total_" if self.version == "v1" else b""
        words = os.pread(self._kinds, 16384, 0).split()
        cached = sum(int(words[words.index(total + kind) + 1]) for kind in (b"active_file", b"inactive_file"))
        return self._counter(self._usage, b"") - cached

    def tasks(self):
        """How many processes and threads there are, dead ones that nobody has collected too (-1: it is not known)."""
        return -1 if self._tasks is None else self._counter(self._tasks, b"")

    def refused_forks(self):
        """How often the kernel has refused a process (0 where it does not say)."""
        return 0 if self._forks is None else self._counter(self._forks, b"max")

    def process_rlimit(self, step):
        """What RLIMIT_NPROC should be: a back-up where the cgroup counts, for it counts the user's in all sandboxes."""
        return step["processes"] + NESTED_PROCESSES if self._forks is None else 4 * step["processes"]

    def polled_limit(self, step):
        """The limit that the kernel does not watch here and that is exceeded at this moment, or an empty string."""
        if self._oom is None or self._forks is None:
            _, own_bytes, threads = self._processes()
            if self._oom is None and own_bytes > step["memory_mb"] * MEGABYTE:
                return "memory"
            if self._forks is None and threads >= step["processes"] + NESTED_PROCESSES:
                return "process"
        return ""

    @staticmethod
    def _processes():
        """CPU seconds (with reaped children), bytes not shared with files, and threads of all processes but this."""
        ticks = pages = threads = 0
        for name in os.listdir("/proc"):
            if name.isdigit() and name != "1":
                try:
                    with open(f"/proc/{name}/stat", "rb") as file:
                        fields = file.read().rpartition(b")")[2].split()
                    with open(f"/proc/{name}/statm", "rb") as file:
                        _, resident, shared = map(int, file.read().split()[:3])
                except OSError:  # it has just ended
                    continue
                ticks += sum(map(int, fields[11:15]))
                threads += int(fields[17])
                pages += resident - shared
        return ticks / os.sysconf("SC_CLK_TCK"), pages * resource.getpagesize(), threads


class Stream:
    """One pipe's output: all of it counted, its first and last part kept."""

    def __init__(self, descriptor):
        os.set_blocking(descriptor, False)
        self.descriptor, self.total, self.head, self.tail = descriptor, 0, bytearray(), bytearray()

    def drain(self, at_most=MEGABYTE):
        """Take what is there; False once the pipe has ended."""
        while at_most > 0:
            try:
                part = os.read(self.descriptor, 65536)
            except BlockingIOError:
                return True
            except OSError:
                return False
            if not part:
                return False
            at_most -= len(part)
            self.total += len(part)
            room = KEPT_BYTES // 2 - len(self.head)
            self.head += part[:room]
            self.tail = (self.tail + part[room:])[-KEPT_BYTES // 2 :]
        return True

    def text(self):
        """What was kept, and how much was not."""
        gap = self.total - len(self.head) - len(self.tail)
        middle = f"\n[{gap} bytes left out]\n".encode() if gap else b""
        return (self.head + middle + self.tail).decode("utf-8", "replace")


class Execution:
    """One step while it runs: its processes, streams and counters. `start` makes a Process of step and secret."""

    def __init__(self, step, meter, start):
        self.step, self.meter = step, meter
        self.limit_hit, self.cpu_top = "", 0.0
        self.secret = os.urandom(32).hex()
        self.started, self.ended, self.cpu_base = time.monotonic(), None, meter.cpu_s()
        self.oom_base, self.fork_base, self.memory_base = meter.ooms(), meter.refused_forks(), meter.memory_bytes()
        self.process = start(step, self.secret)

    def cpu_s(self):
        """CPU seconds used by all of the step's processes so far (without a cgroup, killed ones are forgotten)."""
        self.cpu_top = max(self.cpu_top, self.meter.cpu_s() - self.cpu_base)
        return self.cpu_top

    def memory_bytes(self):
        """Bytes that the cgroup holds more than before the step (without a cgroup, 0)."""
        return self.meter.memory_bytes() - self.memory_base

    def wall_s(self):
        """Seconds from the start to now, or to the end of the first process."""
        return (self.ended or time.monotonic()) - self.started

    def watch(self, harness):
        """Return when the first process has ended or a limit is hit. Raises HarnessGoneError."""
        poll = select.poll()
        streams = {stream.descriptor: stream for stream in self.process.streams}
        for descriptor in (self.process.handle, harness, *streams):
            poll.register(descriptor, select.POLLIN)
        look_at = time.monotonic() + self._pause_s()
        while not self.limit_hit:
            for descriptor, _ in poll.poll(max(math.ceil((look_at - time.monotonic()) * 1000), 0)):
                if descriptor == self.process.handle:
                    return
                if descriptor == harness:
                    raise HarnessGoneError
                if not streams[descriptor].drain():
                    poll.unregister(descriptor)
            if time.monotonic() >= look_at:
                self.limit_hit = self._first_of({*self._now_exceeded(), *self._ever_exceeded()})
                look_at = time.monotonic() + self._pause_s()

    def _pause_s(self):
        """How long until a limit may be reached, at most; no sample takes more than 4 GB of memory a second."""
        cpu_s = (self.step["cpu_s"] - self.cpu_s()) / self.meter.cores
        memory_s = (self.step["memory_mb"] * MEGABYTE - self.memory_bytes()) / 4e9
        return min(POLL_S, max(cpu_s, 0.002), max(memory_s, 0.002), max(self.step["wall_s"] - self.wall_s(), 0))

    def _now_exceeded(self):
        """Limits exceeded at this moment, by what goes away with the processes."""
        step = self.step
        if self.memory_bytes() > step["memory_mb"] * MEGABYTE:
            yield "memory"
        if self.wall_s() > step["wall_s"]:
            yield "wall"
        if any(is_full(folder, step["disk_mb"]) for folder in WIPED):
            yield "disk"
        polled = self.meter.polled_limit(step)
        if polled:
            yield polled

    def _ever_exceeded(self):
        """Limits exceeded so far, by what only grows."""
        step = self.step
        if sum(stream.total for stream in self.process.streams) > step["output_bytes"]:
            yield "output"
        if self.meter.ooms() > self.oom_base:
            yield "memory"
        if self.cpu_s() > step["cpu_s"]:
            yield "cpu"
        if self.meter.refused_forks() > self.fork_base:
            yield "process"

    @staticmethod
    def _first_of(limits):
        return next((limit for limit in ("output", "memory", "cpu", "wall", "process", "disk") if limit in limits), "")

    def finish(self):
        """Kill what is left, collect, and say what happened."""
        self.ended = time.monotonic()
        exceeded = set(self._now_exceeded())
        status, peak_kb = self.process.end()
        limit_hit = self.limit_hit or self._first_of({*exceeded, *self._ever_exceeded()})
        by_signal = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        if not limit_hit:
            limit_hit = {signal.SIGXCPU: "cpu", signal.SIGXFSZ: "disk"}.get(by_signal, "")
        peak_mb = max(peak_kb / 1024, self.step["memory_mb"] if limit_hit == "memory" else 0)
        completed, assertions, failed = self._marks()
        return {
            "stage": self.step["stage"],
            "exit_code": os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
            "signal": by_signal,
            "cpu_s": round(self.cpu_s(), 6),
            "wall_s": round(self.wall_s(), 6),
            "peak_mb": round(peak_mb, 3),
            "stdout": self.process.out.text(),
            "stderr": self.process.err.text() + self.process.error,
            "limit_hit": limit_hit,
            "completed": completed,
            "assertions": assertions,
            "failed_assertions": failed,
        }

    def _marks(self):
        sent = self.process.marker.text() if self.process.marker else ""
        for rest in sent.split(f"{self.secret} ")[1:]:
            marks = MARKS.match(rest)
            if marks:
                return True, int(marks[1]), int(marks[2])
        return False, 0, 0


class Process:
    """A step's first process and its streams. `handle` becomes readable when it ends; `reaper` ends what it leaves.

    `error` says why the sample's own file did not start.
    """

    error = ""

    def __init__(self, step, secret, reaper):
        self._reaper = reaper
        out, out_theirs = os.pipe()
        err, err_theirs = os.pipe()
        marker, marker_theirs = socket.socketpair() if step["marker"] else (None, None)
        self.out, self.err = Stream(out), Stream(err)
        self.marker = Stream(marker.fileno()) if marker else None
        self.streams = [stream for stream in (self.out, self.err, self.marker) if stream]
        theirs = [out_theirs, err_theirs, *([marker_theirs.fileno()] if marker else [])]
        try:
            if marker:
                marker.sendall(f"{secret}\n".encode())
                marker.detach()
            self.handle = self._start(step, theirs)
        except BaseException:
            for stream in self.streams:
                os.close(stream.descriptor)
            raise
        finally:
            os.close(out_theirs)
            os.close(err_theirs)
            if marker_theirs:
                marker_theirs.close()

    def _start(self, step, theirs):
        """Start it with these streams (stdout, stderr, perhaps the marker): the handle."""
        raise NotImplementedError

    def _collect(self):
        """Kill everything that is left of the sample, the process too: its wait status, its peak in KiB."""
        raise NotImplementedError

    def end(self):
        """Kill everything and take what the streams still hold: wait status, and the largest resident set in KiB."""
        status, peak_kb = self._collect()
        for stream in self.streams:
            stream.drain(at_most=1 << 30)
            os.close(stream.descriptor)
        return status, peak_kb


class Command(Process):
    """A program that is executed. Raises RuntimeError if it cannot be for a reason that is not the sample's."""

    def __init__(self, step, secret, reaper, *, user, processes):
        self._user, self._processes, self._relayed = user, processes, None
        super().__init__(step, secret, reaper)
        if self.error and not step["argv"][0].startswith("./"):
            self.end()
            raise RuntimeError(f"cannot execute {step['argv'][0]!r}: {self.error}")

    def _start(self, step, theirs):
        failure, failure_theirs = os.pipe()
        self._relayed, relay = os.pipe() if self._user is None else (None, None)
        self._pid = os.fork()
        if self._pid == 0:
            try:
                take_streams(theirs)
                if self._user is None:
                    enter_namespaces(relay, failure_theirs)
                take_limits(step, self._processes)
                drop_privileges(self._user)
                os.chdir(FOLDER)
                os.execvpe(step["argv"][0], step["argv"], {**ENVIRONMENT, **step["environment"]})
            except BaseException as error:
                os.write(failure_theirs, f"{type(error).__name__}: {error}".encode()[:2000])
            finally:
                os._exit(127)
        for descriptor in (failure_theirs, relay):
            if descriptor is not None:
                os.close(descriptor)
        handle = os.pidfd_open(self._pid)
        with open(failure, encoding="utf-8", errors="replace") as file:
            self.error = file.read()  # ends at once when the command starts: the descriptor closes on exec
        return handle

    def _collect(self):
        ended, peak_kb = self._reaper.sweep(self._pid)
        os.close(self.handle)
        status = ended[self._pid]
        if self._relayed is not None:
            with open(self._relayed, "rb") as file:
                relayed = file.read()
            if relayed:
                (status,) = struct.unpack("=i", relayed)
        return status, peak_kb


class Reaper:
    """Ends everything in the sandbox but this process and `servers`, the ids of the processes that may stay."""

    def __init__(self, user, meter):
        self._user, self._meter = user, meter
        self.servers = set()

    def sweep(self, awaited=None):
        """Kill and reap: the wait statuses by process id, and the largest resident set in KiB.

        `awaited` is a process that may not be the sample's user's yet. Raises RuntimeError if some do not die.
        """
        ended, peak_kb, tries, pause = {}, 0, 0, 0.0002
        awaited = set() if awaited is None else {awaited}
        deadline = time.monotonic() + REAP_S
        while True:
            peak_kb = max(peak_kb, self._reap(ended))
            if not self._is_anything_left() and awaited <= ended.keys():
                return ended, peak_kb
            if time.monotonic() > deadline:
                raise RuntimeError(f"processes of the sample did not die within {REAP_S:.0f} s of being killed")
            if tries:
                time.sleep(pause)
                pause = min(pause * 2, 0.02)
            awaited |= self._kill(gently=tries < GENTLE_KILLS)  # a late killer would kill the next sample
            tries += 1

    def _reap(self, ended):
        """Collect what has ended: the largest resident set in KiB."""
        peak_kb = 0
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
                if not pid:
                    break
                ended[pid], peak_kb = status, max(peak_kb, usage.ru_maxrss)
                self.servers.discard(pid)
        return peak_kb

    def _is_anything_left(self):
        if not self.servers:
            return self._has_children()
        tasks = self._meter.tasks()
        return tasks != 1 + sum(map(threads_of, self.servers)) and bool(processes_of(self._user))

    @staticmethod
    def _has_children():
        try:
            os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return False
        return True

    def _kill(self, *, gently):
        """Process 1 may kill "all" because that is all of its own process namespace, at one moment: no fork escapes.

        Where servers are to stay, one who is the sample's user kills all who are. Where no such process can be had
        (the sample has used up all, or stops it) the servers go too: they can be started again. Returns such processes.
        """
        if self.servers and gently:
            with contextlib.suppress(BlockingIOError):
                killer = os.fork()
                if killer:
                    return {killer}
                try:
                    os.setresuid(self._user, self._user, self._user)
                    os.kill(-1, signal.SIGKILL)
                finally:
                    os._exit(0)
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)
        return set()


def threads_of(pid):
    """How many threads a process has; 0 if there is none of that id."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[17])
    except OSError:
        return 0


def processes_of(user):
    """Ids of the processes of a user that are not dead yet."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/status", "rb") as file:  # the folder's owner may be root: not dumpable
                    status = file.read()
            except OSError:  # it has just ended
                continue
            users = re.search(rb"^Uid:(.*)", status, re.MULTILINE)[1].split()
            if str(user).encode() in users and not re.search(rb"^State:\s+[ZX]", status, re.MULTILINE):
                found.append(int(name))
    return found


def take_streams(theirs):
    """In the new process: a session of its own, its streams as descriptors 1 to 3, signals as any program expects."""
    os.setsid()
    os.nice(10)  # the supervisor must get to look
    for number, descriptor in enumerate(theirs, start=1):
        os.dup2(descriptor, number)
    for number in RESETTABLE:  # what the harness's own start has ignored or blocked (nohup) is no sample's affair
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    call("prctl", PR_SET_DUMPABLE, 1, 0, 0, 0)  # else its files in /proc are root's
    with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write("1000")  # the kernel must prefer every sample to the supervisor


def enter_namespaces(relay, failure):
    """Go on as a child of a new process namespace's init; returns in that child only.

    Two processes stay behind, without descriptors of the sample's: a relay outside, whose end is the namespace's, and
    the init, which writes the child's wait status to `relay`. The sample, though of the same user, may not trace the
    init, whose memory is not dumpable.
    """
    user, group = os.getuid(), os.getgid()
    call("unshare", CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC)
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{NESTED_UID} {user} 1"),
        ("gid_map", f"{NESTED_UID} {group} 1"),
    ):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)
    init = os.fork()
    if init:
        os.closerange(0, max(relay, failure, 1 << 10))
        os.waitpid(init, 0)
        os._exit(0)
    call("mount", b"proc", b"/proc", b"proc", 0x0E, None)  # nosuid, nodev, noexec
    with open("/proc/sys/user/max_user_namespaces", "w", encoding="ascii") as file:
        file.write("0")  # the sample must not become root of anything
    call("prctl", PR_SET_DUMPABLE, 0, 0, 0, 0)
    child = os.fork()
    if child == 0:
        os.setsid()
        return
    os.dup2(relay, 0)
    os.closerange(1, max(relay, failure, 1 << 10))
    while True:
        pid, status = os.wait()
        if pid == child:
            os.write(0, struct.pack("=i", status))
            os._exit(0)


def take_limits(step, processes):
    """In the new process: resource limits, below what the kernel already imposes."""
    for name, soft, hard in limits_of(step, processes):
        resource.setrlimit(name, (soft, hard))
    os.umask(0o022)


def limits_of(step, processes):
    """A step's resource limits, below what the kernel already imposes: (which, soft, hard) of setrlimit(2)."""
    cpu_s, file_bytes = math.ceil(step["cpu_s"]) + 1, step["disk_mb"] * MEGABYTE
    for name, wanted_soft, wanted_hard in (
        (resource.RLIMIT_CPU, cpu_s, cpu_s + 1),
        (resource.RLIMIT_FSIZE, file_bytes, file_bytes),
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_NOFILE, 1024, 1024),
        (resource.RLIMIT_STACK, 8 * MEGABYTE, 64 * MEGABYTE),
        (resource.RLIMIT_MSGQUEUE, MEGABYTE, MEGABYTE),
        (resource.RLIMIT_NPROC, processes, processes),
    ):
        allowed = resource.getrlimit(name)[1]
        unlimited = allowed == resource.RLIM_INFINITY
        hard = wanted_hard if unlimited else min(wanted_hard, allowed)
        yield name, min(wanted_soft, hard), hard


def drop_privileges(user):
    """In the new process: become `user` (None: stay who we are), for good."""
    if user is not None:
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def call(name, *arguments):
    """Call the C library. Raises OSError if it returns other than 0."""
    if getattr(LIBC, name)(*arguments):
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")


def is_full(folder, disk_mb):
    """Whether a tmpfs has no room left, or holds too many files (a file system without limits says 0 of 0)."""
    try:
        facts = os.statvfs(folder)
    except OSError:
        return False
    files = facts.f_files - facts.f_ffree
    full = (facts.f_blocks > 0 and facts.f_bfree == 0) or (facts.f_files > 0 and facts.f_ffree == 0)
    return full or files >= disk_mb * FILES_PER_MB


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
            sys.modules["supervisor"] = sys.modules["__main__"]
            sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
            self._fast = importlib.import_module("fastpath").FastWay(path, self)
        return self._fast

    def execute(self, step, start=None):
        """Run a step: its facts. `start` makes its Process of step and secret; without, its command is executed."""
        if start is None:
            processes = self.meter.process_rlimit(step)
            start = functools.partial(Command, reaper=self.reaper, user=self.user, processes=processes)
        execution = Execution(step, self.meter, start)
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
