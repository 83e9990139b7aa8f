"""The e-commerce warehouse end to end, through its Dagster jobs: rows, months, surrogate keys, KPIs."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from etl_assets.demo import ecommerce
from etl_assets_tests.graph.shop import FACTS, MIRRORED, SURROGATES, Shop
from etl_assets_tests.graph.world import Databases, counts, execute, newest, rows, written
from etl_assets_tests.oracle.ecommerce import KPI_NAMES, kpis_discounts, kpis_sales, kpis_targets, read_oltp

NOW = "date_trunc('second', clock_timestamp() AT TIME ZONE 'UTC') - interval '3 minutes'"


def test_the_first_load_reads_everything_and_counts_it(loaded_shop: Shop) -> None:
    waiting = "updated_at > now() AT TIME ZONE 'UTC'"
    for table in MIRRORED:
        ((number,),) = rows(loaded_shop.source, f"SELECT count(*) FROM core.{table} WHERE NOT {waiting}")
        assert loaded_shop.one(f"SELECT count(*) FROM stg.{table}") == number, table
    for entity in loaded_shop.records("SELECT * FROM audit.etl_run_entity"):
        assert entity["extracted"] == entity["inserted"] + entity["updated"] + entity["unchanged"] + entity["rejected"]
        assert entity["status"] == "success"
    for fact in FACTS:
        assert loaded_shop.one(f"SELECT count(*) FROM {fact}") > 300, fact


def test_every_source_is_observed_with_the_age_of_its_newest_row(loaded_shop: Shop) -> None:
    seen = loaded_shop.observations(loaded_shop.instance.get_runs()[-1].run_id)
    for table in MIRRORED:
        young = "updated_at > now() AT TIME ZONE 'UTC'"
        ((expected,),) = rows(
            loaded_shop.source, f"SELECT extract(epoch FROM max(updated_at)) FROM core.{table} WHERE NOT {young}"
        )
        assert newest(seen[f"ecommerce.source.{table}"]) == pytest.approx(float(expected), abs=1e-3), table


def test_every_dimension_has_an_unknown_member(loaded_shop: Shop) -> None:
    for table, (natural, surrogate) in SURROGATES.items():
        if table.startswith("dim."):
            assert loaded_shop.rows(f"SELECT {surrogate} FROM {table} WHERE {natural} = -1") == [(-1,)], table
    assert loaded_shop.rows("SELECT data_completa FROM dim.dim_data WHERE data_id = -1") == [(date(1900, 1, 1),)]


def test_an_immediate_second_run_writes_nothing(shop: Shop) -> None:
    before = shop.fingerprint()
    assert written(shop.succeed()) == {}
    assert shop.fingerprint() == before, "not one row version is new"


def test_a_day_changes_what_it_touched_and_then_nothing(shop: Shop) -> None:
    played = ecommerce.mutate(shop.source)
    assert sum(played.values()) > 0
    day = shop.succeed()
    assert written(day)
    again = shop.fingerprint()
    assert written(shop.succeed()) == {}
    assert shop.fingerprint() == again


def test_what_is_young_waits_for_the_cutoff(shop: Shop) -> None:
    young = NOW.replace("3 minutes", "10 seconds")
    execute(shop.source, f"UPDATE core.regions SET region_name = 'Leste', updated_at = {young} WHERE region_code = "
            "(SELECT max(region_code) FROM core.regions)")  # fmt: skip
    assert written(shop.succeed()) == {}
    assert counts(shop.succeed(cutoff_minutes=0))["ecommerce.stg.regions"]["updated"] == 1
    assert shop.one("SELECT count(*) FROM dim.dim_regiao WHERE regiao_pais = 'Leste'") == 1


def test_deleting_and_updating_one_percent_changes_exactly_those_rows_and_months(shop: Shop) -> None:
    before = dict(shop.rows("SELECT venda_original_id, data_venda FROM fact.fact_vendas"))
    versions = shop.versions("fact.fact_vendas", "venda_original_id")
    kpis = shop.versions("fact.kpi_vendas", "mes")
    orders = set(rows(shop.source, "SELECT order_id FROM core.orders"))
    played = ecommerce.delete_and_update(shop.source, share=0.01)
    full = shop.succeed("full")
    gone = orders - set(rows(shop.source, "SELECT order_id FROM core.orders"))
    assert len(gone) == played["orders_deleted"] > 0
    items = {k for (k,) in rows(shop.source, "SELECT order_item_id FROM core.order_items")}
    after = dict(shop.rows("SELECT venda_original_id, data_venda FROM fact.fact_vendas"))
    left = before.keys() - after.keys()
    assert left == before.keys() - items, "facts of deleted orders left, no others"
    assert counts(full)["ecommerce.fact.fact_vendas"]["deleted"] == len(left)
    assert counts(full)["ecommerce.stg.order_items"]["deleted"] == played["items_deleted"]
    changed = {k for k, v in shop.versions("fact.fact_vendas", "venda_original_id").items() if versions.get(k) != v}
    updated = {
        k for (k,) in shop.rows("SELECT venda_original_id FROM fact.fact_vendas WHERE data_atualizacao > data_inclusao")
    }
    assert changed <= updated
    months = {before[k].replace(day=1) for k in left} | {after[k].replace(day=1) for k in changed}
    rewritten = {m for m, v in shop.versions("fact.kpi_vendas", "mes").items() if kpis.get(m) != v}
    following = {_next(m) for m in months}
    assert months <= rewritten <= months | following, "each month and, for the variation, the one after"
    assert written(shop.succeed()) == {}


def _next(month: object) -> object:
    year, number = month.year, month.month  # type: ignore[attr-defined]
    return month.replace(year=year + number // 12, month=number % 12 + 1)  # type: ignore[attr-defined]


def test_surrogate_keys_survive_a_full_rebuild(shop: Shop) -> None:
    before = shop.surrogates()
    loaded = f"updated_at < {NOW}"
    execute(shop.source, f"UPDATE core.customers SET full_name = 'Outro Nome', updated_at = {NOW} WHERE {loaded}")
    shop.succeed("full")
    assert shop.surrogates() == before
    assert shop.one("SELECT count(*) FROM dim.dim_cliente WHERE nome_cliente = 'Outro Nome'") > 100


def test_a_parent_that_moves_reaches_its_children(shop: Shop) -> None:
    """G06: no child's own row changes."""
    execute(shop.source, f"UPDATE core.suppliers SET supplier_name = 'Fornecedor Novo', updated_at = {NOW}")
    execute(shop.source, f"UPDATE core.teams SET team_type = 'Inside Sales', updated_at = {NOW}")
    done = counts(shop.succeed())
    assert shop.one("SELECT count(*) FROM dim.dim_produto WHERE nome_fornecedor <> 'Fornecedor Novo'") == 1, "unknown"
    assert shop.rows("SELECT DISTINCT tipo_vendedor FROM dim.dim_vendedor WHERE equipe_id > 0") == [("Interno",)]
    assert done["ecommerce.stg.products"]["updated"] == 0


