"""An engine that runs but no longer writes into its database, which itself answers as ever."""

from pathlib import Path

from console.domain.assessment import Assessment
from console.domain.positions import holdings
from console.domain.reading import Health
from tests.faults.contexts import database, monitor_of, until
from tests.integration.paper_process import PaperProcess
from tests.watching import watching


async def test_positions_and_accounts_are_doubted_together_until_the_engine_writes_again(
    tmp_path: Path,
) -> None:
    with PaperProcess(tmp_path / "engine", "--symbols", "3") as engine:
        monitor = monitor_of(tmp_path, database(engine.file["database_url"]), "quiet_after: 3s")
        async with watching(monitor):
            written = await until(
                monitor, lambda now: is_fresh(now) and bool(now.accounts) and not now.books_doubt
            )
            assert doubts(written) == {""}
            engine.scenario("database-stall")
            quiet = await until(monitor, lambda now: is_fresh(now) and now.books_doubt != "")
            assert quiet.books_doubt.startswith("the engine has written nothing for ")
            assert doubts(quiet) == {quiet.books_doubt}
            rows = holdings(quiet.snapshot, quiet.books_doubt).rows
            assert {row.comparison.why for row in rows} == {"the engine writes nothing"}
            engine.scenario("calm")
            await until(monitor, lambda now: not now.books_doubt)


def is_fresh(assessment: Assessment) -> bool:
    return assessment.source("database").health is Health.FRESH


def doubts(assessment: Assessment) -> set[str]:
    """Why each account and each symbol's position isn't the present."""
    accounts = {status.reason for status in assessment.accounts}
    return accounts | {row.doubts.database for row in assessment.symbols}
