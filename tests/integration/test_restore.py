"""A restore through its gates: refused before anything is done, else whole, told, and to be taken back."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from console.actions.backup import restore as restoring
from console.actions.backup.create import Around, Means, create
from console.actions.backup.errors import BackupError
from console.actions.backup.folder import Backup, backups_in
from console.actions.backup.put_back import KEPT, Side, side_of
from console.actions.backup.restore import Restores
from console.actions.checkpoint import Operator
from console.actions.database import Login, connected
from console.actions.guard import RefusedError
from console.audit.actor import this_actor
from console.audit.files import records
from console.audit.open import open_journal
from console.audit.record import Phase
from console.domain.access import AccessError, Arming, Person, Role, Standing
from console.domain.assessment import Assessment
from console.domain.backup import FORMAT
from console.domain.kill_state import KillState, Verdict
from console.domain.restore_gates import Asked
from console.domain.surfaces import Exchange, Venue
from tests.mariadb_programs import environment, programs
from tests.small_disk import fill, small_disk
from tests.unit.actions.contexts import settings_with
from tests.unit.actions.people import Wall
from tests.unit.audit.journals import in_child, killer
from tests.unit.domain.worlds import ENGINE, NOW, answered, healthy, judged
from tests.unit.runbooks.checks.healthy_book import healthy_book

AROUND = Around("prod", "dana")
ASKED = Asked("the book is damaged", "production prod")
WHO = Operator(
    Standing(Person(0, "root"), Role.OPERATOR, "named as user root"),
    Arming(NOW - 1, NOW + 600, "restore", 120, NOW),
)


def live(**changes: object) -> Assessment:
    """What a monitor sees: the engine was tripped, then ended; the exchange holds nothing."""
    exchange = Exchange((Venue("usdm", 0.01, {}, NOW, positions=()),))
    ended = replace(
        healthy(),
        engine=answered("engine", replace(ENGINE, alive=False)),
        exchange=answered("exchange", exchange),
    )
    seen = judged(ended)
    engine = replace(seen.engine, heartbeat_age=None)
    tripped = Verdict(KillState.TRIPPED, "the engine says so")
    return replace(seen, engine=engine, kill=tripped, **changes)  # type: ignore[arg-type]


@pytest.fixture
def login(database_url: str) -> Iterator[Login]:
    book = healthy_book(database_url)
    yield Login(database_url, timeout=10)
    book.database.dispose()
    if not database_url.startswith("sqlite"):
        with connected(Login(database_url, timeout=10)) as connection:
            for name in connection.exec_driver_sql("SHOW DATABASES").scalars().all():
                if str(name).startswith(KEPT):
                    connection.exec_driver_sql(f"DROP DATABASE `{name}`")


@pytest.fixture
def restores(login: Login, tmp_path: Path) -> Restores:
    settings = settings_with(tmp_path, f"processes: {{pid_files: [{tmp_path}/engine.pid]}}")
    means = Means(Wall(NOW), programs, environment())
    return Restores(
        settings=settings,
        reading=login,
        writing=login,
        means=means,
        folder=tmp_path / "backups",
        journal=open_journal(settings.state, means.clock),
        actor=this_actor(os.environ),
        around=AROUND,
        asleep=("database", "exchange", "flags"),
    )


@pytest.fixture
def made(restores: Restores, tmp_path: Path) -> Backup:
    """A backup of the book, an hour ago; since then a trade is gone."""
    earlier = replace(restores.means, clock=Wall(NOW - 3600))
    made = create(restores.reading, tmp_path / "backups", AROUND, earlier)
    with connected(restores.writing) as connection:
        last = connection.exec_driver_sql("SELECT MAX(id) FROM futures_trades").scalar()
        connection.exec_driver_sql(f"DELETE FROM futures_trades WHERE id = {last}")
    return made


def ignore(_before: Backup) -> None:
    """Whoever needn't know of the backup before."""


