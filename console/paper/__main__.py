"""`python -m console.paper --state DIR`: the paper engine without the console's command line."""

import gc
import sys
from pathlib import Path

import click


@click.command()
@click.option("--state", type=click.Path(path_type=Path), required=True, help="State folder.")
@click.option("--database", help="SQLAlchemy URL; SQLite in the state folder when left out.")
@click.option("--symbols", default=12, show_default=True, help="USD-M symbols, 0 to 5000.")
@click.option("--seed", default=1, show_default=True, help="Of the market and the strategy.")
@click.option("--scenario", default="calm", show_default=True, help="Scenario to start in.")
@click.option("--configuration", default="futures", show_default=True, help="futures or spot.")
def main(
    *, state: Path, database: str | None, symbols: int, seed: int, scenario: str, configuration: str
) -> None:
    """Run the paper engine in the foreground."""
    gc.disable()  # all that is imported stays: to look for garbage in it took a sixth of the start
    from console.paper.service import PaperOptions, run_service  # noqa: PLC0415

    gc.freeze()
    gc.enable()
    options = PaperOptions(state, database, symbols, seed, scenario, configuration=configuration)
    sys.exit(run_service(options))


main()
