"""Mutings of consoles that died on the way: their intents are closed by what this host's marks say now."""

from collections.abc import Mapping

from console.actions.alert_deeds import (
    ACKNOWLEDGE,
    SILENCE,
    UNSILENCE,
    WITHDRAW,
    AlertDeeds,
    alert_named,
)
from console.audit.errors import JournalError
from console.audit.open_intents import abandoned_intents, close
from console.audit.record import Record, iso_time
from console.domain.access import AccessError
from console.domain.silences import Marks


def close_abandoned(deeds: AlertDeeds) -> None:
    """Close what processes of this host which are gone left open in the context. Raises AccessError.

    What was asked of an Alertmanager may or may not be done.
    """
    try:
        for intent in abandoned_intents(deeds.journal.folder, deeds.actor.host):
            if intent.context == deeds.context and intent.action in _DONE:
                elsewhere = _field(intent.evidence, "alertmanager") is not None
                done = None if elsewhere else _DONE[intent.action](intent, deeds.marks())
                close(deeds.journal, deeds.actor, intent, done, evidence={"read_back": True})
    except JournalError as error:
        raise AccessError(str(error)) from None


def _acknowledged(intent: Record, marks: Marks) -> bool:
    until = _field(intent.after, "until")
    found = (one for one in marks.acknowledgements if alert_named(one.labels) == intent.target)
    return any(iso_time(one.until) == until and one.reason == intent.reason for one in found)


def _withdrawn(intent: Record, marks: Marks) -> bool:
    return all(alert_named(one.labels) != intent.target for one in marks.acknowledgements)


def _silenced(intent: Record, marks: Marks) -> bool:
    return any(one.key == _field(intent.after, "key") for one in marks.silences)


def _unsilenced(intent: Record, marks: Marks) -> bool:
    key, until = _field(intent.before, "key"), _field(intent.before, "until")
    return all(one.key != key or iso_time(one.until) != until for one in marks.silences)


_DONE = {ACKNOWLEDGE: _acknowledged, WITHDRAW: _withdrawn, SILENCE: _silenced, UNSILENCE: _unsilenced}
"""Whether each deed was done, by what the marks say."""


def _field(told: object, name: str) -> object:
    return told.get(name) if isinstance(told, Mapping) else None
