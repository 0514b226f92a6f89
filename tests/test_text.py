from __future__ import annotations

import pytest

from humaneval_x.text import plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("codegen-350M 中文 é", "codegen-350M 中文 é"),
        ("a\nb\x1b[2J", "a\\u000ab\\u001b[2J"),
        ("\u202eevil\u200b", "\\u202eevil\\u200b"),
        ("\ud800", "\\ud800"),
        ("x" * 200, "x" * 159 + "…"),
    ],
)
def test_foreign_text_stays_on_one_line_with_invisible_characters_spelled_out(text: str, shown: str) -> None:
    assert plain(text) == shown
