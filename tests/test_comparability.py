from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import pytest
from simulated import small_run

from humaneval_x.comparability import apart_from_temperature, differences, incomparable_pairs, remarks
from humaneval_x.summaries import COUNTS, RunSummary

SAMPLING = small_run().sampling
GIVEN = dict.fromkeys(("temperature", "top_p", "top_k", "max_tokens", "repetition_penalty", "seed"))
IMAGES = {"go": {"id": "sha256:1", "tag": "go:1"}, "cpp": {"id": "sha256:2", "tag": "cpp:1"}}


def on(*groups: str, kind: str = "generation", **changes: Any) -> RunSummary:
    """A run on one problem of each group, in their order."""
    rows = [(f"{kind}-{group}", "X/0", group.rpartition("-to-")[2], 10, 1, 1) for group in groups]
    return small_run(task=kind, counts=pd.DataFrame(rows, columns=list(COUNTS)), **changes)


def at(temperature: float | None, run_id: str = "r", **changes: Any) -> RunSummary:
    return small_run(run_id=run_id, sampling={**SAMPLING, "temperature": temperature}, **changes)


def test_runs_that_differ_in_samples_and_seed_alone_are_comparable() -> None:
    assert differences(small_run(), small_run(sampling={**SAMPLING, "samples": 200, "seed": 7})) == ()


def test_a_run_from_before_a_setting_existed_is_comparable_with_one_that_leaves_it_off() -> None:
    one = small_run(run={"stop": "strict"})
    stop = {"stop": {"rule": "none", "patterns": []}}
    assert differences(one, small_run(sampling={**SAMPLING, "repetition_penalty": 1.0}, run=stop)) == ()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"task": "translation"}, "task"),
        ({"data_version": "fixed"}, "data version"),
        ({"data_hashes": {"humaneval_go.jsonl": "bb"}}, "data hash (humaneval_go.jsonl)"),
        ({"data_hashes": {}}, "data hash that one run does not state (humaneval_go.jsonl)"),
        (
            {"data_hashes": {"python3": "aa"}},
            "data hash that one run does not state (humaneval_go.jsonl, python3)",
        ),
        (
            {"data_hashes": {"humaneval_go.jsonl": "aa", "patches/fixed.toml": "cc"}},
            "data hash that one run does not state (patches/fixed.toml)",
        ),
        ({"sampling": {**SAMPLING, "temperature": 0.2}}, "temperature (0.8, 0.2)"),
        ({"sampling": {**SAMPLING, "repetition_penalty": 1.2}}, "repetition_penalty (1.0, 1.2)"),
        ({"sampling": {**SAMPLING, "top_k": None}}, "settings that one run does not state (top_k)"),
        (
            {"sampling": {}},
            "settings that one run does not state (temperature, top_p, top_k, max_tokens)",
        ),
        (
            {"sampling": {**SAMPLING, "repetition_penalty": None}},
            "settings that one run does not state (repetition_penalty)",
        ),
        ({"run": {"stop": {"rule": "strict", "patterns": ["^#", "x"]}}}, "stop patterns (none; ^#, x)"),
        ({"run": {"prompt": {"style": "codegeex"}}}, "prompt style (plain, codegeex)"),
        ({"truncation": "reference"}, "truncation"),
        ({"example_tests": True}, "tests"),
    ],
)
def test_what_makes_scores_incomparable_is_said_from_both_sides(changes: dict[str, Any], said: str) -> None:
    (found,) = differences(small_run(), small_run(**changes))
    assert found.startswith(said)
    (turned,) = differences(small_run(**changes), small_run())
    assert turned.partition(" (")[0] == said.partition(" (")[0]


def test_the_file_of_a_language_that_only_one_run_has_need_not_be_the_others() -> None:
    go = {"humaneval_go.jsonl": "aa"}
    both = {**go, "humaneval_python.jsonl": "bb"}
    assert differences(on("go", data_hashes=go), on("go", "python", data_hashes=both)) == ()
    assert (
        differences(
            on("js-to-go", kind="translation", data_hashes=go),
            on("js-to-go", "python-to-go", kind="translation", data_hashes=both),
        )
        == ()
    )
    # Nor may it lack because none of its samples is judged yet.
    (found,) = differences(on("go", data_hashes=go, missing=("python Python/0",)), on("go", "python", data_hashes=both))
    assert found == "data hash that one run does not state (humaneval_python.jsonl)"


def test_runs_of_samples_from_elsewhere_compare_with_a_remark_on_what_neither_states() -> None:
    one, other = (small_run(engine="given", run_id=name, sampling=GIVEN) for name in ("one", "other"))
    assert differences(one, other) == ()
    assert remarks(one, other) == (
        "settings that neither run states (temperature, top_p, top_k, max_tokens, repetition_penalty)",
    )


def test_samples_from_elsewhere_compare_with_drawn_ones_once_all_settings_are_stated() -> None:
    stated = small_run(engine="given", sampling={**SAMPLING, "repetition_penalty": 1.0, "seed": None})
    assert differences(small_run(), stated) == ()
    assert remarks(small_run(), stated) == ("prompt style (one run does not state it)",)
    assert differences(small_run(), small_run(engine="given", sampling=GIVEN)) != ()


