"""What people do about alerts: take one on, or silence some for a while, and take that back.

Muting an alert raises risk: it takes an operator, a reason, and a journal that can be written. It takes no
armed console: at night somebody says in a hurry that they are at it, and everybody sees who. Taking it back
lowers risk, and is open to everybody, whatever has become of the journal.
"""

import math
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from console.actions.alert_marks import change_marks, marks_file, read_marks
from console.actions.alertmanager_silences import (
    AlertmanagerSilences,
    UnknownOutcomeError,
    alertmanager_of,
)
from console.actions.durable import DurableError
from console.actions.roles import roles_in, this_person
from console.audit.actor import Actor, this_actor
from console.audit.errors import JournalError
from console.audit.journal import Journal
from console.audit.open import open_journal
from console.audit.record import Act, Record, iso_time
from console.domain.access import AccessError, Role, Standing, stated
from console.domain.alert_book import AlertingRule
from console.domain.alert_rows import AlertRow, AlertState
from console.domain.approval import ALPHABET, ID_LENGTH
from console.domain.assessment import Assessment
from console.domain.clock import Clock
from console.domain.metrics import Labels
from console.domain.silences import (
    LONGEST,
    Acknowledgement,
    LabelMatcher,
    Marks,
    Silence,
    acknowledged,
    parse_matcher,
    silenced,
    unsilenced,
    withdrawn,
)
from console.host_lock import LockError
from console.promql.rule_file import parse_duration

if TYPE_CHECKING:
    from console.audit.redaction import Json
    from console.settings import Settings

ACKNOWLEDGE = "alert.acknowledge"
WITHDRAW = "alert.withdraw"
SILENCE = "alert.silence"
UNSILENCE = "alert.unsilence"

SHORTEST = 60.0
"""Seconds that an alert is muted for at least: less is over before it is read back."""
CAN_BE_ACKNOWLEDGED = (AlertState.PENDING, AlertState.LOST, AlertState.FIRING)

Mark = TypeVar("Mark", Acknowledgement, Silence)


@dataclass(frozen=True, slots=True)
class Marked(Generic[Mark]):
    """What was said of alerts, or taken back, as it was read back; `words` tell it in one line.

    `unrecorded` is why the journal doesn't have it; empty where it does.
    """

    mark: Mark
    words: str
    unrecorded: str = ""


