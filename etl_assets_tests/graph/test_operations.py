"""What operators of the old runner ask: etl_control, etl_run and etl_run_entity, after runs that went well or not."""

from __future__ import annotations

from typing import Any

from etl_assets.engine.options import DEFAULT_BATCH_SIZE
from etl_assets.orchestration.launch import RunOutcome
from etl_assets.systems.ecommerce import ENTITIES as DECLARED
from etl_assets_tests.graph.lookout import ENTITIES
from etl_assets_tests.graph.shop import Shop
from etl_assets_tests.graph.world import Databases, connect, execute, rows

# specs/ecommerce_dw.md 5.1 to 5.3.
CONTROL = (
    "entity_name source_table target_table source_pk_column watermark_updated_at watermark_id cutoff_minutes "
    "batch_size is_active last_run_id last_status last_success_at created_at updated_at"
)
RUN = (
    "run_id entities_requested started_by started_at finished_at status entities_succeeded entities_failed "
    "error_message created_at"
)
RUN_ENTITY = (
    "run_entity_id run_id entity_name entity_started_at entity_finished_at status extracted_count upserted_count "
    "soft_deleted_count watermark_from_updated_at watermark_from_id watermark_to_updated_at watermark_to_id "
    "error_message created_at updated_at"
)
SOURCES = {
    "dim_cliente": "customers",
    "dim_produto": "products",
    "dim_regiao": "regions",
    "dim_equipe": "teams",
    "dim_vendedor": "sellers",
    "dim_desconto": "discount_campaigns",
    "fact_vendas": "order_items",
    "fact_metas": "seller_targets_monthly",
    "fact_descontos": "order_item_discounts",
}


def load(shop: Shop, *entities: str, kind: str = "incremental", upstream: bool = True, **options: Any) -> RunOutcome:
    return shop.run(kind, entities=entities, upstream=upstream, **options)


def told(shop: Shop, view: str, where: str = "1 = 1") -> list[dict[str, Any]]:
    with connect(shop.warehouse) as connection:
        cursor = connection.execute(f"SELECT * FROM ops.{view} WHERE {where} ORDER BY 1".encode())
        names = [c.name for c in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor]


def entity(shop: Shop, name: str) -> dict[str, Any]:
    """The newest row of an entity in etl_run_entity."""
    return told(shop, "etl_run_entity", f"entity_name = '{name}'")[-1]


def test_the_views_have_the_columns_of_the_old_tables(loaded_shop: Shop) -> None:
    for view, names in (("etl_control", CONTROL), ("etl_run", RUN), ("etl_run_entity", RUN_ENTITY)):
        assert list(told(loaded_shop, view)[0]) == names.split()


def test_the_list_of_entities_is_the_one_that_is_monitored(loaded_shop: Shop) -> None:
    listed = loaded_shop.rows("SELECT target_table, source_table FROM ops.etl_entity ORDER BY position")
    assert listed == [(table, mirror.replace("stg.", "core.")) for table, mirror, _ in DECLARED]
    graph = loaded_shop.system.graph
    for target, mirror, key in loaded_shop.rows(
        "SELECT target_entity, mirror_entity, source_pk_column FROM ops.etl_entity"
    ):
        assert graph.find(target).entity == target
        assert graph.find(mirror).key == (key,)


def test_before_the_first_run_there_are_nine_entities_and_no_run(databases: Databases) -> None:
    unread = databases.make("shop")
    shop = Shop(unread, databases.make("shop_dw"), reader=unread)
    shop.system.destination()
    control = told(shop, "etl_control")
    assert {r["entity_name"]: r["source_table"] for r in control} == {e: f"core.{s}" for e, s in SOURCES.items()}
    for row in control:
        assert (str(row["watermark_updated_at"]), row["watermark_id"]) == ("1900-01-01 00:00:00", 0)
        assert (row["cutoff_minutes"], row["batch_size"], row["is_active"]) == (2, DEFAULT_BATCH_SIZE, 1)
        assert (row["last_run_id"], row["last_status"], row["last_success_at"]) == (None, None, None)
        assert row["created_at"] == row["updated_at"] is not None
    assert told(shop, "etl_run") == told(shop, "etl_run_entity") == []


