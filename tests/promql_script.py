"""Runs evaluation scripts, in the language of Prometheus' own, over plain floats.

    load 1m                                       # series, and their values every minute from 0 on
      errors_total{symbol="A"} 0 1+2x3 _ stale    # 0, then 1 3 5 7, one without a sample, the series' end

    eval instant at 5m rate(errors_total[5m])
      {symbol="A"} 0.025

`eval range from 0 to 5m step 1m EXPRESSION` expects values by step, `expect fail` an error and
`expect ordered` the order of the lines, below the question; `clear` forgets. An empty line ends a load or a
question. `python -m tests.promql_script FILE...` runs such files, of Prometheus' too, and says what came out
differently.
"""

import math
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from console.domain.metrics import Series, Vector
from console.promql.evaluate import EvaluationError, evaluate_any, evaluate_steps
from console.promql.query import Query, UnsupportedQuery, parse_query
from console.promql.reading import read
from console.promql.samples import SampleStore
from console.promql.tree import Range, Text
from console.promql.vectors import Ranges

Point = float | Literal["stale"] | None
Rows = dict[Series, list[Point]]
"""Values by step, None where there is none."""

CLOSE = 1e-6
"""How far two values may differ, relatively: what Prometheus' scripts are written for."""

_EVAL = re.compile(
    r"eval(?P<kind>_\w+)?\s+(?:instant(?:\s+at\s+(?P<at>\S+))?"
    r"|range\s+from\s+(?P<start>\S+)\s+to\s+(?P<end>\S+)\s+step\s+(?P<step>\S+))\s+(?P<text>.+)$"
)
_SERIES = re.compile(r'(?P<name>[a-zA-Z_:][\w:]*)?(?P<labels>\{(?:[^"}]|"(?:[^"\\]|\\.)*")*\})?(?=\s|$)')
_LABEL = re.compile(r'("(?:[^"\\]|\\.)*"|[\w.:]+)\s*(?:=\s*("(?:[^"\\]|\\.)*"))?')
_NUMBER = r"(?:inf|nan|[\d.]+(?:e[+-]?\d+)?)"
_POINTS = re.compile(rf"(_|stale|[+-]?{_NUMBER})([+-]{_NUMBER})?(?:x(\d+))?$", re.IGNORECASE)


class ForeignError(Exception):
    """A line that is about something else than plain floats."""


@dataclass(frozen=True)
class Outcome:
    """What came of a question: a `problem` where it has another answer, `foreign` where it isn't for us."""

    line: int
    text: str
    problem: str | None = None
    foreign: str | None = None


def run(script: str) -> Iterator[Outcome]:
    """Ask all questions of a script."""
    store, histograms = SampleStore(), set[str]()
    for line, (head, *rest) in _commands(script):
        if head == "clear":
            store, histograms = SampleStore(), set[str]()
        elif head.startswith("load"):
            histograms |= _load(store, head, rest)
        else:
            yield _ask(line, head, rest, store, histograms)


def _commands(script: str) -> Iterator[tuple[int, list[str]]]:
    """Commands with the lines that belong to them, and where each begins."""
    command: list[str] = []
    begun = 0
    for number, line in enumerate([*script.splitlines(), ""], 1):
        text = line.strip()
        if text.startswith("#"):
            continue
        if command and (not text or re.match(r"(load|eval|clear)\b|eval_", text)):
            yield begun, command
            command = []
        if text:
            begun = begun if command else number
            command.append(text)


def _load(store: SampleStore, head: str, lines: list[str]) -> set[str]:
    """Take up the series of a `load`; the names of the histograms among them, which are left out."""
    command, step = head.split()
    loaded, histograms = Rows(), set[str]()
    for line in lines:
        try:
            series, loaded[series] = _row(line)
        except ForeignError:
            histograms.add(re.split(r"[{@\s]", line)[0])
    for series, points in loaded.items():
        if command == "load_with_nhcb":
            histograms.add(series.name.removesuffix("_bucket"))
        for place, point in enumerate(points):
            if point is not None:
                value = None if point == "stale" else point
                store.recording(series.name).add(round(place * _seconds(step) * 1000), series, value)
    return histograms


def _ask(line: int, head: str, lines: list[str], store: SampleStore, histograms: set[str]) -> Outcome:
    asked = _EVAL.match(head)
    if asked is None:
        return Outcome(line, head, problem="this is no question")
    fails = asked["kind"] == "_fail" or any("fail" in one.split()[:2] for one in lines)
    problem = foreign = None
    try:
        if any(re.search(rf"\b{re.escape(name)}\b", asked["text"]) for name in histograms):
            raise ForeignError("a histogram")
        problem = _problem(asked, lines, store)
        if fails:
            problem = "it does not fail"
    except EvaluationError as error:
        problem = None if fails else str(error)
    except (ForeignError, UnsupportedQuery) as error:
        foreign = None if fails else str(error)
    return Outcome(line, asked["text"], problem, foreign)


