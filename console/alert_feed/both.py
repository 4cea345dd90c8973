"""The alerts of a server's rules, and of those over what the console measures, which only it can evaluate."""

from dataclasses import replace

from console.domain.alert_book import AlertBook, AlertingRule, RuleStanding
from console.domain.approval import ID_LENGTH
from console.domain.metrics import OWN
from console.domain.reading import Dated
from console.promql.compared import metrics_of
from console.promql.rule_file import RuleFile
from console.sources.errors import SourceError
from console.sources.source import Source

SERVER = AlertingRule("server", "Alert rules of the server", "", 0.0, 0.0, 0.0)
"""Stands for all of its rules while it has told of none."""
OWN_RULES = AlertingRule("console", "Alert rules of the console", "", 0.0, 0.0, 0.0)
"""Stands for all of these while they can't be evaluated."""


class BothAlerts:
    """One book of both. While one side doesn't answer, its rules fail, and the other's go on."""

    def __init__(self, served: Source[AlertBook], ruled: Source[AlertBook]) -> None:
        self._served = served
        self._ruled = ruled
        self._known: AlertBook | None = None
        self._failing_since: float | None = None
        self._joined: tuple[AlertBook, AlertBook, AlertBook] | None = None

    def read(self) -> Dated[AlertBook]:
        """The server's rules, then the console's own. SourceError where neither can be told."""
        try:
            own = self._ruled.read()
        except SourceError as error:
            served = self._served.read()
            failed = AlertBook((RuleStanding(OWN_RULES, error=str(error)),), ())
            return replace(served, value=joined(served.value, failed))
        return replace(own, value=self._as_before(self._of_server(own), own.value))

    def _of_server(self, own: Dated[AlertBook]) -> AlertBook:
        try:
            self._known, self._failing_since = self._served.read().value, None
        except SourceError as error:
            since = self._failing_since if self._failing_since is not None else own.data_at
            self._failing_since = since
            self._known = failing(self._known, str(error), since, own.value)
        return self._known

    def _as_before(self, served: AlertBook, own: AlertBook) -> AlertBook:
        """The same object as last time for the same two."""
        if self._joined is None or self._joined[0] is not served or self._joined[1] is not own:
            self._joined = served, own, joined(served, own)
        return self._joined[2]


def failing(known: AlertBook | None, error: str, since: float | None, own: AlertBook) -> AlertBook:
    """What was known of the server's rules, none of which can be asked for now; the same where it says so.

    What people say meanwhile counts: it is in the console's `own` book.
    """
    book = known if known is not None and known.rules else AlertBook((RuleStanding(SERVER),), ())
    rules = tuple(replace(rule, error=error, failing_since=since) for rule in book.rules)
    elsewhere = (silence for silence in book.marks.silences if len(silence.key) != ID_LENGTH)
    marks = replace(own.marks, silences=(*own.marks.silences, *elsewhere))
    told = replace(book, rules=rules, marks=marks, wall_ahead=own.wall_ahead)
    return told if known is None or told != known else known


def joined(book: AlertBook, other: AlertBook) -> AlertBook:
    """One book, with what the server says of marks and evidence."""
    first = len(book.rules)
    raised = (replace(one, rule=one.rule + first) for one in other.raised)
    return replace(
        book,
        rules=(*book.rules, *other.rules),
        raised=(*book.raised, *raised),
        untold=other.untold,
        notes=(*book.notes, *(note for note in other.notes if note not in book.notes)),
    )


def own_rules(file: RuleFile) -> RuleFile:
    """Of a file the rules over nothing but the console's own metrics."""
    groups = (
        replace(group, rules=tuple(rule for rule in group.rules if _is_own(metrics_of(rule.query.text))))
        for group in file.groups
    )
    return replace(file, groups=tuple(group for group in groups if group.rules))


def _is_own(metrics: tuple[str, ...]) -> bool:
    return bool(metrics) and all(name.startswith(OWN) for name in metrics)
