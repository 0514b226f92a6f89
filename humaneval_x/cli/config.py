"""Options from a YAML or TOML file: `--config FILE` gives defaults, the command line overrides them.

A file is a table of options by their long names (`max-tokens` or `max_tokens`), at the top for every command that
knows them, or under a command's name for that one alone. `demo` names the configuration that the package carries.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
import yaml

from humaneval_x.errors import UsageError
from humaneval_x.resources import resource_folder

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["config_option"]

_COMMANDS = ("generate", "import", "evaluate", "export", "report", "compare", "budget", "gate", "run")


def config_option(function: Any) -> Any:
    """Give a command `--config FILE`."""
    return click.option(
        "--config",
        metavar="FILE",
        is_eager=True,
        expose_value=False,
        callback=_apply,
        help="YAML or TOML file with options of this command; 'demo' is the one that comes with the package.",
    )(function)


def _apply(context: click.Context, _: click.Parameter, name: str | None) -> None:
    if name is None:
        return
    command = str(context.info_name)
    known = _long_names(context.command)
    everywhere, own = _split(_read(name), name, command)
    defaults: dict[str, Any] = {}
    for table, strict in ((everywhere, False), (own, True)):
        for key, value in table.items():
            option = key.replace("_", "-")
            if option in known:
                defaults[known[option]] = value
            elif strict or option not in _options_of_any():
                raise UsageError(f"--config {name}: no option --{option}: see humaneval-x {command} --help")
    context.default_map = {**(context.default_map or {}), **defaults}


def _read(name: str) -> dict[str, Any]:
    path = resource_folder("benchmark_data") / "smoke" / "demo.toml" if name == "demo" else Path(name)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--config {name}: cannot be read: {error}") from error
    try:
        table = tomllib.loads(text) if path.suffix == ".toml" else yaml.safe_load(text)
    except (tomllib.TOMLDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"--config {name}: not {'TOML' if path.suffix == '.toml' else 'YAML'}: {error}") from error
    if not isinstance(table, dict) or not all(isinstance(key, str) for key in table):
        raise UsageError(f"--config {name}: holds no table of options")
    return table


def _split(table: dict[str, Any], name: str, command: str) -> tuple[dict[str, Any], dict[str, Any]]:
    own: dict[str, Any] = {}
    everywhere: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            if key not in _COMMANDS:
                raise UsageError(f"--config {name}: section {key!r} is no command: they are {', '.join(_COMMANDS)}")
            if key == command:
                own = value
        else:
            everywhere[key] = value
    return everywhere, own


def _options_of_any() -> set[str]:
    """Options of all commands that read a configuration: what is unknown to one may be meant for another."""
    from humaneval_x.cli import group  # noqa: PLC0415  (the group imports this module's users lazily)

    names: set[str] = set()
    for command in _COMMANDS:
        found = group.get_command(click.Context(group), command)
        names |= set(_long_names(found)) if found else set()
    return names


def _long_names(command: click.Command) -> dict[str, str]:
    """Long option, without its dashes -> the parameter that it sets."""
    return {
        option.removeprefix("--"): str(parameter.name)
        for parameter in command.params
        if isinstance(parameter, click.Option)
        for option in parameter.opts
        if option.startswith("--") and option != "--config"
    }
