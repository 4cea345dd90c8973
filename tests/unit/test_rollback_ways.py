"""The ways back as they stand: what each needs, why it may be refused, and what was changed last."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from console.actions.backup.folder import Checked, Rehearsal, keep_checked, keep_manifest
from console.actions.backup.place import folder_of
from console.actions.drills import keep_drill
from console.audit.actor import this_actor
from console.audit.open import open_journal
from console.audit.record import Act
from console.domain.backup import Copy
from console.domain.clock import SystemClock
from console.domain.losses import Losses
from console.domain.rollback import PROCEDURES, Drilled, Way
from console.domain.rollback_advice import trading_features
from console.domain.rollout.stages import PAPER
from console.domain.triggers import SYNC_ERRORS, Judgement, Standing
from console.runbooks.reading import NEEDS
from console.runbooks.seen import DeskError
from console.settings import Settings
from console.settings_file import load_settings
from console.settings_memory import shipped_configs
from console.wiring.drill_ground import DrillError
from console.wiring.drills import DEFAULTS, Drill
from console.wiring.rollback import LOSSES_STAND, Kept, advised, rollbacks
from console.wiring.rollback_desk import RollbackDesk
from console.wiring.runbooks import runbook_named
from tests.unit.actions.contexts import settings_with
from tests.unit.domain.rollouts import ALL_LIVE, at, engine, flags, judged
from tests.unit.domain.test_backup import MANIFEST
from tests.unit.history.records import HandClock

CLOCK = SystemClock()
FILE = flags("guard: {stage: production}\n  exits: {stage: canary}")
LIVE = [*judged([at(0, FILE, engine(ALL_LIVE)), at(20, FILE, engine(ALL_LIVE))])][-1]


def settings(folder: Path, *lines: str) -> Settings:
    return settings_with(folder, "access: {operators: {users: [root]}}", *lines)


def ways(of: Settings) -> dict[str, Way]:
    return {way.runbook: way for way in rollbacks(of, LIVE, {}).ways}


def backed_up(of: Settings, name: str, at_: float, *, rehearsed: bool) -> None:
    folder = folder_of(of)
    folder.mkdir(parents=True, exist_ok=True)
    copy = Copy(f"{name}.sql.gz", 1, "0")
    backup = keep_manifest(folder, replace(MANIFEST, context=of.context, made=at_, copy=copy))
    if rehearsed:
        keep_checked(backup, Checked(rehearsal=Rehearsal(at_, 2.0, ())))


def test_all_procedures_are_there_those_that_are_advised_first(tmp_path: Path) -> None:
    met = replace(LIVE.ruled, triggers=(Judgement(SYNC_ERRORS, Standing.MET, "9 in the last minute"),))
    found = rollbacks(settings(tmp_path), replace(LIVE, ruled=met), {})
    assert [way.runbook for way in found.ways] == list(PROCEDURES)  # shadow is the first of all as well
    assert [(one.trigger, one.evidence) for one in found.advice] == [("sync_errors", "9 in the last minute")]


def test_what_the_settings_lack_is_a_need_that_isn_t_met_and_refuses(tmp_path: Path) -> None:
    full = ways(settings(tmp_path))["rollback_full"]
    needs = {need.name: need for need in full.needs}
    assert needs["the command start_spot"].met is False
    assert needs["a release to go back to"].met is not True
    assert "the context's settings have no command start_spot" in full.refusal
    assert full.refusal.endswith("opsconsole kill trip, opsconsole engine stop")


def test_who_only_looks_may_lower_a_feature_all_the_same(tmp_path: Path) -> None:
    found = ways(settings_with(tmp_path, "access: {viewers: {users: [root]}}"))
    assert found["rollback_shadow"].refusal == ""
    assert "operator" in found["rollback_full"].refusal


def test_the_newest_backup_that_was_rehearsed_is_the_one_to_restore(tmp_path: Path) -> None:
    of = settings(tmp_path)
    backup = ways(of)["rollback_coin_full"]
    assert [need.words for need in backup.needs if need.name == "a backup"] == [
        "there is none: opsconsole backup create"
    ]
    assert (backup.loses, backup.loses_unknown) == (None, "there is no backup")
    backed_up(of, "20261121T081500Z", 1000.0, rehearsed=True)
    backed_up(of, "20261121T091500Z", 2000.0, rehearsed=False)
    way = ways(of)["rollback_coin_full"]
    assert way.values["backup"] == "20261121T081500Z"
    assert {need.name: need.met for need in way.needs}["a backup"] is True
    defaults = {one.name: one.default for one in runbook_named(of, "rollback_coin_full").parameters}
    assert defaults["backup"] == "20261121T081500Z"


def test_a_backup_that_was_never_rehearsed_says_so_and_is_no_default(tmp_path: Path) -> None:
    of = settings(tmp_path)
    backed_up(of, "20261121T091500Z", 2000.0, rehearsed=False)
    way = ways(of)["rollback_coin_full"]
    (need,) = (need for need in way.needs if need.name == "a backup")
    assert (need.met, need.words.endswith("was never rehearsed")) == (False, True)
    assert way.values["backup"] == "20261121T091500Z"
    defaults = {one.name: one.default for one in runbook_named(of, "rollback_coin_full").parameters}
    assert defaults["backup"] is None


def test_the_last_change_of_what_trades_is_the_feature_to_roll_back(tmp_path: Path) -> None:
    of = settings(tmp_path)
    journal, actor = open_journal(of.state, CLOCK), this_actor({})
    wrote = Act(
        "prod",
        "rollout.raise",
        "exits",
        {"stage": "shadow"},
        {"stage": "canary"},
        evidence={"operation": "exits up one stage"},
    )
    journal.note(actor, wrote, done=True)
    journal.note(actor, Act("prod", "release.back", "r-1"), done=True)
    journal.note(actor, Act("other", "release.back", "r-2"), done=True)
    found = rollbacks(of, LIVE, {})
    assert [one.what for one in found.changes] == ["release back r-1", "exits up one stage"]
    assert {way.runbook: way.values.get("feature") for way in found.ways}["rollback_off"] == "exits"
    met = replace(LIVE.ruled, triggers=(Judgement(SYNC_ERRORS, Standing.MET, "9"),))
    assert [one.feature for one in advised(of, replace(LIVE, ruled=met))] == ["exits"]
    assert trading_features(FILE, PAPER) == ("guard", "exits")


def test_a_drill_is_told_and_is_late_where_it_is_too_long_ago(tmp_path: Path) -> None:
    of = settings(tmp_path, "drills: {within: 1h}")
    now = CLOCK.wall()
    for name, ago in (("rollback_off", 60.0), ("rollback_full", 7200.0)):
        keep_drill(
            of.state, name, Drilled(now - ago, 3.0, passed=True, scenario="calm", words="passed"), CLOCK
        )
    late = {name for name, way in ways(of).items() if way.late}
    assert late == {*PROCEDURES} - {"rollback_off"}


def test_what_can_t_be_read_is_told_and_hides_nothing(tmp_path: Path) -> None:
    of = settings(tmp_path)
    of.state.mkdir()
    (of.state / "drills.json").write_text("{")
    found = rollbacks(of, LIVE, {})
    assert any("not what a drill writes" in line for line in found.unknown)
    assert len(found.ways) == len(PROCEDURES)


def test_a_procedure_s_file_that_is_wrong_or_unreadable_refuses_that_one_alone(tmp_path: Path) -> None:
    (tmp_path / "rollback_full.yaml").write_text("title: 3\n")
    (tmp_path / "rollback_coin_quick.yaml").write_bytes(b"\xff")
    (tmp_path / "rollback_coin_full.yaml").mkdir()
    file = tmp_path / "console.yaml"
    of = settings(tmp_path)
    file.write_text(f"runbooks: .\n{file.read_text()}")
    of = load_settings(config=file, state=of.state, environ={})
    found = ways(of)
    assert "rollback_full.yaml:1:" in found["rollback_full"].refusal
    assert "is not UTF-8" in found["rollback_coin_quick"].refusal
    assert found["rollback_coin_full"].refusal.endswith("is a directory")
    assert found["rollback_shadow"].refusal == ""


def test_whatever_a_procedure_may_need_is_told(tmp_path: Path) -> None:
    shipped = (shipped_configs() / "runbooks" / "rollback_off.yaml").read_text()
    own = shipped.replace("needs: [flags]", f"needs: [{', '.join(NEEDS)}]")
    (tmp_path / "rollback_off.yaml").write_text(own)
    file = tmp_path / "console.yaml"
    of = settings(tmp_path)
    file.write_text(f"runbooks: .\n{file.read_text()}")
    found = ways(load_settings(config=file, state=of.state, environ={}))["rollback_off"]
    assert (len(found.needs), found.refusal) == (len(NEEDS), "")


def test_what_a_look_keeps_is_told_again_until_the_journal_or_the_backup_is_another(tmp_path: Path) -> None:
    of, kept, asked = settings(tmp_path), Kept(), list[str]()

    def lost(name: str) -> Losses:
        asked.append(name)
        return Losses(name, 0.0, 0.0)

    for digest, now in (("a", 0.0), ("a", LOSSES_STAND), ("b", LOSSES_STAND), ("b", 2 * LOSSES_STAND + 1)):
        assert kept.losses(digest, HandClock(now), partial(lost, digest)).backup == digest
    assert asked == ["a", "b", "b"]
    journal, actor = open_journal(of.state, CLOCK), this_actor({})
    for number in (1, 2):
        journal.note(actor, Act("prod", "release.back", f"r-{number}"), done=True)
        first, again = kept.changes(of)[0], kept.changes(of)[0]
        assert first[0].what == f"release back r-{number}"
        assert again is first


def test_a_look_that_goes_wrong_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError("the disk\nis gone")

    monkeypatch.setattr("console.wiring.rollback.rollbacks", broken)
    with pytest.raises(DeskError, match=r"^the disk; is gone$"):
        RollbackDesk(settings(tmp_path), CLOCK, {}).rollbacks(LIVE)


def test_a_drill_is_for_a_paper_context_alone(tmp_path: Path) -> None:
    with pytest.raises(DrillError, match="prod is production: a drill is for a paper context"):
        Drill(settings(tmp_path), print)


def test_every_procedure_has_its_scenario() -> None:
    assert set(DEFAULTS) == set(PROCEDURES)
