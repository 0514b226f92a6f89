"""The sample browser: seconds to write it, to open it and to choose in it, beside an empty page of the same server.

python benchmarks/browsing.py [--samples 164000] [--keep FOLDER]

Makes a run of that many samples over the smoke problems in five languages, half of them distinct, writes its browser
and for comparison that of a tenth of the samples: memory that is constant is the same for both. Then Chromium opens the
page; "opened" is when the list stands there with the first rows, "filtered" when a status is chosen, "shown" when the
texts of a sample that was far down are there. Needs Chromium (Debian package chromium) and Playwright.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from humaneval_x.datasets import data_hashes, read_problems
from humaneval_x.languages import language_names
from humaneval_x.programs import assemble
from humaneval_x.records import Completion, Verdict
from humaneval_x.rundir import RunFolder, row_of
from humaneval_x.serving import open_server
from humaneval_x.verdicts import STATUSES

EMPTY = "<!DOCTYPE html><html lang=en><title>Empty</title><h1>Empty</h1></html>\n"
READING = """
import sys
from pathlib import Path
from humaneval_x.rundir import RunFolder
folder = RunFolder(Path(sys.argv[1]))
for task in folder.tasks():
    for row in folder.verdicts(task): pass
    for row in folder.samples(task): pass
"""
WRITING = """
import sys
from pathlib import Path
from humaneval_x.reporting.browser import write_browser
write_browser([Path(sys.argv[1])], Path(sys.argv[2]))
"""


def main() -> None:
    """Print how long writing takes, then how long the page does."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=164_000)
    parser.add_argument("--keep", type=Path, help="make the run and its browser here, and leave them")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.keep or Path(temporary)
        print("samples  reading s  writing s  ratio  peak MB  written MB  table MB")
        for count in (arguments.samples // 10, arguments.samples):
            out = _write(folder / str(count), count)
        _open(out)


def _write(folder: Path, count: int) -> Path:
    run, out = folder / "run", folder / "report"
    if not run.exists():
        _make_run(run, count)
    reading, _ = _timed([sys.executable, "-c", READING, str(run)])
    writing, peak_mb = _timed([sys.executable, "-c", WRITING, str(run), str(out)])
    written = sum(path.stat().st_size for path in out.rglob("*.gz")) / 1e6
    table = sum(path.stat().st_size for path in out.rglob("rows.json.gz")) / 1e6
    ratio = writing / reading
    print(
        f"{count:7d}  {reading:9.1f}  {writing:9.1f}  {ratio:5.1f}  {peak_mb:7.0f}  {written:10.1f}  {table:8.2f}",
        flush=True,
    )
    return out


def _make_run(path: Path, count: int) -> None:
    chance = random.Random(1)
    problems = {
        name: [problem for problem in read_problems("smoke", language_names()) if problem.language == name]
        for name in language_names()
    }
    each = max(1, count // sum(map(len, problems.values())))
    folder = RunFolder(path)
    folder.begin(
        {
            "engine": {"name": "replay", "model": "some-model"},
            "data": {"version": "smoke", "sha256": data_hashes("smoke", language_names())},
            "sampling": {"samples": each},
            "tasks": {f"generation-{name}": [problem.task_id for problem in found] for name, found in problems.items()},
        }
    )
    folder.begin_evaluation({"sandbox": {"name": "docker"}, "truncation": "strict"})
    for name, found in problems.items():
        task = f"generation-{name}"
        with folder.open_samples(task) as samples, folder.open_verdicts(task) as verdicts:
            # As a batch draws them: in turn.
            for number in range(each):
                for problem in found:
                    text = _text(problem.canonical_solution, number, chance)
                    sample = Completion(
                        task_id=problem.task_id,
                        completion_id=number,
                        text=text,
                        finish="stop",
                        tokens=len(text) // 4,
                        seed=chance.getrandbits(60),
                    )
                    program = assemble(problem, sample, task=task, truncation="strict")
                    samples.append(row_of(sample))
                    verdicts.append(row_of(_verdict(sample, program.sha256, chance)))


def _text(solution: str, number: int, chance: random.Random) -> str:
    lines = solution.rstrip("\n").split("\n")
    if number % 2:
        lines.insert(
            chance.randrange(len(lines)), f"    x{chance.randrange(10**6)} = {number}; " * chance.randrange(1, 9)
        )
    return "\n".join(lines) + "\n\n" + "x = 1\n" * chance.randrange(40)


def _verdict(sample: Completion, sha256: str, chance: random.Random) -> Verdict:
    passed = chance.random() < 0.3
    return Verdict(
        task_id=sample.task_id,
        completion_id=sample.completion_id,
        sha256=sha256,
        status="passed" if passed else chance.choice(STATUSES[1:]),
        reference_passed=passed or chance.random() < 0.03,
        flags=("shared",) if chance.random() < 0.2 else (),
        cpu_s=chance.random(),
        wall_s=2 * chance.random(),
        peak_mb=30 * chance.random(),
        detail="" if passed else f"Traceback: line {chance.randrange(99)}\n" * chance.randrange(1, 20),
    )


def _timed(command: list[str]) -> tuple[float, float]:
    """Seconds that the command took, and its peak memory in MB."""
    watched = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", watched, *command], check=True, capture_output=True, text=True)
    return time.perf_counter() - start, int(done.stdout.split()[-1]) / 1024


def _open(out: Path) -> None:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415  (needed for this alone)

    (out / "empty.html").write_text(EMPTY, encoding="utf-8")
    with open_server(out) as server, sync_playwright() as playwright:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--headless", "--no-sandbox"])
        print("\nround  empty page s  opened s  ratio  filtered s  shown s")
        for number in range(5):
            page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
            empty = _seconds(lambda page=page: page.goto(server.url.replace("samples.html", "empty.html")))
            opened = _seconds(lambda page=page: (page.goto(server.url), page.wait_for_selector("html[data-ready]")))
            filtered = _seconds(
                lambda page=page: (
                    page.click("#statuses button >> nth=1"),
                    page.wait_for_selector("#statuses [aria-pressed=true]"),
                )
            )
            page.focus("#list")
            shown = _seconds(lambda page=page: (page.keyboard.press("End"), page.wait_for_selector("#view .line")))
            print(f"{number:5d}  {empty:12.2f}  {opened:8.2f}  {opened / empty:5.1f}  {filtered:10.2f}  {shown:7.2f}")
            page.context.close()
        browser.close()
        server.shutdown()


def _seconds(action: object) -> float:
    start = time.perf_counter()
    action()  # type: ignore[operator]
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
