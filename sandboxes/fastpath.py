"""What the languages' fast ways are made of; loaded by supervisor.py, in whose process it runs, when first needed.

A language's `fast.py` defines `class Fast(FastPath)`: it starts servers once (`Bench.fork_server`, `Bench.daemon`) and
then judges program after program with their help. Whatever it cannot tell beyond doubt it declines: the harness then
has that program judged the plain way, and that verdict stands.

Servers outlive samples, so they run as other users than these, hold nothing of a sample when the next one comes, and
no secret of the harness ever.
"""

import contextlib
import functools
import importlib.util
import math
import os
import resource
import select
import signal
import socket
import struct
import subprocess
import time

from execution import HarnessGoneError
from processes import FOLDER, MARKER_FD, RESETTABLE, Process, drop_privileges, limits_of

STORE = "/run/humaneval-x"
SERVANT_OFFSET = 10000  # from the samples' user id to that of servers without privileges
CONTROL_FD = 4
START_S = 60.0
END_S = 10.0
ROOM = {"cpu_s": 0.2, "wall_s": 0.2, "memory_mb": 0.8}  # of the limits, for what the fast ways decide
FORK_FAILED = 125  # the exit code of a child that has not become a sample
LIMIT_COUNT = 8
REQUEST = struct.Struct(f"=II{3 * LIMIT_COUNT}Q256s")  # forkserver.h: ForkRequest
REPLY = struct.Struct("=iiQQ")  # ForkReply
COMPLAINT_BYTES = 2000


class Declined(Exception):
    """The fast way cannot tell: the harness judges this program the plain way."""


class FastPath:
    """A language's fast way. `run` judges one program; override `judge` instead to judge several together."""

    def __init__(self, bench):
        self.bench = bench

    def run(self, program):
        """The facts about a program that lies in the sample's folder. Raises Declined."""
        raise NotImplementedError

    def judge(self, programs):
        """Each program's index, its facts or the Declined that it met, and whether the sandbox is clean after it."""
        for index, program in enumerate(programs):
            try:
                self.bench.lay_out(program["files"])
                facts = self.run(program)
            except (Declined, OSError) as error:
                facts = error
            yield index, facts, self.bench.clean_up()


class FastWay:
    """A fast way as the supervisor uses it: opened when first needed and anew after a failure."""

    def __init__(self, path, sandbox):
        self._path, self._sandbox = path, sandbox
        self._bench, self._fast, self._broken = None, None, ""

    def judge(self, programs):
        """Each program's index, the outcome or the reason for declining it, and whether the sandbox is clean."""
        waiting = set(range(len(programs)))
        try:
            if self._fast is None and not self._broken:
                self._fast = self._opened()
            if self._fast is not None:
                for index, facts, clean in self._fast.judge(programs):
                    waiting.discard(index)
                    yield index, self._told(facts), clean
        except HarnessGoneError:
            raise
        except Exception as error:
            self._fast = None
            self._bench.stop()
            reason = f"{type(error).__name__}: {error}"
            clean = self._sandbox.clean_up()
        else:
            reason, clean = self._broken or "the fast way left it out", True
        for index in sorted(waiting):
            yield index, {"declined": reason}, clean

    def _opened(self):
        spec = importlib.util.spec_from_file_location("fast", self._path)
        module = importlib.util.module_from_spec(spec)
        self._bench = Bench(self._sandbox)
        try:
            spec.loader.exec_module(module)
            return module.Fast(self._bench)
        except Exception as error:  # what is missing here will be missing the next time
            self._bench.stop()
            self._broken = f"there is no fast way here: {type(error).__name__}: {error}"
            return None

    @staticmethod
    def _told(facts):
        if isinstance(facts, Exception):
            return {"declined": str(facts) or type(facts).__name__}
        return {"outcome": facts}