def test_a_run_that_went_well(loaded_shop: Shop) -> None:
    (run,) = told(loaded_shop, "etl_run")
    assert run["entities_requested"].split(",") == list(ENTITIES)
    assert (run["status"], run["entities_succeeded"], run["entities_failed"]) == ("success", 9, 0)
    assert (run["started_by"], run["error_message"]) == ("manual", None)
    assert run["started_at"] < run["finished_at"]
    parts = {r["entity_name"]: r for r in told(loaded_shop, "etl_run_entity")}
    control = {r["entity_name"]: r for r in told(loaded_shop, "etl_control")}
    assert parts.keys() == control.keys() == set(ENTITIES)
    for name, part in parts.items():
        assert (part["run_id"], part["status"], part["error_message"]) == (run["run_id"], "success", None), name
        newest, stored = loaded_shop.rows(f"SELECT max(updated_at), count(*) FROM stg.{SOURCES[name]}")[0]
        assert part["extracted_count"] == stored
        assert 0 < part["upserted_count"] <= stored
        assert (part["watermark_from_updated_at"], part["watermark_to_updated_at"]) == (None, newest)
        assert part["entity_started_at"] < part["entity_finished_at"]
        row = control[name]
        assert (row["watermark_updated_at"], row["last_run_id"], row["last_status"]) == (
            newest, run["run_id"], "success",
        )  # fmt: skip
        assert run["started_at"] < row["last_success_at"] <= row["updated_at"]


def test_an_increment_moves_the_watermark_and_a_dry_run_leaves_no_trace(shop: Shop) -> None:
    execute(
        shop.source,
        "UPDATE core.customers SET full_name = 'Outro Nome', "
        "updated_at = date_trunc('second', clock_timestamp() AT TIME ZONE 'UTC') - interval '3 minutes' "
        "WHERE customer_id = (SELECT min(customer_id) + 1 FROM core.customers)",
    )
    before = [told(shop, v) for v in ("etl_control", "etl_run", "etl_run_entity")]
    assert load(shop, "dim_cliente", kind="plan").success
    after = [told(shop, v) for v in ("etl_control", "etl_run", "etl_run_entity")]
    assert after == before
    assert load(shop, "dim_cliente", batch_size=7, cutoff_minutes=1).success
    ((key, at),) = shop.rows("SELECT customer_id, updated_at FROM stg.customers WHERE full_name = 'Outro Nome'")
    part = entity(shop, "dim_cliente")
    assert (part["upserted_count"], part["watermark_to_updated_at"], part["watermark_to_id"]) == (1, at, key)
    assert part["watermark_from_updated_at"] < at
    assert part["watermark_from_id"] is None, "the watermark of a whole load is of no row"
    (row,) = told(shop, "etl_control", "entity_name = 'dim_cliente'")
    assert (row["watermark_updated_at"], row["watermark_id"]) == (at, key)
    assert told(shop, "etl_run")[-1]["entities_requested"] == "dim_cliente"
    assert load(shop, "dim_cliente").success
    idle = entity(shop, "dim_cliente")
    assert [(idle[f"watermark_{end}_updated_at"], idle[f"watermark_{end}_id"]) for end in ("from", "to")] == [
        (at, key), (at, key),
    ]  # fmt: skip


