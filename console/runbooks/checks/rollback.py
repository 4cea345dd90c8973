"""The checks of a rollback by name: what it has ended, what runs instead, what the books hold after it."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, func, select

from console import schema
from console.actions.backup.errors import BackupError
from console.actions.backup.folder import Backup, backup_named, backups_in
from console.actions.backup.sums import sums_in
from console.actions.backup.tables import columns_in
from console.actions.rollout.dialect import dialect_of
from console.audit.record import iso_time
from console.domain.assessment import Assessment
from console.domain.backup import TableSum, differences
from console.domain.figures import seconds
from console.domain.kill_evidence import ACCOUNTS
from console.domain.kill_state import KillState, Verdict
from console.domain.rollout.drift import RolloutStatus
from console.domain.rollout.stages import STAGES, Dialect, Stage, StageRule, feature_named, stage_rule
from console.runbooks.askable import OF_TRIPS
from console.runbooks.checks import engine_processes, releases
from console.runbooks.checks.alarms import instant
from console.runbooks.checks.answers import answer, kept
from console.runbooks.checks.books import books_of, snapshot
from console.runbooks.checks.row_times import since_then
from console.runbooks.lookout import Look
from console.runbooks.model import Ask, Found
from console.sources.errors import SourceError

if TYPE_CHECKING:
    from console.domain.losses import Losses
    from console.settings import Settings

TIMEOUT = 600.0
"""Seconds that a statement may take which adds up a whole table."""
EVERY_ACCOUNT = "all"
ANY = "any"

ARGUMENTS: Mapping[str, Mapping[str, Collection[str]]] = {
    "processes": {"is": ("ended", "running")},
    "young": {},
    "release": releases.ARGUMENTS,
    "no_code": {},
    "went_back": {"run": ()},
    "deployed": {"run": (), "version": ()},
    "trip_set": {},
    "feature_stage": {"feature": (), "at_most": tuple(STAGES)},
    "not_traded": {"feature": (), "since": ()},
    "mode": {"is": ()},
    "no_orders": {"account": (EVERY_ACCOUNT, *ACCOUNTS), "since": ()},
    "backup_made": {"since": ()},
    "losses_told": {"backup": ()},
    "restored": {"backup": ()},
    "counts": {"backup": ()},
}
"""The checks, with the values that their arguments may have; none: any."""

_SET = (KillState.TRIPPED, KillState.UNCONFIRMED, KillState.PARTIAL)
_PROCESSES = {"ended": engine_processes.processes_ended, "running": engine_processes.processes_running}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the checks ask: `look` looks at the context anew; `backups` is where its backups are.

    `losses` says what restoring a backup would lose.
    """

    settings: "Settings"
    environ: Mapping[str, str]
    look: Look
    backups: Path
    losses: "Callable[[Backup], Losses]"


def rollback_checks(asked: Asked) -> Mapping[str, Ask]:
    """The checks by name; each looks anew, and blocks meanwhile."""
    settings, environ = asked.settings, asked.environ
    dialect = dialect_of(settings.chosen)
    return {
        "processes": lambda told: _PROCESSES[told["is"]](settings, environ),
        "young": lambda _told: engine_processes.processes_young(settings, environ),
        "release": lambda told: releases.release(settings, environ, told),
        "no_code": lambda _told: releases.no_code(settings),
        "deployed": lambda told: releases.deployed(settings, environ, told),
        "went_back": lambda told: releases.went_back(settings, environ, told),
        "trip_set": lambda _told: trip_set(asked.look(*OF_TRIPS).kill),
        "feature_stage": lambda told: feature_stage(
            asked.look("flags", "metrics", "engine"), told["feature"], STAGES[told["at_most"]], dialect
        ),
        "not_traded": lambda told: not_traded(
            asked.look("flags", "metrics", "database", "engine"), told["feature"], instant(told["since"])
        ),
        "mode": lambda told: mode(asked.look("metrics", "engine"), told["is"]),
        "no_orders": lambda told: _of_books(asked, lambda books: no_orders(books, told)),
        "backup_made": lambda told: backup_made(asked.backups, settings.context, told["since"]),
        "losses_told": lambda told: losses_told(asked, told["backup"]),
        "restored": lambda told: _of_backup(asked, told["backup"], restored),
        "counts": lambda told: _of_backup(asked, told["backup"], counts),
    }


