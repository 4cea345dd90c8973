"""What a restore asks for before anything is done: nothing passes on what isn't known."""

from dataclasses import replace

import pytest

from console.domain.gate import Gate
from console.domain.kill_state import KillState, Verdict
from console.domain.restore_gates import Asked, Ended, Ground, restore_gates
from console.domain.status import EngineStatus
from tests.unit.domain.test_backup import MANIFEST

ASKED = Asked("the book is damaged", "production prod")
ENDED = EngineStatus("1.2", "live", None, 7, None, alive=False)
GROUND = Ground(
    manifest=MANIFEST,
    problems=(),
    rehearsed=(),
    context=MANIFEST.context,
    server=MANIFEST.server,
    database=MANIFEST.database,
    columns=MANIFEST.columns,
    engine=ENDED,
    ended=Ended(True, "process 7 of engine.json has ended"),
    kill=Verdict(KillState.TRIPPED, "the engine says so"),
    exchange_age=5.0,
    phrase="production prod",
)


def gate(name: str, ground: Ground = GROUND, asked: Asked = ASKED) -> Gate:
    return next(each for each in restore_gates(asked, ground) if each.name == name)


def test_a_sound_backup_of_this_database_under_a_stopped_and_tripped_engine_passes() -> None:
    assert [each for each in restore_gates(ASKED, GROUND) if each.passes is not True] == []


def test_a_server_s_uuid_says_more_than_a_context_s_name() -> None:
    server = replace(MANIFEST.server, uuid="7f3c")
    known = replace(GROUND, manifest=replace(MANIFEST, server=server), server=server)
    assert gate("database", replace(known, context="renamed")).passes is True


def test_one_that_was_never_rehearsed_says_so_and_passes() -> None:
    found = gate("rehearsal", replace(GROUND, rehearsed=None))
    assert (found.passes, found.words) == (True, "NEVER REHEARSED: nobody knows how long it takes")


@pytest.mark.parametrize(
    ("name", "changes", "passes", "words"),
    [
        ("backup", {"problems": ("it is cut",)}, False, "it is cut"),
        ("backup", {"problems": None}, None, "it was not looked at"),
        ("rehearsal", {"rehearsed": ("a", "b", "c", "d")}, False, "a; b; c and 1 more"),
        ("database", {"server": None}, None, "the database doesn't answer"),
        ("database", {"server": replace(MANIFEST.server, host="db-2")}, False, "this is MariaDB db-2"),
        ("database", {"server": replace(MANIFEST.server, product="MySQL")}, False, "this is MySQL db-1"),
        ("database", {"database": "other"}, False, "this is MariaDB db-1 other"),
        ("database", {"context": "prod"}, False, "the backup is of context paper, this is prod"),
        ("schema", {"columns": None}, None, "the database doesn't answer"),
        ("schema", {"columns": {}}, False, "the database has no such table"),
        ("engine", {"engine": replace(ENDED, alive=True)}, False, "its process 7 lives"),
        ("engine", {"ended": Ended(None, "no process is known")}, None, "no process is known"),
        ("engine", {"ended": Ended(False, "process 9 lives")}, False, "process 9 lives: stop it first"),
        ("engine", {"engine": replace(ENDED, heartbeat_age=59.0)}, False, "its heartbeat is 59 s old"),
        ("exchange", {"exchange_age": None}, None, "what it holds isn't known"),
        (
            "exchange",
            {"exchange_age": None, "exchange_doubt": "rate limit"},
            None,
            "isn't known: rate limit",
        ),
        ("exchange", {"exchange_age": 60.0}, False, "60 s old"),
    ],
)
def test_what_is_not_so_or_not_known_does_not_pass(
    name: str, changes: dict[str, object], passes: bool | None, words: str
) -> None:
    found = gate(name, replace(GROUND, **changes))  # type: ignore[arg-type]
    assert found.passes is passes
    assert words in found.words


@pytest.mark.parametrize(
    ("kill", "ended", "passes"),
    [
        (Verdict(KillState.UNCONFIRMED, "", confirmed=True), True, True),
        (Verdict(KillState.UNKNOWN, "", confirmed=True), True, True),
        (Verdict(KillState.UNKNOWN, "", confirmed=True), None, None),
        (Verdict(KillState.UNKNOWN, ""), True, None),
        (Verdict(KillState.UNCONFIRMED, ""), True, False),
        (Verdict(KillState.LOST, "", confirmed=True), True, False),
        (Verdict(KillState.PARTIAL, "", confirmed=True), True, False),
        (Verdict(KillState.CLEAR, ""), True, False),
    ],
)
def test_a_trip_counts_that_was_proven_before_the_engine_ended(
    kill: Verdict, ended: bool | None, passes: bool | None
) -> None:
    ground = replace(GROUND, kill=kill, ended=Ended(ended, "so it is"))
    assert gate("kill switch", ground).passes is passes


def test_reason_and_words_are_asked_for() -> None:
    assert gate("reason", asked=replace(ASKED, reason=" ")).passes is False
    assert gate("confirmation", asked=replace(ASKED, typed="production")).passes is False