def test_partial_and_failed_runs_say_which_and_why(shop: Shop) -> None:
    execute(shop.source, "ALTER TABLE core.regions RENAME COLUMN city TO town")
    assert not load(shop, "dim_regiao", "dim_desconto").success
    run = told(shop, "etl_run")[-1]
    assert (run["status"], run["entities_succeeded"], run["entities_failed"]) == ("partial", 1, 1)
    assert run["entities_requested"] == "dim_regiao,dim_desconto"
    assert "city" in run["error_message"]
    failed, well = entity(shop, "dim_regiao"), entity(shop, "dim_desconto")
    assert (failed["status"], well["status"]) == ("failed", "success")
    assert "city" in failed["error_message"], "the mirror's reason, not that the table was not started"
    control = {r["entity_name"]: r for r in told(shop, "etl_control")}
    assert (control["dim_regiao"]["last_status"], control["dim_desconto"]["last_status"]) == ("failed", "success")
    assert control["dim_regiao"]["last_success_at"] < run["started_at"] < control["dim_desconto"]["last_success_at"]
    assert not load(shop, "dim_regiao").success
    run = told(shop, "etl_run")[-1]
    assert (run["status"], run["entities_succeeded"], run["entities_failed"]) == ("failed", 0, 1)
    execute(shop.source, "ALTER TABLE core.regions RENAME COLUMN town TO city")
    assert load(shop, "dim_regiao").success
    (row,) = told(shop, "etl_control", "entity_name = 'dim_regiao'")
    assert (row["last_status"], told(shop, "etl_run")[-1]["status"]) == ("success", "success")


def test_an_entity_that_is_switched_off_is_skipped_and_fails_nothing(shop: Shop) -> None:
    execute(shop.warehouse, "UPDATE ctl.etl_control SET is_active = false WHERE entity = 'ecommerce.dim.dim_regiao'")
    assert load(shop, "dim_regiao", "dim_desconto").success
    assert [r["is_active"] for r in told(shop, "etl_control", "entity_name IN ('dim_desconto', 'dim_regiao')")] == [
        1,
        0,
    ]
    assert (entity(shop, "dim_regiao")["status"], entity(shop, "dim_desconto")["status"]) == ("skipped", "success")
    run = told(shop, "etl_run")[-1]
    assert (run["entities_succeeded"], run["entities_failed"]) == (1, 0)


def test_upstream_brings_what_an_entity_is_made_of_up_to_date_first(shop: Shop) -> None:
    renamed = "SELECT nome_cliente FROM dim.dim_cliente WHERE nome_cliente = 'Nome Novo'"
    execute(
        shop.source,
        "UPDATE core.customers SET full_name = 'Nome Novo', "
        "updated_at = date_trunc('second', clock_timestamp() AT TIME ZONE 'UTC') - interval '3 minutes' "
        "WHERE customer_id = (SELECT min(customer_id) + 1 FROM core.customers)",
    )
    alone = load(shop, "dim_cliente", upstream=False)
    assert [e.entity for e in alone.entities] == ["ecommerce.dim.dim_cliente"]
    assert shop.rows(renamed) == []
    both = load(shop, "dim_cliente")
    assert [e.entity for e in both.entities] == ["ecommerce.stg.customers", "ecommerce.dim.dim_cliente"]
    assert shop.rows(renamed) == [("Nome Novo",)]
    assert rows(shop.source, "SELECT count(*) FROM core.customers WHERE full_name = 'Nome Novo'") == [(1,)]


def test_upstream_goes_through_tables_and_views(shop: Shop) -> None:
    foreseen = load(shop, "fact_metas", kind="plan")
    done = load(shop, "fact_metas")
    for outcome in (foreseen, done):
        assert outcome.success, outcome.error
        names = [e.entity.removeprefix("ecommerce.") for e in outcome.entities]
        assert names[-1] == "fact.fact_metas"
        # Teams and sellers through dim_vendedor, the orders through the calendar; no product, no discount.
        assert {"stg.seller_targets_monthly", "stg.sellers", "stg.teams", "stg.orders", "dim.dim_vendedor"} < set(names)
        assert not {"stg.products", "dim.dim_desconto", "fact.fact_vendas"} & set(names)
    through_a_view = load(shop, "vw_clientes_ativos")
    assert [e.entity for e in through_a_view.entities] == ["ecommerce.stg.customers", "ecommerce.dim.dim_cliente"]