def _problem(asked: re.Match[str], lines: list[str], store: SampleStore) -> str | None:
    """What is different from the answer that the lines expect."""
    query = parse_query(asked["text"])
    rows = [one for one in lines if not one.startswith("expect")]
    expected = dict((Series("", ()), _points(one)) if _POINTS.match(one) else _row(one) for one in rows)
    start, end, step = (_seconds(asked[one] or asked["at"] or "0") for one in ("start", "end", "step"))
    match query.root:
        case Text(value=answer):
            told = _unquoted("".join(lines).partition("string")[2].strip())
            return None if told == answer else f"not {told}"
        case Range():
            found, steps = _samples(query, store, start, lines)
        case _:
            found, steps = _stepwise(evaluate_steps(query, store, start, end, step or 1.0))
    ordered = asked["kind"] == "_ordered" or "expect ordered" in lines
    return _difference(found, expected, steps, ordered=ordered)


def _stepwise(answers: Iterable[tuple[float, Vector]]) -> tuple[Rows, int]:
    """Answers as rows, and how many there are."""
    vectors = [vector for _, vector in answers]
    found: Rows = {}
    for place, vector in enumerate(vectors):
        for series, value in vector.items():
            found.setdefault(series, [None] * len(vectors))[place] = value
    return found, len(vectors)


def _samples(query: Query, store: SampleStore, at: float, lines: list[str]) -> tuple[Rows, int]:
    """The samples of a range at the steps that `expect range vector from … to … step …` tells."""
    told = [part for one in lines if one.startswith("expect range vector") for part in one.split()[4::2]]
    start, end, step = map(_seconds, told or ("0", "0", "1"))
    steps = round((end - start) / step) + 1
    answer = evaluate_any(query, store, at)
    assert isinstance(answer, Ranges)
    found: Rows = {}
    for series, (times, values) in answer.samples.items():
        found[series] = [None] * steps
        for time, value in zip(times, values, strict=True):
            found[series][round((time / 1000 - start) / step)] = value
    return found, steps


def _difference(found: Rows, expected: Rows, steps: int, *, ordered: bool) -> str | None:
    """What is different from what is expected, in one line."""
    wanted = {series: (points + [None] * steps)[:steps] for series, points in expected.items()}
    wanted = {series: points for series, points in wanted.items() if any(p is not None for p in points)}
    same = found.keys() == wanted.keys() and all(
        _alike(one, other)
        for series, points in wanted.items()
        for one, other in zip(found[series], points, strict=True)
    )
    if same and not (ordered and list(found) != list(wanted)):
        return None
    return f"got {_told(found)}, not {_told(wanted)}"


def _alike(one: Point, other: Point) -> bool:
    if not isinstance(one, float) or not isinstance(other, float):
        return one == other
    return math.isclose(one, other, rel_tol=CLOSE) or (math.isnan(one) and math.isnan(other))


def _told(rows: Rows) -> str:
    return "; ".join(f"{one.name}{dict(one.labels)} {points}" for one, points in rows.items()) or "nothing"


def _row(line: str) -> tuple[Series, list[Point]]:
    """A series and its values; ForeignError where they are none."""
    found = _SERIES.match(line)
    if found is None or "{{" in line:
        raise ForeignError(f"what {line!r} says")
    name, labels = found["name"] or "", dict[str, str]()
    for label, value in _LABEL.findall(found["labels"] or ""):
        key = _unquoted(label)
        if not value or key == "__name__":
            name = _unquoted(value) if value else key
        elif _unquoted(value):
            labels[key] = _unquoted(value)
    return Series(name, tuple(sorted(labels.items()))), _points(line[found.end() :])


def _points(text: str) -> list[Point]:
    points: list[Point] = []
    for word in text.split():
        found = _POINTS.match(word)
        if found is None:
            raise ForeignError(word)
        first, growth, more = found[1], float(found[2] or 0), int(found[3] or 0)
        if first == "_":
            points += [None] * max(1, more)
        elif first == "stale":
            points += ["stale"] * (more + 1)
        else:
            points += [float(first) + growth * place for place in range(more + 1)]
    return points


def _seconds(duration: str) -> float:
    """A duration, or a number of seconds; negative ones, too."""
    parts = re.findall(r"(\d+)(ms|[wdhms])", duration)
    if not parts:
        return float(duration)
    whole = sum(int(count) * _UNITS[unit] for count, unit in parts)
    return -whole if duration.startswith("-") else whole


_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}


def _unquoted(text: str) -> str:
    node = read(text) if text[:1] in ('"', "'", "`") else Text(text)
    return node.value if isinstance(node, Text) else text


def main(files: list[str]) -> int:
    """Run files; how many questions have another answer."""
    different = 0
    for file in files:
        outcomes = list(run(Path(file).read_text()))
        for one in outcomes:
            if one.problem or one.foreign:
                sys.stdout.write(
                    f"{file}:{one.line}: {one.text}: {one.problem or f'left out: {one.foreign}'}\n"
                )
        problems = sum(one.problem is not None for one in outcomes)
        left_out = sum(one.foreign is not None for one in outcomes)
        sys.stdout.write(f"{file}: {len(outcomes)} questions, {left_out} left out, {problems} different\n")
        different += problems
    return different


if __name__ == "__main__":
    sys.exit(bool(main(sys.argv[1:])))
