"""`humaneval-x show`: what it prints of a problem's samples and of one of them."""

from __future__ import annotations

import gzip
import os
import pty
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from test_inspection import AFTER, FAILED, RIGHT, WRONG, completion, judge, smoke_problem, written_run

from humaneval_x.cli import group
from humaneval_x.cli.show import LEXERS
from humaneval_x.errors import HarnessError, IncompleteError, UsageError
from humaneval_x.languages import language_names
from humaneval_x.programs import assemble
from humaneval_x.rundir import RunFolder, row_of
from humaneval_x.text import padded, spelled

TASK = ("generation-python", "Python/0")
HOSTILE = "    x = '\x1b[2J\x1b]0;title\x07\x9b31m\u202e\u200b\x00\r\ud800\x7f\u2028\ue000' # \x1b[31m\n"
NOT_SHOWN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ue000]")


def show(run: RunFolder | Path, *arguments: str, environment: dict[str, str] | None = None) -> Result:
    path = run.path if isinstance(run, RunFolder) else run
    done = CliRunner(env=environment).invoke(group, ["show", str(path), *arguments])
    if done.exception is not None and not isinstance(done.exception, (HarnessError, SystemExit)):
        raise done.exception
    return done


def printed(run: RunFolder, *arguments: str) -> str:
    done = show(run, *arguments)
    assert done.exit_code == 0, done.exception or done.output
    return done.stdout


def section(text: str, title: str) -> list[str]:
    """The lines under the heading that begins with `title`."""
    found = re.search(rf"^--- {re.escape(title)}.*\n((?:(?!---).*\n)*)", text, re.MULTILINE)
    assert found, f"no section {title!r} in\n{text}"
    return found[1].rstrip("\n").split("\n")


def block(text: str) -> list[str]:
    return [f"     | {line}" for line in text.removesuffix("\n").split("\n")]


def program_source(run: RunFolder, number: int, task: str = TASK[0], task_id: str = TASK[1], **rules: Any) -> str:
    (sample,) = (each for each in run.samples(task) if (each.task_id, each.completion_id) == (task_id, number))
    return assemble(smoke_problem(task_id), sample, task=task, **{"truncation": "strict", **rules}).source


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """Of Python/0 five samples: two with one program, a failure, one on which the rules differ, one not judged."""
    texts = [RIGHT + AFTER, WRONG, RIGHT, "    raise SystemExit(0)", "    return 0"]
    made = written_run(tmp_path / "run", {TASK[0]: {TASK[1]: texts}})
    differs = {"status": "exited_early", "reference_passed": True, "flags": ("some_flag",)}
    judge(made, {TASK: {0: {}, 1: FAILED, 2: {"flags": ("shared",)}, 3: differs}})
    return made


@pytest.fixture
def hostile(tmp_path: Path) -> RunFolder:
    made = written_run(tmp_path / "run", {TASK[0]: {TASK[1]: [HOSTILE]}})
    # The package's own writer lets the detail be cleaned before; another's may not.
    judge(made, {TASK: {0: {"status": "\x1b[2Jodd", "detail": HOSTILE, "flags": ("\x1b[0m\u202e",)}}})
    return made


def table(text: str) -> list[list[str]]:
    (head,) = (place for place, line in enumerate(text.splitlines()) if line.startswith("sample "))
    rows = text.splitlines()[head + 1 :]
    return [re.split(r"  +", row.strip()) for row in rows[: rows.index("")]]


def test_the_overview_has_the_prompt_and_a_row_a_sample(run: RunFolder) -> None:
    text = printed(run, "Python/0")
    assert section(text, "prompt") == block(smoke_problem("Python/0").prompt)
    verdicts = {verdict.completion_id: verdict.sha256[:12] for verdict in run.verdicts(TASK[0])}
    assert table(text) == [
        ["0", "passed", "passed", "eos", "7", verdicts[0], "= 0"],
        ["1", "wrong answer", "failed", "eos", "7", verdicts[1]],
        ["2", "passed", "passed", "eos", "7", "shared", verdicts[2], "= 0"],
        ["3", "exited early", "passed", "eos", "7", "some_flag", verdicts[3]],
        ["4", "not judged", "eos", "7"],
    ]


def test_the_overview_counts_by_status_and_says_how_to_see_one(run: RunFolder) -> None:
    text = printed(run, "Python/0")
    assert "--- 5 samples ---" in text
    assert "2 passed, 1 wrong answer, 1 exited early, 1 not judged" in text
    assert f"humaneval-x show {run.path} Python/0 0\n" in text


