"""What makes the scores of two runs incomparable, and what may shift them a little. Pure.

What one run states and the other does not is a difference: nobody knows whether it is the same. What neither states is
a remark, since samples from elsewhere often come without a word on how they were drawn.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from humaneval_x.summaries import RunSummary, groups_of, subset_of

__all__ = ["apart_from_temperature", "departures", "differences", "incomparable_pairs", "remarks"]

# Fields of the sampling that decide scores. The number of samples and the seed only decide how exactly they are known.
_SAMPLING = ("temperature", "top_p", "top_k", "max_tokens", "repetition_penalty")
# What manifests say that were written before a field was.
_SAMPLING_BEFORE = {"repetition_penalty": 1.0}
_WORD = re.compile("[a-z0-9]+")


def differences(one: RunSummary, other: RunSummary, *, ignored: Collection[str] = ()) -> tuple[str, ...]:
    """Why the two runs' scores are not comparable, one phrase each; empty if they are.

    Fields of the sampling that are `ignored` are not looked at.
    """
    found = []
    if one.task != other.task:
        found.append(f"task ({one.task}, {other.task})")
    if one.data_version != other.data_version:
        found.append(f"data version ({one.data_version}, {other.data_version})")
    found += _hash_differences(one, other)
    found += _sampling_differences(one, other, ignored)
    prompts = _prompt_style(one), _prompt_style(other)
    if None not in prompts and prompts[0] != prompts[1]:
        found.append(f"prompt style ({', '.join(str(style.get('style')) for style in prompts if style)})")
    if subset_of(one) != subset_of(other) and not _same_problems(one, other):
        found.append(f"subset of the problems ({_subset_words(one)}; {_subset_words(other)})")
    here, there = _stop_patterns(one), _stop_patterns(other)
    if sorted(here) != sorted(there):
        found.append(f"stop patterns ({', '.join(here) or 'none'}; {', '.join(there) or 'none'})")
    if one.truncation != other.truncation:
        found.append(f"truncation ({one.truncation}, {other.truncation})")
    if one.example_tests != other.example_tests:
        found.append("tests (one run was judged by the example tests)")
    return tuple(found)


def remarks(one: RunSummary, other: RunSummary) -> tuple[str, ...]:
    """What differs between the runs and may shift scores a little, without making them incomparable.

    With it what neither run states, so that nobody knows whether it differs.
    """
    return (*_shifts(one, other), *_unknown(one, other))


def apart_from_temperature(one: RunSummary, other: RunSummary) -> tuple[str, ...]:
    """What differs between the runs but for the temperature, one phrase each.

    Empty if one model was asked for the same samples of the same problems in the same way, and these were judged alike.
    """
    found = []
    for name in ("model", "engine"):
        if getattr(one, name) != getattr(other, name):
            found.append(f"{name} ({getattr(one, name)}, {getattr(other, name)})")
    here, there = (_table(run.run, "engine") for run in (one, other))
    if not found and here != there:
        found.append(f"engine ({', '.join(_changed(here, there))})")
    found += differences(one, other, ignored=("temperature",))
    for name in ("samples", "seed"):
        if one.sampling.get(name) != other.sampling.get(name):
            found.append(f"{name} ({one.sampling.get(name)}, {other.sampling.get(name)})")
    if _stop_rule(one) != _stop_rule(other):
        found.append(f"stop rule ({_stop_rule(one)}, {_stop_rule(other)})")
    found += _shifts(one, other)
    if set(groups_of(one)) == set(groups_of(other)) and _problems(one) != _problems(other):
        found.append("problems that have a verdict")
    return tuple(found)


def incomparable_pairs(
    summaries: Sequence[RunSummary],
    told: Callable[[RunSummary, RunSummary], tuple[str, ...]] = differences,
) -> list[tuple[RunSummary, RunSummary, tuple[str, ...]]]:
    """Pairs of these runs of one task that a reader must be warned of, each with what is `told` of it.

    Runs of which nothing is told among each other are one class, and a pair stands for all of two classes. The first
    class is paired with every other. Two later ones are paired if they differ in more than these pairs show, such as in
    a temperature that the first does not state. For n runs that makes n - 1 pairs at most where a difference from the
    first run shows all others, and never more than n - 1 for each kind of difference. With `remarks` for `told` these
    are the pairs that compare with care.
    """
    classes: list[list[RunSummary]] = []
    for summary in summaries:
        alike = next((each for each in classes if not any(told(member, summary) for member in each)), None)
        if alike is None:
            classes.append([summary])
        else:
            alike.append(summary)
    pairs = []
    shown: list[set[str]] = [set() for _ in classes]
    for position, group in enumerate(classes):
        for later in range(position + 1, len(classes)):
            # A class begins with a run that fits into none before it.
            other = classes[later][0]
            one, phrases = next((member, found) for member in group if (found := told(member, other)))
            kinds = {phrase.partition(" (")[0] for phrase in phrases}
            if position and kinds <= shown[position] | shown[later]:
                continue
            pairs.append((one, other, phrases))
            shown[later] |= kinds
    return pairs


def departures(run: RunSummary, conditions: Mapping[str, Any]) -> tuple[str, ...]:
    """What of a run is not as `conditions` state of published figures, one phrase each.

    They may state fields of the sampling, `prompt_style` and `truncation`.
    """
    found, unsaid = _compared([name for name in _SAMPLING if name in conditions], _settings(run), conditions)
    style, stated = (_prompt_style(run) or {}).get("style"), conditions.get("prompt_style")
    if style and stated and _prompts(run.task, style) != _prompts(run.task, stated):
        found.append(f"prompt style ({style}, {stated})")
    truncation = conditions.get("truncation", run.truncation)
    if run.truncation != truncation:
        found.append(f"truncation ({run.truncation}, {truncation})")
    if unsaid:
        found.append(f"settings that the run does not state ({', '.join(unsaid)})")
    return tuple(found)


def _prompts(task: str, style: str) -> str:
    """The style, or the one that shows the same: CodeGeeX's has a translation name its languages as all do."""
    return "plain" if task == "translation" and style == "codegeex" else style


