"""What the checks of bronze and silver find (specs/sigos.md 7.2), and which of them block."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from etl_assets.engine.checks import Graded
from etl_assets.engine.control import extraction, landed
from etl_assets.orchestration.checks import _severity
from etl_assets_tests.sigos import Cells, Sigos

BLOCKING = {
    "sigos_general_raw": {"unique_key", "not_null", "extractions_whole", "within_window"},
    "sigos_service": {"unique_key", "not_null", "bronze_accounted", "rejected_share"},
    "sigos_service_return": {"unique_key", "not_null", "bronze_accounted", "rejected_share"},
    "sigos_service_change": {"unique_key", "not_null"},
}


@pytest.mark.parametrize("table", BLOCKING)
def test_what_blocks(sigos: Sigos, table: str) -> None:
    checks = sigos.destination.graph.find(table).all_checks()
    assert {c.name for c in checks if c.blocking} == BLOCKING[table]


def test_nothing_is_found_in_good_rows(sigos: Sigos) -> None:
    sigos.extract("general", {}, {})
    sigos.extract("return", {}, {})
    sigos.load()
    tables = ("sigos_general_raw", "sigos_return_raw", "sigos_service", "sigos_service_return", "sigos_rejected_row")
    assert [v for t in tables if (v := sigos.violations(t))] == []


@pytest.mark.parametrize(
    ("cells", "check"),
    [
        ({"data_baixado": "09/03/2025"}, "closed_after_execution"),
        ({"hora_inicio_servico": "10:00", "hora_fim_servico": "09:59"}, "duration_plausible"),
        ({"status": "SUMIU"}, "status_accepted"),
        ({"cod": "999"}, "code_mapped"),
        ({"equipe": "POA2A101"}, "grupo_agrees"),
        ({"uc_md": "-"}, "unit_known"),
        ({"data_ar": "31/02/2025"}, "values_readable"),
    ],
)
def test_warnings_of_services(sigos: Sigos, cells: Cells, check: str) -> None:
    sigos.extract("general", cells, {"toi": "another"})
    sigos.load(only=["sigos_rejected_row", "sigos_service"])
    assert sigos.violations("sigos_service") == {check: 1}


def test_a_service_may_last_past_midnight(sigos: Sigos) -> None:
    sigos.extract("general", {"hora_inicio_servico": "22:00", "hora_fim_servico": "01:00"}, {"toi": "2", "cod": "0300"})
    sigos.load(only=["sigos_rejected_row", "sigos_service"])
    assert sigos.violations("sigos_service") == {}


@pytest.mark.parametrize(
    ("cells", "check"),
    [({"data_resolvido": "09/03/2025"}, "resolved_after_execution"), ({"status": "SUMIU"}, "status_accepted")],
)
def test_warnings_of_returns(sigos: Sigos, cells: Cells, check: str) -> None:
    sigos.extract("general", {})
    sigos.extract("return", cells)
    sigos.load()
    assert sigos.violations("sigos_service_return") == {check: 1}


def test_every_record_is_accounted_for_month_by_month(sigos: Sigos) -> None:
    sigos.extract("general", {}, {}, {"data_execucao": ""})
    sigos.extract("general", {"data_execucao": "05/02/2025"}, month="2025-02-01")
    sigos.load()
    assert sigos.violations("sigos_service") == {}
    sigos.sql("UPDATE silver.sigos_service SET _partition_month = '2025-03-01', toi = 'moved' WHERE dup_count = 0")
    assert sigos.violations("sigos_service") == {"bronze_accounted": 2}, "in total nothing is missing"


def test_a_month_not_yet_taken_up_is_not_held_against_silver(sigos: Sigos) -> None:
    sigos.extract("general", {})
    assert sigos.violations("sigos_service") == {}
    sigos.sql("DELETE FROM ctl.pending_partition")
    assert sigos.violations("sigos_service") == {"bronze_accounted": 1}


def test_more_than_half_a_percent_rejected_is_an_error_and_ten_are_none(sigos: Sigos) -> None:
    bad: Cells = {"data_execucao": ""}
    sigos.extract("general", *[bad] * 10, {})
    sigos.load(only=["sigos_rejected_row", "sigos_service"])
    assert sigos.violations("sigos_service") == {}
    sigos.extract("general", *[bad] * 11, *({"toi": str(i)} for i in range(2189)))
    sigos.load(only=["sigos_rejected_row", "sigos_service"])
    assert sigos.violations("sigos_service") == {}, "0.5 % of 2,200"
    sigos.extract("general", *[bad] * 12, *({"toi": str(i)} for i in range(2188)))
    sigos.load(only=["sigos_rejected_row", "sigos_service"])
    assert sigos.violations("sigos_service") == {"rejected_share": 12}


def test_records_outside_of_the_window_warn_and_many_block(sigos: Sigos) -> None:
    outside: Cells = {"_problem": "outside_window", "_raw": "x"}
    sigos.extract("general", outside, *({"toi": str(i)} for i in range(200)))
    assert sigos.violations("sigos_general_raw") == {"within_window": 1}
    (check,) = [c for c in sigos.destination.graph.find("sigos_general_raw").checks if c.name == "within_window"]
    assert isinstance(check, Graded)
    assert [_severity(check, n, 201).value for n in (1, 2, 3)] == ["WARN", "WARN", "ERROR"]


def test_gap_30_rows_that_are_gone_from_bronze_are_missed(sigos: Sigos) -> None:
    """As built: nothing reconciles rows."""
    sigos.extract("general", {}, {})
    sigos.sql("DELETE FROM bronze.sigos_general_raw WHERE _line_no = 3")
    assert sigos.violations("sigos_general_raw") == {"extractions_whole": 1}


def test_a_column_nobody_declared_warns(sigos: Sigos) -> None:
    sigos.extract("general", {"_extras": '{"NOVA": "x"}'}, {})
    assert sigos.violations("sigos_general_raw") == {"columns_known": 1}


def test_another_header_warns_in_the_run_that_has_it(sigos: Sigos) -> None:
    def asked(run: int, fingerprint: str) -> None:
        at = datetime(2025, 4, 2, tzinfo=UTC)
        values = {
            "entity": "sigos.bronze.sigos_general_raw", "feed": "general", "load_type": "full", "window_start": at,
            "window_end": at, "attempts": 1, "started_at": at, "finished_at": at, "outcome": "ok",
            "header_fingerprint": fingerprint, "run_id": run, "rows": 3,
        }  # fmt: skip
        sigos.connection.execute(sa.insert(extraction).values(values))

    asked(1, "a")
    asked(2, "a")
    assert sigos.violations("sigos_general_raw") == {}
    asked(3, "a")
    asked(3, "b")
    assert sigos.violations("sigos_general_raw") == {"header_unchanged": 1}
    asked(4, "b")
    assert sigos.violations("sigos_general_raw") == {}
    log = sigos.rows("SELECT report, mode, rows, outcome FROM bronze.sigos_extraction_log")
    assert log == [("general", "full", 3, "ok")] * 5


def test_a_month_that_shrank_warns(sigos: Sigos) -> None:
    sigos.extract("general", *({"toi": str(i)} for i in range(10)))
    sigos.extract("general", *({"toi": str(i)} for i in range(7)))
    assert sigos.violations("sigos_general_raw") == {}
    sigos.extract("general", *({"toi": str(i)} for i in range(4)))
    assert sigos.violations("sigos_general_raw") == {"not_shrunk": 1}
    sigos.connection.execute(sa.update(landed).values(month=sa.func.date_trunc("month", sa.func.now())))
    assert "not_shrunk" not in sigos.violations("sigos_general_raw"), "the current month may"
