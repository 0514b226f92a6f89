"""The report's page in a real browser, opened from a file, without a network."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from humaneval_x.reporting import report
from humaneval_x.reporting.wording import DASH
from humaneval_x.summaries import COUNTS, Disagreement, RunSummary

pytestmark = pytest.mark.browser

LANGUAGES = {"python": "Python", "cpp": "CPP", "java": "Java", "js": "JavaScript", "go": "Go"}
HOSTILE = (
    "<img src=x onerror=document.title='owned'>",
    "</script><script>document.title='owned'</script>",
    "'\"&amp;{{7*7}}${7*7}",
    "\u202egnp.exe",
    "x" * 300,
    "Overall",
    "__proto__",
    "var:2B",
    "var:ink",
)


def summary(run_id: str, model: str, *, skill: int = 3, task: str = "generation", **changes: Any) -> RunSummary:
    """A run whose problem p passes with min(10, p * skill / 4) of 10 samples."""
    if task == "generation":
        tasks = {f"generation-{name}": prefix for name, prefix in LANGUAGES.items()}
    else:
        tasks = {
            f"translation-{one}-to-{other}": LANGUAGES[other]
            for one in LANGUAGES
            for other in LANGUAGES
            if one != other
        }
    rows = [
        (
            name,
            f"{prefix}/{number}",
            name.rpartition("-")[2],
            10,
            min(10, number * skill // 4),
            min(10, number * skill // 4),
        )
        for name, prefix in tasks.items()
        for number in range(8)
    ]
    values: dict[str, Any] = {
        "run_id": run_id,
        "model": model,
        "engine": "replay",
        "purpose": "",
        "data_version": "codegeex",
        "data_hashes": {name: name for name in LANGUAGES},
        "task": task,
        "sampling": {"temperature": 0.8, "top_p": 0.95, "top_k": 0, "max_tokens": 512, "samples": 10, "seed": 42},
        "truncation": "strict",
        "example_tests": False,
        "sandbox": "docker",
        "limits": {},
        "counts": pd.DataFrame(rows, columns=list(COUNTS)),
        "statuses": {name.partition("-")[2]: {"passed": 30, "wrong_answer": 40, "cpu_limit": 10} for name in tasks},
        "undrawn": 0,
        "unjudged": 0,
        "missing": (),
        "tokens": 12345,
        "cpu_s": 99.5,
        "run": {"harness": "0.1.0", "data": {"version": "codegeex"}},
        "evaluation": {"sandbox": {"name": "docker"}},
        "shared": 7,
        "disagreements": (Disagreement(next(iter(tasks)), "Python/1", "passed", "prints", (1, 2)),),
    }
    return RunSummary(**{**values, **changes})


@pytest.fixture(scope="module")
def report_page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a report on generation and translation, with a warning and what is undefined."""
    runs = [
        summary("good", "lab/good", skill=5),
        summary("middling", "lab/middling", skill=3, sampling={"temperature": 0.2, "top_p": 0.95, "samples": 10}),
        summary("poor", "lab/poor", skill=1),
        summary("turned", "lab/good", skill=4, task="translation"),
    ]
    return report(runs, tmp_path_factory.mktemp("report"), ["html"])["html"].as_uri()


def draw_all(page: Any) -> None:
    plots = page.locator(".plot")
    for number in range(plots.count()):
        plots.nth(number).scroll_into_view_if_needed()
    page.wait_for_function("() => document.querySelectorAll('.plot:not([data-drawn])').length === 0")


def test_a_chart_is_drawn_when_it_comes_near_and_no_sooner(page: Any, report_page: str) -> None:
    page.goto(report_page)
    page.wait_for_timeout(300)
    drawn = page.locator(".plot[data-drawn]").count()
    assert drawn < page.locator(".plot").count()
    draw_all(page)
    assert page.locator(".plot svg, .plot canvas").count() == page.locator(".plot").count()