def test_the_cycle_of_teams_and_sellers_is_resolved_in_one_run(loaded_shop: Shop) -> None:
    """G15: a team names its leader, a seller the team and the manager."""
    query = """
        SELECT count(*), count(*) FILTER (WHERE e.equipe_id IS NULL), count(*) FILTER (WHERE g.vendedor_id IS NULL)
        FROM dim.dim_vendedor AS v
        LEFT JOIN dim.dim_equipe AS e ON e.equipe_id = v.equipe_id
        LEFT JOIN dim.dim_vendedor AS g ON g.vendedor_id = v.gerente_id
        WHERE v.vendedor_id <> -1 AND v.equipe_id IS NOT NULL AND v.gerente_id IS NOT NULL
    """
    ((number, teamless, managerless),) = loaded_shop.rows(query)
    assert (number > 0, teamless, managerless) == (True, 0, 0)
    leaders = (
        "SELECT count(*) FROM dim.dim_equipe AS e INNER JOIN dim.dim_vendedor AS v ON v.vendedor_id = e.lider_equipe_id"
    )
    assert loaded_shop.one(f"{leaders} WHERE v.vendedor_id <> -1") > 0


def test_a_late_customer_is_the_unknown_member_until_the_dimension_knows_it(shop: Shop) -> None:
    ((order,),) = rows(shop.source, "SELECT min(order_id) FROM core.orders WHERE deleted_at IS NULL AND order_id > 5")
    ((customer,),) = rows(shop.source, f"""
        INSERT INTO core.customers (customer_code, full_name, city, state, first_signup_date, created_at, updated_at)
        VALUES ('CUST-TARDE', 'Cliente Tardio', 'Recife', 'PE', '2026-01-01', {NOW}, {NOW}) RETURNING customer_id
    """)  # fmt: skip
    execute(
        shop.source, f"UPDATE core.orders SET customer_id = %s, updated_at = {NOW} WHERE order_id = %s", customer, order
    )
    shop.succeed(entities=["orders", "order_items", "fact_vendas"])
    query = f"""
        SELECT DISTINCT f.cliente_id FROM fact.fact_vendas AS f
        INNER JOIN stg.order_items AS i ON i.order_item_id = f.venda_original_id WHERE i.order_id = {order}
    """
    assert shop.rows(query) == [(-1,)]
    shop.succeed()
    known = shop.one("SELECT cliente_id FROM dim.dim_cliente WHERE nome_cliente = 'Cliente Tardio'")
    assert shop.rows(query) == [(known,)]


