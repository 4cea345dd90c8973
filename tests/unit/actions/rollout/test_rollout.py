"""A change of the rollout from what is asked to what is written, and what is never written."""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from console.actions.checkpoint import Operator
from console.actions.flags_file import Conflict, Unwritten, Written
from console.actions.guard import RefusedError
from console.actions.rollout.rollout import Rollout
from console.actions.vigil_file import vigil_of
from console.audit.files import records
from console.audit.open import folder_in
from console.audit.record import Phase, Record
from console.domain.access import AccessError, Arming, Person, Role, Standing
from console.domain.approval import Consent
from console.domain.assessment import Assessment
from console.domain.metrics import column_of
from console.domain.rollout.gates import Asked
from console.domain.rollout.operations import CanaryOnly, Disable, Operation, Promote, SetStage
from console.domain.rollout.plan import Plan, Refusal
from console.domain.rollout.stages import Stage
from console.domain.vigil import Episode, Span, Vigil, document_of
from console.paper.store import open_database
from console.sources.flags import parse_flags
from tests.small_disk import fill, make_read_only, small_disk
from tests.unit.actions.contexts import settings_with
from tests.unit.actions.people import Wall
from tests.unit.domain.worlds import NOW, answered, healthy, judged, metrics, of

DAY = 86400.0
SHADOW = b"features:\n  guard:            # risk\n    enabled: true\n    stage: shadow     # since May\n"
CANARY = SHADOW.replace(b"stage: shadow", b"stage: canary") + b"    canary_symbols: [BTC]\n"
PRODUCTION = SHADOW.replace(b"stage: shadow", b"stage: production")
WHY = Asked("two quiet weeks")


class Desk:
    """A flags file that has stood for eight watched days, a healthy engine, and an armed operator."""

    def __init__(self, folder: Path, content: bytes, database: str, *, role: Role = Role.OPERATOR) -> None:
        self.file = folder / "flags.yaml"
        self.write(content)
        self.settings = settings_with(folder, f"flags_file: {self.file}", f"database: {{url: '{database}'}}")
        self.state = self.settings.state
        vigil = vigil_of(self.state, "prod")
        vigil.parent.mkdir(parents=True)
        vigil.write_text(json.dumps(document_of(Vigil((Span(NOW - 9 * DAY, NOW),)))))
        self.seen = Vigil()
        self.rollout = Rollout(self.settings, Wall(NOW), {}, lambda: self.seen)
        standing = Standing(Person(os.getuid(), "dana"), role, "named")
        self.who = Operator(standing, Arming(NOW - 1, NOW + 600, "a rollout", 600, NOW, frozenset()))

    def write(self, content: bytes, age: float = 8 * DAY) -> None:
        self.file.write_bytes(content)
        os.utime(self.file, (NOW - age, NOW - age))

    def live(self, loaded: dict[str, float] | None = None) -> Assessment:
        """What is seen while the engine has these stages loaded, by default just what the file says."""
        flags = parse_flags(self.file.read_bytes(), str(self.file))
        word = flags.features[0].stage
        says = {
            "BTC": float(Stage[word.upper()]),
            "SOL": 0.0 if word == "canary" else float(Stage[word.upper()]),
        }
        stages = of("futures_feature_stage", **(says if loaded is None else loaded))
        named = {
            replace(one, labels=(("feature", "guard"), *one.labels)): value for one, value in stages.items()
        }
        said = metrics()
        said = replace(said, samples={**said.samples, "futures_feature_stage": column_of(named)})
        snapshot = replace(healthy(), metrics=answered("metrics", said), flags=answered("flags", flags))
        return judged(snapshot)

    def plan(self, operation: Operation) -> Plan:
        plan = self.rollout.planned(operation, self.rollout.look(), self.live())
        assert isinstance(plan, Plan), plan
        return plan

    def lacks(self, plan: Plan, asked: Asked = WHY, live: Assessment | None = None) -> set[str]:
        gates = self.rollout.gates(plan, self.rollout.look(), asked, self.who, live or self.live())
        return {gate.name for gate in gates if gate.passes is not True}

    def records(self) -> list[Record]:
        return list(records(folder_in(self.state)))


