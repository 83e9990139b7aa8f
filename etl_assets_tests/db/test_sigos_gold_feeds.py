"""A change below gold reaches the months and weeks it concerns, and no others; keys and snapshots outlive it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping

import psycopg
import pytest
from psycopg import sql

from etl_assets.demo import embedded
from etl_assets.engine import pending
from etl_assets.engine.options import Result
from etl_assets_tests.sigos_gold import FEBRUARY, HIGH, JANUARY, NORTH, RETURNS, SERVICES, SOUTH, Warehouse, told

DAY = "2026-07-30"
# 1 February is a Sunday: of January's last week.
WEEKS_OF_FEBRUARY = {"2026-01-26", "2026-02-02", "2026-02-09", "2026-02-16", "2026-02-23"}
BY_MONTH = {"fct_service", "agg_service_daily"} | {
    f"mart_{m}_{p}"
    for m in ("overview", "productivity_team", "quality_team", "quality_municipality", "quality_service")
    for p in ("daily", "monthly")
}  # fmt: skip
BY_WEEK = {m.replace("_daily", "_weekly") for m in BY_MONTH if m.startswith("mart_") and m.endswith("_daily")}


@pytest.fixture(scope="module")
def loaded(pg_server: embedded.EmbeddedPostgres) -> str:
    """The name of a database that every test gets a copy of."""
    name = f"gold_{uuid.uuid4().hex[:12]}"
    made = told(embedded.ensure_database(pg_server, name))
    made.bring(as_of=DAY)
    made.close()
    made.destination.engine.dispose()
    return name


@pytest.fixture
def gold(pg_server: embedded.EmbeddedPostgres, loaded: str) -> Iterator[Warehouse]:
    name = f"{loaded}_{uuid.uuid4().hex[:6]}"
    with psycopg.connect(pg_server.url("postgres").replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(loaded))
        )
        made = Warehouse(pg_server.url(name))
        yield made
        made.close()
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def rebuilt(results: Mapping[str, Result]) -> dict[str, set[str]]:
    """Months or weeks rebuilt of each table of gold, where there were any; not of the mart of changes."""
    of_changes = ("sigos_", "mart_audit_")
    return {n: set(r.months) for n, r in results.items() if r.months and not n.startswith(of_changes)}


def changed(results: Mapping[str, Result]) -> set[str]:
    return {n for n, r in results.items() if r.counts.changed and not n.startswith(("sigos_", "mart_audit_"))}


def again(gold: Warehouse, month: str, number: int, **cells: str) -> None:
    """Tell a month's services once more, one of them otherwise."""
    rows = [{**r, **cells} if n == number else r for n, r in enumerate(SERVICES)]
    gold.tell("general", rows, month)


def test_a_service_that_changed_rebuilds_its_month_and_the_weeks_of_it(gold: Warehouse) -> None:
    again(gold, FEBRUARY, 3, status="CANCELADO", data_baixado="")
    results = gold.bring(as_of=DAY)
    found = rebuilt(results)
    assert {n for n, periods in found.items() if periods == {FEBRUARY}} == BY_MONTH | {"mart_recovery_monthly"}
    assert {n for n, periods in found.items() if periods == WEEKS_OF_FEBRUARY} == BY_WEEK
    assert found.keys() == BY_MONTH | {"mart_recovery_monthly"} | BY_WEEK
    week = gold.table("mart_overview_weekly", "services_executed", "return_rate", where="regional = 'SUL'")
    assert week == [(1, "1.0000")], "of the week's services the one of January is left"
    assert changed(gold.bring("full", as_of=DAY)) == set()


def test_a_column_gold_does_not_show_changes_nothing_there(gold: Warehouse) -> None:
    again(gold, FEBRUARY, 3, tipo_medicao="INDIRETA")
    results = gold.bring(as_of=DAY)
    assert results["sigos_service"].counts.updated == 1
    assert rebuilt(results) == {"fct_service": {FEBRUARY}}
    assert changed(results) == set()


def test_a_return_that_came_reaches_its_service(gold: Warehouse) -> None:
    late = {
        "uc_md": "3", "data_execucao": "30/01/2026", "codigo": "201", "toi": "3", "equipe": NORTH, "motivo": "MEDIDOR",
        "status": "EM CAMPO",
    }  # fmt: skip
    gold.tell("return", (*RETURNS, late), JANUARY)
    results = gold.bring(as_of=DAY)
    assert rebuilt(results)["fct_service"] == rebuilt(results)["fct_service_return"] == {JANUARY}
    assert rebuilt(results)["mart_return_reason_monthly"] == {JANUARY}
    assert gold.table("mart_quality_team_monthly", "return_rate", "returns_open", where=f"equipe = '{NORTH}'") == [
        ("1.0000", 1)
    ]
    assert changed(gold.bring("full", as_of=DAY)) == set()


