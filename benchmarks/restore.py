"""How long a restore takes on MariaDB against its plain client that reads the same dump, and what memory.

python -m benchmarks.restore [TRADES [PAIRS]]

The book is that of benchmarks.verify: an order to each trade, a position to ten. Both load the same backup,
in turns. Of the plain client it is `gzip -dc COPY | mariadb DATABASE` into an empty database. Of the console
it is what `backup restore` does once it has begun: its look at the backup's files, loading, the comparison of
every table with the manifest, the exchange of the tables and a look at what then stands there. The backup of
what stands there before is told apart: a plain client takes none.
"""

import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil
from sqlalchemy import create_engine

from benchmarks.figures import Spread
from benchmarks.verify import AsInstalled, fill
from console.actions.backup.create import Around, Means, create
from console.actions.backup.folder import Backup, remove
from console.actions.backup.programs import Programs, client_arguments, option_file
from console.actions.backup.restore import Restores
from console.actions.database import Login
from console.audit.actor import this_actor
from console.audit.open import open_journal
from console.paper import open_database
from tests.integration.test_restore import ASKED, WHO, live
from tests.mariadb import MariaDB, find_binary
from tests.mariadb_programs import environment, programs
from tests.unit.actions.contexts import settings_with
from tests.unit.actions.people import Wall
from tests.unit.domain.worlds import NOW

TRADES, PAIRS = 1_000_000, 5
_SMALL = 10_000
"""Trades of the book whose restore shows what memory the console takes for a book of any size."""


@dataclass(frozen=True, slots=True)
class Run:
    """One restore, in seconds: all but the backup before it, until all is loaded, and that backup."""

    whole: float
    loading: float
    before: float


@dataclass
class Book:
    """A book on the server, its backup, and restores of it."""

    server: MariaDB
    folder: Path
    trades: int
    url: str = field(init=False)
    made: Backup = field(init=False)
    means: Means = field(init=False)

    def __post_init__(self) -> None:
        self.means = Means(Wall(NOW), programs, environment())
        self.url = self.server.url(self.server.create_database())
        open_database(self.url).dispose()
        engine = create_engine(self.url)
        with engine.begin() as connection:
            fill(connection, self.trades)
        engine.dispose()
        self.folder.mkdir()
        earlier = replace(self.means, clock=Wall(NOW - 3600))
        self.made = create(self.login, self.folder / "backups", Around("prod", "dana"), earlier)

    @property
    def login(self) -> Login:
        return Login(self.url, timeout=20)

    def restored(self) -> Run:
        """Restore it through its gates; what was kept of what stood there goes."""
        passed: dict[str, float] = {}

        def pass_by(name: str) -> None:
            passed.setdefault(name, time.monotonic())

        def programs_asked() -> Programs:
            pass_by("backup before")  # which asks for them first
            return programs()

        ended = f"processes: {{pid_files: [{self.folder}/engine.pid]}}"
        settings, means = settings_with(self.folder, ended), replace(self.means, programs=programs_asked)
        restores = Restores(
            settings=settings,
            reading=self.login,
            writing=self.login,
            means=means,
            folder=self.folder / "backups",
            journal=open_journal(settings.state, means.clock),
            actor=this_actor({}),
            around=Around("prod", "dana"),
            asleep=("database", "exchange", "flags"),
            point=pass_by,
        )
        began = time.monotonic()
        done = restores.restore(
            self.made, ASKED, WHO, live(), now=live, approved=None, begun=lambda _before: pass_by("begun")
        )
        taken, before = time.monotonic() - began, passed["begun"] - passed["backup before"]
        remove(done.before)
        self.server.drop_database(done.kept)
        return Run(taken - before, passed["loaded"] - passed["intent"], before)

    def loaded_plainly(self) -> float:
        """Seconds that the plain client takes for the same dump."""
        name = self.server.create_database()
        with option_file(self.login) as (path, descriptor):
            arguments = client_arguments(programs(), path, name)
            began = time.monotonic()
            with subprocess.Popen(["gzip", "-dc", str(self.made.file)], stdout=subprocess.PIPE) as unpacking:
                subprocess.run(
                    arguments,
                    stdin=unpacking.stdout,
                    env=environment(),
                    pass_fds=(descriptor,),
                    check=True,
                )
            taken = time.monotonic() - began
        self.server.drop_database(name)
        return taken


def main() -> None:
    """Measure and print."""
    given = [int(argument) for argument in sys.argv[1:]]
    trades, pairs = (*given, *(TRADES, PAIRS)[len(given) :])
    server, folder = AsInstalled(find_binary()), Path(tempfile.mkdtemp(prefix="opsconsole-restore-"))
    try:
        server.start()
        Book(server, folder / "small", _SMALL).restored()
        peak = _peak()
        _measure(Book(server, folder / "book", trades), pairs)
        print(f"peak memory here: {peak:.0f} MB after {_SMALL:,} trades, {_peak():.0f} MB in the end")
    finally:
        server.remove()
        shutil.rmtree(folder)


def _measure(book: Book, pairs: int) -> None:
    rows, size, load = book.made.manifest.rows, book.made.manifest.copy.size, psutil.getloadavg()[0]
    print(f"{book.trades:,} trades, {rows:,} rows, {size / 1e6:.0f} MB packed; load {load:.1f}", flush=True)
    plain, restored = [], []
    for _ in range(pairs):
        plain.append(book.loaded_plainly())
        restored.append(one := book.restored())
        told = f"restore {one.whole:.1f} s, loading {one.loading:.1f} s, backup before {one.before:.1f} s"
        print(f"  plain {plain[-1]:.1f} s, {told}", flush=True)
    client = Spread.of(plain)
    print(f"plain client: {client:.1f} s")
    for name, values in (
        ("restore", [each.whole for each in restored]),
        ("  of it until all is loaded and added up", [each.loading for each in restored]),
        ("  with the backup of what stood there", [each.whole + each.before for each in restored]),
    ):
        spread = Spread.of(values)
        print(f"{name}: {spread:.1f} s, {spread.median / client.median:.2f} × the plain client")


def _peak() -> float:
    """Megabytes that this process has had resident at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