@pytest.fixture
def database(sqlite_url: str) -> str:
    open_database(sqlite_url).dispose()
    return sqlite_url


@pytest.fixture
def desk(tmp_path: Path, database: str) -> Desk:
    return Desk(tmp_path, SHADOW, database)


TO_CANARY = CanaryOnly("guard", ("BTC",))


def test_a_promotion_that_everything_speaks_for_is_written_read_back_and_recorded(desk: Desk) -> None:
    plan, look = desk.plan(TO_CANARY), desk.rollout.look()
    assert desk.lacks(plan) == set()
    applied = desk.rollout.apply(plan, look, WHY, desk.who, desk.live())
    assert isinstance(applied.outcome, Written)
    assert b"stage: canary     # since May" in desk.file.read_bytes()
    intent, outcome = desk.records()
    assert (intent.phase, outcome.phase, outcome.intent) == (Phase.INTENT, Phase.OUTCOME, intent.sequence)
    assert applied.sequence == intent.sequence
    assert outcome.before == {"stage": "shadow", "canary_symbols": None, "allowed_symbols": None}
    assert outcome.after == {"stage": "canary", "canary_symbols": ["BTC"], "allowed_symbols": ["BTC"]}
    assert isinstance(intent.evidence, dict)
    assert "nothing critical was seen" in str(intent.evidence["gates"])


def test_the_journal_gives_it_back_as_a_change_that_can_be_undone(desk: Desk) -> None:
    desk.rollout.apply(desk.plan(TO_CANARY), desk.rollout.look(), WHY, desk.who, desk.live())
    (change,) = desk.rollout.history("guard")
    assert (change.words, change.reason, change.done) == ("guard to canary for BTC only", WHY.reason, True)
    desk.rollout.apply(desk.plan(change.undo), desk.rollout.look(), Asked(), desk.who, desk.live())
    assert desk.file.read_bytes() == SHADOW
    assert len(desk.rollout.history()) == 2


@pytest.mark.parametrize(
    ("spoilt", "lack"),
    [("role", "role"), ("arming", "armed"), ("file", "time in stage"), ("vigil", "calm"),
     ("loaded", "acknowledged")],
)  # fmt: skip
def test_what_is_amiss_refuses_it_and_nothing_is_written(desk: Desk, spoilt: str, lack: str) -> None:
    live = desk.live()
    if spoilt == "role":
        viewer = replace(desk.who.standing, role=Role.VIEWER)
        desk.who = replace(desk.who, standing=viewer)
    elif spoilt == "arming":
        desk.who = replace(desk.who, arming=None)
    elif spoilt == "file":
        desk.write(SHADOW, age=6 * DAY)
    elif spoilt == "vigil":
        vigil_of(desk.state, "prod").unlink()
    else:
        live = desk.live({"BTC": 0.0, "SOL": 1.0})
    plan = desk.plan(TO_CANARY)
    assert desk.lacks(plan, live=live) == {lack}
    with pytest.raises(RefusedError):
        desk.rollout.apply(plan, desk.rollout.look(), WHY, desk.who, live)
    assert desk.file.read_bytes() == SHADOW
    assert desk.records() == []


def test_what_this_console_has_seen_counts_before_it_is_in_the_file(desk: Desk) -> None:
    vigil_of(desk.state, "prod").unlink()
    plan = desk.plan(TO_CANARY)
    desk.seen = Vigil((Span(NOW - 12, NOW),))
    gates = desk.rollout.gates(plan, desk.rollout.look(), WHY, desk.who, desk.live())
    assert "a console looked for 12 s of 8 d, it has to be 90%" in {gate.words for gate in gates}
    desk.seen = Vigil((Span(NOW - 9 * DAY, NOW),))
    assert desk.lacks(plan) == set()
    desk.seen = replace(desk.seen, episodes=(Episode("margin", "BTC", NOW - 5, NOW),))
    assert desk.lacks(plan) == {"calm"}


