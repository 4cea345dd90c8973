"""`opsconsole flags` against a paper engine, and against an engine that has nothing but files."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from console.audit.files import records
from console.audit.open_intents import open_intents
from console.audit.record import Record
from tests.command import run_here
from tests.integration.paper_process import PaperProcess
from tests.integration.quick_engine import quick_metrics
from tests.opsconsole import run
from tests.waiting import eventually

SETTINGS = """\
poll:
  metrics: {{interval: 300ms, timeout: 30s, stale_after: 60s}}
  database: {{interval: 300ms, timeout: 30s, stale_after: 60s}}
  exchange: {{interval: 1s, timeout: 30s, stale_after: 60s}}
  engine: {{interval: 300ms, timeout: 30s, stale_after: 60s}}
  flags: {{interval: 300ms, timeout: 30s, stale_after: 60s}}
  log: {{interval: 300ms, timeout: 30s, stale_after: 60s}}
contexts:
  paper:
    environment: paper
    colour: cyan
    engine_file: engine.json
    metrics_url: {url}
    access: {access}
    rollout: {{symbol_stages: true, chooses_by_crc: true, watched: 0, waits: {{shadow: 0s, canary: {wait}}}}}
  files:
    environment: staging
    colour: red
    flags_file: flags.yaml
    access: {{operators: {{users: [{uid}]}}}}
"""
FLAGS = """\
# what the engine does
features:
  unified_risk_guard:
    stage: production
  guard:
    enabled: true     # the quick rollback
    stage: canary
    canary_symbols: [BTCUSDT]   # liquid
    allowed_symbols: [BTCUSDT]
  forecast:
    stage: shadow
  exits:
    enabled: false
    stage: production
