"""The processes of samples: how they are started and what they may, what they print, and how they are ended."""

import contextlib
import ctypes
import math
import os
import re
import resource
import signal
import socket
import struct
import time

FOLDER = "/tmp/sample"
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/tmp",
    "TMPDIR": "/tmp",
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "TZ": "UTC",
    "PYTHONHASHSEED": "0",
}
GENTLE_S = 1.0  # how long servers are spared while a sample's processes do not die
KEPT_BYTES = 65536  # of each stream: the first and the last half of it
MARKER_FD = 3
MEGABYTE = 1 << 20
RESETTABLE = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}
REAP_S = 10.0
PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 4, 38
CLONE_NEWNS, CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID = 0x20000, 0x8000000, 0x10000000, 0x20000000
NESTED_UID = 70000
NESTED_PROCESSES = 2  # that the namespaces of a nested step cost: the relay and the init
LIBC = ctypes.CDLL(None, use_errno=True)


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
        ended, peak_kb, pause = {}, 0, 0.0002
        awaited = set() if awaited is None else {awaited}
        started = time.monotonic()
        while True:
            peak_kb = max(peak_kb, self._reap(ended))
            is_left = self._is_anything_left()
            if not is_left and awaited <= ended.keys():
                return ended, peak_kb
            since = time.monotonic() - started
            if since > REAP_S:
                raise RuntimeError(f"processes of the sample did not die within {REAP_S:.0f} s of being killed")
            if is_left:
                awaited |= self._kill(gently=since < GENTLE_S)
            time.sleep(pause)  # a killer needs a moment: who looked at once would take it for something left
            pause = min(pause * 2, 0.02)

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
        (the sample has used up all, or stops it) the servers go too: they can be started again. Returns whose end is to
        be awaited: that process's, for late it would kill the next sample, or the servers', who should not see it.
        """
        if self.servers and gently:
            with contextlib.suppress(OSError):
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
        return set(self.servers)


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
