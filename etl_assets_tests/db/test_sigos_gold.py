"""Gold of a handful of services, every figure worked out by hand (spec sigos 8.3 to 8.6)."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from etl_assets.demo import embedded
from etl_assets_tests.sigos_gold import FRIDAY, HIGH, JANUARY, NORTH, SOUTH, Warehouse, told

NONE, NOBODY = "NAO INFORMADO", "NAO INFORMADA"


@pytest.fixture(scope="module")
def gold(pg_server: embedded.EmbeddedPostgres) -> Iterator[Warehouse]:
    """As of Thursday 30 July 2026, when January has been over for 180 days and its last week for 179."""
    made = told(embedded.ensure_database(pg_server, f"gold_{uuid.uuid4().hex[:12]}"))
    made.bring(as_of="2026-07-30")
    yield made
    made.close()


def test_no_check_finds_anything_wrong(gold: Warehouse) -> None:
    layers = {"gold", "ref"}
    wrong = {s.name: gold.violations(s.entity) for s in gold.destination.graph.specs if s.layer in layers}
    assert {name: found for name, found in wrong.items() if found} == {}


def test_a_second_run_of_the_day_writes_nothing(gold: Warehouse) -> None:
    assert {n: r.counts.changed for n, r in gold.bring(as_of="2026-07-30").items() if r.counts.changed} == {}
    assert {n: r.counts.changed for n, r in gold.bring("full", as_of="2026-07-30").items() if r.counts.changed} == {}


def test_dimensions_have_their_members_and_one_for_what_is_not_known(gold: Warehouse) -> None:
    assert gold.table("dim_team", "equipe", "regional", "grupo", "first_service_date", "is_active") == [
        (NOBODY, "NORTE", "BT", None, False),
        (HIGH, "NORTE", "AT", "2026-02-02", False),
        (NORTH, "NORTE", "BT", "2026-01-30", False),
        (SOUTH, "SUL", "BT", "2026-01-30", False),
    ]
    assert gold.table("dim_municipality", "municipio_norm", "municipio", "regional") == [
        (NONE, NONE, NONE), ("PELOTAS", "PELOTAS", "SUL"), ("VIAMAO", "VIAMÃO", "NORTE"),
    ]  # fmt: skip
    assert gold.table("dim_service_type", "tipo_servico") == [("INSPECAO",), (NONE,), ("REINSPECAO",)]
    assert gold.table("dim_status", "status", "status_group") == [
        ("BAIXADO", "BAIXADO"), ("CANCELADO", "CANCELADO"), (NONE, "ABERTO"), ("PENDENTE", "ABERTO"),
    ]  # fmt: skip
    assert gold.table("dim_return_reason", "motivo", "motivo_detalhado", "motivo_detalhado_2") == [
        ("DOCUMENTACAO", "FOTO AUSENTE", NONE), ("MEDIDOR", NONE, NONE), (NONE, NONE, NONE),
    ]  # fmt: skip
    assert gold.table("dim_irregularity_code", "cod", "class", where="cod IN ('109', '300') OR cod LIKE 'NAO%'") == [
        ("109", "C100"), ("300", "ACAO"), (NONE, "NAO MAPEADO"), ("NAO MAPEADO", "NAO MAPEADO"),
    ]  # fmt: skip
    for dimension, key in (("team", "team_key"), ("municipality", "municipality_key"), ("return_reason", "reason_key")):
        assert gold.one(f"SELECT count(*) FROM gold.dim_{dimension} WHERE {key} = -1") == 1


def test_services(gold: Warehouse) -> None:
    query = """
        SELECT s.uc_md_norm, f.date_key, t.equipe, m.municipio_norm, k.tipo_servico, u.status, f.cod,
            f.is_cancelled, f.is_closed, f.has_toi, f.toi_delivered, CAST(f.duration_min AS float), f.days_to_close,
            f.is_negotiated, f.return_count, f.is_returned
        FROM gold.fct_service AS f
        JOIN silver.sigos_service AS s USING (service_key) JOIN gold.dim_team AS t USING (team_key)
        JOIN gold.dim_municipality AS m USING (municipality_key)
        JOIN gold.dim_service_type AS k USING (service_type_key)
        JOIN gold.dim_status AS u USING (status_key) ORDER BY 1
    """
    yes, no, kind, town = True, False, "INSPECAO", "PELOTAS"
    assert gold.rows(query) == [
        ("1", 20260130, SOUTH, town, kind, "BAIXADO", "109", no, yes, yes, yes, 30.0, 3, yes, 2, yes),
        ("2", 20260130, SOUTH, town, kind, "CANCELADO", "109", yes, no, yes, no, None, None, yes, 0, no),
        ("3", 20260130, NORTH, "VIAMAO", kind, "PENDENTE", "201", no, no, yes, no, None, None, no, 0, no),
        ("4", 20260201, SOUTH, town, kind, "BAIXADO", "300", no, yes, no, no, 30.0, 1, no, 1, yes),
        # Closed before it was done: closed, but after no number of days. Code 999 is of no class.
        ("5", 20260201, NOBODY, town, kind, "PENDENTE", "NAO MAPEADO", no, yes, no, no, None, None, no, 0, no),
        # No minute passed: no duration.
        ("6", 20260202, HIGH, NONE, NONE, NONE, NONE, no, no, no, no, None, None, no, 0, no),
    ]


def test_returns(gold: Warehouse) -> None:
    query = """
        SELECT r.uc_md_norm, f.match_level, f.service_key IS NOT NULL, f.date_key, t.equipe, m.municipio_norm,
            k.tipo_servico, n.motivo, f.status, f.is_resolved, f.is_open, f.days_to_resolve, f.occurrences
        FROM gold.fct_service_return AS f
        JOIN silver.sigos_service_return AS r USING (return_key) JOIN gold.dim_team AS t USING (team_key)
        JOIN gold.dim_municipality AS m USING (municipality_key)
        JOIN gold.dim_service_type AS k USING (service_type_key)
        JOIN gold.dim_return_reason AS n USING (reason_key) ORDER BY 1
    """
    yes, no = True, False
    assert gold.rows(query) == [
        ("1", 1, yes, 20260130, SOUTH, "PELOTAS", "INSPECAO", "DOCUMENTACAO", "RESOLVIDO", yes, no, 10, 2),
        ("4", 1, yes, 20260201, SOUTH, "PELOTAS", "INSPECAO", NONE, "CANCELADO", no, no, None, 1),
        ("99", 0, no, 20260201, SOUTH, NONE, "REINSPECAO", "MEDIDOR", "RESOLVIDO", yes, no, 11, 1),
    ]


def test_the_overview_recomputes_rates_of_a_week_across_months(gold: Warehouse) -> None:
    columns = (
        "regional", "grupo", "services_protocoled", "services_cancelled", "cancel_rate", "services_executed",
        "services_closed", "closing_rate", "avg_days_to_close", "team_days", "services_per_team_day",
        "returned_services", "return_rate", "is_mature",
    )  # fmt: skip
    assert gold.table("mart_overview_weekly", "week_start", *columns, by="1, 2, 3") == [
        # The blank team is one of the north's by the contract's rule, and a team of its own.
        ("2026-01-26", "NORTE", "BT", 2, 0, "0.0000", 2, 1, "0.5000", None, 2, "1.0000", 0, "0.0000", False),
        ("2026-01-26", "SUL", "BT", 3, 1, "0.3333", 2, 2, "1.0000", "2.0000", 2, "1.0000", 2, "1.0000", False),
        ("2026-02-02", "NORTE", "AT", 1, 0, "0.0000", 1, 0, "0.0000", None, 1, "1.0000", 0, "0.0000", False),
    ]
    assert gold.table("mart_overview_monthly", "month_start", *columns, by="1, 2, 3", where="regional = 'SUL'") == [
        ("2026-01-01", "SUL", "BT", 2, 1, "0.5000", 1, 1, "1.0000", "3.0000", 1, "1.0000", 1, "1.0000", True),
        ("2026-02-01", "SUL", "BT", 1, 0, "0.0000", 1, 1, "1.0000", "1.0000", 1, "1.0000", 1, "1.0000", False),
    ]
    days = gold.table("mart_overview_daily", "service_date", *columns[:3], "is_mature", by="1, 2, 3")
    assert [(d[0], d[1], d[3], d[4]) for d in days] == [
        ("2026-01-30", "NORTE", 1, True), ("2026-01-30", "SUL", 2, True), ("2026-02-01", "NORTE", 1, False),
        ("2026-02-01", "SUL", 1, False), ("2026-02-02", "NORTE", 1, False),
    ]  # fmt: skip


def test_productivity_of_teams(gold: Warehouse) -> None:
    assert gold.table(
        "mart_productivity_team_weekly", "week_start", "equipe", "services_executed", "team_days",
        "services_per_team_day", "services_timed", "field_hours", "avg_duration_min", "services_per_field_hour",
        "services_with_toi", "toi_rate", "toi_delivery_rate", "findings", "finding_rate", "fraud_rate", by="1, 2",
    ) == [
        ("2026-01-26", NOBODY, 1, 1, "1.0000", 0, "0.0000", None, None, 0, "0.0000", None, 0, "0.0000", "0.0000"),
        ("2026-01-26", NORTH, 1, 1, "1.0000", 0, "0.0000", None, None, 1, "1.0000", "0.0000", 1, "1.0000", "0.0000"),
        ("2026-01-26", SOUTH, 2, 2, "1.0000", 2, "1.0000", "30.0000", "2.0000", 1, "0.5000", "1.0000", 1, "0.5000",
         "0.5000"),
        ("2026-02-02", HIGH, 1, 1, "1.0000", 0, "0.0000", None, None, 0, "0.0000", None, 0, "0.0000", "0.0000"),
    ]  # fmt: skip


def test_quality_by_team_municipality_and_kind(gold: Warehouse) -> None:
    figures = (
        "services_executed", "returned_services", "return_rate", "first_pass_rate", "return_count_sum",
        "rework_intensity", "repeat_returned_services", "repeat_return_rate", "returns_total", "returns_open",
        "returns_resolved", "resolution_rate", "avg_days_to_resolve", "p90_days_to_resolve", "unmatched_returns",
    )  # fmt: skip
    south = (2, 2, "1.0000", "0.0000", 3, "1.5000", 1, "0.5000", 3, 0, 2, "0.6667", "10.5000", "10.9000", 1)
    assert gold.table("mart_quality_team_weekly", *figures, where=f"equipe = '{SOUTH}'") == [south]
    towns = gold.table("mart_quality_municipality_weekly", "week_start", "municipio_norm", *figures, by="1, 2")
    assert [t[:2] for t in towns] == [
        ("2026-01-26", NONE), ("2026-01-26", "PELOTAS"), ("2026-01-26", "VIAMAO"), ("2026-02-02", NONE),
    ]  # fmt: skip
    # The return without a service has no municipality, and nobody executed anything there.
    assert towns[0][2:] == (0, 0, None, None, 0, None, 0, None, 1, 0, 1, "1.0000", "11.0000", "11.0000", 1)
    assert towns[1][2:] == (3, 2, "0.6667", "0.3333", 3, "1.5000", 1, "0.5000", 2, 0, 1, "0.5000", "10.0000",
                            "10.0000", 0)  # fmt: skip
    kinds = gold.table("mart_quality_service_monthly", "month_start", "tipo_servico", "services_executed",
                       "returned_services", "returns_total", "is_mature", by="1, 2")  # fmt: skip
    assert kinds == [
        ("2026-01-01", "INSPECAO", 2, 1, 1, True),
        ("2026-02-01", "INSPECAO", 2, 1, 1, False),
        ("2026-02-01", NONE, 1, 0, 0, False),
        ("2026-02-01", "REINSPECAO", 0, 0, 1, False),
    ]
    daily = gold.table(
        "mart_quality_team_daily", "service_date", "returned_services", by="1", where=f"equipe = '{SOUTH}'"
    )
    assert daily == [("2026-01-30", 1), ("2026-02-01", 1)]


def test_reasons_recovery_and_what_is_waiting(gold: Warehouse) -> None:
    reasons = ("month_start", "motivo", "motivo_detalhado", "equipe", "returns_total", "share_of_month",
               "returns_resolved", "avg_days_to_resolve")  # fmt: skip
    assert gold.table("mart_return_reason_monthly", *reasons, by="1, 2") == [
        ("2026-01-01", "DOCUMENTACAO", "FOTO AUSENTE", SOUTH, 1, "1.0000", 1, "10.0000"),
        ("2026-02-01", "MEDIDOR", NONE, SOUTH, 1, "0.5000", 1, "11.0000"),
        ("2026-02-01", NONE, NONE, SOUTH, 1, "0.5000", 0, None),
    ]
    recovery = ("code_class", "municipio_norm", "services_executed", "findings", "services_with_toi",
                "toi_delivery_rate", "services_negotiated", "negotiation_rate", "negotiated_amount")  # fmt: skip
    january = gold.table("mart_recovery_monthly", *recovery, by="1", where="month_start = '2026-01-01'")
    assert january == [
        ("C100", "PELOTAS", 1, 1, 1, "1.0000", 1, "1.0000", "1100.10"),
        ("C200", "VIAMAO", 1, 1, 1, "0.0000", 0, "0.0000", "0.00"),
    ]
    backlog = gold.table("mart_backlog_daily", "snapshot_date", "equipe", "age_bucket", "open_services", "open_returns",
                         by="1, 2")  # fmt: skip
    assert backlog == [("2026-07-30", HIGH, ">60", 1, 0), ("2026-07-30", NORTH, ">60", 1, 0)]


def test_the_calendar_knows_easter_and_the_holidays_of_each_year(gold: Warehouse) -> None:
    days = "SELECT CAST(calendar_date AS text), holiday, is_workday FROM ref.calendar WHERE"
    assert gold.rows("SELECT CAST(min(calendar_date) AS text), CAST(max(calendar_date) AS text) FROM ref.calendar") == [
        ("2022-01-01", "2027-12-31")
    ]
    fridays = f"{days} holiday = 'Sexta-feira Santa' ORDER BY 1"
    assert [d for d, *_ in gold.rows(fridays)] == [
        "2022-04-15", "2023-04-07", "2024-03-29", "2025-04-18", "2026-04-03", "2027-03-26",
    ]  # fmt: skip
    assert gold.rows(f"{days} calendar_date IN ('2026-02-16', '2026-02-17', '2026-06-04') ORDER BY 1") == [
        ("2026-02-16", "Carnaval", True), ("2026-02-17", "Carnaval", True), ("2026-06-04", "Corpus Christi", True),
    ]  # fmt: skip
    # A holiday since 2024. Of 2026: a Saturday is a workday, a Sunday and a holiday are none.
    assert gold.rows(f"{days} month = 11 AND day = 20 AND year IN (2023, 2024) ORDER BY 1") == [
        ("2023-11-20", None, True), ("2024-11-20", "Dia da Consciência Negra", False),
    ]  # fmt: skip
    week = gold.rows(f"{days} calendar_date BETWEEN '2026-09-04' AND '2026-09-08' ORDER BY 1")
    assert [w for *_, w in week] == [True, True, False, False, True]
    ends = "SELECT iso_year, iso_week, weekday, CAST(week_start AS text) FROM ref.calendar WHERE calendar_date ="
    assert gold.rows(f"{ends} '2027-01-03'") == [(2026, 53, 7, "2026-12-28")]


def test_a_share_is_rounded_once(pg_server: embedded.EmbeddedPostgres) -> None:
    """One of 32 returned: 3.125 % and 96.875 %, which are halves of the last decimal, both rounded away from zero."""
    made = Warehouse(embedded.ensure_database(pg_server, f"gold_{uuid.uuid4().hex[:12]}"))
    made.tell("general", [{"uc_md": str(n), "data_execucao": FRIDAY} for n in range(1, 33)], JANUARY)
    made.tell("return", [{"uc_md": "1", "data_execucao": FRIDAY}], JANUARY)
    made.bring()
    for name in ("mart_quality_team_daily", "mart_quality_service_weekly", "mart_quality_municipality_monthly"):
        assert made.table(name, "services_executed", "return_rate", "first_pass_rate") == [(32, "0.0313", "0.9688")]
    made.close()
