"""The gateway's HTTP client against sockets that answer byte by byte what a test says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from services.gateway.wire import Answer, Broken, Patience, TimedOut, Unreachable, Wire

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Mine: a\r\n\r\nhi"


class Peer:
    """A server that talks to each connection as `talk` does; counts connections."""

    def __init__(self, talk: Talk) -> None:
        self._talk, self.connections, self.port = talk, 0, 0

    async def __aenter__(self) -> Peer:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.connections += 1
            try:
                await self._talk(reader, writer)
            except (ConnectionError, asyncio.IncompleteReadError):
                pass
            finally:
                writer.close()

        self._server = await asyncio.start_server(serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    def wire(self, **options: object) -> Wire:
        return Wire(f"http://127.0.0.1:{self.port}", **options)  # type: ignore[arg-type]


def answering(*answers: bytes, close: bool = False) -> Talk:
    """Each request without a body gets the next answer."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await writer.drain()
        if not close:
            await reader.read()  # until the other side closes

    return talk


async def get(wire: Wire, method: str = "GET") -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    return await read(await wire.exchange(method, b"/x?y=1", [(b"x-a", b"b")], None))


async def read(answer: Answer) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    try:
        return answer.status, answer.headers, b"".join([piece async for piece in answer.pieces()])
    finally:
        answer.close()


async def pieces_of(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (OK, b"hi"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", b"abcde"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b""),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 304 Not Modified\r\nETag: x\r\n\r\n", b""),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, b"hi"),
    ],
)
async def test_answers_follow_one_another_on_one_connection(answer: bytes, body: bytes) -> None:
    async with Peer(answering(answer, answer, answer)) as peer:
        wire = peer.wire()
        for _ in range(3):
            status, _, found = await get(wire)
            assert (status, found) == (int(answer.rsplit(b"HTTP/1.1 ", 1)[1][:3]), body)
        assert peer.connections == 1
        wire.close()


async def test_request_goes_out_as_it_is_and_names_come_back_small() -> None:
    seen: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(OK)
        await reader.read()

    async with Peer(talk) as peer:
        wire = peer.wire()
        _, headers, _ = await get(wire)
        host = b"127.0.0.1:%d" % peer.port
        assert seen == [b"GET /x?y=1 HTTP/1.1\r\nhost: " + host + b"\r\nx-a: b\r\n\r\n"]
        assert (b"x-mine", b"a") in headers
        wire.close()


async def test_bodies_go_sized_or_in_chunks() -> None:
    seen: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for end in (b"abcde", b"0\r\n\r\n"):
            seen.append((await reader.readuntil(end)).partition(b"\r\n\r\n")[2])
            writer.write(OK)
        await reader.read()

    async with Peer(talk) as peer:
        wire = peer.wire()
        await read(await wire.exchange("POST", b"/", [(b"content-length", b"5")], pieces_of(b"abc", b"de")))
        await read(await wire.exchange("POST", b"/", [], pieces_of(b"abc", b"de")))
        assert seen == [b"abcde", b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"]
        assert peer.connections == 1
        wire.close()


async def test_answer_before_all_is_sent_ends_the_sending_and_the_connection() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"first")
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        await reader.read()

    sent: list[int] = []

    async def endless() -> AsyncIterator[bytes]:
        yield b"first"
        for i in range(100_000):
            await asyncio.sleep(0.001)
            sent.append(i)
            yield b"x"

    async with Peer(talk) as peer:
        wire = peer.wire()
        for _ in range(2):
            status, _, _ = await read(await wire.exchange("POST", b"/", [], endless()))
            assert status == 413
        assert len(sent) < 50_000
        assert peer.connections == 2
        wire.close()


async def test_head_has_no_body_whatever_its_length_says() -> None:
    async with Peer(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n")) as peer:
        assert (await get(peer.wire(), "HEAD"))[::2] == (200, b"")


async def test_body_that_ends_with_the_connection() -> None:
    async with Peer(answering(b"HTTP/1.1 200 OK\r\n\r\nall of it", close=True)) as peer:
        assert (await get(peer.wire()))[2] == b"all of it"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"",
    ],
)
async def test_what_breaks_off_is_broken_and_never_short(answer: bytes) -> None:
    async with Peer(answering(answer, close=True)) as peer:
        with pytest.raises(Broken):
            await get(peer.wire())


async def test_silence_times_out() -> None:
    async with Peer(answering(b"")) as peer:
        with pytest.raises(TimedOut):
            await get(peer.wire(patience=Patience(read=0.05)))


async def test_silence_in_the_middle_of_a_body_times_out() -> None:
    async with Peer(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")) as peer:
        with pytest.raises(TimedOut):
            await get(peer.wire(patience=Patience(read=0.05)))


async def test_closed_port_and_no_free_connection_are_unreachable() -> None:
    async with Peer(answering(OK)) as peer:
        wire = peer.wire(most=1, patience=Patience(connect=0.1))
        answer = await wire.exchange("GET", b"/", [], None)
        with pytest.raises(Unreachable):
            await wire.exchange("GET", b"/", [], None)
        answer.close()
        gone = peer.port
    with pytest.raises(Unreachable):
        await get(Wire(f"http://127.0.0.1:{gone}"))


async def test_kept_connection_that_the_service_closed_costs_nobody_an_answer() -> None:
    async with Peer(answering(OK, close=True)) as peer:
        wire = peer.wire()
        for _ in range(5):
            assert (await get(wire))[2] == b"hi"
        assert peer.connections == 5
        wire.close()


async def test_connection_is_free_again_after_failures() -> None:
    async with Peer(answering(b"", close=True)) as peer:
        wire = peer.wire(most=2, patience=Patience(connect=0.5))
        for _ in range(5):
            with pytest.raises(Broken):
                await get(wire)


async def test_slow_reader_holds_the_service_up_and_memory_down() -> None:
    sent = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (64 << 20))
        for _ in range(64):
            writer.write(bytes(1 << 20))
            await writer.drain()
            sent += 1
        await reader.read()

    async with Peer(talk) as peer:
        wire = peer.wire()
        answer = await wire.exchange("GET", b"/", [], None)
        before = -1
        while before != sent:  # until the service can send no more
            before = sent
            await asyncio.sleep(0.3)
        assert sent < 32  # what the sockets' buffers hold, and a little of ours
        _, _, body = await read(answer)
        assert len(body) == 64 << 20
        wire.close()


def test_address_must_be_one() -> None:
    for wrong in ("images:8080", "ftp://images", "http://"):
        with pytest.raises(ValueError, match="http://host:port"):
            Wire(wrong)
