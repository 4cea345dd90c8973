"""What is left of settings that hold a mistake, for what lowers the risk."""

from pathlib import Path

import pytest

from console.settings import Settings
from console.settings_file import FOR_THE_FLAGS_FILE, SettingsError, UnreadableError, load_sound_part

FILE = """\
context: prod
contexts:
  prod:
    environment: production
    colour: red
    metrics_url: http://127.0.0.1:9108/metrics
    database: {url: "mysql://ops@127.0.0.1/books"}
    flags_file: flags.yaml
    rollout: {reads: at start}
  other:
    environment: paper
    colour: cyan
history: {keep: 1h}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "console.yaml"


def sound_part(file: Path, text: str) -> Settings:
    file.write_text(text)
    return load_sound_part(
        config=file, context=None, state=file.parent, environ={}, needed=FOR_THE_FLAGS_FILE
    )


@pytest.mark.parametrize(
    ("said", "mistaken"),
    [
        ("colour: cyan", "colour: rad"),
        ("history: {keep: 1h}", "history: {keep: for ever}"),
        ("history:", "histroy:"),
        ("    colour: red\n", "    colour: 3\n"),
        ("environment: production", "environment: live"),
        ("mysql://ops@127.0.0.1/books", "ops@127.0.0.1"),
        ("http://127.0.0.1:9108/metrics", "9108"),
        ("  other:\n    environment: paper\n    colour: cyan\n", "  other: 1\n"),
    ],
)
def test_a_mistake_elsewhere_costs_only_what_it_stands_in(file: Path, said: str, mistaken: str) -> None:
    assert said in FILE
    context = sound_part(file, FILE.replace(said, mistaken)).chosen
    assert (context.flags_file, context.rollout.reads) == (file.with_name("flags.yaml"), "at start")
    assert context.environment == "production"
    sound = [context.metrics_url is not None, context.database is not None]
    assert sound == ["9108/" in FILE.replace(said, mistaken), "mysql" in FILE.replace(said, mistaken)]


@pytest.mark.parametrize(
    "mistaken",
    ["waits: {shadow: soon}", "waits: {shadwo: 7d}", "features: [guard]", "furthest: far", "watched: 2"],
)
def test_of_the_rollout_only_how_the_file_is_read_has_to_be_sound(file: Path, mistaken: str) -> None:
    rollout = sound_part(
        file, FILE.replace("at start", f"at start, symbol_stages: true, {mistaken}")
    ).chosen.rollout
    assert (rollout.reads, rollout.symbol_stages) == ("at start", True)


def test_what_is_sound_is_kept(file: Path) -> None:
    settings = sound_part(file, FILE.replace("cyan", "rad"))
    assert (settings.context, settings.history.keep, list(settings.contexts)) == ("prod", 3600, ["prod"])


@pytest.mark.parametrize(
    ("said", "mistaken", "place"),
    [
        ("flags_file: flags.yaml", "flags_file: [flags.yaml]", "8:17: contexts.prod.flags_file: "),
        ("at start", "at times", "9:22: contexts.prod.rollout.reads: "),
        ("context: prod", "context: prd", "1:10: there is no context 'prd'; allowed: prod, other"),
    ],
)
def test_a_mistake_about_the_flags_file_itself_counts(
    file: Path, said: str, mistaken: str, place: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        sound_part(file, FILE.replace(said, mistaken).replace("colour: cyan", "colour: rad"))
    assert str(caught.value).startswith(f"{file}:{place}")


@pytest.mark.parametrize("text", ["contexts: {", f"{FILE}history: {{keep: 2h}}\n"])
def test_a_file_that_says_nothing_for_certain_has_no_sound_part(file: Path, text: str) -> None:
    with pytest.raises(UnreadableError):
        sound_part(file, text)
