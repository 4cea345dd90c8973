"""A watch that is over before an alert could fire proves nothing: it is refused, and only on paper told."""

import getpass
from pathlib import Path

import pytest

from console.domain.access import AccessError
from console.runbooks.model import Runbook
from console.runbooks.reading import load_runbook
from console.runbooks.watch_length import short_watches, takes_short_watches, too_short
from console.settings_file import load_settings
from console.settings_memory import shipped_configs
from console.wiring.runbooks import KNOWN, begin_run, world_of

WHY = "at least 5m: an alert may take 5m to fire, so less proves nothing"


def shipped(name: str) -> Runbook:
    return load_runbook(shipped_configs() / "runbooks" / f"{name}.yaml", KNOWN)


@pytest.mark.parametrize(
    ("name", "given", "why"),
    [
        ("recovery", "30s", WHY),
        ("recovery", "299s", WHY),
        ("recovery", "5m", ""),
        ("deploy_live", "4m", WHY),
        ("deploy_live", "6m", ""),
        ("rollback_full", "30s", WHY),
    ],
)
def test_every_watch_of_a_shipped_runbook_lasts_as_long_as_an_alert_takes(
    name: str, given: str, why: str
) -> None:
    book = shipped(name)
    (watch,) = (one for one in book.parameters if one.name == "watch")
    assert too_short(book, watch, given) == why
    assert short_watches(book, {"watch": given}) == ((f"watch {given}: {why}",) if why else ())


def begun(folder: Path, environment: str, watch: str) -> str:
    """A run of the recovery on a desk that could do nothing; its id."""
    file = folder / "console.yaml"
    file.write_text(
        f"contexts:\n  desk:\n    environment: {environment}\n    colour: red\n"
        f"    access: {{operators: {{users: [{getpass.getuser()}]}}}}\n"
        "    commands: {start: ['true'], sync_positions: ['true'], verify_positions: ['true']}\n"
    )
    settings = load_settings(config=file, state=folder / "state", environ={"HOME": str(folder)})
    world = world_of(settings, tell=lambda _step: None, environ={"HOME": str(folder)})
    book = shipped("recovery")
    return begin_run(settings, world, book, book.values({"watch": watch})).run.id


def test_where_it_is_no_practice_nothing_is_begun_that_would_prove_nothing(tmp_path: Path) -> None:
    with pytest.raises(AccessError, match=f"not begun: watch 30s: {WHY}"):
        begun(tmp_path, "production", "30s")
    assert begun(tmp_path, "production", "5m").startswith("recovery-")


def test_on_paper_it_may_be_practised(tmp_path: Path) -> None:
    assert begun(tmp_path, "paper", "2s").startswith("recovery-")


@pytest.mark.parametrize("name", ["rollback_full", "rollback_off", "rollback_coin_quick"])
def test_no_way_back_is_held_up_for_what_its_last_step_watches(name: str) -> None:
    assert takes_short_watches(shipped(name), "production")
    assert not takes_short_watches(shipped("recovery"), "production")
