"""How a comparison of two runs is written: for a terminal, as Markdown, as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from humaneval_x.comparison import Comparison, Difference
from humaneval_x.contrasts import Contrast
from humaneval_x.estimates import ALL
from humaneval_x.power import POWER
from humaneval_x.reporting.wording import DASH, group_title, percent
from humaneval_x.summaries import RunSummary
from humaneval_x.text import markdown as escaped
from humaneval_x.text import padded, plain

__all__ = ["comparison_to_json", "render_comparison", "sentences"]


def comparison_to_json(result: Comparison) -> dict[str, Any]:
    """Every figure by name: shares from 0 to 1, `one` is A and `other` B, problems as in `Contrast`."""
    return {
        "format": "humaneval-x comparison",
        "version": 1,
        "incomparable": list(result.incomparable),
        "one": {"run_id": result.one.run_id, "model": result.one.model},
        "other": {"run_id": result.other.run_id, "model": result.other.model},
        "semantics": result.semantics,
        "alpha": result.alpha,
        "meaning": sentences(result),
        "differences": [asdict(each) for each in result.differences],
        "tallies": [asdict(each) for each in result.tallies],
        "problems": [{**asdict(each), "value": each.value} for each in result.contrasts],
        "notes": list(result.notes),
    }


def sentences(result: Comparison) -> list[str]:
    """What the result means: for each k the overall figure (or the only group's), and where else B differs credibly."""
    head = result.differences[-1].group
    found = [_sentence(each, result) for each in result.differences if each.group == head]
    others = [
        f"{group_title(each.group)} pass@{each.k} {_points(each.value)}"
        for each in result.differences
        if each.group != head and each.adjusted_p <= result.alpha
    ]
    if others:
        found.append(f"Credible by themselves: {', '.join(others)}.")
    elif head == ALL:
        found.append("In no language or pair by itself is there a credible difference.")
    return found


def _sentence(each: Difference, result: Comparison) -> str:
    where = f"{group_title(each.group)}, pass@{each.k}"
    figures = f"{_points(each.value)} points [{_points(each.low)}, {_points(each.high)}], p = {_chance(each.p)}"
    if len(result.differences) > 1:
        figures += f" ({_chance(each.adjusted_p)} adjusted for {len(result.differences)} questions)"
    if each.adjusted_p <= result.alpha:
        return f"{where}: B is {'better' if each.value > 0 else 'worse'}, {figures}."
    could = ""
    if each.detectable is not None:
        could = f"; this comparison could tell differences of about {percent(each.detectable)} points"
    return f"{where}: no credible difference, {figures}{could}."


def render_comparison(result: Comparison, problems: int = 10, *, markdown: bool = False) -> str:
    """The result as text, with at most `problems` problems that were won and as many that were lost."""
    blocks = _blocks(result, problems)
    return "\n\n".join(_in_markdown(block) if markdown else _on_terminal(block) for block in blocks)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """Lines of text, or under a `title` a table, whose first row is its head; columns in `left` hold words."""

    lines: Sequence[str] = ()
    title: str = ""
    rows: Sequence[Sequence[str]] = ()
    left: frozenset[int] = frozenset({0})


def _blocks(result: Comparison, problems: int) -> Iterator[_Block]:
    if result.incomparable:
        yield _Block(lines=[f"NOT COMPARABLE, shown anyway: the runs differ in {'; '.join(result.incomparable)}"])
    yield _Block(lines=[f"{name}: {_named(run)}" for name, run in (("A", result.one), ("B", result.other))])
    yield _Block(lines=sentences(result))
    yield _Block(title="Differences of pass@k, B - A", rows=list(_difference_rows(result)))
    yield _Block(
        lines=[
            f"{result.semantics.capitalize()} verdicts; per cent and points, [95 % interval]. p: how often chance "
            "alone shows as large a difference; adjusted: in any of the rows. * credible: adjusted p at most "
            f"{result.alpha:g}. tells: a true difference of so many points is found with probability {POWER:g}."
        ]
    )
    yield _Block(title="Problems that B won and lost", rows=list(_tally_rows(result)))
    yield _Block(
        lines=["Won: a higher pass rate. Credibly: by Fisher's exact test of its samples, adjusted for all problems."]
    )
    won = [each for each in result.contrasts if each.value > 0][:problems]
    lost = [each for each in reversed(result.contrasts) if each.value < 0][:problems]
    for title, chosen in (("Won most clearly", won), ("Lost most clearly", lost)):
        if chosen:
            yield _Block(title=title, rows=list(_contrast_rows(chosen, result.alpha)), left=frozenset({0, 1}))
    if result.notes:
        yield _Block(lines=[f"Note: {note}" for note in result.notes])


def _difference_rows(result: Comparison) -> Iterator[tuple[str, ...]]:
    yield "", "k", "problems", "A", "B", "B - A", "95 % interval", "p", "adjusted p", "tells", ""
    for each in result.differences:
        yield (
            group_title(each.group),
            f"{each.k}",
            f"{each.problems}",
            percent(each.one),
            percent(each.other),
            _points(each.value),
            f"[{_points(each.low)}, {_points(each.high)}]",
            _chance(each.p),
            _chance(each.adjusted_p),
            DASH if each.detectable is None else percent(each.detectable),
            "*" if each.adjusted_p <= result.alpha else "",
        )


def _tally_rows(result: Comparison) -> Iterator[tuple[str, ...]]:
    yield "", "won", "credibly", "lost", "credibly", "tied", "solved by A only", "solved by B only"
    for each in result.tallies:
        figures = (
            each.won,
            each.won_credibly,
            each.lost,
            each.lost_credibly,
            each.tied,
            each.solved_by_one_only,
            each.solved_by_other_only,
        )
        yield group_title(each.group), *map(str, figures)


def _contrast_rows(chosen: Sequence[Contrast], alpha: float) -> Iterator[tuple[str, ...]]:
    yield "", "problem", "A passed", "B passed", "B - A", "p", "adjusted p", ""
    for each in chosen:
        yield (
            group_title(each.group),
            each.task_id,
            f"{each.one_c}/{each.one_n}",
            f"{each.other_c}/{each.other_n}",
            _points(each.value),
            _chance(each.p),
            _chance(each.adjusted_p),
            "*" if each.adjusted_p <= alpha else "",
        )


def _named(run: RunSummary) -> str:
    temperature = run.sampling.get("temperature")
    return (
        f"{run.run_id} ({run.model} on {run.data_version}, {run.task}, temperature "
        f"{'not stated' if temperature is None else temperature}, {run.truncation} truncation)"
    )


def _points(share: float) -> str:
    """A difference in points, with its sign; -0.0 is no sign."""
    text = f"{100 * share:+.1f}"
    return "0.0" if float(text) == 0 else text


def _chance(p: float) -> str:
    """A probability with three decimals, four below one in a hundred, and never 0."""
    return "<0.0001" if p < 0.00005 else f"{p:.4f}" if p < 0.01 else f"{p:.3f}"


def _on_terminal(block: _Block) -> str:
    lines = [plain(line, 400) for line in block.lines]
    if block.rows:
        cells = [[plain(cell) for cell in row] for row in block.rows]
        lines += [block.title, "", *("  ".join(row).rstrip() for row in padded(cells, block.left))]
    return "\n".join(lines)


def _in_markdown(block: _Block) -> str:
    if not block.rows:
        lines = [escaped(plain(line, 400)) for line in block.lines]
        return lines[0] if len(lines) == 1 else "\n".join(f"- {line}" for line in lines)
    head, *rows = [[escaped(plain(cell)) for cell in row] for row in block.rows]
    rule = ["---" if column in block.left else "---:" for column in range(len(head))]
    return "\n".join([f"### {block.title}", "", *("| " + " | ".join(row) + " |" for row in (head, rule, *rows))])
