"""The trading switches of a real database go back to what they were, where nobody has changed them since."""

import os
import secrets
import signal
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, delete, make_url, select, text, update
from sqlalchemy.pool import NullPool

from console import schema
from console.actions.access_check import checked
from console.actions.kill import switches as rows
from console.actions.kill import switches_back
from console.actions.kill.actuator import Act, Answer, Order, Scope
from console.actions.kill.armament import database_of, surfaces_of
from console.actions.kill.database import DatabaseSwitches
from console.actions.kill.stamps import key_of
from console.actions.roles import this_person
from console.domain.clock import SystemClock
from console.settings import Context, Database, Settings
from console.settings_access import Access, People
from tests.integration.trading_switches import prepared, values
from tests.unit.audit.journals import in_child

BY = "opsconsole alice"
ORDER = Order("test", by=BY)


@pytest.fixture
def database(database_url: str) -> Iterator[Engine]:
    engine = prepared(database_url)
    yield engine
    engine.dispose()


def switches(engine: Engine) -> DatabaseSwitches:
    url = engine.url.render_as_string(hide_password=False)
    return DatabaseSwitches(url, SystemClock(), timeout=2.0)


def change(engine: Engine, key: str, **to: str | None) -> None:
    with engine.begin() as connection:
        connection.execute(update(schema.settings).where(schema.settings.c.setting_key == key).values(**to))


def test_what_a_trip_has_found_is_there_again_and_says_who_did_it(database: Engine) -> None:
    before = values(database)
    found = switches(database).fire(ORDER).found
    answer = switches(database).clear(found, "opsconsole bob")
    assert (answer.act, answer.words) == (Act.DONE, "put back")
    assert values(database) == before
    with database.connect() as connection:
        assert set(connection.scalars(select(schema.settings.c.updated_by))) == {"opsconsole bob"}


def test_a_switch_that_was_off_before_stays_off(database: Engine) -> None:
    change(database, "allow_short", setting_value="0", updated_by="bob")
    switches(database).clear(switches(database).fire(ORDER).found, BY)
    assert {key for key, value in values(database).items() if value == "0"} == {"allow_short"}


def test_a_switch_that_was_not_there_is_taken_away(database: Engine) -> None:
    with database.begin() as connection:
        connection.execute(delete(schema.settings).where(schema.settings.c.setting_key == "allow_long"))
    switches(database).clear(switches(database).fire(ORDER).found, BY)
    assert "allow_long" not in values(database)


def test_of_one_account_only_its_switch_is_put_back(database: Engine) -> None:
    found = switches(database).fire(Order("x", Scope.COIN, BY)).found
    assert [key_of(place) for place in found] == ["coin_futures_trading_enabled"]
    switches(database).clear(found, BY)
    assert set(values(database).values()) == {"1"}


def test_what_others_have_changed_since_is_left_and_told(database: Engine) -> None:
    found = switches(database).fire(ORDER).found
    change(database, "allow_long", setting_value="yes", updated_by="bob")
    change(database, "allow_short", setting_value="0", updated_by="bob")
    answer = switches(database).clear(found, BY)
    assert answer.words == (
        "put back; left: allow_long is yes by now; left: allow_short was set to 0 by bob since"
    )
    assert values(database)["allow_long"] == "yes"
    assert values(database)["allow_short"] == "0"


def test_of_two_hosts_each_reset_gives_back_only_what_its_own_trips_took(database: Engine) -> None:
    first = switches(database).fire(ORDER).found
    later = switches(database).fire(Order("test", by="opsconsole bob")).found
    answer = switches(database).clear(first, BY)
    assert answer.words.startswith("nothing to put back; left: u_futures_trading_enabled was set to 0 by ops")
    assert set(values(database).values()) == {"0"}
    answer = switches(database).clear(later, "opsconsole bob")
    assert "left: allow_long was set to 0 by opsconsole alice" in answer.words
    assert set(values(database).values()) == {"0"}
    assert switches(database).clear(first, BY).words == "put back"


def test_two_trips_of_one_host_are_given_back_together(database: Engine) -> None:
    found = switches(database).fire(Order("x", Scope.COIN, BY)).found
    found = {**found, **switches(database).fire(Order("test", by="opsconsole bob")).found}
    assert switches(database).clear(found, BY).words == "put back"
    assert set(values(database).values()) == {"1"}


def test_without_a_column_for_who_has_set_it_a_0_counts_as_ours(database_url: str) -> None:
    engine = create_engine(database_url, poolclass=NullPool)
    with engine.begin() as connection:
        connection.execute(
            text("CREATE TABLE system_settings (setting_key VARCHAR(100), setting_value TEXT)")
        )
        connection.execute(text("INSERT INTO system_settings VALUES ('allow_long', 'yes')"))
    found = switches(engine).fire(ORDER).found
    assert switches(engine).clear(found, BY).words == "put back"
    assert values(engine) == {"allow_long": "yes"}


def test_what_is_back_already_needs_nothing(database: Engine) -> None:
    found = switches(database).fire(ORDER).found
    switches(database).clear(found, BY)
    assert switches(database).clear(found, BY).words == "nothing to put back"


