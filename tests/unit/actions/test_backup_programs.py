"""Client programs that misbehave, and what they are told: nobody waits for ever, no secret leaks."""

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from console.actions.backup import running
from console.actions.backup.errors import BackupError
from console.actions.backup.programs import (
    Programs,
    client_arguments,
    dump_arguments,
    only_told,
    option_file,
    programs_of,
)
from console.actions.backup.running import Program, fed, output_of
from console.actions.database import Login

PROGRAMS = Programs(("mariadb-dump",), ("mariadb",))


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "STILL", 0.3)


def program(code: str, environ: Mapping[str, str] = os.environ) -> Program:
    return Program([sys.executable, "-S", "-E", "-c", code], 2, environ)


def refused(work: "object") -> str:
    began = time.monotonic()
    with pytest.raises(BackupError) as refusal:
        work()  # type: ignore[operator]
    assert time.monotonic() - began < 5
    return str(refusal.value).partition(" ")[2]


def test_one_that_says_nothing_is_ended() -> None:
    assert refused(lambda: list(output_of(program("import time; time.sleep(60)")))) == (
        "has said nothing for 0.3 s, and was ended"
    )


def test_one_that_says_all_and_does_not_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "STILL", 1)  # in which a shell says something, however busy the machine is
    silent = Program(["sh", "-c", "printf all; exec >&-; exec sleep 60"], 2, os.environ)
    assert refused(lambda: list(output_of(silent))) == "has not ended in 1 s, and was ended"


def test_one_that_takes_nothing_is_ended() -> None:
    deaf = program("import time; time.sleep(60)")
    assert refused(lambda: fed(deaf, [bytes(1 << 20)], lambda: None)) == (
        "has taken nothing for 0.3 s, and was ended"
    )


def test_one_for_which_nobody_waits_any_more_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "STILL", 60)

    def given_up() -> None:
        raise BackupError("it was given up")

    for code in ("import time; time.sleep(60)", "import sys, time; sys.stdin.read(); time.sleep(60)"):
        for parts in ([bytes(1 << 20)], []):
            assert refused(lambda: fed(program(code), parts, given_up)) == "was given up"  # noqa: B023 (at once)


def test_a_child_that_keeps_its_output_open_is_not_waited_for() -> None:
    parent = program(
        "import subprocess, sys\n"
        "subprocess.Popen([sys.executable, '-S', '-c', 'import time; time.sleep(8)'])\n"
        "import time; time.sleep(60)"
    )
    assert "said nothing" in refused(lambda: list(output_of(parent)))


def test_one_that_fails_half_way_is_told_by_its_last_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "STILL", 60)
    failing = program(
        "import sys; sys.stdin.buffer.read(9)\n"
        "sys.stderr.write('first\\nERROR 1: no\\x1b[2J\\n\\n'); sys.exit(3)"
    )
    words = refused(lambda: fed(failing, [bytes(1 << 20)] * 3, lambda: None))
    assert words.startswith("ERROR 1: no")
    assert "\x1b" not in words


def test_one_that_is_missing_is_named() -> None:
    missing = Program(["/nowhere/mariadb-dump"], 2, os.environ)
    with pytest.raises(BackupError, match="/nowhere/mariadb-dump: no such file or directory"):
        list(output_of(missing))


def options(login: Login) -> str:
    with option_file(login) as (_path, descriptor):
        assert os.fstat(descriptor).st_mode & 0o777 == 0o600
        return os.pread(descriptor, 10_000, 0).decode()


