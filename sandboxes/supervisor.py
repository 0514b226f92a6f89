#!/usr/bin/env python3
"""Runs samples, one at a time, as process 1 of a sandbox (a container, or bubblewrap); standard library only.

It talks to the harness over stdin and stdout in frames: four bytes of big-endian length, then JSON in ASCII.

    hello   {"hello": 1, "cgroup": "v1"|"v2"|"none", "missing_limits": [...], "python": "3.11.2"}    once, at the start
    job     {"id": 7, "files": {"main.cpp": "..."}, "steps": [STEP, ...]}
    reply   {"id": 7, "outcome": {facts}, "clean": true}   or   {"id": 7, "fault": "what failed"}

    STEP    {"stage": "run", "argv": [...], "environment": {...}, "cpu_s": 5, "wall_s": 30, "memory_mb": 512, "processes": 64,
             "output_bytes": 1000000, "disk_mb": 64, "marker": true}

Steps run in order until one does not exit 0 or hits a limit; the facts are those of the last one that ran. With
`marker` a step gets a socket as descriptor 3 that holds one line, a fresh secret; the sample's outcome is `completed` if
and only if it sends back a line "SECRET ASSERTIONS FAILED_ASSERTIONS".

Each step runs as an unprivileged user of its own in its own session, in a folder on a tmpfs that is wiped after the job, as
are shared memory, semaphores and message queues. When the step's first process ends, everything else that it started
is killed. `clean` is false if anything is left; the sandbox must then be thrown away.

Usage: supervisor.py --uid N     samples run as user and group N; the supervisor needs the capabilities CHOWN,
                                 DAC_OVERRIDE, FOWNER, KILL, SETGID, SETUID
       supervisor.py --nested    samples run in user, process and IPC namespaces of their own (for hosts where the
                                 sandbox has only one user); needs SYS_ADMIN in the sandbox's own user namespace
"""

import ctypes
import errno
import json
import math
import os
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
KEPT_BYTES = 65536  # of each stream: the first and the last half of it
MARKER_FD = 3
MEGABYTE = 1 << 20
REAP_S = 10.0
POLL_S = 0.05
PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 4, 38
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

    def read(self):
        """The next message, or None at the end of the stream."""
        header = self._read_exactly(4)
        return None if header is None else json.loads(self._read_exactly(*struct.unpack(">I", header)) or b"null")

    def write(self, message):
        body = json.dumps(message).encode("ascii")
        data = memoryview(struct.pack(">I", len(body)) + body)
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
            caps = ("memory.max", "pids.max")
        elif os.path.exists(f"{root}/memory") or os.path.exists(f"{root}/cpuacct"):
            self.version = "v1"
            cpu, oom, forks = "cpuacct/cpuacct.usage", "memory/memory.oom_control", "pids/pids.events"
            caps = ("memory/memory.limit_in_bytes", "pids/pids.max")
        else:
            self.version, cpu, oom, forks, caps = "none", None, None, None, (None, None)
        limited = [self._is_limited(root, name) for name in caps]
        self._cpu = self._open(root, cpu)
        self._oom = self._open(root, oom) if limited[0] else None
        self._forks = self._open(root, forks) if limited[1] else None
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
        words = os.pread(descriptor, 4096, 0).split()
        return int(words[words.index(key) + 1] if key in words else words[0])

    def cpu_s(self):
        """CPU seconds charged so far to everything but this process."""
        if self._cpu is not None:
            used = self._counter(self._cpu, b"usage_usec") / (1e6 if self.version == "v2" else 1e9)
            return used - time.process_time()
        reaped = resource.getrusage(resource.RUSAGE_CHILDREN)
        return reaped.ru_utime + reaped.ru_stime + self._processes()[0]

    def ooms(self):
        """How often the kernel has killed for memory (0 where it does not say)."""
        return 0 if self._oom is None else self._counter(self._oom, b"oom_kill")

    def refused_forks(self):
        """How often the kernel has refused a process (0 where it does not say)."""
        return 0 if self._forks is None else self._counter(self._forks, b"max")

    def polled_limit(self, step):
        """The limit that the kernel does not watch here and that is exceeded at this moment, or an empty string."""
        if self._oom is None or self._forks is None:
            _, resident, threads = self._processes()
            if self._oom is None and resident > step["memory_mb"] * MEGABYTE:
                return "memory"
            if self._forks is None and threads >= step["processes"]:
                return "process"
        return ""

    @staticmethod
    def _processes():
        """CPU seconds (with reaped children), resident bytes and threads of all living processes but this one."""
        ticks = pages = threads = 0
        for name in os.listdir("/proc"):
            if name.isdigit() and name != "1":
                try:
                    with open(f"/proc/{name}/stat", "rb") as file:
                        fields = file.read().rpartition(b")")[2].split()
                except OSError:
                    continue
                ticks += sum(map(int, fields[11:15]))
                threads += int(fields[17])
                pages += int(fields[21])
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
        gap = self.total - len(self.head) - len(self.tail)
        middle = f"\n[{gap} bytes left out]\n".encode() if gap else b""
        return (self.head + middle + self.tail).decode("utf-8", "replace")


