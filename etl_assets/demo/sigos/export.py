"""The export of a report: what is asked for, and the answer with whatever a switch makes of it (spec 3.4, 3.5).

Belongs here: the form's fields, the export's headers and body. Does not belong here: sessions and pages (portal.py).
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from etl_assets.demo.sigos.book import Book, Row
from etl_assets.demo.sigos.columns import Report, place
from etl_assets.demo.sigos.csv_form import to_csv
from etl_assets.demo.sigos.switches import Switches

LONGEST_WINDOW = {"tudo": 35, "retornos": 190}  # days from start to end
_FILES = {
    "tudo": "relatorio_prot_geral.csv",
    "retornos": "retorno.csv",
    "baixados": "relatorio_baixados.csv",
    "pendentes": "relatorio_pendentes.csv",
}
_RETURN_STATUSES = {"E": None, "P": ("PENDENTE", "EM CAMPO"), "R": ("RESOLVIDO",)}
_CHUNK = 64 * 1024


class RefusedRequest(ValueError):
    """A form the portal answers with a page that says why."""


@dataclass(frozen=True)
class Request:
    """An export asked for; both days as typed into the form."""

    kind: str
    period: str
    status: str
    start: date
    end: date

    @property
    def report(self) -> Report:
        return "return" if self.kind == "retornos" else "general"

    @property
    def file(self) -> str:
        return _FILES[self.kind]

    @property
    def is_too_long(self) -> bool:
        return (self.end - self.start).days > LONGEST_WINDOW.get(self.kind, 35)


def read_form(form: Mapping[str, str]) -> Request:
    """Raises RefusedRequest for a form without report, status, period or dates, or with its dates inverted."""
    kind = form.get("tp_relatorio", "")
    if kind not in _FILES:
        raise RefusedRequest("Selecione o tipo de relatório")
    period, status = "data_execucao", ""
    if kind == "tudo":
        period = form.get("periodo_todos", "")
    elif kind == "retornos":
        period, status = form.get("periodo_ret", ""), form.get("stat_retorno", "")
        if status not in _RETURN_STATUSES:
            raise RefusedRequest("Selecione o status do retorno")
    if period not in ("data_execucao", "data_baixado", "data_lancado"):
        raise RefusedRequest("Selecione o tipo de período")
    try:
        start, end = (date.fromisoformat(form.get(name, "")) for name in ("data_inicio", "data_fim"))
    except ValueError:
        raise RefusedRequest("Informe a data inicial e a data final") from None
    if end < start:
        raise RefusedRequest("A data final é anterior à data inicial")
    return Request(kind, period, status, start, end)


def find_rows(book: Book, wanted: Request, switches: Switches) -> list[Row]:
    """The rows of an export. Returns end a day early: the portal's bug (spec 2.1)."""
    is_exclusive = wanted.kind == "retornos" or (wanted.report == "general" and switches.general_end_exclusive)
    last = wanted.end - timedelta(days=1) if is_exclusive else wanted.end
    keep = _status_filter(wanted)
    if wanted.period == "data_execucao":
        return [row for _, row in book.select(wanted.report, wanted.start, last, keep)]
    column = place("general", "Data baixado" if wanted.period == "data_baixado" else "Data lancado")
    everything = book.select(wanted.report, date.min, date.max, keep)
    return [row for _, row in everything if (day := _day_of(row[column])) and wanted.start <= day <= last]


def _status_filter(wanted: Request) -> Callable[[Row], bool] | None:
    statuses = {
        "baixados": ("BAIXADO",),
        "pendentes": ("PENDENTE", "NAO BAIXADO", "EM ANALISE", "RETORNO"),
        "retornos": _RETURN_STATUSES.get(wanted.status),
    }.get(wanted.kind)
    if statuses is None:
        return None
    column = place(wanted.report, "STATUS" if wanted.report == "return" else "Status")
    return lambda row: row[column].strip().upper() in statuses


def _day_of(text: str) -> date | None:
    try:
        return datetime.strptime(text.strip()[:10], "%d/%m/%Y").date()
    except ValueError:
        return None


class FileAnswer(Response):
    """The file, whole, cut short or broken off."""

    def __init__(self, body: bytes, name: str, *, sent: int, declared: int, reset: bool) -> None:
        """Declare `declared` bytes and send `sent`; then, where that is fewer, close the connection or reset it."""
        super().__init__(
            body,
            headers={
                "content-type": "text/csv; charset=ISO-8859-1",
                "content-disposition": f'attachment; filename="{name}"',
                "content-length": str(declared),
                "cache-control": "no-store",
            },
        )
        self._sent, self._declared, self._reset = sent, declared, reset

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for offset in range(0, self._sent, _CHUNK):
            part = bytes(self.body[offset : min(offset + _CHUNK, self._sent)])
            await send({"type": "http.response.body", "body": part, "more_body": True})
        if not self._reset and self._sent == self._declared:
            await send({"type": "http.response.body", "body": b""})
            return
        transport = scope["state"]["transport"]
        if self._reset:
            await asyncio.sleep(0.05)  # what was sent so far is on its way
            # With no time to linger, closing is a reset.
            linger = struct.pack("ii", 1, 0)
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            transport.abort()
        else:
            transport.close()


def answer(book: Book, wanted: Request, switches: Switches, *, is_struck: bool) -> FileAnswer:
    """The file of an export; `is_struck`: the switches that spoil a body act on this one."""
    body = to_csv(book.header(wanted.report), find_rows(book, wanted, switches), switches)
    sent, reset = len(body), False
    if is_struck and switches.truncate_at_bytes is not None:
        sent = min(sent, switches.truncate_at_bytes)
    if is_struck and switches.drop_connection:
        sent, reset = min(sent, len(body) // 2), True
    declared = sent if is_struck and switches.short_content_length and not reset else len(body)
    return FileAnswer(body, wanted.file, sent=sent, declared=declared, reset=reset)
