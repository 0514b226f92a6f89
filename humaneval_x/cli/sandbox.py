"""`humaneval-x sandbox`: what judging needs on this machine."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import click

from humaneval_x.cli.options import languages_option

if TYPE_CHECKING:
    from humaneval_x.sandbox import Backend

__all__ = ["command"]


@click.group(name="sandbox")
def command() -> None:
    """Build and check the sandboxes that programs run in, and look after what they showed."""


@command.command(name="build")
@languages_option
@click.option(
    "--base-image",
    metavar="IMAGE",
    help="Image to build on.  [default: debian:bookworm-slim, or where that cannot be had the one that "
    "sandboxes/make-base-image makes]",
)
@click.option("-q", "--quiet", is_flag=True, help="Do not show the build's output.")
def build_command(languages: str, base_image: str | None, quiet: bool) -> None:
    """Build the languages' Docker images; those that are up to date are kept."""
    from humaneval_x.languages import parse_languages  # noqa: PLC0415
    from humaneval_x.sandbox.docker import connect  # noqa: PLC0415
    from humaneval_x.sandbox.images import DEFAULT_BASE, build_image  # noqa: PLC0415

    names = parse_languages(languages)
    with contextlib.closing(connect()) as client:
        for number, name in enumerate(names, 1):
            click.echo(f"[{number}/{len(names)}] {name}", err=True)
            say = _ignore if quiet else _indented
            image = build_image(client, name, base=base_image or DEFAULT_BASE, say=say)
            click.echo(f"{name:8} {image.tag}")


@command.command(name="check")
@languages_option
@click.option("--sandbox", type=click.Choice(["auto", "docker", "local"]), default="auto", show_default=True)
def check_command(languages: str, sandbox: str) -> None:
    """Say what each sandbox has and lacks here, which one would judge, and judge a program in each language."""
    from humaneval_x.languages import parse_languages  # noqa: PLC0415
    from humaneval_x.sandbox.choice import BACKENDS, backend_named, open_backend  # noqa: PLC0415

    names = parse_languages(languages)
    for kind in BACKENDS if sandbox == "auto" else [sandbox]:
        click.echo(f"{kind}:")
        for finding in backend_named(kind).check(names):
            remedy = f"   remedy: {finding.remedy}" if finding.remedy and not finding.ok else ""
            click.echo(f"  {'ok     ' if finding.ok else 'missing'} {finding.subject:22} {finding.detail}{remedy}")
    backend = open_backend(sandbox, names, say=lambda _: None)
    click.echo(f"judging in the {backend.name} sandbox:")
    for name in names:
        click.echo(f"  {name:8} {_try_out(backend, name)}")


@command.command(name="cache")
@click.option("--clear", is_flag=True, help="Forget them all.")
def cache_command(clear: bool) -> None:
    """Show where the verdicts of earlier runs are kept, how many, and how large they are."""
    from humaneval_x.evaluation.store import clear_store, store_figures, store_path  # noqa: PLC0415

    path = store_path()
    if clear:
        clear_store(path)
    figures = store_figures(path)
    click.echo(f"{path}: {figures.verdicts} verdicts, {figures.bytes / 1e6:.1f} MB")


def _try_out(backend: Backend, name: str) -> str:
    """Judge the first solution of the smoke set. Raises SandboxError if it does not pass: the sandbox is at fault."""
    from humaneval_x.datasets import read_problems  # noqa: PLC0415
    from humaneval_x.errors import SandboxError  # noqa: PLC0415
    from humaneval_x.languages import read_language  # noqa: PLC0415
    from humaneval_x.programs import assemble  # noqa: PLC0415
    from humaneval_x.records import Completion  # noqa: PLC0415
    from humaneval_x.verdicts import decide  # noqa: PLC0415

    language = read_language(name)
    problem = read_problems("smoke", [name])[0]
    sample = Completion(
        task_id=problem.task_id, completion_id=0, text=problem.canonical_solution, finish="given", tokens=0, seed=0
    )
    program = assemble(problem, sample, task=f"generation-{name}", truncation="none")
    with backend.open_slot(language) as slot:
        verdict = decide(program, slot.execute(program, language.limits), language)
    if not verdict.passed:
        raise SandboxError(
            f"a right solution in {language.title} is judged {verdict.status} in the {backend.name} sandbox: "
            f"{verdict.detail or 'no output'}; the sandbox or its toolchain is at fault"
        )
    return f"passed in {verdict.wall_s:.2f} s"


def _indented(text: str) -> None:
    click.echo(f"      {text}", err=True)


def _ignore(text: str) -> None:
    pass
