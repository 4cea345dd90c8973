"""Which source reads which surface of a context, made at its first reading: a picture is shown before."""

import functools
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from console.domain.assessment import Rules
from console.domain.clock import Clock
from console.domain.metrics import Metrics
from console.domain.surfaces import Books, EngineState, Exchange, Flags, KeptTrip, LogTail
from console.feed import AttendedMetrics, Kept, ScrapedMetrics, ServedMetrics
from console.own_folder import own_folder
from console.polling import Polling, Watch
from console.promql.query import Query, parse_query
from console.promql.samples import SampleStore
from console.promql.sampling import Sampling
from console.sources.credentials import Credentials
from console.sources.discovered import Deferred, Discovered
from console.sources.engine import EngineFile, EngineSource, read_engine_file
from console.sources.errors import NothingThereError, SourceError
from console.sources.focus import Focus
from console.sources.logs.file import LogFile
from console.sources.own_metrics import OwnMetrics
from console.sources.source import Source

if TYPE_CHECKING:
    from console.settings import Context, HttpServer, Poll, Prometheus, Settings
    from console.settings import Exchange as ExchangeSettings
    from console.sources.exchange import Keys, MarketName

T = TypeVar("T")


class Surfaces:
    """The sources of one context.

    What the context doesn't name is looked up in its engine file, if it has one. `sampling` holds what is
    scraped, if anything is, with what the console measures itself, and `queries` are what panels ask of it.
    What these and `asked` look back on is kept there.
    """

    def __init__(
        self,
        settings: "Settings",
        rules: Rules,
        clock: Clock,
        environ: Mapping[str, str],
        *,
        once: bool,
        asked: Iterable[Query] = (),
    ) -> None:
        self._name = settings.context
        self._context: Context = settings.chosen
        self._poll = settings.polling
        self._clock = clock
        self._environ = environ
        self._once = once
        self.focus = Focus()
        stale_after, quiet_after = self._poll.database.stale_after, self._context.quiet_after
        self._own = OwnMetrics(clock, stale_after=stale_after, quiet_after=quiet_after)
        self._state = settings.state
        self._samples = own_folder(settings.state) / "samples"
        self.queries = {text: parse_query(text) for text in _questions(rules)}
        self.asked = (*self.queries.values(), *asked)
        store = SampleStore(
            frozenset[str]().union(*(query.ranged for query in self.asked)),
            ranged_like=[like for query in self.asked for like in query.ranged_like],
        )
        store.look_back(_spans(self.asked))
        self.sampling = Sampling(store, self._own.samples)

    def watched(self, name: str, source: Source[T] | None, poll: "Poll") -> Watch[T]:
        """How `source` is polled; the console measures whether it answers."""
        polling = Polling(poll.interval, poll.timeout, poll.stale_after)
        if source is None:
            return Watch(None, polling)
        measured = self._own.watching(name, source, timeout=poll.timeout)
        return Watch(measured, polling)

    def metrics(self) -> Watch[Metrics]:
        server, url = self._context.prometheus, self._context.metrics_url
        if server is not None:
            return self.watched("metrics", Deferred(lambda: self._served(server)), self._poll.metrics)
        if url is not None:
            address = hashlib.sha256(url.encode()).hexdigest()[:12]
            return self._attended(Deferred(lambda: self._scraped(url, f"{self._name}-{address}")))
        return self._attended(
            self._discovered(lambda engine: self._scraped(_endpoint_of(engine), self._name))
        )

    def _attended(self, source: Source[Metrics] | None) -> Watch[Metrics]:
        watch = self.watched("metrics", source, self._poll.metrics)
        if watch.source is None:
            return watch
        attended = AttendedMetrics(watch.source, self.sampling, self._clock)
        return Watch(attended, watch.polling)

    def _served(self, server: "Prometheus") -> Source[Metrics]:
        from console.sources.prometheus import PrometheusSource  # noqa: PLC0415 (as said above)

        source = PrometheusSource(
            server.url,
            list(self.queries),
            clock=self._clock,
            timeout=self._poll.metrics.timeout,
            credentials=credentials_of(server, self._environ),
            ca_file=str(server.ca_file) if server.ca_file else None,
        )
        return ServedMetrics(source)

    def _scraped(self, url: str, kept_as: str) -> Source[Metrics]:
        from console.sources.scrape import ScrapeSource  # noqa: PLC0415 (as said above)

        source = ScrapeSource(url, clock=self._clock, timeout=self._poll.metrics.timeout)
        kept = Kept(self.sampling.store, self._samples / f"{kept_as}.json")
        sampling, twice = self.sampling, self._once
        return ScrapedMetrics(source, self.queries, sampling, self._clock, kept=kept, twice=twice)

    def database(self) -> Source[Books] | None:
        database = self._context.database
        if database is not None:
            return Deferred(lambda: self._books(database.url, database.password_env, database.ca_file))
        return self._discovered(
            lambda engine: self._books(
                _needed(engine, "database_url"), engine.text("database_password_env"), None
            )
        )

    def _books(self, url: str, password_env: str | None, ca_file: Path | None) -> Source[Books]:
        from console.sources.database import DatabaseSource  # noqa: PLC0415 (200 ms of imports)

        password = self._secret(password_env) if password_env else None
        return DatabaseSource(
            url,
            clock=self._clock,
            timeout=self._poll.database.timeout,
            password=password,
            ca_file=ca_file,
            focus=self.focus,
        )

    def exchange(self) -> Source[Exchange] | None:
        exchange = self._context.exchange
        if exchange is None:
            return self._discovered(self._paper_exchange)
        return Deferred(lambda: self._named_exchange(exchange))

    def _named_exchange(self, exchange: "ExchangeSettings") -> Source[Exchange]:
        from console.sources.exchange import Keys  # noqa: PLC0415 (as said above)

        named: dict[MarketName, str | None] = {"usdm": exchange.usdm, "coinm": exchange.coinm}
        bases = {name: base for name, base in named.items() if base is not None}
        keys = None
        if exchange.key_env and exchange.secret_env:
            keys = Keys(self._secret(exchange.key_env), self._secret(exchange.secret_env))
        return self._venues(bases, keys)

    def _paper_exchange(self, engine: EngineFile) -> Source[Exchange]:
        base, keys = _needed(engine, "exchange_url"), Path(_needed(engine, "exchange_keys"))
        return self._venues({"usdm": base, "coinm": base}, _paper_keys(keys))

    def _venues(self, bases: "Mapping[MarketName, str]", keys: "Keys | None") -> Source[Exchange]:
        from console.actions.exchange_pauses import ExchangePauses  # noqa: PLC0415 (as said above)
        from console.sources.exchange import ExchangeSource  # noqa: PLC0415 (as said above)

        return ExchangeSource(
            bases,
            clock=self._clock,
            timeout=self._poll.exchange.timeout / 2,  # of one call; the reading has several
            keys=keys,
            focus=self.focus,
            pauses=ExchangePauses(self._state, self._clock),
        )

    def flags(self) -> Source[Flags] | None:
        file = self._context.flags_file
        if file is not None:
            return Deferred(lambda: self._flags(file))
        return self._discovered(lambda engine: self._flags(Path(_needed(engine, "flags_file"))))

    def _flags(self, file: Path) -> Source[Flags]:
        from console.sources.flags import FlagsSource  # noqa: PLC0415 (as said above)

        return FlagsSource(file)

    def log(self) -> Source[LogTail] | None:
        file = self._context.log_file
        if file is not None:
            return Deferred(lambda: self._log(file))
        return self._discovered(lambda engine: self._log(Path(_needed(engine, "log_file"))))

    def _log(self, file: Path) -> Source[LogTail]:
        from console.sources.logs.source import LogSource  # noqa: PLC0415 (as said above)

        return LogSource(file, clock=self._clock, focus=self.focus)

    def logs(self) -> tuple[LogFile, ...]:
        """Every log of the context that can be followed, the engine's own first."""
        context = self._context
        named = {name: LogFile(name, functools.partial(Path, path)) for name, path in context.logs.items()}
        if context.log_file is not None:
            return (LogFile("engine", functools.partial(Path, context.log_file)), *named.values())
        if context.engine_file is None:
            return tuple(named.values())
        return (LogFile("engine", functools.partial(_log_of_engine, context.engine_file)), *named.values())

    def engine(self) -> Source[EngineState] | None:
        context, files = self._context, self._context.kill_switch
        if files.flag is not None or files.state is not None:
            return EngineSource(flag=files.flag, state=files.state, engine_file=context.engine_file)
        return self._discovered(self._paper_files)

    def last_trip(self) -> Source[KeptTrip]:
        return Deferred(self._kept_trip)

    def _kept_trip(self) -> Source[KeptTrip]:
        from console.actions.kill.last_trip_file import path_of  # noqa: PLC0415 (as said above)
        from console.sources.last_trip import LastTripSource  # noqa: PLC0415 (as said above)

        return LastTripSource(path_of(self._state, self._name))

    def _paper_files(self, engine: EngineFile) -> Source[EngineState]:
        named = engine.raw.get("kill_switch")
        files = named if isinstance(named, dict) else {}
        return EngineSource(
            flag=Path(str(files["flag"])) if "flag" in files else None,
            state=Path(str(files["state"])) if "state" in files else None,
            engine_file=self._context.engine_file,
        )

    def _discovered(self, connect: Callable[[EngineFile], Source[T]]) -> Source[T] | None:
        engine_file = self._context.engine_file
        return None if engine_file is None else Discovered(engine_file, connect)

    def _secret(self, variable: str) -> str:
        value = self._environ.get(variable)
        if not value:
            raise SourceError(f"the environment variable {variable} is not set")
        return value


