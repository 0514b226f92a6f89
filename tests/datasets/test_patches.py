from __future__ import annotations

from pathlib import Path

import pytest

from humaneval_x.datasets import read_problems
from humaneval_x.datasets.patches import Excerpt, Patch, apply_patches, read_patches
from humaneval_x.errors import DataError
from humaneval_x.resources import resource_folder

ROW = {"prompt": "func A() {\n    1\n}\nfunc B() {\n", "declaration": "func B() {\n", "test": "aab"}
FIXED = resource_folder("benchmark_data") / "patches" / "fixed.toml"


def patch(**fields: object) -> Patch:
    return Patch(**{"task_id": "Go/0", "field": "test", "reason": "r", **fields})  # type: ignore[arg-type]


def test_a_find_is_replaced_once_and_the_rest_stays() -> None:
    assert apply_patches(ROW, [patch(find="b", replace="c")], "f:1")["test"] == "aac"
    assert apply_patches(ROW, [patch(find="ab", replace="", to_end=True)], "f:1")["test"] == "a"
    assert apply_patches(ROW, [patch(append="!")], "f:1")["test"] == "aab!"


def test_patches_apply_in_order_and_leave_the_published_row_alone() -> None:
    before = dict(ROW)
    mended = apply_patches(ROW, [patch(find="b", replace="c"), patch(find="c", replace="d")], "f:1")
    assert mended["test"] == "aad"
    assert before == ROW


def test_an_excerpt_takes_text_from_the_published_problem() -> None:
    excerpt = Excerpt(field="prompt", first="func A(", last="\n}\n")
    mended = apply_patches(
        ROW, [patch(field="declaration", find="func B", replace="{excerpt}\nfunc B", excerpt=excerpt)], "f:1"
    )
    assert mended["declaration"] == "func A() {\n    1\n}\n\nfunc B() {\n"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (patch(find="a", replace="x"), "stands there 2 times, not once"),
        (patch(find="z", replace="x"), "stands there 0 times, not once"),
        (patch(field="text", find="a", replace="x"), "has no such field"),
        (
            patch(find="b", replace="{excerpt}", excerpt=Excerpt(field="prompt", first="func", last="}")),
            "'func' stands in prompt 2 times",
        ),
        (
            patch(find="b", replace="{excerpt}", excerpt=Excerpt(field="prompt", first="func B", last="}")),
            "no '}' in prompt after",
        ),
        (
            patch(find="b", replace="{excerpt}", excerpt=Excerpt(field="nothing", first="func B", last="}")),
            "stands in nothing 0 times",
        ),
    ],
)
def test_a_patch_that_does_not_fit_exactly_is_a_data_error(wrong: Patch, said: str) -> None:
    with pytest.raises(DataError, match="Go/0") as caught:
        apply_patches(ROW, [wrong], "f:1")
    assert said in str(caught.value)


GOOD = '[[patch]]\ntask_id = "Go/0"\nfield = "test"\nreason = "r"\nfind = "a"\nreplace = "b"\n'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[[patch]\n",
        "[patch]\nx = 1\n",
        GOOD + 'colour = "red"\n',
        GOOD + 'append = "x"\n',
        GOOD.replace('reason = "r"', 'reason = " "'),
        GOOD.replace('reason = "r"\n', ""),
        GOOD.replace('find = "a"\n', ""),
        GOOD.replace('replace = "b"', 'replace = "a"'),
        GOOD + 'excerpt = { field = "prompt" }\n',
    ],
)
def test_a_list_that_is_not_well_formed_is_a_data_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "list.toml"
    path.write_text(text)
    with pytest.raises(DataError, match=r"list\.toml"):
        read_patches(path)
    path.write_text(GOOD)
    assert list(read_patches(path)) == ["Go/0"]


def test_the_shipped_list_gives_reasons_and_quotes_little_published_text() -> None:
    patches = [one for group in read_patches(FIXED).values() for one in group]
    assert len(patches) > 40
    for one in patches:
        assert len(one.reason) >= 8
        assert len(one.find) <= 120 and len(one.replace) <= 200, one.task_id


@pytest.mark.published
@pytest.mark.parametrize(
    ("task_id", "field", "absent", "present"),
    [
        ("JavaScript/112", "canonical_solution", "(z, true)", "[t, true]"),
        ("Go/95", "canonical_solution", "} else {\n            break\n        }", 'return state == "upper"'),
        ("CPP/23", "test", 'strlen("', 'strlen(string(""))'),
        ("Go/10", "declaration", "//", "func IsPalindrome("),
        ("Go/32", "declaration", "//", "func Poly("),
        ("Python/142", "declaration", '"', "def sum_squares(lst):\n"),
        ("JavaScript/32", "example_test", "testfindZero", "+0.5) < 1e-4"),
        ("JavaScript/38", "test", "Math.random", "random()"),
        ("Go/50", "test", "time.Now", "rand.NewSource(50)"),
    ],
)
def test_the_known_defects_are_mended(
    published_data: Path, task_id: str, field: str, absent: str, present: str
) -> None:
    names = {"JavaScript": "js", "CPP": "cpp", "Go": "go", "Python": "python"}
    language = names[task_id.partition("/")[0]]
    (problem,) = (p for p in read_problems("fixed", [language], published_data) if p.task_id == task_id)
    text = getattr(problem, field)
    assert absent not in text
    assert present in text


@pytest.mark.published
def test_no_fixed_test_draws_from_an_unseeded_generator(published_data: Path) -> None:
    for problem in read_problems("fixed", ["python", "js", "go"], published_data):
        for unseeded in ("Math.random", "time.Now", "from random import randint", "rand.Int31n", "rand.Intn(1"):
            assert unseeded not in problem.test, problem.task_id
