"""Where the folders that the package carries lie: in a source checkout at its top, in an installed wheel beside it."""

from __future__ import annotations

from pathlib import Path

__all__ = ["resource_folder"]


def resource_folder(name: str) -> Path:
    """The folder `benchmark_data`, `sandboxes` or `reports`.

    Raises FileNotFoundError if this installation lacks it, which is a packaging defect.
    """
    package = Path(__file__).resolve().parent
    for root in (package / "_resources", package.parent):
        if (root / name).is_dir():
            return root / name
    raise FileNotFoundError(f"{name}/ lies neither in {package / '_resources'} nor in {package.parent}: reinstall")
