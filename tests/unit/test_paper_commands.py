"""The commands of a context whose settings name none: those of the paper engine, and of nothing else."""

from pathlib import Path

from console.runbooks.acts import COMMANDS
from console.settings import Context, Settings
from console.wiring.paper_commands import paper_commands
from console.wiring.runbooks import commands_of


def context(**more: object) -> Context:
    return Context.model_validate({"environment": "paper", "colour": "cyan", **more})


def test_a_paper_engine_is_started_in_its_own_folder() -> None:
    commands = paper_commands(context(engine_file=Path("/srv/paper/engine.json")))
    assert {"start", "stop", "sync_positions", "verify_positions"} <= set(commands) <= set(COMMANDS)
    assert commands["start"][-2:] == ("--state", "/srv/paper")


def test_any_other_engine_has_none() -> None:
    assert paper_commands(context()) == {}
    assert paper_commands(context(environment="production", engine_file=Path("/srv/engine.json"))) == {}


def test_the_settings_own_come_before() -> None:
    own = context(engine_file=Path("/srv/engine.json"), commands={"stop": ["stop.sh"]})
    settings = Settings(state=Path("/srv"), context="paper", contexts={"paper": own}, panels=Path("p.yaml"))
    commands = commands_of(settings)
    assert commands["stop"] == ("stop.sh",)
    assert "paper" in commands["start"]
