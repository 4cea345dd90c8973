"""What one snapshot tells of the kill switch: the engine's word, surfaces, fills and processes.

Everything is looked up, and nothing gone through that can be thousands. What it means, `judge` says.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace

from console.domain.kill_state import WHOLE, Evidence, Process, Seen, Written
from console.domain.kill_watch import KillWatch, Word, watched
from console.domain.last_trip import LastTrip
from console.domain.metrics import Labels, Series
from console.domain.reading import SourceState
from console.domain.snapshot import Snapshot
from console.domain.surfaces import Activity, Books

ACCOUNTS = {"usdm": 2, "coin": 3}
"""The account that each scope names (ENGINE section 1)."""
OUTCOME_BY = 30.0
"""Seconds after a trip by which every actuator has answered or is late: then nobody waits for it any more."""

_TRIPPED = "futures_kill_switch_tripped"
_TRADING = "futures_trading_enabled"
"""The paper engine's own: 1 while the account of its label may open positions."""
_HEARTBEAT = "futures_heartbeat_timestamp_seconds"
_SWITCHES = {
    WHOLE: ("u_futures_trading_enabled", "coin_futures_trading_enabled"),
    "usdm": ("u_futures_trading_enabled",),
    "coin": ("coin_futures_trading_enabled",),
}


def kill_evidence(snapshot: Snapshot, books_doubt: str, before: KillWatch) -> tuple[Evidence, KillWatch]:
    """Everything that is known at the snapshot's instant, and what has become of the trip by then.

    `books_doubt` says why the database's word isn't the present.
    """
    now, trip = snapshot.at, snapshot.trip
    standing = None if trip is None or trip.reset is not None else trip
    scope = _scope(snapshot, standing)
    engine, surfaces = _engine(snapshot, scope), _surfaces(snapshot, scope)
    heard = frozenset(one.labels for one in _series(snapshot, _TRIPPED))
    watch = watched(before, trip, Word(engine.known, now - (engine.age or 0.0), heard), surfaces)
    first_sight = standing is None and not watch.was_seen_to_come
    evidence = Evidence(
        engine=engine,
        fills=fills_since(_since(trip, watch), snapshot, books_doubt, scope, first_sight=first_sight),
        surfaces=surfaces,
        written=() if standing is None else _written(standing, now),
        processes=tuple(_processes(snapshot, scope, watch.processes)),
        confirmed=_was_confirmed(watch, engine),
        lost=watch.lost is not None,
        scope=scope,
    )
    return evidence, watch


def fills_since(
    since: float | None, snapshot: Snapshot, books_doubt: str, scope: str, *, first_sight: bool = False
) -> Seen:
    """How many trades of the scope have been made since an instant; of many only that they were many.

    It can't be told before the database has been asked after that instant, but for a trip at `first_sight`,
    which was made at any time before.
    """
    state, now = snapshot.database, snapshot.at
    books = state.value
    if since is None or books is None or books.trades is None or state.good is None:
        why = "nothing was tripped" if since is None else "the trades can't be read"
        return seen(state, now, None, why)
    trades = [trade for trade in books.trades if scope == WHOLE or trade.account_id == ACCOUNTS[scope]]
    count = sum(1 for trade in trades if _is_after(since, trade))
    if count:
        return seen(state, now, float(count))
    if any(trade.at is None for trade in trades):
        return seen(state, now, None, "the trades don't say when they were made")
    if books_doubt and state.usable(now):
        return seen(state, now, None, books_doubt)
    asked = state.good.fetched_at if state.good.asked_at is None else state.good.asked_at
    return seen(state, now, 0.0 if asked >= since or first_sight else None, "not looked at since")


def seen(state: SourceState[object], now: float, value: float | None, absent: str = "") -> Seen:
    """A number with the age of its source; `absent` says why a source that answers has none."""
    if state.usable(now):
        doubt = absent if value is None else ""
    else:
        doubt = state.doubt(now) if value is None else state.cause(now) or ""
    return Seen(value, state.age(now), state.stale_after, doubt)


def _is_after(since: float, trade: Activity) -> bool:
    """Whether a trade was certainly made later; a time without fractions may have been rounded to them."""
    if trade.at is None:
        return False
    return (trade.at - 0.5 if trade.at.is_integer() else trade.at) > since


def _was_confirmed(watch: KillWatch, engine: Seen) -> bool:
    """Whether the trip was acknowledged before the engine's word: an older one takes nothing back."""
    return watch.acknowledged is not None and (engine.known != 0 or watch.lost is not None)


def _since(trip: LastTrip | None, watch: KillWatch) -> float | None:
    """From when on a fill speaks against the trip: its acknowledgement, and while there is none the trip."""
    if watch.acknowledged is not None or trip is None:
        return watch.acknowledged
    return trip.at if trip.reset is None else trip.reset


