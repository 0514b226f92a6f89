"""Promises of docs/architecture.md that hold for the project as a whole."""

from __future__ import annotations

import ast
import importlib
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from checkout import ROOT

import humaneval_x
from humaneval_x.cli import COMMANDS, group

PACKAGE = ROOT / "humaneval_x"

# A module imports only from layers before its own; modules of one package may import each other.
LAYERS = [
    {"", "errors", "records", "resources", "hashing", "progress", "text"},
    {"jsonl", "languages", "templating", "writing"},
    {"journal", "datasets", "truncation", "verdicts", "estimates", "power", "significance", "splits"},
    {"tasks", "prompting", "programs", "subsets", "summaries"},
    {"engines", "sandbox", "rundir", "serving"},
    {"comparability", "report_file", "formats", "budgets", "contrasts", "exchange", "inspection"},
    {"pairing"},
    {"comparison", "generation", "evaluation", "exporting", "gate", "importing", "reporting"},
    {"cli"},
    {"__main__"},
]
HEAVY = {"paddle", "paddlenlp", "torch", "docker", "pandas", "numpy", "httpx", "jinja2"}


def modules() -> list[str]:
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return found


def component(module: str) -> str:
    return [*module.split("."), ""][1]


def layer(module: str) -> int:
    for number, names in enumerate(LAYERS):
        if component(module) in names:
            return number
    raise AssertionError(f"{module} stands in no layer: add it to LAYERS and to docs/architecture.md")


def imports(module: str) -> Iterator[str]:
    path = ROOT.joinpath(*module.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            yield node.module or ""


@pytest.mark.parametrize("module", modules())
def test_a_module_imports_only_from_lower_layers_or_its_own_package(module: str) -> None:
    for imported in imports(module):
        if imported.split(".")[0] != "humaneval_x" or component(imported) == component(module):
            continue
        assert layer(imported) < layer(module), f"{module} imports {imported}"


@pytest.mark.parametrize("module", modules())
def test_what_a_module_exports_is_named_in_all_and_exists(module: str) -> None:
    for library, parts in {
        "paddle": [".paddle_operations"],
        "torch": [".torch_"],
        "triton": [".torch_", ".kernels"],
    }.items():
        if any(part in module for part in parts):
            pytest.importorskip(library, reason=f"{library} is not installed")
    loaded = importlib.import_module(module)
    assert len(set(loaded.__all__)) == len(loaded.__all__)
    for name in loaded.__all__:
        assert hasattr(loaded, name), f"{module}.__all__ names {name}"
    tree = ast.parse(Path(str(loaded.__file__)).read_text(encoding="utf-8"))
    defined = {
        node.name
        for node in tree.body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_")
    }
    # What a command registers with click is reached through its group, not by name.
    registered = {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and any("command" in ast.unparse(each) for each in node.decorator_list)
    }
    if not module.startswith("humaneval_x.cli"):
        assert defined - registered <= set(loaded.__all__)


def loaded_by(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    "code",
    [
        "import humaneval_x",
        "from humaneval_x.cli import group\ngroup.main(['--help'], standalone_mode=False)",
        "from humaneval_x.cli import group\ngroup.main(['generate', '--help'], standalone_mode=False)",
    ],
)
def test_import_and_help_load_nothing_heavy(code: str) -> None:
    assert not loaded_by(code) & HEAVY


def commands() -> Iterator[tuple[str, click.Command]]:
    context = click.Context(group)
    for name in COMMANDS:
        command = group.get_command(context, name)
        assert command is not None
        yield name, command
        if isinstance(command, click.Group):
            for child in command.commands.values():
                yield f"{name} {child.name}", child


def test_every_command_and_option_has_help_and_every_command_stands_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name, command in commands():
        assert command.help, f"{name} has no help"
        assert f"humaneval-x {name}" in readme, f"{name} is not in README.md"
        for parameter in command.params:
            if isinstance(parameter, click.Option) and not isinstance(parameter.type, click.Choice):
                assert parameter.help, f"{name} {parameter.opts[0]} has no help"


def documented_commands() -> list[tuple[str, str]]:
    found = []
    for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for block in re.findall(r"```sh\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL):
            for line in block.replace("\\\n", " ").splitlines():
                words = line.split("#")[0].strip()
                if words.startswith("humaneval-x "):
                    found.append((path.name, words))
    return found


@pytest.mark.parametrize(("where", "line"), documented_commands())
def test_every_documented_command_line_parses(where: str, line: str) -> None:
    words = shlex.split(line)[1:]
    context = click.Context(group)
    command = group.get_command(context, words[0])
    assert command is not None, f"{where}: {line}"
    rest = words[1:]
    if isinstance(command, click.Group):
        command = command.commands[rest[0]]
        rest = rest[1:]
    command.make_context(words[0], rest)


def test_the_documents_do_show_commands() -> None:
    assert len(documented_commands()) > 10


def test_the_version_is_said_once() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'version = "{humaneval_x.__version__}"' in text
    assert f"## {humaneval_x.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