def test_what_only_a_return_says_leaves_the_services_alone(gold: Warehouse) -> None:
    rows = [{**r, "data_resolvido": "19/02/2026"} if r["status"] == "RESOLVIDO" else r for r in RETURNS]
    gold.tell("return", rows, JANUARY)
    results = gold.bring(as_of=DAY)
    assert "fct_service" not in rebuilt(results)
    assert results["fct_service_return"].counts.updated == 1
    assert gold.table("mart_quality_team_monthly", "avg_days_to_resolve", where="returns_total = 1") == [("20.0000",)]
    assert changed(gold.bring("full", as_of=DAY)) == set()


def test_another_spelling_reaches_the_marts_that_show_it(gold: Warehouse) -> None:
    """Of two spellings as frequent the first in the alphabet is shown: Viamao comes before Viamão."""
    other = {**SERVICES[2], "uc_md": "7", "municipio": "Viamao", "data_execucao": "02/02/2026"}
    gold.tell("general", (*SERVICES, other), FEBRUARY)
    results = gold.bring(as_of=DAY)
    assert gold.table("dim_municipality", "municipio", where="municipio_norm = 'VIAMAO'") == [("VIAMAO",)]
    found = rebuilt(results)
    assert found["mart_quality_municipality_monthly"] == found["mart_recovery_monthly"] == {JANUARY, FEBRUARY}
    assert found["fct_service"] == found["agg_service_daily"] == found["mart_quality_team_monthly"] == {FEBRUARY}
    assert changed(gold.bring("full", as_of=DAY)) == set()


def test_periods_that_become_mature_are_rebuilt_the_day_they_do(gold: Warehouse) -> None:
    results = gold.bring(as_of="2026-07-31")
    weekly = {f"mart_{m}_weekly" for m in ("overview", "quality_team", "quality_municipality", "quality_service")}
    daily = {m.replace("weekly", "daily") for m in weekly}
    # Sunday 1 February, and the week that ended with it; no month ended then.
    assert changed(results) - {"mart_backlog_daily"} == {"dim_date"} | weekly | daily
    assert {frozenset(rebuilt(results)[m]) for m in daily} == {frozenset({FEBRUARY})}
    assert gold.table("mart_overview_weekly", "week_start", "is_mature", by="1, 2", where="grupo = 'BT'") == [
        ("2026-01-26", True), ("2026-01-26", True),
    ]  # fmt: skip
    assert gold.table("mart_overview_monthly", "is_mature", where=f"month_start = '{FEBRUARY}'") == [(False,)] * 3
    assert changed(gold.bring(as_of="2026-07-31")) == set()


def test_a_dimension_loaded_after_its_facts_brings_their_keys_in_line(gold: Warehouse) -> None:
    again(gold, FEBRUARY, 3, equipe="RS-PEL-F002M")
    gold.bring(as_of=DAY, without={"dim_team"})
    assert gold.number("SELECT count(*) FROM gold.fct_service WHERE team_key = -1") == 2
    gold.bring(as_of=DAY, only={"dim_team"})
    assert pending.waiting(gold.destination)["sigos.gold.fct_service"] == {FEBRUARY}
    gold.bring(as_of=DAY)
    assert gold.number("SELECT count(*) FROM gold.fct_service WHERE team_key = -1") == 1
    assert changed(gold.bring("full", as_of=DAY)) == set()


def test_a_code_that_gets_another_class_moves_its_months(gold: Warehouse) -> None:
    gold.sql("UPDATE gold.dim_irregularity_code SET class = 'C300' WHERE cod = '300'")
    gold.bring("full", only={"agg_service_daily"}, as_of=DAY)
    gold.sql("UPDATE ref.irregularity_code SET label = label || '.' WHERE cod = '109'")
    results = gold.bring("full", only={"dim_irregularity_code"}, as_of=DAY)
    assert results["dim_irregularity_code"].counts.updated == 2
    # That of 300 is of another class again; of 109 nothing is shown that changed.
    assert pending.waiting(gold.destination)["sigos.gold.agg_service_daily"] == {FEBRUARY}
    gold.bring(as_of=DAY)
    assert gold.table("agg_service_daily", "services_protocoled", where="code_class = 'C300'") == []


