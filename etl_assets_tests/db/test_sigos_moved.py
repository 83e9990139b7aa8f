"""A service whose day of execution is corrected into another month (specs/sigos.md 9, moved records).

Belongs here: what an incremental load leaves behind and the full one mends. Does not belong here: the log's own rules
(test_sigos_silver_changes.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from etl_assets.demo.sigos.book import Book, Sheet, to_ordinal
from etl_assets.demo.sigos.columns import COLUMNS, Report
from etl_assets.engine import run
from etl_assets.engine.audit import RunAudit
from etl_assets.engine.options import Options, Result
from etl_assets_tests.sigos import Sigos, written
from etl_assets_tests.sigos_files import PortalFiles

# The months of the last 60 days are May, June and July: March is read by full loads alone.
TODAY, MARCH, JUNE = date(2022, 7, 15), date(2022, 3, 10), date(2022, 6, 20)


def row(report: Report, unit: str, day: date, **more: str) -> list[str]:
    cells = {
        "UC / MD": unit, "EQUIPE": "POA2F107", "DATA EXECUCAO": f"{day:%d/%m/%Y}", "COD": "109", "CODIGO": "109",
        "TOI": "7654321", "STATUS": "BAIXADO", "MUNICIPIO": "Viamão", "TIPO SERVICO": "INSPECAO",
    } | more  # fmt: skip
    return [cells.get(c.upper(), "") for c in COLUMNS[report]]


def book(services: Mapping[str, date], returned: Mapping[str, date]) -> Book:
    sheets = {}
    for report, found in (("general", services), ("return", returned)):
        name: Report = "general" if report == "general" else "return"
        rows = [row(name, unit, day) for unit, day in found.items()]
        sheets[name] = Sheet(name, rows, [to_ordinal(day) for day in found.values()])
    return Book(1, 1, TODAY, sheets)


def load(sigos: Sigos, files: PortalFiles, mode: str) -> dict[str, Result]:
    options = Options(mode=mode, as_of_date=TODAY.isoformat())  # type: ignore[arg-type]
    audit = RunAudit(sigos.destination, options.load_type, "manual")
    found = {
        s.name: run.load(s, sigos.destination, audit, options, files=files if s.is_landing else None)
        for s in sigos.destination.graph.ordered
        if not s.is_view
    }
    audit.close([])
    return found


def services(sigos: Sigos) -> list[tuple[str, date]]:
    stored = sigos.rows("SELECT uc_md, data_execucao FROM silver.sigos_service ORDER BY 1, 2")
    shown = sigos.rows('SELECT "UC / MD", "DATA_EXECUCAO" FROM public.general_reports ORDER BY 1, 2')
    assert shown == stored, "the tables dashboards know follow"
    return [(unit, day) for unit, day in stored]


def changes(sigos: Sigos) -> list[tuple[str, str, date, date]]:
    named = "coalesce(new_values, old_values) ->> 'uc_md', change_type, data_execucao, _partition_month"
    found = sigos.rows(f"SELECT {named} FROM silver.sigos_service_change WHERE report = 'general' ORDER BY 1, 2")
    return [(unit, kind, day, month) for unit, kind, day, month in found]


def test_a_moved_service_is_there_twice_until_the_full_load_and_then_once(sigos: Sigos, tmp_path: Path) -> None:
    stays = {"1": MARCH, "2": JUNE, "4": MARCH, "5": MARCH}
    files = PortalFiles(book(stays | {"3": MARCH}, {"3": MARCH}), tmp_path)
    load(sigos, files, "full")
    rest = sorted(stays.items())
    assert services(sigos) == sorted([*rest, ("3", MARCH)])
    match = (
        "SELECT r.match_level, s.data_execucao FROM silver.sigos_service_return AS r "
        "LEFT JOIN silver.sigos_service AS s USING (service_key)"
    )
    assert sigos.rows(match) == [(1, MARCH)]

    files.book = book(stays | {"3": JUNE}, {"3": MARCH})
    load(sigos, files, "changed")
    assert services(sigos) == sorted([*rest, ("3", MARCH), ("3", JUNE)]), "its old key is still there"
    assert changes(sigos) == [("3", "I", JUNE, JUNE.replace(day=1))]

    load(sigos, files, "full")
    assert services(sigos) == sorted([*rest, ("3", JUNE)])
    assert changes(sigos) == [("3", "D", MARCH, MARCH.replace(day=1)), ("3", "I", JUNE, JUNE.replace(day=1))]
    assert sigos.rows(match) == [(0, None)], "the return is of March still, where nothing matches it now"
    assert written(load(sigos, files, "full")) == {}


def test_one_that_moves_between_recent_months_is_right_at_once(sigos: Sigos, tmp_path: Path) -> None:
    may = date(2022, 5, 31)
    stays = {"2": may, "3": may, "4": may}
    files = PortalFiles(book(stays | {"1": may}, {}), tmp_path)
    load(sigos, files, "full")
    files.book = book(stays | {"1": JUNE}, {})
    load(sigos, files, "changed")
    assert services(sigos) == [("1", JUNE), *stays.items()]
    assert [c[:3] for c in changes(sigos)] == [("1", "D", may), ("1", "I", JUNE)]
    assert written(load(sigos, files, "full")) == {}
