"""Silences made and ended in an Alertmanager: sent once, read back, and unknown where nobody can tell."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from console.actions.alertmanager_silences import (
    AlertmanagerSilences,
    UnknownOutcomeError,
    alertmanager_of,
)
from console.audit.record import Phase
from console.domain.access import AccessError
from console.domain.clock import SystemClock
from console.domain.silences import Silence, parse_matcher
from console.sources.credentials import Credentials
from tests.unit.actions.alertmanager import FakeAlertmanager, alertmanager
from tests.unit.actions.contexts import settings_with
from tests.unit.actions.test_alert_deeds import deeds_in, journal_of, marks_in

MATCHERS = (parse_matcher("symbol=~BTC.*"), parse_matcher("severity!=page"))
SILENCES = "/api/v2/silences"


@pytest.fixture
def server() -> Iterator[FakeAlertmanager]:
    with alertmanager() as running:
        yield running


def silences_of(server: FakeAlertmanager) -> AlertmanagerSilences:
    return AlertmanagerSilences(server.url, Credentials(), SystemClock())


def wanted() -> Silence:
    now = SystemClock().wall()
    return Silence("7K3QXM", MATCHERS, "alice", "known", now, now // 1 + 3600)


def test_a_silence_comes_back_under_the_key_that_alertmanager_gave_it(server: FakeAlertmanager) -> None:
    asked = wanted()
    made = silences_of(server).create(asked)
    ((key, held),) = server.silences.items()
    assert made == replace(asked, key=key)
    assert held["matchers"] == [
        {"name": "symbol", "value": "BTC.*", "isRegex": True, "isEqual": True},
        {"name": "severity", "value": "page", "isRegex": False, "isEqual": False},
    ]
    assert (held["createdBy"], held["comment"]) == ("alice", "known")


def test_what_is_refused_is_told_in_alertmanagers_words(server: FakeAlertmanager) -> None:
    server.refuses = (400, "bad matcher")
    with pytest.raises(AccessError, match='HTTP 400: "bad matcher"') as told:
        silences_of(server).create(wanted())
    assert not isinstance(told.value, UnknownOutcomeError)


def test_a_silence_whose_answer_is_lost_is_looked_for_and_not_made_again(server: FakeAlertmanager) -> None:
    server.loses = {"POST"}
    made = silences_of(server).create(wanted())
    assert list(server.silences) == [made.key]
    assert server.asked == [("POST", SILENCES), ("GET", SILENCES)]


def test_a_silence_that_is_not_found_after_a_lost_answer_is_unknown(server: FakeAlertmanager) -> None:
    server.loses, server.forgets = {"POST"}, True
    with pytest.raises(UnknownOutcomeError, match="may or may not be silenced"):
        silences_of(server).create(wanted())
    assert server.asked == [("POST", SILENCES), ("GET", SILENCES)]


def test_a_silence_that_can_not_be_read_back_is_unknown(server: FakeAlertmanager) -> None:
    server.loses = {"GET"}
    with pytest.raises(UnknownOutcomeError, match="may or may not be silenced"):
        silences_of(server).create(wanted())


def test_what_a_proxy_says_in_alertmanagers_place_is_no_refusal(server: FakeAlertmanager) -> None:
    server.refuses = (504, "gateway time-out")
    with pytest.raises(UnknownOutcomeError, match="HTTP 504"):
        silences_of(server).create(wanted())


def test_without_a_connection_nothing_was_asked() -> None:
    gone = AlertmanagerSilences("http://127.0.0.1:1", Credentials(), SystemClock())
    with pytest.raises(AccessError, match="connection refused") as told:
        gone.create(wanted())
    assert not isinstance(told.value, UnknownOutcomeError)


def test_credentials_that_are_missing_are_told_before_anything_is_asked(server: FakeAlertmanager) -> None:
    without = replace(silences_of(server), credentials=Credentials(bearer_env="TOKEN", environment={}))
    with pytest.raises(AccessError, match="TOKEN is not set"):
        without.create(wanted())
    assert server.asked == []


def test_a_silence_is_ended_and_that_is_read_back(server: FakeAlertmanager) -> None:
    held = silences_of(server)
    made = held.create(wanted())
    assert held.expire(held.find(made.key)).key == made.key
    assert server.silences[made.key]["status"] == {"state": "expired"}


def test_an_end_whose_answer_is_lost_is_read_back(server: FakeAlertmanager) -> None:
    held = silences_of(server)
    made = held.create(wanted())
    server.loses = {"DELETE"}
    held.expire(made)
    assert [method for method, _ in server.asked].count("DELETE") == 1


def test_an_end_that_did_not_come_about_is_told(server: FakeAlertmanager) -> None:
    held = silences_of(server)
    made = held.create(wanted())
    server.forgets = True
    with pytest.raises(AccessError, match="still holds"):
        held.expire(made)


def test_what_has_ended_is_not_found(server: FakeAlertmanager) -> None:
    held = silences_of(server)
    made = held.create(wanted())
    held.expire(made)
    with pytest.raises(AccessError, match="has ended"):
        held.find(made.key)


def test_a_silence_of_a_context_with_an_alertmanager_goes_there(
    server: FakeAlertmanager, tmp_path: Path
) -> None:
    deeds = replace(deeds_in(tmp_path), server=silences_of(server), clock=SystemClock())
    done = deeds.silence(MATCHERS, "known", 3600)
    assert list(server.silences) == [done.mark.key]
    assert marks_in(tmp_path).silences == ()
    assert done.words.startswith(f'symbol=~"BTC.*", severity!="page" silenced in {server.url} until ')
    assert journal_of(tmp_path)[0].evidence == {"alertmanager": server.url}
    assert deeds.unsilence(done.mark.key).mark.key == done.mark.key
    assert server.silences[done.mark.key]["status"] == {"state": "expired"}


def test_a_local_silence_stays_on_this_host(server: FakeAlertmanager, tmp_path: Path) -> None:
    deeds = replace(deeds_in(tmp_path), server=silences_of(server))
    deeds.silence(MATCHERS, "known", 3600, local=True)
    assert (server.asked, len(marks_in(tmp_path).silences)) == ([], 1)


def test_alertmanager_is_not_asked_for_a_key_that_is_none_of_its_own(
    server: FakeAlertmanager, tmp_path: Path
) -> None:
    deeds = replace(deeds_in(tmp_path), server=silences_of(server))
    with pytest.raises(AccessError, match="there is no silence 7K3QXM that holds"):
        deeds.unsilence("7K3QXM")
    assert server.asked == []


def test_what_nobody_can_tell_is_unknown_in_the_journal(server: FakeAlertmanager, tmp_path: Path) -> None:
    server.loses = {"POST", "GET"}
    deeds = replace(deeds_in(tmp_path), server=silences_of(server))
    with pytest.raises(UnknownOutcomeError):
        deeds.silence(MATCHERS, "known", 3600)
    _, outcome = journal_of(tmp_path)
    assert (outcome.phase, outcome.done) == (Phase.UNKNOWN, None)


def test_the_settings_name_the_alertmanager(tmp_path: Path) -> None:
    named = settings_with(
        tmp_path,
        "prometheus: {url: 'http://127.0.0.1:9090', alertmanager: {url: 'http://127.0.0.1:9093'}}",
    )
    found = alertmanager_of(named, SystemClock(), {})
    assert found is not None
    assert found.url == "http://127.0.0.1:9093"
    assert alertmanager_of(settings_with(tmp_path), SystemClock(), {}) is None