class Bench:
    """The sandbox as a fast way sees it."""

    def __init__(self, sandbox):
        self._sandbox = sandbox
        self._servers = []
        self.user, self.servant = sandbox.user, sandbox.user + SERVANT_OFFSET
        self.folder, self.store = FOLDER, STORE
        self.lay_out, self.clean_up = sandbox.lay_out, sandbox.clean_up

    def execute(self, step, start=None, extras=()):
        """Run one step as a sample: its facts. `start` is the fork server whose child it is; without, its command.

        `extras` are descriptors for that child, after stdout, stderr and the marker. Raises Declined if the server is
        lost meanwhile. What comes near a limit is ended and so left to the plain way: what is ready before a sample
        starts is not charged to it here, and a program without end should not take all of its time twice.
        """
        bounds = {**step, **{name: share * step[name] for name, share in ROOM.items()}}
        if start is None:
            return self._sandbox.execute(step, bounds=bounds)
        processes = self._sandbox.meter.process_rlimit(step)
        forked = functools.partial(
            _Forked, reaper=self._sandbox.reaper, server=start, user=self.user, processes=processes, extras=extras
        )
        facts = self._sandbox.execute(step, forked, bounds)
        if facts["exit_code"] == FORK_FAILED:
            raise Declined(f"the server's child could not become a sample: {facts['stderr'][:COMPLAINT_BYTES]}")
        return facts

    def fork_server(self, argv, environment):
        """Start a fork server. Raises RuntimeError if it does not come up."""
        self._servers.append(ForkServer(self._sandbox, argv, environment))
        return self._servers[-1]

    def daemon(self, argv, environment):
        """Start a daemon, as a user without privileges."""
        self._servers.append(Daemon(self._sandbox, argv, environment, self.servant))
        return self._servers[-1]

    def stop(self):
        """End all servers."""
        for server in self._servers:
            server.stop()
        self._servers.clear()

    def command(self, argv, environment, *, user, folder, cpu_s, wall_s, stdin=b""):
        """Run a trusted tool on samples' files: exit code, stdout, stderr. Raises Declined if it takes too long."""
        limit = math.ceil(cpu_s)
        try:
            done = subprocess.run(argv, env=environment, user=user, group=user, extra_groups=[], cwd=folder,
                                  input=stdin, capture_output=True, check=False, timeout=wall_s,
                                  preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (limit, limit)),
                                  )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise Declined(f"{argv[0]} took more than {wall_s:.0f} s") from error
        return done.returncode, done.stdout, done.stderr


class Server:
    """A resident process that samples can neither reach nor outlive; `user` None keeps it root's."""

    def __init__(self, sandbox, argv, environment, user):
        self._sandbox, self._argv, self._environment, self._user = sandbox, argv, environment, user
        self.pid = None

    def _start(self, streams):
        """Start it with these descriptors in places from 0 on; None is /dev/null, "complaint" what it has to say.

        That is a pipe, as a sample's streams are: some runtimes look at their streams once, when they start.
        """
        self._complaint, complaint = os.pipe()
        os.set_blocking(self._complaint, False)
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.setsid()
                os.nice(10)
                null = os.open(os.devnull, os.O_RDWR)
                wanted = [complaint if stream == "complaint" else null if stream is None else stream
                          for stream in streams]  # fmt: skip
                high = [os.dup(descriptor) for descriptor in wanted]
                while min(high) < len(high):
                    high = [os.dup(descriptor) for descriptor in high]
                for number, descriptor in enumerate(high):
                    os.dup2(descriptor, number)
                os.closerange(len(high), 1024)
                for number in RESETTABLE:
                    signal.signal(number, signal.SIG_DFL)
                if self._user is not None:
                    drop_privileges(self._user)
                os.chdir("/")
                os.execvpe(self._argv[0], self._argv, self._environment)
            except BaseException as error:
                os.write(2, f"{type(error).__name__}: {error}".encode())
            finally:
                os._exit(127)
        os.close(complaint)
        self._sandbox.reaper.servers.add(self.pid)

    def is_alive(self):
        """Whether it runs, as far as the reaper knows."""
        return self.pid is not None and self.pid in self._sandbox.reaper.servers

    def stop(self):
        """Kill it."""
        if self.is_alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self.pid, 0)
            self._sandbox.reaper.servers.discard(self.pid)
        if self.pid is not None:
            os.close(self._complaint)
            self.pid = None

    def complaint(self):
        """What it has said and nobody has read yet, capped."""
        try:
            return os.read(self._complaint, COMPLAINT_BYTES).decode("utf-8", "replace").strip()
        except BlockingIOError:
            return ""


