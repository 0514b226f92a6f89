from __future__ import annotations

from pathlib import Path

from humaneval_x.datasets import data_hashes, read_problems, verify
from humaneval_x.languages import language_names, read_language
from humaneval_x.truncation import truncate


def test_the_projects_own_set_is_read_without_any_data_folder(tmp_path: Path) -> None:
    names = language_names()
    problems = read_problems("smoke", names, tmp_path / "nothing here")
    assert {problem.language for problem in problems} == set(names)
    assert len({problem.number for problem in problems}) >= 12
    assert all(finding.ok for finding in verify("smoke", names, tmp_path))
    hashes = data_hashes("smoke", names, tmp_path)
    assert set(hashes) == {f"smoke/humaneval_{name}.jsonl" for name in names}
    assert all(len(digest) == 64 for digest in hashes.values())


def test_strict_truncation_leaves_the_projects_own_solutions_whole() -> None:
    for problem in read_problems("smoke", language_names()):
        language = read_language(problem.language)
        for start in (problem.prompt, problem.declaration):
            kept = truncate(problem.canonical_solution, language, "strict", start)
            assert kept.rstrip() == problem.canonical_solution.rstrip(), problem.task_id
