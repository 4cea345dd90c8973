"""The command line as its users meet it."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from console.cli import main
from tests.command import run_here
from tests.integration.paper_process import PaperProcess
from tests.integration.quick_engine import quick_metrics
from tests.opsconsole import PATIENT, run, start, status
from tests.waiting import DEADLINE, eventually


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PaperProcess]:
    with PaperProcess(tmp_path_factory.mktemp("engine"), "--symbols", "4") as process:
        yield process


@pytest.fixture
def calm(engine: PaperProcess, tmp_path: Path) -> Iterator[str]:
    """A settings file whose context is that engine, on a machine that always has time for it."""
    with quick_metrics(engine) as url:
        lines = ("environment: paper", "colour: cyan", f"engine_file: {engine.state}/engine.json")
        context = "".join(f"    {line}\n" for line in (*lines, f"metrics_url: {url}"))
        (tmp_path / "console.yaml").write_text(f"contexts:\n  paper:\n{context}")
        yield str(tmp_path / "console.yaml")


def until_an_engine_runs(state: Path) -> int:
    """Wait for engine.json; returns the engine's pid."""
    eventually((state / "engine.json").exists)
    return int(json.loads((state / "engine.json").read_text())["pid"])


def until_gone(pid: int) -> None:
    """Wait for the end of a process that isn't ours."""
    eventually(lambda: not psutil.pid_exists(pid))


