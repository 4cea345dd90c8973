"""Which release is the previous one: by what was deployed and was healthy, and by nothing else."""

from dataclasses import replace

import pytest

from console.domain.release import (
    Deed,
    Event,
    FileSum,
    Past,
    differences,
    id_of,
    past_of,
    previous_of,
    tree_of,
)

PLAIN = FileSum("aa" * 32, 3, 0o644)


def past(*told: str) -> Past:
    """The past of deeds such as `deployed A`, `healthy A`, `back A`, `begun A`, `left A`, `coin`."""
    return past_of(event(at, *words.split()) for at, words in enumerate(told))


def event(at: int, what: str, release: str = "") -> Event:
    deed, done = {
        "deployed": (Deed.DEPLOYED, True),
        "healthy": (Deed.HEALTHY, True),
        "back": (Deed.BACK, True),
        "begun": (Deed.BACK, None),
        "left": (Deed.BACK, False),
        "coin": (Deed.REMOVE_COIN, True),
        "removed": (Deed.REMOVED, True),
    }[what]
    return Event(deed, float(at), "dana (uid 1001)", release, done)


GOOD = ("deployed A", "healthy A", "deployed B", "healthy B")


@pytest.mark.parametrize(
    ("told", "stands", "previous"),
    [
        ((*GOOD, "deployed C"), "C", "B"),
        ((*GOOD, "deployed C", "healthy C"), "C", "B"),
        (("deployed A", "healthy A", "deployed B", "deployed C"), "C", "A"),  # B never was healthy
        ((*GOOD, "deployed C", "back B"), "B", "A"),  # and not C, from which one came
        ((*GOOD, "deployed C", "back B", "back C"), "C", "B"),
        ((*GOOD, "deployed A"), "A", "B"),  # deployed anew, not gone back to
        ((*GOOD, "deployed B"), "B", "A"),  # twice the same is once
        (GOOD, None, "B"),  # somebody has changed its files
        ((*GOOD, "deployed C"), None, "B"),
        (GOOD, "saved-1", "B"),
        ((*GOOD, "deployed C"), "A", "B"),  # put there by hand
        ((*GOOD, "begun A"), None, "A"),  # killed on the way
        ((*GOOD, "left A"), None, "A"),
        ((*GOOD, "deployed C", "begun A"), "A", "A"),  # killed right before its end
        ((*GOOD, "begun A", "deployed C"), "C", "B"),
        ((*GOOD, "coin"), "B", "A"),
        (("deployed A",), "A", None),
        (("deployed A", "deployed B"), "B", None),
        (("healthy A", "deployed B"), "B", None),  # nobody deployed it
        ((), None, None),
    ],
)
def test_the_previous_release_is_the_last_one_that_was_deployed_and_healthy(
    told: tuple[str, ...], stands: str | None, previous: str | None
) -> None:
    assert previous_of(past(*told), stands).id == previous


def test_where_there_is_no_previous_release_it_says_why() -> None:
    assert previous_of(past(), None).why == "the journal knows of no release that was deployed"
    assert previous_of(past("deployed A", "deployed B"), "B").why == (
        "no release before B was healthy; before it, deployed were: A"
    )


def test_a_new_release_brings_the_coin_engine_s_files_again() -> None:
    assert past(*GOOD, "coin").without_coin
    assert not past(*GOOD, "coin", "deployed C").without_coin


def test_what_changed_files_is_remembered_and_what_was_left_is_not() -> None:
    assert past(*GOOD).changed is None
    assert past(*GOOD, "left A").changed is None
    for words in ("back A", "begun A", "coin"):
        changed = past(*GOOD, words).changed
        assert changed is not None
        assert changed.at == len(GOOD)


def test_files_are_the_same_by_name_content_and_whether_they_may_be_run() -> None:
    same = FileSum(PLAIN.digest, 3, 0o600)
    script = FileSum(PLAIN.digest, 3, 0o755)
    other = FileSum("bb" * 32, 3, 0o644)
    assert tree_of({"a": PLAIN, "b": other}) == tree_of({"b": other, "a": same})
    assert len({tree_of(files) for files in ({"a": PLAIN}, {"a": script}, {"a": other}, {"b": PLAIN})}) == 4
    assert differences({"a": PLAIN, "b": PLAIN, "c": PLAIN}, {"a": script, "b": other, "d": PLAIN}) == (
        "a: may be run",
        "b: differs",
        "c: is missing",
        "d: isn't part of it",
    )
    assert (id_of("0123456789abcdef"), id_of("0123456789abcdef", saved=True)) == (
        "r-0123456789ab",
        "saved-0123456789ab",
    )


def test_a_manifest_that_was_put_back_is_known_and_none_takes_the_place_of_a_recorded_one() -> None:
    back = replace(event(1, "back", "A"), manifest="old")
    assert past_of([back]).manifests == {"A": "old"}
    assert past_of([replace(back, done=None)]).manifests == {}
    assert past_of([replace(back, deed=Deed.RECORDED, manifest="new"), back]).manifests == {"A": "new"}
