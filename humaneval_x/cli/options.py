"""Options that several commands share."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

__all__ = [
    "data_folder_option",
    "data_options",
    "evaluation_options",
    "generation_options",
    "import_options",
    "judgement_options",
    "languages_option",
    "semantics_option",
    "words_in",
]

Decorator = Callable[[Any], Any]

TRUNCATIONS = ("strict", "reference", "codegen", "none")


class _Repeatable(click.Option):
    """An option that may be given several times; a configuration file gives a list or, for one, a single string."""

    def type_cast_value(self, ctx: click.Context, value: Any) -> Any:
        return super().type_cast_value(ctx, (value,) if isinstance(value, str) else value)


def _devices(context: click.Context, parameter: click.Parameter, value: Any) -> tuple[int, ...]:
    """Numbers of GPUs, comma-separated; from a configuration file also one number or a list."""
    numbers: list[int] = []
    for word in words_in(value):
        if not (word.isascii() and word.isdigit()):
            reason = f"{word!r} is no GPU's number: give numbers from 0 on, such as 0,1"
            raise click.BadParameter(reason, context, parameter)
        if int(word) in numbers:
            raise click.BadParameter(f"GPU {int(word)} is named twice", context, parameter)
        numbers.append(int(word))
    return tuple(numbers)


def _temperatures(context: click.Context, parameter: click.Parameter, value: Any) -> tuple[float, ...]:
    """Temperatures, comma-separated; from a configuration file also one number or a list."""
    numbers: list[float] = []
    for word in words_in(value):
        try:
            number = abs(float(word)) if float(word) == 0 else float(word)  # -0 is 0, also in a folder's name
        except ValueError:
            number = math.nan
        if not 0 <= number <= 100:
            reason = f"{word!r} is no temperature: give numbers from 0 to 100, such as 0.2,0.6,0.8"
            raise click.BadParameter(reason, context, parameter)
        if number in numbers:
            raise click.BadParameter(f"temperature {word} is given twice", context, parameter)
        numbers.append(number)
    if not numbers:
        raise click.BadParameter("the list holds no temperature", context, parameter)
    return tuple(numbers)


def words_in(value: Any) -> list[str]:
    """What stands between the commas, or in a configuration file's list."""
    parts = value.split(",") if isinstance(value, str) else value if isinstance(value, (list, tuple)) else [value]
    return [str(part).strip() for part in parts]


