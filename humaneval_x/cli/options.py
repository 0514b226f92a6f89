"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

__all__ = ["data_folder_option", "data_options", "evaluation_options", "generation_options", "languages_option"]

Decorator = Callable[[Any], Any]

TRUNCATIONS = ("strict", "reference", "codegen", "none")


def _together(*decorators: Decorator) -> Decorator:
    def apply(function: Any) -> Any:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return apply


languages_option = click.option(
    "--languages", default="all", show_default=True, metavar="LIST", help="Comma-separated: python,cpp,java,js,go."
)

data_folder_option = click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="HUMANEVAL_X_DATA",
    help="Folder of the published data.  [default: the user's cache folder]",
)


def data_options(default: str | None = "codegeex") -> Decorator:
    """Options that choose the problems."""
    return _together(
        click.option(
            "--data-version",
            type=click.Choice(["codegeex", "codegeex2", "fixed", "smoke"]),
            default=default,
            show_default=True,
            help="Named version of the problems (humaneval-x data list).",
        ),
        data_folder_option,
    )


generation_options = _together(
    click.option(
        "--engine",
        default="paddle",
        show_default=True,
        metavar="NAME",
        help="paddle (CodeGen checkpoints), canonical (the data's own solutions), replay (a samples file), "
        "or one that an installed package registers.",
    ),
    click.option(
        "--model",
        default="",
        metavar="NAME_OR_DIR",
        help="A checkpoint's name (Salesforce/codegen-350M-multi) or folder; 'smoke' is the small one that comes with "
        "the package; for replay a samples file.",
    ),
    click.option("--task", type=click.Choice(["generation", "translation"]), default="generation", show_default=True),
    languages_option,
    click.option(
        "--source-languages",
        default="all",
        show_default=True,
        metavar="LIST",
        help="Translation only: the languages to translate from.",
    ),
    click.option(
        "-n",
        "--samples",
        type=click.IntRange(1, 1_000_000),
        default=200,
        show_default=True,
        help="Completions per problem.",
    ),
    click.option("--temperature", type=click.FloatRange(0, 100), default=0.8, show_default=True, help="0 is greedy."),
    click.option(
        "--top-p",
        type=click.FloatRange(0, 1, min_open=True),
        default=0.95,
        show_default=True,
        help="1 switches it off.",
    ),
    click.option("--top-k", type=click.IntRange(0), default=0, show_default=True, help="0 switches it off."),
    click.option(
        "--max-tokens", type=click.IntRange(1), default=512, show_default=True, help="Tokens per completion at most."
    ),
    click.option(
        "--seed",
        type=click.IntRange(0, 2**63 - 1),
        default=42,
        show_default=True,
        help="A sample depends on it and on the sample's identity alone.",
    ),
    click.option("--limit", type=click.IntRange(1), help="Only the first N problems of each language."),
    click.option(
        "--stop",
        type=click.Choice(TRUNCATIONS),
        default="strict",
        show_default=True,
        help="Rule that ends a sample early.",
    ),
    click.option(
        "--slots",
        type=click.IntRange(0),
        default=0,
        show_default=True,
        help="Samples decoded at once; 0 chooses by free memory.",
    ),
    click.option("--device", type=click.Choice(["auto", "cpu", "gpu"]), default="auto", show_default=True),
    click.option(
        "--dtype", type=click.Choice(["auto", "float32", "float16", "bfloat16"]), default="auto", show_default=True
    ),
)

evaluation_options = _together(
    click.option(
        "--sandbox",
        type=click.Choice(["auto", "docker", "local"]),
        default="auto",
        show_default=True,
        help="auto takes Docker where there is one, else bubblewrap on this host.",
    ),
    click.option(
        "--mode",
        type=click.Choice(["fast", "plain"]),
        default="fast",
        show_default=True,
        help="plain: a fresh compiler and process for each sample, with the published evaluator's commands. fast: by "
        "servers that are ready where they can tell beyond doubt, else the plain way. The verdicts are the same.",
    ),
    click.option("--workers", type=click.IntRange(1, 1024), help="Sandboxes at once.  [default: one per CPU]"),
    click.option("--example-tests", is_flag=True, help="Judge by the example tests instead of the tests."),
    click.option(
        "--timeout",
        type=click.FloatRange(0, min_open=True),
        metavar="S",
        help="CPU seconds a program may run.  [default: the language's]",
    ),
    click.option(
        "--truncation",
        type=click.Choice(TRUNCATIONS),
        default="strict",
        show_default=True,
        help="How a completion is cut before it is judged.",
    ),
    click.option("--no-cache", is_flag=True, help="Run programs that an earlier run judged, too."),
    click.option("--allow-partial", is_flag=True, help="Print scores although samples or verdicts are missing."),
)
