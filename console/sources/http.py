"""One HTTP request with limits that hold: a deadline for the whole of it, and a cap on what it may answer.

A client's usual time-outs begin again with every byte, so that a server which sends one byte a second is
never late. Here each read gets only what is left until the deadline, headers included. Redirects are not
followed and proxies not used: a console speaks with the surface that its settings name.

Importing this takes 50 ms: `console.wiring` makes the sources that use it at their first poll.
"""

import functools
import ssl
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import httpcore

from console.domain.clock import Clock
from console.sources.errors import SourceError

MEBIBYTE = 1 << 20
_READ_AT_ONCE = 1 << 18
"""Bytes that are taken from a connection at once: a metrics answer may have millions."""

_BROKEN = (httpcore.NetworkError, httpcore.RemoteProtocolError)
_Headers = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Response:
    """A whole answer. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class HttpClient:
    """A kept-alive connection to one host. Used by one thread at a time."""

    def __init__(self, *, clock: Clock, timeout: float, max_bytes: int, ca_file: str | None = None) -> None:
        """`timeout` is in seconds, for a request as a whole; `max_bytes` counts after decompression.

        `ca_file` names who is trusted for https, in place of the machine's own authorities.
        """
        self._clock = clock
        self._timeout = timeout
        self._max_bytes = max_bytes
        self._ca_file = ca_file
        self._deadline = _Deadline(clock)
        self._backend = _TimedBackend(self._deadline)
        self._pool: httpcore.ConnectionPool | None = None

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        *,
        until: float | None = None,
    ) -> Response:
        """Send one request and read its whole answer, whatever its status; SourceError says why not.

        The request has to be one that may be sent twice, as every read may. `until` is the deadline on the
        clock where several requests share one; else the time-out counts.
        """
        self._deadline.at = self._clock.now() + self._timeout if until is None else until
        if not url.isascii():
            raise SourceError("can't connect: its address may only hold ASCII characters")
        sent = [("Host", _host(url)), ("Accept-Encoding", "gzip"), *(headers or {}).items()]
        if body is not None:
            sent.append(("Content-Length", str(len(body))))
        try:
            return self._exchange(method, url, sent, body)
        except httpcore.TimeoutException as error:
            raise SourceError(f"no answer within {self._timeout:g} s") from error
        except httpcore.ConnectError as error:
            raise SourceError(_connecting(error)) from error
        except _BROKEN as error:
            raise SourceError(f"the answer broke off: {error}") from error
        except (httpcore.UnsupportedProtocol, httpcore.LocalProtocolError) as error:
            raise SourceError("the request can't be sent") from error  # the cause may quote a secret
        except UnicodeError:  # what Python's resolver says of a label that is empty or too long
            raise SourceError("can't connect: its host is not a name that can be looked up") from None

    def close(self) -> None:
        if self._pool is not None:
            self._pool.close()
            self._pool = None

    def _exchange(self, method: str, url: str, headers: _Headers, body: bytes | None) -> Response:
        """Send and receive; once more if a kept connection breaks, as its server may just have closed it."""
        opened = self._backend.opened
        try:
            return self._send(method, url, headers, body)
        except _BROKEN:
            if self._backend.opened > opened:
                raise
            return self._send(method, url, headers, body)

    def _send(self, method: str, url: str, headers: _Headers, body: bytes | None) -> Response:
        if self._pool is None:
            self._pool = self._connect(url)
        with self._pool.stream(method, url, headers=headers, content=body) as response:
            heads = {
                name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers
            }
            chunks = response.iter_stream()
            return Response(response.status, heads, self._body(chunks, heads.get("content-encoding", "")))

    def _connect(self, url: str) -> httpcore.ConnectionPool:
        context = trusted(self._ca_file) if url.startswith("https:") else None
        return httpcore.ConnectionPool(ssl_context=context, max_connections=1, network_backend=self._backend)

    def _body(self, chunks: Iterable[bytes], encoding: str) -> bytes:
        unpack = _gunzip if encoding.lower() in ("gzip", "x-gzip") else _plain
        parts, size = [], 0
        for part in unpack(chunks, self._max_bytes + 1):
            parts.append(part)
            size += len(part)
            if size > self._max_bytes:
                raise SourceError(f"body larger than {self._max_bytes / MEBIBYTE:g} MB")
        return b"".join(parts)


@functools.cache
def trusted(ca_file: str | None = None) -> ssl.SSLContext:
    """The one TLS context of this process, or the one that trusts the authorities in `ca_file` only.

    Building it reads the machine's authorities, which takes 20 ms. SourceError if the file can't be used.
    """
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise SourceError(f"can't use the certificates in {ca_file}: {error.strerror or error}") from error


def _host(url: str) -> str:
    return url.split("://", 1)[-1].split("/", 1)[0].rpartition("@")[2]


def _plain(chunks: Iterable[bytes], limit: int) -> Iterable[bytes]:
    return chunks


def _gunzip(chunks: Iterable[bytes], limit: int) -> Iterable[bytes]:
    """Unpack piece by piece, never more than `limit` bytes at once: a small body can hold a huge one."""
    unpacker = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        for chunk in chunks:
            yield unpacker.decompress(chunk, limit)
    except zlib.error as error:
        raise SourceError("the body is not valid gzip") from error
    if not unpacker.eof:
        raise SourceError("the answer broke off: its gzip data has no end")


def _connecting(error: Exception) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ConnectionRefusedError):
            return "connection refused"
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted: {cause.verify_message}"
        if isinstance(cause, OSError):
            return f"can't connect: {cause.strerror or cause}"
        cause = cause.__cause__ or cause.__context__
    return f"can't connect: {error}"


class _Deadline:
    """The instant at which the request under way has to be over."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.at = 0.0

    def left(self) -> float:
        """Seconds until then."""
        left = self.at - self._clock.now()
        if left <= 0:
            raise httpcore.ReadTimeout("the deadline has passed")
        return left


class _TimedBackend(httpcore.NetworkBackend):
    """Opens connections whose every step ends at the deadline, and counts them."""

    def __init__(self, deadline: _Deadline) -> None:
        self.opened = 0
        self._deadline = deadline
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        self.opened += 1
        left = self._deadline.left()
        stream = self._backend.connect_tcp(host, port, left, local_address, socket_options)
        return _TimedStream(stream, self._deadline)


class _TimedStream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, deadline: _Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max(max_bytes, _READ_AT_ONCE), self._deadline.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = self._deadline.left()
        return _TimedStream(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