def _written(trip: LastTrip, now: float) -> tuple[Written, ...]:
    """The trip's actuators; one whose console has ended before it answered isn't waited for."""
    if now - trip.at <= OUTCOME_BY:
        return trip.written
    gone = "no answer: the console that fired it ended"
    return tuple(replace(one, done=False, words=gone) if one.done is None else one for one in trip.written)


def _scope(snapshot: Snapshot, trip: LastTrip | None) -> str:
    """What the trip stops: everything, too, where one account was meant and the engine says everything is."""
    if trip is None or trip.scope not in ACCOUNTS or _whole(snapshot).known == 1:
        return WHOLE
    return trip.scope


def _engine(snapshot: Snapshot, scope: str) -> Seen:
    """The engine's own word on what the scope names."""
    if scope == WHOLE:
        return _whole(snapshot)
    account = str(ACCOUNTS[scope])
    series = _series(snapshot, _TRADING)
    enabled = next((value for one, value in series.items() if one.label("account") == account), None)
    stopped = None if enabled is None else 1.0 - enabled
    return seen(snapshot.metrics, snapshot.at, stopped, "it says nothing of single accounts")


def _whole(snapshot: Snapshot) -> Seen:
    """Of several processes the word of one that isn't tripped."""
    values = list(_series(snapshot, _TRIPPED).values())
    unclear = any(math.isnan(value) for value in values)
    least = math.nan if unclear else min(values, default=None)
    return seen(snapshot.metrics, snapshot.at, least, "not exported")


def _series(snapshot: Snapshot, name: str) -> Mapping[Series, float]:
    metrics = snapshot.metrics.value
    return {} if metrics is None else metrics.samples.get(name, {})


def _surfaces(snapshot: Snapshot, scope: str) -> dict[str, bool | None]:
    """Whether each surface is set, under its actuator's name; None where it can't be read.

    The database's is that its switches stop what the scope names. `live_trading_enabled` doesn't count: it is
    '0' on every engine that trades on paper.
    """
    now = snapshot.at
    surfaces: dict[str, bool | None] = {}
    engine = snapshot.engine.fresh(now)
    if snapshot.engine.configured and (engine is None or engine.has_flag):
        surfaces["flag file"] = None if engine is None else engine.flag
    if engine is not None and (engine.tripped is not None or engine.state_error is not None):
        surfaces["state file"] = engine.tripped
    if snapshot.flags.configured:
        flags = snapshot.flags.fresh(now)
        surfaces["feature flags"] = None if flags is None else flags.global_kill_switch
    if snapshot.database.configured:
        surfaces["database"] = _is_off(snapshot.database.fresh(now), scope)
    kept = snapshot.last_trip
    if kept.configured and kept.good is None:
        surfaces["last trip"] = None
    return surfaces


def _is_off(books: Books | None, scope: str) -> bool | None:
    """A switch that isn't there counts as on, as engines read it."""
    if books is None or books.switches is None:
        return None
    return all(books.switches.get(switch) == "0" for switch in _SWITCHES[scope])


def _processes(snapshot: Snapshot, scope: str, heard: frozenset[Labels]) -> Iterator[Process]:
    """The process that engine.json names, and of several that tell or told their state each."""
    now, metrics = snapshot.at, snapshot.metrics
    files = snapshot.engine.fresh(now)
    beats = metrics.usable(now) and bool(_series(snapshot, _HEARTBEAT))
    if files is not None and files.pid is not None:
        alive = True if files.alive is None and beats else files.alive
        yield Process("engine", alive, files.stopped)
    words = _series(snapshot, _TRIPPED)
    silent = sorted(heard.difference(one.labels for one in words))
    if scope == WHOLE and len(words) + len(silent) > 1:
        names = _names([*(one.labels for one in words), *silent])
        for one, value in words.items():
            said = replace(seen(metrics, now, value), age=_age_of(one.labels, snapshot))
            yield Process(names[one.labels], True, tripped=said)
        yield from (Process(names[labels], None) for labels in silent)


def _names(every: list[Labels]) -> dict[Labels, str]:
    """What to call each of several series: by the labels in which they differ."""
    alike = set(every[0]).intersection(*every[1:])
    return {
        labels: " ".join(value for name, value in labels if (name, value) not in alike) or "another process"
        for labels in every
    }


def _age_of(labels: Labels, snapshot: Snapshot) -> float | None:
    """How old the word of one process is, by its own heartbeat; the metrics are as old as the oldest."""
    beats, age = _series(snapshot, _HEARTBEAT), snapshot.metrics.age(snapshot.at)
    own = beats.get(Series(_HEARTBEAT, labels))
    return age if age is None or own is None else max(0.0, age - (own - min(beats.values())))
