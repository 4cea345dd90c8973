"""A feature about which something is asked, and what comes of it, for the tests of planning."""

from console.domain.rollout.operations import (
    CanaryOnly,
    Operation,
    SetStage,
)
from console.domain.rollout.plan import Plan, Refusal
from console.domain.rollout.planning import planned
from console.domain.rollout.stages import Dialect, Stage
from console.sources.flags import parse_flags

OFF, SHADOW, CANARY, LIVE = Stage
PLAIN = Dialect()
LISTINGS = {"BTC": "2", "ETH": "2", "SOL": "2", "BTC/USD": "3"}
BOTH = "canary_symbols: [BTC, ETH], allowed_symbols: [BTC, ETH]"


def asked(entry: str, operation: Operation, dialect: Dialect = PLAIN, head: str = "") -> Plan | Refusal:
    flags = parse_flags(f"features:\n  guard: {entry}\n{head}\n".encode(), "flags.yaml")
    return planned(flags, operation, LISTINGS, dialect)


def plan(entry: str, operation: Operation, dialect: Dialect = PLAIN, head: str = "") -> Plan:
    found = asked(entry, operation, dialect, head)
    assert isinstance(found, Plan), found
    return found


def refusal(entry: str, operation: Operation, dialect: Dialect = PLAIN, head: str = "") -> Refusal:
    found = asked(entry, operation, dialect, head)
    assert isinstance(found, Refusal), found
    return found


def to(stage: Stage, *symbols: str) -> SetStage:
    return SetStage("guard", stage, symbols or None)


def only(*symbols: str) -> CanaryOnly:
    return CanaryOnly("guard", symbols)


def at(key: str) -> tuple[str, ...]:
    return ("features", "guard", key)
