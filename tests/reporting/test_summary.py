from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from humaneval_x.errors import DataError, IncompleteError, UsageError
from humaneval_x.estimates import ALL
from humaneval_x.report_file import summary_from_json, summary_to_json
from humaneval_x.reporting.summary import read_summary
from humaneval_x.rundir import Judgement
from humaneval_x.summaries import COUNTS, Disagreement, estimates_of, gaps_of, require_complete

RunWriter = Callable[..., Path]


def test_a_summary_counts_both_semantics_of_every_problem(make_run: RunWriter) -> None:
    summary = read_summary(make_run(tasks={"generation-go": ["Go/0", "Go/3"]}))
    assert summary.counts[list(COUNTS)].to_numpy().tolist() == [
        ["generation-go", "Go/0", "go", 10, 1, 2],
        ["generation-go", "Go/3", "go", 10, 4, 5],
    ]
    assert summary.statuses == {"go": {"wrong_answer": 15, "passed": 5}}
    assert (summary.undrawn, summary.unjudged, summary.missing) == (0, 0, ())
    assert (summary.tokens, summary.cpu_s) == (140, 5.0)
    require_complete(summary)


def test_a_summary_names_the_samples_on_which_the_semantics_differ(make_run: RunWriter) -> None:
    summary = read_summary(make_run(tasks={"generation-go": ["Go/0", "Go/3"]}))
    assert summary.disagreements == (
        Disagreement("generation-go", "Go/0", "wrong_answer", "other", (9,)),
        Disagreement("generation-go", "Go/3", "wrong_answer", "other", (9,)),
    )
    again = summary_from_json(json.loads(json.dumps(summary_to_json(summary))), "x")
    assert again.disagreements == summary.disagreements


def test_a_run_judged_with_another_truncation_is_not_taken_for_this_one(make_run: RunWriter) -> None:
    run = make_run()
    with pytest.raises(IncompleteError, match=r"--truncation reference.*give neither of these options here"):
        read_summary(run, Judgement(truncation="reference"))


def test_a_summary_counts_the_verdicts_that_were_taken_over(make_run: RunWriter) -> None:
    run = make_run(tasks={"generation-go": ["Go/0", "Go/3"]})
    journal = run / "verdicts" / "generation-go.jsonl"
    lines = journal.read_text().splitlines(keepends=True)
    for number, flags in ((0, '["shared"]'), (1, '["shared"]'), (2, '["stored","shared"]')):
        lines[number] = lines[number].replace('"flags":[]', f'"flags":{flags}')
    journal.write_text("".join(lines))
    summary = read_summary(run)
    assert (summary.shared, summary.stored) == (3, 1)


def test_a_summary_says_what_the_run_is(make_run: RunWriter) -> None:
    summary = read_summary(make_run(model="m"))
    assert (summary.run_id, summary.model, summary.engine, summary.task) == ("one", "m", "replay", "generation")
    assert (summary.data_version, summary.data_hashes["go"]) == ("codegeex", "codegeex-go")
    assert (summary.truncation, summary.sandbox, summary.sampling["samples"]) == ("strict", "docker", 10)


def test_semantics_give_their_own_figures(make_run: RunWriter) -> None:
    summary = read_summary(make_run(tasks={"generation-go": ["Go/0", "Go/3"]}))
    assert estimates_of(summary).find("go", 1).value == pytest.approx(0.25)
    assert estimates_of(summary, "reference").find(ALL, 1).value == pytest.approx(0.35)
    with pytest.raises(UsageError):
        estimates_of(summary, "lenient")


def test_translation_figures_are_filed_by_pair_and_clustered_over_all_pairs(make_run: RunWriter) -> None:
    tasks = {f"translation-{source}-to-go": [f"Go/{number}" for number in range(4)] for source in ("python", "cpp")}
    found = estimates_of(read_summary(make_run(tasks=tasks)))
    assert [each.language for each in found.estimates if each.k == 1] == ["python-to-go", "cpp-to-go", ALL]
    assert found.find(ALL, 1).problems == 8


@pytest.mark.parametrize(
    ("settings", "gap"),
    [
        ({"unjudged": 3}, "3 sample(s) not judged"),
        ({"undrawn": 2}, "2 sample(s) not drawn"),
        ({"undrawn": 10}, "1 problem(s) without any verdict (go Go/5)"),
    ],
)
def test_an_incomplete_run_says_what_it_lacks(make_run: RunWriter, settings: dict[str, int], gap: str) -> None:
    summary = read_summary(make_run(**settings))
    assert gap in gaps_of(summary)
    with pytest.raises(IncompleteError, match="one has no score yet"):
        require_complete(summary)


def test_a_run_that_was_not_judged_has_no_summary(make_run: RunWriter) -> None:
    run = make_run()
    with pytest.raises(IncompleteError, match=r"evaluate .* --example-tests"):
        read_summary(run, Judgement(example_tests=True))
    (run / "evaluation.json").unlink()
    with pytest.raises(IncompleteError, match="not judged yet"):
        read_summary(run)


def test_a_folder_that_is_no_run_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not a run"):
        read_summary(tmp_path)


@pytest.mark.parametrize("entry", ["engine", "data", "sampling"])
def test_a_manifest_without_an_entry_is_a_data_error(make_run: RunWriter, entry: str) -> None:
    run = make_run()
    manifest = json.loads((run / "run.json").read_text())
    del manifest[entry]
    (run / "run.json").write_text(json.dumps(manifest))
    with pytest.raises(DataError, match=entry):
        read_summary(run)


def test_a_manifest_with_an_entry_of_another_kind_is_a_data_error(make_run: RunWriter) -> None:
    path = make_run("run") / "run.json"
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps({**manifest, "stop": {"rule": "none", "patterns": 5}}))
    with pytest.raises(DataError, match=r"run\.stop\.patterns is 5"):
        read_summary(path.parent)


def test_a_verdict_on_a_foreign_problem_is_a_data_error(make_run: RunWriter) -> None:
    run = make_run(tasks={"generation-go": ["Go/0"]})
    path = run / "verdicts" / "generation-go.jsonl"
    path.write_text(path.read_text().replace('"Go/0"', '"Go/77"'))
    with pytest.raises(DataError, match="Go/77 does not belong"):
        read_summary(run)
