"""The sample browser in Chromium: it shows what the run holds, and is used by keyboard, by mouse and on a phone."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from samples_page import PYTHON, READY, listed, sample_of, shown, title, wait_for_count, wait_for_title
from test_inspection import RIGHT, WRONG, smoke_problem

from humaneval_x.programs import assemble
from humaneval_x.reporting.browser.page import words

pytestmark = pytest.mark.browser


def test_the_page_lists_the_first_run_s_samples(page: Any) -> None:
    assert listed(page)[:6] == [*(f"Python/0 · {number}" for number in range(4)), "Python/1 · 0", "CPP/0 · 0"]
    assert page.locator("#count").inner_text() == "10 of 10 samples"
    assert page.title() == "HumanEval-X samples"
    assert page.locator("#report").get_attribute("href") == "report.html"


def test_arrows_choose_a_sample_and_its_texts_are_the_run_s(page: Any, folder: Path) -> None:
    page.keyboard.press("ArrowDown")
    wait_for_title(page, "Python/0 · sample 0")
    sample = sample_of(folder, "some", PYTHON, "Python/0", 0)
    assert page.locator("#view .text").first.text_content().startswith(RIGHT)
    assert "".join(page.locator("#view .line").all_text_contents()) == sample.text.replace("\n", "")
    assert page.locator("#view .cut .line").all_text_contents()[-1] == "print('more')"
    assert page.locator(".facts .status dd").inner_text() == "passed"
    assert page.locator(".facts .seed dd").inner_text() == str(sample.seed)
    assert page.locator(".command code").inner_text().endswith("/some Python/0 0")


def test_the_program_is_the_one_that_was_judged_with_the_model_s_lines_marked(page: Any, folder: Path) -> None:
    page.keyboard.press("End")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    wait_for_title(page, "Python/0 · sample 1")
    page.keyboard.press("3")
    sample = sample_of(folder, "some", PYTHON, "Python/0", 1)
    source = assemble(smoke_problem("Python/0"), sample, task=PYTHON, truncation="strict").source
    assert shown(page) == source.removesuffix("\n")
    assert page.locator("#view .own").all_text_contents() == [WRONG]
    assert page.locator("#view .is-keyword").count() > 5


def test_each_view_shows_its_text(page: Any) -> None:
    problem = smoke_problem("Python/0")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    wait_for_title(page, "Python/0 · sample 1")
    page.keyboard.press("4")
    assert shown(page) == problem.prompt.removesuffix("\n")
    page.keyboard.press("5")
    assert shown(page) == problem.canonical_solution.removesuffix("\n")
    page.keyboard.press("2")
    assert page.locator("#view .out").all_text_contents() == [
        f"-{line}" for line in problem.canonical_solution.rstrip("\n").split("\n")
    ]
    assert page.locator("#view .in").all_text_contents() == [f"+{WRONG}"]
    assert page.locator(".output .line").all_text_contents() == ["AssertionError"]


def test_a_copy_is_the_text_itself(new: Any, folder: Path) -> None:
    made = new(permissions=["clipboard-read", "clipboard-write"])
    page = made.open()
    page.keyboard.press("ArrowDown")
    wait_for_title(page, "Python/0 · sample 0")
    page.click(".about .copy")
    page.wait_for_function("() => document.querySelector('.about .copy').textContent === 'Copied'")
    text = page.evaluate("navigator.clipboard.readText()")
    assert text == sample_of(folder, "some", PYTHON, "Python/0", 0).text


def test_the_whole_sample_can_be_reached_by_keyboard_alone(page: Any) -> None:
    page.keyboard.press("/")
    page.keyboard.type("cpp/0")
    wait_for_count(page, "2 of 10 samples")
    page.keyboard.press("Enter")
    wait_for_title(page, "CPP/0 · sample 0")
    page.keyboard.press("j")
    wait_for_title(page, "CPP/0 · sample 1")
    page.keyboard.press("k")
    wait_for_title(page, "CPP/0 · sample 0")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "detail"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.id") == "list"
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#keys").is_visible()
    page.keyboard.press("3")
    page.keyboard.press("Tab")
    page.locator("[role=tab][aria-selected=true]").focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.id") == "view-prompt"


def test_the_buttons_for_the_next_and_the_previous_sample_can_be_pressed_again_by_keyboard(page: Any) -> None:
    page.keyboard.press("ArrowDown")
    wait_for_title(page, "Python/0 · sample 0")
    page.get_by_role("button", name="Next sample").focus()
    for number in (1, 2):
        page.keyboard.press("Enter")
        wait_for_title(page, f"Python/0 · sample {number}")
    page.get_by_role("button", name="Previous sample").focus()
    for number in (1, 0):
        page.keyboard.press("Enter")
        wait_for_title(page, f"Python/0 · sample {number}")


def test_brackets_go_from_problem_to_problem(page: Any) -> None:
    page.keyboard.press("ArrowDown")
    for key, wanted in [("]", "Python/1"), ("]", "CPP/0"), ("[", "Python/1"), ("[", "Python/0")]:
        page.keyboard.press(key)
        wait_for_title(page, f"{wanted} · sample 0")


@pytest.mark.parametrize(
    ("address", "names"),
    [
        ("#problem=1", ["Python/1 · 0", "CPP/1 · 0", "CPP/1 · 1", "CPP/1 · 2"]),
        ("#problem=cpp", ["CPP/0 · 0", "CPP/0 · 1", "CPP/1 · 0", "CPP/1 · 1", "CPP/1 · 2"]),
        ("#problem=CPP/0", ["CPP/0 · 0", "CPP/0 · 1"]),
        ("#task=generation-cpp&status=passed", ["CPP/0 · 0"]),
        ("#status=compile_error,exited_early", ["Python/0 · 3", "CPP/0 · 1"]),
        ("#status=not_judged", ["CPP/1 · 0", "CPP/1 · 1", "CPP/1 · 2"]),
        ("#reference=differs", ["Python/0 · 3"]),
        ("#reference=failed", ["Python/0 · 1", "Python/1 · 0", "CPP/0 · 1"]),
        ("#flag=shared", ["Python/0 · 2"]),
        ("#flag=*", ["Python/0 · 2", "Python/0 · 3"]),
        ("#once=1&problem=python/0", ["Python/0 · 0", "Python/0 · 1", "Python/0 · 3"]),
        ("#problem=nothing", []),
    ],
)
def test_a_filter_leaves_the_samples_that_fit(new: Any, address: str, names: list[str]) -> None:
    page = new().open(address)
    assert listed(page) == names
    expected = f"{len(names)} of {5 if 'task' in address else 10} samples" if names else "No sample fits these filters."
    assert page.locator("#count").inner_text() == expected


def test_filters_are_kept_in_the_address_and_counted_by_status(page: Any) -> None:
    page.select_option("#task", "generation-python")
    wait_for_count(page, "5 of 5 samples")
    buttons = page.locator("#statuses button").all_inner_texts()
    assert [" ".join(text.split()) for text in buttons] == ["passed 2", "wrong answer 2", "exited early 1"]
    page.locator("#statuses button", has_text="wrong answer").click()
    wait_for_count(page, "2 of 5 samples")
    assert page.evaluate("document.activeElement.textContent") == "wrong answer2"
    page.wait_for_url("**/samples.html#task=generation-python&status=wrong_answer")
    page.click("#reset")
    wait_for_count(page, "10 of 10 samples")
    page.wait_for_url("**/samples.html")


def test_many_steps_write_the_address_once(page: Any) -> None:
    page.evaluate(
        """() => {
          window.written = [];
          const write = history.replaceState.bind(history);
          history.replaceState = (...what) => { window.written.push(what[2]); write(...what); };
          for (let time = 0; time < 9; time++) {
            document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown", bubbles: true }));
          }
        }"""
    )
    page.wait_for_url("**/samples.html#sample=some+generation-cpp+CPP%2F1+1")
    assert page.evaluate("window.written") == ["#sample=some+generation-cpp+CPP%2F1+1"]


def test_a_browser_that_refuses_to_change_the_address_still_shows_what_is_chosen(page: Any) -> None:
    page.evaluate(
        """() => {
          const refuse = () => { throw new DOMException("100 times in 30 seconds", "SecurityError"); };
          history.replaceState = refuse;
          history.pushState = refuse;
        }"""
    )
    for _ in range(4):
        page.keyboard.down("ArrowDown")
    wait_for_title(page, "Python/0 · sample 3")
    page.fill("#problem", "cpp/0")
    wait_for_count(page, "2 of 10 samples")


def test_a_page_that_is_left_at_once_still_tells_what_was_chosen(page: Any) -> None:
    page.keyboard.press("ArrowDown")
    page.click("#report")
    page.wait_for_selector("h1:text-is('Report')")
    page.go_back()
    wait_for_title(page, "Python/0 · sample 0")


def test_an_address_that_is_sent_to_others_shows_the_same(page: Any, new: Any) -> None:
    page.fill("#problem", "cpp/0")
    wait_for_count(page, "2 of 10 samples")
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowDown")
    wait_for_title(page, "CPP/0 · sample 1")
    page.keyboard.press("2")
    page.wait_for_url("**&view=difference")
    other = new().open(page.url.partition("/samples.html")[2])
    assert title(other) == "CPP/0 · sample 1"
    assert other.locator("[role=tab][aria-selected=true]").inner_text() == "Difference"
    assert listed(other) == ["CPP/0 · 0", "CPP/0 · 1"]
    assert other.locator("[role=option][aria-selected=true] .name").inner_text() == "CPP/0 · 1"


def test_an_address_of_a_sample_that_is_not_there_says_so(new: Any) -> None:
    page = new().open("#sample=some+generation-cpp+CPP/0+99")
    assert "There is no sample" in page.locator("#trouble").inner_text()
    assert len(listed(page)) == 10


def test_the_language_is_switched_and_kept(page: Any) -> None:
    page.keyboard.press("ArrowDown")
    wait_for_title(page, "Python/0 · sample 0")
    page.click("#language")
    assert page.locator("h1").inner_text() == words()["title"][1]
    assert title(page) == "Python/0 · 样本 0"
    assert page.locator("html").get_attribute("lang") == "zh-Hans"
    assert page.evaluate("localStorage.getItem('hx-language')") == "zh"
    left = page.evaluate("document.body.innerText")
    english = [said[0] for said in words().values() if said[0] != said[1] and len(said[0]) > 12]
    assert [text for text in english if text in left] == []
    page.reload()
    page.wait_for_selector(READY)
    assert page.locator("#count").inner_text() == "10 个样本中的 10 个"
    page.click("#language")
    assert page.locator("#count").inner_text() == "10 of 10 samples"


def test_a_chinese_browser_gets_chinese_at_once(new: Any) -> None:
    page = new(locale="zh-CN").open()
    assert page.locator("h1").inner_text() == words()["title"][1]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_follow_the_system_until_they_are_chosen(new: Any, scheme: str) -> None:
    page = new(color_scheme=scheme).open()
    ground = "getComputedStyle(document.body).backgroundColor"
    grounds = {"light": "rgb(251, 250, 248)", "dark": "rgb(20, 24, 30)"}
    assert page.evaluate(ground) == grounds[scheme]
    other = {"light": "dark", "dark": "light"}[scheme]
    page.select_option("#theme", other)
    assert page.evaluate(ground) == grounds[other]
    page.reload()
    page.wait_for_selector(READY)
    assert page.evaluate(ground) == grounds[other]
    assert page.evaluate("localStorage.getItem('hx-theme')") == other


def test_a_page_opened_as_a_file_says_what_to_do(new_page: Any, folder: Path) -> None:
    page = new_page()
    page.goto((folder / "samples.html").as_uri())
    page.wait_for_selector("#trouble code")
    assert page.locator("#trouble code").inner_text() == f"humaneval-x browse {folder}"
    assert not page.locator("#main").is_visible()
    page.click("#language")
    said = page.locator("#trouble p:not(.command)").all_inner_texts()
    assert said == [words()[name][1] for name in ("from_file", "from_file_then")]


@pytest.mark.parametrize(
    "name",
    [
        "x" * 200,
        "it's  <b>odd<b> $HOME \u202e\u2028\n",
        b"it's not UTF-8 \xff\xfe0".decode("utf-8", "surrogateescape"),
    ],
)
def test_the_command_for_a_page_opened_as_a_file_names_its_folder_whole(
    new_page: Any, folder: Path, tmp_path: Path, name: str
) -> None:
    page = new_page(permissions=["clipboard-read", "clipboard-write"])
    (tmp_path / name).mkdir()
    shutil.copy(folder / "samples.html", tmp_path / name)
    page.goto((tmp_path / name / "samples.html").as_uri())
    page.click("#trouble .copy")
    page.wait_for_selector("#trouble .copy:text-is('Copied')")
    command = page.evaluate("navigator.clipboard.readText()")
    words = subprocess.run(["bash", "-c", f"printf '%s\\0' {command}"], capture_output=True, check=True).stdout
    assert words.split(b"\0")[:-1] == [b"humaneval-x", b"browse", os.fsencode(tmp_path / name)]


def test_a_server_that_has_ended_is_said_and_tried_again(new: Any) -> None:
    made = new()
    page = made.open()
    made.page.watch.allowed.append("net::ERR_")
    page.context.route("**/0/0-0.json.gz", lambda route: route.abort())
    page.keyboard.press("ArrowDown")
    page.wait_for_selector("#trouble button")
    assert "humaneval-x browse" in page.locator("#trouble").inner_text()
    page.context.unroute("**/0/0-0.json.gz")
    page.click("#trouble button")
    wait_for_title(page, "Python/0 · sample 0")
    assert not page.locator("#trouble").is_visible()


def test_what_to_do_is_said_whatever_the_length_of_the_reason(new: Any) -> None:
    made = new()
    page = made.open()
    page.evaluate("() => { window.fetch = () => Promise.reject(new TypeError('because '.repeat(100))); }")
    page.keyboard.press("ArrowDown")
    page.wait_for_selector("#trouble button")
    said = page.locator("#trouble p").inner_text()
    assert said.endswith("Is `humaneval-x browse` still running?")
    assert len(said) < 300


@pytest.mark.parametrize("width", [360, 390, 800])
def test_on_a_phone_a_sample_opens_over_the_list_and_back_leads_to_it(new: Any, width: int) -> None:
    page = new(viewport={"width": width, "height": 844}, has_touch=True, is_mobile=True).open()
    assert not page.locator("#detail").is_visible()
    page.tap("[role=option] >> nth=1")
    wait_for_title(page, "Python/0 · sample 1")
    assert not page.locator("#list").is_visible()
    for view in range(5):
        page.locator("[role=tab]").nth(view).tap()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.go_back()
    page.wait_for_selector("#list", state="visible")
    page.tap("[role=option] >> nth=2")
    wait_for_title(page, "Python/0 · sample 2")
    page.tap(".steps button >> nth=1")
    wait_for_title(page, "Python/0 · sample 3")
    page.tap(".back")
    page.wait_for_selector("#list", state="visible")
    assert page.locator("#list [aria-selected=true] .name").inner_text() == "Python/0 · 3"
    page.tap("#filters summary")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_on_a_narrow_screen_the_focus_is_in_what_is_seen(new: Any) -> None:
    page = new(viewport={"width": 390, "height": 844}).open()
    focused = "document.activeElement.id"
    page.focus("#list")
    page.keyboard.press("ArrowDown")
    wait_for_title(page, "Python/0 · sample 0")
    assert page.evaluate(focused) == "detail"
    page.keyboard.press("j")
    wait_for_title(page, "Python/0 · sample 1")
    page.keyboard.press("Escape")
    page.wait_for_selector("#list", state="visible")
    assert page.evaluate(focused) == "list"
    page.keyboard.press("Enter")
    page.wait_for_selector("#detail", state="visible")
    assert page.evaluate(focused) == "detail"
    page.go_back()
    page.wait_for_selector("#list", state="visible")
    assert page.evaluate(focused) == "list"
    page.go_forward()
    page.wait_for_selector("#detail", state="visible")
    page.keyboard.press("/")
    assert page.evaluate(focused) == "problem"


def test_on_a_phone_back_leads_to_the_list_as_it_was_filtered(new: Any) -> None:
    page = new(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True).open()
    page.tap("#filters summary")
    page.fill("#problem", "cpp/0")
    wait_for_count(page, "2 of 10 samples")
    page.tap("[role=option] >> nth=1")
    wait_for_title(page, "CPP/0 · sample 1")
    page.go_back()
    page.wait_for_selector("#list", state="visible")
    assert page.url.endswith("#problem=cpp%2F0")
    assert listed(page) == ["CPP/0 · 0", "CPP/0 · 1"]
