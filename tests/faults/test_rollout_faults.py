"""Changes of the flags file with something broken: less risk is written all the same, more risk never is."""

import json
import re
import signal
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.command import run_here
from tests.faults.broken_endpoint import endpoint
from tests.integration.paper_process import PaperProcess
from tests.integration.quick_engine import quick_metrics
from tests.opsconsole import run, start
from tests.small_disk import fill, small_disk
from tests.waiting import DEADLINE, eventually

SETTINGS = """\
poll:
  metrics:  {{interval: 200ms, timeout: {timeout}s, stale_after: {stale}s}}
  database: {{interval: 200ms, timeout: {timeout}s, stale_after: {stale}s}}
  exchange: {{interval: 500ms, timeout: {timeout}s, stale_after: {stale}s}}
  engine:   {{interval: 200ms, timeout: {timeout}s, stale_after: {stale}s}}
  flags:    {{interval: 200ms, timeout: {timeout}s, stale_after: {stale}s}}
contexts:
  paper:
    environment: paper
    colour: cyan
    engine_file: {engine}/engine.json
    rollout: {{symbol_stages: true, chooses_by_crc: true, watched: 0, waits: {{shadow: 0s, canary: 0s}}}}
"""
FLAGS = """\
features:
  unified_risk_guard: {stage: production}
  guard:
    stage: canary
    canary_symbols: [BTCUSDT]
  forecast: {stage: shadow}
"""
PROMOTE = ("flags", "promote", "forecast", "--symbol", "BTCUSDT", "--reason", "why not")
PATIENT = 12
"""Seconds that a source has to answer, many times what a start takes."""
Told = Callable[[str], str]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PaperProcess]:
    with PaperProcess(tmp_path_factory.mktemp("paper") / "state", "--symbols", "3") as running:
        yield running


@pytest.fixture
def flags(engine: PaperProcess) -> Path:
    """The engine's flags file, which it has loaded."""
    file = Path(engine.file["flags_file"])
    file.write_text(FLAGS)
    eventually(lambda: stage(engine, "guard", "BTCUSDT") == 2 and stage(engine, "forecast", "BTCUSDT") == 1)
    return file


def stage(engine: PaperProcess, feature: str, symbol: str) -> float | None:
    return engine.values("futures_feature_stage").get((feature, symbol))


def configured(home: Path, engine: PaperProcess, *surfaces: str, state: Path | None = None) -> list[str]:
    """The options of a context that is the paper engine, with `surfaces` in place of the engine's own."""
    lines = "".join(f"    {line}\n" for line in surfaces)
    text = SETTINGS.format(engine=engine.state, timeout=PATIENT, stale=3 * PATIENT)
    (home / "console.yaml").write_text(text + lines)
    return ["--config", str(home / "console.yaml"), "--state", str(state or home / "state")]


