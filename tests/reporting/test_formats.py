"""Hostile names in every format, and what each format promises."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from humaneval_x.reporting import report
from humaneval_x.reporting.summary import read_summary
from humaneval_x.reporting.terminal import render_table

RunWriter = Callable[..., Path]

HOSTILE = [
    "<script>alert(1)</script>",
    "</style><img src=x onerror=alert(1)>",
    "a|b\nc",
    '=HYPERLINK("http://evil.example")',
    "[link](http://evil.example) `x` ![i](http://evil.example/i.png)",
    "\u202egnp.exe",
    "\x1b[2J\x07",
    "\ud800lone",
    "@SUM(A1)",
    "www.evil.example WWW.evil.example me@evil.example",
    "\uff1dHYPERLINK(1)",
    "x" * 5000,
    "{{ 7*7 }}{% raw %}",
    "--><!--",
    "'\"&amp;",
]
VEGA = re.compile(r'(?s)(?<=<script type="text/plain" id="vega">).*?(?=</script>)')
VOID = {"meta", "rect", "br", "link", "img", "input"}


class Page(HTMLParser):
    """Checks nesting; collects tags, attributes and text."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


def written(run: Path, out: Path, name: str) -> str:
    return report([run], out, [name])[name].read_text(encoding="utf-8")


@pytest.fixture(params=HOSTILE, ids=range(len(HOSTILE)))
def hostile(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_html_is_well_formed_and_loads_nothing(make_run: RunWriter, tmp_path: Path) -> None:
    page = Page(written(make_run(), tmp_path, "html"))
    assert page.open == []
    assert not {"img", "link", "iframe", "object", "form", "base"} & set(page.tags)
    assert all(value.startswith("#") for _, name, value in page.attributes if name in {"href", "src", "action"})
    assert not [name for _, name, _ in page.attributes if name.startswith("on") or name == "style"]
    ids = [value for _, name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert {value[1:] for _, name, value in page.attributes if name == "href"} <= set(ids)


def test_a_page_speaks_of_other_files_only_where_they_are(make_run: RunWriter, tmp_path: Path) -> None:
    run = make_run()
    for formats, numbers, pictures in ((["html"], False, False), (["html", "csv"], True, False), (None, True, True)):
        out = tmp_path / str(formats)
        text = report([run], out, *([formats] if formats else []))["html"].read_text("utf-8")
        assert ("The same numbers stand in the other files" in VEGA.sub("", text)) == numbers
        assert ("holds them as pictures, too." in text) == pictures


def test_html_names_no_external_address_outside_vegas_own_script(make_run: RunWriter, tmp_path: Path) -> None:
    text = written(make_run(), tmp_path, "html")
    ours = VEGA.sub("", text)
    assert len(text) - len(ours) > 500_000
    assert not re.search(r"(?i)(https?:)?//[a-z]+\.|url\([^#]|@import", ours)


def test_the_content_security_policy_allows_exactly_the_pages_own_style_and_scripts(
    make_run: RunWriter, tmp_path: Path
) -> None:
    text = written(make_run(), tmp_path, "html")

    def digest(pattern: str) -> str:
        content = re.search(pattern + r"(.*?)</(?:script|style)>", text, re.DOTALL)[1]
        return base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()

    style, script, vega = digest("<style>"), digest("<script>"), digest('<script type="text/plain" id="vega">')
    policy = next(
        value
        for tag, name, value in Page(text).attributes
        if tag == "meta" and name == "content" and value.startswith("default-src")
    )
    assert policy == (
        f"default-src 'none'; script-src 'sha256-{script}' 'sha256-{vega}'; style-src 'sha256-{style}'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
    executed = [tag for tag in re.findall(r"<script[^>]*>", text) if "type=" not in tag]
    assert executed == ["<script>"]


def test_a_hostile_model_name_adds_no_tag_or_attribute_to_the_page(
    make_run: RunWriter, tmp_path: Path, hostile: str
) -> None:
    harmless = Page(VEGA.sub("", written(make_run("harmless", model="m"), tmp_path / "a", "html")))
    page = Page(VEGA.sub("", written(make_run("hostile", model=hostile), tmp_path / "b", "html")))
    assert page.open == []
    assert page.tags == harmless.tags
    assert [(tag, name) for tag, name, _ in page.attributes] == [(tag, name) for tag, name, _ in harmless.attributes]
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x08\x0e-\x1f\x7f]", page.text)


def test_a_hostile_model_name_stays_text_in_markdown(make_run: RunWriter, tmp_path: Path, hostile: str) -> None:
    harmless = written(make_run("same", model="m"), tmp_path / "a", "md")
    text = written(make_run("other/same", model=hostile), tmp_path / "b", "md")
    assert text.count("\n") == harmless.count("\n")
    unescaped = re.compile(r"(?<!\\)(\\\\)*\|")
    assert [len(unescaped.findall(line)) for line in text.splitlines()] == [
        len(unescaped.findall(line)) for line in harmless.splitlines()
    ]
    assert not re.search(r"(?<!\\)[<`\[]", text)
    assert "://" not in text.replace("\\://", "")
    assert not re.search(r"(?i)(?<!\\)@|\bwww\.", text)


def test_a_hostile_model_name_stays_one_text_cell_in_csv(make_run: RunWriter, tmp_path: Path, hostile: str) -> None:
    rows = list(csv.DictReader(io.StringIO(written(make_run(model=hostile), tmp_path, "csv"))))
    assert all(None not in row and None not in row.values() for row in rows)
    for row in rows:
        for cell in row.values():
            assert not cell.startswith(tuple("=+-@\t\r\uff1d\uff0b\uff0d\uff20")), cell
            assert "\n" not in cell


def test_a_hostile_model_name_cannot_move_the_terminals_cursor(make_run: RunWriter, hostile: str) -> None:
    text = render_table(read_summary(make_run(model=hostile)))
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", text)


def test_csv_holds_full_precision_and_says_why_a_figure_is_missing(make_run: RunWriter, tmp_path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(written(make_run(), tmp_path, "csv"))))
    measured = [row for row in rows if row["kind"] == "measured"]
    assert len(measured) == 6 * 2 * 3
    assert float(next(row for row in measured if row["group"] == "all" and row["k"] == "1")["value"]) == 0.37
    undefined = [row for row in measured if row["k"] == "100"]
    assert all(row["value"] == "" and "only 10" in row["note"] for row in undefined)
    assert any(row["kind"] == "published" and row["value"] == "0.1706" for row in rows)


def test_json_holds_counts_estimates_and_refusals(make_run: RunWriter, tmp_path: Path) -> None:
    table = json.loads(written(make_run(), tmp_path, "json"))
    (run,) = table["runs"]
    assert len(run["counts"]) == 30
    assert run["counts"][3] == ["generation-python", "Python/3", "python", 10, 5, 6]
    assert next(found for found in run["estimates"]["strict"] if found["language"] == "all")["value"] == 0.37
    assert {refusal["k"] for refusal in run["refusals"]} == {100}