def test_soft_and_hard_deletes(shop: Shop) -> None:
    """G04: soft deleted rows are marked, hard deleted ones leave the facts; dimensions keep theirs, marked."""
    ((order,),) = rows(shop.source, "SELECT min(order_id) FROM core.orders WHERE deleted_at IS NULL AND order_id > 5")
    execute(shop.source, f"UPDATE core.orders SET deleted_at = {NOW}, updated_at = {NOW} WHERE order_id = %s", order)
    ((customer,),) = rows(shop.source, f"""
        INSERT INTO core.customers (customer_code, full_name, city, state, first_signup_date, created_at, updated_at)
        VALUES ('CUST-SOME', 'Cliente Que Some', 'Recife', 'PE', '2026-01-01', {NOW}, {NOW}) RETURNING customer_id
    """)  # fmt: skip
    shop.succeed()
    marked = f"""
        SELECT DISTINCT f.eh_excluido FROM fact.fact_vendas AS f
        INNER JOIN stg.order_items AS i ON i.order_item_id = f.venda_original_id WHERE i.order_id = {order}
    """
    assert shop.rows(marked) == [(1,)]
    execute(shop.source, "DELETE FROM core.customers WHERE customer_id = %s", customer)
    shop.succeed("full")
    assert shop.rows(
        f"SELECT eh_excluido, excluido_em IS NOT NULL FROM dim.dim_cliente WHERE cliente_original_id = {customer}"
    ) == [(1, True)]


def test_bad_rows_are_set_aside_with_the_reason_and_nothing_is_lost(shop: Shop) -> None:
    execute(
        shop.source,
        f"UPDATE core.orders SET currency_code = 'USD', updated_at = {NOW} WHERE order_id = "
        "(SELECT min(o.order_id) FROM core.orders AS o INNER JOIN core.order_items AS i ON i.order_id = o.order_id "
        "WHERE o.currency_code = 'BRL' AND o.deleted_at IS NULL)",
    )
    shop.succeed()
    reasons = dict(shop.rows(
        "SELECT reason, count(*) FROM ctl.rejected_row WHERE entity = 'ecommerce.fact.fact_vendas' "
        "AND resolved_at IS NULL GROUP BY reason"
    ))  # fmt: skip
    assert reasons.keys() == {"moeda_nao_brl", "outside_partitions"}
    items = "SELECT count(*) FROM stg.order_items AS i INNER JOIN stg.orders AS o ON o.order_id = i.order_id"
    assert shop.one(f"{items} WHERE o.currency_code <> 'BRL'") == reasons["moeda_nao_brl"]
    assert shop.one("SELECT count(*) FROM fact.fact_vendas") + sum(reasons.values()) == shop.one(items)


# --- KPIs -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_every_kpi_equals_its_recomputation(databases: Databases, seed: int) -> None:
    source = databases.make("oltp")
    ecommerce.synthesize(source, "small", seed=seed)
    shop = Shop(source, databases.make("kpi_dw"))
    shop.succeed()
    if seed == 11:
        ecommerce.mutate(shop.source, seed=seed)
        shop.succeed()
    frames = read_oltp(shop.source)
    # What the mirrors wait for is not in the warehouse yet.
    bound = datetime.now(UTC).replace(tzinfo=None)
    frames = {name: frame[frame["updated_at"] <= bound] for name, frame in frames.items()}
    months = set(shop.destination_months)
    for table, recompute in (("vendas", kpis_sales), ("metas", kpis_targets), ("descontos", kpis_discounts)):
        expected = {month: kpis for month, kpis in recompute(frames).items() if month in months}
        names = KPI_NAMES[table]
        found = {
            month.isoformat(): dict(zip(names, values, strict=True))
            for month, *values in shop.rows(f"SELECT mes, {', '.join(names)} FROM fact.kpi_{table}")
        }
        assert found.keys() == expected.keys(), table
        assert len(expected) > 24
        for month, kpis in expected.items():
            for name in names:
                ours, theirs = found[month][name], kpis[name]
                same = ours is theirs if ours is None or theirs is None else Decimal(ours) == Decimal(theirs)
                assert same, (table, month, name, ours, theirs)
    databases.drop(shop.source)
    databases.drop(shop.warehouse)
