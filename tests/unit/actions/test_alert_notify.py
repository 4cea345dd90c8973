"""Alerts told to people who aren't at a console: by one console of several, once; failures quietly."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from console.actions import alert_notify, mailbox
from console.actions.alert_notify import ACTION, AlertNotices, alert_notices
from console.actions.told_file import COMPLAINT_COUNTS, Complaint, Kept, keep_told, read_told, told_file
from console.audit.files import records
from console.domain.alert_notices import Memory, Message, Told
from console.domain.assessment import Assessment
from console.settings import Settings
from console.settings_audit import Notify
from tests.unit.actions.contexts import settings_with
from tests.unit.actions.people import Wall
from tests.unit.domain.ruled import LIQUIDATION_RULE, MARGIN_RULE, SLIPPAGE_RULE, book, raised, ruled
from tests.unit.domain.worlds import NOW
from tests.waiting import DEADLINE, eventually

ALERTS = {
    "critical": {"urls_env": "PAGERDUTY_URLS"},
    "warning": {"urls_env": "SLACK_URLS"},
    "group_wait": 0,
    "group_interval": 1,
}
ENVIRON = {"PAGERDUTY_URLS": "pd://one", "SLACK_URLS": "slack://one slack://two"}
WHENCE = "[production] prod: "


class Services:
    """Takes what is sent, but for the addresses that `fail`."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, str]] = []
        self.fail: set[str] = set()
        self.tries = 0

    def send(self, url: str, message: Message) -> str:
        self.tries += 1
        if url in self.fail:
            return "not taken"
        self.taken.append((url, message.title.removeprefix(WHENCE)))
        return ""


class Console:
    """A console that watches `prod`, at an hour that is set by hand."""

    def __init__(self, folder: Path, services: Services, environ: dict[str, str], **alerts: object) -> None:
        self.clock = Wall(NOW)
        self.settings = settings_in(folder, **alerts)
        self.notices = AlertNotices(self.settings, self.clock, environ, services.send)

    def sees(self, assessment: Assessment) -> None:
        self.notices.observed(replace(assessment, at=self.clock.at))

    @property
    def kept(self) -> Kept:
        return read_told(told_file(self.settings.state, "prod"))


def settings_in(folder: Path, **alerts: object) -> Settings:
    wanted = Notify.model_validate({"alerts": {**ALERTS, **alerts}})
    return settings_with(folder).model_copy(update={"notify": wanted})


@contextmanager
def console(
    folder: Path, services: Services, environ: dict[str, str] | None = None, **alerts: object
) -> Iterator[Console]:
    opened = Console(folder, services, ENVIRON if environ is None else environ, **alerts)
    try:
        yield opened
    finally:
        opened.notices.close(DEADLINE)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alert_notify, "LOOKS_EVERY", 0.005)
    monkeypatch.setattr(alert_notify, "TRIES_EVERY", 0.005)
    monkeypatch.setattr(mailbox, "FIRST_WAIT", DEADLINE)


@pytest.fixture
def services() -> Services:
    return Services()


CRITICAL = ruled(book(raised(MARGIN_RULE)))
BOTH = ruled(book(raised(MARGIN_RULE), raised(SLIPPAGE_RULE)))
CALM = ruled(book())


def test_each_level_goes_to_its_own_services(tmp_path: Path, services: Services) -> None:
    with console(tmp_path, services) as open_console:
        open_console.sees(BOTH)
        eventually(lambda: len(services.taken) == 3)
    assert sorted(services.taken) == [
        ("pd://one", "CRITICAL MarginCritical BTC"),
        ("slack://one", "WARNING HighSlippage BTC"),
        ("slack://two", "WARNING HighSlippage BTC"),
    ]


def test_the_next_console_does_not_tell_it_again_and_tells_its_end(
    tmp_path: Path, services: Services
) -> None:
    with console(tmp_path, services) as first:
        first.sees(CRITICAL)
        eventually(lambda: services.taken)
    with console(tmp_path, services) as second:
        second.sees(CRITICAL)
        eventually(lambda: second.notices._memory.told)
        second.clock.at += 60
        second.sees(CALM)
        eventually(lambda: len(services.taken) == 2)
    assert services.taken[1] == ("pd://one", "over: MarginCritical BTC")


def test_of_two_consoles_one_tells_and_the_other_takes_over(tmp_path: Path, services: Services) -> None:
    with console(tmp_path, services) as second:
        with console(tmp_path, services) as first:
            first.sees(CRITICAL)
            eventually(lambda: services.taken)
            second.sees(CRITICAL)
            assert not threading.Event().wait(0.05)
            assert len(services.taken) == 1
        second.clock.at += 60
        second.sees(CALM)
        eventually(lambda: len(services.taken) == 2)
    assert services.taken[1] == ("pd://one", "over: MarginCritical BTC")


def test_what_nobody_took_is_told_by_the_next_console(tmp_path: Path, services: Services) -> None:
    services.fail = {"pd://one"}
    with console(tmp_path, services) as first:
        first.sees(CRITICAL)
        eventually(lambda: first.kept.complaint)
    assert first.kept.memory.told == {}
    services.fail = set()
    with console(tmp_path, services) as second:
        second.clock.at += 60
        second.sees(CRITICAL)
        eventually(lambda: services.taken)


def test_one_service_that_fails_keeps_nothing_from_the_others(tmp_path: Path, services: Services) -> None:
    services.fail = {"slack://one"}
    with console(tmp_path, services) as open_console:
        open_console.sees(BOTH)
        eventually(lambda: len(services.taken) == 2)
        eventually(lambda: open_console.kept.complaint == "warning: not taken")


