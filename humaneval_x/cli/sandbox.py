"""`humaneval-x sandbox`: what judging needs on this machine."""

from __future__ import annotations

import click

from humaneval_x.cli.options import languages_option

__all__ = ["command"]


@click.group(name="sandbox")
def command() -> None:
    """Build and check the sandboxes that programs run in."""


@command.command(name="build")
@languages_option
@click.option(
    "--base-image",
    metavar="IMAGE",
    help="Image to build on.  [default: debian:bookworm-slim, or where that cannot be had the one that "
    "sandboxes/make-base-image makes]",
)
def build_command(languages: str, base_image: str | None) -> None:
    """Build the languages' Docker images; those that are up to date are kept."""
    from humaneval_x.languages import parse_languages  # noqa: PLC0415
    from humaneval_x.sandbox.images import build_images  # noqa: PLC0415

    for name, image in build_images(parse_languages(languages), base_image, say=_say).items():
        click.echo(f"{name:8} {image}")


@command.command(name="check")
@languages_option
@click.option("--sandbox", type=click.Choice(["auto", "docker", "local"]), default="auto", show_default=True)
def check_command(languages: str, sandbox: str) -> None:
    """Say which sandbox would be used, what is missing and how to get it, and run a program in each language."""


def _say(text: str) -> None:
    click.echo(text, err=True)