def test_the_version_is_told(tmp_path: Path) -> None:
    assert run(tmp_path, "--version", cold=True).stdout.startswith("opsconsole, version ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["status", "--context", "live"], "--context: there is no context 'live'; allowed: paper"),
        (["--context", "live", "status"], "--context: there is no context 'live'; allowed: paper"),
        (["status", "--config", "nowhere.yaml"], "nowhere.yaml: No such file or directory"),
        (["paper", "scenario", "calm"], "no paper engine runs here"),
        (["paper", "status"], "no paper engine runs here"),
        ([], "the console needs a terminal"),
        (["demo"], "the console needs a terminal"),
        (["demo", "--headless", "--seconds", "1", "--scenario", "nonsense"], "nonsense"),
        (["demo", "--headless", "--seconds", "1", "--database", "mysql://u@127.0.0.1:1/x"], "127.0.0.1"),
        (["demo", "--headless", "--seconds", "1", "--database", "nonsense"], "URL"),
        (["demo", "--headless", "--seconds", "1", "--database", "mysql://[x"], "[x"),
        (
            ["demo", "--headless", "--seconds", "1", "--database", "mysql://u@h/db?password=x"],
            "without parameters",
        ),
        (["demo", "--headless", "--seconds", "nan"], "not a valid integer"),
        (["demo", "--headless", "--state", "/dev/null"], "state folder"),
        (["demo", "--symbols", "6000"], "6000 is not in the range"),
        (["status", "--nonsense"], "No such option"),
        (["status", "--state", "~nobody-of-this-name/x"], "no home folder"),
        (["nonsense"], "No such command"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    tmp_path: Path,
    arguments: list[str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("OPSCONSOLE_STATE", str(tmp_path / "state"))
    monkeypatch.setattr("sys.argv", ["opsconsole", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert_one_line_that_says(message, capsys.readouterr().err)


def test_bad_input_ends_the_process_with_2(tmp_path: Path) -> None:
    finished = run(tmp_path, "status", "--nonsense", cold=True)
    assert finished.returncode == 2
    assert_one_line_that_says("No such option", finished.stderr)


def assert_one_line_that_says(message: str, errors: str) -> None:
    assert message in errors
    assert len(errors.strip().splitlines()) == 1
    assert "Traceback" not in errors


def test_without_an_engine_the_status_is_unknown_and_says_why(tmp_path: Path) -> None:
    finished = run(tmp_path, "status", "--state", str(tmp_path / "state"))
    assert finished.returncode == 3
    assert finished.stdout.startswith("UNKNOWN - paper (paper): no symbols, ")
    assert "no engine runs" in finished.stdout


def test_a_calm_engine_is_ok_at_the_first_look(calm: str, tmp_path: Path) -> None:
    finished = run_here(tmp_path, "status", "--config", calm, more=PATIENT)
    assert (finished.returncode, finished.stdout.splitlines()[0]) == (
        0,
        "OK - paper (paper): 12 symbols, no alerts",
    )


def test_the_json_has_its_documented_shape(engine: PaperProcess, tmp_path: Path) -> None:
    document = status(tmp_path, engine.state, more=PATIENT)
    assert set(document) == {
        "version", "context", "environment", "time", "severity", "exit_code", "sources", "engine",
        "kill_switch", "database", "symbols", "totals", "accounts", "key_metrics", "alerts",
        "alert_rules", "triggers",
    }  # fmt: skip
    assert document["version"] == 1
    assert set(document["sources"]) == {"metrics", "database", "exchange", "flags", "engine", "log"}
    for source in document["sources"].values():
        assert set(source) == {"state", "severity", "age", "latency", "stale_after", "error"}
    assert {trigger["standing"] for trigger in document["triggers"]} <= {"clear", "unknown", "met"}
    assert set(document["symbols"]["BTC/USD"]["values"]) == {
        "margin_ratio", "funding_rate", "position_sync_errors", "liquidation_count",
    }  # fmt: skip
    assert set(document["symbols"]["BTC/USD"]["values"]["margin_ratio"]) == {
        "value",
        "severity",
        "age",
        "reason",
    }
    assert [account["id"] for account in document["accounts"]] == [2, 3]
    assert document["kill_switch"]["state"] == "clear"
    assert document["database"]["product"] == "SQLite"
    assert document["database"]["kline_ages"].keys() == {"5m", "15m", "1h"}
    assert document["database"]["price_age"] < 15 and document["database"]["missing"] == []
    assert document["engine"]["mode"] == "paper"


def test_an_engine_that_is_found_by_the_environment(engine: PaperProcess, tmp_path: Path) -> None:
    found_by = {"OPSCONSOLE_STATE": str(engine.state), "OPSCONSOLE_CONTEXT": "paper"}
    finished = run(tmp_path, "status", more={**PATIENT, **found_by}, cold=True)
    assert " - paper (paper): 12 symbols, " in finished.stdout


def test_status_and_its_command_line_import_no_textual(engine: PaperProcess) -> None:
    program = (
        "import sys\n"
        f"sys.argv = ['opsconsole', 'status', '--state', {str(engine.state)!r}]\n"
        "from console.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(sorted(name for name in sys.modules if name.split('.')[0] in ('textual', 'rich')))\n"
    )
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert finished.stdout.splitlines()[-1] == "[]"


def test_the_core_starts_where_importing_textual_fails() -> None:
    program = (
        "import sys\n"
        "sys.modules['textual'] = None\n"
        "import console.cli, console.cli.report, console.wiring\n"
        "import console.paper.service, console.sources.database, console.sources.http\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_watching_prints_one_json_object_a_line(engine: PaperProcess, tmp_path: Path) -> None:
    watching = start(tmp_path, "status", "--watch", "--json", "--state", str(engine.state))
    assert watching.stdout is not None
    first, second = (json.loads(watching.stdout.readline()) for _ in range(2))
    watching.send_signal(signal.SIGINT)
    watching.communicate(timeout=DEADLINE)
    assert first["time"] < second["time"]
    assert watching.returncode == 130


def test_completion_scripts_are_there_for_three_shells(tmp_path: Path) -> None:
    for shell in ("bash", "zsh", "fish"):
        finished = run_here(tmp_path, "completion", shell)
        assert (finished.returncode, "opsconsole" in finished.stdout) == (0, True)


def test_a_scenario_can_be_listed_and_switched(tmp_path: Path) -> None:
    with PaperProcess(tmp_path / "engine", "--symbols", "1") as engine:
        listed = run_here(tmp_path, "paper", "scenario", "--state", str(engine.state))
        assert listed.stdout.startswith("* calm")
        assert (
            run(tmp_path, "paper", "scenario", "frozen-metrics", "--state", str(engine.state)).returncode == 0
        )
        refused = run_here(tmp_path, "paper", "scenario", "nonsense", "--state", str(engine.state))
        assert (refused.returncode, "calm, margin-squeeze" in refused.stderr) == (2, True)


def test_a_reader_that_has_seen_enough_is_no_error(engine: PaperProcess, tmp_path: Path) -> None:
    watching = start(tmp_path, "status", "--watch", "--json", "--state", str(engine.state))
    assert watching.stdout is not None and watching.stderr is not None
    watching.stdout.readline()
    watching.stdout.close()
    assert watching.wait(DEADLINE) == 141
    assert watching.stderr.read() == ""


def test_a_killed_engine_is_said_to_be_gone(tmp_path: Path) -> None:
    with PaperProcess(tmp_path / "engine", "--symbols", "1") as engine:
        engine.stop(signal.SIGKILL)
        finished = run_here(tmp_path, "paper", "status", "--state", str(engine.state))
        assert (finished.returncode, "is gone" in finished.stderr) == (2, True)
        assert status(tmp_path, engine.state)["sources"]["engine"]["severity"] == "critical"


def test_a_stopped_engine_costs_only_what_it_serves(tmp_path: Path) -> None:
    with PaperProcess(tmp_path / "engine", "--symbols", "1") as engine:
        engine.process.send_signal(signal.SIGSTOP)
        sources = status(tmp_path, engine.state)["sources"]
        engine.process.send_signal(signal.SIGCONT)
        assert (sources["flags"]["state"], sources["log"]["state"]) == ("fresh", "fresh")
        assert sources["metrics"]["state"] == "down"
        assert (sources["engine"]["severity"], "is stopped" in sources["engine"]["error"]) == ("high", True)


@pytest.mark.parametrize(
    "how",
    [
        signal.SIGINT,
        signal.SIGKILL,
        *(pytest.param(other, marks=pytest.mark.campaign) for other in (signal.SIGTERM, signal.SIGHUP)),
    ],
)
def test_a_demo_that_is_ended_leaves_no_process_and_no_port(tmp_path: Path, how: signal.Signals) -> None:
    state = tmp_path / "state"
    demo = start(tmp_path, "demo", "--headless", "--seconds", "60", "--symbols", "2", "--state", str(state))
    engine = until_an_engine_runs(state)
    demo.send_signal(how)
    demo.communicate(timeout=DEADLINE)
    until_gone(engine)
    assert "ended_at" in json.loads((state / "engine.json").read_text())
    eventually(lambda: not (state / "exchange.json").exists())


def test_an_engine_that_cannot_stop_ends_once_its_console_is_gone() -> None:
    program = (
        "import signal, threading, console.demo as demo\n"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "demo._STOP_SECONDS = 0.2\n"
        "demo.stop_when_stdin_closes()\n"
        "threading.Event().wait()\n"
    )
    engine = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE)
    try:
        engine.communicate(timeout=DEADLINE)  # which closes its stdin
    finally:
        engine.kill()
    assert engine.wait() == 1


@pytest.mark.parametrize(
    "database_url", ["sqlite", pytest.param("mariadb", marks=pytest.mark.campaign)], indirect=True
)
def test_a_headless_demo_ends_with_the_engine_that_it_started(database_url: str, tmp_path: Path) -> None:
    state = tmp_path / "state"
    place = [] if database_url.startswith("sqlite") else ["--database", database_url]
    finished = run(
        tmp_path,
        "demo",
        "--headless",
        "--seconds",
        "3",
        "--symbols",
        "10",
        "--json",
        "--state",
        str(state),
        *place,
        more=PATIENT,
    )
    document = json.loads(finished.stdout)
    assert finished.returncode == document["exit_code"]
    known = [alert for alert in document["alerts"] if alert["severity"] != "unknown"]  # in so few seconds
    assert [alert for alert in known if "Latency" not in alert["name"]] == []  # a busy machine's
    assert len(document["symbols"]) == 18
    until_gone(document["engine"]["pid"])


def test_a_second_demo_on_the_same_state_is_refused(engine: PaperProcess, tmp_path: Path) -> None:
    finished = run(tmp_path, "demo", "--headless", "--seconds", "1", "--state", str(engine.state))
    assert finished.returncode == 2
    assert str(engine.process.pid) in finished.stderr