def test_another_server_than_the_one_that_was_named_is_left_alone(database: Engine) -> None:
    found = switches(database).fire(ORDER).found
    answer = replace(switches(database), server="prod-db-1").clear(found, BY)
    assert answer.act is Act.REFUSED
    assert set(values(database).values()) == {"0"}


def test_a_database_that_others_keep_locked_is_told_and_left(sqlite_url: str) -> None:
    engine = prepared(sqlite_url)
    found = switches(engine).fire(ORDER).found
    with sqlite3.connect(engine.url.database or "", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = replace(switches(engine), timeout=0.2).clear(found, BY)
        other.execute("ROLLBACK")
    other.close()
    assert answer == Answer(Act.FAILED, "database is locked")
    assert set(values(engine).values()) == {"0"}


@pytest.mark.parametrize(("point", "value"), [("before put back", "0"), ("after put back", "1")])
def test_killed_on_the_way_all_are_back_or_none(sqlite_url: str, point: str, value: str) -> None:
    engine = prepared(sqlite_url)
    found = switches(engine).fire(ORDER).found

    def clear_and_die() -> None:
        os.environ["OPSCONSOLE_FAULT"] = f"database: {point}"
        switches(engine).clear(found, BY)

    assert in_child(clear_and_die) == -signal.SIGKILL
    assert set(values(engine).values()) == {value}


def test_a_switch_that_changes_underneath_ends_it_with_nothing_written(
    mariadb_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = prepared(mariadb_url)
    found = switches(engine).fire(ORDER).found
    read = rows.read

    def meddle(*arguments: object) -> object:
        seen = read(*arguments)  # type: ignore[arg-type]
        change(engine, "allow_short", setting_value="2")
        return seen

    monkeypatch.setattr(switches_back, "read", meddle)
    answer = switches(engine).clear(found, BY)
    assert (answer.act, answer.words) == (Act.FAILED, "others changed the switches at the same time")
    assert values(engine) == {key: "2" if key == "allow_short" else "0" for key in schema.TRADING_SWITCHES}


@pytest.fixture
def two_users(mariadb_url: str) -> Iterator[tuple[str, str]]:
    """One that may read, and one that may switch trading off and on; their password is `known`."""
    engine, suffix = prepared(mariadb_url), secrets.token_hex(4)
    reader, writer = f"reader_{suffix}", f"writer_{suffix}"
    place = f"`{engine.url.database}`"
    with engine.begin() as connection:
        for user, rights in ((reader, "SELECT"), (writer, "SELECT, INSERT, UPDATE, DELETE")):
            connection.execute(text(f"CREATE USER '{user}'@'127.0.0.1' IDENTIFIED BY 'known'"))
            connection.execute(text(f"GRANT {rights} ON {place}.system_settings TO '{user}'@'127.0.0.1'"))
    yield reader, writer
    with engine.begin() as connection:
        for user in (reader, writer):
            connection.execute(text(f"DROP USER '{user}'@'127.0.0.1'"))


def test_what_is_written_is_written_by_the_user_for_that(
    mariadb_url: str, two_users: tuple[str, str]
) -> None:
    reader, writer = two_users
    url = make_url(mariadb_url)
    plain = f"mysql://{reader}@{url.host}:{url.port}/{url.database}"
    own = Database(url=plain, password_env="READ", action_user=writer, action_password_env="WRITE")
    one_for_both = Database(url=plain, password_env="READ")

    def of(database: Database) -> DatabaseSwitches:
        context = Context(environment="production", colour="red", database=database)
        environ = {"READ": "known", "WRITE": "known"}
        return database_of(surfaces_of(context), 6.0, SystemClock(), environ)

    assert of(one_for_both).fire(ORDER).act is Act.FAILED
    fired = of(own).fire(ORDER)
    assert fired.act is Act.DONE
    assert of(own).clear(fired.found, BY).words == "put back"


def test_the_check_of_access_looks_at_both_users(
    mariadb_url: str, two_users: tuple[str, str], tmp_path: Path
) -> None:
    reader, writer = two_users
    url, me = make_url(mariadb_url), this_person()
    plain = f"mysql://{reader}@{url.host}:{url.port}/{url.database}"
    own = Database(url=plain, password_env="READ", action_user=writer, action_password_env="WRITE")
    operators = Access(operators=People(users=[me.uid]))
    context = Context(environment="production", colour="red", database=own, access=operators)
    settings = Settings(state=tmp_path, context="prod", contexts={"prod": context}, panels=tmp_path)
    found = checked(settings, tmp_path, me, {"READ": "known", "WRITE": "known"})
    users = [(each.subject, each.holds, each.words) for each in found if "database user" in each.subject]
    assert users == [
        ("database user", True, "can only read"),
        (f"database user {writer}", True, "can switch trading off, and read"),
    ]


def test_what_the_switches_say_is_told_with_whether_all_are_off(database: Engine, tmp_path: Path) -> None:
    assert switches(database).said(Scope.USDM) == ("u_futures_trading_enabled=1", False)
    switches(database).fire(Order("x", Scope.USDM, BY))
    assert switches(database).said(Scope.USDM) == ("u_futures_trading_enabled=0", True)
    assert switches(database).said(Scope.ALL)[1] is False
    none = DatabaseSwitches(f"sqlite:///{tmp_path}/no.db", SystemClock()).said(Scope.ALL)
    assert none == (f"{tmp_path}/no.db: no such database file", None)
