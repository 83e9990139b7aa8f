"""The stand-in portal as a process: one port of 127.0.0.1, until it is told to end.

Belongs here: uvicorn and the socket. Does not belong here: what is answered.
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import time
from datetime import date

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

from etl_assets.demo.sigos import control
from etl_assets.demo.sigos.portal import BASE, Portal
from etl_assets.demo.sigos.synthesize import synthesize

HOST = "127.0.0.1"


class _ReachableProtocol(H11Protocol):
    """Lets an answer close or reset its own connection, which ASGI has no message for."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


def build_app(portal: Portal) -> Starlette:
    seed, scale, today = portal.book.seed, portal.book.scale, portal.book.today
    return Starlette(routes=[*portal.routes(), *control.routes(portal, lambda: synthesize(seed, scale, today))])


def listen(port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises OSError when the port is taken."""
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((HOST, port))
        made.listen(128)
    except OSError:
        made.close()
        raise
    return made


def serve(
    *, port: int, seed: int, scale: float, today: date, user: str, password: str, with_parent: bool = False
) -> None:
    """Answer until SIGTERM or SIGINT, or, `with_parent`, until standard input ends. Prints the address once it answers.

    Raises OSError when the port is taken.
    """
    listening = listen(port)
    portal = Portal(synthesize(seed, scale, today), user, password)
    config = uvicorn.Config(
        build_app(portal),
        http=_ReachableProtocol,
        loop="asyncio",
        log_level="critical",  # an answer cut short on purpose is an error to uvicorn
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    if with_parent:
        threading.Thread(target=_end_with_parent, args=(server,), daemon=True).start()
    print(f"http://{HOST}:{listening.getsockname()[1]}{BASE}", flush=True)
    server.run(sockets=[listening])


def _end_with_parent(server: uvicorn.Server) -> None:
    # Not through sys.stdin: its lock, held by a thread that reads, would abort the interpreter's end.
    while os.read(0, 1024):
        pass
    server.should_exit = True
    time.sleep(3)
    os._exit(1)  # the loop was too busy to hear of it