def test_the_overview_says_how_many_samples_are_not_drawn(tmp_path: Path) -> None:
    made = written_run(tmp_path / "run", {TASK[0]: {TASK[1]: [RIGHT]}}, sampling={"samples": 4})
    assert "--- 1 samples, 3 more not drawn yet ---" in printed(made, "0")


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        (["--status", "passed"], ["0", "2"]),
        (["--status", "passed", "--status", "wrong_answer"], ["0", "1", "2"]),
        (["--status", "not_judged"], ["4"]),
        (["--differ"], ["3"]),
    ],
)
def test_only_the_samples_asked_for_are_listed(run: RunFolder, options: list[str], numbers: list[str]) -> None:
    text = printed(run, "Python/0", *options)
    assert [row[0] for row in table(text)] == numbers
    assert f"{len(numbers)} of them chosen" in text
    assert "2 passed, 1 wrong answer" in text


def test_where_no_sample_is_as_asked_for_there_is_no_table(run: RunFolder) -> None:
    text = printed(run, "Python/0", "--differ", "--status", "passed")
    assert "0 of them chosen" in text
    assert "same as" not in text


def test_one_sample_is_shown_with_its_completion_program_verdict_and_output(run: RunFolder) -> None:
    text = printed(run, "Python/0", "1")
    assert section(text, "prompt") == block(smoke_problem("Python/0").prompt)
    assert section(text, "completion 1: 26 characters, 7 tokens, finish eos") == block(WRONG)
    lines = program_source(run, 1).removesuffix("\n").split("\n")
    assert section(text, "program") == [f"{number:>4} | {line}" for number, line in enumerate(lines, 1)]
    verdict = section(text, "verdict")
    assert verdict[0].split() == ["strict", "wrong", "answer"]
    assert verdict[1].split() == ["reference", "failed"]
    assert verdict[3].split(maxsplit=1) == ["took", "0.25 s CPU, 0.50 s, 10 MB at most"]
    assert section(text, "output") == block("AssertionError")
    assert "own solution" not in text


def test_line_numbers_are_those_that_a_compiler_counts(tmp_path: Path) -> None:
    text = "    a = 'x\rx\x0cx\x85x\u2028x'\n\n    return 7\n"
    made = written_run(tmp_path / "run", {TASK[0]: {TASK[1]: [text]}})
    place = program_source(made, 0).split("\n").index("    return 7") + 1
    assert f"{place:>4} |     return 7" in section(printed(made, "0", "0"), "program")


def test_where_the_rules_differ_the_reason_is_said(run: RunFolder) -> None:
    (why,) = (line for line in section(printed(run, "0", "3"), "verdict") if line.startswith("they differ"))
    assert "exit code 0 before its tests returned" in why
    assert "they differ" not in printed(run, "0", "1")


def test_it_is_shown_where_a_completion_was_cut(run: RunFolder) -> None:
    lines = section(printed(run, "0", "0"), "completion 0")
    assert lines[0] == f"     | {RIGHT}"
    assert lines[1] == f"cut here by --truncation strict; not judged are {len(AFTER)} characters:"
    assert lines[2:] == block(AFTER)
    assert not [line for line in section(printed(run, "0", "2"), "completion 2") if "cut here" in line]


def test_what_a_truncation_adds_is_shown_apart(tmp_path: Path) -> None:
    text = "        return Math.max(low, Math.min(value, high));\n    }\n"
    made = written_run(tmp_path / "run", {"generation-java": {"Java/0": [text]}})
    lines = section(printed(made, "0", "0", "--truncation", "reference"), "completion 0")
    assert lines[:3] == [*block(text), "added by --truncation reference:"]
    assert lines[-1] == "   + | }"


def test_a_chat_model_s_whole_answer_is_shown(tmp_path: Path) -> None:
    made = written_run(tmp_path / "run", {TASK[0]: {TASK[1]: []}}, sampling={"samples": 1})
    with made.open_samples(TASK[0]) as journal:
        journal.append(row_of(replace(completion(TASK[1], 0, RIGHT), response=f"Of course:\n{RIGHT}")))
    assert section(printed(made, "0", "0"), "the model's whole answer") == block(f"Of course:\n{RIGHT}")


def test_what_is_put_before_the_prompt_is_shown(tmp_path: Path) -> None:
    made = written_run(tmp_path / "run", {"generation-cpp": {"CPP/0": []}}, sampling={"samples": 1})
    with made.open_samples("generation-cpp") as journal:
        journal.append(row_of(replace(completion("CPP/0", 0, "}"), preamble="#include <map>\n")))
    lines = section(printed(made, "CPP/0", "0"), "completion 0")
    assert lines[:2] == ["put before the prompt:", "   + | #include <map>"]


