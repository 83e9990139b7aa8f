"""The stand-in SIGOS portal by plain HTTP, for tests of it that need no browser.

Belongs here: a client without any opinion of what it is answered. Does not belong here: what a test expects.
"""

from __future__ import annotations

import http.client
import http.cookies
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode, urlsplit

from etl_assets.demo.sigos import Portal

# The day the portal of these tests is as of.
TODAY = date(2026, 11, 18)
GENERAL_FORM = {"tp_relatorio": "tudo", "periodo_todos": "data_execucao"}
RETURN_FORM = {"tp_relatorio": "retornos", "periodo_ret": "data_execucao", "stat_retorno": "E"}


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def lines(self) -> list[bytes]:
        return self.body.split(b"\r\n")

    @property
    def is_page(self) -> bool:
        return (self.headers["content-type"] or "").startswith("text/html")


class Client:
    """A browser's cookies and nothing else of it; follows no redirect."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.cookie = ""

    def ask(self, method: str, path: str, **form: str) -> Answer:
        connection = http.client.HTTPConnection(urlsplit(self.portal.url).netloc, timeout=20)
        headers = {"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded"}
        try:
            connection.request(method, path, urlencode(form) if form else None, headers)
            response = connection.getresponse()
            if (given := response.headers["set-cookie"]) is not None:
                parsed = http.cookies.SimpleCookie(given)
                self.cookie = "; ".join(f"{name}={each.value}" for name, each in parsed.items())
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def log_in(self, password: str | None = None) -> Answer:
        return self.ask("POST", "/sigos/login", usuario=self.portal.user, senha=password or self.portal.password)

    def export(self, start: str = "2026-10-01", end: str = "2026-11-01", **form: str) -> Answer:
        asked = {**(form or GENERAL_FORM), "data_inicio": start, "data_fim": end}
        return self.ask("POST", "/sigos/relatorios/exportar", **asked)
