"""Runs one program and, once its tests have returned, proves it to the harness.

Used as `python3 runner.py main.py`, or by server.py in a process forked for the program. Descriptor 3 carries one line,
a secret, before the program starts; after the program's last statement the line `<secret> 0 0` goes back. A program
that leaves in any other way (an exception, `sys.exit`, `os._exit`, a signal) sends nothing, and neither does a process
that the program has forked. Exit codes beyond Python's own are named in `language.toml`.
"""

import os
import sys

MARKER = 3
EXIT_ASSERTION = 101
EXIT_COMPILE = 102


def read_secret():
    """The secret on the marker descriptor, which children will not inherit; empty if there is none."""
    try:
        os.set_inheritable(MARKER, False)
        line = b""
        while not line.endswith(b"\n"):
            part = os.read(MARKER, 1)
            if not part:
                return b""
            line += part
        return line[:-1]
    except OSError:
        return b""


def compiled(path):
    """The program's code, or the exception that says why it has none."""
    with open(path, "rb") as file:  # pathlib would cost every program its import
        source = file.read()
    try:
        return compile(source, path, "exec", dont_inherit=True)
    # Besides SyntaxError: NUL bytes, nesting beyond the parser's stack, literals beyond its limits.
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError) as error:
        return error


def fresh_main(path):
    """The namespace of a new `__main__` that replaces this module, so that `import __main__` shows the program."""
    module = type(sys)("__main__")
    module.__file__ = path
    module.__builtins__ = sys.modules["builtins"]
    sys.modules["__main__"] = module
    return module.__dict__


def complain(error):
    """Print the traceback without this file's frames."""
    import traceback  # only failures pay for it

    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    traceback.print_exception(type(error), error, trace)


def main(path):
    """Run the program at `path` as a script of its own: the exit code."""
    secret, getpid, process = read_secret(), os.getpid, os.getpid()
    sys.argv = [path]
    sys.path[0] = os.getcwd()
    code = compiled(path)
    if isinstance(code, BaseException):
        complain(code)
        return EXIT_COMPILE
    try:
        exec(code, fresh_main(path))
    except SystemExit:
        raise
    except BaseException as error:
        complain(error)
        return EXIT_ASSERTION if isinstance(error, AssertionError) else 1
    # A forked child that tries an answer must not prove it for its parent.
    if secret and getpid() == process:
        os.write(MARKER, secret + b" 0 0\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))  # the program may have replaced sys.exit