def test_with_database_gone_and_the_journals_disk_full_less_risk_is_written_and_acknowledged(
    engine: PaperProcess, flags: Path, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    dead = f"database: {{url: 'mysql://x@127.0.0.1:{port}/x'}}"
    with small_disk(tmp_path / "disk") as disk:
        where = configured(tmp_path, engine, dead, state=disk / "console")
        fill(disk)
        demoted = run(tmp_path, "flags", "demote", "forecast", "--wait", "60", *where)
        disabled = run(tmp_path, "flags", "disable", "guard", "--wait", "60", *where)
    for done in (demoted, disabled):
        assert done.returncode == 0, done.stdout + done.stderr
        assert re.search(r"^journal +NOT RECORDED: .*No space left", done.stdout, re.MULTILINE)
    assert (stage(engine, "forecast", "BTCUSDT"), stage(engine, "guard", "BTCUSDT")) == (0, 0)


def test_with_the_journals_disk_full_more_risk_is_refused(
    engine: PaperProcess, flags: Path, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk") as disk, quick_metrics(engine) as metrics:
        where = configured(tmp_path, engine, f"metrics_url: {metrics}", state=disk / "console")
        fill(disk)
        done = run_here(tmp_path, *PROMOTE, *where)
    assert (done.returncode, "No space left" in done.stderr) == (3, True), done.stdout + done.stderr
    assert flags.read_text() == FLAGS


def test_where_nothing_ever_answers_a_feature_is_off_at_once_and_who_leaves_is_told_so(
    engine: PaperProcess, flags: Path, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as hole:
        port = hole.getsockname()[1]
        silent = (
            f"database: {{url: 'mysql://x@127.0.0.1:{port}/x'}}",
            f"metrics_url: http://127.0.0.1:{port}/",
        )
        where = configured(tmp_path, engine, *silent)
        with start(tmp_path, "flags", "disable", "guard", *where) as command:
            eventually(lambda: "enabled: false" in flags.read_text(), PATIENT - 2)
            eventually(lambda: stage(engine, "guard", "BTCUSDT") == 0)
            assert command.poll() is None  # it waits for an acknowledgement
            command.send_signal(signal.SIGINT)
            said, _ = command.communicate(timeout=DEADLINE)
    assert (command.returncode, said.splitlines()[-1]) == (1, "UNCONFIRMED: nobody waited for the engine")


def without_heartbeat(text: str) -> str:
    """The engine's metrics as one has them that doesn't say how old they are."""
    return "".join(f"{line}\n" for line in text.splitlines() if "heartbeat" not in line)


def long_ago(text: str) -> str:
    return f"{without_heartbeat(text)}futures_heartbeat_timestamp_seconds {time.time() - 60}\n"


def without_stages(text: str) -> str:
    kept = (line for line in text.splitlines() if "futures_feature_stage" not in line)
    return without_heartbeat("\n".join(kept))


def with_stage(feature: str, symbol: str, stage: int) -> Told:
    def told(text: str) -> str:
        series = re.escape(f'futures_feature_stage{{feature="{feature}",symbol="{symbol}"}}')
        return without_heartbeat(re.sub(rf"({series}) \S+", rf"\1 {stage}", text))

    return told


def with_margin(value: str) -> Told:
    def told(text: str) -> str:
        return without_heartbeat(re.sub(r"(futures_margin_ratio\{.*?\}) \S+", rf"\1 {value}", text))

    return told


@pytest.mark.parametrize(
    ("told", "gate"),
    [
        (long_ago, "fresh data: metrics is stale"),
        (without_stages, "acknowledged: what the engine has loaded isn't known"),
        (with_margin("NaN"), "targets: not known: Margin ratio"),
        (with_margin("1.01"), "alerts: critical: "),
    ],
    ids=["stale", "absent", "NaN", "firing"],
)
def test_on_figures_that_are_not_known_to_be_good_more_risk_is_refused(
    engine: PaperProcess, flags: Path, tmp_path: Path, told: Told, gate: str
) -> None:
    eventually(lambda: "futures_margin_ratio{" in engine.get("/metrics").text)
    with endpoint() as served:
        served.body = told(engine.get("/metrics").text).encode()
        where = configured(tmp_path, engine, f"metrics_url: {served.url}")
        done = run_here(tmp_path, *PROMOTE, "--json", *where)
    document: dict[str, Any] = json.loads(done.stdout)
    lacks = [f"{one['name']}: {one['words']}" for one in document["gates"] if one["passes"] is not True]
    assert (done.returncode, flags.read_text()) == (3, FLAGS)
    assert any(lack.startswith(gate) for lack in lacks), lacks


def test_an_engine_that_has_something_else_loaded_is_told(
    engine: PaperProcess, flags: Path, tmp_path: Path
) -> None:
    with endpoint() as served:
        served.body = with_stage("guard", "BTCUSDT", 1)(engine.get("/metrics").text).encode()
        where = configured(tmp_path, engine, f"metrics_url: {served.url}")
        done = run_here(tmp_path, "flags", "diff", *where)
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout.splitlines()[1].startswith("guard BTCUSDT: file canary, engine shadow: ")
