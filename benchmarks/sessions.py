"""Sessions that keep a MariaDB busy: `python -m benchmarks.sessions COUNT`, its URL on standard input."""

import random
import sys
import threading

import pymysql
from sqlalchemy import URL, make_url

_SHORTEST, _LONGEST = 0.5, 3.0
"""Seconds that a statement takes."""


def run_statements(server: URL, number: int) -> None:
    """One session: statements that each differ from the one before, for ever."""
    chance = random.Random(number)
    connection = pymysql.connect(
        host=server.host, port=server.port or 3306, user=server.username, password=str(server.password)
    )
    with connection.cursor() as cursor:
        done = 0
        while True:
            cursor.execute("SELECT SLEEP(%s), %s", (chance.uniform(_SHORTEST, _LONGEST), f"statement {done}"))
            done += 1


def main() -> None:
    server = make_url(sys.stdin.readline().strip())
    for number in range(int(sys.argv[1])):
        threading.Thread(target=run_statements, args=(server, number), daemon=True).start()
    sys.stdin.read()  # until whoever started this is gone


if __name__ == "__main__":
    main()
