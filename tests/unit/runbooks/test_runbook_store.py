"""The store's promises, on a SQLite file and on MariaDB."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import make_url

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
)
from tests.unit.runbooks.drives import STOP, runbook

ALICE, BOB = Driver("alice", "one", "1-1"), Driver("bob", "two", "2-2")


@pytest.fixture(params=["sqlite", "mariadb"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> RunStore:
    if request.param == "sqlite":
        return own_store(tmp_path)
    url = make_url(request.getfixturevalue("mariadb_url"))
    return shared_store(url._replace(password=None).render_as_string(), url.password)


def begun(store: RunStore, run_id: str = "stop-1") -> Run:
    run = Run(
        run_id,
        "stop",
        "paper",
        STOP,
        {"why": "ßエ"},
        1.5,
        driver=ALICE,
        steps=tuple(steps_of(runbook())),
    )
    return store.create(run, str(ALICE))


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


def test_a_long_output_is_kept_to_its_end(store: RunStore) -> None:
    run = begun(store)
    after = replace(running(run).steps[0], output="☠" * MOST_TEXT + "end", words="w" * 20_000)
    kept = store.move(run, after).steps[0]
    assert (len(kept.output), kept.output[-4:], len(kept.words)) == (MOST_TEXT, "☠end", MOST_TEXT)
    assert store.find("stop-1").steps[0] == kept


def test_runs_that_cant_be_kept_or_found_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"^the runs can't be kept: connection refused$"):
        shared_store("mysql://nobody@127.0.0.1:1/runs", None)
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"the runs can't be kept: .*/file/runs: Not a directory"):
        own_store(tmp_path / "file")
    with pytest.raises(StoreError, match="there is no run none"):
        own_store(tmp_path).find("none")