"""
Start = Callable[..., "subprocess.CompletedProcess[str]"]
WHY = ("--reason", "liquid enough")
STAGES = ("disabled", "shadow", "canary", "production")
ETH = ("flags", "set", "guard", "--stage", "canary", "--symbol", "ETHUSDT", *WHY)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PaperProcess]:
    with PaperProcess(tmp_path_factory.mktemp("paper") / "state", "--symbols", "3") as engine:
        yield engine


@pytest.fixture
def engine(running: PaperProcess) -> PaperProcess:
    """An engine that has loaded FLAGS."""
    flags_of(running).write_text(FLAGS)
    eventually(lambda: stages(running, "guard") == {"BTCUSDT": "canary"} | off_but(running, "BTCUSDT"))
    return running


@pytest.fixture(scope="module")
def metrics(running: PaperProcess) -> Iterator[str]:
    with quick_metrics(running) as url:
        yield url


@pytest.fixture
def configure(tmp_path: Path, metrics: str) -> Callable[..., None]:
    """Writes the settings."""

    def write(access: str = "{}", wait: str = "0s") -> None:
        text = SETTINGS.format(access=access, wait=wait, url=metrics, uid=os.getuid())
        (tmp_path / "console.yaml").write_text(text)

    return write


@pytest.fixture
def home(tmp_path: Path, engine: PaperProcess, configure: Callable[..., None]) -> Path:
    (tmp_path / "state").symlink_to(engine.state)
    (tmp_path / "flags.yaml").write_text(FLAGS)
    configure()
    return tmp_path


def opsconsole(home: Path, *arguments: str, start: Start = run_here) -> "subprocess.CompletedProcess[str]":
    return start(home, *arguments, "--config", str(home / "console.yaml"), "--state", str(home / "state"))


def told(done: "subprocess.CompletedProcess[str]") -> dict[str, Any]:
    document: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == document["exit_code"], done.stdout
    return document


def flags_of(engine: PaperProcess) -> Path:
    return Path(engine.file["flags_file"])


def stages(engine: PaperProcess, feature: str) -> dict[str, str]:
    """What the engine has loaded, by symbol."""
    said = engine.values("futures_feature_stage")
    return {symbol: STAGES[int(stage)] for (name, symbol), stage in said.items() if name == feature}


def off_but(engine: PaperProcess, *symbols: str) -> dict[str, str]:
    names = {symbol for _, symbol in engine.values("futures_feature_stage")}
    return dict.fromkeys(names - set(symbols), "disabled")


def changes(home: Path) -> list[Record]:
    """What the journal has of changes."""
    found = records(home / "state" / "audit")
    return [record for record in found if record.action.startswith("rollout.")]


def test_a_symbol_is_taken_in_and_back_out_by_its_number(home: Path, engine: PaperProcess) -> None:
    done = told(opsconsole(home, *ETH, "--json", start=run))
    assert (done["exit_code"], done["outcome"], done["acknowledged"]) == (0, "written", True), done
    assert done["plan"]["starting"] == ["ETHUSDT"]
    assert flags_of(engine).read_text() == FLAGS.replace("[BTCUSDT]", "[BTCUSDT, ETHUSDT]")
    assert stages(engine, "guard")["ETHUSDT"] == "canary"

    history = opsconsole(home, "flags", "history", "guard", "--last", "1").stdout.splitlines()
    assert history[0].split()[0] == str(done["change"])
    assert history[0].endswith("guard to canary for ETHUSDT: written")
    assert history[1:] == [
        "        liquid enough",
        "        allowed_symbols: BTCUSDT -> BTCUSDT, ETHUSDT",
        "        canary_symbols: BTCUSDT -> BTCUSDT, ETHUSDT",
    ]

    back = opsconsole(home, "flags", "revert", str(done["change"]), start=run)
    assert back.returncode == 0, back.stdout + back.stderr
    assert back.stdout.splitlines()[-1] == "ACKNOWLEDGED: the engine has loaded it"
    assert flags_of(engine).read_text() == FLAGS
    assert stages(engine, "guard")["ETHUSDT"] == "disabled"
    assert not open_intents(home / "state" / "audit")


def test_what_a_change_would_do_is_told_and_not_done(home: Path, engine: PaperProcess) -> None:
    recorded = changes(home)
    done = opsconsole(home, *ETH, "--dry-run")
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "would          guard to canary for ETHUSDT: raises the risk"
    assert lines[1] == "effect         disabled to canary: ETHUSDT (START TRADING)"
    assert "diff           +    canary_symbols: [BTCUSDT, ETHUSDT]   # liquid" in lines
    assert lines[-1] == "POSSIBLE: a dry run, nothing is written"
    off = opsconsole(home, "flags", "disable", "guard", "--dry-run")
    assert (off.returncode, off.stdout.splitlines()[0]) == (0, "would          guard off: lowers the risk")
    assert flags_of(engine).read_text() == FLAGS
    assert changes(home) == recorded


def test_a_feature_is_switched_off_without_a_word_and_comes_back_in_shadow(
    home: Path, engine: PaperProcess
) -> None:
    off = opsconsole(home, "flags", "disable", "guard")
    assert off.returncode == 0, off.stdout + off.stderr
    assert "effect         canary to disabled: BTCUSDT (stop trading)" in off.stdout
    assert stages(engine, "guard") == off_but(engine)
    assert flags_of(engine).read_text() == FLAGS.replace("enabled: true", "enabled: false")
    back = told(opsconsole(home, "flags", "enable", "guard", *WHY, "--json"))
    assert back["exit_code"] == 0, back
    assert set(stages(engine, "guard").values()) == {"shadow"}


def test_into_production_the_words_have_to_be_typed(home: Path, engine: PaperProcess) -> None:
    promote = ("flags", "promote", "guard", "--symbol", "BTCUSDT", *WHY)
    refused = opsconsole(home, *promote)
    assert refused.returncode == 3
    lacks = [line for line in refused.stdout.splitlines() if line.startswith(("refused", "unknown"))]
    assert lacks == [
        "refused        confirmation: 'paper guard BTCUSDT' has to be typed: --confirm WORDS",
    ]
    assert flags_of(engine).read_text() == FLAGS
    done = opsconsole(home, *promote, "--confirm", "paper guard BTCUSDT")
    assert done.returncode == 0, done.stdout + done.stderr
    assert stages(engine, "guard")["BTCUSDT"] == "production"


def test_the_last_canary_symbol_stays_and_what_could_be_is_offered_as_commands(
    home: Path, engine: PaperProcess
) -> None:
    done = opsconsole(home, "flags", "set", "guard", "--stage", "disabled", "--symbol", "BTCUSDT")
    lines = done.stdout.splitlines()
    assert (done.returncode, lines[0], lines[-1]) == (
        3,
        "refused        BTCUSDT is the last canary symbol of guard: an empty list would be every symbol",
        "NOT WRITTEN",
    )
    assert [line.split(maxsplit=1)[1] for line in lines if line.startswith("instead")] == [
        "opsconsole flags set guard --stage disabled",
        "opsconsole flags set guard --stage shadow",
        "opsconsole flags disable guard",
    ]
    assert flags_of(engine).read_text() == FLAGS


@pytest.mark.parametrize(
    ("words", "why"),
    [
        pytest.param(
            ("set", "exits", "--stage", "production", *WHY),
            "refused        exits is switched off: it is to come back first",
            marks=pytest.mark.campaign,
        ),
        (
            ("enable", "exits", "--stage", "production", *WHY),
            "refused        exits doesn't come back straight into production",
        ),
        (
            ("set", "forecast", "--stage", "production", *WHY, "--confirm", "paper forecast"),
            "refused        step: shadow to production leaves out canary: --override REASON",
        ),
        pytest.param(
            ("promote", "guard", "--symbol", "BTCUSDT"),
            "refused        reason: a reason is asked for",
            marks=pytest.mark.campaign,
        ),
    ],
)
def test_what_the_file_or_a_gate_refuses_is_told_and_nothing_written(
    home: Path, engine: PaperProcess, words: tuple[str, ...], why: str
) -> None:
    done = opsconsole(home, "flags", *words)
    assert done.returncode == 3, done.stdout + done.stderr
    assert any(line.startswith(why) for line in done.stdout.splitlines()), done.stdout
    assert done.stdout.splitlines()[-1] == "NOT WRITTEN"
    assert flags_of(engine).read_text() == FLAGS


def test_too_early_is_refused_and_an_admins_override_marked(
    home: Path, engine: PaperProcess, configure: Callable[..., None]
) -> None:
    configure(wait="7d")
    early = opsconsole(home, *ETH)
    assert early.returncode == 3
    assert "refused        time in stage: in canary for " in early.stdout
    assert flags_of(engine).read_text() == FLAGS
    done = opsconsole(home, *ETH, "--override", "seen for months elsewhere")
    assert done.returncode == 0, done.stdout + done.stderr
    (*_, last) = changes(home)
    assert isinstance(last.evidence, Mapping)
    assert last.evidence["overridden"] is True
    assert "OVERRIDDEN: seen for months elsewhere" in str(last.evidence["gates"])


def test_a_viewer_may_lower_the_risk_and_not_raise_it(
    home: Path, engine: PaperProcess, configure: Callable[..., None]
) -> None:
    configure(access=f"{{viewers: {{users: [{os.getuid()}]}}, operators: {{users: [1]}}}}")
    refused = opsconsole(home, *ETH)
    assert refused.returncode == 3
    assert "it takes an operator" in refused.stdout
    assert flags_of(engine).read_text() == FLAGS
    assert opsconsole(home, "flags", "set", "guard", "--stage", "shadow").returncode == 0


def test_nobody_is_their_own_second_person(
    home: Path, engine: PaperProcess, configure: Callable[..., None]
) -> None:
    configure(access="{two_person: [rollout.raise]}")
    asked = told(opsconsole(home, *ETH, "--ask", "--json"))
    assert asked["exit_code"] == 3
    agreed = opsconsole(home, "approve", asked["request"], "--confirm", "paper guard")
    assert agreed.returncode == 1
    assert "can't be the second person" in agreed.stderr
    alone = opsconsole(home, *ETH, "--approval", asked["request"])
    assert alone.returncode == 3
    assert alone.stderr.endswith("waits for a second person\n")
    assert flags_of(engine).read_text() == FLAGS


def test_file_and_engine_are_shown_side_by_side(home: Path) -> None:
    one = opsconsole(home, "flags", "show", "guard", "--symbol", "BTCUSDT", "--json")
    assert json.loads(one.stdout)["features"]["guard"]["symbols"] == {
        "BTCUSDT": {
            "desired": "canary",
            "loaded": "canary",
            "observed": "",
            "standing": "loaded",
            "differs_for": None,
        }
    }
    lines = opsconsole(home, "flags", "show").stdout.splitlines()
    assert lines[2:] == [
        "guard               canary      1 canary, 10 disabled; loaded",
        "forecast            shadow      11 shadow; loaded",
        "exits               off         11 disabled; loaded",
    ]


def test_an_engine_that_does_not_take_a_change_is_told(home: Path, engine: PaperProcess) -> None:
    engine.scenario("frozen-metrics")
    try:
        done = opsconsole(home, "flags", "disable", "guard", "--wait", "0.5")
    finally:
        engine.scenario("calm")
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].startswith("UNCONFIRMED: ")
    assert flags_of(engine).read_text() == FLAGS.replace("enabled: true", "enabled: false")


def test_without_metrics_less_risk_is_written_and_more_is_refused(home: Path) -> None:
    more = opsconsole(home, "flags", "promote", "forecast", *WHY, "--context", "files")
    assert more.returncode == 3, more.stdout + more.stderr
    assert (home / "flags.yaml").read_text() == FLAGS
    less = opsconsole(home, "flags", "demote", "forecast", "--context", "files", "--wait", "0.2")
    assert less.returncode == 1, less.stdout + less.stderr
    assert less.stdout.splitlines()[-1].startswith("UNCONFIRMED: ")
    assert (home / "flags.yaml").read_text() == FLAGS.replace("stage: shadow", "stage: disabled")


def test_what_an_engine_would_misread_is_found(tmp_path: Path) -> None:
    file = tmp_path / "flags.yaml"
    file.write_text(FLAGS)
    assert (run_here(tmp_path, "flags", "lint", str(file)).returncode) == 0
    file.write_text(FLAGS.replace("stage: canary", "stage: Canary").replace("stage: shadow", "stage: off"))
    done = run_here(tmp_path, "flags", "lint", str(file))
    assert done.returncode == 1
    assert [line.split(": ")[0] for line in done.stdout.splitlines()] == [f"{file}:7:12", f"{file}:11:12"]
