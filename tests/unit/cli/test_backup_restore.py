"""What `backup restore` waits for before it asks what is missing."""

from dataclasses import replace

import pytest

from console.cli.backup_restore import exchange_told
from console.domain.reading import SourceState
from console.domain.surfaces import Exchange
from tests.unit.domain.worlds import EXCHANGE, LIMIT, answered, failing, healthy, judged

WORDS = "refuses calls for another 3 s (rate limit)"
NEVER: SourceState[Exchange] = SourceState("exchange", LIMIT)


@pytest.mark.parametrize(
    ("exchange", "told"),
    [
        (answered("exchange", EXCHANGE), True),
        (failing(answered("exchange", EXCHANGE), WORDS), True),
        (failing(NEVER, WORDS), False),
        (answered("exchange", EXCHANGE, age=LIMIT), False),
        (replace(NEVER, configured=False), True),
    ],
)
def test_an_exchange_that_has_refused_at_first_is_waited_for(
    exchange: SourceState[Exchange], told: bool
) -> None:
    assert exchange_told(judged(replace(healthy(), exchange=exchange))) is told