class Execution:
    """One step while it runs: its processes, streams and counters."""

    def __init__(self, step, user, meter):
        self.step, self.meter = step, meter
        self.secret = os.urandom(32).hex()
        self.limit_hit = ""
        self.started, self.cpu_base = time.monotonic(), meter.cpu_s()
        self.oom_base, self.fork_base = meter.ooms(), meter.refused_forks()
        self.out, self.err, self.marker, self.pid, self.error = spawn(step, user, self.secret)
        self.handle = os.pidfd_open(self.pid)

    def cpu_s(self):
        return max(0.0, self.meter.cpu_s() - self.cpu_base)

    def wall_s(self):
        return time.monotonic() - self.started

    def watch(self, harness):
        """Return when the first process has ended or a limit is hit. Raises HarnessGoneError."""
        poll = select.poll()
        streams = {stream.descriptor: stream for stream in (self.out, self.err, self.marker) if stream}
        for descriptor in (self.handle, harness, *streams):
            poll.register(descriptor, select.POLLIN)
        while not self.limit_hit:
            left = (self.step["cpu_s"] - self.cpu_s()) / self.meter.cores
            pause = min(POLL_S, max(left, 0.002), max(self.step["wall_s"] - self.wall_s(), 0))
            for descriptor, _ in poll.poll(math.ceil(pause * 1000)):
                if descriptor == self.handle:
                    return
                if descriptor == harness:
                    raise HarnessGoneError
                if not streams[descriptor].drain():
                    poll.unregister(descriptor)
            self.limit_hit = self._exceeded()

    def _exceeded(self):
        if sum(stream.total for stream in (self.out, self.err, self.marker) if stream) > self.step["output_bytes"]:
            return "output"
        if self.meter.ooms() > self.oom_base:
            return "memory"
        if self.cpu_s() > self.step["cpu_s"]:
            return "cpu"
        if self.wall_s() > self.step["wall_s"]:
            return "wall"
        if self.meter.refused_forks() > self.fork_base:
            return "process"
        if any(is_full(folder) for folder in WIPED):
            return "disk"
        return self.meter.polled_limit(self.step)

    def finish(self):
        """Kill what is left, collect, and say what happened."""
        wall_s = self.wall_s()
        ended, peak_kb = kill_everything()
        for stream in (self.out, self.err, self.marker):
            if stream:
                stream.drain(at_most=1 << 30)
                os.close(stream.descriptor)
        os.close(self.handle)
        status = ended[self.pid]
        by_signal = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        limit_hit = self.limit_hit or self._exceeded()
        if not limit_hit:
            limit_hit = {signal.SIGXCPU: "cpu", signal.SIGXFSZ: "disk"}.get(by_signal, "")
        completed, assertions, failed = self._marks()
        return {
            "stage": self.step["stage"],
            "exit_code": os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
            "signal": by_signal,
            "cpu_s": round(self.cpu_s(), 6),
            "wall_s": round(wall_s, 6),
            "peak_mb": round(peak_kb / 1024, 3),
            "stdout": self.out.text(),
            "stderr": self.err.text() + self.error,
            "limit_hit": limit_hit,
            "completed": completed,
            "assertions": assertions,
            "failed_assertions": failed,
        }

    def _marks(self):
        for line in (self.marker.text() if self.marker else "").split("\n")[:-1]:
            words = line.split(" ")
            if len(words) == 3 and words[0] == self.secret and all(w.isascii() and w.isdigit() for w in words[1:]):
                return True, int(words[1][:9]), int(words[2][:9])
        return False, 0, 0


