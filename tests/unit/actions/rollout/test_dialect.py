"""How an engine reads the flags file is what the settings say, be they validated or recalled."""

from pathlib import Path

import pytest

from console.actions.rollout.dialect import dialect_of
from console.domain.rollout.stages import Dialect
from console.settings_file import load_settings
from console.settings_memory import SettingsMemory

CONTEXT = "contexts:\n  prod:\n    environment: production\n    colour: red\n    rollout: "
OTHER = "{symbol_stages: true, list_names: [allowed_symbols], chooses_by_crc: true, reads: at start}"


@pytest.mark.parametrize("recalled", [False, True])
@pytest.mark.parametrize(
    ("said", "dialect"), [("{}", Dialect()), (OTHER, Dialect(True, ("allowed_symbols",), True, True))]
)
def test_the_settings_words_become_the_dialect(
    tmp_path: Path, said: str, dialect: Dialect, recalled: bool
) -> None:
    file, environ = tmp_path / "console.yaml", {"HOME": str(tmp_path)}
    file.write_text(CONTEXT + said)
    settings = load_settings(config=file, state=tmp_path, environ=environ)
    memory = SettingsMemory(file, None, tmp_path, environ)
    memory.keep(settings)
    known = memory.recall() if recalled else settings
    assert known is not None
    assert dialect_of(known.chosen) == dialect
