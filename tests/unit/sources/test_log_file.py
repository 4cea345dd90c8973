"""Which logs of a context can be followed, and where they are."""

import json
import os
from pathlib import Path

import pytest

from console.settings_file import load_settings
from console.sources.errors import NothingThereError
from console.sources.logs.file import LogFile
from console.wiring import open_monitor

FILE = """\
contexts:
  paper: {environment: paper, colour: cyan, engine_file: engine.json}
  prod:
    environment: production
    colour: red
    log_file: logs/futures.log
    logs: {strategy: logs/strategy.log, orders: /srv/orders.log}
  none: {environment: staging, colour: green}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "console.yaml"
    file.write_text(FILE)
    return file


def logs_of(context: str, config: Path) -> tuple[LogFile, ...]:
    settings = load_settings(config=config, context=context, state=config.parent, environ={})
    return open_monitor(settings, (), environ={}).logs


def test_a_contexts_logs_are_named_and_seen_from_the_settings_folder(config: Path) -> None:
    found = [(log.name, log.find()) for log in logs_of("prod", config)]
    assert found == [
        ("engine", config.parent / "logs/futures.log"),
        ("strategy", config.parent / "logs/strategy.log"),
        ("orders", Path("/srv/orders.log")),
    ]


def test_a_paper_engines_log_is_looked_up_in_its_file_each_time(config: Path) -> None:
    (log,) = logs_of("paper", config)
    with pytest.raises(NothingThereError, match="no engine runs"):
        log.find()
    for path in ("/a/futures.log", "/b/futures.log"):
        engine = {"pid": os.getpid(), "start_time": 0, "log_file": path}
        (config.parent / "engine.json").write_text(json.dumps(engine))
        assert log.find() == Path(path)


def test_a_context_may_have_no_log(config: Path) -> None:
    assert logs_of("none", config) == ()