def test_what_neither_run_states_of_the_data_is_remarked() -> None:
    one = small_run(data_hashes={}, sampling={})
    assert differences(one, one) == ()
    assert remarks(one, one) == (
        "data hash (neither run states it)",
        "settings that neither run states (temperature, top_p, top_k, max_tokens)",
    )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sandbox": "local"}, "sandbox (docker, local)"),
        ({"limits": {"go": {"run_cpu_s": 9}}}, "limits (go: run_cpu_s 5, 9)"),
        ({"limits": {"go": {"run_cpu_s": 5, "wall_s": 60}}}, "limits (go: wall_s not stated, 60)"),
        ({"limits": {}}, "limits (go: one run does not state them)"),
        ({"run": {"harness": "0.2.0"}}, "harness (not stated, 0.2.0/not stated)"),
    ],
)
def test_what_may_shift_scores_a_little_is_a_remark_not_a_difference(changes: dict[str, Any], said: str) -> None:
    other = small_run(**changes)
    assert differences(small_run(), other) == ()
    assert remarks(small_run(), other) == (said,)


def test_one_change_of_the_limits_of_several_languages_is_said_once() -> None:
    here, there = ({"go": {"run_cpu_s": n}, "js": {"run_cpu_s": n}, "cpp": {"run_cpu_s": 3}} for n in (5, 10))
    assert remarks(on("go", "js", "cpp", limits=here), on("go", "js", "cpp", limits=there)) == (
        "limits (go, js: run_cpu_s 5, 10)",
    )


def test_other_versions_of_the_harness_are_remarked() -> None:
    one, other = (small_run(run={"harness": name}, evaluation={"harness": name}) for name in ("0.1.0", "0.2.0"))
    assert remarks(one, other) == ("harness (0.1.0, 0.2.0)",)
    assert remarks(one, one) == ()


@pytest.mark.parametrize("other", [{"id": "sha256:9"}, "sha256:9", None])
def test_other_sandbox_images_are_remarked_where_both_runs_judged_the_language(other: Any) -> None:
    here = {"sandbox": {"name": "docker", "images": IMAGES}}
    there = {"sandbox": {"name": "docker", "images": {"go": other}}}
    assert remarks(small_run(evaluation=here), small_run(evaluation=there)) == ("sandbox images (go)",)
    assert remarks(small_run(evaluation=here), small_run(evaluation=here)) == ()


def test_the_order_of_languages_is_no_remark() -> None:
    assert remarks(on("go", "js"), on("js", "go")) == ()
    (said,) = remarks(on("go"), on("go", "js"))
    assert said == "languages (go; go js): do not compare the overall figures"


def test_what_neither_run_states_does_not_keep_temperatures_apart() -> None:
    cool, warm = (small_run(engine="given", sampling={**GIVEN, "temperature": value}) for value in (0.2, 0.8))
    assert remarks(cool, warm) != ()
    assert apart_from_temperature(cool, warm) == ()


def told(summaries: Sequence[RunSummary]) -> list[tuple[str, str, str]]:
    return [(one.run_id, other.run_id, "; ".join(said)) for one, other, said in incomparable_pairs(summaries)]


def test_runs_that_differ_are_told_from_the_first_of_each_kind() -> None:
    runs = [at(0.2, "a"), at(0.2, "b"), at(0.8, "c"), at(0.8, "d"), at(0.6, "e")]
    assert told(runs) == [("a", "c", "temperature (0.2, 0.8)"), ("a", "e", "temperature (0.2, 0.6)")]
    assert told(runs[:2]) == told([]) == []


def test_two_temperatures_are_told_apart_behind_a_run_that_states_none() -> None:
    unstated = "settings that one run does not state (temperature)"
    runs = [at(None, "a"), at(0.2, "b"), at(0.8, "c")]
    assert told(runs) == [("a", "b", unstated), ("a", "c", unstated), ("b", "c", "temperature (0.2, 0.8)")]


def test_runs_that_each_fit_to_the_first_are_told_apart() -> None:
    runs = [
        on("python", run_id="a", data_hashes={}),
        on("go", run_id="b", data_hashes={"humaneval_go.jsonl": "aa"}),
        on("go", run_id="c", data_hashes={"humaneval_go.jsonl": "bb"}),
    ]
    assert told(runs) == [("b", "c", "data hash (humaneval_go.jsonl)")]


def test_many_runs_make_few_pairs() -> None:
    temperatures = [at(number / 20, f"{number}") for number in range(20)]
    assert len(told(temperatures)) == 19
    assert len(told([at(None, "none"), *temperatures])) == 20 + 19


def test_the_pairs_that_compare_with_care_are_found_alike() -> None:
    runs = [small_run(run_id="a"), small_run(run_id="b", sandbox="local"), small_run(run_id="c", sandbox="local")]
    ((one, other, said),) = incomparable_pairs(runs, remarks)
    assert (one.run_id, other.run_id, said) == ("a", "b", ("sandbox (docker, local)",))
