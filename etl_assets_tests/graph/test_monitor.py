"""The monitor of a system: what it shows, that each of its checks fires on an injected condition, and only then."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pytest

from etl_assets.definitions import build_defs
from etl_assets.orchestration import alerts
from etl_assets.orchestration.monitor import build_monitor, monitor_key
from etl_assets.orchestration.system import Monitoring, Watched
from etl_assets_tests.graph.lookout import ENTITIES, Seen, look, seen
from etl_assets_tests.graph.shop import Shop
from etl_assets_tests.graph.world import Databases, World, execute, rows

CHECKS = {c.name for c in (*alerts.ALERTS, *alerts.QUALITY)}
# What the synthetic shop plants: rows of the source that are dated in the future.
PLANTED = "origem_no_futuro"
NOW = "date_trunc('second', clock_timestamp() AT TIME ZONE 'UTC')"
NUMBERS = {
    "entidades_ativas", "taxa_sucesso_24h_pct", "taxa_sucesso_7d_pct", "runs_falhos_24h", "cobertura_global_pct",
    "pendencia_total", "latencia_media_min", "throughput_medio_24h", "conformidade_sla_pct", "status_ok",
    "status_rodando", "status_falha", "status_sem_execucao", "status_pendente_estrutura",
}  # fmt: skip


def at(shop: Shop, later: timedelta = timedelta(0)) -> Seen:
    """What the monitor shows, as if `later`."""
    return look(shop.system, lambda: datetime.now(tz=UTC) + later)


def run(shop: Shop, *entities: str, kind: str = "incremental") -> bool:
    """Load entities from the source on."""
    return shop.run(kind, entities=entities, upstream=True).success


def injected(look_: Seen) -> dict[str, set[str]]:
    return {name: entities for name, entities in look_.fired.items() if name != PLANTED}


def touch(shop: Shop, table: str, key: str, *, minutes_ago: int = 3, rows_: int = 1) -> None:
    """The application changes rows of a table, as if some minutes ago."""
    changed = execute(
        shop.source,
        f"UPDATE core.{table} SET updated_at = {NOW} - interval '{minutes_ago} minutes' WHERE {key} IN "
        f"(SELECT {key} FROM core.{table} WHERE updated_at < {NOW} - interval '1 day' ORDER BY 1 LIMIT {rows_})",
    )
    assert changed == rows_


def test_its_own_job_shows_a_table_and_numbers_over_time(loaded_shop: Shop) -> None:
    job = loaded_shop.defs.resolve_job_def("ecommerce_monitor")
    audited = loaded_shop.rows("SELECT count(*) FROM audit.etl_run")
    look_ = seen(job.execute_in_process(instance=loaded_shop.instance))
    assert loaded_shop.rows("SELECT count(*) FROM audit.etl_run") == audited, "a look is no run of the system"
    assert set(look_.checks) == CHECKS
    assert {n for n, v in look_.numbers.items() if isinstance(v, int | float)} == NUMBERS, "the UI plots these"
    assert look_.numbers["ultimo_run_status"] == "success"
    for name, expected in (("entidades_ativas", 9), ("status_ok", 9), ("pendencia_total", 0), ("runs_falhos_24h", 0)):
        assert look_.numbers[name] == expected, name
    assert look_.numbers["taxa_sucesso_24h_pct"] == look_.numbers["conformidade_sla_pct"] == 100
    assert look_.numbers["throughput_medio_24h"] > 0
    assert list(look_.entities) == list(ENTITIES)
    for name, row in look_.entities.items():
        table = "dim" if name.startswith("dim") else "fact"
        stored = f"SELECT count(*) FROM {table}.{name} " + ("WHERE eh_excluido = 0" if table == "dim" else "")
        unknown = 1 if table == "dim" else 0
        assert row["linhas_destino"] == loaded_shop.rows(stored)[0][0] - unknown, name
        assert (row["status"], row["ativa"], row["pendencia"], row["latencia_min"]) == ("OK", True, 0, 0), name
        assert row["cobertura_pct"] == round(100 * row["linhas_destino"] / row["linhas_origem"], 2) > 95
        assert (row["chaves_faltando"], row["chaves_sobrando"]) == (0, 0), name
        assert row["throughput"] > 0
        assert row["ultimo_run"] <= row["ultimo_sucesso"]
    assert look_.entities["fact_vendas"]["linhas_origem"] == rows(
        loaded_shop.source, "SELECT count(*) FROM core.order_items"
    )[0][0]  # fmt: skip


def test_nothing_fires_but_what_the_shop_plants(shop: Shop) -> None:
    assert set(at(shop).fired) == {PLANTED}
    execute(shop.source, f"UPDATE core.customers SET updated_at = {NOW} WHERE updated_at > {NOW}")
    execute(shop.source, f"UPDATE core.orders SET updated_at = {NOW} WHERE updated_at > {NOW}")
    execute(shop.source, f"UPDATE core.order_items SET updated_at = {NOW} WHERE updated_at > {NOW}")
    execute(shop.source, f"UPDATE core.order_item_discounts SET updated_at = {NOW} WHERE updated_at > {NOW}")
    assert at(shop).fired == {}, "too young to be read: pending only after the cutoff"


def test_rows_beyond_the_watermark_of_any_table_an_entity_reads_are_pending(shop: Shop) -> None:
    touch(shop, "orders", "order_id", rows_=2)
    touch(shop, "suppliers", "supplier_id")
    look_ = at(shop)
    waits = {"fact_vendas": 2, "fact_descontos": 2, "dim_produto": 1}
    assert {e: r["pendencia"] for e, r in look_.entities.items() if r["pendencia"]} == waits
    assert injected(look_) == {"pendencia_incremental": set(waits)}, "the last success is recent: not late"
    assert all((r["latencia_min"] > 0) == (e in waits) for e, r in look_.entities.items())
    assert look_.numbers["pendencia_total"] == 5
    late = at(shop, timedelta(minutes=125))
    assert injected(late) == {"pendencia_incremental": set(waits), "sla_watermark_delay": set(waits)}
    assert late.numbers["conformidade_sla_pct"] == pytest.approx(100 * 6 / 9, abs=0.01)
    assert run(shop, "dim_produto", "fact_descontos")
    assert injected(at(shop)) == {}


def test_a_failure_fires_until_the_next_success(shop: Shop) -> None:
    execute(shop.source, "ALTER TABLE core.regions RENAME COLUMN city TO town")
    for _ in range(2):
        assert not run(shop, "dim_regiao", "dim_desconto")
    look_ = at(shop)
    assert injected(look_) == {"etl_failure": {"dim_regiao"}, "etl_recurrent_failure": {"dim_regiao"}}
    failure = look_.checks["etl_failure"]
    assert (failure.severity, failure.metadata["entidades"].value) == (dg.AssetCheckSeverity.ERROR, 1)
    assert look_.checks["etl_recurrent_failure"].severity == dg.AssetCheckSeverity.ERROR, "2 of 3: over half"
    assert (look_.entities["dim_regiao"]["status"], look_.entities["dim_desconto"]["status"]) == ("FALHA", "OK")
    assert "etl_failure" in look_.entities["dim_regiao"]["alertas"]
    assert (look_.numbers["runs_falhos_24h"], look_.numbers["ultimo_run_status"]) == (2, "partial")
    assert look_.numbers["taxa_sucesso_7d_pct"] == pytest.approx(100 / 3, abs=0.01)
    execute(shop.source, "ALTER TABLE core.regions RENAME COLUMN town TO city")
    assert run(shop, "dim_regiao")
    look_ = at(shop)
    assert injected(look_) == {"etl_recurrent_failure": {"dim_regiao"}}, "2 of 4 in seven days"
    assert look_.entities["dim_regiao"]["status"] == "OK"


def test_no_run_in_a_day_fires_for_what_is_switched_on(shop: Shop) -> None:
    assert injected(at(shop, timedelta(hours=23))) == {}
    execute(shop.warehouse, "UPDATE ctl.etl_control SET is_active = false WHERE entity IN "
                "('ecommerce.dim.dim_regiao', 'ecommerce.stg.teams')")  # fmt: skip
    look_ = at(shop, timedelta(hours=25))
    assert injected(look_) == {"sla_no_recent_run": set(ENTITIES) - {"dim_regiao", "dim_equipe"}}
    assert look_.numbers["entidades_ativas"] == 7
    assert look_.numbers["conformidade_sla_pct"] == 0
    assert {"taxa_sucesso_24h_pct", "throughput_medio_24h"} & set(look_.numbers) == set(), "a gap, not a zero"


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (
            "DELETE FROM dim.dim_desconto WHERE desconto_id IN "
            "(SELECT desconto_id FROM dim.dim_desconto WHERE desconto_id > 0 ORDER BY 1 LIMIT 3)",
            {"cobertura_oltp_dw": {"dim_desconto"}, "reconciliacao_chaves": {"dim_desconto"}},
        ),
        (
            "DELETE FROM fact.fact_metas WHERE meta_id = (SELECT min(meta_id) FROM fact.fact_metas)",
            {"reconciliacao_chaves": {"fact_metas"}},
        ),
        (
            "UPDATE fact.fact_vendas SET venda_original_id = -5 WHERE venda_id IN (SELECT min(venda_id) "
            "FROM fact.fact_vendas)",
            {"reconciliacao_chaves": {"fact_vendas"}},
        ),
    ],
)  # fmt: skip
def test_tables_are_held_against_their_mirrors(shop: Shop, statement: str, expected: dict[str, set[str]]) -> None:
    execute(shop.warehouse, statement)
    assert injected(at(shop)) == expected


def test_soft_deletes_the_table_does_not_know_of(shop: Shop) -> None:
    deleted = execute(
        shop.source,
        "UPDATE core.customers SET deleted_at = updated_at WHERE customer_id IN "
        "(SELECT customer_id FROM core.customers WHERE deleted_at IS NULL ORDER BY 1 LIMIT 6)",
    )
    assert deleted == 6
    assert injected(at(shop)) == {"reconciliacao_soft_delete": {"dim_cliente"}}
    # They kept their updated_at, so that only a whole load finds them.
    assert run(shop, "dim_cliente", kind="full")
    assert injected(at(shop)) == {}


def test_a_running_entity_and_missing_structure(shop: Shop) -> None:
    execute(
        shop.warehouse,
        "INSERT INTO audit.etl_run_entity (run_id, entity, mode, status) "
        "SELECT max(run_id), 'ecommerce.dim.dim_regiao', 'changed', 'running' FROM audit.etl_run",
    )
    execute(shop.source, "ALTER TABLE core.seller_targets_monthly RENAME TO gone")
    look_ = at(shop)
    assert look_.entities["dim_regiao"]["status"] == "RODANDO"
    metas = look_.entities["fact_metas"]
    assert (metas["status"], metas["linhas_origem"], metas["cobertura_pct"]) == ("PENDENTE_ESTRUTURA", None, None)
    assert injected(look_) == {"cobertura_oltp_dw": {"fact_metas"}}


def test_an_empty_warehouse_is_shown_and_an_unreachable_one_is_a_failure(
    databases: Databases, loaded_shop: Shop
) -> None:
    # With its owner's login: making the roles makes the schemas.
    url = databases.make("empty_dw")
    empty = Shop(loaded_shop.source, url, writer=url)
    look_ = at(empty)
    assert {r["status"] for r in look_.entities.values()} == {"PENDENTE_ESTRUTURA"}
    assert rows(empty.warehouse, "SELECT count(*) FROM pg_namespace WHERE nspname = 'ctl'") == [(0,)], "a look"
    empty.system.destination()
    look_ = at(empty)
    assert {r["status"] for r in look_.entities.values()} == {"SEM_EXECUCAO"}
    assert look_.numbers["ultimo_run_status"] == "none"
    gone = "postgresql+psycopg://nobody:s3cret@127.0.0.1:1/nowhere"
    nowhere = Shop(gone, loaded_shop.warehouse, reader=gone)
    result = dg.materialize(
        build_monitor(nowhere.system), instance=dg.DagsterInstance.ephemeral(), raise_on_error=False
    )
    assert not result.success
    (event,) = [e for e in result.all_events if e.is_step_failure]
    assert "s3cret" not in str(event)


def test_it_is_a_capability_of_every_system_and_switched_on_by_declaration(loaded: World) -> None:
    def keys(defs: dg.Definitions) -> set[dg.AssetKey]:
        return set(defs.resolve_asset_graph().get_all_asset_keys())

    assert loaded.system.monitoring is None
    assert monitor_key(loaded.system) not in keys(loaded.defs)
    watched = (
        Watched("analytics.conversas_analytics", "staging.conversations"),
        Watched("staging.teams", "staging.teams"),
    )
    system = replace(loaded.system, monitoring=Monitoring("*/5 * * * *", watched))
    defs = build_defs([system], loaded.settings)
    assert monitor_key(system) in keys(defs)
    (schedule,) = [s for s in defs.get_repository_def().schedule_defs if s.name == "chatwoot_monitor"]
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("*/5 * * * *", "America/Sao_Paulo")
    look_ = look(system)
    assert set(look_.entities) == {"conversas_analytics", "teams"}
    expected: dict[str, Any] = {"status": "OK", "pendencia": 0, "chaves_faltando": 0, "chaves_sobrando": 0}
    for name, row in look_.entities.items():
        assert {n: row[n] for n in expected} == expected, name
        assert row["linhas_destino"] == row["linhas_origem"] > 0
    assert injected(look_) == {}


def test_a_monitored_table_must_be_declared(loaded: World) -> None:
    wrong = Monitoring("0 * * * *", (Watched("marts.no_such_table", "staging.teams"),))
    with pytest.raises(Exception, match="no_such_table"):
        build_defs([replace(loaded.system, monitoring=wrong)], loaded.settings)