def test_nobody_puts_a_feature_into_production_alone(tmp_path: Path, database: str) -> None:
    desk = Desk(tmp_path, CANARY, database)
    plan, look = desk.plan(SetStage("guard", Stage.PRODUCTION)), desk.rollout.look()
    asked = replace(WHY, typed=desk.rollout.phrase(plan))
    assert desk.rollout.phrase(plan) == "production guard"
    assert desk.lacks(plan, asked) == {"second person"}
    deed = desk.rollout.deed(plan, look, asked)
    consent = Consent(deed, os.getuid(), NOW + 60, "ben")
    applied = desk.rollout.apply(plan, look, asked, desk.who, desk.live(), approved=lambda: consent)
    assert applied.done
    assert desk.rollout.history()[0].approved_by == "ben"


def test_what_was_approved_for_another_file_is_not_approved(tmp_path: Path, database: str) -> None:
    desk = Desk(tmp_path, CANARY, database)
    plan, look = desk.plan(SetStage("guard", Stage.PRODUCTION)), desk.rollout.look()
    asked = replace(WHY, typed=desk.rollout.phrase(plan))
    consent = Consent(desk.rollout.deed(plan, look, asked), os.getuid(), NOW + 60, "ben")
    desk.write(CANARY + b"# by hand\n")
    with pytest.raises(RefusedError, match="something else"):
        desk.rollout.apply(plan, desk.rollout.look(), asked, desk.who, desk.live(), approved=lambda: consent)
    assert desk.file.read_bytes() == CANARY + b"# by hand\n"


def test_a_file_that_changed_meanwhile_is_left_and_the_difference_shown(desk: Desk) -> None:
    plan, look, live = desk.plan(TO_CANARY), desk.rollout.look(), desk.live()
    desk.write(SHADOW + b"# by hand\n")
    applied = desk.rollout.apply(plan, look, WHY, desk.who, live)
    assert isinstance(applied.outcome, Conflict)
    assert applied.outcome.theirs == SHADOW + b"# by hand\n"
    assert desk.records()[-1].done is False
    (change,) = desk.rollout.history()
    assert (change.done, change.wrote["stage"]) == (False, "canary")


def test_what_the_engine_said_of_another_file_acknowledges_nothing(desk: Desk) -> None:
    before = desk.live()
    desk.write(SHADOW + b"# by hand\n")
    assert desk.lacks(desk.plan(TO_CANARY), live=before) == {"acknowledged"}


def test_what_lowers_the_risk_needs_nothing_and_goes_over_what_others_wrote(
    tmp_path: Path, database: str
) -> None:
    desk = Desk(tmp_path, PRODUCTION, database, role=Role.VIEWER)
    desk.who = replace(desk.who, arming=None)
    plan, look = desk.plan(Disable("guard")), desk.rollout.look()
    assert desk.rollout.gates(plan, look, Asked(), desk.who, desk.live()) == ()
    desk.write(PRODUCTION + b"# by hand\n")
    applied = desk.rollout.apply(plan, look, Asked(), desk.who, desk.live())
    assert applied.done
    assert desk.file.read_bytes() == PRODUCTION.replace(b"true", b"false") + b"# by hand\n"


def test_what_others_have_done_already_is_done(tmp_path: Path, database: str) -> None:
    desk = Desk(tmp_path, PRODUCTION, database)
    plan, look = desk.plan(Disable("guard")), desk.rollout.look()
    by_others = PRODUCTION.replace(b"true", b"false") + b"# by hand\n"
    desk.write(by_others)
    assert desk.rollout.apply(plan, look, Asked(), desk.who, desk.live()).done
    assert desk.file.read_bytes() == by_others


def test_what_it_was_taken_down_from_is_what_the_journal_says(tmp_path: Path, database: str) -> None:
    desk = Desk(tmp_path, PRODUCTION, database)
    plan, look = desk.plan(SetStage("guard", Stage.SHADOW)), desk.rollout.look()
    desk.write(CANARY)
    desk.rollout.apply(plan, look, Asked(), desk.who, desk.live())
    (change,) = desk.rollout.history()
    assert (change.before["stage"], change.wrote["stage"]) == ("canary", "shadow")


