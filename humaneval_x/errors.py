"""Errors, named by who must act. Every message says what, where, and what to do next.

The command line turns each into one line and the class's exit code; none of them is ever stored as a verdict.
"""

__all__ = [
    "DataError",
    "EngineError",
    "HarnessError",
    "IncomparableError",
    "IncompleteError",
    "SandboxError",
    "StorageError",
    "UsageError",
]


class HarnessError(Exception):
    """Base of every error that the harness raises on purpose.

    `exit_code` is what the command line returns. 1 is not used here: it is the gate's answer "regression".
    """

    exit_code = 70


class UsageError(HarnessError):
    """The command asks for something that does not exist or does not fit: fix the command."""

    exit_code = 2


class DataError(HarnessError):
    """A file is not what it claims to be, or is missing: fix or fetch the file."""

    exit_code = 3


class SandboxError(HarnessError):
    """The sandbox or its host failed; the sample was not judged: fix the host and run again."""

    exit_code = 4


class EngineError(HarnessError):
    """The model or its host failed; the sample was not drawn: fix the host and run again."""

    exit_code = 5


class IncompleteError(HarnessError):
    """A run lacks samples or verdicts, so the asked-for figure is undefined: finish the run."""

    exit_code = 6


class IncomparableError(HarnessError):
    """Two runs differ in something that makes their scores incomparable: compare others."""

    exit_code = 7


class StorageError(HarnessError):
    """The disk or file system refused a write: free space or fix permissions and run again; nothing is lost."""

    exit_code = 8
