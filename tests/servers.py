"""`python -m tests.servers`: have the real servers that the tests need here before the tests begin."""

import sys

from tests import alertmanager, mariadb, mariadb_programs, prometheus, sshd, tmux
from tests.debian import NoServerError


def main() -> int:
    """Find or unpack each; one that can't be had is named with the one command that brings it."""
    servers = (mariadb.find_binary, prometheus.find_binary, alertmanager.find_binary)
    for find in (*servers, mariadb_programs.programs, sshd.find_all, tmux.find_binary):
        try:
            find()
        except NoServerError as error:
            sys.stderr.write(f"{error}\n")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