def _hash_differences(one: RunSummary, other: RunSummary) -> Iterator[str]:
    changed: list[str] = []
    lacking: list[str] = []
    for name in _hash_names(one, other):
        here, there = one.data_hashes.get(name), other.data_hashes.get(name)
        if here != there:
            (changed if here and there else lacking).append(name)
    if changed:
        yield f"data hash ({', '.join(changed)})"
    if lacking:
        yield f"data hash that one run does not state ({', '.join(lacking)})"


def _hash_names(one: RunSummary, other: RunSummary) -> list[str]:
    """The hashed files that count for both runs: all but those of a language that only one of them has.

    A file's language stands in its name, such as `humaneval_go.jsonl`; a list of patches is of none.
    """
    lone = _languages(one) ^ _languages(other)
    names = one.data_hashes.keys() | other.data_hashes.keys()
    return sorted(name for name in names if not lone.intersection(_WORD.findall(name)))


def _languages(summary: RunSummary) -> set[str]:
    """The languages whose problems the run was made from, judged or not; of a translation those of both sides."""
    groups = {*groups_of(summary), *(entry.partition(" ")[0] for entry in summary.missing)}
    return {language for group in groups for language in group.split("-to-")}


def _sampling_differences(one: RunSummary, other: RunSummary, ignored: Collection[str]) -> Iterator[str]:
    names = [name for name in _SAMPLING if name not in ignored]
    found, unsaid = _compared(names, _settings(one), _settings(other))
    yield from found
    if unsaid:
        yield f"settings that one run does not state ({', '.join(unsaid)})"