def trip_set(now: Verdict) -> Found:
    """Whether the kill switch is set, acknowledged or not: what hangs is ended next, whatever it says."""
    passes = None if now.state is KillState.UNKNOWN else now.state in _SET
    return Found(passes, "the kill switch is set", f"{now.title}: {now.words}")


def feature_stage(live: Assessment, feature: str, at_most: Stage, dialect: Dialect) -> Found:
    """Whether neither the file nor the engine has the feature further than `at_most`, for any symbol.

    What the file says of the feature itself counts: that a global kill switch hides it ends with that. An
    engine that has ended has nothing loaded, and reads the file when it starts.
    """
    expected = f"{feature} is {at_most.word} at most, in the file and as the engine has loaded it"
    status = live.rollout
    if status.flags is None or status.desired_doubt:
        return Found(None, expected, f"the flags file: {status.desired_doubt or 'not read'}")
    if feature_named(status.flags, feature) is None:
        return Found(False, expected, f"the flags file has no feature {feature}")
    rule = stage_rule(replace(status.flags, global_kill_switch=False), feature, dialect)
    written = (rule.default, *rule.exceptions.values())
    wrong = sorted({stage.word for stage in written if stage is not None and stage > at_most})
    if wrong:
        return Found(False, expected, f"the file says {', '.join(wrong)}")
    if None in written:
        return Found(None, expected, "engines would read the file differently")
    if live.engine.alive is False:
        return Found(True, expected, "the file says so; the engine has ended, and reads it when it starts")
    return _loaded(status, rule, at_most, expected)


def _loaded(status: RolloutStatus, rule: StageRule, at_most: Stage, expected: str) -> Found:
    if status.loaded_doubt or not status.listings:
        return Found(None, expected, f"the engine: {status.loaded_doubt or 'it names no symbol'}")
    stages = {symbol: status.loaded(rule.feature, symbol) for symbol in status.listings}
    beyond = [f"{symbol} {one.word}" for symbol, one in stages.items() if one is not None and one > at_most]
    silent = [symbol for symbol, one in stages.items() if one is None]
    return answer(
        expected,
        [f"the engine has loaded {_first(beyond)}"] if beyond else [],
        [f"the engine doesn't say what it has loaded for {_first(silent)}"] if silent else [],
        f"the file says so, and the engine has loaded it for {len(stages)} symbols",
        beyond,
    )


def not_traded(live: Assessment, feature: str, since: float) -> Found:
    """Whether nothing was opened since then in a symbol that no feature may trade, by the books.

    An order from before may still fill once, which whoever asks again later sees no more. Of what was traded
    before this console first saw the file as it is, nothing is told.
    """
    expected = f"nothing is opened any more where {feature} alone traded, since {iso_time(since)[:19]}Z"
    status, database = live.rollout, live.snapshot.database
    doubt = status.desired_doubt or live.books_doubt or ("" if database.usable(live.at) else "not read")
    if doubt and live.engine.alive is not False:
        return Found(None, expected, f"it can't be told: {doubt}")
    newer = [symbol for symbol, at in status.traded.items() if at >= since]
    seen = {symbol: status.cell(feature, symbol).observed for symbol in newer}
    opened = [f"{symbol} {words}" for symbol, words in seen.items() if words]
    return Found(not opened, expected, _first(opened) or "nothing was", kept(opened))


def mode(live: Assessment, wanted: str) -> Found:
    """Whether the engine calls its mode so, in what it exports now.

    Where ANY is wanted it may call it anything, or nothing, but it has to export something, and be alive.
    """
    expected = f"the engine runs, in {'whatever mode' if wanted == ANY else f'the mode {wanted}'}"
    metrics, said = live.snapshot.metrics, live.engine.mode
    if live.engine.alive is False:
        return Found(False, expected, "its process has ended")
    if not metrics.usable(live.at):
        return Found(None, expected, f"metrics {metrics.doubt(live.at)}")
    if wanted == ANY:
        return Found(True, expected, f"it says {said or 'none'}")
    if said is None:
        return Found(None, expected, "futures_build_info is not exported, or names no mode")
    return Found(said == wanted, expected, f"it says {said}")


