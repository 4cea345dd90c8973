"""`query` of what the shipped rules record, on a running paper engine and its database."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from console.cli.query import query
from tests.integration.paper_process import PaperProcess


def test_profit_is_told_of_each_account_with_positions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    settings = tmp_path / "console.yaml"
    with PaperProcess(tmp_path / "engine", "--symbols", "2") as engine:
        file = engine.state / "engine.json"
        context = f"{{environment: paper, colour: cyan, rules: hardened, engine_file: '{file}'}}"
        settings.write_text(f"contexts: {{paper: {context}}}\n")
        asked = "account:opsconsole_account_pnl:sum and on (account) account:opsconsole_open_positions:sum"
        result = CliRunner().invoke(query, [asked, "--config", str(settings), "--state", str(tmp_path)])
        accounts = engine.count("SELECT count(DISTINCT account_id) FROM futures_positions")
    assert (result.exit_code, result.stderr) == (0, "")
    assert len(result.stdout.splitlines()) == accounts > 0
