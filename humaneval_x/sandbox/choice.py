"""Which sandbox judges: the one asked for, or the best that this host has."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from humaneval_x.errors import SandboxError, UsageError
from humaneval_x.sandbox import Backend, Finding
from humaneval_x.sandbox.docker import DockerBackend
from humaneval_x.sandbox.local import LocalBackend

__all__ = ["BACKENDS", "backend_named", "open_backend"]

BACKENDS: dict[str, Callable[[], Backend]] = {"docker": DockerBackend, "local": LocalBackend}
"""The backends in the order in which `auto` tries them."""


def backend_named(kind: str) -> Backend:
    """The backend of that name. Raises UsageError if there is none."""
    if kind not in BACKENDS:
        raise UsageError(f"no sandbox {kind!r}: the sandboxes are auto, {', '.join(BACKENDS)}")
    return BACKENDS[kind]()


def open_backend(kind: str, languages: Sequence[str], *, say: Callable[[str], None] = lambda _: None) -> Backend:
    """A backend that has all it needs for those languages; `say` is told which, and why none better.

    `kind` is `docker`, `local`, or `auto`: the first of these that is ready. Raises SandboxError with what is missing
    and how to get it.
    """
    tried: list[str] = []
    for name in BACKENDS if kind == "auto" else [kind]:
        backend = backend_named(name)
        missing = [finding for finding in backend.check(languages) if not finding.ok]
        if not missing:
            if kind == "auto":
                for reason in tried:
                    say(reason)
                say(f"judging in the {name} sandbox")
            return backend
        tried.append(f"the {name} sandbox is not ready: " + "; ".join(map(_told, missing)))
    raise SandboxError("\n".join(tried))


def _told(finding: Finding) -> str:
    if not finding.remedy or finding.remedy in finding.detail:
        return finding.detail
    return f"{finding.detail} (remedy: {finding.remedy})"
