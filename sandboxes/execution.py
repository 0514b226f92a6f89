"""One step of a sample: what it uses and whether that is too much, and in the end the facts about it."""

import math
import os
import re
import resource
import select
import signal
import time

from processes import MEGABYTE, NESTED_PROCESSES

WIPED = ("/tmp", "/dev/shm", "/dev/mqueue")
MARKS = re.compile(r"([0-9]{1,9}) ([0-9]{1,9})\n")
POLL_S = 0.05
FILES_PER_MB = 256


class HarnessGoneError(Exception):
    """The other end of stdin is closed: there is nobody to work for."""


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


class Execution:
    """One step while it runs: its processes, streams and counters. `start` makes a Process of step and secret.

    `bounds` are the limits that end it: the step's, or closer ones.
    """

    def __init__(self, step, bounds, meter, start):
        self.step, self.bounds, self.meter = step, bounds, meter
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
        cpu_s = (self.bounds["cpu_s"] - self.cpu_s()) / self.meter.cores
        memory_s = (self.bounds["memory_mb"] * MEGABYTE - self.memory_bytes()) / 4e9
        return min(POLL_S, max(cpu_s, 0.002), max(memory_s, 0.002), max(self.bounds["wall_s"] - self.wall_s(), 0))

    def _now_exceeded(self):
        """Limits exceeded at this moment, by what goes away with the processes."""
        bounds = self.bounds
        if self.memory_bytes() > bounds["memory_mb"] * MEGABYTE:
            yield "memory"
        if self.wall_s() > bounds["wall_s"]:
            yield "wall"
        if any(is_full(folder, bounds["disk_mb"]) for folder in WIPED):
            yield "disk"
        polled = self.meter.polled_limit(bounds)
        if polled:
            yield polled

    def _ever_exceeded(self):
        """Limits exceeded so far, by what only grows."""
        bounds = self.bounds
        if sum(stream.total for stream in self.process.streams) > bounds["output_bytes"]:
            yield "output"
        if self.meter.ooms() > self.oom_base:
            yield "memory"
        if self.cpu_s() > bounds["cpu_s"]:
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


def is_full(folder, disk_mb):
    """Whether a tmpfs has no room left, or holds too many files (a file system without limits says 0 of 0)."""
    try:
        facts = os.statvfs(folder)
    except OSError:
        return False
    files = facts.f_files - facts.f_ffree
    full = (facts.f_blocks > 0 and facts.f_bfree == 0) or (facts.f_files > 0 and facts.f_ffree == 0)
    return full or files >= disk_mb * FILES_PER_MB