def _stops(_: click.Context, __: click.Parameter, values: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    from humaneval_x.truncation import stops_from  # noqa: PLC0415  (help needs none of it)

    return stops_from(values)


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
        help="paddle or torch (CodeGen checkpoints), openai (any server that speaks OpenAI's protocol), canonical (the "
        "data's own solutions), replay (a samples file), or one that an installed package registers.",
    ),
    click.option(
        "--model",
        default="",
        metavar="NAME_OR_DIR",
        help="A checkpoint's name (humaneval-x models lists them) or folder; 'smoke' is the small one that comes with "
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
        "--prompt-style",
        type=click.Choice(["plain", "codegeex", "codegeex2"]),
        default="plain",
        show_default=True,
        help="plain: as published. codegeex: with the language's tag line before it. codegeex2: without blanks at its "
        "ends.",
    ),
    click.option(
        "--prompt-template",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="A Jinja template of the prompt; variables: prompt, declaration, language, tag_line, task, task_id.",
    ),
    click.option(
        "-n",
        "--samples",
        type=click.IntRange(1, 1_000_000),
        default=200,
        show_default=True,
        help="Completions per problem.",
    ),
    click.option(
        "--temperature",
        "temperatures",
        type=click.UNPROCESSED,
        default=0.8,
        show_default=True,
        callback=_temperatures,
        metavar="T[,T...]",
        help="0 is greedy. Several make a run each, in OUT-t0.2, OUT-t0.8 and so on.",
    ),
    click.option(
        "--top-p",
        type=click.FloatRange(0, 1, min_open=True),
        default=0.95,
        show_default=True,
        help="1 switches it off.",
    ),
    click.option("--top-k", type=click.IntRange(0), default=0, show_default=True, help="0 switches it off."),
    click.option(
        "--repetition-penalty",
        type=click.FloatRange(0, min_open=True),
        default=1.0,
        show_default=True,
        metavar="X",
        help="Above 1 makes tokens less likely that stand in the prompt or the completion so far; 1 switches it off.",
    ),
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
    click.option(
        "--limit",
        type=click.IntRange(1),
        metavar="N",
        help="Only N problems of each language: a fixed subset, the same in every language, that represents the whole "
        "(docs/gate.md).",
    ),
    click.option(
        "--sample-budget",
        type=click.IntRange(1),
        metavar="N",
        help="As --limit, with as many problems as make at most N samples in a run.",
    ),
    click.option(
        "--stop",
        cls=_Repeatable,
        multiple=True,
        callback=_stops,
        metavar="RULE_OR_REGEX",
        help=f"What ends a sample early; repeatable. One of the rules {', '.join(TRUNCATIONS)}, and any regular "
        "expressions: a sample ends once one matches, and is cut before the first match. ^ and $ match at a line's "
        "ends, $ also at the end of what is drawn so far.  [default: strict]",
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
        "--devices",
        type=click.UNPROCESSED,
        default=(),
        callback=_devices,
        metavar="0,1,...",
        help="GPUs that share the samples, one process each (data parallel; torch).",
    ),
    click.option(
        "--dtype", type=click.Choice(["auto", "float32", "float16", "bfloat16"]), default="auto", show_default=True
    ),
    click.option(
        "--base-url",
        default="",
        metavar="URL",
        help="For --engine openai: what comes before /completions, such as http://localhost:8000/v1.",
    ),
    click.option(
        "--api",
        type=click.Choice(["completions", "chat"]),
        default="completions",
        show_default=True,
        help="For --engine openai: /completions, or /chat/completions, out of whose answers the code is taken.",
    ),
    click.option(
        "--instruction",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="For --api chat: a Jinja template of the message; variables: prompt, language, declaration, task.",
    ),
    click.option(
        "--api-key-variable",
        default="OPENAI_API_KEY",
        show_default=True,
        metavar="NAME",
        help="For --engine openai: the environment variable that holds the key, if the server wants one.",
    ),
    click.option(
        "--concurrency",
        type=click.IntRange(1, 1024),
        default=8,
        show_default=True,
        help="For --engine openai: requests under way at once.",
    ),
    click.option(
        "--request-timeout",
        type=click.FloatRange(0, min_open=True),
        default=600.0,
        show_default=True,
        metavar="S",
        help="For --engine openai: seconds after which a request is tried again.",
    ),
)

import_options = _together(
    click.option(
        "--format",
        "format_name",
        default="auto",
        show_default=True,
        metavar="NAME",
        help="Of a samples file: humaneval-x, codegeex, human-eval, evalplus, bigcode, multipl-e; auto looks.",
    ),
    click.option(
        "--task",
        type=click.Choice(["auto", "generation", "translation"]),
        default="auto",
        show_default=True,
        help="Of a samples file: auto takes one with -to-LANGUAGE in its name for a translation.",
    ),
    click.option(
        "--languages",
        default="",
        metavar="LANG",
        help="Of a samples file that does not say it: the language, of a translation the one that is translated to.",
    ),
    click.option("--model", default="", metavar="NAME", help="Of a samples file: who drew it.  [default: its name]"),
    click.option("--temperature", type=click.FloatRange(0, 100), help="Of a samples file: how it was drawn."),
    click.option("--top-p", type=click.FloatRange(0, 1, min_open=True), help="Of a samples file: how it was drawn."),
    click.option("--top-k", type=click.IntRange(0), help="Of a samples file: how it was drawn; 0 for switched off."),
    click.option(
        "--repetition-penalty",
        type=click.FloatRange(0, min_open=True),
        metavar="X",
        help="Of a samples file: how it was drawn; 1 for switched off.",
    ),
    click.option("--max-tokens", type=click.IntRange(1), help="Of a samples file: how it was drawn."),
)

semantics_option = click.option(
    "--semantics",
    type=click.Choice(["strict", "reference"]),
    default="strict",
    show_default=True,
    help="Which verdict counts as a pass: ours, or the published evaluator's.",
)

judgement_options = _together(
    click.option(
        "--truncation",
        type=click.Choice(TRUNCATIONS),
        default="strict",
        show_default=True,
        help="Take the evaluation of samples that were cut so.",
    ),
    click.option("--example-tests", is_flag=True, help="Take the verdicts by example tests."),
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
        help="How a completion is cut before it is judged. A run can be judged with each of them.",
    ),
    click.option("--no-cache", is_flag=True, help="Run programs that an earlier run judged, too."),
    click.option("--allow-partial", is_flag=True, help="Print scores although samples or verdicts are missing."),
)
