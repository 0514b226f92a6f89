"""The command `humaneval-x`: parse, print, exit codes. Nothing below this package prints."""

from __future__ import annotations

import logging
import os
import signal
import sys
from importlib import import_module
from types import FrameType

import click

from humaneval_x import __version__
from humaneval_x.errors import HarnessError

__all__ = ["COMMANDS", "main"]

# Name -> (module, one-line help). A module is imported only when its command runs, so that `--help` is quick.
COMMANDS = {
    "run": ("humaneval_x.cli.run", "Generate, evaluate and report in one."),
    "generate": ("humaneval_x.cli.generate", "Sample completions into a run folder."),
    "import": ("humaneval_x.cli.importing", "Make a run of a samples file from elsewhere."),
    "evaluate": ("humaneval_x.cli.evaluate", "Judge a run's samples in sandboxes and print pass@k."),
    "show": ("humaneval_x.cli.show", "Print a problem's samples, or one of them: prompt, program, verdict, output."),
    "report": ("humaneval_x.cli.report", "Write a leaderboard of runs: Markdown, HTML, CSV, JSON."),
    "browse": ("humaneval_x.cli.browse", "Serve a report and its sample browser on this machine."),
    "compare": ("humaneval_x.cli.compare", "Compare two runs: differences of pass@k, problems won and lost."),
    "budget": ("humaneval_x.cli.budget", "Show what k samples solve that are split over the languages."),
    "export": ("humaneval_x.cli.exporting", "Write a run's samples and results in another harness's format."),
    "gate": ("humaneval_x.cli.gate", "Compare a run with a baseline; exit 1 on a regression."),
    "models": ("humaneval_x.cli.models", "List the checkpoints known by name: size, memory, published scores."),
    "data": ("humaneval_x.cli.data", "Fetch, import and verify the benchmark's problems."),
    "sandbox": ("humaneval_x.cli.sandbox", "Build and check the sandboxes that programs run in."),
}

EPILOG = """
\b
Exit codes: 0 done (gate: pass), 1 gate: regression, 2 wrong command, 3 data,
4 sandbox, 5 engine, 6 incomplete run, 7 not comparable, 8 storage,
70 a defect of the harness, 130 interrupted, 143 terminated.
"""


class Terminated(BaseException):
    """SIGTERM arrived: end as tidily as on Ctrl-C. Nothing that catches Exception may hold it up."""


class LazyGroup(click.Group):
    """A group whose commands live in modules that are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[cmd_name][0]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 110}


@click.group(cls=LazyGroup, epilog=EPILOG, context_settings=CONTEXT)
@click.version_option(__version__, prog_name="humaneval-x")
@click.option("-v", "--verbose", is_flag=True, help="Say more about what happens, on stderr.")
def group(verbose: bool) -> None:
    """Measure code models in Python, C++, Java, JavaScript and Go.

    Problems become prompts, an engine draws completions, sandboxes judge them by their tests, and unbiased
    pass@k goes into a report or a CI gate. Start with:  humaneval-x run --config demo
    """
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, handlers=[_Said(verbose)])


class _Said(logging.Handler):
    """What is logged goes to stderr, above any bars that are being drawn there; of other libraries errors only."""

    def __init__(self, verbose: bool) -> None:
        super().__init__()
        self._verbose = verbose

    def emit(self, record: logging.LogRecord) -> None:
        from humaneval_x.cli.progress import say  # noqa: PLC0415 (slow)

        if self._verbose or record.levelno >= logging.ERROR or record.name.startswith("humaneval_x"):
            say(f"{record.levelname.lower()}: {record.getMessage()}")


def main() -> None:
    """Run the command line; every expected error is one message and its own exit code, never a traceback."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        code = group.main(prog_name="humaneval-x", standalone_mode=False)
    except click.exceptions.Abort:
        code = _say("interrupted; what was finished is kept, run the same command again to go on", 130)
    except Terminated:
        code = _say("terminated; what was finished is kept, run the same command again to go on", 143)
    except KeyboardInterrupt:
        code = _say("interrupted; what was finished is kept, run the same command again to go on", 130)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except HarnessError as error:
        code = _say(str(error), error.exit_code)
    except BrokenPipeError:
        # The reader of our output went away, as `| head` does; Python must not complain again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 141
    except Exception as error:
        if "HUMANEVAL_X_DEBUG" in os.environ:
            raise
        code = _say(
            f"internal error, a defect of the harness: {type(error).__name__}: {error}; "
            "run again with HUMANEVAL_X_DEBUG=1 for the place and report it",
            70,
        )
    sys.exit(code)


def _say(message: str, code: int) -> int:
    click.echo(f"humaneval-x: {message}", err=True)
    return code


def _terminate(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
    raise Terminated
