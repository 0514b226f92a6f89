"""What models wrote does nothing in the sample browser, deceives nobody, and does not slow it down."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from samples_page import HOSTILE, PYTHON, TRANSLATION, Page, serving, shown, wait_for_title

from humaneval_x.reporting.browser.packed import write_packed

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_nothing_hostile_does_anything_in_any_view(new: Any, number: int) -> None:
    page = new().open(f"#run=*&problem=python/0&task={TRANSLATION}")
    page.locator(f"#list [role=option][aria-posinset='{number + 1}']").click()
    wait_for_title(page, f"Python/0 · sample {number}")
    for view in range(page.locator("[role=tab]").count()):
        page.keyboard.press(str(view + 1))
        assert page.locator("[role=tab]").nth(view).get_attribute("aria-selected") == "true"
        assert page.locator("#detail :is(script, img, svg, iframe, b, i, style, object)").count() == 0
        left = page.evaluate("document.body.innerText")
        assert not any(character in left for character in "\u202e\u2066\u2069\u200b\x00\x1b\ufeff\ue000\r\ud800")
    assert page.evaluate("window.hacked") is None
    assert page.evaluate("document.scripts.length") == 2


def test_characters_that_deceive_are_spelled_out(new: Any) -> None:
    page = new().open(f"#run=*&task={TRANSLATION}")
    page.locator("#list [role=option] >> nth=2").click()
    wait_for_title(page, "Python/0 · sample 2")
    spelled = page.locator("#view .odd").all_inner_texts()
    assert spelled == ["\\u202e", "\\u2066", "\\u2069", "\\u2066", "\\u200b\\x00\\x1b", "\\ud800\\ue000\\ufeff\\x0d"]


def test_letters_that_are_written_to_the_left_do_not_turn_code_around(new: Any) -> None:
    page = new().open(f"#run=*&task={TRANSLATION}")
    page.locator("#list [role=option] >> nth=6").click()
    wait_for_title(page, "Python/0 · sample 6")
    places = page.evaluate(
        """() => ["\\u05d0", "="].map((character) => {
          const node = document.querySelector("#view .line").firstChild;
          const range = document.createRange();
          range.setStart(node, node.data.indexOf(character));
          range.setEnd(node, node.data.indexOf(character) + 1);
          return range.getBoundingClientRect().left;
        })"""
    )
    assert places[0] < places[1]


def test_a_line_of_a_million_characters_is_cut_until_all_is_asked_for(new: Any) -> None:
    page = new().open(f"#run=*&task={TRANSLATION}")
    page.locator("#list [role=option] >> nth=3").click()
    wait_for_title(page, "Python/0 · sample 3")
    line = page.locator("#view .line").first
    assert len(line.text_content()) < 3000
    line.locator(".more").click()
    assert line.text_content() == HOSTILE[3].removesuffix("\n")


def test_of_many_lines_some_are_shown_until_more_are_asked_for(new: Any) -> None:
    page = new().open(f"#run=*&task={TRANSLATION}&view=completion")
    page.locator("#list [role=option] >> nth=4").click()
    wait_for_title(page, "Python/0 · sample 4")
    assert page.locator("#view .line").count() == 1000
    page.locator("#view .more").click()
    assert page.locator("#view .line").count() == 2000


SCROLL = """(share) => {
  const list = document.querySelector("#list");
  list.scrollTop = share * (list.scrollHeight - list.clientHeight);
}"""
# The rows at both ends of what is seen are those that belong there, with one screen of rows between them.
IN_SIGHT = """(share) => {
  const box = document.querySelector("#list").getBoundingClientRect();
  const row = (y) => document.elementFromPoint(box.left + 20, y)?.closest("[role=option]")?.ariaPosInSet;
  const [first, last] = [row(box.top + 5), row(box.bottom - 5)];
  return Math.abs(first - share * 400_000) < 20 && last - first < 30;
}"""


def test_of_400_000_samples_few_are_elements_and_each_can_be_reached(
    new_page: Any, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    shutil.copytree(folder, out)
    content = json.loads(gzip.decompress((out / "samples" / "0" / "rows.json.gz").read_bytes()))
    count = 200_000
    for name in ("kind", "tokens", "cpu_ms"):
        content[name] = [0] * 2 * count
    content["problems"] = [{**problem, "rows": count} for problem in content["problems"]]
    write_packed(out / "samples" / "0" / "rows.json.gz", content)
    with serving(out) as origin:
        made = Page(new_page(), origin)
        page = made.open(f"#task={PYTHON}")
        assert page.locator("#count").inner_text() == "400,000 of 400,000 samples"
        for share in (0.25, 0.5, 1):
            page.evaluate(SCROLL, share)
            page.wait_for_function(IN_SIGHT, arg=share)
            assert page.locator("#list [role=option]").count() < 40
        page.focus("#list")
        for key, place in [("End", 400_000), ("ArrowUp", 399_999), ("Home", 1), ("ArrowDown", 2)]:
            page.keyboard.press(key)
            page.wait_for_selector(f"#list [aria-selected=true][aria-posinset='{place}']")
        page.goto("about:blank")
        made.page.watch.complaints.clear()  # there are no texts of most of these
        made.check()


def test_what_a_chat_model_said_and_what_was_put_before_the_prompt_are_shown(new: Any) -> None:
    page = new().open(f"#run=*&task={TRANSLATION}")
    page.locator("#list [role=option] >> nth=0").click()
    wait_for_title(page, "Python/0 · sample 0")
    assert page.locator("#view .text").first.inner_text() == "import os"
    page.keyboard.press("6")
    assert shown(page) == HOSTILE[0].removesuffix("\n")
    page.keyboard.press("4")
    assert shown(page).startswith("code translation\nGo:\n")
    assert " --from go" in page.locator(".command code").inner_text()


def test_another_page_of_the_machine_cannot_frame_the_page(new_page: Any, origin: str, tmp_path: Path) -> None:
    other = tmp_path / "other.html"
    other.write_text(f"<!DOCTYPE html><iframe src='{origin}/samples.html'></iframe>")
    made = Page(new_page(), origin)
    made.page.watch.allowed.extend(["frame-ancestors", "X-Frame-Options"])
    made.page.goto(other.as_uri())
    (frame,) = made.page.main_frame.child_frames
    frame.wait_for_url("chrome-error://**")
    assert made.page.watch.requests == [f"{origin}/samples.html"]
    made.check()


def test_no_script_or_markup_can_be_put_into_the_page(page: Any) -> None:
    page.watch.allowed.extend(["policy:", "Content Security Policy", "TrustedHTML", "requires", "violates"])
    made = "(() => { const s = document.createElement('script'); s.textContent = 'window.hacked = 1'; "
    for action in (made + "document.body.append(s); })()", "document.body.innerHTML = '<b>1</b>'"):
        page.evaluate(f"try {{ {action} }} catch {{}}")
    assert page.evaluate("window.hacked") is None
    assert page.locator("h1").count() == 1
