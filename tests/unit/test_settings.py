from pathlib import Path

import pytest

from console.settings import KillSwitch, Settings
from console.settings_file import SettingsError, load_settings, shipped_configs

FILE = """\
context: paper
poll:
  metrics: {interval: 2s, stale_after: 5s}
contexts:
  paper:
    environment: paper
    colour: cyan
    engine_file: engine.json
  prod:
    environment: production
    colour: "#ff0000"
    database: {url: mysql://ops@db.example/binance-data, password_env: DB_PASSWORD}
    flags_file: flags.yaml
    commands:
      stop: [scripts/stop.sh]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "console.yaml"
    path.write_text(FILE)
    return path


def load(file: Path, **options: object) -> Settings:
    environ = options.pop("environ", {})
    return load_settings(config=file, environ=environ, **options)  # type: ignore[arg-type]


def test_the_shipped_file_opens_on_the_paper_context(tmp_path: Path) -> None:
    settings = load_settings(environ={"HOME": str(tmp_path)}, state=tmp_path)
    assert (settings.context, settings.chosen.engine_file) == ("paper", tmp_path / "engine.json")
    assert settings.panels == shipped_configs() / "dashboard.yaml"


def test_the_production_context_that_the_shipped_file_shows_is_valid(tmp_path: Path) -> None:
    lines = (shipped_configs() / "console.yaml").read_text().splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("  # futures-prod:"))
    shown = [line.replace("  # ", "  ", 1) for line in lines[start:] if line.strip() != "#"]
    chosen_one = [line for line in shown if "metrics_url" not in line]
    file = tmp_path / "console.yaml"
    file.write_text("\n".join([*lines[:start], *chosen_one]))
    context = load(file, context="futures-prod").chosen
    assert context.environment == "production"
    assert context.prometheus is not None
    assert context.commands.stop == ["/srv/futures/scripts/stop_futures.sh"]
    assert (context.kill_switch.hold, context.database and context.database.server) == (True, "db-1")


def test_a_users_own_file_comes_before_the_shipped_one(tmp_path: Path) -> None:
    own = tmp_path / ".config" / "opsconsole" / "console.yaml"
    own.parent.mkdir(parents=True)
    own.write_text(FILE.replace("context: paper", "context: prod"))
    assert load_settings(environ={"HOME": str(tmp_path)}).context == "prod"


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(
    file: Path, tmp_path: Path
) -> None:
    environ = {"OPSCONSOLE_CONTEXT": "prod", "OPSCONSOLE_STATE": str(tmp_path / "b")}
    assert load(file).context == "paper"
    assert load(file, environ=environ).context == "prod"
    assert load(file, environ=environ, context="paper").context == "paper"
    assert load(file, environ=environ, state=tmp_path / "a").state == tmp_path / "a"


def test_a_nested_field_can_come_from_the_environment(file: Path) -> None:
    settings = load(file, environ={"OPSCONSOLE_POLL__METRICS__INTERVAL": "500ms"})
    assert (settings.poll.metrics.interval, settings.poll.metrics.stale_after) == (0.5, 5.0)


def test_a_source_that_states_one_figure_keeps_the_defaults_of_the_others(file: Path) -> None:
    poll = load(file).poll
    assert (poll.metrics.interval, poll.metrics.timeout, poll.database.interval) == (2.0, 2.0, 2.0)


def test_relative_paths_are_seen_from_the_files_folder(file: Path) -> None:
    assert load(file, context="prod").chosen.flags_file == file.parent / "flags.yaml"


def test_every_surface_of_a_context_is_fired_unless_it_says_otherwise(file: Path) -> None:
    assert load(file, context="prod").chosen.kill_switch == KillSwitch()
    file.write_text(FILE.replace("flags_file: flags.yaml", "kill_switch: {feature_flags: false, flag: f}"))
    told = load(file, context="prod").chosen.kill_switch
    assert (told.feature_flags, told.database, told.flag) == (False, True, file.parent / "f")


def test_variables_that_name_no_field_are_left_alone(file: Path) -> None:
    assert load(file, environ={"OPSCONSOLE_DB_PASSWORD": "x"}).context == "paper"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("colour: cyan", "colour: grene", "7:13: contexts.paper.colour: allowed: red, green"),
        ("    colour: cyan\n", "", "6:5: contexts.paper.colour: is missing"),
        ("environment: paper", "environment: papr", "6:18: contexts.paper.environment: allowed: 'paper', "),
        (
            "engine_file",
            "engin_file",
            "8:5: contexts.paper.engin_file: unknown field; allowed: environment, ",
        ),
        ("interval: 2s", "interval: soon", "3:23: poll.metrics.interval: a duration is a number of seconds"),
        ("interval: 2s", "interval: 9s", "3:12: poll.metrics: stale_after is longer than interval (9 s)"),
        (
            "ops@db",
            "ops:secret@db",
            "12:21: contexts.prod.database.url: a URL such as mysql://user@host:3306/binance-data",
        ),
        (
            "password_env: DB_PASSWORD",
            "password_env: 'hunter 2'",
            "12:72: contexts.prod.database.password_env: the name",
        ),
        ("[scripts/stop.sh]", "scripts/stop.sh", "15:13: contexts.prod.commands.stop: a list of arguments"),
        ("context: paper", "context: live", "1:10: there is no context 'live'; allowed: paper, prod"),
        (
            "flags_file: flags.yaml",
            "kill_switch: {http: http://10.0.0.7/control/kill}",
            "13:25: contexts.prod.kill_switch.http: a URL on this machine, such as http://127.0.0.1:9108",
        ),
        (
            "password_env: DB_PASSWORD",
            "action_password_env: DB_PASSWORD",
            "12:15: contexts.prod.database: action_password_env is the password of an action_user",
        ),
        (
            "url: mysql://ops@db.example/binance-data",
            "action_user: ops, url: sqlite:////x.db",
            "12:15: contexts.prod.database: SQLite knows no users: leave out action_user",
        ),
        (
            "flags_file: flags.yaml",
            "kill_switch: {deadlines: {databse: 1s}}",
            "13:31: contexts.prod.kill_switch.deadlines.databse: unknown field; allowed: flag_file, ",
        ),
        ("contexts:", "contexts:\n  paper: {}", "6:3: 'paper' appears twice"),
        ("poll:", "\tpoll:", "2:1: a tab character"),
    ],
)
def test_a_mistake_is_one_line_with_its_place_and_what_is_allowed(
    file: Path, old: str, new: str, message: str
) -> None:
    file.write_text(FILE.replace(old, new, 1))
    with pytest.raises(SettingsError) as caught:
        load(file)
    text = str(caught.value)
    assert text.startswith(f"{file}:{message}")
    assert "\n" not in text
    assert "secret" not in text.replace("the secret", "") and "hunter" not in text


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:p@h/db",
        "mysql://u:p#w@h/db",
        "mysql://u:p/w@h/db",
        "mysql://u:p?w@h/db",
        "mysql://u@h/db?password=x",
        "mysql://u@h/db?host=10.0.0.9",
        "mysql://u@h:port/db",
        "mysql://u@h:99999/db",
        "postgresql://u@h/db",
        "sqlite:///f.db?mode=rw",
        "mysql://u@h",
        "",
    ],
)
def test_a_database_url_has_no_password_no_parameters_and_nothing_else_that_is_odd(
    file: Path, url: str
) -> None:
    file.write_text(FILE.replace("mysql://ops@db.example/binance-data", f'"{url}"'))
    with pytest.raises(SettingsError, match=r"12:21: contexts\.prod\.database\.url: a (URL|host)"):
        load(file)


@pytest.mark.parametrize(
    "url", ["mysql://ops@[::1]:3306/binance-data", "mariadb+pymysql://127.0.0.1/x", "sqlite:////tmp/x.db"]
)
def test_the_usual_database_urls_are_taken(file: Path, url: str) -> None:
    file.write_text(FILE.replace("mysql://ops@db.example/binance-data", f'"{url}"'))
    database = load(file, context="prod").chosen.database
    assert database is not None and database.url == url


@pytest.mark.parametrize(
    "url",
    [
        "ftp://h/",
        "http://",
        "http://h:99999/",
        "http://h:abc/",
        "http://a..b/",
        "http://u:p@h/",
        "http://münchen/",
    ],
)
def test_what_is_no_http_url_is_refused_before_anything_is_asked(file: Path, url: str) -> None:
    file.write_text(FILE.replace("    engine_file: engine.json", f'    metrics_url: "{url}"'))
    with pytest.raises(SettingsError, match=r":8:18: contexts\.paper\.metrics_url: a (URL|host)"):
        load(file)


def test_a_context_may_be_polled_in_its_own_way(file: Path) -> None:
    own = "    engine_file: engine.json\n    poll: {metrics: {interval: 15s, stale_after: 45s}}"
    file.write_text(FILE.replace("    engine_file: engine.json", own))
    assert load(file).polling.metrics.stale_after == 45
    assert load(file, context="prod").polling.metrics.stale_after == 5


@pytest.mark.parametrize("name", ["''", "f oo", "1x"])
def test_only_whole_metric_names_can_be_known_not_to_be_exported(file: Path, name: str) -> None:
    file.write_text(FILE.replace("    flags_file: flags.yaml", f"    not_exported: [{name}]"))
    with pytest.raises(SettingsError, match="a metric's name, such as futures_fill_ratio"):
        load(file)


def test_a_home_that_nobody_has_is_one_line(file: Path) -> None:
    with pytest.raises(SettingsError, match="no home folder"):
        load(file, state=Path("~nobody-of-this-name/x"))


def test_a_poll_variable_that_names_no_source_is_refused(file: Path) -> None:
    with pytest.raises(SettingsError, match=r"^OPSCONSOLE_POLL__METRIC__INTERVAL: no such field; allowed: "):
        load(file, environ={"OPSCONSOLE_POLL__METRIC__INTERVAL": "1s"})


def test_a_copy_of_the_shipped_file_works_anywhere(tmp_path: Path) -> None:
    copy = tmp_path / "console.yaml"
    copy.write_text((shipped_configs() / "console.yaml").read_text())
    settings = load(copy)
    assert [settings.panels.is_file(), *(file.is_file() for file in settings.rule_files)] == [True, True]
    assert settings.rule_files[0].name == "alert_rules_hardened.yaml"


def test_rule_files_are_named_by_path_or_by_a_word_for_a_shipped_one(file: Path) -> None:
    with file.open("a") as settings:
        settings.write("rules: [own.yaml, hardened]\n")
    assert load(file).rule_files == [
        file.parent / "own.yaml",
        shipped_configs() / "alert_rules_hardened.yaml",
    ]


def test_a_mistake_in_the_environment_names_the_variable(file: Path) -> None:
    with pytest.raises(
        SettingsError, match=r"^OPSCONSOLE_POLL__LOG__TIMEOUT: poll\.log\.timeout: a duration"
    ):
        load(file, environ={"OPSCONSOLE_POLL__LOG__TIMEOUT": "long"})
    with pytest.raises(SettingsError, match=r"^--context: there is no context 'x'"):
        load(file, context="x")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.yaml: No such file or directory"):
        load(tmp_path / "nowhere.yaml")


@pytest.mark.parametrize("text", ["", "[]", "3", "contexts: {}", "contexts: 3", "contexts: {a: 3}"])
def test_any_other_document_is_refused_in_one_line(file: Path, text: str) -> None:
    file.write_text(text)
    with pytest.raises(SettingsError):
        load(file)


@pytest.fixture
def gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that has been removed while we stand in it."""
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    return folder


def test_whoever_stands_in_a_removed_folder_can_name_the_others_in_full(gone: Path) -> None:
    file = gone.parent / "console.yaml"
    file.write_text("contexts:\n  a: {environment: paper, colour: red}\n")
    environ = {"HOME": str(gone.parent)}
    assert load_settings(config=file, state=gone.parent, environ=environ).state == gone.parent
    with pytest.raises(SettingsError, match=r"^--state: the folder that here is seen from is gone"):
        load_settings(config=file, state=Path("here"), environ=environ)
    with pytest.raises(SettingsError, match=r"^--config: the folder that it is seen from is gone"):
        load_settings(config=Path("console.yaml"), environ=environ)