def spawn(step, user, secret):
    """Start a step's process: its stdout, stderr and marker streams, its id, and why a file of the sample would not start.

    Raises RuntimeError if the command cannot be executed for a reason that is not the sample's.
    """
    out, out_theirs = os.pipe()
    err, err_theirs = os.pipe()
    failure, failure_theirs = os.pipe()
    mine, theirs = socket.socketpair() if step["marker"] else (None, None)
    pid = os.fork()
    if pid == 0:
        try:
            become_sample(step, user, out_theirs, err_theirs, theirs)
            os.execvpe(step["argv"][0], step["argv"], {**ENVIRONMENT, **step["environment"]})
        except BaseException as error:
            os.write(failure_theirs, f"{type(error).__name__}: {error}".encode()[:2000])
        finally:
            os._exit(127)
    for descriptor in (out_theirs, err_theirs, failure_theirs):
        os.close(descriptor)
    if mine and theirs:
        theirs.close()
        mine.sendall(f"{secret}\n".encode())
    with open(failure, encoding="utf-8", errors="replace") as file:
        error = file.read()  # ends at once when the command starts: the descriptor closes on exec
    if error and not step["argv"][0].startswith("./"):
        kill_everything()
        raise RuntimeError(f"cannot execute {step['argv'][0]!r}: {error}")
    return Stream(out), Stream(err), Stream(mine.detach()) if mine else None, pid, error


def become_sample(step, user, out, err, marker):
    """Turn this just forked process into the sample's: nothing of the supervisor's is left to it."""
    os.setsid()
    with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write("1000")  # the kernel must prefer every sample to the supervisor
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    os.dup2(out, 1)
    os.dup2(err, 2)
    if marker:
        os.dup2(marker.fileno(), MARKER_FD)
    cpu_s, file_bytes = math.ceil(step["cpu_s"]) + 1, step["disk_mb"] * MEGABYTE
    for name, soft, hard in (
        (resource.RLIMIT_CPU, cpu_s, cpu_s + 1),
        (resource.RLIMIT_FSIZE, file_bytes, file_bytes),
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_NOFILE, 1024, 1024),
        (resource.RLIMIT_STACK, 8 * MEGABYTE, 64 * MEGABYTE),
        (resource.RLIMIT_MSGQUEUE, MEGABYTE, MEGABYTE),
        # The cgroup counts exactly; this is its back-up and counts other sandboxes' processes of the same user too.
        (resource.RLIMIT_NPROC, 4 * step["processes"], 4 * step["processes"]),
    ):
        allowed = resource.getrlimit(name)[1]
        if allowed != resource.RLIM_INFINITY:
            soft, hard = min(soft, allowed), min(hard, allowed)
        resource.setrlimit(name, (soft, hard))
    os.umask(0o022)
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    if LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "PR_SET_NO_NEW_PRIVS")
    os.chdir(FOLDER)


def kill_everything():
    """Kill and reap all processes but this one: their wait statuses by id, and the largest resident set in KiB.

    Process 1 may kill "all" because that is all of its own process namespace, at one moment: no fork escapes.
    Raises RuntimeError if some do not die.
    """
    ended, peak_kb, pause = {}, 0, 0.0002
    deadline = time.monotonic() + REAP_S
    while True:
        try:
            os.kill(-1, signal.SIGKILL)
        except ProcessLookupError:
            pass
        try:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return ended, peak_kb
        if pid:
            ended[pid], peak_kb = status, max(peak_kb, usage.ru_maxrss)
        elif time.monotonic() > deadline:
            raise RuntimeError(f"processes of the sample did not die within {REAP_S:.0f} s of being killed")
        else:
            time.sleep(pause)
            pause = min(pause * 2, 0.02)


def is_full(folder):
    """Whether a tmpfs has no block or no file left (a file system without limits says 0 of 0)."""
    try:
        facts = os.statvfs(folder)
    except OSError:
        return False
    return (facts.f_blocks > 0 and facts.f_bfree == 0) or (facts.f_files > 0 and facts.f_ffree == 0)


