"""What a database's user may do, as a real server says it."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.pool import NullPool

from console.actions.access_check import Finding, checked
from console.actions.anchor_table import statement
from console.actions.grants import Rights
from console.actions.roles import this_person
from console.audit.anchors import TABLE
from console.settings import Context, Database, Settings
from console.settings_access import Access, People

VARIABLE = "ACCESS_CHECK_PASSWORD"


@dataclass(frozen=True, slots=True)
class User:
    """A user of the server without a single right, and the one that can give it some."""

    name: str
    role: str
    password: str
    admin_url: str

    @property
    def account(self) -> str:
        return f"'{self.name}'@'127.0.0.1'"

    @property
    def database(self) -> str:
        return make_url(self.admin_url).database or ""

    def run(self, *statements: str) -> None:
        with create_engine(self.admin_url, poolclass=NullPool).begin() as connection:
            for statement in statements:
                connection.execute(text(statement.format(me=self.account, db=self.database, role=self.role)))

    def findings(self, state: Path, *, operator: bool = False, server: str | None = None) -> list[Finding]:
        """What the check says of the database for this user."""
        url = make_url(self.admin_url)._replace(username=self.name, password=None)
        plain = f"mysql://{self.name}@{url.host}:{url.port}/{url.database}"
        person = this_person()
        access = Access(operators=People(users=[person.uid])) if operator else Access()
        context = Context(
            environment="production",
            colour="red",
            access=access,
            database=Database(url=plain, password_env=VARIABLE, server=server),
        )
        settings = Settings(state=state, context="prod", contexts={"prod": context}, panels=state)
        found = checked(settings, state, person, {VARIABLE: self.password})
        return [finding for finding in found if finding.subject.startswith("database")]

    def verdict(self, state: Path, *, operator: bool = False) -> tuple[bool | None, str]:
        (finding,) = (
            each for each in self.findings(state, operator=operator) if each.subject == "database user"
        )
        return finding.holds, finding.words


@pytest.fixture
def user(mariadb_url: str) -> Iterator[User]:
    suffix = secrets.token_hex(4)
    made = User(f"user_{suffix}", f"role_{suffix}", secrets.token_hex(8), mariadb_url)
    made.run(
        "CREATE TABLE system_settings (setting_key VARCHAR(100) PRIMARY KEY)",
        f"CREATE USER {{me}} IDENTIFIED BY '{made.password}'",
        "GRANT SELECT ON `{db}`.* TO {me}",
        "CREATE ROLE {role}",
    )
    yield made
    made.run("DROP USER {me}", "DROP ROLE {role}")


def test_a_user_with_select_only_is_a_viewers(user: User, tmp_path: Path) -> None:
    assert user.verdict(tmp_path) == (True, "can only read")


def test_a_viewers_user_that_can_write_anything_fails(user: User, tmp_path: Path) -> None:
    user.run("GRANT INSERT, UPDATE ON `{db}`.system_settings TO {me}")
    place = f"{user.database}.system_settings"
    words = f"may do more than a viewer needs: INSERT on {place}, UPDATE on {place}"
    assert user.verdict(tmp_path) == (False, words)


def test_a_viewers_user_may_add_heads_of_the_journal(user: User, tmp_path: Path) -> None:
    user.run(statement("mysql"), f"GRANT INSERT ON `{{db}}`.{TABLE} TO {{me}}")
    assert user.verdict(tmp_path) == (True, "can only read")


def test_an_operators_user_may_switch_trading_off(user: User, tmp_path: Path) -> None:
    user.run("GRANT INSERT, UPDATE ON `{db}`.system_settings TO {me}")
    assert user.verdict(tmp_path, operator=True) == (True, "can switch trading off, and read")


def test_an_operators_user_that_can_do_more_fails(user: User, tmp_path: Path) -> None:
    user.run("GRANT INSERT, UPDATE, DELETE ON `{db}`.* TO {me}")
    holds, words = user.verdict(tmp_path, operator=True)
    assert holds is False
    assert words.startswith("may do more than an operator needs: DELETE on ")


def test_what_a_role_allows_that_is_not_taken_yet_counts(user: User, tmp_path: Path) -> None:
    user.run("GRANT DELETE ON `{db}`.* TO {role}", "GRANT {role} TO {me}")
    words = f"may do more than a viewer needs: DELETE on {user.database}.*"
    assert user.verdict(tmp_path) == (False, words)


@pytest.mark.usefixtures("only_mariadb")
def test_what_everyone_may_do_counts(user: User, tmp_path: Path) -> None:
    user.run("GRANT DELETE ON `{db}`.* TO PUBLIC")
    said = user.verdict(tmp_path)
    user.run("REVOKE DELETE ON `{db}`.* FROM PUBLIC")
    assert said == (False, f"may do more than a viewer needs: DELETE on {user.database}.*")


def test_grants_that_are_not_understood_cannot_be_told(
    user: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unclear = Rights((), ("a line of its grants",))
    monkeypatch.setattr("console.actions.grants.rights_of", lambda _connection: unclear)
    assert user.verdict(tmp_path) == (None, "can't be told: a line of its grants")


def test_the_server_says_which_it_is(user: User, tmp_path: Path) -> None:
    server = user.findings(tmp_path)[0]
    assert (server.subject, server.holds) == ("database server", True)
    assert server.words.endswith("any other would do: none is pinned")
    host = server.words.partition(",")[0]
    assert user.findings(tmp_path, server=host)[0].holds is True


def test_another_server_than_the_pinned_one_fails(user: User, tmp_path: Path) -> None:
    server = user.findings(tmp_path, server="prod-db-1")[0]
    assert server.holds is False
    assert server.words.endswith(", and has to be prod-db-1")


def test_a_server_that_refuses_us_is_told_without_the_password(user: User, tmp_path: Path) -> None:
    user.run("ALTER USER {me} IDENTIFIED BY 'another'")
    assert user.findings(tmp_path) == [Finding("database", None, "access denied: wrong user or password")]
