"""A drill takes back its own changes of the flags file, as the journal tells them, and nobody else's."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from console.actions.durable import digest
from console.audit.actor import this_actor
from console.audit.open import open_journal
from console.audit.record import Act
from console.domain.clock import SystemClock
from console.settings import Settings
from console.settings_file import load_settings
from console.wiring.drill_ground import DrillError, DrillGround

OURS = ("run ours-1",)
BEFORE, LOWERED, TUNED = b"one: {stage: production}\n", b"one: {stage: shadow}\n", b"one: {stage: canary}\n"


@dataclass
class Flags:
    """A flags file, and a journal of its changes; `done` are the commands, each of which has it as before."""

    folder: Path
    ground: DrillGround
    settings: Settings
    done: list[tuple[str, ...]] = field(default_factory=list)

    @property
    def file(self) -> Path:
        return self.folder / "flags.yaml"

    def change(self, content: bytes, reason: str) -> None:
        before, wrote = {"stage": "production"}, {"stage": "shadow"}
        evidence = {"seen": digest(self.file.read_bytes()).hex(), "left": digest(content).hex()}
        act = Act("paper", "rollout.lower", "one", before, wrote, reason=reason, evidence=evidence)
        open_journal(self.settings.state, SystemClock()).note(this_actor({}), act, done=True)
        self.file.write_bytes(content)

    def back(self) -> str:
        return self.ground.flags_back(digest(BEFORE).hex(), 0.0, OURS)


@pytest.fixture
def flags(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Flags:
    file = tmp_path / "console.yaml"
    paper = f"environment: paper, colour: cyan, engine_file: engine.json, flags_file: {tmp_path}/flags.yaml"
    file.write_text(f"contexts: {{paper: {{{paper}}}}}")
    settings = load_settings(config=file, state=tmp_path / "state", environ={"HOME": str(tmp_path)})
    made = Flags(tmp_path, DrillGround(settings, file, {}), settings)
    made.file.write_bytes(BEFORE)

    def command(_: DrillGround, *words: str) -> None:
        made.done.append(words[:2])
        made.file.write_bytes(BEFORE)

    monkeypatch.setattr(DrillGround, "command", command)
    return made


def test_a_change_of_its_run_is_taken_back(flags: Flags) -> None:
    flags.change(LOWERED, *OURS)
    assert (flags.back(), flags.done, flags.file.read_bytes()) == ("", [("flags", "revert")], BEFORE)


def test_a_change_of_somebody_since_stays_where_the_drill_has_changed_nothing(flags: Flags) -> None:
    flags.change(TUNED, "the desk wants it")
    assert flags.back().endswith(" has changed one since, which stays")
    assert (flags.done, flags.file.read_bytes()) == ([], TUNED)


def test_where_it_lies_over_one_of_the_drill_a_person_has_to_see_to_both(flags: Flags) -> None:
    flags.change(LOWERED, *OURS)
    flags.change(TUNED, "run another-1")
    with pytest.raises(
        DrillError, match=r"which stays, and what the drill changed before it: .*paper\.json$"
    ):
        flags.back()
    assert (flags.done, flags.file.read_bytes()) == ([], TUNED)


def test_what_no_change_explains_is_not_taken_for_as_it_was(flags: Flags) -> None:
    flags.file.write_bytes(TUNED)
    with pytest.raises(DrillError, match="it isn't the same file"):
        flags.back()
