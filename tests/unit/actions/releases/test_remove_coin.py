"""Taking out the coin engine's files waits for nothing, and loses nothing."""

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from console.actions.releases import coin
from console.actions.releases.coin import remove_coin
from console.actions.releases.errors import ReleaseError
from console.actions.releases.past import last_changed
from console.actions.releases.recorded import Releases
from console.audit.actor import this_actor
from console.audit.open import open_journal
from tests.small_disk import make_read_only, small_disk
from tests.unit.actions.people import Wall
from tests.unit.actions.releases.code_trees import COIN, ONE, deploy, go, held, releases_in, settings_in, ways
from tests.unit.audit.journals import in_child
from tests.unit.domain.worlds import NOW

REST = {name: text for name, text in ONE.items() if name != COIN}


@pytest.fixture
def releases(tmp_path: Path) -> Releases:
    """ONE is deployed."""
    found = releases_in(tmp_path)
    deploy(found, ONE)
    return found


def test_they_are_kept_removed_and_can_be_brought_back(releases: Releases, tmp_path: Path) -> None:
    done = remove_coin(releases, "a coin bug")
    assert (done.names, done.left, done.complaints) == ((COIN,), (), ())
    assert held(releases) == REST
    now = releases.standing()
    assert (now.as_due, now.now.endswith("without the coin engine's files")) == (True, True)
    assert last_changed(settings_in(tmp_path)) is not None
    assert remove_coin(releases, "once more").names == ()
    way = ways(tmp_path, releases)
    go(way, way.plan(now.past.current or ""))
    assert held(releases) == ONE


def test_changes_that_nobody_recorded_are_saved_with_them(releases: Releases) -> None:
    (releases.code.tree / COIN).write_text("a quick fix")
    done = remove_coin(releases, "a coin bug")
    (saved,) = [each for each in releases.all()[0] if each.release.saved]
    assert done.kept == f"recorded as {saved.release.id}"
    assert saved.release.files[COIN].size == len("a quick fix")


def test_without_a_journal_a_disk_or_a_lock_they_are_set_aside(
    releases: Releases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (releases.code.tree / COIN).write_text("a quick fix")
    monkeypatch.setattr(coin, "_KEEPING", 0.3)
    monkeypatch.setattr(coin, "_WRITING", 0.3)
    with small_disk(tmp_path / "disk") as disk:
        make_read_only(disk)
        away = replace(
            releases_in(tmp_path),
            folder=disk / "releases",
            state=disk,
            journal=open_journal(disk, Wall(NOW), wait=0),
        )
        done = remove_coin(away, "a coin bug")
    assert done.left == ()
    assert held(releases) == {**REST, f"{COIN}.removed-20270115T080000Z": "a quick fix"}
    assert [words.partition(":")[0] for words in done.complaints] == [
        "THE JOURNAL LACKS IT",
        "no copy was made",
    ]


def test_somebody_who_holds_the_lock_for_ever_is_not_waited_for(
    releases: Releases, monkeypatch: pytest.MonkeyPatch
) -> None:
    (releases.code.tree / COIN).write_text("a quick fix")
    monkeypatch.setattr(coin, "_KEEPING", 0.1)
    with releases.locked():
        done = remove_coin(releases, "a coin bug")
    assert (done.left, done.complaints) == ((), ("no copy was made: keeping them took too long",))
    assert COIN not in held(releases)


def test_a_file_that_came_after_the_copy_is_set_aside(
    releases: Releases, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = coin._kept(releases)
    (releases.code.tree / COIN).write_text("newer")
    monkeypatch.setattr(coin, "_kept", lambda _releases: kept)
    remove_coin(releases, "a coin bug")
    assert held(releases) == {**REST, f"{COIN}.removed-20270115T080000Z": "newer"}


def test_a_symlink_is_taken_out_and_what_it_leads_to_stays(releases: Releases, tmp_path: Path) -> None:
    place, outside = releases.code.tree / COIN, tmp_path / "outside.py"
    outside.write_text("elsewhere")
    place.unlink()
    place.symlink_to(outside)
    assert remove_coin(releases, "a coin bug").left == ()
    assert not os.path.lexists(place)
    assert outside.read_text() == "elsewhere"


def test_a_folder_that_is_a_symlink_is_not_followed(releases: Releases, tmp_path: Path) -> None:
    folder = releases.code.tree / "app"
    folder.rename(tmp_path / "outside")
    folder.symlink_to(tmp_path / "outside")
    with pytest.raises(ReleaseError, match="app: is a symlink"):
        remove_coin(releases, "a coin bug")
    assert (tmp_path / "outside" / "coin.py").exists()


def test_killed_before_the_files_are_gone_it_is_run_again(
    releases: Releases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coin, "_take_out", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
    assert in_child(lambda: remove_coin(releases, "a coin bug")) == -signal.SIGKILL
    monkeypatch.undo()
    assert held(releases) == ONE
    remove_coin(releases, "a coin bug")
    assert held(releases) == REST
    assert releases.standing().as_due


def test_killed_once_they_are_gone_the_next_one_tells_the_journal(
    releases: Releases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coin, "_outcome", lambda *_: os.kill(os.getpid(), signal.SIGKILL))

    def as_the_child() -> None:
        remove_coin(replace(releases, actor=this_actor(os.environ)), "a coin bug")

    assert in_child(as_the_child) == -signal.SIGKILL
    monkeypatch.undo()
    assert (held(releases), releases.standing().as_due) == (REST, False)
    assert remove_coin(releases, "a coin bug").names == ()
    assert releases.standing().as_due
