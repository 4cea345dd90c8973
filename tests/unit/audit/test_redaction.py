"""Secrets do not enter: neither by a telling name, nor in a text, nor as a known value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.audit.redaction import REDACTED, Json, redacted, redacted_text, secret_values


@pytest.mark.parametrize(
    "name",
    ["password", "DB_PASSWD", "api_key", "apiKey", "X-MBX-APIKEY", "secret", "access_token", "Authorization"],
)
def test_a_value_that_is_named_like_a_secret_is_left_out(name: str) -> None:
    assert redacted({name: {"nested": "x"}}, ()) == {name: REDACTED}


@pytest.mark.parametrize("name", ["symbol", "checks_passed", "setting_key", "bypass", "keyed_by"])
def test_other_values_stay(name: str) -> None:
    assert redacted({name: "x"}, ()) == {name: "x"}


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("mysql://ops:s3cr3t@127.0.0.1/x", f"mysql://ops:{REDACTED}@127.0.0.1/x"),
        ("mysql://ops:s3@cr3t@127.0.0.1/x", f"mysql://ops:{REDACTED}@127.0.0.1/x"),
        ("--password=s3cr3t --host x", f"--password={REDACTED} --host x"),
        ("mysqldump --password hunter2secret --host x", f"mysqldump --password {REDACTED} --host x"),
        ("ran ['x', '--db-token', 's3cr3t']", f"ran ['x', '--db-token', '{REDACTED}']"),
        ("the top-secret plan of a no-password host", "the top-secret plan of a no-password host"),
        ('{"api_key": "s3cr3t"}', f'{{"api_key": "{REDACTED}"}}'),
        ("Authorization: Bearer s3cr3t", f"Authorization: Bearer {REDACTED}"),
        ("with bearer s3cr3tandmore", f"with bearer {REDACTED}"),
        ("signature=s3cr3t&symbol=BTCUSDT", f"signature={REDACTED}&symbol=BTCUSDT"),
    ],
)
def test_a_secret_in_a_text_is_left_out(text: str, left: str) -> None:
    assert redacted_text(text, ()) == left


def test_the_word_after_an_option_for_a_secret_is_left_out() -> None:
    command: Json = ["mysqldump", "--password", "s3cr3t", "--host", "127.0.0.1"]
    assert redacted(command, ()) == ["mysqldump", "--password", REDACTED, "--host", "127.0.0.1"]


@given(before=st.text(), after=st.text(), key=st.text())
def test_a_known_secret_is_left_out_wherever_it_stands(before: str, after: str, key: str) -> None:
    secret = "k5-Zq/8+w="
    left = redacted({key + secret: [before + secret + after]}, (secret,))
    assert secret not in str(left)


def test_a_long_text_without_secrets_is_looked_at_quickly() -> None:
    text = "a.token" * 30_000 + " --x" * 30_000
    assert redacted_text(text, ()) == text


def test_secrets_are_known_by_the_names_of_their_variables() -> None:
    environ = {
        "DB_PASSWORD": "hunter2!",
        "BINANCE_KEY": "k123456",
        "HOME": "/home/alice",
        "PWD": "/home/alice/engine",
        "MY_TOKEN": "short",
    }
    assert secret_values(environ) == ("hunter2!", "k123456")
