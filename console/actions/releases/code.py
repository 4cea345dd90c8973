"""Which files a release of a context consists of, and where its releases are kept."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.settings import Settings

_PAPER_FILES = ("VERSION", "execution_providers_futures.py", "services/*.py", "app/trading/*.py")
_PAPER_COIN_FILES = ("app/trading/coin_futures_trading_engine.py",)


@dataclass(frozen=True, slots=True)
class Code:
    """The files below `tree` that make a release, by patterns; `coin_files` only the coin engine needs.

    Pruning keeps the newest `keep` recorded copies, and the newest of each of the last `days` days.
    """

    tree: Path
    files: tuple[str, ...]
    coin_files: tuple[str, ...] = ()
    keep: int = 20
    days: int = 30


def code_of(settings: "Settings") -> Code | None:
    """The chosen context's code, of a paper engine that in its state folder; None where nobody says.

    The tree itself may be a symlink: it is followed here, once.
    """
    chosen = settings.chosen
    if chosen.code is not None:
        told = chosen.code
        files, coin_files = tuple(told.files), tuple(told.coin_files)
        return Code(_real(told.tree), files, coin_files, told.keep, told.days)
    if chosen.environment != "paper" or chosen.engine_file is None:
        return None
    return Code(_real(chosen.engine_file.parent / "app"), _PAPER_FILES, _PAPER_COIN_FILES)


def _real(tree: Path) -> Path:
    return Path(os.path.realpath(tree))


def folder_of(settings: "Settings") -> Path:
    """Where the releases of the chosen context are."""
    code = settings.chosen.code
    return (code and code.releases) or settings.state / "releases" / settings.context