def test_a_journal_that_is_locked_holds_nothing_up_and_gets_no_late_record(
    tmp_path: Path, database: str
) -> None:
    desk = Desk(tmp_path, PRODUCTION, database)
    lock = folder_in(desk.state) / "lock"
    lock.parent.mkdir(parents=True)
    with lock.open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        applied = desk.rollout.apply(
            desk.plan(Disable("guard")), desk.rollout.look(), Asked(), desk.who, desk.live()
        )
    assert applied.done
    assert applied.unrecorded
    time.sleep(0.1)
    assert [record for record in desk.records() if record.phase is Phase.INTENT] == []


def test_an_engine_that_reads_another_file_by_now_is_not_raised_in_this_one(
    tmp_path: Path, database: str
) -> None:
    desk = Desk(tmp_path, SHADOW, database)
    plan, look = desk.plan(TO_CANARY), desk.rollout.look()
    elsewhere = replace(look, path=str(tmp_path / "other.yaml"))
    (tmp_path / "other.yaml").write_bytes(SHADOW)
    os.utime(tmp_path / "other.yaml", (NOW - 8 * DAY, NOW - 8 * DAY))
    with pytest.raises(AccessError, match=r"the engine reads .*flags\.yaml now"):
        desk.rollout.apply(plan, elsewhere, WHY, desk.who, desk.live())


def test_a_demotion_that_has_become_a_promotion_is_left(tmp_path: Path, database: str) -> None:
    desk = Desk(tmp_path, PRODUCTION, database)
    plan, look = desk.plan(SetStage("guard", Stage.SHADOW)), desk.rollout.look()
    desk.write(PRODUCTION.replace(b"production", b"disabled"))
    applied = desk.rollout.apply(plan, look, Asked(), desk.who, desk.live())
    assert isinstance(applied.outcome, Unwritten)
    assert "would raise the risk" in applied.outcome.why
    assert b"disabled" in desk.file.read_bytes()


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk") as disk:
        yield disk


@pytest.mark.parametrize("operation", [Disable("guard"), SetStage("guard", Stage.SHADOW)])
def test_it_goes_down_with_the_journals_disk_full_and_no_database(
    tmp_path: Path, full_disk: Path, operation: Operation
) -> None:
    desk = Desk(tmp_path, PRODUCTION, f"sqlite:///{tmp_path}/gone.db")
    (desk.state / "audit").symlink_to(full_disk)
    fill(full_disk)
    applied = desk.rollout.apply(desk.plan(operation), desk.rollout.look(), Asked(), desk.who, desk.live())
    assert applied.done
    assert "full" in applied.unrecorded or "space" in applied.unrecorded
    assert desk.file.read_bytes() != PRODUCTION


def test_it_does_not_go_up_with_a_journal_that_cannot_be_written(desk: Desk, full_disk: Path) -> None:
    (desk.state / "audit").symlink_to(full_disk)
    make_read_only(full_disk)
    with pytest.raises(AccessError, match="nothing is changed"):
        desk.rollout.apply(desk.plan(TO_CANARY), desk.rollout.look(), WHY, desk.who, desk.live())
    assert desk.file.read_bytes() == SHADOW


def test_a_plan_that_the_file_cannot_say_is_refused_with_what_it_can(desk: Desk) -> None:
    asked = Promote("guard", ("BTC",))
    refusal = desk.rollout.planned(asked, desk.rollout.look(), desk.live())
    assert isinstance(refusal, Refusal)
    assert [str(plan.operation) for plan in refusal.instead]


@pytest.mark.parametrize("content", [b"features: [", b"- a\n"])
def test_a_file_that_is_none_is_told_with_its_place(desk: Desk, content: bytes) -> None:
    desk.write(content)
    with pytest.raises(AccessError, match=r"flags\.yaml:\d:1: "):
        desk.rollout.look()
