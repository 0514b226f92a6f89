"""From a report's page to the samples that a figure speaks of, and back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from samples_page import CPP, PYTHON, READY, listed, serving, wait_for_count
from test_inspection import FAILED, RIGHT, WRONG, judge, smoke_problem, written_run

from humaneval_x.reporting import Browsed, report

pytestmark = pytest.mark.browser

SAMPLING = {"temperature": 0.8, "top_p": 0.95, "top_k": 0, "max_tokens": 64, "samples": 4, "seed": 1}
DIFFERS = {"status": "exited_early", "reference_passed": True, "detail": "bye"}


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A report and its samples, served; the run's name is one that addresses and pages must spell out."""
    root: Path = tmp_path_factory.mktemp("both")
    right = smoke_problem("CPP/0").canonical_solution
    made = written_run(
        root / "a run & <b>+ü",
        {PYTHON: {"Python/0": [RIGHT, WRONG, RIGHT, WRONG], "Python/1": [WRONG] * 4}, CPP: {"CPP/0": [right] * 4}},
        sampling=SAMPLING,
    )
    judge(
        made,
        {
            (PYTHON, "Python/0"): {0: {}, 1: FAILED, 2: {}, 3: DIFFERS},
            (PYTHON, "Python/1"): {0: FAILED, 1: FAILED, 2: DIFFERS, 3: FAILED},
            (CPP, "CPP/0"): {0: {}, 1: {}, 2: {}, 3: DIFFERS},
        },
    )
    manifest = made.evaluation_path()
    manifest.write_text(json.dumps({**json.loads(manifest.read_bytes()), "limits": {}}))
    report([made.path], root / "out", ("html",), samples=Browsed())
    with serving(root / "out") as address:
        yield address


@pytest.fixture
def page(new_page: Any, origin: str) -> Iterator[Any]:
    made = new_page()
    made.context.route(f"{origin}/**", lambda route: route.continue_())
    made.goto(f"{origin}/report.html")
    yield made
    requests = made.watch.requests
    requests[:] = [url for url in requests if not url.startswith(f"{origin}/")]


def test_a_problem_on_which_the_semantics_differ_leads_to_its_samples(page: Any) -> None:
    page.locator("#disagreements summary").click()
    page.locator("#disagreements details a", has_text="Python/1").click()
    page.wait_for_selector(READY)
    wait_for_count(page, "1 of 8 samples")
    assert listed(page) == ["Python/1 · 2"]


def test_a_status_leads_to_the_samples_that_have_it_and_their_page_back(page: Any) -> None:
    row = page.locator("#statuses tbody tr").filter(has_text="Python")
    row.locator("a").filter(has_text="50.0").click()
    page.wait_for_selector(READY)
    wait_for_count(page, "4 of 8 samples")
    page.locator("a[href='report.html']").click()
    assert page.title() == "HumanEval-X report"


def test_the_report_leads_to_all_samples_by_keyboard(page: Any) -> None:
    page.locator("nav a", has_text="All samples").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(READY)
    wait_for_count(page, "12 of 12 samples")
