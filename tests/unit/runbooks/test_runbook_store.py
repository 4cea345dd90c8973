"""The store's promises, on a SQLite file and on MariaDB."""

import json
import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from sqlalchemy import make_url

from console.cli.runbook_told import listed_lines
from console.runbooks.begun import Began, Begun
from console.runbooks.run import Driver, MoveError, Run, Standing, State, steps_of
from console.runbooks.store import (
    MOST_TEXT,
    OpenRunError,
    OvertakenError,
    RunStore,
    StoreError,
    digest_of,
    own_store,
    shared_store,
    store_of,
)
from console.settings import Runs, Settings
from tests.unit.runbooks.drives import STOP, runbook

ALICE, BOB = Driver("alice", "one", "1-1"), Driver("bob", "two", "2-2")


@pytest.fixture(params=["sqlite", "mariadb"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> RunStore:
    if request.param == "sqlite":
        return own_store(tmp_path)
    url = make_url(request.getfixturevalue("mariadb_url"))
    return shared_store(url._replace(password=None).render_as_string(), url.password)


def a_run(run_id: str = "stop-1", at: float = 1.5) -> Run:
    steps = tuple(steps_of(runbook()))
    return Run(run_id, "stop", "paper", STOP, {"why": "ßエ"}, at, driver=ALICE, steps=steps)


def begun(store: RunStore, run_id: str = "stop-1", at: float = 1.5) -> Run:
    return store.create(a_run(run_id, at), str(ALICE))


def running(run: Run, words: str = "") -> Run:
    """The run's first step as it would be once begun."""
    return run.with_step(
        replace(run.steps[0], state=State.RUNNING, attempt=1, words=words, since=2.0, by="alice")
    )


def test_a_run_comes_back_as_it_was_kept(store: RunStore) -> None:
    run = begun(store)
    assert store.find("stop-1") == run
    assert store.latest("paper") == (replace(run, steps=()),)
    assert store.latest("other") == ()


def test_an_open_run_is_among_the_latest_however_many_came_after_it(store: RunStore) -> None:
    waits = begun(store)
    for number in range(2, 5):
        other = store.create(replace(waits, id=f"look-{number}", runbook="look", began=float(number)), "bob")
        store.become(other, Standing.PASSED, 9.0, "bob", "over")
    assert [run.id for run in store.latest("paper", most=2)] == ["look-4", "look-3", "stop-1"]
    assert [run.id for run in store.latest("paper")] == ["look-4", "look-3", "look-2", "stop-1"]


@pytest.mark.parametrize(
    "newer",
    [
        "UPDATE opsconsole_runs SET standing = 'later' WHERE id = 'stop-1'",
        """UPDATE opsconsole_runs SET driver = '{"desk": 3}' WHERE id = 'stop-1'""",
        """UPDATE opsconsole_runs SET "values" = '{"backup": ["one", "two"]}' WHERE id = 'stop-1'""",
        "UPDATE opsconsole_run_steps SET state = 'later' WHERE run = 'stop-1'",
    ],
)
def test_a_run_as_only_a_newer_console_knows_it_hides_no_other(tmp_path: Path, newer: str) -> None:
    store = own_store(tmp_path)
    begun(store)
    other = store.create(replace(a_run(), id="look-1", runbook="look"), "bob")
    with closing(sqlite3.connect(tmp_path / "runs" / "runs.db")) as rows, rows:
        rows.execute(newer)
    known, (unread,) = store.listed("paper")
    assert known == (other,)
    assert (unread.id, unread.runbook, unread.is_open) == ("stop-1", "stop", True)
    assert "stop-1 can't be read: " in unread.why
    assert "a newer console may have kept it" in unread.why
    assert list(listed_lines(known, (unread,))) == [
        "look-1                                   open",
        f"stop-1                                   open, unread: {unread.why}",
    ]
    with pytest.raises(StoreError, match="a newer console"):
        store.find("stop-1")
    if "steps" not in newer:  # what is decided by all runs is not decided by some
        with pytest.raises(StoreError, match="a newer console"):
            store.latest("paper")
        with closing(sqlite3.connect(tmp_path / "runs" / "runs.db")) as rows, rows:
            rows.execute("UPDATE opsconsole_runs SET open_as = NULL WHERE id = 'stop-1'")
        assert [run.id for run in store.latest("paper")] == ["look-1"]  # nothing waits for one that is over


def test_when_a_step_was_begun_last_is_known_though_the_store_is_gone_since(tmp_path: Path) -> None:
    stores = [own_store(tmp_path)]
    asked = Begun(lambda: stores[0])
    run = begun(stores[0])
    assert asked(run.id, "stop") is None
    stores[0].move(run, running(run).steps[0])
    assert asked(run.id, "stop") == Began(run.began, 2.0)
    (tmp_path / "file").write_text("")
    stores[0] = own_store(tmp_path / "file")
    assert (asked(run.id, "stop"), asked(run.id, "other")) == (Began(run.began, 2.0), None)


def test_what_was_left_out_counts_as_begun_when_it_was(tmp_path: Path) -> None:
    store = own_store(tmp_path)
    run = begun(store)
    store.move(run, replace(run.steps[0], state=State.SKIPPED, words="by hand", since=3.0))
    assert Begun(lambda: store)(run.id, "stop") == Began(run.began, 3.0)


def test_a_move_is_kept_with_its_version_and_its_evidences_digest(store: RunStore) -> None:
    run = begun(store)
    run = store.move(run, running(run).steps[0])
    run = store.move(run, replace(run.steps[0], state=State.PASSED, output="☠ out", evidence='{"a":1}'))
    kept = store.find("stop-1").steps[0]
    assert kept == run.steps[0]
    assert (kept.version, kept.output, kept.digest) == (2, "☠ out", digest_of('{"a":1}'))
    assert [(move.step, move.state) for move in store.timeline("stop-1")][1:] == [
        ("stop", "running"),
        ("stop", "passed"),
    ]


def test_a_step_that_has_moved_on_is_not_moved_from_what_it_was(store: RunStore) -> None:
    run = begun(store)
    store.move(run, running(run).steps[0])
    with pytest.raises(OvertakenError, match="has moved on"):
        store.move(run, running(run).steps[0])
    assert store.find("stop-1").steps[0].version == 1


def test_of_many_who_begin_the_same_step_at_once_one_does(store: RunStore) -> None:
    run, won, lost = begun(store), [], []
    together = threading.Barrier(4)

    def begin(number: int) -> None:
        together.wait()
        try:
            won.append(store.move(run, running(run, str(number)).steps[0]))
        except OvertakenError as error:
            lost.append(error)

    threads = [threading.Thread(target=begin, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(lost)) == (1, 3)
    assert store.find("stop-1").steps == won[0].steps


def test_who_was_taken_over_from_moves_nothing_more(store: RunStore) -> None:
    hers = begun(store)
    his = store.take(hers, BOB, 3.0, "takes it over")
    with pytest.raises(OvertakenError, match="another drives run stop-1"):
        store.move(hers, running(hers).steps[0])
    with pytest.raises(OvertakenError):
        store.take(hers, ALICE, 4.0, "goes on")
    assert store.move(his, running(his).steps[0]).steps[0].state is State.RUNNING
    assert store.find("stop-1").driver == BOB


def test_a_runbook_is_open_once_in_a_context_and_again_when_it_is_over(store: RunStore) -> None:
    run = begun(store)
    with pytest.raises(OpenRunError, match="run stop-1 of this runbook is open"):
        begun(store, "stop-2")
    store.become(run, Standing.FAILED, 5.0, "alice", "it failed")
    assert begun(store, "stop-2").id == "stop-2"


def test_a_run_that_is_over_stays_so(store: RunStore) -> None:
    run = store.become(begun(store), Standing.FAILED, 5.0, "alice", "it failed")
    with pytest.raises(MoveError, match="failed: it can't become passed"):
        store.become(run, Standing.PASSED, 6.0, "alice", "no, it hasn't")


def test_the_open_run_of_a_runbook_is_known_while_it_is_open(store: RunStore) -> None:
    run = begun(store)
    assert (store.open_run("stop", "paper"), store.open_run("stop", "other")) == ("stop-1", None)
    store.become(run, Standing.FAILED, 5.0, "alice", "it failed")
    assert store.open_run("stop", "paper") is None


def test_the_timelines_of_earlier_runs_come_with_the_newest_first(store: RunStore) -> None:
    first = begun(store)
    first = store.move(first, running(first).steps[0])
    store.become(first, Standing.FAILED, 5.0, "alice", "it failed")
    begun(store, "stop-2", 9.0)
    assert store.timelines("stop", "paper") == (store.timeline("stop-2"), store.timeline("stop-1"))
    assert store.timelines("stop", "paper", most=1) == (store.timeline("stop-2"),)
    assert store.timelines("stop", "other") == ()


def test_many_who_come_first_at_once_all_find_the_tables(store: RunStore) -> None:
    together, found = threading.Barrier(4), []

    def look() -> None:
        together.wait()
        found.append(store.latest("paper"))

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [(), (), (), ()]


def test_a_store_that_nobody_asks_touches_nothing(tmp_path: Path) -> None:
    own_store(tmp_path / "state")
    assert not (tmp_path / "state").exists()


def test_on_sqlite_those_who_watch_hold_up_nobody_who_drives(tmp_path: Path) -> None:
    run = begun(own_store(tmp_path))
    watching = sqlite3.connect(tmp_path / "runs" / "runs.db", isolation_level=None)
    watching.execute("BEGIN")
    watching.execute("SELECT * FROM opsconsole_runs").fetchall()
    own_store(tmp_path, 0.2).move(run, running(run).steps[0])
    watching.close()


def test_settings_may_name_a_sqlite_file_for_the_runs(tmp_path: Path) -> None:
    store = shared_store(f"sqlite:///{tmp_path}/shared/ops.db", None)
    assert begun(store) == shared_store(f"sqlite:///{tmp_path}/shared/ops.db", None).find("stop-1")


def test_a_password_that_isnt_there_is_said_by_its_variable(tmp_path: Path) -> None:
    told = Runs(url="mysql://ops@127.0.0.1/runs", password_env="RUNS_PASSWORD")
    settings = SimpleNamespace(state=tmp_path, runs=told)
    with pytest.raises(StoreError, match="the environment variable RUNS_PASSWORD is not set"):
        store_of(cast("Settings", settings), {})


def test_a_certificate_that_isnt_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"^the runs can't be kept: No such file or directory$"):
        shared_store("mysql://ops@db.example/runs", None, ca_file=tmp_path / "none.pem")


def test_a_long_output_is_kept_to_its_end(store: RunStore) -> None:
    run = begun(store)
    after = replace(running(run).steps[0], output="☠" * MOST_TEXT + "end", words="w" * 20_000)
    kept = store.move(run, after).steps[0]
    assert (len(kept.output), kept.output[-4:], len(kept.words)) == (MOST_TEXT, "☠end", MOST_TEXT)
    assert store.find("stop-1").steps[0] == kept


def test_long_evidence_is_kept_whole(store: RunStore) -> None:
    run = begun(store)
    run = store.move(run, running(run).steps[0])
    evidence = json.dumps({"details": ["☠" * 300] * 100})
    store.move(run, replace(run.steps[0], state=State.PASSED, evidence=evidence))
    assert store.find("stop-1").steps[0].evidence == evidence


def test_runs_that_cant_be_kept_or_found_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"^the runs can't be kept: connection refused$"):
        shared_store("mysql://nobody@127.0.0.1:1/runs", None).latest("paper")
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"the runs can't be kept: .*/file: File exists"):
        own_store(tmp_path / "file").latest("paper")
    with pytest.raises(StoreError, match="there is no run none"):
        own_store(tmp_path).find("none")
