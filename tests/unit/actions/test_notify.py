"""News sent by the real library to a real server, and what is told where that isn't possible."""

import math
import socket
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from console.actions import sending
from console.actions.kill.switch import KillSwitch
from console.actions.notify import ACTION, Notices
from console.audit.actor import this_actor
from console.audit.files import records
from console.audit.open import open_journal
from console.audit.record import Record
from console.domain.clock import SystemClock
from console.domain.kill_state import KillState, Verdict
from console.domain.news import Kind, News
from console.settings import Settings
from console.settings_audit import Notify
from tests.unit.actions.contexts import settings_with
from tests.unit.actions.services import Service, running_service
from tests.waiting import DEADLINE

PATIENT = 60
"""Seconds that a service has to answer, with all that is loaded for it first."""
NEWS = News(Kind.TRIP, "prod", "production", "alice@ops1", "margin", "all: flag file done")
WANTED = Notify(urls_env="NOTIFY_URLS", timeout=PATIENT)
pytestmark = pytest.mark.skipif(not find_spec("apprise"), reason="the extra [notify] isn't installed")


@pytest.fixture
def service() -> Iterator[Service]:
    with running_service() as running:
        yield running


@pytest.fixture
def deaf() -> Iterator[str]:
    """The address of a service that takes connections and never answers; the library itself is patient."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"json://127.0.0.1:{listening.getsockname()[1]}/key-8ef2c1?rto=600"


def settings_in(folder: Path, **notify: object) -> Settings:
    (folder / "engine").mkdir(exist_ok=True)
    settings = settings_with(folder, "kill_switch: {flag: engine/flag}")
    wanted = Notify.model_validate({"urls_env": "NOTIFY_URLS", "timeout": PATIENT, **notify})
    return settings.model_copy(update={"notify": wanted})


def notices_in(folder: Path, environ: dict[str, str], **notify: object) -> Notices:
    settings, clock = settings_in(folder, **notify), SystemClock()
    return Notices(
        settings,
        clock,
        environ,
        journal=lambda: open_journal(settings.state, clock),
        who=lambda: this_actor({}),
    )


def journal_of(folder: Path) -> list[Record]:
    return list(records(folder / "state" / "audit"))


def test_the_message_says_environment_context_what_who_and_why(service: Service) -> None:
    assert sending.send(NEWS, WANTED, {"NOTIFY_URLS": service.address}) == ""
    assert [(told["title"], told["message"], told["type"]) for told in service.taken] == [
        ("[production] prod: kill switch tripped", "alice@ops1: margin\nall: flag file done", "failure")
    ]


def test_a_service_that_fails_is_named_without_its_key_and_the_others_are_told(service: Service) -> None:
    urls = f"json://127.0.0.1:1/key-8ef2c1 {service.address} nonsense"
    assert sending.send(NEWS, WANTED, {"NOTIFY_URLS": urls}) == (
        "service 1 of 3 (json): not taken; service 3 of 3 (no scheme): no address that apprise knows"
    )
    assert len(service.taken) == 1


def test_a_deaf_service_is_given_up_in_time_and_the_others_are_told(service: Service, deaf: str) -> None:
    began = time.monotonic()
    assert sending.send(NEWS, WANTED, {"NOTIFY_URLS": service.address}) == ""
    enough = max(2, math.ceil(3 * (time.monotonic() - began)))  # as it is here and now for one that answers
    wanted = Notify(urls_env="NOTIFY_URLS", timeout=enough)
    why = sending.send(NEWS, wanted, {"NOTIFY_URLS": f"{deaf} {service.address}"})
    assert why == f"service 1 of 2 (json): no answer within {enough} s"
    assert len(service.taken) == 2


def test_secrets_of_the_environment_are_not_sent(service: Service) -> None:
    news = News(Kind.TRIP, "prod", "production", "alice", "the key is xK3-9qzT")
    sending.send(news, WANTED, {"NOTIFY_URLS": service.address, "DB_PASSWORD": "xK3-9qzT"})
    assert service.taken[0]["message"] == "alice: the key is (redacted)"


def test_what_could_not_be_told_is_a_complaint_and_in_the_journal(tmp_path: Path) -> None:
    notices = notices_in(tmp_path, {"NOTIFY_URLS": "json://127.0.0.1:1/key-8ef2c1"})
    notices.tell(Kind.LOST, "margin")
    notices.close(PATIENT)
    why = "service 1 of 1 (json): not taken"
    words = "kill switch LOST, the engine has cleared it by itself"
    assert notices.complaint == f"{words}: not everybody was told: {why}"
    assert [(each.action, each.target, each.done, each.evidence) for each in journal_of(tmp_path)] == [
        (ACTION, "lost", False, {"not told": why})
    ]


def test_a_complaint_is_over_when_the_next_news_is_told(tmp_path: Path, service: Service) -> None:
    notices = notices_in(tmp_path, {"NOTIFY_URLS": service.address})
    notices.complaint = "not everybody was told"
    notices.tell(Kind.RESET, "over")
    notices.close(PATIENT)
    assert (notices.complaint, len(service.taken)) == ("", 1)


def test_a_variable_that_is_not_set_is_a_complaint_before_there_is_news(tmp_path: Path) -> None:
    notices = notices_in(tmp_path, {})
    notices.prepare()
    assert notices.complaint == "nobody can be told: the environment variable NOTIFY_URLS is not set"


def test_a_missing_library_is_a_complaint_before_there_is_news(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "find_spec", lambda _: None)
    notices = notices_in(tmp_path, {"NOTIFY_URLS": "json://127.0.0.1"})
    notices.prepare()
    assert "install opsconsole[notify]" in notices.complaint


def test_what_the_settings_leave_out_is_not_told(tmp_path: Path) -> None:
    notices = notices_in(tmp_path, {}, tell=["lost"])
    notices.tell(Kind.TRIP, "margin")
    notices.close(10)
    assert (notices.complaint, journal_of(tmp_path)) == ("", [])


def test_telling_and_leaving_wait_for_no_service(tmp_path: Path, deaf: str) -> None:
    notices = notices_in(tmp_path, {"NOTIFY_URLS": deaf}, timeout=60)
    began = time.monotonic()
    notices.tell(Kind.TRIP, "margin")
    notices.close(0)
    assert time.monotonic() - began < DEADLINE


def test_a_trip_is_told_with_what_came_of_it(tmp_path: Path, service: Service) -> None:
    switch = KillSwitch(settings_in(tmp_path), environ={"NOTIFY_URLS": service.address})
    switch.trip("margin", drill=True)
    switch.close(PATIENT)
    assert service.taken[0]["title"] == "DRILL [production] prod: kill switch tripped"
    assert str(service.taken[0]["message"]).endswith(": margin\nall: flag file done")


def test_a_trip_whose_news_reach_nobody_is_done_all_the_same_and_says_so(tmp_path: Path) -> None:
    switch = KillSwitch(settings_in(tmp_path), environ={})
    trip = switch.trip("margin")
    switch.close(10)
    assert [result.words for result in trip.results] == ["set"]
    assert switch.complaint.startswith("kill switch tripped: not everybody was told: nobody can be told")


def test_a_loss_is_told(tmp_path: Path, service: Service) -> None:
    switch = KillSwitch(settings_in(tmp_path), environ={"NOTIFY_URLS": service.address})
    switch.note(Verdict(KillState.LOST, "", acknowledged=False, confirmed=True), 1000.0)
    switch.close(PATIENT)
    (told,) = service.taken
    assert "kill switch LOST" in str(told["title"])
    assert str(told["message"]).endswith("it was tripped by others\nit is not tripped again")
