"""Metrics from an engine's own `/metrics` endpoint."""

import email.utils
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from console.domain.clock import Clock
from console.domain.metrics import Answer
from console.sources.client import Client
from console.sources.credentials import Credentials
from console.sources.errors import SourceError
from console.sources.exposition import Exposition, MalformedExposition, Samples

if TYPE_CHECKING:
    from console.sources.http import Response

HEARTBEAT = "futures_heartbeat_timestamp_seconds"
MAX_BYTES = 16 << 20
CLOCK_TOLERANCE = 2.0
"""Seconds by which two machines' clocks may differ before the engine's own is believed."""

# OpenMetrics is read where an engine knows nothing else, but not asked for: exemplars would only be skipped.
_ACCEPT = "text/plain;version=0.0.4;q=1,*/*;q=0.1"


@dataclass(frozen=True, slots=True)
class Scraped:
    """What a metrics source answered. `data_at` is the instant it speaks of, on the console's clock.

    `data_at` is None when nothing in the answer tells; `notes` are remarks for people. `answers` is empty
    when queries are evaluated here.
    """

    samples: Samples
    data_at: float | None = None
    notes: tuple[str, ...] = ()
    answers: Mapping[str, Answer] = field(default_factory=dict)


class ScrapeSource:
    """Polls one `/metrics` endpoint."""

    def __init__(
        self,
        url: str,
        *,
        clock: Clock,
        timeout: float,
        max_bytes: int = MAX_BYTES,
        credentials: Credentials | None = None,
        ca_file: str | None = None,
    ) -> None:
        """`timeout` is in seconds, for one poll as a whole; `max_bytes` counts after decompression."""
        self._url = url
        self._clock = clock
        self._credentials = credentials or Credentials()
        self._exposition = Exposition()
        self._client = Client(clock=clock, timeout=timeout, max_bytes=max_bytes, ca_file=ca_file)

    def read(self) -> Scraped:
        """Scrape once, blocking up to the deadline. SourceError says in one sentence why there is nothing."""
        headers = {"Accept": _ACCEPT, **self._credentials.headers()}
        response = self._client.request("GET", self._url, headers)
        if response.status != 200:
            raise SourceError(f"HTTP {response.status}")
        try:
            scrape = self._exposition.parse(response.body, response.headers.get("content-type", ""))
        except MalformedExposition as error:
            raise SourceError(str(error)) from error
        wall = self._engine_wall(response)
        heartbeat = oldest_heartbeat(scrape.samples)
        instants = [heartbeat] if heartbeat is not None else []
        if scrape.timestamps:
            instants.append(min(scrape.timestamps.values()))
        if not instants:
            return Scraped(scrape.samples)
        age = wall - min(instants)
        notes = (f"the engine's clock is {-age:.1f} s ahead",) if age < -CLOCK_TOLERANCE else ()
        return Scraped(scrape.samples, self._clock.now() - max(0.0, age), notes)

    def close(self) -> None:
        self._client.close()

    def _engine_wall(self, response: "Response") -> float:
        """The time of day by the clock that the engine's heartbeat was taken from."""
        from console.sources.http import is_loopback  # noqa: PLC0415 - see there

        wall = self._clock.wall()
        date = response.headers.get("date")
        if date is None or is_loopback(self._url):
            return wall
        try:
            theirs = email.utils.parsedate_to_datetime(date).timestamp()
        except ValueError:
            return wall
        return theirs if abs(theirs - wall) > CLOCK_TOLERANCE else wall


def oldest_heartbeat(samples: Samples) -> float | None:
    """The heartbeat in seconds since 1970, the oldest where there are several; None where there is none.

    SourceError when it isn't a time at all: what can't be dated can't be shown as current.
    """
    beats = samples.get(HEARTBEAT, {}).values()
    for beat in beats:
        if not math.isfinite(beat):
            raise SourceError(f"the heartbeat is {'NaN' if math.isnan(beat) else 'infinite'}")
    return min(beats, default=None)
