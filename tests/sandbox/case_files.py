"""Reads the cases of `sandboxes/<language>/cases/`.

`problem.toml` there holds a tiny problem; every other file is one completion of it. Its first comment lines say what
must come of it:

    // why: a static block exits
    // status: exited_early        the strict status
    // reference: passed           what the published evaluator says: passed or failed
    // limits: run_cpu_s=1         what differs from the language's limits (optional)
    // flags: reads_process        the flags of the verdict (optional)
    // imports: os syscall         for languages whose imports come first: they replace the set-up's (optional)
"""

from __future__ import annotations

import dataclasses
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from humaneval_x.languages import Language, language_names, read_language
from humaneval_x.programs import assemble
from humaneval_x.records import Completion, Limits, Problem, Program

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One completion and the verdicts it must get under `limits`."""

    name: str
    why: str
    status: str
    reference_passed: bool
    flags: frozenset[str]
    limits: Limits
    program: Program


@cache
def cases_of(name: str) -> tuple[Case, ...]:
    """All cases of a language, by name."""
    language = read_language(name)
    with (language.folder / "cases" / "problem.toml").open("rb") as file:
        fields = tomllib.load(file)
    problem = Problem(
        task_id=f"{language.task_prefix}/0",
        language=name,
        **{"declaration": fields["prompt"], "example_test": fields["test"], **fields},
    )
    suffix = Path(language.source_name).suffix
    return tuple(_case_from(path, problem, language) for path in sorted((language.folder / "cases").glob(f"*{suffix}")))


def all_case_ids() -> list[tuple[str, str]]:
    """(language, case) of every case."""
    return [(language, case.name) for language in language_names() for case in cases_of(language)]


def case_named(language: str, name: str) -> Case:
    """The case of that name."""
    return next(case for case in cases_of(language) if case.name == name)


def program_of(problem: Problem, text: str) -> Program:
    """The program made of a completion exactly as given."""
    completion = Completion(task_id=problem.task_id, completion_id=0, text=text, finish="given", tokens=0, seed=0)
    return assemble(problem, completion, task=f"generation-{problem.language}", truncation="none")


def _case_from(path: Path, problem: Problem, language: Language) -> Case:
    text = path.read_text("utf-8")
    header = dict(_header(text))
    unknown = set(header) - {"why", "status", "reference", "limits", "imports", "flags"}
    assert not unknown, f"{path}: unknown header lines {unknown}"
    assert header["reference"] in ("passed", "failed"), f"{path}: reference is passed or failed"
    changes = dict(change.split("=") for change in header.get("limits", "").split())
    imports = [f'    "{name}"\n' for name in header.get("imports", "").split()]
    if imports:
        setup = problem.test_setup.replace("import (\n", "import (\n" + "".join(imports), 1)
        problem = dataclasses.replace(problem, test_setup=setup)
    return Case(
        name=path.stem,
        why=header["why"],
        status=header["status"],
        reference_passed=header["reference"] == "passed",
        flags=frozenset(header.get("flags", "").split()),
        limits=dataclasses.replace(language.limits, **{name: int(value) for name, value in changes.items()}),
        program=program_of(problem, text),
    )


def _header(text: str) -> list[tuple[str, str]]:
    found = []
    for line in text.splitlines():
        bare = line.strip()
        if not bare.startswith(("#", "//")):
            break
        key, colon, value = bare.lstrip("#/ ").partition(":")
        assert colon, f"not a header line: {line!r}"
        found.append((key, value.strip()))
    return found
