"""Where things lie around the tests."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def published_folder() -> Path:
    """The published data set's folder, whether or not it is there."""
    return Path(os.environ.get("HUMANEVAL_X_PUBLISHED", ROOT.parent / "shared" / "humaneval-x"))
