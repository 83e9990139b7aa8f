"""The stand-in portal's pages (spec 3.1-3.4): login, side menu, report form, export.

Belongs here: addresses, who may see them, which page answers. Does not belong here: an export's body (export.py), the
control endpoint (control.py), the process (server.py).
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.templating import Jinja2Templates

from etl_assets.demo.sigos import export
from etl_assets.demo.sigos.book import Book
from etl_assets.demo.sigos.sessions import COOKIE, Session, Sessions
from etl_assets.demo.sigos.switches import Switches

BASE = "/sigos/"
_MENU = (
    ("Início", "/sigos/home"),
    ("Serviços", "/sigos/servicos"),
    ("Protocolos", "/sigos/protocolos"),
    ("Equipes", "/sigos/equipes"),
    ("Backoffice", "/sigos/backoffice"),
    ("Medidores", "/sigos/medidores"),
    ("Relatórios", "/sigos/relatorios"),
    ("Sair", "/sigos/sair"),
)
_TITLES = {path: name for name, path in _MENU if name not in ("Relatórios", "Sair")}
_TEMPLATES = Jinja2Templates(directory=Path(__file__).with_name("templates"))

Page = Callable[[Request, Session], Awaitable[Response]]


@dataclass
class Counters:
    """What the portal was asked for since the start or the last reset."""

    logins: int = 0
    failed_logins: int = 0
    exports: int = 0  # requests that reached the export with a session, whatever the answer
    files: int = 0  # answers that began to send a file


@dataclass
class Portal:
    """The application's state; one per process."""

    book: Book
    user: str
    password: str = field(repr=False)
    switches: Switches = field(default_factory=Switches)
    sessions: Sessions = field(default_factory=Sessions)
    counters: Counters = field(default_factory=Counters)

    def routes(self) -> list[Route]:
        return [
            Route(BASE, self._login_page, methods=["GET"]),
            Route("/sigos/login", self._login, methods=["POST"]),
            Route("/sigos/sair", self._logout, methods=["GET"]),
            Route("/sigos/relatorios", self._inside(self._reports), methods=["GET"]),
            Route("/sigos/relatorios/exportar", self._inside(self._export), methods=["POST"]),
            *(Route(path, self._inside(self._plain), methods=["GET"]) for path in _TITLES),
        ]

    async def _login_page(self, request: Request) -> Response:
        await self._wait()
        return self._page(request, "login.html")

    async def _login(self, request: Request) -> Response:
        await self._wait()
        form = await read_fields(request)
        is_known = _same(form.get("usuario", ""), self.user) & _same(form.get("senha", ""), self.password)
        if not is_known:
            self.counters.failed_logins += 1
            return self._page(request, "login.html", alert="Usuário ou senha inválidos")
        self.counters.logins += 1
        entered = RedirectResponse("/sigos/home", status_code=302)
        entered.set_cookie(COOKIE, self.sessions.begin(), path=BASE, httponly=True, samesite="lax")
        return entered

    async def _logout(self, request: Request) -> Response:
        self.sessions.end(request.cookies.get(COOKIE))
        return RedirectResponse(BASE, status_code=302)

    def _inside(self, page: Page) -> Callable[[Request], Awaitable[Response]]:
        """The page for whoever is logged in; others are sent to the login."""

        async def guarded(request: Request) -> Response:
            await self._wait()
            session = self.sessions.find(request.cookies.get(COOKIE))
            if session is None:
                return RedirectResponse(BASE, status_code=302)
            return await page(request, session)

        return guarded

    async def _plain(self, request: Request, session: Session) -> Response:
        return self._page(request, "inside.html", session, title=_TITLES[request.url.path])

    async def _reports(self, request: Request, session: Session) -> Response:
        return self._page(request, "reports.html", session, overlay_ms=self.switches.overlay_ms)

    async def _export(self, request: Request, session: Session) -> Response:
        switches = self.switches
        if switches.expire_session_after is not None and session.exports >= switches.expire_session_after:
            self.sessions.end(request.cookies.get(COOKIE))
            return RedirectResponse(BASE, status_code=302)
        session.exports += 1
        self.counters.exports += 1
        if switches.fail_times:
            switches.fail_times -= 1
            return self._alert(request, "Erro interno do servidor", status=500)
        try:
            wanted = export.read_form(await read_fields(request))
        except export.RefusedRequest as refused:
            return self._alert(request, str(refused))
        if wanted.is_too_long:
            await asyncio.sleep(switches.max_window_delay_s)
            return self._alert(request, "Tempo esgotado", status=504)
        is_struck = switches.strikes()
        if is_struck and switches.html_instead_of_csv:
            return self._alert(request, "Não foi possível gerar o relatório")
        self.counters.files += 1
        return export.answer(self.book, wanted, switches, is_struck=is_struck)

    def _alert(self, request: Request, text: str, status: int = 200) -> Response:
        return self._page(request, "inside.html", title="Relatórios", alert=text, status=status)

    def _page(
        self, request: Request, template: str, session: Session | None = None, status: int = 200, **values: Any
    ) -> Response:
        notice = bool(session and self.switches.modal and not session.notice_shown)
        if session and notice:
            session.notice_shown = True
        context = {"menu": _MENU, "notice": notice, **values}
        return _TEMPLATES.TemplateResponse(request, template, context, status_code=status)

    async def _wait(self) -> None:
        if self.switches.latency_ms:
            await asyncio.sleep(self.switches.latency_ms / 1000)


async def read_fields(request: Request) -> dict[str, str]:
    """Fields of an urlencoded form; of a field sent twice the last."""
    return dict(parse_qsl((await request.body()).decode(errors="replace"), keep_blank_values=True))


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())