def _compared(names: Iterable[str], one: Mapping[str, Any], other: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """A phrase for each of these settings that differs, and the names of those that one side alone states."""
    found, unsaid = [], []
    for name in names:
        here, there = one[name], other[name]
        if here == there:
            continue
        if here is None or there is None:
            unsaid.append(name)
        else:
            found.append(f"{name} ({here}, {there})")
    return found, unsaid


def _settings(summary: RunSummary) -> dict[str, Any]:
    """The sampling's fields, None where nobody says: what is None in a manifest was not known when it was made."""
    return {name: summary.sampling.get(name, _SAMPLING_BEFORE.get(name)) for name in _SAMPLING}


def _shifts(one: RunSummary, other: RunSummary) -> Iterator[str]:
    groups = groups_of(one), groups_of(other)
    if set(groups[0]) != set(groups[1]):
        yield f"languages ({' '.join(groups[0])}; {' '.join(groups[1])}): do not compare the overall figures"
    if one.sandbox != other.sandbox:
        yield f"sandbox ({one.sandbox}, {other.sandbox})"
    elif images := _changed(_images(one), _images(other), _shared_groups(one, other)):
        yield f"sandbox images ({', '.join(images)})"
    if limits := _limits(one, other):
        yield f"limits ({'; '.join(limits)})"
    here, there = _harness(one), _harness(other)
    if here != there:
        yield f"harness ({here}, {there})"
    prompts = _prompt_style(one), _prompt_style(other)
    if prompts.count(None) == 1:
        yield "prompt style (one run does not state it)"


def _unknown(one: RunSummary, other: RunSummary) -> Iterator[str]:
    if not one.data_hashes and not other.data_hashes:
        yield "data hash (neither run states it)"
    here, there = _settings(one), _settings(other)
    unsaid = [name for name in _SAMPLING if here[name] is None and there[name] is None]
    if unsaid:
        yield f"settings that neither run states ({', '.join(unsaid)})"


def _shared_groups(one: RunSummary, other: RunSummary) -> set[str]:
    """The languages that both runs have judged programs of."""
    return {group.rpartition("-to-")[2] for group in set(groups_of(one)) & set(groups_of(other))}


def _images(summary: RunSummary) -> dict[str, Any]:
    """Language -> the id of the image that its programs ran in."""
    images = _table(summary.evaluation, "sandbox", "images")
    return {name: image.get("id") if isinstance(image, dict) else image for name, image in images.items()}


def _limits(one: RunSummary, other: RunSummary) -> list[str]:
    """What differs in the limits of the languages that both runs have: `go, js: run_cpu_s 5, 10`."""
    by_change: dict[str, list[str]] = {}
    for name in _changed(one.limits, other.limits, _shared_groups(one, other)):
        here, there = _table(one.limits, name), _table(other.limits, name)
        if here and there:
            changes = (f"{key} {_shown(here.get(key))}, {_shown(there.get(key))}" for key in _changed(here, there))
            by_change.setdefault(", ".join(changes), []).append(name)
        else:
            by_change.setdefault("one run does not state them", []).append(name)
    return [f"{', '.join(names)}: {change}" for change, names in by_change.items()]


def _harness(summary: RunSummary) -> str:
    """The versions of the harness that drew and that judged, as one word if they are the same."""
    versions = (_shown(manifest.get("harness")) for manifest in (summary.run, summary.evaluation))
    return "/".join(dict.fromkeys(versions))


def _shown(value: Any) -> str:
    return "not stated" if value is None else str(value)


def _changed(one: Mapping[str, Any], other: Mapping[str, Any], names: Iterable[str] | None = None) -> list[str]:
    """Those of the names (all, if none are given) under which the tables hold different things, sorted."""
    looked_at = one.keys() | other.keys() if names is None else names
    return sorted(name for name in looked_at if one.get(name) != other.get(name))


def _table(table: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """The table under these names, one in the other; empty if there is none."""
    found: Any = table
    for name in names:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, dict) else {}


def _problems(summary: RunSummary) -> set[tuple[str, str]]:
    return set(zip(summary.counts["task"], summary.counts["task_id"], strict=True))


def _same_problems(one: RunSummary, other: RunSummary) -> bool:
    """Whether the runs have the same problems in the tasks that both have."""
    here, there = _problems(one), _problems(other)
    tasks = {task for task, _ in here} & {task for task, _ in there}
    return all((task, task_id) in here & there for task, task_id in here | there if task in tasks)


def _subset_words(summary: RunSummary) -> str:
    found = subset_of(summary)
    return f"{found.get('problems')} of {found.get('of')}" if found else "none"


def _stop_rule(summary: RunSummary) -> Any:
    stop = summary.run.get("stop")
    return stop.get("rule") if isinstance(stop, dict) else stop


def _prompt_style(summary: RunSummary) -> dict[str, Any] | None:
    """How prompts were shown, None if nobody says. Manifests from before there were styles mean the plain one."""
    if summary.engine == "given":
        return None
    prompt = summary.run.get("prompt")
    return prompt if isinstance(prompt, dict) else {"style": "plain"}


def _stop_patterns(summary: RunSummary) -> list[str]:
    """What completions are cut at as they are drawn. Rules cut nothing; older manifests name the rule alone."""
    return [str(pattern) for pattern in _table(summary.run, "stop").get("patterns", ())]
