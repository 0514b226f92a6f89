"""The interface's words in other languages, from `reports/templates/words.<language>.toml`.

English is what the code says, and the key. A key with `{name}` is a pattern: what stands there is taken over as it is;
`{*name}` is a list of phrases (after semicolons or commas), each of which is a key of its own.
"""

from __future__ import annotations

import re
import sys
from functools import cache

from humaneval_x.languages import language_names, read_language
from humaneval_x.resources import resource_folder

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["Words"]

_PLACE = re.compile(r"\{(\*?)(\w+)\}")


class Words:
    """Translates what one page says; `used` has it all, English to other, `missing` what has no translation."""

    def __init__(self, language: str = "zh") -> None:
        self._exact, self._patterns = _read_words(language)
        self.used: dict[str, str] = {}
        self.missing: dict[str, None] = {}

    def say(self, text: str) -> str:
        """The text itself; a page that shows it has its translation in `used`."""
        if text not in self.used and text not in self.missing and not _needs_none(text):
            found = self.translate(text)
            if found is None:
                self.missing[text] = None
            else:
                self.used[text] = found
        return text

    def translate(self, text: str) -> str | None:
        """The text in the other language; None if it is in no key."""
        found = self._exact.get(text)
        if found is not None:
            return found
        for pattern, lists, other in self._patterns:
            match = pattern.fullmatch(text)
            if match:
                parts = {
                    name: self._phrases(part) if name in lists else part for name, part in match.groupdict().items()
                }
                if None not in parts.values():
                    return _PLACE.sub(lambda place, parts=parts: str(parts[place[2]]), other)  # type: ignore[misc]
        return None

    def _phrases(self, text: str) -> str | None:
        """A list of phrases; one that holds the separator itself is tried together with what follows."""
        for separator, other in (("; ", "\N{FULLWIDTH SEMICOLON}"), (", ", "\N{IDEOGRAPHIC COMMA}")):
            parts, found, start = text.split(separator), [], 0
            for end in range(1, len(parts) + 1):
                phrase = separator.join(parts[start:end])
                said = phrase if _needs_none(phrase) else self.translate(phrase)
                if said is not None:
                    found.append(said)
                    start = end
            if start == len(parts):
                return other.join(found)
        return None


def _needs_none(text: str) -> bool:
    """Figures, and names of programming languages, are the same everywhere."""
    return not any(map(str.isalpha, text)) or set(text.split(" → ")) <= _language_titles()


@cache
def _language_titles() -> frozenset[str]:
    return frozenset(read_language(name).title for name in language_names())


@cache
def _read_words(language: str) -> tuple[dict[str, str], list[tuple[re.Pattern[str], frozenset[str], str]]]:
    path = resource_folder("reports") / "templates" / f"words.{language}.toml"
    table: dict[str, str] = tomllib.loads(path.read_text(encoding="utf-8"))["words"]
    exact = {key: other for key, other in table.items() if not _PLACE.search(key)}
    patterns = [
        (_pattern(key), frozenset(name for starred, name in _PLACE.findall(key) if starred), other)
        for key, other in table.items()
        if _PLACE.search(key)
    ]
    # The key that says most of a text itself is the one that is meant.
    return exact, sorted(patterns, key=lambda entry: -len(_PLACE.sub("", entry[0].pattern)))


def _pattern(key: str) -> re.Pattern[str]:
    """What the key says, with anything in its places."""
    parts, end = [], 0
    for place in _PLACE.finditer(key):
        parts += [re.escape(key[end : place.start()]), f"(?P<{place[2]}>.+?)"]
        end = place.end()
    return re.compile("".join(parts) + re.escape(key[end:]), re.DOTALL)
