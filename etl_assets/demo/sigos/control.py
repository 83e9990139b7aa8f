"""`/__controle`: tests set switches, change the data, and ask what is true (spec 3.5).

Belongs here: the JSON of the endpoint. Does not belong here: what switches and changes do (switches.py, mutate.py).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from etl_assets.demo.sigos.book import Book
from etl_assets.demo.sigos.columns import REPORTS
from etl_assets.demo.sigos.portal import Counters, Portal
from etl_assets.demo.sigos.switches import Switches, SwitchError

PATH = "/__controle"
ROWS = "/__controle/linhas"


def routes(portal: Portal, synthesize: Callable[[], Book]) -> list[Route]:
    """`synthesize` makes the book as it was at the start."""

    async def control(request: Request) -> Response:
        if request.method == "GET":
            return JSONResponse(state(portal))
        try:
            asked = json.loads(await request.body())
        except ValueError:
            return JSONResponse({"error": "the body is not JSON"}, status_code=400)
        if not isinstance(asked, dict):
            return JSONResponse({"error": "the body is not an object of switches"}, status_code=400)
        try:
            done = apply(portal, asked, synthesize)
        except SwitchError as refused:
            return JSONResponse({"error": str(refused)}, status_code=400)
        return JSONResponse({**state(portal), "done": done})

    async def rows(request: Request) -> Response:
        report = request.query_params.get("report", "")
        if report not in REPORTS:
            return JSONResponse({"error": f"report: one of {', '.join(REPORTS)}"}, status_code=400)
        found = portal.book.select(report, date.min, date.max)
        return JSONResponse(
            {
                "columns": list(portal.book.header(report)),
                "days": [day.isoformat() for day, _ in found],
                "rows": [row for _, row in found],
            }
        )

    return [Route(PATH, control, methods=["GET", "POST"]), Route(ROWS, rows, methods=["GET"])]


def state(portal: Portal) -> dict[str, Any]:
    book = portal.book
    return {
        "today": book.today.isoformat(),
        "counts": {report: sheet.by_month() for report, sheet in book.sheets.items()},
        **asdict(portal.counters),
        "sessions": len(portal.sessions),
        "switches": asdict(portal.switches),
    }


def apply(portal: Portal, asked: dict[str, Any], synthesize: Callable[[], Book]) -> dict[str, Any]:
    """Do what is asked, a reset first. Raises SwitchError, and then has changed no switch."""
    switches = {**asked}
    reset = switches.pop("reset", False)
    if reset not in (False, True, "data"):
        raise SwitchError(f"reset takes true (switches, counters, sessions) or 'data' (rows as well), not {reset!r}")
    base = Switches() if reset else portal.switches
    base.set(switches)
    if reset:
        portal.switches, portal.counters = base, Counters()
        portal.sessions.end_all()
        if reset == "data":
            portal.book = synthesize()
    return {}
