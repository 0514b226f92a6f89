from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from humaneval_x.estimates import pass_at_k, pass_curve
from humaneval_x.reporting import report
from humaneval_x.reporting.charts import CHARTS, figures_of
from humaneval_x.reporting.charts.curves import curves
from humaneval_x.reporting.charts.figures import Figure, run_labels
from humaneval_x.reporting.charts.files import chart_files
from humaneval_x.reporting.contents import Contents, build_contents
from humaneval_x.reporting.measured import measure
from humaneval_x.reporting.palette import painted, read_colours
from humaneval_x.reporting.summary import read_summary
from humaneval_x.verdicts import STATUSES

RunWriter = Callable[..., Path]

PAIRS = {
    f"translation-{one}-to-{other}": [f"{prefix}/{number}" for number in range(3)]
    for one in ("python", "cpp", "java", "js", "go")
    for other, prefix in {"python": "Python", "cpp": "CPP", "java": "Java", "js": "JavaScript", "go": "Go"}.items()
    if one != other
}


@pytest.fixture
def contents(make_run: RunWriter) -> Contents:
    return build_contents(
        [
            read_summary(make_run("one", model="lab/one")),
            read_summary(make_run("two", model="lab/two", tasks={"generation-go": ["Go/0", "Go/5", "Go/10"]})),
            read_summary(make_run("pairs", model="lab/one", tasks=PAIRS)),
        ]
    )


def rows(figure: Figure, title: str) -> list[dict[str, Any]]:
    panel = next(position for position, panel in enumerate(figure.panels) if panel.title == title)
    return figure.specs()[panel]["data"]["values"]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 60), st.integers(0, 60)), min_size=1, max_size=6))
def test_a_curve_is_the_mean_of_pass_at_k_for_every_k(pairs: list[tuple[int, int]]) -> None:
    counts = [(n, min(c, n)) for n, c in pairs]
    n, c = zip(*counts, strict=True)
    exact = [np.mean([pass_at_k(each, passed, k) for each, passed in counts]) for k in range(1, min(n) + 1)]
    assert pass_curve(n, c) == pytest.approx(exact, abs=1e-12)


def test_every_section_names_charts_that_exist_and_all_kinds_are_drawn(contents: Contents) -> None:
    assert set(figures_of(contents)) == set(CHARTS)


def test_curves_hold_every_run_in_its_groups_and_all_k(contents: Contents) -> None:
    found = rows(curves(contents, "generation"), "Go")
    assert [row["model"] for row in found] == ["one", "two"]
    assert found[0]["k"] == list(range(1, 11))
    assert found[0]["value"][0] == pytest.approx(0.35)
    assert len(rows(curves(contents, "generation"), "Python")) == 1


def test_a_run_of_one_sample_a_problem_is_a_point(make_run: RunWriter) -> None:
    many = read_summary(make_run(tasks={"generation-go": ["Go/0"]}))
    counts = many.counts.assign(n=1, c_strict=1, c_reference=1)
    greedy = replace(many, run_id="greedy", model="greedy", counts=counts)
    lines, points = curves(build_contents([many, greedy]), "generation").specs()[0]["layer"]
    assert [row["model"] for row in points["data"]["values"]] == ["greedy"]
    assert points["mark"]["opacity"] == 1
    assert lines["mark"]["type"] == "line"
    assert "layer" not in curves(build_contents([many]), "generation").specs()[0]


def test_heat_and_boxes_hold_the_pass_rate_of_each_problem_by_number(contents: Contents) -> None:
    for name in ("problems-generation", "boxes-generation"):
        (_, row) = rows(figures_of(contents)[name], "Go")
        assert row["problem"] == [0, 5, 10]
        assert row["rate"] == [0.1, 0.6, 1.0]


def test_the_map_of_translation_has_a_cell_for_each_pair_of_each_run_and_published_model(contents: Contents) -> None:
    figure = figures_of(contents)["translation"]
    assert len(rows(figure, figure.panels[0].title)) == 20
    assert [panel.title for panel in figure.panels[1:]] == [
        "CodeGen-Multi-16B (published)",
        "CodeGeeX-13B (published)",
        "CodeGeeX-13B-FT (published)",
    ]


def test_bars_of_statuses_add_up_and_every_status_has_a_colour(contents: Contents) -> None:
    figure = figures_of(contents)["statuses"]
    for panel in figure.panels:
        shares = pd.DataFrame(rows(figure, panel.title)).groupby("group")["share"].sum()
        assert shares.to_numpy() == pytest.approx(1, abs=1e-4)
    assert set(STATUSES) <= set(read_colours())


def test_lines_of_runs_that_share_a_colour_differ_in_their_dashes(make_run: RunWriter) -> None:
    summary = read_summary(make_run(tasks={"generation-go": ["Go/0"]}))
    many = [replace(summary, run_id=f"run{number}", model=f"model{number}") for number in range(60)]
    keys = curves(build_contents(many), "generation").keys
    assert len({(key.colour, key.dashes) for key in keys}) == 60


def test_runs_whose_long_names_differ_somewhere_have_names_of_their_own(make_run: RunWriter) -> None:
    run = measure(read_summary(make_run(tasks={"generation-go": ["Go/0"]})))
    long = "codegeex-13b-" + "x" * 100
    ids = [f"{long}-seed-1", f"{long}-seed-2", f"{'y' * 50}-1-{'y' * 50}", f"{'y' * 50}-2-{'y' * 50}"]
    runs = [replace(run, summary=replace(run.summary, run_id=run_id)) for run_id in ids]
    labels = run_labels(runs)
    assert len(set(labels.values())) == 4
    assert labels[ids[0]].endswith("-seed-1")
    assert max(map(len, labels.values())) < 130


def test_a_files_specification_has_no_colour_by_name_left(contents: Contents) -> None:
    for figure in figures_of(contents).values():
        assert "var:" not in json.dumps(painted(figure.whole()))


def test_each_chart_is_a_picture_in_svg_and_png(contents: Contents) -> None:
    files = chart_files(contents)
    assert {name.rpartition(".")[0] for name in files} == {f"charts/{name}" for name in CHARTS}
    for name, content in files.items():
        assert content.startswith(b"<svg" if name.endswith(".svg") else b"\x89PNG"), name
    assert b"pass@k against k" in files["charts/curves-generation.svg"]


@pytest.mark.parametrize("hostile", ["</text><script>alert(1)</script>", "var:2B", "var:ink"])
def test_a_hostile_name_stays_text_in_a_picture(make_run: RunWriter, tmp_path: Path, hostile: str) -> None:
    report([make_run(model=hostile)], tmp_path / "x", ["charts"])
    for path in (tmp_path / "x" / "charts").glob("*.svg"):
        text = path.read_text()
        assert "<script" not in text
        assert re.search(rf">{re.escape(html.escape(hostile.rpartition('/')[2], quote=False))}", text)


def test_markdown_shows_the_pictures_that_lie_beside_it(make_run: RunWriter, tmp_path: Path) -> None:
    paths = report([make_run()], tmp_path / "x", ["md", "charts"])
    shown = re.findall(r"!\[[^\]]*\]\((charts/[a-z-]+\.svg)\)", paths["md"].read_text())
    assert len(shown) == 4
    assert all((tmp_path / "x" / name).is_file() for name in shown)
    alone = report([make_run("two")], tmp_path / "y", ["md"])["md"].read_text()
    assert "charts/" not in alone
