import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.silences import (
    KEPT,
    LONGEST,
    Acknowledgement,
    LabelMatcher,
    Marks,
    Silence,
    acknowledged,
    document_of,
    marks_from,
    parse_matcher,
    silenced,
    unsilenced,
    withdrawn,
)

BTC = (("alertname", "Low"), ("severity", "page"), ("symbol", "BTCUSDT"))
ETH = (("alertname", "Low"), ("severity", "page"), ("symbol", "ETHUSDT"))


def silence(
    matcher: str = "symbol=BTCUSDT", since: float = 100, until: float = 200, key: str = "s1"
) -> Silence:
    return Silence(key, (parse_matcher(matcher),), "alice", "known", since, until)


def acknowledgement(since: float = 100, until: float = 200) -> Acknowledgement:
    return Acknowledgement(BTC, "alice", "on it", since, until)


def marked(*silences: Silence, now: float = 100) -> Marks:
    marks = Marks()
    for one in silences:
        marks = silenced(marks, one, now)
    return marks


@pytest.mark.parametrize(
    ("text", "accepted"),
    [
        ("symbol=BTCUSDT", True),
        ('symbol="BTCUSDT"', True),
        ("symbol!=BTCUSDT", False),
        ('symbol=~"BTC.*"', True),
        ("symbol=~BTC", False),
        ('symbol!~"ETH.*"', True),
        (r'symbol=~"BTC\w+"', True),
        ("nobody=x", False),
        ("nobody!=x", True),
    ],
)
def test_a_matcher_judges_one_label(text: str, accepted: bool) -> None:
    assert parse_matcher(text).accepts(dict(BTC)) is accepted


@pytest.mark.parametrize(
    "text", ["", "symbol", "symbol==x", "=x", 'symbol="', "a=b,c=d", "a b=c", "symbol=" + "x" * 201]
)
def test_what_is_no_matcher_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no matcher: write a label, one of = != =~ !~ and a value"):
        parse_matcher(text)


def test_what_is_no_regular_expression_is_refused() -> None:
    with pytest.raises(ValueError, match="not a regular expression"):
        parse_matcher("symbol=~[")


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=90))
def test_a_matcher_is_read_back_as_it_was_written(value: str) -> None:
    matcher = LabelMatcher("symbol", "=", value)
    assert parse_matcher(str(matcher)) == matcher


def test_a_silence_holds_from_its_beginning_until_before_its_end() -> None:
    holding = [now for now in (99, 100, 199.9, 200) if silence().holds(BTC, now)]
    assert holding == [100, 199.9]
    assert not silence().holds(ETH, 150)


def test_of_several_silences_the_longest_is_told() -> None:
    marks = marked(silence(), silence("severity=page", until=300, key="s2"))
    assert [found and found.key for found in (marks.silenced_by(BTC, 150), marks.silenced_by(ETH, 350))] == [
        "s2",
        None,
    ]


def test_a_silence_of_everything_is_refused() -> None:
    with pytest.raises(ValueError, match="a matcher that not every alert passes"):
        silence("symbol=~.*")
    with pytest.raises(ValueError, match="a matcher that not every alert passes"):
        Silence("s", (), "alice", "x", 1, 2)


@pytest.mark.parametrize(
    ("owner", "reason", "until", "problem"),
    [
        (" ", "x", 200, "an owner is needed"),
        ("alice", "", 200, "a reason is needed"),
        ("alice", "a\nb", 200, "a reason is one line of at most 500 characters"),
        ("alice", "x" * 501, 200, "a reason is one line"),
        ("alice", "x", 100, "the end comes after the beginning"),
        ("alice", "x", float("nan"), "the end comes after the beginning"),
        ("alice", "x", 101 + LONGEST, "at most 7 days are allowed"),
    ],
)
def test_owner_reason_and_end_are_needed(owner: str, reason: str, until: float, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Acknowledgement(BTC, owner, reason, 100, until)
    with pytest.raises(ValueError, match=problem):
        Silence("s", (parse_matcher("a=b"),), owner, reason, 100, until)


def test_a_silence_can_be_ended_once() -> None:
    marks = unsilenced(marked(silence()), "s1", 150)
    assert marks.silenced_by(BTC, 149) is not None
    assert marks.silenced_by(BTC, 150) is None
    with pytest.raises(ValueError, match="there is no silence s1 that holds"):
        unsilenced(marks, "s1", 160)


def test_a_silence_that_has_not_begun_is_taken_back() -> None:
    assert unsilenced(marked(silence()), "s1", 50).silences == ()


def test_two_silences_of_one_key_are_refused() -> None:
    with pytest.raises(ValueError, match="there is a silence s1 already"):
        marked(silence(), silence())


def test_an_acknowledgement_is_of_one_alert_and_ends_with_it() -> None:
    marks = acknowledged(Marks(), acknowledgement())
    assert marks.acknowledged_by(BTC, active_at=90, now=150) is not None
    assert marks.acknowledged_by(ETH, active_at=90, now=150) is None
    assert marks.acknowledged_by(BTC, active_at=90, now=200) is None
    assert marks.acknowledged_by(BTC, active_at=120, now=150) is None


def test_an_acknowledgement_takes_the_place_of_the_one_before() -> None:
    marks = acknowledged(acknowledged(Marks(), acknowledgement()), acknowledgement(since=150))
    assert [one.since for one in marks.acknowledgements] == [150]


def test_an_acknowledgement_can_be_withdrawn() -> None:
    marks = withdrawn(acknowledged(Marks(), acknowledgement()), BTC)
    assert marks == Marks()
    with pytest.raises(ValueError, match="this alert is not acknowledged"):
        withdrawn(marks, BTC)


def test_what_ended_long_ago_is_forgotten() -> None:
    late = 201 + KEPT
    marks = silenced(acknowledged(Marks(), acknowledgement()), silence(), 100)
    marks = silenced(marks, silence(since=late, until=late + 1, key="s2"), late)
    assert ([one.key for one in marks.silences], marks.acknowledgements) == (["s2"], ())


def test_a_silence_for_later_ends_none_that_holds() -> None:
    later = 201 + KEPT
    marks = marked(silence(), silence(since=later, until=later + 1, key="s2"), now=150)
    assert marks.silenced_by(BTC, 150) == silence()


def test_marks_are_read_back_as_they_were_written() -> None:
    marks = silenced(acknowledged(Marks(), acknowledgement()), silence(r'symbol=~"BTC\\w"'), 100)
    assert marks_from(json.loads(json.dumps(document_of(marks)))) == marks


@pytest.mark.parametrize(
    "document",
    [
        [],
        {},
        {"silences": []},
        {"silences": [[]], "acknowledgements": []},
        {"silences": [["s", ["="], "a", "b", 1, 2]], "acknowledgements": []},
        {"silences": [], "acknowledgements": [[[["a"]], "a", "b", 1, 2]]},
        {"silences": [], "acknowledgements": [[[["a", "b"]], "a", "b", 2, 1]]},
    ],
)
def test_what_are_no_marks_is_refused(document: object) -> None:
    with pytest.raises(ValueError, match=r"^[^\n]+$"):
        marks_from(document)