def test_the_canonical_solution_is_shown_if_asked_for(run: RunFolder) -> None:
    own = smoke_problem("Python/0").canonical_solution
    assert section(printed(run, "0", "1", "--canonical"), "the data's own solution") == block(own)
    assert section(printed(run, "0", "--canonical"), "the data's own solution") == block(own)


def test_the_difference_from_the_canonical_solution_is_that_of_the_kept_part(run: RunFolder) -> None:
    lines = section(printed(run, "0", "1", "--diff"), "from the data's own solution")
    assert lines == ["     | @@ -1 +1 @@", f"     | -{RIGHT}", f"     | +{WRONG}"]
    assert section(printed(run, "0", "0", "--diff"), "from the data's own solution") == ["no difference"]


def test_a_translation_from_several_languages_needs_from(tmp_path: Path) -> None:
    tasks = {f"translation-{name}-to-python": {"Python/0": [f"    return '{name}'\n"]} for name in ("go", "cpp")}
    made = written_run(tmp_path / "run", tasks)
    refused = show(made, "Python/0")
    assert isinstance(refused.exception, UsageError)
    assert "--from with one of go, cpp" in str(refused.exception)
    text = printed(made, "Python/0", "--from", "cpp")
    assert f"humaneval-x show {made.path} Python/0 0 --from cpp\n" in text
    assert "     | C++:" in section(text, "prompt")
    assert "     |     return 'cpp'" in section(printed(made, "0", "0", "--from", "cpp"), "completion 0")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["Python/7"], "has no problem 'Python/7': it has Python/0"),
        (["Python/0", "5"], "no sample 5 of Python/0: 5 of 5 are drawn, numbers 0 to 4"),
        (["Python/0", "--diff"], "give its number"),
        (["Python/0", "--only", "program"], "give its number"),
        (["Python/0", "1", "--status", "passed"], "leave the completion's number out"),
        (["Python/0", "1", "--differ"], "leave the completion's number out"),
        (["Python/0", "1", "--only", "prompt", "--diff"], "leave --diff out"),
        (["Python/0", "--only", "prompt", "--status", "passed"], "leave --status out"),
    ],
)
def test_what_is_not_there_or_does_not_fit_is_a_usage_error(run: RunFolder, arguments: list[str], words: str) -> None:
    refused = show(run, *arguments)
    assert isinstance(refused.exception, UsageError)
    assert words in str(refused.exception)
    assert refused.stdout == ""


def test_what_is_no_run_is_a_usage_error(tmp_path: Path) -> None:
    assert isinstance(show(tmp_path / "nowhere", "Python/0").exception, UsageError)


def test_a_sample_that_is_not_judged_is_shown_and_said_to_be_so(run: RunFolder) -> None:
    text = printed(run, "0", "4")
    assert section(text, "completion 4") == block("    return 0")
    assert section(text, "verdict") == [f"not judged: `humaneval-x evaluate {run.path}` does that"]
    assert "--- output" not in text


def test_a_run_that_is_not_judged_is_shown_and_said_to_be_so(tmp_path: Path) -> None:
    made = written_run(tmp_path / "run", {TASK[0]: {TASK[1]: [RIGHT]}})
    for arguments in (["0"], ["0", "0"]):
        text = printed(made, *arguments)
        assert text.splitlines()[1] == f"The run is not judged yet: `humaneval-x evaluate {made.path}` does that"
    assert table(printed(made, "0")) == [["0", "not judged", "eos", "7"]]


def test_another_truncation_and_the_example_tests_choose_program_and_verdict(run: RunFolder) -> None:
    judge(run, {TASK: {0: FAILED}}, truncation="none", example_tests=True)
    options = ("--truncation", "none", "--example-tests")
    text = printed(run, "0", "0", *options)
    assert section(text, "completion 0") == block(RIGHT + AFTER)
    assert section(text, "verdict")[0].split() == ["strict", "wrong", "answer"]
    source = program_source(run, 0, truncation="none", example_test=True)
    assert show(run, "0", "0", *options, "--only", "program").stdout_bytes.decode() == source
    assert f"Python/0 0{' '.join(['', *options])}\n" in printed(run, "0", *options)


