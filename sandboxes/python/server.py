"""A fork server of Python interpreters that have already imported what every program begins by importing.

Used by fast.py, as root; forkserver.h says how it is spoken to. Each request forks a process that becomes the
sample's and runs main.py as `python3 runner.py main.py` would. No thread may ever be started here: a fork copies only
the one that calls it.
"""

import array
import atexit
import ctypes
import gc
import os
import resource
import socket
import struct
import sys
import threading

import runner

PROGRAM = "main.py"
CONTROL = 4
RUNS = -1
FAILED = 125
FLUSH_FAILED = 120
LIMITS = 8
REQUEST = struct.Struct(f"=II{3 * LIMITS}Q256s")
REPLY = struct.Struct("=iiQQ")
RLIM_INFINITY = (1 << 64) - 1
PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 4, 38


def import_what_programs_import():
    """Import what the harness puts before every prompt, and nothing else, so that no program finds more: numpy."""
    import collections  # noqa: F401
    import copy  # noqa: F401
    import datetime  # noqa: F401
    import functools  # noqa: F401
    import hashlib  # noqa: F401
    import heapq  # noqa: F401
    import itertools  # noqa: F401
    import math  # noqa: F401
    import re  # noqa: F401
    import statistics  # noqa: F401
    import string  # noqa: F401
    import typing  # noqa: F401

    import numpy

    return numpy


def serve():
    """Answer requests until the socket ends; returns in the child of each."""
    control = socket.socket(fileno=CONTROL)
    control.send(REPLY.pack(os.getpid(), 0, 0, 0))
    while True:
        request, ancillary, _, _ = control.recvmsg(REQUEST.size, socket.CMSG_SPACE(32))
        if not request:
            os._exit(0)
        descriptors = array.array("i", ancillary[0][2]) if ancillary else []
        pid = os.fork()
        if pid == 0:
            try:
                control.close()
                become_sample(request, descriptors)
            except BaseException as error:
                os.write(2, f"{type(error).__name__}: {error}".encode())
                os._exit(FAILED)
            return
        for descriptor in descriptors:
            os.close(descriptor)
        control.send(REPLY.pack(pid, RUNS, 0, 0))
        _, status, usage = os.wait4(pid, 0)
        control.send(REPLY.pack(pid, status, int((usage.ru_utime + usage.ru_stime) * 1e6), usage.ru_maxrss))


def become_sample(request, descriptors):
    """What forkserver.h's fork_become_sample does."""
    user, count, *numbers, folder = REQUEST.unpack(request)
    os.setsid()
    for place, descriptor in enumerate(descriptors, start=1):
        os.dup2(descriptor, place)
        os.close(descriptor)
    oom = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
    os.write(oom, b"1000")
    os.close(oom)
    for at in range(0, 3 * count, 3):
        which, soft, hard = numbers[at : at + 3]
        resource.setrlimit(which, [-1 if number == RLIM_INFINITY else number for number in (soft, hard)])
    os.umask(0o022)
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    for option in (PR_SET_NO_NEW_PRIVS, PR_SET_DUMPABLE):
        if LIBC.prctl(option, 1, 0, 0, 0):
            raise OSError(f"prctl {option}")
    os.chdir(folder.rstrip(b"\0"))
    with open(PROGRAM, "rb") as file:
        if b"random" in file.read():  # it costs as much as a short program's run
            numpy.random.seed()  # the standard library's generator sees to itself after a fork


def leave(code):
    """End as the interpreter would, without taking apart what it has loaded, which costs more than most programs.

    What programs can notice of an end, and so change the exit code, is done: threads are waited for, exit functions
    run, streams flushed, and the program's own objects deleted.
    """
    threading._shutdown()
    atexit._run_exitfuncs()
    code = flushed(code)
    program = getattr(sys.modules.get("__main__"), "__dict__", None)
    if isinstance(program, dict) and program is not globals():  # a program that does not compile has no module
        program.clear()
    gc.collect()
    os._exit(flushed(code) if code != FLUSH_FAILED else code)


def flushed(code):
    """Flush the standard streams: `code`, or what the interpreter ends with if that fails."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None and not stream.closed:
                stream.flush()
        except BaseException as error:
            os.write(2, f"Exception ignored in: {stream!r}\n{type(error).__name__}: {error}\n".encode())
            code = FLUSH_FAILED
    return code


LIBC = ctypes.CDLL(None)
numpy = import_what_programs_import()
del sys.modules["runner"]
sys.orig_argv[2:] = [runner.__file__, PROGRAM]
gc.collect()
gc.freeze()
serve()
leave(runner.main(PROGRAM))