@dataclass(frozen=True, slots=True)
class AlertDeeds:
    """What one person at one console may do about a context's alerts; `server` is its Alertmanager.

    Every deed waits for the disk or the server. AccessError says in one line why nothing has changed,
    UnknownOutcomeError that nobody could find out.
    """

    context: str
    file: Path
    standing: Standing
    actor: Actor
    journal: Journal
    clock: Clock
    server: AlertmanagerSilences | None = None
    chance: random.Random = field(default_factory=random.SystemRandom)

    @property
    def alertmanager(self) -> bool:
        """Whether a silence goes to an Alertmanager, unless it is to hold on this host only."""
        return self.server is not None

    def marks(self) -> Marks:
        """What was said on this host, whether it holds or is over."""
        try:
            return read_marks(self.file)
        except ValueError as error:
            raise AccessError(str(error)) from None

    def silences(self) -> tuple[tuple[Silence, ...], tuple[str, ...]]:
        """Those that hold or will, of this host and of Alertmanager; and what isn't known of them."""
        own, now = self.marks().silences, self.clock.wall()
        others, notes = ((), ()) if self.server is None else self.server.held()
        return tuple(one for one in (*own, *others) if now < one.until), notes

    def acknowledge(self, key: str, live: Assessment, reason: str, lasting: float) -> Marked[Acknowledgement]:
        """Take on the alert whose row in `live` has this key, for `lasting` seconds at most."""
        said, row = self._leave_to_mute(reason), _row(key, live)
        now, until = self._from_now(lasting)
        try:
            mark = Acknowledgement(row.labels, self.actor.user, said, now, until)
        except ValueError as error:
            raise AccessError(str(error)) from None
        act = Act(
            self.context,
            ACKNOWLEDGE,
            alert_named(row.labels),
            before=None if row.acknowledged is None else _told(row.acknowledged),
            after=_told(mark),
            reason=said,
            evidence=_evidence(row),
        )

        def kept() -> Acknowledgement:
            return self._changed(
                lambda marks: acknowledged(marks, mark), lambda marks: mark in marks.acknowledgements, mark
            )

        return self._done(act, kept, self._intent(act), "acknowledged")

    def acknowledge_every(
        self, keys: Sequence[str], live: Assessment, reason: str, lasting: float
    ) -> tuple[Marked[Acknowledgement], ...]:
        """Take on each of these alerts in turn; what is refused ends it, and says how far it came."""
        done: list[Marked[Acknowledgement]] = []
        for key in keys:
            try:
                done.append(self.acknowledge(key, live, reason, lasting))
            except AccessError as error:
                told = f"{len(done)} of {len(keys)} are acknowledged, the next is not: " if done else ""
                error.args = (f"{told}{error}",)
                raise
        return tuple(done)

    def withdraw(self, labels: Labels, reason: str = "") -> Marked[Acknowledgement]:
        """Take back that somebody has taken on the alert with these labels."""
        mark = next((one for one in self.marks().acknowledgements if one.labels == labels), None)
        if mark is None:
            raise AccessError("this alert is not acknowledged")
        act = Act(self.context, WITHDRAW, alert_named(labels), before=_told(mark), reason=reason.strip())

        def kept() -> Acknowledgement:
            return self._changed(
                lambda marks: withdrawn(marks, labels),
                lambda marks: all(one.labels != labels for one in marks.acknowledgements),
                mark,
            )

        return self._done(act, kept, self._intent_if_possible(act), "no longer acknowledged")

    def silence(
        self, matchers: Sequence[LabelMatcher], reason: str, lasting: float, *, local: bool = False
    ) -> Marked[Silence]:
        """Silence what all `matchers` accept, for `lasting` seconds.

        In the context's Alertmanager where it has one; `local`, or without one, on this host only.
        """
        said = self._leave_to_mute(reason)
        now, until = self._from_now(lasting)
        key = "".join(self.chance.choices(ALPHABET, k=ID_LENGTH))
        try:
            mark = Silence(key, tuple(map(_readable, matchers)), self.actor.user, said, now, until)
        except ValueError as error:
            raise AccessError(str(error)) from None
        server = None if local else self.server
        act = Act(
            self.context,
            SILENCE,
            _listed(mark.matchers),
            after=_told(mark),
            reason=said,
            evidence=_place(server),
        )

        def kept() -> Silence:
            if server is not None:
                return server.create(mark)
            return self._changed(
                lambda marks: silenced(marks, mark, now), lambda marks: mark in marks.silences, mark
            )

        where = "" if server is None else f" in {server.url}"
        return self._done(act, kept, self._intent(act), f"silenced{where}")

    def unsilence(self, key: str, reason: str = "") -> Marked[Silence]:
        """End the silence of this key, of this host's or of the context's Alertmanager."""
        now = self.clock.wall()
        mark = next((one for one in self.marks().silences if one.key == key and now < one.until), None)
        if mark is None:
            return self._expired(key, reason)
        act = Act(self.context, UNSILENCE, _listed(mark.matchers), before=_told(mark), reason=reason.strip())

        def kept() -> Silence:
            return self._changed(
                lambda marks: unsilenced(marks, key, now),
                lambda marks: all(one.key != key or one.until <= now for one in marks.silences),
                mark,
            )

        return self._done(act, kept, self._intent_if_possible(act), "no longer silenced")

    def _expired(self, key: str, reason: str) -> Marked[Silence]:
        server = self.server
        if server is None or len(key) == ID_LENGTH:  # Alertmanager's are longer
            raise AccessError(f"there is no silence {key} that holds")
        mark = server.find(key)
        act = Act(
            self.context,
            UNSILENCE,
            _listed(mark.matchers),
            before=_told(mark),
            reason=reason.strip(),
            evidence=_place(server),
        )
        intent = self._intent_if_possible(act)
        return self._done(act, lambda: server.expire(mark), intent, f"no longer silenced in {server.url}")

    def _leave_to_mute(self, reason: str) -> str:
        """The reason, of somebody who may mute alerts."""
        if self.standing.role < Role.OPERATOR:
            raise AccessError(f"{self.standing}; an operator or an admin may mute alerts")
        return stated(reason)

    def _from_now(self, lasting: float) -> tuple[float, float]:
        """Now, and the end of so long, on a whole second, by the time of day."""
        if not SHORTEST <= lasting <= LONGEST:
            raise AccessError(_ALLOWED)
        now = self.clock.wall()
        return now, math.floor(now) + lasting

    def _changed(self, change: Callable[[Marks], Marks], is_so: Callable[[Marks], bool], mark: Mark) -> Mark:
        """Change the marks of this host, and read back whether that `is_so`."""
        why = "it isn't there when read back"
        try:
            change_marks(self.file, change, self.clock)
        except (ValueError, LockError) as error:
            raise AccessError(str(error)) from None
        except (DurableError, JournalError, OSError) as error:
            why = str(error)
        try:
            marks = read_marks(self.file)
        except ValueError as error:
            raise UnknownOutcomeError(f"it may or may not be done: {error}") from None
        if not is_so(marks):
            raise AccessError(f"not done: {why}")
        return mark

    def _intent(self, act: Act) -> Record:
        try:
            return self.journal.intent(self.actor, act)
        except JournalError as error:
            raise AccessError(f"nothing is changed: {error}") from None

    def _intent_if_possible(self, act: Act) -> Record | None:
        """The intent of what waits for no journal."""
        with suppress(JournalError):  # what came of it says so, or can't be recorded either
            return self.journal.intent(self.actor, act)
        return None

    def _done(self, act: Act, deed: Callable[[], Mark], intent: Record | None, what: str) -> Marked[Mark]:
        """Do it, and record what came of it; `what` has become of the alerts in `act`."""
        try:
            mark = deed()
        except UnknownOutcomeError as error:
            self._close(act, intent, None, str(error))
            raise
        except AccessError as error:
            self._close(act, intent, False, str(error))
            raise
        held = f" {_until(mark)}" if act.after else ""
        return Marked(mark, f"{act.target} {what}{held}", self._close(act, intent, True))

    def _close(self, act: Act, intent: Record | None, done: bool | None, why: str = "") -> str:
        """Record the outcome; why that wasn't possible, or nothing."""
        evidence: Json = {"why": why} if why else None
        try:
            if intent is not None:
                after = act.after if done else None
                self.journal.outcome(self.actor, intent, done, after=after, evidence=evidence)
            elif done is not None:
                self.journal.note(self.actor, act, done=done)
        except JournalError as error:
            return str(error)
        return ""


