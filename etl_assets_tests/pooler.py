"""A pooler between clients and a PostgreSQL, as PgBouncer or Supabase's would be: small, and only for tests.

Belongs here: who is served by which of the server's processes. Does not belong here: TLS, requests to cancel, more than
one user. https://www.postgresql.org/docs/current/protocol-message-formats.html
"""

from __future__ import annotations

import asyncio
import struct
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Literal

import sqlalchemy as sa

Mode = Literal["session", "last used", "longest unused"]
_ENCRYPTION = (80877103, 80877104)
_CANCEL = 80877102
# Requests to log in that want an answer: clear text, MD5, SASL, SASL going on.
_WANT_ANSWER = (3, 5, 10, 11)
_GONE = (asyncio.IncompleteReadError, ConnectionError)


@dataclass
class _Line:
    """One end's connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def receive(self) -> tuple[bytes, bytes]:
        head = await self.reader.readexactly(5)
        return head[:1], head + await self.reader.readexactly(struct.unpack("!I", head[1:])[0] - 4)

    async def send(self, message: bytes) -> None:
        self.writer.write(message)
        await self.writer.drain()


@dataclass
class _Pooler:
    """`mode`: a session keeps its process, or each transaction gets that which was last used, or longest unused."""

    url: sa.URL
    mode: Mode
    size: int
    idle: deque[_Line] = field(default_factory=deque)
    processes: int = 0
    tokens: Iterator[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.freed = asyncio.Condition()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client, server = _Line(reader, writer), None
        with suppress(*_GONE, asyncio.CancelledError):
            if (server := await self._log_in(client)) is None:
                pass
            elif self.mode == "session":
                await asyncio.wait(
                    [asyncio.create_task(_relay(client, server)), asyncio.create_task(_relay(server, client))],
                    return_when=asyncio.FIRST_COMPLETED,
                )
                server.writer.close()
            else:
                await self._add(server)
                while await self._transaction(client):
                    pass
        writer.close()

    async def _log_in(self, client: _Line) -> _Line | None:
        """The client's login, made by it at the server itself; the process served under another name."""
        while True:
            length, code = struct.unpack("!II", head := await client.reader.readexactly(8))
            if code == _CANCEL:
                return None
            if code not in _ENCRYPTION:
                break
            await client.send(b"N")
        server = _Line(*await asyncio.open_connection(self.url.host, self.url.port))
        await server.send(head + await client.reader.readexactly(length - 8))
        while True:
            kind, message = await server.receive()
            if kind == b"K":
                message = message[:5] + struct.pack("!I", next(self.tokens)) + message[9:]
            await client.send(message)
            if kind == b"R" and struct.unpack("!I", message[5:9])[0] in _WANT_ANSWER:
                await server.send((await client.receive())[1])
            if kind == b"Z":
                return server
            if kind == b"E":
                return None

    async def _transaction(self, client: _Line) -> bool:
        """Serve one; False when the client has said good-bye. One that leaves within takes its process along."""
        server = None
        while True:
            kind, message = await client.receive()
            if kind == b"X":
                return False
            server = server or await self._take()
            await server.send(message)
            # Query, Sync and the end of a COPY are answered up to ReadyForQuery: it says if a transaction is open.
            while kind in b"QScf":
                answer, reply = await server.receive()
                await client.send(reply)
                if answer == b"G":
                    break
                if answer == b"Z":
                    if reply[5:] != b"I":
                        break
                    await self._give_back(server)
                    return True

    async def _add(self, server: _Line) -> None:
        if self.processes == self.size:
            await server.send(b"X\0\0\0\4")
            server.writer.close()
        else:
            self.processes += 1
            await self._give_back(server)

    async def _take(self) -> _Line:
        async with self.freed:
            await self.freed.wait_for(lambda: self.idle)
            return self.idle.pop() if self.mode == "last used" else self.idle.popleft()

    async def _give_back(self, server: _Line) -> None:
        async with self.freed:
            self.idle.append(server)
            self.freed.notify()


async def _relay(one: _Line, other: _Line) -> None:
    with suppress(*_GONE):
        while data := await one.reader.read(65536):
            await other.send(data)


@contextmanager
def pooled(url: sa.URL, mode: Mode, *, size: int = 4) -> Iterator[sa.URL]:
    """The URL of a pooler in front of `url`, of at most `size` processes of the server where sessions share them."""
    loop = asyncio.new_event_loop()

    async def start() -> asyncio.Server:
        return await asyncio.start_server(_Pooler(url, mode, size).serve, "127.0.0.1", 0)

    server = loop.run_until_complete(start())
    thread = threading.Thread(target=loop.run_forever, name="pooler", daemon=True)
    thread.start()
    try:
        yield url.set(host="127.0.0.1", port=server.sockets[0].getsockname()[1])
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
