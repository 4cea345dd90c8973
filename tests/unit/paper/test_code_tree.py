"""What the paper engine is deployed with: made once, and read when it starts."""

from pathlib import Path

import psutil
import pytest

from console.paper.code_tree import COIN_ENGINE, FUTURES, SPOT, Deployed, deployed
from console.paper.layout import StateFolder, StateFolderError


@pytest.fixture
def folder(tmp_path: Path) -> StateFolder:
    state = StateFolder(tmp_path / "state")
    state.create()
    return state


def test_what_was_never_there_is_made(folder: StateFolder) -> None:
    assert deployed(folder, FUTURES, "1.2") == Deployed("1.2", coin_engine=True, futures=True)
    made = {str(file.relative_to(folder.code)) for file in folder.code.rglob("*") if file.is_file()}
    assert made == {
        "VERSION",
        "execution_providers_futures.py",
        "services/futures_risk_guards.py",
        "services/unified_futures_risk.py",
        "app/trading/coin_futures_trading_engine.py",
    }
    for file in folder.code.rglob("*.py"):
        compile(file.read_text(), str(file), "exec")
        assert file.stat().st_mtime < psutil.Process().create_time()


def test_another_version_is_what_its_file_says(folder: StateFolder) -> None:
    deployed(folder, FUTURES, "1.2")
    (folder.code / "VERSION").write_text("1.1-hotfix\n")
    assert deployed(folder, FUTURES, "1.2").version == "1.1-hotfix"
    (folder.code / "VERSION").unlink()
    assert deployed(folder, FUTURES, "1.2").version == "1.2"


def test_a_coin_engine_that_was_removed_stays_away(folder: StateFolder) -> None:
    deployed(folder, FUTURES, "1.2")
    (folder.code / COIN_ENGINE).unlink()
    assert not deployed(folder, FUTURES, "1.2").coin_engine
    assert not (folder.code / COIN_ENGINE).exists()


def test_the_spot_configuration_trades_no_futures(folder: StateFolder) -> None:
    assert not deployed(folder, SPOT, "1.2").futures


@pytest.mark.parametrize("text", ["", "futures: maybe", "futures: [", "- futures"])
def test_a_configuration_that_says_neither_is_refused(folder: StateFolder, text: str) -> None:
    folder.configuration(SPOT).write_text(text)
    with pytest.raises(StateFolderError, match=r"config_live_spot\.yaml: "):
        deployed(folder, SPOT, "1.2")