def wipe(folder):
    """Remove everything in a folder, however deep, whatever its mode; never follows a link."""
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
                        os.chmod(entry, 0o700, dir_fd=here)
                        serial += 1
                        lifted = f".wiping-{os.getpid()}-{serial}-{os.urandom(8).hex()}"
                        os.rename(entry, lifted, src_dir_fd=here, dst_dir_fd=top)
                        pending.append(lifted)
            finally:
                os.close(here)
            if name != ".":
                os.rmdir(name, dir_fd=top)
    finally:
        os.close(top)


def remove_ipc(user):
    """Remove all System V shared memory, message queues and semaphores; this sandbox has an IPC namespace of its own."""
    calls = {"shm": lambda i: LIBC.shmctl(i, 0, None), "msg": lambda i: LIBC.msgctl(i, 0, None),
             "sem": lambda i: LIBC.semctl(i, 0, 0)}  # fmt: skip
    for kind, remove in calls.items():
        found = ipc_ids(kind)
        if found:  # only the owner may remove; no sample's process is alive to use this moment
            os.seteuid(user)
            try:
                for identifier in found:
                    remove(identifier)
            finally:
                os.seteuid(0)


def ipc_ids(kind):
    """Ids of the System V objects of one kind (`shm`, `msg`, `sem`) in this IPC namespace."""
    try:
        with open(f"/proc/sysvipc/{kind}", encoding="ascii") as file:
            return [int(line.split()[1]) for line in file.readlines()[1:]]
    except FileNotFoundError:
        return []


def clean_up(user):
    """Make the sandbox as new; False if something of the sample is left."""
    kill_everything()
    remove_ipc(user)
    folders = [folder for folder in WIPED if os.path.isdir(folder)]
    for folder in folders:
        wipe(folder)
    return not any(os.listdir(folder) for folder in folders) and not any(map(ipc_ids, ("shm", "msg", "sem")))


def lay_out(files, user):
    """Make the sample's folder with its files. Raises OSError, with ENOSPC where they do not fit."""
    os.mkdir(FOLDER, 0o700)
    for name, text in files.items():
        with open(os.open(f"{FOLDER}/{name}", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "wb") as file:
            file.write(text.encode("utf-8", "surrogatepass"))
        os.chown(f"{FOLDER}/{name}", user, user)
    os.chown(FOLDER, user, user)


def unfit(limit):
    """The facts of a job whose files hit that limit before anything ran."""
    return {"stage": "input", "exit_code": None, "signal": 0, "cpu_s": 0.0, "wall_s": 0.0, "peak_mb": 0.0, "stdout": "",
            "stderr": "", "limit_hit": limit, "completed": False, "assertions": 0, "failed_assertions": 0}  # fmt: skip


def judge(job, user, meter, harness):
    """Run a job's steps and clean up after it: the reply."""
    try:
        lay_out(job["files"], user)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        return {"id": job["id"], "outcome": unfit("disk"), "clean": clean_up(user)}
    for step in job["steps"]:
        execution = Execution(step, user, meter)
        try:
            execution.watch(harness)
        finally:
            facts = execution.finish()
        if facts["exit_code"] != 0 or facts["limit_hit"]:
            break
    return {"id": job["id"], "outcome": facts, "clean": clean_up(user)}


def main(arguments):
    """Serve jobs until stdin ends."""
    if os.getpid() != 1:
        sys.exit("supervisor.py must be process 1 of its own process namespace: it kills everything else in it")
    LIBC.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    user = int(arguments[1])
    channel = Channel()
    meter = Meter()
    clean_up(user)
    channel.write({"hello": 1, "cgroup": meter.version, "missing_limits": meter.missing,
                   "python": ".".join(map(str, sys.version_info[:3]))})  # fmt: skip
    while (job := channel.read()) is not None:
        try:
            reply = judge(job, user, meter, channel.source)
        except HarnessGoneError:
            return
        except Exception as error:  # a sample must never end the supervisor; the harness replaces the sandbox
            reply = {"id": job["id"], "fault": f"{type(error).__name__}: {error}"}
        channel.write(reply)


if __name__ == "__main__":
    main(sys.argv[1:])
