"""A source's HTTP client, made at its first request: its imports take 50 ms, its certificates 20."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from console.domain.clock import Clock

if TYPE_CHECKING:
    from console.sources.http import HttpClient, Response


class Client:
    """Sends requests to one host as `console.sources.http` does. Used by one thread at a time."""

    def __init__(self, *, clock: Clock, timeout: float, max_bytes: int, ca_file: str | None = None) -> None:
        """`timeout` is in seconds, for a request as a whole; `max_bytes` counts after decompression.

        `ca_file` names who is trusted for https, in place of the machine's own authorities.
        """
        self._clock = clock
        self._timeout = timeout
        self._max_bytes = max_bytes
        self._ca_file = ca_file
        self._http: HttpClient | None = None

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        *,
        until: float | None = None,
    ) -> "Response":
        """The whole answer, whatever its status; SourceError says in one sentence why there is none.

        `until` is the deadline on the clock where several requests share one.
        """
        if self._http is None:
            from console.sources.http import HttpClient, trusted  # noqa: PLC0415 (see above)

            tls = trusted(self._ca_file) if self._ca_file else None
            self._http = HttpClient(
                clock=self._clock, timeout=self._timeout, max_bytes=self._max_bytes, tls=tls
            )
        return self._http.request(method, url, headers, body, until=until)

    def close(self) -> None:
        if self._http is not None:
            self._http.close()
