"""A folder of releases that two consoles use, each with its own journal: one changes it, both may look."""

from dataclasses import replace
from pathlib import Path

import pytest

from console.actions.durable import DurableError
from console.actions.guard import RefusedError
from console.actions.releases import coin, owner
from console.actions.releases.errors import ReleaseError
from console.actions.releases.folder import keep_manifest
from console.actions.releases.owner import FILE
from console.actions.releases.pruning import Others, prune
from console.actions.releases.recorded import Releases
from console.audit.files import records
from console.audit.open import open_journal
from console.audit.record import Act
from console.domain.access import AccessError
from tests.unit.actions.releases.code_trees import ONE, TWO, UNTRIED, deploy, go, held, put, releases_in, ways

OTHER = "the releases in .* are those of the console of .*; do it there, or, .* record --take-over REASON"


def another(own: Releases, state: Path) -> Releases:
    """The same releases, as a console with this state folder has them, and with a journal of its own."""
    found = replace(own, state=state, journal=open_journal(state, own.clock))
    found.journal.note(found.actor, Act(own.context, "arm", "", reason="another console"))
    return found


def test_only_the_console_that_was_there_first_changes_them_and_the_other_is_told(tmp_path: Path) -> None:
    own = releases_in(tmp_path)
    one = deploy(own, ONE)
    other = another(own, tmp_path / "other")
    put(own, TWO)
    for deed in (
        lambda: other.record("2"),
        lambda: other.deployed(one),
        other.healthy,
        lambda: prune(other, lambda: Others({})),
    ):
        with pytest.raises(ReleaseError, match=OTHER):
            deed()
    plan = ways(tmp_path, other).plan(to=one.release.id)
    assert any("are those of the console of" in words for words in plan.problems)
    with pytest.raises(AccessError):
        go(ways(tmp_path, other), replace(plan, problems=()))
    assert held(own)["run.py"] == "two"
    assert (other.all(), len(other.standing().kept)) == (own.all(), 1)  # looking goes on
    assert own.record("2").release.version == "2"
    with pytest.raises(AccessError):
        other.take_over("-")
    other.take_over("the other host is gone")  # as the line says
    taken = list(records(other.journal.folder))[-1]
    assert (taken.action, taken.reason) == ("release.take_over", "the other host is gone")
    assert str(taken.before).startswith("the console of ")
    other.record("2")
    with pytest.raises(ReleaseError, match=OTHER):
        own.record("2")


def test_what_a_lost_journal_knew_goes_back_by_an_override_that_this_one_keeps(tmp_path: Path) -> None:
    own = releases_in(tmp_path)
    one = deploy(own, ONE)
    deploy(own, TWO)
    other = another(own, tmp_path / "other")
    other.take_over("the other host is gone")
    way = ways(tmp_path, other)
    with pytest.raises(RefusedError, match=r"health: .*: the journal doesn't know it, .*: needs an override"):
        go(way, way.plan(one.release.id))
    assert held(own) == TWO
    whole = one.file.read_bytes()
    one.file.write_bytes(whole[:-1] + b"\1")
    with pytest.raises(RefusedError, match="isn't what was recorded"):
        go(way, way.plan(one.release.id), UNTRIED)
    one.file.write_bytes(whole)
    go(way, way.plan(one.release.id), UNTRIED)
    intent = list(records(other.journal.folder))[-2]
    assert isinstance(intent.evidence, dict)
    assert str(intent.evidence["health"]).startswith("OVERRIDDEN: nothing else is left (")
    now = other.standing()
    assert (held(own), now.as_due, now.due) == (ONE, True, one)
    assert other.healthy().release.id == one.release.id


def test_another_manifest_than_the_journal_knows_is_lifted_by_nothing(tmp_path: Path) -> None:
    own = releases_in(tmp_path)
    one = deploy(own, ONE)
    deploy(own, TWO)
    keep_manifest(own.folder, replace(one.release, version="2"))
    way = ways(tmp_path, own)
    with pytest.raises(RefusedError, match="the journal knows another manifest of it"):
        go(way, way.plan(one.release.id), UNTRIED)


def test_what_lowers_the_risk_is_done_whoever_they_belong_to(tmp_path: Path) -> None:
    own = releases_in(tmp_path)
    deploy(own, {**ONE, "run.py": "recorded by nobody"})
    other = another(own, tmp_path / "other")
    put(own, ONE)
    done = coin.remove_coin(other, "drill")
    assert (done.left, done.names) == ((), ("app/coin.py",))
    assert any("no copy was made: the releases in" in words for words in done.complaints)


def test_where_nobody_can_tell_whose_they_are_nothing_is_changed(tmp_path: Path) -> None:
    own = releases_in(tmp_path)
    deploy(own, ONE)
    (own.folder / FILE).write_text("nonsense")
    with pytest.raises(ReleaseError, match=r"can't be told: .*: it names no journal"):
        own.record()
    assert own.standing().as_due
    own.take_over("written by a full disk")
    assert own.record().release


def test_a_state_folder_that_was_moved_with_its_journal_has_its_releases(tmp_path: Path) -> None:
    own = releases_in(tmp_path)
    deploy(own, ONE)
    moved = own.state.rename(tmp_path / "moved")
    folder = moved / own.folder.relative_to(tmp_path / "state")
    assert (folder / FILE).exists()
    assert replace(own, folder=folder, state=moved, journal=open_journal(moved, own.clock)).record().release


def test_that_they_cannot_be_claimed_hides_nothing_of_what_was_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = releases_in(tmp_path)
    one = deploy(own, ONE)
    deploy(own, TWO)
    (own.folder / FILE).unlink()  # as before there were owners

    def full(*_: object, **__: object) -> None:
        raise DurableError("no space left on device", full=True)

    monkeypatch.setattr(owner, "replace_file", full)
    way = ways(tmp_path, own)
    done = go(way, way.plan(to=one.release.id))
    assert (done.changed > 0, held(own)) == (True, ONE)
