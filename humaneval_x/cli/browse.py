"""`humaneval-x browse`."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from humaneval_x.errors import UsageError

if TYPE_CHECKING:
    from humaneval_x.serving import FolderServer

__all__ = ["PORT", "command"]

PORT = 8164
"""The port that is taken if it is free: a browser keeps what was chosen on a page by its address."""


@click.command(name="browse")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), metavar="reports/NAME")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help=f"Port on 127.0.0.1; 0 takes any free one.  [default: {PORT}, or a free one if that is taken]",
)
def command(folder: Path, port: int | None) -> None:
    """Serve a report and its sample browser on this machine until Ctrl-C.

    Only 127.0.0.1 is listened on, and only files of the folder are read. From another machine forward the port:

    \b
      ssh -L 8164:127.0.0.1:8164 HOST
    """
    with ExitStack() as stack:
        server = _opened(stack, folder, port)
        try:
            click.echo(f"{server.url}   (Ctrl-C ends it)")
            server.serve_forever()
        except KeyboardInterrupt:
            click.echo("ended")


def _opened(stack: ExitStack, folder: Path, port: int | None) -> FolderServer:
    from humaneval_x.serving import open_server  # noqa: PLC0415

    if port is not None:
        return stack.enter_context(open_server(folder, port))
    try:
        return stack.enter_context(open_server(folder, PORT))
    except UsageError:
        return stack.enter_context(open_server(folder))
