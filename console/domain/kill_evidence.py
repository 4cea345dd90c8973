"""What one snapshot tells of the kill switch: the engine's word, surfaces, fills and processes.

Everything is looked up, and nothing gone through that can be thousands. What it means, `judge` says.
"""

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from console.domain.fills import untraded
from console.domain.kill_state import WHOLE, Evidence, Process, Seen, Written
from console.domain.kill_watch import KillWatch, Word, watched
from console.domain.last_trip import LastTrip
from console.domain.market_watch import venues_of
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
    accounts = _accounts(snapshot, standing)
    scope = accounts[0] if len(accounts) == 1 else WHOLE
    engine = _engine(snapshot, accounts)
    surfaces = _surfaces(snapshot, scope, -math.inf if standing is None else standing.newest)
    heard = frozenset(one.labels for one in _series(snapshot, _TRIPPED))
    word = Word(engine.known, now - (engine.age or 0.0), heard)
    by_exchange = not snapshot.database.configured
    watch = watched(before, trip, word, surfaces, snapshot.exchange.good if by_exchange else None)
    first_sight = standing is None and not watch.was_seen_to_come
    evidence = Evidence(
        engine=engine,
        fills=_changes(watch, snapshot, scope)
        if by_exchange
        else fills_since(_since(trip, watch), snapshot, books_doubt, scope, first_sight=first_sight),
        surfaces=surfaces,
        written=() if standing is None else _written(standing, now),
        processes=tuple(_processes(snapshot, watch.processes, whole=not accounts)),
        confirmed=_was_confirmed(watch, engine),
        lost=watch.lost is not None,
        scope=scope,
        by_exchange=by_exchange,
        trip=None if standing is None else standing.newest,
    )
    return evidence, watch


def fills_since(
    since: float | None, snapshot: Snapshot, books_doubt: str, scope: str, *, first_sight: bool = False
) -> Seen:
    """How many trades of the scope have been made since an instant; of many only that they were many.

    What only brings the books to what the exchange holds is no fill, and a liquidation is none of the
    engine's: nothing is traded. It can't be told before the database has been asked after that instant, but
    for a trip at `first_sight`, which was made at any time before.
    """
    state, now = snapshot.database, snapshot.at
    books = state.value
    if since is None or books is None or books.trades is None or state.good is None:
        why = "nothing was tripped" if since is None else "the trades can't be read"
        return seen(state, now, None, why)
    trades = [trade for trade in books.trades if scope == WHOLE or trade.account_id == ACCOUNTS[scope]]
    late = [trade for trade in trades if _is_after(since, trade)]
    others = untraded(books)
    count = sum(1 for trade in late if trade.order_id not in others)
    if count:
        return seen(state, now, float(count))
    if late and all(_is_after(since, trade) for trade in books.trades):
        return seen(state, now, None, "more was synced or liquidated since than the newest trades show")
    if any(trade.at is None for trade in trades):
        return seen(state, now, None, "the trades don't say when they were made")
    if books_doubt and state.usable(now):
        return seen(state, now, None, books_doubt)
    looked = first_sight or _asked(state) >= since
    return seen(state, now, 0.0 if looked else None, "not looked at since")


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


def _changes(watch: KillWatch, snapshot: Snapshot, scope: str) -> Seen:
    """How much has changed at the exchange since the acknowledgement, as far as two looks can tell."""
    state, since, market = snapshot.exchange, watch.acknowledged, watch.market
    venues = venues_of(state.value, scope)
    if not state.configured:
        return Seen(None, None, 0.0, "nobody watches them")
    if not venues or any(venue.positions is None for venue in venues):
        return seen(state, snapshot.at, None, "no keys for the exchange")
    if market is None or since is None or market.asked < since or market.asked == market.since:
        return seen(state, snapshot.at, None, "the exchange was not looked at since, or only once")
    return seen(state, snapshot.at, float(market.changes(venues)))


