from pathlib import Path

import pytest

from console.settings import Prometheus
from console.settings_file import SettingsError, load_settings


def load(folder: Path, server: str) -> Prometheus:
    file = folder / "console.yaml"
    file.write_text(
        f"contexts:\n  prod:\n    environment: production\n    colour: red\n    prometheus: {server}\n"
    )
    prometheus = load_settings(config=file, environ={}).chosen.prometheus
    assert prometheus is not None
    return prometheus


def test_an_alertmanager_has_a_url_and_credentials_of_its_own(tmp_path: Path) -> None:
    server = load(
        tmp_path,
        "{url: 'http://a:9090', bearer_env: A, alertmanager: {url: 'http://b:9093', bearer_env: B}}",
    )
    assert server.alertmanager is not None
    assert (server.alertmanager.url, server.alertmanager.bearer_env) == ("http://b:9093", "B")


def test_a_server_needs_no_alertmanager(tmp_path: Path) -> None:
    assert load(tmp_path, "{url: 'http://a:9090'}").alertmanager is None


@pytest.mark.parametrize(
    ("alertmanager", "words"),
    [
        ("{}", "alertmanager.url"),
        ("{url: 'ftp://b'}", "a URL such as"),
        ("{url: 'http://b', username_env: U}", "username_env and password_env together"),
        ("{url: 'http://b', password: secret}", "password"),
    ],
)
def test_a_mistaken_alertmanager_is_one_line(tmp_path: Path, alertmanager: str, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, f"{{url: 'http://a:9090', alertmanager: {alertmanager}}}")
    assert words in str(caught.value)
    assert str(caught.value).count("\n") == 0
    assert "secret" not in str(caught.value)
