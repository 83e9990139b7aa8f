"""A server whose exports go wrong in every way that matters to a download; the path is the fault."""

from __future__ import annotations

import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

BODY = b"A;B\r\n" + b"1;2\r\n" * 20_000
HTML = b"<html><body>sorry</body></html>"
_PAGE = b'<html><body><form method=post><button id="export">export</button></form></body></html>'


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Nothing."""

    def do_GET(self) -> None:
        self._send(_PAGE, kind="text/html", name=None)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        match self.path.strip("/"):
            case "slow":
                time.sleep(1.5)
                self._send(BODY)
            case "breaks-off":
                self._send(BODY[:5000], length=len(BODY))
                self.close_connection = True
            case "stalls":
                self._send(BODY[:5000], length=len(BODY))
                time.sleep(30)
            case "no-length":
                self._send(BODY, length=None)
                self.close_connection = True
            case "no-answer":
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
            case "page":
                self._send(HTML, kind="text/html", name=None)
            case "page-as-file":
                self._send(b"\xef\xbb\xbf\n" + HTML)
            case "500":
                self._send(HTML, kind="text/html", name=None, status=500)
            case "500-with-file":
                self._send(BODY, status=500)
            case "504":
                self._send(b"", kind="text/html", name=None, status=504)
            case "other-name":
                self._send(BODY, name="other.csv")
            case _:
                self._send(BODY)

    def _send(
        self,
        body: bytes,
        *,
        kind: str = "text/csv",
        name: str | None = "report.csv",
        length: int | None = -1,
        status: int = 200,
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if name:
            self.send_header("Content-Disposition", f'attachment; filename="{name}"')
        if length is not None:
            self.send_header("Content-Length", str(len(body) if length < 0 else length))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()


class _Server(socketserver.ThreadingMixIn, HTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A browser that gives up is none of ours."""


@contextmanager
def faulty_server() -> Iterator[str]:
    """Address without a slash at its end."""
    server = _Server(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
