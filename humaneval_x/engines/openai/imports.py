"""Java's imports, which stand before a class: of those that a start lacks, the names are written out in full. Pure."""

from __future__ import annotations

import re

from humaneval_x.languages import Language
from humaneval_x.truncation.masks import mask

__all__ = ["with_full_names"]

_IMPORT = re.compile(r"^[ \t]*import[ \t]+(?P<package>[a-z][\w.]*)\.(?P<name>[A-Z]\w*|\*)[ \t]*;", re.MULTILINE)
_TYPE = re.compile(r"\b(?:class|interface|enum|record)\s+(\w+)")

# What an import of a whole package is mostly for.
_PACKAGES = {
    "java.util.stream": "Collector Collectors DoubleStream IntStream LongStream Stream StreamSupport",
    "java.util.function": "BiFunction BinaryOperator BiPredicate Consumer Function IntBinaryOperator IntFunction "
    "IntPredicate IntUnaryOperator Predicate Supplier ToDoubleFunction ToIntFunction UnaryOperator",
    "java.util.regex": "MatchResult Matcher Pattern PatternSyntaxException",
    "java.math": "BigDecimal BigInteger MathContext RoundingMode",
    "java.security": "MessageDigest NoSuchAlgorithmException",
    "java.nio.charset": "Charset StandardCharsets",
    "java.text": "DecimalFormat ParseException SimpleDateFormat",
}


def with_full_names(before: str, rest: str, start: str, language: Language) -> tuple[str, str]:
    """Both texts with the types that `before` imports and `start` does not by their full names.

    They are as they were in any other language.
    """
    if language.truncation != "java":
        return before, rest
    own = set(_TYPE.findall(mask(before + rest, "java")))
    there = set(_IMPORT.findall(mask(start, "java")))
    full: dict[str, str] = {}
    for package, name in _IMPORT.findall(mask(before, "java")):
        names = _PACKAGES.get(package, "").split() if name == "*" else [name]
        if not {(package, name), (package, "*")} & there:
            full.update({name: f"{package}.{name}" for name in names if name not in own})
    if not full:
        return before, rest
    return _written_out(_IMPORT.sub("", before), full), _written_out(rest, full)


def _written_out(text: str, full: dict[str, str]) -> str:
    pattern = re.compile(rf"(?<![\w.$])(?:{'|'.join(map(re.escape, full))})(?![\w$])")
    pieces, end = [], 0
    for found in pattern.finditer(mask(text, "java")):
        pieces += [text[end : found.start()], full[found.group()]]
        end = found.end()
    return "".join(pieces) + text[end:]
