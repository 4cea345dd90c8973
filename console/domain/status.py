"""What a face shows: values with their severities, sources with their ages, and what is wrong in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from console.domain.reading import Health
from console.domain.severity import Severity
from console.domain.surfaces import Account
from console.domain.thresholds import KeyMetric

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
class StageSummary:
    """How far the features are rolled out for one symbol, as the engine has loaded them.

    `stage` is the furthest that any of them has gone; `reached` of `features` have gone that far.
    """

    stage: str
    reached: int
    features: int


@dataclass(frozen=True, slots=True)
class Doubts:
    """Why a source's values can't be taken for the present; empty where they can."""

    metrics: str = ""
    database: str = ""
    exchange: str = ""


NO_DOUBTS = Doubts()


@dataclass(frozen=True, slots=True)
class SymbolStatus:
    """One symbol: each panel's value under the panel's key, and what else is known of it.

    `side` is LONG, SHORT, or BOTH where the two are open at once, and `quantity` what is open in coins;
    `liquidation_distance` is the share of the mark price that is left to the nearest liquidation price;
    `slippage` is in basis points, `next_funding` in seconds since 1970. None: not known, or nothing open.
    Position and PnL are the database's, `next_funding` is the exchange's, the rest the metrics': `doubts`
    says which of these are not the present.
    """

    symbol: str
    severity: Severity
    values: Mapping[str, Judged]
    side: str | None = None
    quantity: Decimal | None = None
    mark_price: float | None = None
    liquidation_distance: float | None = None
    unrealized_pnl: Decimal | None = None
    slippage: float | None = None
    stage: StageSummary | None = None
    next_funding: float | None = None
    doubts: Doubts = NO_DOUBTS


@dataclass(frozen=True, slots=True)
class AccountStatus:
    account: Account
    severity: Severity
    reason: str


@dataclass(frozen=True, slots=True)
class KeyMetricStatus:
    """`symbol` is the one whose value it is, where it is one's and isn't well."""

    metric: KeyMetric
    value: Judged
    symbol: str | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that is wrong now. `symbol` is None where the whole engine or console is meant.

    `muted`: somebody has taken it on, or has silenced it; `taken_on`: by name, which silences don't say.
    """

    name: str
    severity: Severity
    summary: str
    symbol: str | None = None
    muted: bool = False
    taken_on: bool = False


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """What the engine says of itself; None where it doesn't. `uptime` is in seconds, while it runs."""

    version: str | None
    mode: str | None
    heartbeat_age: float | None
    pid: int | None
    started_at: float | None
    alive: bool | None
    uptime: float | None = None
