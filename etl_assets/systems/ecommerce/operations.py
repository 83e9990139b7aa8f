"""What operators of the old runner asked of its control and audit tables: the nine entities, as views.

Belongs here: their columns, and which mirror an entity's rows come from. Does not belong here: the tables themselves,
which are the engine's own (schemas `ctl` and `audit`, for every system alike): hence these views stand in `ops`.
"""

from __future__ import annotations

from etl_assets.engine.spec import TableSpec, View
from etl_assets.systems.ecommerce.columns import BIG, FLAG, INT, TIME, Row, table, text

# Table, main mirror, and what holds in the table for rows softly deleted in the source; in the old runner's order.
ENTITIES: tuple[tuple[str, str, str], ...] = (
    ("dim.dim_cliente", "stg.customers", "eh_ativo = 0"),
    ("dim.dim_produto", "stg.products", "situacao <> 'Ativo'"),
    ("dim.dim_regiao", "stg.regions", "eh_ativo = 0"),
    ("dim.dim_equipe", "stg.teams", "eh_ativa = 0"),
    ("dim.dim_vendedor", "stg.sellers", "eh_ativo = 0"),
    ("dim.dim_desconto", "stg.discount_campaigns", "eh_ativo = 0"),
    ("fact.fact_vendas", "stg.order_items", "eh_excluido = 1"),
    ("fact.fact_metas", "stg.seller_targets_monthly", "eh_excluido = 1"),
    ("fact.fact_descontos", "stg.order_item_discounts", "eh_excluido = 1"),
)

ENTITY: tuple[Row, ...] = (
    ("entity_name", text(100), "Entity, as the old runner called it"),
    ("position", INT, "Place in the old runner's fixed order"),
    ("source_table", text(200), "Main table of the source"),
    ("target_table", text(200), "Table of the warehouse"),
    ("source_pk_column", text(128), "Key of the source table, which breaks ties of the watermark"),
    ("mirror_entity", text(200), "The mirror's name in ctl and audit"),
    ("target_entity", text(200), "The table's name in ctl and audit"),
)
CONTROL: tuple[Row, ...] = (
    *(ENTITY[i] for i in (0, 2, 3, 4)),
    ("watermark_updated_at", TIME, "updated_at up to which the source was read (UTC); 1900-01-01 never"),
    ("watermark_id", BIG, "Key of the row read last; 0 after a whole load"),
    ("cutoff_minutes", INT, "Rows younger than this wait for a later run"),
    ("batch_size", INT, "Rows per transaction"),
    ("is_active", FLAG, "0: runs skip the entity or its mirror (is_active in ctl.etl_control)"),
    ("last_run_id", BIG, "Newest run that loaded it"),
    ("last_status", text(20), "success or failed; NULL before the first run"),
    ("last_success_at", TIME, "When its mirror and its table both had succeeded (UTC)"),
    ("created_at", TIME, "First run, or deployment before that (UTC)"),
    ("updated_at", TIME, "Last change of the control row (UTC)"),
)
_RUN: Row = ("run_id", BIG, "Number of the run")
_ERROR: Row = ("error_message", text(4000), "Why it failed")
RUN: tuple[Row, ...] = (
    _RUN,
    ("entities_requested", text(500), "Entities of the run, separated by commas, in the old order"),
    ("started_by", text(128), "manual, scheduler or api"),
    ("started_at", TIME, "Start (UTC)"),
    ("finished_at", TIME, "End (UTC); NULL while it runs"),
    ("status", text(20), "running, success, partial or failed; finer statuses are told in error_message"),
    ("entities_succeeded", INT, "Entities that succeeded"),
    ("entities_failed", INT, "Entities that failed"),
    _ERROR,
    ("created_at", TIME, "When the row was written (UTC)"),
)
RUN_ENTITY: tuple[Row, ...] = (
    ("run_entity_id", BIG, "Number of the row"),
    _RUN,
    ENTITY[0],
    ("entity_started_at", TIME, "Start, of its mirror where the run read it (UTC)"),
    ("entity_finished_at", TIME, "End (UTC); NULL while it runs"),
    ("status", text(20), "running, success, failed; skipped when it is switched off"),
    ("extracted_count", INT, "Rows read from the source; of the mirror where the run did not read it"),
    ("upserted_count", INT, "Rows inserted or changed; a row found as it was is not counted"),
    ("soft_deleted_count", INT, "Rows that left the table or were marked, because the source no longer has them"),
    ("watermark_from_updated_at", TIME, "Watermark before (UTC)"),
    ("watermark_from_id", BIG, "Key of the row that watermark is of; NULL after a whole load"),
    ("watermark_to_updated_at", TIME, "Watermark after (UTC)"),
    ("watermark_to_id", BIG, "Key of the row that watermark is of; NULL after a whole load"),
    _ERROR,
    ("created_at", TIME, "When the row was written (UTC)"),
    ("updated_at", TIME, "When it was last changed (UTC)"),
)


def _view(name: str, rows: tuple[Row, ...], key: str) -> TableSpec:
    return TableSpec(system="ecommerce", layer="ops", table=table("ops", name, rows), key=(key,), load=View())


def operations() -> tuple[TableSpec, ...]:
    return (
        _view("etl_entity", ENTITY, "entity_name"),
        _view("etl_control", CONTROL, "entity_name"),
        _view("etl_run", RUN, "run_id"),
        _view("etl_run_entity", RUN_ENTITY, "run_entity_id"),
    )
