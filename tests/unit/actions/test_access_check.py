"""Owners and modes, verified as they really are on the disk."""

import json
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.actions.access_check import Finding, checked
from console.actions.roles import this_person
from console.domain.access import Person
from console.settings import Context, Database, Settings
from console.settings_access import Access, People

ME = os.getuid()
only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to others")


@pytest.fixture
def state() -> Iterator[Path]:
    """A state folder of our own under the system's own temporary folder."""
    with tempfile.TemporaryDirectory(prefix="opsconsole-access-") as folder:
        yield Path(folder)


def settings(state: Path, **context: object) -> Settings:
    chosen = Context(environment="paper", colour="cyan", **context)  # type: ignore[arg-type]
    return Settings(state=state, context="paper", contexts={"paper": chosen}, panels=state)


def production(state: Path, **context: object) -> Settings:
    chosen = Context(environment="production", colour="red", **context)  # type: ignore[arg-type]
    return Settings(state=state, context="prod", contexts={"prod": chosen}, panels=state)


def findings(
    wanted: Settings, *, file: Path = Path("/etc/passwd"), person: Person | None = None
) -> dict[str, Finding]:
    found = checked(wanted, file, person or this_person(), {})
    return {finding.subject: finding for finding in found}


def folder_of(state: Path, name: str = "") -> tuple[bool | None, str]:
    place = state / name if name else state
    finding = findings(settings(state))[f"folder {place}"]
    return finding.holds, finding.words


def test_it_says_who_one_is_and_why(state: Path) -> None:
    finding = findings(settings(state))["you"]
    assert finding.words.endswith("an admin: no roles are given, and everyone is that in a paper context")


def test_a_name_that_nobody_has_is_told(state: Path) -> None:
    access = Access(admins=People(users=["no-such-user"]))
    finding = findings(settings(state, access=access))["roles"]
    assert finding == Finding("roles", False, "this machine doesn't know admins: no user no-such-user")


def test_a_state_folder_of_ones_own_holds(state: Path) -> None:
    assert folder_of(state) == (True, "is its owner's (mode 700)")


def test_a_state_folder_that_is_not_there_cannot_be_told(state: Path) -> None:
    assert folder_of(state / "none") == (None, "is not there")


@pytest.mark.parametrize("mode", [0o755, 0o701])
def test_a_state_folder_that_is_open_to_everybody_fails(state: Path, mode: int) -> None:
    state.chmod(mode)
    assert folder_of(state) == (False, f"is open to everybody (mode {mode:o}): chmod o=")


@pytest.mark.parametrize(
    ("name", "mode", "remedy"), [("audit", 0o770, 0o2770), ("approvals", 0o2770, 0o3770)]
)
def test_a_folder_that_is_shared_in_another_way_fails(state: Path, name: str, mode: int, remedy: int) -> None:
    (state / name).mkdir()
    (state / name).chmod(mode)
    words = f"is shared, but not rightly (mode {mode:o}): chmod {remedy:o}"
    assert folder_of(state, name) == (False, words)


@pytest.mark.parametrize(("name", "mode"), [("audit", 0o2770), ("kill", 0o2770), ("approvals", 0o3770)])
def test_a_folder_that_an_administrator_made_for_a_group_holds(state: Path, name: str, mode: int) -> None:
    (state / name).mkdir()
    (state / name).chmod(mode)
    assert folder_of(state, name) == (True, f"is shared by a group (mode {mode:o})")


def test_a_folder_of_the_paper_engines_by_the_name_of_state_is_none_of_the_consoles(state: Path) -> None:
    (state / "state").mkdir(mode=0o755)
    assert f"folder {state / 'state'}" not in findings(settings(state))


@only_root
def test_a_folder_of_somebody_elses_fails(state: Path) -> None:
    (state / "audit").mkdir()
    os.chown(state / "audit", 54321, -1)
    assert folder_of(state, "audit") == (False, "belongs to uid 54321 (uid 54321)")


def test_a_folder_above_that_everybody_can_write_fails(state: Path) -> None:
    inner = state / "inner"
    inner.mkdir(mode=0o700)
    state.chmod(0o777)
    finding = findings(settings(inner))[f"folder {state}"]
    assert finding == Finding(f"folder {state}", False, "everybody can move what is in it (mode 777)")


def test_a_folder_above_with_the_sticky_bit_is_nothing_to_tell(state: Path) -> None:
    inner = state / "inner"
    inner.mkdir(mode=0o700)
    state.chmod(0o1777)
    assert f"folder {state}" not in findings(settings(inner))


@only_root
def test_a_folder_above_that_is_somebody_elses_fails(state: Path) -> None:
    inner = state / "inner"
    inner.mkdir(mode=0o700)
    os.chown(state, 54321, -1)
    words = "belongs to uid 54321 (uid 54321), who can move what is in it"
    assert findings(settings(inner))[f"folder {state}"] == Finding(f"folder {state}", False, words)