def test_where_the_run_was_judged_otherwise_it_is_said_how(run: RunFolder) -> None:
    judge(run, {}, truncation="codegen")
    text = printed(run, "0", "--truncation", "reference")
    assert f"not judged so yet: `humaneval-x evaluate {run.path} --truncation reference`" in text
    assert "It is judged with neither --truncation nor --example-tests." in text
    assert "It is judged with --truncation codegen." in text


def test_a_program_that_is_not_the_judged_one_is_said_to_be_another(tmp_path: Path) -> None:
    made = written_run(tmp_path / "run", {TASK[0]: {TASK[1]: [RIGHT]}})
    judge(made, {TASK: {0: {"sha256": "abcdef" + "0" * 58}}})
    lines = section(printed(made, "0", "0"), "program")
    assert lines[0].startswith("WARNING: this is not the program that was judged")
    assert "abcdef000000" in lines[0]
    assert lines[-1] == lines[0]
    only = show(made, "0", "0", "--only", "program")
    assert only.stderr.startswith("warning: this is not the program that was judged")
    assert only.stdout == program_source(made, 0)


def test_the_judged_program_comes_without_a_warning(run: RunFolder) -> None:
    assert "WARNING" not in printed(run, "0", "0")
    assert show(run, "0", "0", "--only", "program").stderr == ""


@pytest.mark.parametrize("arguments", [["0"], ["0", "0"], ["0", "0", "--diff", "--canonical"]])
def test_nothing_of_a_hostile_completion_reaches_the_terminal(hostile: RunFolder, arguments: list[str]) -> None:
    text = printed(hostile, *arguments, "--color", "never")
    assert not NOT_SHOWN.search(text)
    assert "\\x1b[2J" in text if arguments[1:] else "\\u001b[2Jodd" in text


def test_with_colours_only_our_own_sequences_are_there(hostile: RunFolder) -> None:
    text = printed(hostile, "0", "0", "--color", "always")
    assert not NOT_SHOWN.search(re.sub(r"\x1b\[[0-9;]*m", "", text))
    comment = text[text.index("# ") : text.index("\n", text.index("# "))]
    assert comment == "# \x1b[0m\x1b[2m\\x1b\x1b[0m\x1b[90m[31m\x1b[0m"


def test_what_cannot_be_shown_is_spelled_out() -> None:
    assert spelled("a\tb\n\x1b\x9b\u202e\ud800\U000e0001é中") == {
        "\x1b": "\\x1b",
        "\x9b": "\\x9b",
        "\u202e": "\\u202e",
        "\ud800": "\\ud800",
        "\U000e0001": "\\U000e0001",
    }


def test_no_line_of_a_completion_looks_like_one_of_ours(tmp_path: Path) -> None:
    forged = "    return 0\n\n--- verdict ---\nstrict  passed\n"
    made = written_run(tmp_path / "run", {TASK[0]: {TASK[1]: [forged]}})
    text = printed(made, "0", "0")
    assert "     | --- verdict ---" in text
    assert sum(line.startswith("--- verdict ") for line in text.splitlines()) == 1
    assert not [line for line in text.splitlines() if line.startswith("strict")]


def test_a_line_without_an_end_is_cut_and_said_to_be(tmp_path: Path) -> None:
    made = written_run(tmp_path / "run", {TASK[0]: {TASK[1]: ["    x = 1" + "+1" * 500_000 + "\n    return x\n"]}})
    text = printed(made, "0", "0")
    assert max(map(len, text.splitlines())) < 1100
    assert "[999009 more characters]" in text
    assert "     |     return x" in section(text, "completion 0")


@pytest.mark.timeout(10)
def test_a_text_that_keeps_a_lexer_busy_for_minutes_is_shown_whole_and_soon(tmp_path: Path) -> None:
    text = "    return " + "\n" * 19_000 + "    value;\n"
    made = written_run(tmp_path / "run", {"generation-cpp": {"CPP/0": [text]}})
    assert section(printed(made, "0", "0"), "completion 0") == block(text)


def test_an_empty_completion_is_said_to_be_empty(tmp_path: Path) -> None:
    made = written_run(tmp_path / "run", {TASK[0]: {TASK[1]: [""]}})
    assert section(printed(made, "0", "0"), "completion 0") == ["(empty)"]


def test_only_prints_byte_for_byte(hostile: RunFolder) -> None:
    def only(what: str) -> bytes:
        done = show(hostile, "0", "0", "--only", what)
        assert (done.exit_code, done.stderr) == (0, "")
        return done.stdout_bytes

    assert only("program") == program_source(hostile, 0).encode("utf-8", "surrogatepass")
    assert only("completion") == HOSTILE.encode("utf-8", "surrogatepass")
    assert only("output") == HOSTILE.encode("utf-8", "surrogatepass")
    assert only("prompt") == smoke_problem("Python/0").prompt.encode()
    assert show(hostile, "0", "--only", "prompt").stdout_bytes == only("prompt")


