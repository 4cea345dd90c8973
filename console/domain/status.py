"""What a face shows: values with their severities, sources with their ages, and what is wrong in words."""

from collections.abc import Mapping
from dataclasses import dataclass

from console.domain.kill_switch import KillSwitch
from console.domain.reading import Health
from console.domain.severity import Severity
from console.domain.surfaces import Account, Books, ServerIdentity
from console.domain.thresholds import KeyMetric, Panel

FLAT = "flat"
NOT_EXPORTED = "not exported"


@dataclass(frozen=True, slots=True)
class Judged:
    """A number with its severity; `reason` says why it is not OK or not there, or what it rests on."""

    number: float | None
    severity: Severity
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """One source's freshness: `age` of its data and `latency` of its newest answer, in seconds."""

    name: str
    health: Health
    severity: Severity
    age: float | None
    latency: float | None
    stale_after: float
    cause: str | None


@dataclass(frozen=True, slots=True)
class SymbolStatus:
    """One symbol: each panel's value under the panel's key, and what else its metrics say."""

    symbol: str
    severity: Severity
    values: Mapping[str, Judged]


@dataclass(frozen=True, slots=True)
class AccountStatus:
    account: Account
    severity: Severity
    reason: str


@dataclass(frozen=True, slots=True)
class KeyMetricStatus:
    metric: KeyMetric
    value: Judged


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that is wrong now. `symbol` is None where the whole engine or console is meant."""

    name: str
    severity: Severity
    summary: str
    symbol: str | None = None


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """What the engine says of itself; None where it doesn't."""

    version: str | None
    mode: str | None
    heartbeat_age: float | None
    pid: int | None
    started_at: float | None
    alive: bool | None


@dataclass(frozen=True, slots=True)
class Assessment:
    """Everything a face shows.

    `books` is the newest look at the database, whatever its age; `next_change` is when the assessment changes
    by age alone, if it will.
    """

    at: float
    severity: Severity
    sources: tuple[SourceStatus, ...]
    books: Books | None
    engine: EngineStatus
    kill_switch: KillSwitch
    symbols: tuple[SymbolStatus, ...]
    totals: Mapping[str, Judged]
    accounts: tuple[AccountStatus, ...]
    key_metrics: tuple[KeyMetricStatus, ...]
    alerts: tuple[Alert, ...]
    panels: tuple[Panel, ...]
    next_change: float | None

    @property
    def server(self) -> ServerIdentity | None:
        """The database server, as it last named itself."""
        return None if self.books is None else self.books.identity

    def source(self, name: str) -> SourceStatus:
        return next(source for source in self.sources if source.name == name)
