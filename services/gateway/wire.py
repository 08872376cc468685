"""HTTP/1.1 to a service: kept connections, one exchange at a time on each, bodies streamed both ways.

A general client builds and takes apart objects for each request and each header, which costs the gateway more than everything else that
it does for a request. Here the parser in C that the server uses too (httptools) calls straight back, and bytes go on as they came.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

import httptools

Headers = list[tuple[bytes, bytes]]

_BUFFER = 256 << 10  # bytes of an answer that wait for a slow client before reading from the service stops
_REST_S = 5.0  # a connection that rested longer is not used again: a service closes its own after 30 s


class Unreachable(Exception):
    """No connection, or none free in time."""


class TimedOut(Exception):
    """Nothing came, or nothing was taken, for too long."""


class Broken(Exception):
    """The other side ended in the middle, or what it said isn't HTTP."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds to wait: for a connection, for each piece that is read, and for each that is written."""

    connect: float = 3.0
    read: float = 120.0
    write: float = 60.0


class _Link(asyncio.Protocol):
    """One connection. `begin` an exchange, write, then take the head and the pieces of the body."""

    def __init__(self) -> None:
        self.closed = False
        self.rests_since = 0.0
        self.status = 0
        self.headers: Headers = []
        self.has_head = False
        self._transport: asyncio.Transport | None = None
        self._parser: httptools.HttpResponseParser | None = None
        self._pieces: deque[bytes] = deque()
        self._held = 0
        self._done = True
        self._sized = False
        self._no_body = False
        self._error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._full = False
        self._paused = False
        self._torn = False  # the answer came before all was sent

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        if not self._done:
            if exc is None and self.has_head and not self._sized:
                self._done = True  # a body that ends with the connection
            elif self._error is None:
                self._error = Broken("the connection ended in the middle of the answer")
        self._wake()

    def data_received(self, data: bytes) -> None:
        if self._done or self._parser is None:
            self.abort()  # nobody asked
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            if not self._done:
                self._error = Broken(f"this isn't HTTP: {error}")
            self.abort()
        self._wake()

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False
        self._wake()

    # What the parser calls.

    def on_message_begin(self) -> None:
        self.headers = []
        self._sized = False

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        if name in (b"content-length", b"transfer-encoding"):
            self._sized = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        assert self._parser is not None
        status = self._parser.get_status_code()
        if status < 200:
            return  # "go on" and the like: the answer itself follows
        self.status, self.has_head = status, True
        if self._no_body:
            self._finish(keep=False)  # the parser can't know, and would wait for a body

    def on_body(self, body: bytes) -> None:
        if self._done:
            return
        self._pieces.append(body)
        self._held += len(body)
        if self._held > _BUFFER and not self._paused and not self.closed and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()

    def on_message_complete(self) -> None:
        if self.has_head:
            assert self._parser is not None
            self._finish(keep=self._parser.should_keep_alive())

    def _finish(self, *, keep: bool) -> None:
        self._done = True
        if not keep:
            self.abort()

    # What an exchange calls.

    def begin(self, *, no_body: bool) -> None:
        """Make ready for the next answer."""
        self._parser = httptools.HttpResponseParser(self)
        self.status, self.headers, self.has_head = 0, [], False
        self._pieces.clear()
        self._held, self._done, self._error, self._no_body = 0, False, None, no_body

    async def write(self, data: bytes, patience: Patience) -> None:
        """Send; waits while the other side takes nothing. Raises TimedOut, Broken."""
        if self._transport is None or self.closed:
            raise self._error or Broken("the connection is closed")
        self._transport.write(data)
        while self._full and not self.closed and not self.has_head:
            await self._wait(patience.write)

    async def head(self, patience: Patience) -> None:
        """Until status and headers are there. Raises TimedOut, Broken."""
        while not self.has_head:
            if self._error is not None or self.closed:
                raise self._error or Broken("the connection ended before the answer")
            await self._wait(patience.read)

    async def piece(self, patience: Patience) -> bytes:
        """The next bytes of the body; b"": that was all. Raises TimedOut, Broken."""
        while not self._pieces:
            if self._done:
                return b""
            if self._error is not None or self.closed:
                raise self._error or Broken("the connection ended in the middle of the answer")
            await self._wait(patience.read)
        body = self._pieces.popleft() if len(self._pieces) == 1 else self._all()
        self._held = 0
        if self._paused and not self.closed and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()
        return body

    def _all(self) -> bytes:
        body = b"".join(self._pieces)
        self._pieces.clear()
        return body

    @property
    def is_free(self) -> bool:
        """Whether another exchange may follow."""
        return self._done and not (self.closed or self._torn or self._pieces)

    def tear(self) -> None:
        """The rest of the request isn't sent: no other may follow it."""
        self._torn = True

    def abort(self) -> None:
        """Close at once."""
        self.closed = True
        if self._transport is not None:
            self._transport.abort()

    async def _wait(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        waiter = self._waiter = loop.create_future()
        timer = loop.call_later(seconds, _give_up, waiter)
        try:
            await waiter
        finally:
            timer.cancel()
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def _give_up(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_exception(TimedOut())


class Answer:
    """Status and headers (names in lower case) of an answer whose body is still to be read. `close` it whatever happens."""

    def __init__(self, link: _Link, patience: Patience, give_back: Callable[[_Link], None]) -> None:
        self._link, self._patience, self._give_back = link, patience, give_back
        self.status, self.headers = link.status, link.headers

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body as it comes. Raises TimedOut, Broken."""
        while body := await self._link.piece(self._patience):
            yield body

    def close(self) -> None:
        """Give the connection back; one whose body wasn't read to its end is closed."""
        self._give_back(self._link)


class Wire:
    """The connections to one base URL. Belongs to one event loop."""

    def __init__(
        self, base_url: str, *, most: int = 200, kept: int = 50, patience: Patience | None = None
    ) -> None:
        """`most` connections at a time, of which `kept` stay open while nobody asks. Raises ValueError for a URL without a host."""
        where = urlsplit(base_url)
        if where.scheme not in ("http", "https") or not where.hostname:
            raise ValueError(f"{base_url!r} isn't an address of a service; write http://host:port")
        self._host = where.hostname
        self._port = where.port or (443 if where.scheme == "https" else 80)
        self._tls = ssl.create_default_context() if where.scheme == "https" else None
        self._name = where.netloc.rpartition("@")[2].encode()
        self._patience = patience or Patience()
        self._kept, self._idle = kept, deque[_Link]()
        self._places = asyncio.Semaphore(most)

    async def exchange(
        self, method: str, target: bytes, headers: Headers, body: AsyncIterator[bytes] | None
    ) -> Answer:
        """Send a request and wait for the head of its answer. `target` is path and query; `headers` come without `host` and without those
        that belong to a connection; a `body` without a content-length goes in chunks. An answer that comes before all was sent ends the
        sending. Raises Unreachable, TimedOut, Broken, and what `body` raises."""
        link, kept = await self._take()
        try:
            await self._ask(link, method, target, headers, body)
        except Broken:
            link.abort()
            self._places.release()
            if kept and body is None and not link.has_head and method in ("GET", "HEAD"):
                # Closed by the other side while it rested, perhaps at this very moment; asking again changes nothing.
                return await self.exchange(method, target, headers, body)
            raise
        except BaseException:
            link.abort()
            self._places.release()
            raise
        return Answer(link, self._patience, self._give_back)

    async def _ask(
        self,
        link: _Link,
        method: str,
        target: bytes,
        headers: Headers,
        body: AsyncIterator[bytes] | None,
    ) -> None:
        link.begin(no_body=method == "HEAD")
        lines = [method.encode(), b" ", target, b" HTTP/1.1\r\nhost: ", self._name, b"\r\n"]
        sized = False
        for name, value in headers:
            lines += (name, b": ", value, b"\r\n")
            sized = sized or name == b"content-length"
        if body is not None and not sized:
            lines.append(b"transfer-encoding: chunked\r\n")
        lines.append(b"\r\n")
        if body is None:
            await link.write(b"".join(lines), self._patience)
        else:
            await self._send(link, b"".join(lines), body, chunked=not sized)
        await link.head(self._patience)

    async def _send(self, link: _Link, head: bytes, body: AsyncIterator[bytes], *, chunked: bool) -> None:
        ahead = head  # goes with the first piece: one segment where that is all
        async for piece in body:
            if link.has_head:
                link.tear()
                return
            if chunked:
                piece = b"%x\r\n%b\r\n" % (len(piece), piece)
            await link.write(ahead + piece if ahead else piece, self._patience)
            ahead = b""
        if link.has_head and chunked:
            link.tear()
        elif chunked or ahead:
            await link.write(ahead + (b"0\r\n\r\n" if chunked else b""), self._patience)

    async def _take(self) -> tuple[_Link, bool]:
        """A connection, and whether it was used before."""
        try:
            if self._places.locked():
                await asyncio.wait_for(self._places.acquire(), self._patience.connect)
            else:
                await self._places.acquire()
        except TimeoutError:
            raise Unreachable("all connections are in use") from None
        oldest = time.monotonic() - _REST_S
        while self._idle:
            link = self._idle.pop()
            if not link.closed and link.rests_since > oldest:
                return link, True
            link.abort()
        try:
            opening = asyncio.get_running_loop().create_connection(
                _Link, self._host, self._port, ssl=self._tls
            )
            _, link = await asyncio.wait_for(opening, self._patience.connect)
        except (OSError, TimeoutError) as error:
            self._places.release()
            raise Unreachable(type(error).__name__) from error
        except BaseException:
            self._places.release()
            raise
        return link, False

    def _give_back(self, link: _Link) -> None:
        self._places.release()
        if link.is_free and len(self._idle) < self._kept:
            link.rests_since = time.monotonic()
            self._idle.append(link)
        else:
            link.abort()

    def close(self) -> None:
        """Close what nobody uses just now."""
        while self._idle:
            with contextlib.suppress(Exception):
                self._idle.pop().abort()
