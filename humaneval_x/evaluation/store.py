"""The store of verdicts: a program that an earlier run judged under the same conditions is not run again.

One SQLite file in the user's cache folder serves all runs and all harness processes of a user. It only saves time: a
store that is damaged, locked, full, unwritable or of another version is said once and done without.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from humaneval_x.errors import StorageError
from humaneval_x.languages import Language
from humaneval_x.records import Limits, Program, Verdict
from humaneval_x.resources import resource_folder

__all__ = ["MAX_BYTES", "Section", "Store", "StoreFigures", "clear_store", "is_lasting", "store_figures", "store_path"]

MAX_BYTES = 512 << 20
"""How large the file may grow; beyond it the oldest verdicts go."""

_SCHEMA = 1
_TABLE = """
CREATE TABLE verdicts (
    number INTEGER PRIMARY KEY,
    key BLOB NOT NULL UNIQUE,
    verdict TEXT NOT NULL,
    checksum BLOB NOT NULL
)
"""
# How long another process may hold the file. Each transaction here takes milliseconds.
_PATIENCE_S = 5.0
_RETRY_S = 0.02
_TRIM_EVERY = 1000
_TRIMMED_SHARE = 10

# What a program shows that ended by itself. Every limit is left out. Whether the wall limit is hit depends on what else
# the host does. So does CPU time, less strongly: caches and cores that others share make the same work cost up to twice
# as much. Memory and processes depend on when a garbage collector or a thread gets to run, and on how often they are
# polled. A looping program therefore runs again in each run, and once in each, not once for each sample.
_LASTING = frozenset({"passed", "wrong_answer", "compile_error", "runtime_error", "exited_early"})
# What came closer to its limit than this might have met it at another hour.
_ROOM = 0.5
# Words of a compiler or a runtime that the host has refused something: the failure may be the host's.
_REFUSED = re.compile(
    r"killed|out ?of ?memory|cannot allocate|temporarily unavailable|no space left|too many open files"
    r"|unable to create.*thread",
    re.IGNORECASE,
)

Say = Callable[[str], None]


class Store:
    """The verdicts of earlier runs. Only one thread at a time may use it; processes may at will.

    `sandbox` is what the backend says of itself, `data` gives for each language its data files with their SHA-256.
    `say` is told once if the store cannot be used. Never raises for the file's sake.
    """

    def __init__(
        self,
        path: Path,
        *,
        sandbox: Mapping[str, Any],
        data: Mapping[str, Mapping[str, str]],
        say: Say,
        max_bytes: int = MAX_BYTES,
        patience_s: float = _PATIENCE_S,
    ) -> None:
        self.path = path
        self._sandbox = sandbox
        self._data = data
        self._say = say
        self._max_bytes = max_bytes
        self._kept = 0
        self._connection: sqlite3.Connection | None = None
        with self._doing_without():
            self._connection = _open(path, patience_s)
            self._trim(self._connection)

    def section(self, language: Language, limits: Limits, *, fast: bool = True) -> Section:
        """The verdicts on programs of that language under these limits, and under all else that holds here.

        Verdicts that may be the fast way's are apart from those that are not: who judges without it wants to compare.
        """
        conditions = _conditions(language, limits, fast, self._sandbox, self._data)
        return Section(self, conditions, language, limits)

    def find(self, key: bytes) -> str | None:
        """What is kept under that key, if anything."""
        with self._doing_without():
            if self._connection is None:
                return None
            row = self._connection.execute("SELECT verdict, checksum FROM verdicts WHERE key = ?", (key,)).fetchone()
            if row is None:
                return None
            text, checksum = row
            if not isinstance(text, str) or checksum != _checksum(key, text):
                raise sqlite3.DatabaseError("a verdict in it was changed")
            return text
        return None

    def keep(self, key: bytes, text: str) -> None:
        """Keep that under the key, unless something is kept under it."""
        with self._doing_without():
            if self._connection is None:
                return
            self._connection.execute(
                "INSERT INTO verdicts (key, verdict, checksum) VALUES (?, ?, ?) ON CONFLICT (key) DO NOTHING",
                (key, text, _checksum(key, text)),
            )
            self._kept += 1
            if self._kept % _TRIM_EVERY == 0:
                self._trim(self._connection)

    def close(self) -> None:
        """Let go of the file."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):
                connection.close()

    def _trim(self, connection: sqlite3.Connection) -> None:
        while _bytes_used(connection) > self._max_bytes:
            oldest, newest = connection.execute("SELECT min(number), max(number) FROM verdicts").fetchone()
            if oldest is None:
                return
            share = (newest - oldest) // _TRIMMED_SHARE + 1
            connection.execute("DELETE FROM verdicts WHERE number < ?", (oldest + share,))

    @contextlib.contextmanager
    def _doing_without(self) -> Iterator[None]:
        """Give the store up, and say so, if the block meets a fault of the file."""
        try:
            yield
        except (sqlite3.Error, OSError, ValueError) as error:
            self.close()
            self._say(
                f"the verdicts of earlier runs are not used, every program runs: {self.path}: {error} "
                "(`humaneval-x sandbox cache --clear` starts anew, --no-cache goes without)"
            )

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Section:
    """A store's verdicts on programs of one language under one set of conditions."""

    def __init__(self, store: Store, conditions: bytes, language: Language, limits: Limits) -> None:
        self._store = store
        self._conditions = conditions
        self._language = language
        self._limits = limits

    def find(self, program: Program) -> Verdict | None:
        """The verdict that this program got before, as this sample's."""
        text = self._store.find(self._key(program.task_id, program.sha256))
        if text is None:
            return None
        row = json.loads(text)
        return Verdict(
            task_id=program.task_id,
            completion_id=program.completion_id,
            sha256=program.sha256,
            **{**row, "flags": tuple(row["flags"])},
        )

    def keep(self, verdict: Verdict) -> None:
        """Keep the verdict for later runs, if it would be the same then."""
        if is_lasting(verdict, self._language, self._limits):
            row = asdict(verdict)
            for name in ("task_id", "completion_id", "sha256"):
                del row[name]
            self._store.keep(self._key(verdict.task_id, verdict.sha256), json.dumps(row))

    def _key(self, task_id: str, sha256: str) -> bytes:
        return hashlib.sha256(self._conditions + f"{task_id} {sha256}".encode()).digest()