def alert_deeds(settings: "Settings", clock: Clock, environ: Mapping[str, str]) -> AlertDeeds:
    """What whoever runs this process may do about the alerts of the chosen context. Touches nothing."""
    return AlertDeeds(
        context=settings.context,
        file=marks_file(settings.state, settings.context),
        standing=roles_in(settings.chosen).standing(this_person()),
        actor=this_actor(environ),
        journal=open_journal(settings.state, clock),
        clock=clock,
        server=alertmanager_of(settings, clock, environ),
    )


def to_acknowledge(live: Assessment, rule: AlertingRule) -> tuple[AlertRow, ...]:
    """The alerts of a rule that somebody may take on, and nobody has."""
    rows = (row for row in live.alert_rows if row.rule == rule and row.raised is not None)
    return tuple(row for row in rows if row.state in CAN_BE_ACKNOWLEDGED and row.acknowledged is None)


def matchers_of(labels: Labels) -> tuple[LabelMatcher, ...]:
    """What exactly the alerts with these labels pass."""
    return tuple(LabelMatcher(name, "=", value) for name, value in labels)


def alert_named(labels: Labels) -> str:
    """The alert with these labels, as PromQL has a series."""
    others = tuple(pair for pair in labels if pair[0] != "alertname")
    return f"{dict(labels).get('alertname', '')}{{{_listed(matchers_of(others))}}}"


def duration(text: str) -> float:
    """Seconds of `30m`, `2h` or `1d12h`; ValueError says in one line for how long an alert can be muted."""
    lasting = parse_duration(text.strip())
    if not SHORTEST <= lasting <= LONGEST:
        raise ValueError(_ALLOWED)
    return lasting


_ALLOWED = f"an alert is muted for a minute at least, and for {LONGEST / 86400:g} days at most"


def _row(key: str, live: Assessment) -> AlertRow:
    """The alert of that key, as it stands now."""
    if live.ruled.doubt:
        raise AccessError(f"which alerts there are isn't known now: {live.ruled.doubt}")
    row = next((row for row in live.alert_rows if row.key == key), None)
    if row is None:
        raise AccessError("this alert is gone: there is nothing to acknowledge")
    if row.state not in CAN_BE_ACKNOWLEDGED:
        raise AccessError(f"{row.rule.name} is {row.state.word}: there is nothing to acknowledge")
    return row


def _readable(matcher: LabelMatcher) -> LabelMatcher:
    """The matcher, if it can be written down and read again."""
    if parse_matcher(str(matcher)) != matcher:
        raise ValueError(f"{matcher}: can't be written as a matcher")
    return matcher


def _listed(matchers: Sequence[LabelMatcher]) -> str:
    return ", ".join(map(str, matchers))


def _until(mark: Acknowledgement | Silence) -> str:
    named = f", as {mark.key}" if isinstance(mark, Silence) else ""
    return f"until {iso_time(mark.until)[:19]}Z, by {mark.owner}{named}"


def _place(server: AlertmanagerSilences | None) -> "Json":
    return None if server is None else {"alertmanager": server.url}


def _told(mark: Acknowledgement | Silence) -> "Json":
    """Who has muted it until when, as a journal has it."""
    told: dict[str, Json] = {"by": mark.owner, "reason": mark.reason, "until": iso_time(mark.until)}
    return {"key": mark.key, **told} if isinstance(mark, Silence) else told


def _evidence(row: AlertRow) -> "Json":
    value = None if row.raised is None else row.raised.value
    return {"state": row.state.word, "severity": row.rule.severity, "value": value}
