"""What people are told: one line that says it all on a telephone, and nothing in it that acts."""

from typing import get_args

from console.domain.news import Kind, News
from console.settings_audit import Told


def test_the_title_begins_with_the_environment() -> None:
    news = News(Kind.LOST, "futures-prod", "production", "alice@ops1", "margin")
    assert news.title.startswith("[production] futures-prod: kill switch LOST")


def test_a_drill_says_so_first() -> None:
    assert News(Kind.TRIP, "paper", "paper", "alice", "x", drill=True).title.startswith("DRILL [paper]")


def test_the_body_says_who_and_why_and_what_came_of_it() -> None:
    news = News(Kind.TRIP, "paper", "paper", "alice@ops1", "margin", "flag file done")
    assert news.body == "alice@ops1: margin\nflag file done"


def test_foreign_text_is_inert() -> None:
    news = News(Kind.TRIP, "paper", "paper", "alice", "a\n\x1b[31mb")
    assert news.body == "alice: a\\n\\x1b[31mb"


def test_every_kind_has_words_and_can_be_wanted_but_a_test() -> None:
    assert all(kind.words for kind in Kind)
    assert {kind.setting for kind in Kind} == {*get_args(Told), "test"}