@only_root
@pytest.mark.parametrize(
    ("uid", "mode", "words"),
    [
        (54321, 0o755, "belongs to uid 54321 (uid 54321), who can move what is in it"),
        (0, 0o775, "its group can move what is in it (mode 775)"),
        (0, 0o777, "everybody can move what is in it (mode 777)"),
    ],
)
def test_settings_of_roots_in_whose_place_others_can_put_their_own_fail(
    state: Path, uid: int, mode: int, words: str
) -> None:
    folder, file = state / "etc", state / "etc" / "console.yaml"
    folder.mkdir()
    file.touch(mode=0o644)
    folder.chmod(mode)
    os.chown(folder, uid, -1)
    assert findings(production(state), file=file)[f"folder {folder}"] == Finding(
        f"folder {folder}", False, words
    )


def test_settings_that_only_root_can_change_hold(state: Path) -> None:
    finding = findings(production(state))["settings /etc/passwd"]
    assert (finding.holds, finding.words) == (True, "only root can write it")


@only_root
@pytest.mark.parametrize(
    ("uid", "mode", "words"),
    [
        (0, 0o664, "others than root can write it (mode 664): chmod go-w"),
        (54321, 0o644, "belongs to uid 54321 (uid 54321), who can give out roles: let root own it"),
    ],
)
def test_settings_that_others_can_change_fail(state: Path, uid: int, mode: int, words: str) -> None:
    file = state / "console.yaml"
    file.touch()
    file.chmod(mode)
    os.chown(file, uid, -1)
    finding = findings(production(state), file=file)[f"settings {file}"]
    assert (finding.holds, finding.words) == (False, words)


def test_the_settings_of_a_paper_context_protect_nothing(state: Path) -> None:
    assert "settings /etc/passwd" not in findings(settings(state))


@pytest.mark.parametrize(
    ("mode", "holds", "words"),
    [(0o600, True, "mode 600"), (0o640, False, "others can open it (mode 640)")],
)
def test_the_key_files_of_a_paper_engine_are_for_their_owner(
    state: Path, mode: int, holds: bool, words: str
) -> None:
    engine, keys = state / "engine.json", state / "keys.json"
    engine.write_text(json.dumps({"pid": 1, "exchange_keys": str(keys)}))
    engine.chmod(0o600)
    keys.touch()
    keys.chmod(mode)
    found = findings(settings(state, engine_file=engine))
    assert found[f"key file {engine}"].holds
    assert (found[f"key file {keys}"].holds, found[f"key file {keys}"].words) == (holds, words)


def test_certificates_may_be_read_by_others_but_not_changed(state: Path) -> None:
    authority = state / "ca.pem"
    authority.touch()
    wanted = production(state, database=Database(url="sqlite:////nowhere/paper.db", ca_file=authority))
    authority.chmod(0o644)
    assert findings(wanted)[f"key file {authority}"].holds
    authority.chmod(0o664)
    assert findings(wanted)[f"key file {authority}"].words == "others can change it (mode 664)"


def database_file(state: Path, access: Access) -> Finding:
    file = state / "paper.db"
    sqlite3.connect(file).close()
    file.touch()
    wanted = production(state, access=access, database=Database(url=f"sqlite:///{file}"))
    return findings(wanted)[f"database {file}"]


def test_a_viewer_who_can_write_the_database_file_fails(state: Path) -> None:
    finding = database_file(state, Access())
    assert (finding.holds, finding.words) == (False, "can be written by you, who are no operator")


def test_an_operator_may_write_the_database_file(state: Path) -> None:
    finding = database_file(state, Access(operators=People(users=[ME])))
    assert (finding.holds, finding.words) == (True, "can be written")


def test_a_password_that_is_not_there_is_told_by_its_variables_name(state: Path) -> None:
    database = Database(url="mysql://ops@127.0.0.1/db", password_env="NO_SUCH_PASSWORD")
    finding = findings(production(state, database=database))["database"]
    assert (finding.holds, finding.words) == (
        None,
        "the environment variable NO_SUCH_PASSWORD is not set",
    )


@pytest.mark.parametrize(("operator", "told"), [(False, True), (True, False)])
def test_the_password_that_writes_is_for_operators_only(state: Path, operator: bool, told: bool) -> None:
    access = Access(operators=People(users=[ME])) if operator else Access()
    database = Database(
        url="mysql://ops@127.0.0.1:1/db", action_user="writer", action_password_env="WRITER_PASSWORD"
    )
    wanted = production(state, access=access, database=database)
    found = checked(wanted, Path("/etc/passwd"), this_person(), {"WRITER_PASSWORD": "secret"})
    words = "its password is in your WRITER_PASSWORD, who are no operator"
    assert (Finding("database user writer", False, words) in list(found)) is told
