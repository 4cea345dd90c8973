"""Flags files as people write them, where in their lines each key stands, and what changes mean.

Found without a YAML parser, so that it can be compared with what was found with one.
"""

import copy
import re
from collections.abc import Iterator, Sequence
from itertools import chain
from random import Random

from console.domain.edits import Edit, Put
from console.domain.rollout.plan import Plan

SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT", "BTC/USD")
STAGES = ("disabled", "shadow", "canary", "production")
COMMENTS = ("why", "naïve – 先物", 'it\'s # "odd"')
Lines = list[str]
Range = tuple[int, int]
"""Lines from the first to before the last."""


def flags_lines(random: Random, features: int = 60, comments: Sequence[str] = COMMENTS) -> Lines:
    """A file of that many features, ten lines each, in all layouts that are met."""
    head = ["# " + "=" * 60, "# feature flags", "# " + "=" * 60, "", "global_kill_switch: false   # all off"]
    entries = chain.from_iterable(_feature(random, number, comments) for number in range(features))
    return [*head, "environment: staging", "", "features:", *entries, "# the end"]


def _feature(random: Random, number: int, comments: Sequence[str]) -> Iterator[str]:
    def tail() -> str:
        return random.choice(["", "", f"   # {random.choice(comments)}"])

    def quoted(word: str) -> str:
        return random.choice([word, word, f"'{word}'", f'"{word}"'])

    name, stage = f"feature_{number}", random.choice(STAGES)
    symbols = random.sample(SYMBOLS, random.randint(1, 3))
    if number % 10 == 0:
        yield from ("", f"  # {'-' * 20} {random.choice(comments)} {'-' * 20}", "")
    if number % 15 == 7:
        yield f"  {name}: {{stage: {stage}, canary_symbols: [{', '.join(symbols)}]}}{tail()}"
        return
    indent = random.choice(["    ", "    ", "   ", "      "])
    yield f"  {name}:{tail()}"
    if random.random() < 0.6:
        yield f"{indent}enabled: {random.choice(['true', 'yes', 'on', 'true', 'false'])}{tail()}"
    yield from random.choice([(), (), ("", f"{indent}# {random.choice(comments)}")])
    yield f"{indent}stage: {quoted(stage)}{tail()}"
    names = ("canary_symbols", "allowed_symbols")
    for key in names if stage == "canary" else random.sample(names, random.randint(0, 2)):
        yield from _list(random, indent, key, [quoted(symbol) for symbol in symbols], tail())
    if random.random() < 0.3:
        stages = random.sample(STAGES, 2)
        if random.random() < 0.5:
            yield f"{indent}symbol_stages: {{BTCUSDT: {stages[0]}, ETHUSDT: {stages[1]}}}{tail()}"
        else:
            yield f"{indent}symbol_stages:{tail()}"
            yield f"{indent}  BTCUSDT: {stages[0]}{tail()}"
            yield f"{indent}  ETHUSDT: {stages[1]}{tail()}"
    if random.random() < 0.3:
        yield f'{indent}allowed_accounts: ["2", "3"]{tail()}'
    yield from (
        f"{indent}shadow_log_results: true{tail()}",
        f"{indent}owner: desk {number}   # {comments[0]}",
    )
    if random.random() < 0.5:
        yield from (f"{indent}# {random.choice(comments)}", "")


def _list(random: Random, indent: str, key: str, items: list[str], tail: str) -> Iterator[str]:
    if random.random() < 0.4:
        yield f"{indent}{key}: [{', '.join(items)}]{tail}"
        return
    yield f"{indent}{key}:{tail}"
    dash = indent + random.choice(["", "  "])
    for item in items:
        if random.random() < 0.2:
            yield f"{dash}# {item} is thin"
        yield f"{dash}- {item}{random.choice(['', '   # liquid'])}"


def meant(model: object, plan: Plan) -> object:
    """What PyYAML reads when the plan has been written."""
    changed = copy.deepcopy(model)
    assert isinstance(changed, dict)
    entry = changed["features"][plan.operation.feature]
    for key, value in plan.wrote.items():
        if value is None:
            del entry[key]
        else:
            entry[key] = list(value) if isinstance(value, tuple) else value
    return changed


def own_lines(lines: Lines, edits: Sequence[Edit]) -> list[Range]:
    """The lines that the edits may change, and empty ranges where they may put new ones, in order."""
    ranges = set[Range]()
    for edit in edits:
        top, name, key = edit.path
        assert top == "features"
        found = _range(lines, name, key)
        if found is None and isinstance(edit, Put):
            found = _place(lines, name, edit.after)
        if found is not None:
            ranges.add(found)
    return sorted(ranges)


def only_these_differ(before: Lines, after: Lines, ranges: Sequence[Range]) -> bool:
    """Whether `after` is `before` with other lines in the given ranges only."""
    ends = [0, *(end for _, end in ranges)]
    starts = [*(start for start, _ in ranges), len(before)]
    kept = [before[end:start] for end, start in zip(ends, starts, strict=True)]
    first, *middle, last = kept if len(kept) > 1 else [kept[0], []]
    if after[: len(first)] != first or (last and after[-len(last) :] != last):
        return False
    reached = len(first)
    for part in middle:
        places = range(reached, len(after) - len(last) - len(part) + 1)
        found = next((at for at in places if after[at : at + len(part)] == part), None)
        if found is None:
            return False
        reached = found + len(part)
    return reached <= len(after) - len(last)


def _place(lines: Lines, name: str, after: str | None) -> Range:
    """Where a new key goes: behind another one, or before the first."""
    start, end = _feature_range(lines, name)
    if "{" in _said(lines[start]):
        return start, start + 1
    behind = _range(lines, name, after) if after is not None else None
    at = behind[1] if behind else next(n for n in range(start + 1, end) if _says(lines[n]))
    return at, at


def _range(lines: Lines, name: str, key: str) -> Range | None:
    """The lines of a feature's key, to the last that says something."""
    start, end = _feature_range(lines, name)
    if "{" in _said(lines[start]):
        return (start, start + 1) if re.search(rf"[{{ ]{key}:", _said(lines[start])) else None
    first = next((n for n in range(start + 1, end) if re.match(rf" +{key}:", lines[n])), None)
    if first is None:
        return None
    last = first
    for number in range(first + 1, end):
        if not _says(lines[number]):
            continue
        deeper = _indent(lines[number]) > _indent(lines[first])
        if not deeper and not lines[number].lstrip(" ").startswith("- "):
            break
        last = number
    return first, last + 1


def _feature_range(lines: Lines, name: str) -> Range:
    start = lines.index(next(line for line in lines if re.match(rf"  {name}:", line)))
    rest = range(start + 1, len(lines))
    return start, next((n for n in rest if _says(lines[n]) and _indent(lines[n]) <= 2), len(lines))


def _says(line: str) -> bool:
    """Whether it is more than a comment."""
    return bool(_said(line).strip(" "))


def _said(line: str) -> str:
    """The line without its comment."""
    return line.partition("#")[0]


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
