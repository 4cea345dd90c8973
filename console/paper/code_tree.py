"""The code and the configurations of the paper engine: stand-ins for what a real one is deployed with.

They make rollbacks real: the engine reads `VERSION` and its configuration when it starts, and without the
file of its coin engine none runs.
"""

import os
from dataclasses import dataclass
from pathlib import Path

import psutil
import yaml

from console.paper.layout import StateFolder, StateFolderError

FUTURES, SPOT = "futures", "spot"
CONFIGURATIONS = (FUTURES, SPOT)
COIN_ENGINE = "app/trading/coin_futures_trading_engine.py"
"""Seen from the tree."""

_PARTS = {
    "execution_providers_futures.py": "sends the orders of USD-M and COIN-M to their exchange",
    "services/futures_risk_guards.py": "stops, margin limits and smart exits of futures positions",
    "services/unified_futures_risk.py": "one view of the risk of both accounts",
    COIN_ENGINE: "the engine of coin-margined futures: without this file the paper engine runs none",
}
_STAND_IN = '''"""A stand-in of the paper engine for a real engine's file: {part}.

The paper engine's own code is part of the console. This file is here to be released, changed and rolled back.
"""

NAME = "{name}"
'''
_CONFIGURATION = """\
# A configuration of the paper engine, which reads it when it starts.
# {words}
futures: {futures}
"""
_WORDS = {
    FUTURES: "Futures are traded on both accounts.",
    SPOT: "No futures are opened, moved or closed: open positions stay as they are.",
}


@dataclass(frozen=True, slots=True)
class Deployed:
    """What an engine runs with: its version, whether its coin engine is there, whether it trades futures."""

    version: str
    coin_engine: bool = True
    futures: bool = True


def deployed(folder: StateFolder, configuration: str, version: str) -> Deployed:
    """What is deployed at this moment; what was never there is made, with `version` for its own.

    A tree that exists is left as it is, whatever is missing from it. Raises StateFolderError.
    """
    try:
        if not folder.code.exists():
            _make_tree(folder.code, version)
        for name in CONFIGURATIONS:
            if not folder.configuration(name).exists():
                text = _CONFIGURATION.format(words=_WORDS[name], futures=str(name == FUTURES).lower())
                folder.configuration(name).write_text(text, encoding="utf-8")
        return Deployed(
            _version(folder.code / "VERSION") or version,
            (folder.code / COIN_ENGINE).is_file(),
            _trades_futures(folder.configuration(configuration)),
        )
    except OSError as error:
        raise StateFolderError(f"{error.filename or folder.root}: {error.strerror}") from error


def _make_tree(root: Path, version: str) -> None:
    """Put in place as a whole: half a tree would read as a coin engine that was removed.

    Its files are as old as if they had been there before this process: it runs them.
    """
    fresh = root.with_name(f".{root.name}.new")
    before = psutil.Process().create_time() - 1
    for name, part in _PARTS.items():
        file = fresh / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(_STAND_IN.format(part=part, name=Path(name).stem), encoding="utf-8")
    (fresh / "VERSION").write_text(f"{version}\n", encoding="utf-8")
    for name in (*_PARTS, "VERSION"):
        os.utime(fresh / name, (before, before))
    fresh.rename(root)


def _version(file: Path) -> str:
    """Its first line; "" where there is none."""
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").split("\n", 1)
    except FileNotFoundError:
        return ""
    return lines[0].strip()


def _trades_futures(file: Path) -> bool:
    try:
        told = yaml.safe_load(file.read_text(encoding="utf-8", errors="replace"))
    except yaml.YAMLError as error:
        raise StateFolderError(f"{file}: {' '.join(str(error).split())}") from None
    futures = told.get("futures") if isinstance(told, dict) else None
    if not isinstance(futures, bool):
        raise StateFolderError(f"{file}: futures is neither true nor false")
    return futures