def test_surrogate_keys_survive_a_member_that_is_gone_for_a_while(gold: Warehouse) -> None:
    key = f"SELECT team_key, is_deleted FROM gold.dim_team WHERE equipe = '{HIGH}'"
    ((before, deleted),) = gold.rows(key)
    assert not deleted
    gold.tell("general", SERVICES[:5], FEBRUARY)
    gold.bring(as_of=DAY)
    assert gold.rows(key) == [(before, True)]
    assert gold.table("dim_service_type", "is_deleted", where="tipo_servico = 'INSPECAO'") == [(False,)]
    gold.tell("general", SERVICES, FEBRUARY)
    gold.bring(as_of=DAY)
    gold.bring("full", as_of=DAY)
    assert gold.rows(key) == [(before, False)]
    assert gold.number(f"SELECT count(*) FROM gold.fct_service WHERE team_key = {before}") == 1


def test_kinds_and_status_come_and_go_with_the_last_service_that_names_them(gold: Warehouse) -> None:
    again(gold, FEBRUARY, 3, tipo_servico="VARREDURA", status="EM ANALISE")
    gold.bring(as_of=DAY)
    kind = "SELECT is_deleted FROM gold.dim_service_type WHERE tipo_servico = 'VARREDURA'"
    assert (
        gold.rows(kind) == gold.rows("SELECT is_deleted FROM gold.dim_status WHERE status = 'EM ANALISE'") == [(False,)]
    )
    gold.tell("general", SERVICES, FEBRUARY)
    gold.bring(as_of=DAY)
    assert (
        gold.rows(kind) == gold.rows("SELECT is_deleted FROM gold.dim_status WHERE status = 'EM ANALISE'") == [(True,)]
    )
    assert changed(gold.bring("full", as_of=DAY)) == set()


def test_the_backlog_of_a_day_stays_when_the_next_is_counted(gold: Warehouse) -> None:
    of = ("equipe", "age_bucket", "open_services", "open_returns")
    open_ = {
        "uc_md": "4", "data_execucao": "01/02/2026", "codigo": "300", "toi": "", "status": "PENDENTE",
        "motivo": "MATERIAL",
    }  # fmt: skip
    # A day before the newest is never made: here there is none yet.
    gold.sql("DELETE FROM gold.mart_backlog_daily")
    gold.tell("return", (open_,), FEBRUARY)
    for day in ("2026-02-16", "2026-02-17", DAY):
        gold.bring(as_of=day)
    assert gold.table("mart_backlog_daily", *of, by="1", where=f"snapshot_date = '{DAY}'")
    ages = gold.table("mart_backlog_daily", "snapshot_date", *of, by="1, 2", where="snapshot_date < '2026-03-01'")
    assert ages == [
        ("2026-02-16", HIGH, "8-15", 1, 0), ("2026-02-16", NORTH, "16-30", 1, 0), ("2026-02-16", SOUTH, "8-15", 0, 1),
        ("2026-02-17", HIGH, "8-15", 1, 0), ("2026-02-17", NORTH, "16-30", 1, 0), ("2026-02-17", SOUTH, "16-30", 0, 1),
    ]  # fmt: skip


def test_changes_are_counted_in_the_week_they_are_detected(gold: Warehouse) -> None:
    """Monday 6 April 00:30 UTC is still Sunday in São Paulo: the week of 30 March."""
    rows = [{**r, "municipio": "Rio Grande", "status": "PENDENTE"} if n == 0 else r for n, r in enumerate(SERVICES)]
    january = [r for r in rows if str(r["data_execucao"]).endswith("/01/2026")]
    gold.extract("general", *january, month=JANUARY, at="2026-04-06 00:30+00")
    gold.bring(as_of=DAY)
    gold.extract("general", *january[:2], month=JANUARY, at="2026-04-06 12:00+00")
    results = gold.bring(as_of=DAY)
    columns = ("week_start", "change_type", "column_name", "changed_rows", "changed_rows_over_60_days")
    assert gold.table("mart_audit_change_weekly", *columns, by="1, 2, 3") == [
        ("2026-03-30", "U", "municipio", 1, 1),
        ("2026-03-30", "U", "status", 1, 1),
        ("2026-04-06", "D", "*", 1, 1),
    ]
    assert set(results["mart_audit_change_weekly"].months) >= {"2026-03-30", "2026-04-06"}
