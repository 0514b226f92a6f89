"""The sample browser: a page beside the report, and in a folder beside the page the samples that it loads as needed.

```
samples.html                             the page
samples/index.json                       runs, tasks, tables
samples/<table>/rows.json.gz             a table for each run and task: a few bytes for each sample (`tables`)
samples/<table>/<problem>-<part>.json.gz the texts of a problem's samples, in parts of some megabytes (`texts`)
```
Names of files are numbers: nothing that a model or a run's folder is called becomes a path.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from humaneval_x.errors import StorageError, UsageError
from humaneval_x.languages import language_names
from humaneval_x.progress import Progress, SilentProgress
from humaneval_x.reporting.browser.page import page
from humaneval_x.reporting.browser.tables import write_table
from humaneval_x.reporting.links import SAMPLES_PAGE
from humaneval_x.reporting.wording import group_title
from humaneval_x.rundir import USUAL, Judgement, RunFolder
from humaneval_x.summaries import group_of
from humaneval_x.verdicts import STATUSES
from humaneval_x.writing import write_whole

__all__ = ["BROWSER_FORMAT", "check_place", "remove_browser", "write_browser"]

BROWSER_FORMAT = {"format": "humaneval-x samples", "version": 1}
"""What `index.json` begins with; the page refuses another."""


def write_browser(
    runs: Sequence[Path],
    out: Path,
    judgement: Judgement = USUAL,
    *,
    data: Path | None = None,
    report: bool | None = None,
    progress: Progress | None = None,
) -> Path:
    """Write the sample browser of these runs into `out`, in place of one that is there, and return its page.

    `judgement` names the evaluation, `data` is the data folder; `report` says whether there is a report's page to lead
    back to, by itself whether one is there now. What was there before stays until everything is written. Memory does
    not grow with the samples of a problem, and of each sample elsewhere some hundred bytes are held. Raises UsageError
    if a folder is no run, two have one name, or `out` is no place for a browser (`check_place`), IncomparableError if
    the data here are not those that a run was sampled from, DataError if a file is missing or damaged, StorageError if
    `out` cannot be written.
    """
    check_place(out)
    folders = [RunFolder(run) for run in runs]
    names = [folder.name for folder in folders]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"two runs are called {twice}: give one of the folders another name")
    leads_back = (out / "report.html").is_file() if report is None else report
    try:
        with _draft(out) as draft:
            _write_data(folders, draft, judgement, data, progress or SilentProgress(), report=leads_back)
        return _write_page(out)
    except OSError as error:
        raise StorageError(
            f"{error.filename or out}: cannot be written ({error.strerror}): give another --out or free space"
        ) from error


def check_place(out: Path) -> None:
    """Raises UsageError if a browser written into `out` would replace what is none, such as a run's own samples."""
    samples = out / "samples"
    if (out / "run.json").exists() or (os.path.lexists(samples) and not _is_browser(samples)):
        raise UsageError(
            f"{samples} is not a sample browser's, so none is written there: give the report a folder of its own, "
            f"such as {out / 'report'}"
        )


def remove_browser(out: Path) -> None:
    """Take away the sample browser in `out`, if there is one. A folder that only has its name stays.

    Raises StorageError if it cannot be removed.
    """
    try:
        if _is_browser(out / "samples"):
            (out / SAMPLES_PAGE).unlink(missing_ok=True)
            _remove_whole(out / "samples", out)
    except OSError as error:
        raise StorageError(
            f"{error.filename or out}: cannot be removed ({error.strerror}): give another --out"
        ) from error


def _is_browser(folder: Path) -> bool:
    try:
        index = json.loads((folder / "index.json").read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(index, dict) and index.get("format") == BROWSER_FORMAT["format"]


def _write_data(
    folders: Sequence[RunFolder],
    draft: Path,
    judgement: Judgement,
    data: Path | None,
    progress: Progress,
    *,
    report: bool,
) -> None:
    tasks = list(dict.fromkeys(task for folder in folders for task in folder.tasks()))
    problems = sum(len(task_ids) for folder in folders for task_ids in folder.tasks().values())
    progress.begin(total=problems, unit="problem")
    tables: list[dict[str, Any]] = []
    for position, folder in enumerate(folders):
        for task in folder.tasks():
            path = draft / str(len(tables))
            path.mkdir()
            statuses = write_table(folder, task, path, judgement, data=data, progress=progress)
            tables.append({"run": position, "task": tasks.index(task), "statuses": statuses})
    index = {
        **BROWSER_FORMAT,
        "report": report,
        "options": judgement.options,
        "runs": [_described(folder) for folder in folders],
        "tasks": [_task(task) for task in tasks],
        "statuses": list(STATUSES),
        "tables": tables,
    }
    (draft / "index.json").write_text(json.dumps(index, separators=(",", ":")), encoding="ascii")


def _described(folder: RunFolder) -> dict[str, Any]:
    engine = folder.manifest().get("engine")
    named = engine if isinstance(engine, dict) else {}
    return {
        "id": folder.name,
        "path": str(folder.path),
        "model": str(named.get("model") or named.get("name") or ""),
    }


def _task(task: str) -> dict[str, str]:
    source, _, target = group_of(task).rpartition("-to-")
    known = language_names()
    return {
        "name": task,
        "title": group_title(group_of(task)),
        "language": target if target in known else "",
        "source": source if source in known else "",
    }


@contextmanager
def _draft(out: Path) -> Iterator[Path]:
    """A folder that takes the place of `out`/samples when the block has ended well, and goes away when it has not."""
    out.mkdir(parents=True, exist_ok=True)
    for left in out.glob(".samples.*"):
        if not _is_of_the_living(left):
            _remove(left)
    draft = out / f".samples.{os.getpid()}"
    draft.mkdir()
    try:
        yield draft
        if (out / "samples").exists():
            _remove_whole(out / "samples", out)
        draft.rename(out / "samples")
    finally:
        _remove(draft)


def _is_of_the_living(draft: Path) -> bool:
    """Whether the process whose number a draft bears is at work, and is not this one."""
    number = next((part for part in draft.name.split(".") if part.isdecimal()), "0")
    return int(number) != os.getpid() and Path("/proc", number).exists()


def _remove_whole(folder: Path, out: Path) -> None:
    """In one step out of sight, so that no half of a browser is left if this is killed."""
    gone = out / f".samples.{os.getpid()}.old"
    folder.rename(gone)
    _remove(gone)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _write_page(out: Path) -> Path:
    path = out / SAMPLES_PAGE
    write_whole(path, page())
    return path