@pytest.mark.parametrize(
    ("dump", "client", "words"),
    [
        (["docker", "exec", "-i", "db", "mariadb-dump"], ["mariadb"], "backups.dump runs docker with exec: "),
        (["mariadb-dump"], ["ssh", "db", "mariadb"], "backups.client runs ssh with db: "),
        (["sh", "-c", "mariadb-dump\x1b"], None, "backups.dump runs sh with mariadb-dump\\x1b: "),
    ],
)
def test_a_program_that_runs_another_elsewhere_is_refused_with_its_reason(
    dump: list[str], client: list[str] | None, words: str
) -> None:
    with pytest.raises(BackupError) as refusal:
        programs_of(dump, client)
    assert str(refusal.value).startswith(words)
    assert "it can't read the login" in str(refusal.value)


def test_a_program_may_be_named_with_options() -> None:
    named = programs_of(["/opt/dump", "--compress"], ["/opt/client"])
    assert dump_arguments(named, "/dev/fd/9", "book", [])[:3] == [
        "/opt/dump", "--defaults-file=/dev/fd/9", "--compress",
    ]  # fmt: skip


@pytest.mark.parametrize("option", ["--skip-comments", "--compact"])
def test_a_dump_has_the_comments_that_its_parts_are_found_by_whatever_the_settings_say(option: str) -> None:
    given = dump_arguments(programs_of(["mariadb-dump", option], ["mariadb"]), "/dev/fd/9", "book", [])
    assert given.index(option) < given.index("--comments") < given.index("--")


def test_a_password_is_in_the_option_file_and_in_no_argument() -> None:
    login = Login("mysql://reader@127.0.0.1/book", 5, password='pa"ss\\ #1')
    assert 'password="pa\\"ss\\\\ #1"\n' in options(login)
    for arguments in (
        dump_arguments(PROGRAMS, "/dev/fd/9", "book", ["futures_trades"]),
        client_arguments(PROGRAMS, "/dev/fd/9", "book"),
    ):
        assert arguments[1] == "--defaults-file=/dev/fd/9"
        assert not any('pa"ss' in argument for argument in arguments)


def test_a_host_elsewhere_is_talked_to_under_verified_tls_by_programs_of_either_kind() -> None:
    """MariaDB's verify nothing without `ssl`; on loopback its newest ones ask for a certificate unasked."""
    there = options(Login("mysql://reader@db.example.net/book", 5, ca_file=Path("/etc/ca.pem")))
    mysql, mariadb = there.split("[client-mariadb]\n")
    assert "loose-ssl-mode=VERIFY_IDENTITY\n" in mysql
    assert mariadb.startswith("ssl\nssl-verify-server-cert\n")
    assert 'ssl-ca="/etc/ca.pem"\n' in there
    here = options(Login("mysql://reader@127.0.0.1/book", 5))
    assert "ssl-mode" not in here
    assert "[client-mariadb]\nskip-ssl-verify-server-cert\n" in here


def test_a_login_s_public_key_is_asked_for_on_loopback_only() -> None:
    """Where MySQL has no TLS, it takes the password under its key, which others could forge."""
    assert "\nloose-get-server-public-key\n" in options(Login("mysql://reader@127.0.0.1/book", 5))
    assert "public-key" not in options(Login("mysql://reader@db.example.net/book", 5))


def test_mysql_s_dump_says_nothing_that_keeps_a_load_out_of_the_binary_log() -> None:
    told = options(Login("mysql://reader@127.0.0.1/book", 5))
    assert told.endswith("[mysqldump]\nloose-set-gtid-purged=OFF\nloose-column-statistics=0\n")


def test_no_login_file_of_the_user_s_is_believed_more(tmp_path: Path) -> None:
    (tmp_path / ".mylogin.cnf").touch()
    given = only_told({"MYSQL_TEST_LOGIN_FILE": str(tmp_path / ".mylogin.cnf"), "PATH": "/bin"})
    assert not Path(given["MYSQL_TEST_LOGIN_FILE"]).exists()
    assert given["PATH"] == "/bin"


def test_a_line_break_in_a_login_is_refused() -> None:
    with pytest.raises(BackupError, match="line break"):
        options(Login("mysql://reader@127.0.0.1/book", 5, password="a\nhost=elsewhere"))