def _accounts(snapshot: Snapshot, trip: LastTrip | None) -> tuple[str, ...]:
    """The accounts whose own words count, one by one; none where the engine's word on everything does.

    That one does, too, where an account was meant and the engine says that everything is tripped.
    """
    if trip is None or _whole(snapshot).known == 1:
        return ()
    if trip.singly:
        return tuple(ACCOUNTS)
    return (trip.scope,) if trip.scope in ACCOUNTS else ()


def _engine(snapshot: Snapshot, accounts: tuple[str, ...]) -> Seen:
    """The engine's own word on everything, or on each of the accounts: of one that isn't stopped."""
    if not accounts:
        return _whole(snapshot)
    trading = _series(snapshot, _TRADING)
    stopped: list[float] = []
    for account in (str(ACCOUNTS[one]) for one in accounts):
        said = [1.0 - value for one, value in trading.items() if one.label("account") == account]
        if not said:
            return seen(snapshot.metrics, snapshot.at, None, "it says nothing of single accounts")
        stopped += said
    return seen(snapshot.metrics, snapshot.at, _least(stopped))


def _whole(snapshot: Snapshot) -> Seen:
    """Of several processes the word of one that isn't tripped."""
    values = _series(snapshot, _TRIPPED).values()
    return seen(snapshot.metrics, snapshot.at, _least(values) if values else None, "not exported")


def _least(values: Collection[float]) -> float:
    """The least of them; none is known where one is unclear."""
    return math.nan if any(math.isnan(value) for value in values) else min(values)


def _series(snapshot: Snapshot, name: str) -> Mapping[Series, float]:
    metrics = snapshot.metrics.value
    return {} if metrics is None else metrics.samples.get(name, {})


def _surfaces(snapshot: Snapshot, scope: str, since: float) -> dict[str, bool | None]:
    """Whether each surface is set, under its actuator's name; None where it can't be read, or wasn't `since`.

    The database's is that its switches stop what the scope names. `live_trading_enabled` doesn't count: it is
    '0' on every engine that trades on paper.
    """
    now = snapshot.at
    surfaces: dict[str, bool | None] = {}
    engine, read_back = snapshot.engine.fresh(now), _asked(snapshot.engine) >= since
    if snapshot.engine.configured and (engine is None or engine.has_flag):
        surfaces["flag file"] = engine.flag if engine is not None and read_back else None
    if engine is not None and (engine.tripped is not None or engine.state_error is not None):
        surfaces["state file"] = engine.tripped if read_back else None
    if snapshot.flags.configured:
        flags = snapshot.flags.fresh(now) if _asked(snapshot.flags) >= since else None
        surfaces["feature flags"] = None if flags is None else flags.global_kill_switch
    if snapshot.database.configured:
        books = snapshot.database.fresh(now) if _asked(snapshot.database) >= since else None
        surfaces["database"] = _is_off(books, scope)
    kept = snapshot.last_trip
    if kept.configured and kept.good is None:
        surfaces["last trip"] = None
    return surfaces


def _asked(state: SourceState[object]) -> float:
    """When the question was asked that was answered last: what was done after that isn't in the answer."""
    if state.good is None:
        return -math.inf
    return state.good.fetched_at if state.good.asked_at is None else state.good.asked_at


def _is_off(books: Books | None, scope: str) -> bool | None:
    """A switch that isn't there counts as on, as engines read it."""
    if books is None or books.switches is None:
        return None
    return all(books.switches.get(switch) == "0" for switch in _SWITCHES[scope])


def _processes(snapshot: Snapshot, heard: frozenset[Labels], *, whole: bool) -> Iterator[Process]:
    """The process that engine.json names, and of several that tell or told of the `whole` state each."""
    now, metrics = snapshot.at, snapshot.metrics
    files = snapshot.engine.fresh(now)
    beats = metrics.usable(now) and bool(_series(snapshot, _HEARTBEAT))
    if files is not None and files.pid is not None:
        alive = True if files.alive is None and beats else files.alive
        yield Process("engine", alive, files.stopped)
    words = _series(snapshot, _TRIPPED)
    silent = sorted(heard.difference(one.labels for one in words))
    if whole and len(words) + len(silent) > 1:
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