def test_a_failure_is_noted_in_the_journal_once(tmp_path: Path, services: Services) -> None:
    services.fail = {"pd://one"}
    with console(tmp_path, services) as open_console:
        open_console.sees(CRITICAL)
        eventually(lambda: open_console.kept.complaint)
        open_console.clock.at += 1800
        open_console.sees(ruled(book(raised(MARGIN_RULE), raised(MARGIN_RULE, "ETH"))))
        eventually(lambda: services.tries == 2)
        eventually(lambda: open_console.kept.at > NOW)
    noted = list(records(open_console.settings.state / "audit"))
    assert [(one.action, one.target, one.done, one.evidence) for one in noted] == [
        (ACTION, "critical", False, {"not told": "not taken"})
    ]


def test_a_complaint_is_over_when_a_message_is_taken(tmp_path: Path, services: Services) -> None:
    services.fail = {"pd://one"}
    with console(tmp_path, services) as open_console:
        open_console.sees(CRITICAL)
        eventually(lambda: open_console.kept.complaint)
        services.fail = set()
        open_console.clock.at += 60
        open_console.sees(ruled(book(raised(MARGIN_RULE), raised(MARGIN_RULE, "ETH"))))
        eventually(lambda: not open_console.kept.complaint)


def test_a_console_that_knows_no_address_leaves_it_to_one_that_does(
    tmp_path: Path, services: Services
) -> None:
    with console(tmp_path, services, {}) as without:
        without.sees(CRITICAL)
        eventually(lambda: "PAGERDUTY_URLS is not set" in without.kept.complaint)
        with console(tmp_path, services) as able:
            able.sees(CRITICAL)
            eventually(lambda: services.taken)
            eventually(lambda: not able.kept.complaint)


def test_that_the_rules_are_not_known_is_told_and_of_no_alert_its_end(
    tmp_path: Path, services: Services
) -> None:
    with console(tmp_path, services) as open_console:
        open_console.sees(CRITICAL)
        eventually(lambda: len(services.taken) == 1)
        open_console.clock.at += 60
        open_console.sees(ruled(book(), age=60))
        eventually(lambda: len(services.taken) == 3)
    assert {title for _, title in services.taken[1:]} == {"UNKNOWN Alert rules"}


def test_a_console_that_hangs_does_not_say_that_alerts_are_evaluated(
    tmp_path: Path, services: Services
) -> None:
    watchdog = {"urls_env": "PAGERDUTY_URLS", "every": 10}
    with console(tmp_path, services, watchdog=watchdog) as open_console:
        open_console.sees(CALM)
        eventually(lambda: services.taken)
        open_console.clock.at += 60
        assert not threading.Event().wait(0.05)
        assert services.taken == [("pd://one", "alerts are evaluated")]
        open_console.sees(CALM)
        eventually(lambda: len(services.taken) == 2)


def test_a_page_goes_where_critical_alerts_go_that_have_the_only_addresses(
    tmp_path: Path, services: Services
) -> None:
    with console(tmp_path, services) as open_console:
        open_console.sees(ruled(book(raised(LIQUIDATION_RULE))))
        eventually(lambda: services.taken == [("pd://one", "PAGE LiquidationImminent BTC")])


def test_without_anybody_to_tell_nothing_is_begun(tmp_path: Path) -> None:
    assert alert_notices(settings_with(tmp_path), Wall(), {}) is None


def test_what_is_kept_is_read_again(tmp_path: Path) -> None:
    file = told_file(tmp_path, "futures/prod")
    kept = Kept(Memory({"a": Told("page", "x", NOW, True)}, {"page": NOW}), "page: not taken", NOW)
    keep_told(file, kept)
    assert read_told(file) == kept


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '{"told": {"a": [1]}, "sent": {}, "complaint": "", "at": 0}',
        '{"told": {}}',
        f'{{"told": {{"a": ["page", "x", 1{"0" * 400}, true]}}, "sent": {{}}, "complaint": "", "at": 0}}',
        f'{{"told": {{}}, "sent": {{}}, "complaint": "", "at": 1{"0" * 400}}}',
        "[" * 9999,
    ],
)
def test_a_damaged_file_is_begun_anew(tmp_path: Path, text: str) -> None:
    file = tmp_path / "told.json"
    file.write_text(text)
    assert read_told(file) == Kept()


def test_a_complaint_that_nobody_repeats_is_over_after_a_while(tmp_path: Path) -> None:
    file = told_file(tmp_path, "prod")
    complaint = Complaint(file)
    assert complaint.at(NOW) == ""
    keep_told(file, Kept(Memory(), "page: not taken", NOW))
    assert complaint.at(NOW + 60) == "page: not taken"
    assert complaint.at(NOW + COMPLAINT_COUNTS) == ""
    keep_told(file, Kept(Memory(), "", NOW))
    assert complaint.at(NOW + 60) == ""


def test_what_is_kept_is_json_without_anybodys_address(tmp_path: Path, services: Services) -> None:
    services.fail = {"pd://one"}
    with console(tmp_path, services) as open_console:
        open_console.sees(BOTH)
        eventually(lambda: open_console.kept.complaint and open_console.kept.memory.told)
    text = told_file(open_console.settings.state, "prod").read_text()
    assert set(json.loads(text)) == {"told", "sent", "complaint", "at"}
    assert "://" not in text
