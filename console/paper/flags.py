"""The feature flags file as the paper engine reads it (ENGINE section 2).

PyYAML decides what the text means, so a bare `off` is False. A file that can't be read or understood
keeps what was loaded before, and says so once per change of the file.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from zlib import crc32

import yaml

from console.paper.flags_template import TEMPLATE

STAGES = ("disabled", "shadow", "canary", "production")
"""Stage names; the index is the number in `futures_feature_stage`."""

DISABLED, SHADOW, CANARY, PRODUCTION = range(4)

_log = logging.getLogger("feature_flags")


class FlagsError(ValueError):
    """The file's text is not a flags file; the message is one line."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature's entry. Empty `symbols` means every symbol, None for percentage and accounts no limit."""

    enabled: bool = True
    stage: int = DISABLED
    symbols: frozenset[str] = frozenset()
    percentage: float | None = None
    accounts: frozenset[str] | None = None
    symbol_stages: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FeatureFlags:
    """What the engine has loaded."""

    kill_switch: bool = False
    features: Mapping[str, Feature] = field(default_factory=lambda: MappingProxyType({}))


def effective_stage(flags: FeatureFlags, feature: str, symbol: str, account: int) -> int:
    """The stage 0..3 of a feature for one symbol of one account; an unknown feature is disabled.

    A stage in `symbol_stages` stands in for the feature's own, and naming a symbol there as canary lists
    it. Where both a list and a percentage are given, a symbol must pass both.
    """
    entry = flags.features.get(feature)
    if entry is None or flags.kill_switch or not entry.enabled:
        return DISABLED
    if entry.accounts is not None and str(account) not in entry.accounts:
        return DISABLED
    if symbol in entry.symbol_stages:
        return entry.symbol_stages[symbol]
    if entry.stage == CANARY and not _in_canary(entry, feature, symbol):
        return DISABLED
    return entry.stage


def parse_flags(text: str) -> FeatureFlags:
    """Read a flags file's text. Raises FlagsError with one line that says what is wrong and where."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise FlagsError(" ".join(str(error).split())) from error
    if not isinstance(document, dict):
        raise FlagsError("the file holds no mapping")
    features = document.get("features") or {}
    if not isinstance(features, dict):
        raise FlagsError("features is not a mapping")
    return FeatureFlags(
        kill_switch=bool(document.get("global_kill_switch", False)),
        features=MappingProxyType(
            {str(name): _feature(str(name), entry) for name, entry in features.items()}
        ),
    )


class FlagsFile:
    """A flags file that is looked at again and again; `loaded` is what was last understood."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.loaded = FeatureFlags()
        self._signature: tuple[int, ...] | None = None
        self._complaint: str | None = None

    def create_if_missing(self) -> None:
        """Write the shipped template when there is no file yet."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if not self.path.exists():
            self.path.write_text(TEMPLATE, encoding="utf-8")

    def poll(self) -> bool:
        """Load the file when its time, size or inode changed. Returns whether `loaded` was replaced."""
        try:
            status = self.path.stat()
            signature = (status.st_mtime_ns, status.st_size, status.st_ino)
            if signature == self._signature:
                return False
            flags = parse_flags(self.path.read_text(encoding="utf-8"))
        except (OSError, UnicodeError, FlagsError) as error:
            self._complain(str(error))
            return False
        self._signature, self._complaint = signature, None
        self.loaded = flags
        _log.info("loaded %d features from %s", len(flags.features), self.path)
        return True

    def _complain(self, message: str) -> None:
        if message != self._complaint:
            self._complaint = message
            _log.error("%s: %s; keeping what was loaded", self.path, message)


def _in_canary(entry: Feature, feature: str, symbol: str) -> bool:
    if entry.symbols and symbol not in entry.symbols:
        return False
    # crc32 and not hash(): the same symbols must be chosen in every process.
    return entry.percentage is None or crc32(f"{feature}:{symbol}".encode()) % 100 < entry.percentage


def _feature(name: str, entry: object) -> Feature:
    if not isinstance(entry, dict):
        raise FlagsError(f"features.{name} is not a mapping")
    percentage = entry.get("canary_percentage")
    if percentage is not None and (isinstance(percentage, bool) or not isinstance(percentage, int | float)):
        raise FlagsError(f"features.{name}.canary_percentage is {percentage!r}: a number 0 to 100 is allowed")
    stages = entry.get("symbol_stages") or {}
    if not isinstance(stages, dict):
        raise FlagsError(f"features.{name}.symbol_stages is not a mapping")
    accounts = entry.get("allowed_accounts")
    listed = (_names(name, key, entry.get(key)) for key in ("canary_symbols", "allowed_symbols"))
    return Feature(
        enabled=bool(entry.get("enabled", True)),
        stage=_stage(name, entry.get("stage", "disabled")),
        symbols=frozenset().union(*listed),
        percentage=percentage,
        accounts=_names(name, "allowed_accounts", accounts) if accounts else None,
        symbol_stages={str(symbol): _stage(name, stage) for symbol, stage in stages.items()},
    )


def _names(feature: str, key: str, value: object) -> frozenset[str]:
    if value is None:
        return frozenset()
    if not isinstance(value, list):
        raise FlagsError(f"features.{feature}.{key} is not a list")
    return frozenset(str(item) for item in value)


def _stage(feature: str, value: object) -> int:
    if value is False:  # YAML 1.1 reads a bare `off` so
        return DISABLED
    if value not in STAGES:
        raise FlagsError(f"features.{feature}: stage {value!r} is not one of {', '.join(STAGES)}")
    return STAGES.index(value)
