"""What a query comes to over a store of samples, as Prometheus' HTTP API calls it, and how it is told."""

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import click

from console.cli.command_line import fail, tell_all

if TYPE_CHECKING:
    from console.domain.metrics import Series
    from console.promql.query import Query
    from console.promql.samples import SampleStore
    from console.promql.vectors import Value
    from console.sources.prometheus_server import Rows

_OWN_ORDER = re.compile(r"\s*(sort|topk|bottomk)", re.IGNORECASE)
"""How an expression begins whose series come in the order that it asks for."""


def answer_of(asked: "Query", store: "SampleStore", when: float, notes: tuple[str, ...] = ()) -> "Rows":
    """What `asked` comes to at `when`, with a note where too little was seen; an error ends the command."""
    from console.promql.evaluate import EvaluationError, evaluate_any  # noqa: PLC0415

    try:
        value = evaluate_any(asked, store, when)
    except EvaluationError as error:
        fail(str(error), 1)
    return _rows(value, when, (*unseen("the expression", asked, store, when), *notes))


def unseen(what: str, asked: "Query", store: "SampleStore", when: float) -> tuple[str, ...]:
    """How little of the past that is looked back on was seen, where it is too little."""
    seen = store.covered_by(asked, when)
    if asked.window <= seen:
        return ()
    back = f"{asked.window:g} s" if math.isfinite(asked.window) else "a set time"
    return (f"{what} looks back {back}, of which only the last {math.floor(seen)} s were seen",)


def tell(expression: str, answer: "Rows") -> None:
    """A line for each sample; what has to be said of them goes to standard error."""
    from console.domain.foreign import visible  # noqa: PLC0415

    tell_all(_lines(expression, answer))
    notes = answer.notes if answer.rows else (*answer.notes, "no series: the answer is empty")
    for note in notes:
        click.echo(f"opsconsole: {visible(note)}", err=True)


def tell_json(context: str, by: str, expression: str, answer: "Rows") -> None:
    """One object; `by` is who has evaluated it, the address of a server or the console."""
    document = {
        "context": context,
        "query": expression,
        "by": by,
        "notes": answer.notes,
        "resultType": answer.kind,
        "result": _result(answer),
    }
    tell_all(json.dumps(document, indent=2).splitlines())


def _rows(value: "Value", at: float, notes: tuple[str, ...]) -> "Rows":
    """The value as an answer."""
    from console.promql.vectors import Ranges  # noqa: PLC0415
    from console.sources.prometheus_server import Row, Rows  # noqa: PLC0415

    match value:
        case float():
            return Rows("scalar", (Row({}, ((at, _number(value)),)),), notes)
        case str():
            return Rows("string", (Row({}, ((at, value),)),), notes)
        case Ranges(samples=samples):
            stretches = (
                (series, tuple((ms / 1000, _number(one)) for ms, one in zip(*stretch, strict=True)))
                for series, stretch in samples.items()
            )
            return Rows("matrix", tuple(Row(_labels(series), told) for series, told in stretches), notes)
    rows = tuple(Row(_labels(series), ((at, _number(one)),)) for series, one in value.items())
    return Rows("vector", rows, notes)


def _labels(series: "Series") -> dict[str, str]:
    return {**({"__name__": series.name} if series.name else {}), **dict(series.labels)}


def _number(value: float) -> str:
    """As Prometheus writes it, with every digit that counts."""
    if math.isfinite(value):
        return repr(value).removesuffix(".0")
    return "NaN" if math.isnan(value) else f"{'-' if value < 0 else '+'}Inf"


def _lines(expression: str, answer: "Rows") -> Iterator[str]:
    """A line for each sample, by its series, which are sorted unless the expression sorts."""
    from console.domain.foreign import visible  # noqa: PLC0415

    if answer.is_single:
        yield answer.rows[0].samples[0][1]
        return
    rows = [(visible(_written(row.labels)), row.samples) for row in answer.rows]
    if not _OWN_ORDER.match(expression):
        rows.sort()
    width = max((len(series) for series, _ in rows), default=0)
    for series, samples in rows:
        for at, value in samples:
            when = f" @{at:.3f}" if answer.kind == "matrix" else ""
            yield f"{series:<{width}}  {value}{when}"


def _written(labels: Mapping[str, str]) -> str:
    """A series as an expression would select it."""
    pairs = (f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in sorted(labels.items()))
    chosen = ",".join(pair for pair in pairs if not pair.startswith("__name__="))
    name = labels.get("__name__", "")
    return f"{name}{{{chosen}}}" if chosen or not name else name


def _result(answer: "Rows") -> object:
    """What Prometheus' HTTP API says of such an answer."""
    if answer.is_single:
        return answer.rows[0].samples[0]
    if answer.kind == "matrix":
        return [{"metric": row.labels, "values": row.samples} for row in answer.rows]
    return [{"metric": row.labels, "value": row.samples[0]} for row in answer.rows]