def test_a_heading_sorts_its_table_down_then_up_then_back_and_keeps_a_runs_rows_together(
    page: Any, report_page: str
) -> None:
    page.goto(report_page)
    table = page.locator("#generation table").first
    heading = table.locator("thead th").nth(2)
    original = table.locator("tbody tr").all_inner_texts()

    def figures() -> list[float]:
        cells = table.locator("tbody tr.first td:nth-child(3)").all_inner_texts()
        return [float(cell.split()[0]) for cell in cells if cell.split()[0] != DASH]

    heading.locator("button").click()
    assert heading.get_attribute("aria-sort") == "descending"
    assert figures() == sorted(figures(), reverse=True)
    verdicts = [text for text in table.locator("tbody tr > :nth-child(2)").all_inner_texts() if text != "published"]
    assert verdicts == ["strict", "reference"] * 3
    heading.locator("button").click()
    assert heading.get_attribute("aria-sort") == "ascending"
    assert figures() == sorted(figures())
    heading.locator("button").click()
    assert heading.get_attribute("aria-sort") is None
    assert table.locator("tbody tr").all_inner_texts() == original


def test_a_table_of_single_rows_shows_the_name_of_each_row_that_sorting_parts_from_its_run(
    page: Any, report_page: str
) -> None:
    page.goto(report_page)
    table = page.locator("#disagreements table, #statuses table").first
    table.locator("thead th").nth(1).locator("button").click()
    languages = table.locator("tbody tr > :nth-child(2)").all_inner_texts()
    assert languages == sorted(languages, key=str.casefold)
    names = table.locator("tbody .name").all_inner_texts()
    hidden = table.locator("tbody th.again").count()
    assert hidden == sum(one == other for one, other in pairwise(names))


def test_every_column_that_names_a_row_is_a_heading_of_it_and_the_first_alone_stays_in_sight(
    page: Any, report_page: str
) -> None:
    page.goto(report_page)
    tables = {"#generation": 2, "#translation": 2, "#statuses": 2, "#disagreements": 2, "#provenance": 1}
    for section, heads in tables.items():
        row = page.locator(f"{section} tbody tr").first
        assert row.locator("th[scope=row]").count() == heads, section
        positions = row.locator("th").evaluate_all("cells => cells.map(cell => getComputedStyle(cell).position)")
        assert positions == ["sticky", *["static"] * (heads - 1)]


