"""Alertmanager's silences as the console reads them; a real one's are in the integration tests."""

import json
from datetime import UTC, datetime

import pytest
from pytest_httpserver import HTTPServer

from console.domain.silences import LONGEST, Silence
from console.sources.alertmanager import ASK_AGAIN, ASK_EVERY, SILENCES_PATH, Alertmanager, silence_from
from tests.tui.fake import START, HandClock

DAY = 86400.0

Document = dict[str, object]


def time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()


def matcher(value: object = "BTC", **more: object) -> Document:
    return {"name": "symbol", "value": value, "isRegex": False, "isEqual": True, **more}


def told(*matchers: Document, since: float = -60, until: float = 600, **more: object) -> Document:
    return {
        "id": "7f3a",
        "status": {"state": "active"},
        "matchers": [*matchers] or [matcher()],
        "startsAt": time(START + since),
        "endsAt": time(START + until),
        "createdBy": "alice",
        "comment": "known",
        **more,
    }


def read(document: object) -> Silence:
    silence = silence_from(document, START)
    assert silence is not None
    return silence


class Console:
    """A console that reads what an Alertmanager on loopback holds."""

    def __init__(self, http: HTTPServer) -> None:
        self._http = http
        self.clock = HandClock()
        self.read = Alertmanager(http.url_for("/"), clock=self.clock, timeout=2)

    def serve(self, answer: object, status: int = 200) -> None:
        self._http.clear()
        body = answer if isinstance(answer, str) else json.dumps(answer)
        self._http.expect_request(SILENCES_PATH).respond_with_data(body, status)

    def later(self, seconds: float = ASK_EVERY) -> tuple[Silence, ...]:
        self.clock.at += seconds
        return self.read.silences()


@pytest.fixture
def console(httpserver: HTTPServer) -> Console:
    return Console(httpserver)


def test_a_silence_says_what_it_mutes_and_by_whom() -> None:
    silence = read(told())
    assert (silence.key, silence.owner, silence.reason) == ("7f3a", "alice (Alertmanager)", "known")
    assert (silence.since, silence.until) == (START - 60, START + 600)
    assert silence.holds((("symbol", "BTC"),), START)
    assert not silence.holds((("symbol", "ETH"),), START)


@pytest.mark.parametrize(
    ("flags", "sign"),
    [
        ({"isRegex": False, "isEqual": True}, "="),
        ({"isRegex": False, "isEqual": False}, "!="),
        ({"isRegex": True, "isEqual": True}, "=~"),
        ({"isRegex": True, "isEqual": False}, "!~"),
    ],
)
def test_a_matcher_has_its_sign(flags: Document, sign: str) -> None:
    first, _ = read(told(matcher(**flags), matcher("page", name="severity"))).matchers
    assert first.sign == sign


def test_an_old_alertmanager_knows_no_unequal() -> None:
    old = {"name": "symbol", "value": "BTC", "isRegex": False}
    assert read(told(old)).matchers[0].sign == "="


def test_one_that_has_ended_is_none() -> None:
    assert silence_from(told(status={"state": "expired"}), START) is None
    assert silence_from(told(since=-600, until=-1), START) is None


def test_one_that_begins_later_is_told_and_holds_then() -> None:
    silence = read(told(since=60, status={"state": "pending"}))
    assert not silence.holds((("symbol", "BTC"),), START)
    assert silence.holds((("symbol", "BTC"),), START + 60)


def test_one_that_lasts_longer_than_allowed_here_holds_now_and_says_until_when() -> None:
    silence = read(told(since=-300 * DAY, until=300 * DAY))
    assert silence.holds((("symbol", "BTC"),), START)
    assert silence.until - silence.since <= LONGEST
    assert silence.reason == f"known (until {time(START + 300 * DAY)[:16]})"


def test_what_people_wrote_comes_as_one_plain_line() -> None:
    silence = read(told(comment="two\nlines\x1b[2J " + "x" * 1000, createdBy=""))
    assert silence.reason.startswith("two lines\\x1b[2J xxx")
    assert len(silence.reason) == 200
    assert silence.owner == "somebody (Alertmanager)"


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (3, "a silence is a mapping"),
        (told(id=3), "id is no text"),
        (told(startsAt="soon"), "startsAt is no time"),
        (told(matchers="symbol=BTC"), "matchers are a list"),
        (told({"name": "symbol"}), "a matcher has a name, a value and isRegex"),
        (told(matcher("(", isRegex=True)), "'(' is not a regular expression: "),
        (told(matcher(".*", isRegex=True)), "a silence needs a matcher that not every alert passes"),
    ],
)
def test_what_is_no_silence_is_refused_in_one_line(document: object, why: str) -> None:
    with pytest.raises(ValueError, match=r"^[^\n]+$") as caught:
        silence_from(document, START)
    assert str(caught.value).startswith(why)


def test_the_silences_are_those_of_the_last_answer(console: Console) -> None:
    console.serve([told(), told(id="8", status={"state": "expired"})])
    assert [silence.key for silence in console.read.silences()] == ["7f3a"]
    console.serve([])
    assert console.later() == ()


def test_it_is_not_asked_at_every_reading(console: Console) -> None:
    console.serve([told()])
    console.read.silences()
    console.serve([])
    assert len(console.later(ASK_EVERY / 2)) == 1


def test_one_that_can_not_be_read_is_left_out_and_told(console: Console) -> None:
    console.serve([told(matcher("(", isRegex=True)), told()])
    assert len(console.read.silences()) == 1
    (note,) = console.read.notes()
    assert note.startswith("Alertmanager: a silence that can't be read is left out: '(' is not a regular")


def test_of_many_that_can_not_be_read_a_few_are_told(console: Console) -> None:
    console.serve([told(matcher("(" * number, isRegex=True)) for number in range(1, 9)])
    console.read.silences()
    assert len(console.read.notes()) == 3


@pytest.mark.parametrize(
    ("answer", "status", "why"),
    [
        ("", 503, "HTTP 503"),
        ("<html>", 200, "the answer is not an Alertmanager's"),
        ({}, 200, "the answer is not an Alertmanager's"),
    ],
)
def test_what_is_not_answered_is_not_taken_for_ended(
    console: Console, answer: object, status: int, why: str
) -> None:
    console.serve([told()])
    console.read.silences()
    console.serve(answer, status)
    assert len(console.later(30)) == 1
    assert console.read.notes() == (f"Alertmanager: {why}: its silences are as of 30 s ago",)


def test_one_that_does_not_answer_is_asked_less_often(console: Console) -> None:
    console.serve("", 503)
    console.read.silences()
    console.serve([told()])
    assert console.later(ASK_EVERY) == ()
    assert len(console.later(ASK_AGAIN - ASK_EVERY)) == 1
    assert console.read.notes() == ()


def test_what_never_was_answered_is_not_known(console: Console) -> None:
    console.serve("", 503)
    assert console.read.silences() == ()
    assert console.read.notes() == ("Alertmanager: HTTP 503: what is silenced there isn't known",)
