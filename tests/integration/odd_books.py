"""Books to back up, and what is left where a backup was refused."""

from pathlib import Path

from console.actions.backup.create import Around, Means
from console.actions.database import Login, connected
from console.domain.clock import SystemClock
from tests.mariadb_programs import environment, programs
from tests.unit.runbooks.checks.healthy_book import healthy_book

AROUND = Around("paper", "dana")
MEANS = Means(SystemClock(), programs, environment())


def book_at(url: str) -> Login:
    healthy_book(url).database.dispose()
    return Login(url, timeout=10)


def do(login: Login, *statements: str) -> None:
    with connected(login) as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def nothing_left(folder: Path) -> bool:
    return [file.name for file in folder.iterdir()] == [".lock"]
