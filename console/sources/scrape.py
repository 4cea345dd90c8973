"""Metrics from an engine's own `/metrics` endpoint."""

import email.utils
from collections.abc import Mapping
from dataclasses import dataclass, field

from console.domain.clock import Clock
from console.domain.loopback import is_loopback
from console.domain.metrics import Answer
from console.sources.credentials import Credentials
from console.sources.errors import SourceError
from console.sources.exposition import Exposition, MalformedExposition, Samples
from console.sources.heartbeat import CLOCK_TOLERANCE, Stamp, ahead, oldest_heartbeat
from console.sources.http import HttpClient, Response

MAX_BYTES = 16 << 20

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
        self._heartbeat = Stamp()
        self._oldest_sample = Stamp()
        self._client = HttpClient(clock=clock, timeout=timeout, max_bytes=max_bytes, ca_file=ca_file)

    def read(self) -> Scraped:
        """Scrape once, blocking up to the deadline. SourceError says in one sentence why there is nothing."""
        headers = {"Accept": _ACCEPT, **self._credentials.headers(self._url)}
        begun = self._clock.now()
        response = self._client.request("GET", self._url, headers)
        if response.status != 200:
            raise SourceError(f"HTTP {response.status}")
        try:
            scrape = self._exposition.parse(response.body, response.headers.get("content-type", ""))
        except MalformedExposition as error:
            raise SourceError(str(error)) from error
        wall, now = self._engine_time(response, begun)
        heartbeat = oldest_heartbeat(scrape.samples)
        stamps = [] if heartbeat is None else [(self._heartbeat, heartbeat)]
        if scrape.timestamps:
            stamps.append((self._oldest_sample, min(scrape.timestamps.values())))
        if not stamps:
            return Scraped(scrape.samples)
        age = max(stamp.age(at, wall, now) for stamp, at in stamps)
        return Scraped(scrape.samples, now - age, ahead(min(at for _, at in stamps), wall))

    def close(self) -> None:
        self._client.close()

    def _engine_time(self, response: Response, begun: float) -> tuple[float, float]:
        """The time of day by the clock that the heartbeat was taken from, and ours at that instant.

        A server that says when it answered did so after the request had `begun`: its data ages from then on.
        """
        wall, now = self._clock.wall(), self._clock.now()
        date = response.headers.get("date")
        if date is None or is_loopback(self._url):
            return wall, now
        try:
            theirs = email.utils.parsedate_to_datetime(date).timestamp()
        except (ValueError, OverflowError):
            return wall, now
        return (theirs, begun) if abs(theirs - wall) > CLOCK_TOLERANCE else (wall, now)