def test_a_program_can_be_piped_into_a_file(run: RunFolder) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "humaneval_x", "show", run.path, "0", "1", "--only", "program", "--color", "always"],
        capture_output=True,
        check=True,
        timeout=120,
    )
    assert done.stdout == program_source(run, 1).encode()


def test_the_output_of_a_sample_that_is_not_judged_is_incomplete_not_empty(run: RunFolder) -> None:
    refused = show(run, "0", "4", "--only", "output")
    assert isinstance(refused.exception, IncompleteError)
    assert show(run, "0", "0", "--only", "output").stdout == ""


def on_a_terminal(*arguments: str | Path, **environment: str) -> bytes:
    """What the command writes to a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "humaneval_x", "show", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        env={**{name: value for name, value in os.environ.items() if name != "NO_COLOR"}, **environment},
    )
    os.close(theirs)
    written = b""
    try:
        while part := os.read(ours, 1 << 16):
            written += part
    except OSError:
        pass  # how Linux says that nobody holds the other end any more
    finally:
        os.close(ours)
    assert process.wait(timeout=120) == 0
    return written


def test_a_terminal_gets_colours_unless_they_are_unwanted(run: RunFolder) -> None:
    assert b"\x1b[34m" in on_a_terminal(run.path, "0", "1")
    for plainly in (
        on_a_terminal(run.path, "0", "1", NO_COLOR="1"),
        on_a_terminal(run.path, "0", "1", "--color", "never"),
    ):
        assert b"return" in plainly
        assert b"\x1b" not in plainly


def test_a_pipe_gets_colours_only_if_they_are_wanted(run: RunFolder) -> None:
    assert "\x1b" not in printed(run, "0", "1")
    assert "\x1b[" in printed(run, "0", "1", "--color", "always")
    assert "\x1b[" in show(run, "0", "1", "--color", "always", environment={"NO_COLOR": "1"}).stdout


def test_colours_change_nothing_else(run: RunFolder) -> None:
    for arguments in (["0"], ["0", "0", "--diff", "--canonical"]):
        coloured = printed(run, *arguments, "--color", "always")
        assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == printed(run, *arguments)


def test_a_terminal_that_knows_few_characters_gets_the_others_spelled(tmp_path: Path) -> None:
    made = written_run(tmp_path / "run", {TASK[0]: {TASK[1]: ["    return '\u4e2d'\n"]}})
    done = subprocess.run(
        [sys.executable, "-m", "humaneval_x", "show", made.path, "0", "0"],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=True,
        timeout=120,
    )
    assert b"return '\\u4e2d'" in done.stdout


def test_every_language_s_programs_are_highlighted(tmp_path: Path) -> None:
    prefixes = {"python": "Python", "cpp": "CPP", "java": "Java", "js": "JavaScript", "go": "Go"}
    assert set(language_names()) == set(prefixes) == set(LEXERS)
    tasks = {
        f"generation-{name}": {f"{prefix}/0": [smoke_problem(f"{prefix}/0").canonical_solution]}
        for name, prefix in prefixes.items()
    }
    made = written_run(tmp_path / "run", tasks)
    for name in prefixes:
        coloured = printed(made, f"{name}/0", "0", "--color", "always")
        assert re.search(r"\x1b\[34m(return|func|public|const)\x1b\[0m", coloured), name


def test_packed_journals_are_shown_like_plain_ones(run: RunFolder) -> None:
    before = printed(run, "0"), printed(run, "0", "1")
    for path in (run.samples_path(TASK[0]), run.verdicts_path(TASK[0])):
        path.with_name(path.name + ".gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()
    assert (printed(run, "0"), printed(run, "0", "1")) == before


def test_columns_of_wide_characters_stand_under_each_other() -> None:
    assert padded([["中", "1"], ["abc", "22"]]) == [["中 ", " 1"], ["abc", "22"]]
    assert padded([["a", "b", "c"], ["aa", "bb", "cc"]], left=(1,))[0] == [" a", "b ", " c"]


def test_help_does_without_pygments() -> None:
    script = "import sys\nfrom humaneval_x.cli import group\ngroup.main(['show', '-h'], standalone_mode=False)\n"
    done = subprocess.run(
        [sys.executable, "-c", f"{script}assert 'pygments' not in sys.modules and 'pandas' not in sys.modules"],
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
