"""The figures that the README quotes: `python -m benchmarks.run`, on whatever machine this is.

They are printed, and with `--write` kept in RESULTS.md. `--short` measures little and proves nothing but that
everything runs.
"""

import argparse
import datetime
import os
import platform
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks import figures, screen, status

_RESULTS = Path(__file__).with_name("RESULTS.md")
_PAIRS, _SYMBOLS = 15, 12
"""Of the figure for `opsconsole status`."""
_TITLE = "## The screen against dolphie"


def main() -> None:
    options = _options()
    pace = screen.SHORT if options.short else screen.Pace(options.starts, options.runs)
    counts = screen.SYMBOLS[:1] if options.short else options.symbols
    print(machine(), flush=True)
    measured = measure(counts, pace)
    report = f"{figures.table(measured)}\n\n{figures.ratios(measured[1:], measured[0])}"
    print(report)
    if options.write:
        write(report)
    if not options.short:
        with screen.paper_engine(_SYMBOLS) as state:
            print(status.status_against_imports(state, _PAIRS))


def measure(counts: Sequence[int], pace: screen.Pace) -> list[figures.Figures]:
    """dolphie first, then the console for each number of symbols."""
    measured: list[figures.Figures] = []
    for count in counts:
        with ExitStack() as running:
            subjects = [] if measured else running.enter_context(screen.others())
            measured += screen.measure([*subjects, *running.enter_context(screen.consoles(count))], pace)
    return measured


def machine() -> str:
    """What this runs on, in a line."""
    version = sys.version.split()[0]
    return f"{datetime.date.today()}: {os.cpu_count()} cores, {platform.machine()}, Python {version}"


def write(report: str) -> None:
    """Put the tables in place of the ones that RESULTS.md has."""
    text = _RESULTS.read_text(encoding="utf-8")
    before, _, after = text.partition(_TITLE)
    rest = after.partition("\n## ")
    following = f"\n## {rest[2]}" if rest[1] else ""
    head = f"{before.rstrip()}\n\n{_TITLE}\n\n{machine()}. Medians (lowest to highest)."
    _RESULTS.write_text(f"{head}\n\n{report}\n{following}", encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("--short", action="store_true", help="one short run of each, with 50 symbols")
    parser.add_argument("--write", action="store_true", help="keep the tables in RESULTS.md")
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--symbols", type=int, nargs="+", default=list(screen.SYMBOLS))
    return parser.parse_args()


if __name__ == "__main__":
    main()