def no_orders(books: Connection, told: Mapping[str, str]) -> Found:
    """Whether the account has no order and no trade that is newer than that."""
    since = instant(told["since"])
    accounts = ACCOUNTS.values() if told["account"] == EVERY_ACCOUNT else (ACCOUNTS[told["account"]],)
    named = " and ".join(f"account {account}" for account in accounts)
    expected = f"no order and no trade of {named} since {iso_time(since)[:19]}Z"
    orders, trades = (
        books.scalars(
            select(func.count())
            .select_from(moment.table)
            .where(moment.table.c.account_id.in_(accounts), since_then(books, moment, since))
        ).one()
        for moment in (schema.orders.c.created_at, schema.trades.c.trade_time)
    )
    return Found(not (orders or trades), expected, f"{orders} orders, {trades} trades")


def backup_made(folder: Path, context: str, since: str) -> Found:
    """Whether there is a backup of the context that was made since then, whose manifest is whole.

    Those of other contexts, which may have the same folder, don't count.
    """
    began = instant(since)
    expected = f"a backup of {context} made since {iso_time(began)[:19]}Z"
    there, problems = backups_in(folder)
    found = [each for each in there if each.manifest.context == context]
    if not found:
        return Found(False, expected, "there is none", kept(problems))
    newest = found[0]
    made = f"the newest is {newest.name}, {newest.manifest.rows:,} rows in {seconds(newest.manifest.seconds)}"
    return Found(newest.manifest.made >= int(began), expected, made, kept(problems))


def losses_told(asked: Asked, name: str) -> Found:
    """Whether all can be told that restoring the backup would lose, whatever it is; the details are it."""
    from console.domain.losses import lines_of  # noqa: PLC0415 (only a restore asks)

    expected = f"what restoring {name} would lose can be told"
    try:
        losses = asked.losses(backup_named(asked.backups, name))
    except (BackupError, SourceError) as error:
        return Found(None, expected, str(error))
    lines = tuple(lines_of(losses))
    if losses.unknown:
        return Found(None, expected, "; ".join(losses.unknown), kept(lines))
    return Found(True, expected, losses.in_brief, kept(lines))


def restored(books: Connection, backup: Backup) -> Found:
    """Whether the tables hold what the backup has, by rows and by checksum; the trading switches aside."""
    wanted = _wanted(backup)
    columns = {name: columns for name, columns in columns_in(books).items() if name in wanted}
    return _compared(
        f"the tables are equal to {backup.name}", wanted, sums_in(books, columns, backup.manifest.format)
    )


def counts(books: Connection, backup: Backup) -> Found:
    """Whether the tables have as many rows as the backup, which an engine that doesn't trade leaves so."""
    wanted = {name: replace(table, checksum="") for name, table in _wanted(backup).items()}
    there = columns_in(books)
    found = {
        name: TableSum(
            books.scalars(select(func.count()).select_from(schema.metadata.tables[name])).one(), ""
        )
        for name in wanted
        if name in there
    }
    return _compared(f"the tables have as many rows as {backup.name}", wanted, found)


def _compared(expected: str, wanted: Mapping[str, TableSum], found: Mapping[str, TableSum]) -> Found:
    wrong = differences(wanted, found)
    held = tuple(f"{name}: {table.rows:,} rows" for name, table in found.items())
    return Found(not wrong, expected, "; ".join(wrong) or ", ".join(held), held)


def _wanted(backup: Backup) -> Mapping[str, TableSum]:
    """What a restore writes, with what has to be in it."""
    from console.actions.backup.put_back import LEFT_ALONE  # noqa: PLC0415 (only who restores asks)

    return {name: table for name, table in backup.manifest.tables.items() if name not in LEFT_ALONE}


def _of_backup(asked: Asked, name: str, look: Callable[[Connection, Backup], Found]) -> Found:
    try:
        backup = backup_named(asked.backups, name)
    except BackupError as error:
        return Found(None, "the backup is there", str(error))
    return _of_books(asked, lambda books: look(books, backup))


def _of_books(asked: Asked, look: Callable[[Connection], Found]) -> Found:
    """What `look` sees in the books; unknown where they don't tell."""
    try:
        with snapshot(books_of(asked.settings.chosen, asked.environ), TIMEOUT) as connection:
            return look(connection)
    except (SourceError, ValueError) as error:
        return Found(None, "the database tells", str(error))


def _first(names: Collection[str]) -> str:
    more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
    return ", ".join(list(names)[:3]) + more