def credentials_of(server: "HttpServer", environ: Mapping[str, str]) -> Credentials:
    """What the console names itself with to a server."""
    return Credentials(server.bearer_env, server.username_env, server.password_env, environ)


def _questions(rules: Rules) -> Iterator[str]:
    """Every query that the rules need answered."""
    for panel in rules.panels:
        yield panel.query
    for metric in rules.key_metrics:
        yield metric.query
        if metric.lifetime is not None:
            yield metric.lifetime


def _spans(queries: Iterable[Query]) -> dict[str, float]:
    """How many seconds the queries look back on each metric, at most."""
    spans: dict[str, float] = {}
    for query in queries:
        for name in query.ranged:
            spans[name] = max(spans.get(name, 0.0), query.window)
    return spans


def _log_of_engine(engine_file: Path) -> Path:
    engine = read_engine_file(engine_file)
    if engine is None:
        raise NothingThereError(f"no engine runs: there is no {engine_file}")
    return Path(_needed(engine, "log_file"))


def _endpoint_of(engine: EngineFile) -> str:
    """Where it exports its metrics; of an engine that has ended the port is another's by now."""
    if engine.ended:
        at = engine.text("ended_at")
        raise NothingThereError(
            f"no engine runs: process {engine.pid} was stopped{f' at {at}' if at else ''}"
        )
    return _needed(engine, "metrics_url")


def _needed(engine: EngineFile, field: str) -> str:
    value = engine.text(field)
    if value is None:
        raise SourceError(f"the engine's file has no {field}")
    return value


def _paper_keys(file: Path) -> "Keys":
    """The paper exchange's own keys, which guard nothing but play money."""
    from console.sources.exchange import Keys  # noqa: PLC0415 (as said above)

    try:
        keys = json.loads(file.read_bytes())
        return Keys(str(keys["api_key"]), str(keys["api_secret"]))
    except (OSError, ValueError, KeyError, TypeError):
        raise SourceError(f"{file}: no keys of the paper exchange") from None
