"""How old what was scraped is: by the heartbeat, by time stamps, and by the clock of whoever answers."""

import email.utils
import socket

import pytest

from console.sources.heartbeat import HEARTBEAT
from console.sources.scrape import ScrapeSource
from tests.tui.fake import HandClock
from tests.unit.sources.scraping import answering, engine, failure, source


def test_without_a_heartbeat_the_data_has_no_time_of_its_own() -> None:
    with engine(answering(b"up 1\n")) as running:
        assert source(running.url).read().data_at is None


def test_data_is_as_old_as_the_heartbeat() -> None:
    clock = HandClock()
    with engine(answering(f"{HEARTBEAT} {clock.wall() - 30!r}\n".encode())) as running:
        data_at = source(running.url, clock).read().data_at
    assert data_at == clock.at - 30


def test_the_oldest_explicit_timestamp_ages_the_data() -> None:
    clock = HandClock()
    stamp = round((clock.wall() - 60) * 1000)
    body = f"{HEARTBEAT} {clock.wall()!r}\nup 1 {stamp}\n".encode()
    with engine(answering(body)) as running:
        data_at = source(running.url, clock).read().data_at
    assert data_at == clock.at - 60


def test_a_heartbeat_ahead_of_the_clock_is_current_and_noted() -> None:
    clock = HandClock()
    with engine(answering(f"{HEARTBEAT} {clock.wall() + 600!r}\n".encode())) as running:
        scraped = source(running.url, clock).read()
    assert scraped.data_at == clock.now()
    assert scraped.notes == ("the engine's clock is 600.0 s ahead",)


@pytest.mark.parametrize("line", ["{heartbeat} {ahead!r}", "up 1 {milliseconds}"])
def test_a_stamp_in_the_future_that_stands_still_grows_old(line: str) -> None:
    clock = HandClock()
    ahead = clock.at + 3600
    body = line.format(heartbeat=HEARTBEAT, ahead=ahead, milliseconds=int(ahead * 1000)) + "\n"
    with engine(answering(body.encode())) as running:
        one = ScrapeSource(running.url, clock=clock, timeout=5)
        first = one.read()
        clock.at += 50
        second = one.read()
        clock.at += 3551
        third = one.read()
    assert (first.data_at, second.data_at, third.data_at) == (clock.at - 3601,) * 3
    assert (second.notes, third.notes) == (("the engine's clock is 3550.0 s ahead",), ())


def test_a_heartbeat_in_the_future_that_goes_on_is_current() -> None:
    clock = HandClock()
    beats = iter((3600, 3605))

    def behave(connection: socket.socket) -> None:
        answering(f"{HEARTBEAT} {clock.at + next(beats)!r}\n".encode())(connection)

    with engine(behave) as running:
        one = ScrapeSource(running.url, clock=clock, timeout=5)
        one.read()
        clock.at += 5
        assert one.read().data_at == clock.at


@pytest.mark.parametrize(("value", "word"), [("NaN", "NaN"), ("+Inf", "infinite")])
def test_a_heartbeat_that_is_no_time_is_an_error(value: str, word: str) -> None:
    assert failure(answering(f"{HEARTBEAT} {value}\n".encode())) == f"the heartbeat is {word}"


def test_a_distant_heartbeat_is_judged_by_the_distant_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.sources.scrape.is_loopback", lambda url: False)
    clock = HandClock()
    theirs = clock.at + 3600
    body = f"{HEARTBEAT} {theirs - 30!r}\n".encode()
    with engine(answering(body, f"Date: {email.utils.formatdate(theirs, usegmt=True)}")) as running:
        data_at = source(running.url, clock).read().data_at
    assert data_at == clock.at - 30


def test_distant_data_ages_while_its_answer_is_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.sources.scrape.is_loopback", lambda url: False)
    clock = HandClock()
    theirs = clock.at + 3600
    begun = clock.at

    def slow(connection: socket.socket) -> None:
        clock.at += 10
        body = f"{HEARTBEAT} {theirs - 30!r}\n".encode()
        answering(body, f"Date: {email.utils.formatdate(theirs, usegmt=True)}")(connection)

    with engine(slow) as running:
        assert ScrapeSource(running.url, clock=clock, timeout=100).read().data_at == begun - 30
