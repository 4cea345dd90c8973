"""Looking for expressions that may never come to an end."""

import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.sources.logs.lines import Chunk, Place
from console.sources.logs.pattern import ERRORS, Matcher, TooSlowError, line_pattern
from tests.waiting import DEADLINE


def chunk(data: bytes) -> Chunk:
    return Chunk(Place(0, 0), Place(0, len(data)), data)


@pytest.fixture
def matcher(request: pytest.FixtureRequest) -> Iterator[Matcher]:
    with closing(Matcher(line_pattern(request.param))) as opened:
        yield opened


@pytest.mark.parametrize("text", ["(", "[a", "a{2,1}", "*"])
def test_what_is_no_expression_is_one_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"^not a regular expression: [^\n]+$"):
        line_pattern(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (ERRORS, ("ERROR", "CRITICAL", "LIQUIDATION")),
        ("position_sync", ("position_sync",)),
        (r"mark 64123\.5", ("mark 64123.5",)),
        ("a.c", ()),
        ("a||b", ()),
        (r"\d", ()),
    ],
)
def test_plain_words_are_told_from_other_expressions(text: str, words: tuple[str, ...]) -> None:
    assert line_pattern(text).words == words


@pytest.mark.parametrize("matcher", ["two|four", "^t|f.*r$"], indirect=True)
def test_lines_that_match_are_counted_from_zero(matcher: Matcher) -> None:
    assert matcher.matching(chunk(b"one\ntwo\r\nthree two\nfour\n"))[-1] == 3
    assert 1 in matcher.matching(chunk(b"one\ntwo\r\nthree two\nfour\n"))
    assert matcher.matching(chunk(b"nothing\n\n")) == []


@pytest.mark.parametrize("matcher", ["é|b", "[éb]"], indirect=True)
def test_matches_are_told_apart_in_characters(matcher: Matcher) -> None:
    assert matcher.spans(["aébé", "", "x"]) == [((1, 2), (2, 3), (3, 4)), (), ()]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r")), max_size=8))
def test_both_ways_of_looking_find_the_same(lines: list[str]) -> None:
    data = chunk("".join(f"{line}\n" for line in [*lines, "an a and a b"]).encode())
    with closing(Matcher(line_pattern("a|b"))) as words:
        found = words.matching(data)
    assert found == [n for n, line in enumerate([*lines, "an a and a b"]) if "a" in line or "b" in line]


def test_an_expression_that_never_ends_is_given_up() -> None:
    began = time.monotonic()
    with closing(Matcher(line_pattern(r"(a+)+\$"))) as matcher, pytest.raises(TooSlowError, match="given up"):
        matcher.matching(chunk(b"a" * 60 + b"\n"))
    assert time.monotonic() - began < DEADLINE


def test_after_being_given_up_a_matcher_can_be_asked_again() -> None:
    with closing(Matcher(line_pattern(r"(a+)+\$"))) as matcher:
        with pytest.raises(TooSlowError):
            matcher.matching(chunk(b"a" * 60 + b"\n"))
        assert matcher.matching(chunk(b"a$\n")) == [0]
