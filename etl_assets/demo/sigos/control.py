"""`/__controle`: tests set switches, change the data, and ask what is true (spec 3.5).

Belongs here: the JSON of the endpoint. Does not belong here: what switches and changes do (switches.py, mutate.py).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from etl_assets.demo.sigos import mutate
from etl_assets.demo.sigos.book import Book
from etl_assets.demo.sigos.columns import REPORTS, Report
from etl_assets.demo.sigos.portal import Counters, Portal
from etl_assets.demo.sigos.switches import SwitchError, Switches

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
    """Do what is asked: a reset first, then switches, then changes of the data. Returns what the changes did.

    Raises SwitchError, and then nothing has changed, but where more rows were to be deleted than there are.
    """
    reset = asked.get("reset", False)
    if reset not in (False, True, "data"):
        raise SwitchError(f"reset takes true (switches, counters, sessions) or 'data' (rows as well), not {reset!r}")
    mutations = {name: mutation(asked[name]) for name, mutation in _MUTATIONS.items() if name in asked}
    base = Switches() if reset else portal.switches
    base.set({name: value for name, value in asked.items() if name not in ("reset", *_MUTATIONS)})
    if reset:
        portal.switches, portal.counters = base, Counters()
        portal.sessions.end_all()
    if reset == "data":
        portal.book = synthesize()
    return {name: mutate(portal.book) for name, mutate in mutations.items()}


Mutation = Callable[[Book], Any]


def _passing_days(asked: Any) -> Mutation:
    days = 1 if asked is True else asked
    if not isinstance(days, int) or not 1 <= days <= 366:
        raise SwitchError(f"day_passes takes true or a number of days up to 366, not {asked!r}")
    return lambda book: [_shown(mutate.pass_day(book)) for _ in range(days)]


def _audit(asked: Any) -> Mutation:
    """A share, or {"share": 0.003, "seed": 1}."""
    given = asked if isinstance(asked, dict) else {"share": asked}
    share, seed = given.get("share"), given.get("seed", 0)
    is_known = set(given) <= {"share", "seed"} and isinstance(seed, int) and seed >= 0
    if not is_known or not isinstance(share, int | float) or not 0 < share <= 1:
        raise SwitchError(f'audit_mutation takes a share above 0, or {{"share": 0.003, "seed": 1}}, not {asked!r}')
    return lambda book: _shown(mutate.audit(book, share, seed))


def _deletion(asked: Any) -> Mutation:
    """A number of rows of the general report, or {"report": …, "rows": …, "month": "YYYY-MM", "seed": …}."""
    given = asked if isinstance(asked, dict) else {"rows": asked}
    report, rows = given.get("report", "general"), given.get("rows")
    month, seed = given.get("month"), given.get("seed", 0)
    if (
        set(given) - {"report", "rows", "month", "seed"}
        or report not in REPORTS
        or not (isinstance(rows, int) and rows > 0 and rows is not True)
        or not (month is None or isinstance(month, str))
        or not (isinstance(seed, int) and seed >= 0)
    ):
        raise SwitchError(
            "delete_rows takes a number of rows, or "
            f'{{"report": "return", "rows": 5, "month": "2025-03"}}, not {asked!r}'
        )

    def delete(book: Book) -> Any:
        try:
            return {report: mutate.delete(book, report, rows, month, seed).as_dict()}
        except ValueError as few:
            raise SwitchError(f"delete_rows: {few}") from None

    return delete


def _shown(done: Mapping[Report, mutate.Changes]) -> dict[str, Any]:
    return {report: changes.as_dict() for report, changes in done.items()}


_MUTATIONS: dict[str, Callable[[Any], Mutation]] = {
    "day_passes": _passing_days,
    "audit_mutation": _audit,
    "delete_rows": _deletion,
}