class ForkServer(Server):
    """A server that forks a fresh child for each sample, by the protocol of forkserver.h; started again when lost."""

    def __init__(self, sandbox, argv, environment):
        super().__init__(sandbox, argv, environment, None)
        self.control = None
        self._open()

    def _open(self):
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._start([None, "complaint", "complaint", None, theirs.fileno()])
        self.control = ours
        if self.receive(START_S) is None:
            said = self.complaint()
            self.stop()
            raise RuntimeError(f"{self._argv[0]} does not come up: {said or 'it says nothing'}")

    def stop(self):
        """Kill it."""
        if self.control is not None:
            self.control.close()
            self.control = None
        super().stop()

    def fork(self, descriptors, user, limits):
        """Have a child made. Raises Declined if that fails twice, the second time with a new server."""
        limits = list(limits)
        numbers = [number if number >= 0 else (1 << 64) - 1 for triple in limits for number in triple]
        numbers += [0] * (3 * LIMIT_COUNT - len(numbers))
        request = REQUEST.pack(user, len(limits), *numbers, FOLDER.encode())
        for _ in range(2):
            try:
                if not self.is_alive():
                    self.stop()
                    self._open()
                socket.send_fds(self.control, [request], descriptors)
            except (OSError, RuntimeError) as error:
                self.stop()
                failure = error
                continue
            if self.receive(START_S) is not None:
                return
            failure = self.complaint() if self.pid else "it has ended"
            self.stop()
        raise Declined(f"{self._argv[0]} makes no process: {failure}")

    def receive(self, timeout_s):
        """The next reply (process id, status, CPU microseconds, peak in KiB), or None if there is none in time."""
        self.control.settimeout(timeout_s)
        try:
            message = self.control.recv(REPLY.size)
        except OSError:
            return None
        return REPLY.unpack(message) if len(message) == REPLY.size else None


class _Forked(Process):
    """A step whose first process is a fork server's child."""

    def __init__(self, step, secret, reaper, *, server, user, processes, extras):
        self._server, self._user, self._processes, self._extras = server, user, processes, extras
        super().__init__(step, secret, reaper)

    def _start(self, step, theirs):
        self._server.fork([*theirs, *self._extras], self._user, limits_of(step, self._processes))
        return self._server.control.fileno()

    def _collect(self):
        deadline = time.monotonic() + END_S
        while True:
            self._reaper.sweep()
            reply = self._server.receive(0.05)
            if reply is not None:
                self._reaper.sweep()
                return reply[1], reply[3]
            if not self._server.is_alive() or time.monotonic() > deadline:
                self._server.stop()
                raise Declined("the server of this sample was lost")


class Daemon(Server):
    """A server that answers one framed request at a time over stdin and stdout; started again when lost."""

    def __init__(self, sandbox, argv, environment, user):
        super().__init__(sandbox, argv, environment, user)
        self._source = self._sink = None

    def ask(self, payload, cpu_s, wall_s):
        """The answer. Raises Declined, having killed it, if it ends or takes more than that."""
        if not self.is_alive():
            self.stop()
            self._open()
        cpu_end = self._sandbox.meter.cpu_s() + cpu_s
        wall_end = time.monotonic() + wall_s
        try:
            return self._exchange(struct.pack(">I", len(payload)) + payload, cpu_end, wall_end)
        except BaseException:
            self.stop()
            raise

    def stop(self):
        """Kill it."""
        for descriptor in (self._source, self._sink):
            if descriptor is not None:
                os.close(descriptor)
        self._source = self._sink = None
        super().stop()

    def _open(self):
        theirs_in, self._sink = os.pipe()
        self._source, theirs_out = os.pipe()
        self._start([theirs_in, theirs_out, "complaint"])
        os.close(theirs_in)
        os.close(theirs_out)
        os.set_blocking(self._sink, False)
        os.set_blocking(self._source, False)

    def _exchange(self, unsent, cpu_end, wall_end):
        answer, size = bytearray(), None
        poll = select.poll()
        poll.register(self._sandbox.harness, select.POLLIN)
        poll.register(self._source, select.POLLIN)
        poll.register(self._sink, select.POLLOUT)
        while size is None or len(answer) < size:
            if self._sandbox.meter.cpu_s() > cpu_end or time.monotonic() > wall_end:
                raise Declined(f"{self._argv[0]} took too long")
            for descriptor, _ in poll.poll(50):
                if descriptor == self._sandbox.harness:
                    raise HarnessGoneError
                if descriptor == self._sink:
                    try:
                        unsent = unsent[os.write(self._sink, unsent) :]
                    except OSError as error:
                        raise Declined(f"{self._argv[0]} has ended: {self.complaint()}") from error
                    if not unsent:
                        poll.unregister(self._sink)
                elif descriptor == self._source:
                    part = os.read(self._source, 1 << 18)
                    if not part:
                        raise Declined(f"{self._argv[0]} has ended: {self.complaint()}")
                    answer += part
                    if size is None and len(answer) >= 4:
                        (size,) = struct.unpack(">I", answer[:4])
                        del answer[:4]
        return bytes(answer)


assert MARKER_FD < CONTROL_FD
