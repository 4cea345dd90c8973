"""What a query asks of the console itself: what it measures, and what the rules of its files record.

Only who looks at all sources can tell: so this looks as `alerts` does, and has the rules evaluated.
"""

import asyncio
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.cli.command_line import fail, log_to, panels_of
from console.cli.query_told import answer_of, unseen
from console.domain.metrics import OWN

if TYPE_CHECKING:
    from console.domain.reading import SourceState
    from console.promql.rule_file import RecordingRule
    from console.promql.tree import Node, Selector
    from console.settings import Settings
    from console.sources.prometheus_server import Rows


@dataclass(frozen=True, slots=True)
class OwnPart:
    """What of a query only the console can tell: whether `any` or `all` of the series that it names.

    `recorded` are the rules that record some, and `doubts` why that isn't known, mostly none.
    """

    any: bool = False
    all: bool = False
    recorded: tuple["RecordingRule", ...] = ()
    doubts: tuple[str, ...] = ()


def own_part(settings: "Settings", expression: str) -> OwnPart:
    """What the expression asks of the console: nothing where it is none that can be evaluated here.

    A metric whose name isn't given in full counts as measured here where its pattern has opsconsole_ in it.
    Where a server has the engine's metrics, it also has what is recorded of them.
    """
    from console.promql.query import UnsupportedQuery, parse_query  # noqa: PLC0415

    try:
        selectors = tuple(_selectors(parse_query(expression).root))
    except UnsupportedQuery:
        return OwnPart()
    named = {selector.name for selector in selectors if selector.name is not None}
    files = [file for file in settings.rule_files if _may_record(file, named)]
    recorded, doubts = _recorded(files, named, own_only=settings.chosen.prometheus is not None)
    names = {rule.name for rule in recorded}
    own = [selector.name in names or _is_measured(selector) for selector in selectors]
    return OwnPart(any(own), all(own), recorded, () if all(own) else doubts)


def looked(settings: "Settings", expression: str, own: OwnPart, seconds: float) -> "Rows":
    """What the expression comes to after a look at all sources, and so many seconds more."""
    from console.promql.query import parse_query  # noqa: PLC0415
    from console.wiring import open_look  # noqa: PLC0415

    if not own.all and settings.chosen.prometheus is not None:
        fail("the console tells of one part, the Prometheus server of the other: ask for each by itself")
    asked = parse_query(expression)
    log_to(settings.state / "console.log")
    monitor, sampling = open_look(settings, panels_of(settings), asked)
    asyncio.run(monitor.look_once(lasting=seconds))
    when, store, snapshot = monitor.clock.now(), sampling.store, monitor.snapshot()
    if not snapshot.metrics.configured and (own.recorded or not own.all):
        fail(f"the context {settings.context} has no metrics, and so no rules on them")
    if own.recorded and (why := _failure(snapshot.alerts)):
        fail(f"the rules that record it are not evaluated: {why}", 1)
    if not own.all and (why := _failure(snapshot.metrics)):
        fail(why, 1)
    store.measure(when, sampling.own(when))
    notes = [note for rule in own.recorded for note in unseen(rule.name, rule.query, store, when)]
    failing = ((state.name, _failure(state)) for state in snapshot.sources() if state.configured)
    notes += [f"{name}: {why}" for name, why in failing if why]
    return answer_of(asked, store, when, tuple(notes))


def _may_record(file: Path, names: Collection[str]) -> bool:
    """Whether a rule file has one of the names after a `record`: reading its rules would take long."""
    try:
        recorded = file.read_text("utf-8").partition("record")[2]
    except (OSError, UnicodeDecodeError):
        return True  # who reads all of it says why
    return any(name in recorded for name in names)


def _recorded(
    files: Sequence[Path], names: Collection[str], *, own_only: bool
) -> "tuple[tuple[RecordingRule, ...], tuple[str, ...]]":
    """The rules of the files that record one of the names; where a file is refused none, and why.

    `own_only` leaves out those over anything but the console's own metrics.
    """
    if not files:
        return (), ()
    from console.alert_feed.both import own_rules  # noqa: PLC0415
    from console.promql.rule_file import RecordingRule, RuleFileError, load_rules  # noqa: PLC0415

    try:
        loaded = [load_rules(file) for file in files]
    except RuleFileError as error:
        return (), (f"what rules record isn't known: {error.problems[0]}",)
    told_here = map(own_rules, loaded) if own_only else loaded
    rules = (rule for file in told_here for _, rule in file.rules)
    return tuple(rule for rule in rules if isinstance(rule, RecordingRule) and rule.name in names), ()


def _selectors(node: "Node") -> "Iterator[Selector]":
    from console.promql.tree import Selector, parts  # noqa: PLC0415

    if isinstance(node, Selector):
        yield node
    for part in parts(node):
        yield from _selectors(part)


def _is_measured(selector: "Selector") -> bool:
    if selector.name is not None:
        return selector.name.startswith(OWN)
    return any("!" not in matcher.sign and OWN in matcher.value for matcher in selector.names)


def _failure(state: "SourceState[Any]") -> str | None:
    """Why the newest poll of a source brought nothing, if so."""
    return "no answer" if state.last is None else state.last.error
