"""The alert rules of a Prometheus-compatible server, which evaluates them itself.

It is asked for its rules at each reading, and for more only where an alert has gone, a rule may have no data,
or the rollback triggers are to be judged anew. From Alertmanager come the silences, if one is named.
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from console.alert_feed.described import described
from console.alert_feed.followed import Followed
from console.alert_feed.memory import AlertMemory
from console.alert_feed.served_evidence import ServedEvidence
from console.domain.alert_book import AlertBook
from console.domain.alert_memory import remembered, restored
from console.domain.alert_state import RESOLVED_KEPT
from console.domain.clock import Clock
from console.domain.reading import Dated
from console.domain.silences import Marks
from console.sources.alertmanager import Alertmanager
from console.sources.errors import SourceError
from console.sources.prometheus_rules import ServedRule, read_alerts, read_rules
from console.sources.prometheus_server import Asking, NoSuchPathError, PrometheusServer, ServerClock

LOOKED_FOR = 5
"""Rules at most whose data is looked for at one reading."""
NO_RULES = "the server has no alert rules: nothing is watched there"
ALERTS_ALONE = "the server tells of alerts but not of rules: one that fails or has no data isn't seen"

_SET = 0.1
"""Seconds by which the time of day moves at least when it is set."""


class ServedAlerts:
    """One server's rules over time. Used by one thread.

    `marks` are what people said of alerts, ValueError where that can't be read. With `memory`, what an
    earlier console knew of the rules goes on.
    """

    def __init__(
        self,
        server: PrometheusServer,
        *,
        clock: Clock,
        scrape: float,
        marks: Callable[[], Marks],
        memory: AlertMemory,
        alertmanager: Alertmanager | None = None,
    ) -> None:
        """`scrape` is how many seconds are between two scrapes of the server: rules miss what is shorter."""
        self._server = server
        self._clock = clock
        self._scrape = scrape
        self._marks = marks
        self._memory = memory
        self._alertmanager = alertmanager
        self._server_clock = ServerClock()
        self._evidence = ServedEvidence()
        self._definitions: Sequence[ServedRule] | None = None
        self._followed: dict[str, Followed] = {}
        self._gone: dict[str, float] = {}
        self._said = Marks()
        self._book: AlertBook | None = None

    def read(self) -> Dated[AlertBook]:
        """The rules' alerts, as of the server's last evaluations. SourceError where it tells of none.

        The book is the same object as last time where it says the same.
        """
        now = self._clock.now()
        ahead = self._wall_ahead(now)
        asking = self._server.asking()
        server_now = asking.ask("time()").at
        self._server_clock.note(server_now, now, self._clock.now())
        rules, notes = self._rules(asking, server_now)
        self._take_over(rules, now, ahead)
        followed = self._followed.values()
        evaluated = [one.follow(asking, self._server_clock.here, self._evidence.watched) for one in followed]
        if any(evaluated):
            self._memory.keep(self, now, now + ahead)
        self._look_for_data(asking, now)
        evidence = self._evidence.look(asking, server_now, now)
        marks, doubts = self._marks_told()
        for one in followed:
            one.acknowledge_losses(marks, ahead)
        book = AlertBook(
            rules=tuple(one.standing(now) for one in followed),
            raised=tuple(raised for place, one in enumerate(followed) for raised in one.raised(place)),
            marks=marks,
            evidence=evidence,
            notes=(*notes, *self._lacking(now), *doubts, *asking.warnings),
            evaluated_by=self._server.url,
            wall_ahead=ahead,
        )
        self._book = self._book if self._book == book else book
        return Dated(self._book or book)

    def remembered(self, now: float, wall: float) -> dict[str, object]:
        """What `restore` takes, as plain values for a JSON file."""
        return {key: remembered(one.state, now, wall) for key, one in self._followed.items()}

    def restore(self, document: Mapping[str, object], now: float, wall: float) -> None:
        """Go on from what was remembered of these rules; ValueError, in one line, for what isn't it."""
        for key, one in self._followed.items():
            if key in document:
                one.state = restored(document[key], one.rule.interval, now, wall)

    def _wall_ahead(self, now: float) -> float:
        """How far the time of day is ahead of the console's clock: as before, unless it was set."""
        ahead = self._clock.wall() - now
        before = ahead if self._book is None else self._book.wall_ahead
        return before if abs(ahead - before) < _SET else ahead

    def _rules(self, asking: Asking, server_now: float) -> tuple[Sequence[ServedRule], tuple[str, ...]]:
        """The server's rules, and what is to be said of them as a whole."""
        try:
            rules = read_rules(asking, (one.rule for one in self._followed.values()))
        except NoSuchPathError:
            return self._with_calm(_alerts_alone(asking, server_now), server_now), (ALERTS_ALONE,)
        return rules, () if rules else (NO_RULES,)

    def _with_calm(self, told: Sequence[ServedRule], server_now: float) -> Sequence[ServedRule]:
        """The alerts that are told of, and the names of those that were, without any now."""
        names = {_identity(rule) for rule in told}
        calm = (
            replace(one.rule, alerts=(), evaluated_at=server_now)
            for one in self._followed.values()
            if one.state.alerts and _identity(one.rule) not in names
        )
        return (*told, *calm)

    def _take_over(self, rules: Sequence[ServedRule], now: float, ahead: float) -> None:
        """Follow these rules and no others, at first from where an earlier console ended."""
        definitions = [replace(rule, alerts=(), evaluated_at=None, error=None) for rule in rules]
        keyed = _keyed(rules)
        is_first = self._definitions is None
        if definitions != self._definitions:
            self._definitions = definitions
            before, self._followed = self._followed, {}
            for key, meant in zip(keyed, described(rules, self._scrape), strict=True):
                self._followed[key] = before.get(key) or Followed(keyed[key], meant, now)
                self._followed[key].described = meant
            names = {rule.name for rule in rules}
            left = {one.rule.name for one in before.values() if one.is_urgent} - names
            self._gone = {name: at for name, at in self._gone.items() if name not in names}
            self._gone |= dict.fromkeys(left, now)
        for key, rule in keyed.items():
            self._followed[key].rule = rule
        if is_first:
            self._memory.recall(self, now, now + ahead)

    def _look_for_data(self, asking: Asking, now: float) -> None:
        """Look for the data of some rules whose turn it is; what a server doesn't tell stays as it was."""
        due = (one for one in self._followed.values() if one.is_to_be_looked_for(now))
        for one in itertools.islice(due, LOOKED_FOR):
            try:
                one.look_for_data(asking, now)
            except SourceError:
                continue

    def _marks_told(self) -> tuple[Marks, tuple[str, ...]]:
        """What people said, here and to Alertmanager, and why that isn't all; before is as last read."""
        doubts: tuple[str, ...] = ()
        try:
            self._said = self._marks()
        except ValueError as error:
            doubts = (str(error),)
        if self._alertmanager is None:
            return self._said, doubts
        silences = self._alertmanager.silences()
        marks = replace(self._said, silences=(*self._said.silences, *silences))
        return marks, (*doubts, *self._alertmanager.notes())

    def _lacking(self, now: float) -> tuple[str, ...]:
        """The rules that the server has no more, though they were firing."""
        self._gone = {name: at for name, at in self._gone.items() if now - at <= RESOLVED_KEPT}
        return tuple(f"the server has no rule {name} any more, which was firing" for name in self._gone)


def _alerts_alone(asking: Asking, server_now: float) -> Sequence[ServedRule]:
    try:
        return read_alerts(asking, server_now)
    except NoSuchPathError as error:
        raise SourceError(f"the server tells of neither rules nor alerts: {error}") from None


def _identity(rule: ServedRule) -> tuple[object, ...]:
    return rule.file, rule.group, rule.name, rule.labels


def _keyed(rules: Sequence[ServedRule]) -> dict[str, ServedRule]:
    """The rules by what they are called, numbered where several are called the same."""
    keyed: dict[str, ServedRule] = {}
    for rule in rules:
        called = " ".join(
            (rule.file, rule.group, rule.name, *(f"{name}={text}" for name, text in rule.labels))
        )
        keys = itertools.chain((called,), (f"{called} {number}" for number in itertools.count(2)))
        keyed[next(key for key in keys if key not in keyed)] = rule
    return keyed
