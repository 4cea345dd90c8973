"""Mutings that broke off are closed in the journal by what the marks say."""

from dataclasses import replace
from pathlib import Path

import pytest

from console.actions import alert_deeds
from console.actions.alert_deeds import AlertDeeds
from console.actions.alert_reconcile import close_abandoned
from console.audit.record import Act, Phase
from console.domain.silences import parse_matcher
from tests.unit.actions.test_alert_deeds import BTC, deeds_in, journal_of, key_in, live
from tests.unit.audit.journals import ALICE


class DiedError(Exception):
    """The console has died just here."""


def acknowledge(deeds: AlertDeeds) -> None:
    now = live()
    deeds.acknowledge(key_in(now), now, "on it", 3600)


def silence(deeds: AlertDeeds) -> None:
    deeds.silence([parse_matcher("symbol=BTC")], "known", 3600)


def unsilence(deeds: AlertDeeds) -> None:
    deeds.unsilence(deeds.marks().silences[0].key)


def withdraw(deeds: AlertDeeds) -> None:
    deeds.withdraw(BTC)


DEEDS = {"acknowledge": (acknowledge,), "withdraw": (acknowledge, withdraw), "silence": (silence,)}
DEEDS["unsilence"] = (silence, unsilence)


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("written", [True, False])
def test_what_broke_off_is_closed_by_what_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, deed: str, written: bool
) -> None:
    *before, last = DEEDS[deed]
    deeds = deeds_in(tmp_path)
    for each in before:
        each(deeds)

    def die(*_: object) -> None:
        raise DiedError

    with monkeypatch.context() as patched, pytest.raises(DiedError):
        if written:
            patched.setattr(AlertDeeds, "_close", die)
        else:
            patched.setattr(alert_deeds, "change_marks", die)
        last(deeds)
    close_abandoned(deeds)
    outcome = journal_of(tmp_path)[-1]
    assert (outcome.phase, outcome.done, outcome.evidence) == (Phase.OUTCOME, written, {"read_back": True})


def test_what_is_closed_is_not_closed_again(tmp_path: Path) -> None:
    deeds = deeds_in(tmp_path)
    silence(deeds)
    close_abandoned(deeds)
    assert len(journal_of(tmp_path)) == 2


def test_what_was_asked_of_an_alertmanager_is_unknown(tmp_path: Path) -> None:
    deeds = deeds_in(tmp_path)
    act = Act("prod", alert_deeds.SILENCE, 'symbol="BTC"', evidence={"alertmanager": "http://127.0.0.1:1"})
    deeds.journal.intent(ALICE, act)
    close_abandoned(deeds)
    assert journal_of(tmp_path)[-1].phase is Phase.UNKNOWN


def test_other_contexts_are_left_alone(tmp_path: Path) -> None:
    deeds = deeds_in(tmp_path)
    deeds.journal.intent(ALICE, Act("paper", alert_deeds.SILENCE, 'symbol="BTC"'))
    close_abandoned(replace(deeds, context="prod"))
    assert len(journal_of(tmp_path)) == 1