def is_lasting(verdict: Verdict, language: Language, limits: Limits) -> bool:
    """Whether the program alone decided the verdict, not what else the host was doing."""
    compiling = language.compile is not None and verdict.status == "compile_error"
    cpu_s = limits.compile_cpu_s if compiling else limits.run_cpu_s
    return (
        verdict.status in _LASTING
        and verdict.cpu_s <= _ROOM * cpu_s
        and verdict.wall_s <= _ROOM * limits.wall_s
        and not _REFUSED.search(verdict.detail)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreFigures:
    """What a store holds: that many verdicts, in files of that many bytes."""

    verdicts: int
    bytes: int


def store_path() -> Path:
    """Where the store lies: in `HUMANEVAL_X_CACHE`, else in the user's cache folder."""
    if from_environment := os.environ.get("HUMANEVAL_X_CACHE"):
        return Path(from_environment) / "verdicts.sqlite3"
    import platformdirs  # noqa: PLC0415  (only wanted here, and `--help` must be quick)

    return platformdirs.user_cache_path("humaneval-x") / "verdicts.sqlite3"


def store_figures(path: Path) -> StoreFigures:
    """What the store holds. Raises StorageError if it cannot be read."""
    if not path.exists():
        return StoreFigures(verdicts=0, bytes=0)
    try:
        with contextlib.closing(_open(path, _PATIENCE_S)) as connection:
            (verdicts,) = connection.execute("SELECT count(*) FROM verdicts").fetchone()
            return StoreFigures(verdicts=verdicts, bytes=sum(file.stat().st_size for file in _files(path)))
    except (sqlite3.Error, OSError) as error:
        raise StorageError(f"{path}: {error}: `humaneval-x sandbox cache --clear` starts anew") from error


def clear_store(path: Path) -> None:
    """Forget every verdict; a file that is no store of this version goes as a whole. Raises StorageError."""
    if not path.exists():
        return
    try:
        try:
            # In place where that works: other processes may have the file open.
            with contextlib.closing(_open(path, _PATIENCE_S)) as connection:
                connection.execute("DELETE FROM verdicts")
                connection.execute("VACUUM")
        except sqlite3.DatabaseError as error:
            if _is_busy(error):
                raise
            for file in _files(path):
                file.unlink()
    except (sqlite3.Error, OSError) as error:
        raise StorageError(f"{path}: cannot be cleared: {error}") from error


def _files(path: Path) -> list[Path]:
    """The store's file and those that SQLite keeps beside it."""
    beside = (path.with_name(path.name + suffix) for suffix in ("", "-wal", "-shm"))
    return [file for file in beside if file.exists()]


def _open(path: Path, patience_s: float) -> sqlite3.Connection:
    """The store, made if it is not there. Raises sqlite3.Error or OSError if it cannot be used."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=patience_s, isolation_level=None, check_same_thread=False)
    try:
        deadline = time.monotonic() + patience_s
        while True:
            try:
                _prepare(connection)
                return connection
            except sqlite3.OperationalError as error:
                # Two that make a new store at once: SQLite answers this at once, however patient the connection is.
                if not _is_busy(error) or time.monotonic() > deadline:
                    raise
                time.sleep(_RETRY_S)
    except BaseException:
        connection.close()
        raise


def _prepare(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if version == 0 and tables == 0:
            connection.execute(_TABLE)
            connection.execute(f"PRAGMA user_version = {_SCHEMA}")
        elif version != _SCHEMA:
            raise sqlite3.DatabaseError(f"it has format {version}, this harness knows {_SCHEMA}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")


def _is_busy(error: sqlite3.Error) -> bool:
    return isinstance(error, sqlite3.OperationalError) and "locked" in str(error)


def _bytes_used(connection: sqlite3.Connection) -> int:
    pages, free, size = (
        int(connection.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size


def _checksum(key: bytes, text: str) -> bytes:
    return hashlib.sha256(key + text.encode()).digest()[:16]


def _conditions(
    language: Language, limits: Limits, fast: bool, sandbox: Mapping[str, Any], data: Mapping[str, Mapping[str, str]]
) -> bytes:
    """A digest of all that decides what a program of that language does and what the verdict on it is."""
    said = {
        "language": language.name,
        "limits": asdict(limits),
        "fast": fast,
        "sandbox": _identity(sandbox, language.name),
        "data": dict(data.get(language.name, {})),
    }
    digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode())
    for name, content in _rules(language):
        digest.update(f"{name} {len(content)}\n".encode() + content)
    return digest.digest()


# Of what a backend says of itself: the same image or toolchain gives the same verdicts on another kernel or engine.
_INCIDENTAL = ("kernel", "engine")


def _identity(sandbox: Mapping[str, Any], language: str) -> dict[str, Any]:
    """What the backend says of itself, without what other languages have and what does not matter."""
    identity = {name: value for name, value in sandbox.items() if name not in _INCIDENTAL}
    for name in ("images", "toolchains"):
        if name in identity:
            own = identity[name].get(language)
            # An image's id is its content; it may go by several tags.
            identity[name] = own["id"] if isinstance(own, dict) and "id" in own else own
    return identity


_LEFT_OUT = {"cases", "__pycache__"}


def _rules(language: Language) -> Iterator[tuple[str, bytes]]:
    """The files that say what runs and what it means: the language's, the supervisor, and the harness's own part."""
    sandboxes = resource_folder("sandboxes")
    package = Path(__file__).resolve().parents[1]
    files = [
        *(file for file in language.folder.rglob("*") if file.is_file() and not _LEFT_OUT & set(file.parts)),
        *(file for file in sandboxes.iterdir() if file.suffix in (".py", ".h")),
        *(package / "sandbox").glob("*.py"),
        *(package / name for name in ("languages.py", "records.py", "verdicts.py", "evaluation/pool.py")),
    ]
    for file in sorted(files):
        yield file.name, file.read_bytes()