def test_what_lacks_something_is_refused_and_nothing_is_done(
    restores: Restores, made: Backup, monkeypatch: pytest.MonkeyPatch
) -> None:
    for asked, now in (
        (replace(ASKED, typed="production"), live()),
        (ASKED, replace(live(), kill=Verdict(KillState.CLEAR, "the engine says so"))),
    ):
        with pytest.raises(RefusedError):
            restores.restore(made, asked, WHO, now, now=live, approved=None, begun=ignore)
    monkeypatch.setattr(restoring, "lacking", lambda _connection, way: "no MD5" if way == FORMAT else "")
    of_md5s = replace(made, manifest=replace(made.manifest, format=FORMAT))
    with pytest.raises(RefusedError, match="backup: no MD5"):
        restores.restore(of_md5s, ASKED, WHO, live(), now=live, approved=None, begun=ignore)
    made.file.write_bytes(made.file.read_bytes()[:-20])
    with pytest.raises(RefusedError, match="backup: "):
        restores.restore(made, ASKED, WHO, live(), now=live, approved=None, begun=ignore)
    assert len(backups_in(made.folder)[0]) == 1
    assert list(records(restores.journal.folder)) == []


def test_it_is_done_whole_and_can_be_taken_back_by_another(restores: Restores, made: Backup) -> None:
    done = restores.restore(made, ASKED, WHO, live(), now=live, approved=None, begun=ignore)
    assert done.complaint == ""
    assert side_of(restores.reading, done.before.manifest, made.manifest) is Side.NEW
    intent, outcome = records(restores.journal.folder)
    assert (intent.phase, outcome.phase, outcome.done) == (Phase.INTENT, Phase.OUTCOME, True)
    assert made.digest in str(intent.after)
    later = replace(restores, means=replace(restores.means, clock=Wall(NOW + 1)))
    later.restore(done.before, ASKED, WHO, live(), now=live, approved=None, begun=ignore)
    assert side_of(restores.reading, done.before.manifest, made.manifest) is Side.OLD


def test_whoever_is_killed_leaves_an_intent_and_the_tables_as_they_were(
    restores: Restores, made: Backup
) -> None:
    killed = replace(restores, point=killer("loaded"))
    assert (
        in_child(lambda: killed.restore(made, ASKED, WHO, live(), now=live, approved=None, begun=ignore)) < 0
    )
    (intent,) = records(restores.journal.folder)
    assert intent.phase is Phase.INTENT
    before = next(each for each in backups_in(made.folder)[0] if each != made)
    assert side_of(restores.reading, before.manifest, made.manifest) is Side.OLD


def test_what_goes_wrong_says_which_tables_stand_there(restores: Restores, made: Backup) -> None:
    before: list[Backup] = []
    more = replace(made.manifest.tables["futures_trades"], rows=1000)
    tables = {**made.manifest.tables, "futures_trades": more}
    lying = replace(made, manifest=replace(made.manifest, tables=tables))
    with pytest.raises(BackupError, match="were wanted; the tables are all as before"):
        restores.restore(lying, ASKED, WHO, live(), now=live, approved=None, begun=before.append)
    assert [each.done for each in records(restores.journal.folder)] == [None, False]
    assert len(before) == 1


def test_a_disk_without_room_for_what_stands_there_is_refused_before_anything_is_touched(
    restores: Restores, made: Backup, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk", kilobytes=100) as disk:
        fill(disk)
        full = replace(restores, folder=disk / "backups")
        with pytest.raises(AccessError, match="nothing was done"):
            full.restore(made, ASKED, WHO, live(), now=live, approved=None, begun=ignore)
    assert list(records(restores.journal.folder)) == []


def test_an_engine_that_came_to_life_while_it_was_loaded_keeps_its_tables(
    restores: Restores, made: Backup
) -> None:
    def alive() -> Assessment:
        return replace(live(), engine=replace(live().engine, alive=True))

    with pytest.raises(
        BackupError, match=r"engine: its process .* lives: stop it first; the tables are all as b"
    ):
        restores.restore(made, ASKED, WHO, live(), now=alive, approved=None, begun=ignore)
    assert [each.done for each in records(restores.journal.folder)] == [None, False]