def test_the_page_works_by_keyboard(page: Any, report_page: str) -> None:
    page.goto(report_page)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "language"
    page.keyboard.press("Enter")
    assert page.locator("html").get_attribute("lang") == "zh-Hans"
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert page.locator("html").get_attribute("data-theme") == "dark"
    button = page.locator("#generation thead button").first
    button.focus()
    assert button.evaluate("element => getComputedStyle(element).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    assert page.locator("#generation thead th").first.get_attribute("aria-sort") == "ascending"
    unreachable = page.evaluate(
        "[...document.querySelectorAll('.scroll')]"
        ".filter(box => box.tabIndex < 0 || !box.getAttribute('aria-label')).length"
    )
    assert unreachable == 0


def test_the_language_is_the_browsers_until_chosen_and_the_choice_is_kept(new_page: Any, report_page: str) -> None:
    page = new_page(locale="zh-CN")
    page.goto(report_page)
    assert page.locator("h1").inner_text() == "HumanEval-X 评测报告"
    page.locator("#language").click()
    assert page.locator("h1").inner_text() == "HumanEval-X report"
    page.reload()
    assert page.locator("h1").inner_text() == "HumanEval-X report"
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.title() == "HumanEval-X report"


def test_in_chinese_no_word_of_the_interface_stays_english(new_page: Any, report_page: str) -> None:
    page = new_page(locale="zh-CN")
    page.goto(report_page)
    draw_all(page)
    english = page.evaluate(
        "[...document.querySelectorAll('[data-word]')].map(e => e.textContent).filter(t => /[a-z]{4}/i.test(t))"
    )
    kept = {"Python", "Java", "JavaScript", "pass@1", "pass@10", "pass@100"}
    foreign = [
        text for text in english if text not in kept and not any("\u4e00" <= letter <= "\u9fff" for letter in text)
    ]
    assert [text for text in foreign if "→" not in text] == []
    titles = page.locator("#statuses .plot svg text").all_text_contents()
    assert "样本" in titles
    assert page.locator("#chart-curves-generation .scroll").first.get_attribute("aria-label") == "总体"


def test_the_theme_is_the_systems_until_chosen_and_charts_follow(new_page: Any, report_page: str) -> None:
    page = new_page(color_scheme="dark")
    page.goto(report_page)
    draw_all(page)

    def ground() -> str:
        return page.evaluate("getComputedStyle(document.body).backgroundColor")

    def label() -> str:
        return page.locator("#curves .plot svg .role-axis-title text").first.get_attribute("fill")

    dark, dark_label = ground(), label()
    page.locator("#theme").click()
    page.wait_for_function(
        "old => document.querySelector('#curves .plot svg .role-axis-title text')?.getAttribute('fill') !== old",
        arg=dark_label,
    )
    assert ground() != dark
    page.reload()
    assert page.locator("html").get_attribute("data-theme") == "light"


def test_on_a_phone_the_page_itself_does_not_scroll_sideways(new_page: Any, report_page: str) -> None:
    page = new_page(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page.goto(report_page)
    draw_all(page)
    for details in page.locator("details").all():
        details.evaluate("element => element.open = true")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    box = page.locator("#generation .scroll").first
    box.evaluate("element => element.scrollLeft = 200")
    name = page.locator("#generation tbody th").first
    assert (
        name.evaluate(
            "(cell, box) => cell.getBoundingClientRect().left - box.getBoundingClientRect().left", box.element_handle()
        )
        < 3
    )


def test_a_mark_tells_its_figures_under_the_pointer(page: Any, report_page: str) -> None:
    page.goto(report_page)
    draw_all(page)
    bar = page.locator("#statuses .plot svg .mark-rect path").first
    bar.hover()
    assert page.locator("#tip").is_visible()
    assert "passed" in page.locator("#tip").inner_text()


def test_hostile_names_are_harmless_text(page: Any, tmp_path: Path) -> None:
    runs = [
        summary(f"run {number}", model, statuses={"python": {"passed": 3, "<b onclick=x>bold</b>": 2}}, purpose=model)
        for number, model in enumerate(HOSTILE)
    ]
    page.goto(report(runs, tmp_path, ["html"])["html"].as_uri())
    draw_all(page)
    page.locator("#language").click()
    page.locator("#problems .plot").first.hover()
    assert page.title() == "HumanEval-X 评测报告"
    assert page.evaluate("document.querySelectorAll('img, b, iframe, object, [onclick], [onerror]').length") == 0
    names = page.locator("#generation tbody tr.first th bdi").all_inner_texts()
    assert HOSTILE[0] in names
    assert "Overall" in names
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_line_has_the_colour_that_the_legend_gives_its_run_whatever_the_run_is_called(
    page: Any, tmp_path: Path
) -> None:
    names = ("var:2B", "var:ink", "plain")
    runs = [summary(f"run {number}", name) for number, name in enumerate(names)]
    page.goto(report(runs, tmp_path, ["html"])["html"].as_uri())
    figure = page.locator("#chart-curves-generation")
    figure.scroll_into_view_if_needed()
    figure.locator(".plot[data-drawn]").first.wait_for()
    legend = figure.locator(".keys li").evaluate_all(
        "items => items.map(item => [item.innerText.trim(), getComputedStyle(item.querySelector('line')).stroke])"
    )
    lines = figure.locator(".plot").first.locator(".mark-line path[stroke]")
    drawn = lines.evaluate_all(
        "paths => paths.map(path => [/model: (.*?);/.exec(path.ariaLabel)[1], getComputedStyle(path).stroke])"
    )
    assert [name for name, _ in legend] == list(names)
    assert drawn == legend


def test_without_javascript_the_page_is_readable(new_page: Any, report_page: str) -> None:
    page = new_page(java_script_enabled=False, locale="zh-CN")
    page.goto(report_page)
    assert page.locator("h1").inner_text() == "HumanEval-X report"
    assert page.locator("#language").is_hidden()
    assert "need JavaScript" in page.locator("figure.chart").first.inner_text()
    assert page.locator("#generation table").first.is_visible()


def test_what_the_policy_does_not_name_does_not_run(page: Any, report_page: str) -> None:
    page.watch.allowed += ["policy:", "Content Security Policy", "EvalError"]
    page.goto(report_page)
    page.evaluate(
        "() => { const script = document.createElement('script'); script.textContent = 'window.owned = 1';"
        " document.body.append(script); const button = document.createElement('button');"
        " button.setAttribute('onclick', 'window.owned = 1'); document.body.append(button); button.click(); }"
    )
    assert page.evaluate("typeof window.owned") == "undefined"


def test_the_words_of_the_page_are_a_data_block_of_json(page: Any, report_page: str) -> None:
    page.goto(report_page)
    words = json.loads(page.locator("#words").inner_text() or page.locator("#words").text_content())
    assert words["Overall"] == "总体"
