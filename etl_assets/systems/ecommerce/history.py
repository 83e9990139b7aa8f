"""What each customer has bought in all: the three history columns the original's customer dimension never filled.

Belongs here: its columns and keys. A table of its own, because sales read the customer dimension.
"""

from __future__ import annotations

from etl_assets.engine.checks import Between, ForeignKey
from etl_assets.engine.spec import Ignore, Keys, Merge, TableSpec
from etl_assets.systems.ecommerce.columns import BIG, MONEY, Row, audit, number, table

CUSTOMERS = "dim.dim_cliente"

_HISTORY: tuple[Row, ...] = (
    ("cliente_original_id!", BIG, "Customer of the source"),
    ("total_compras_historico!", BIG, "Orders, those not excluded"),
    ("valor_total_gasto_historico!", number(18, 2), "Net value of their items"),
    ("ticket_medio_historico!", MONEY, "Net value per order"),
)


def history() -> tuple[TableSpec, ...]:
    return (
        TableSpec(
            system="ecommerce",
            layer="dim",
            table=table("dim", "cliente_historico", _HISTORY, *audit()),
            key=("cliente_original_id",),
            # Sales do not have the customer's own number: they are reached by index, through the restricted dimension.
            load=Merge(restrict={CUSTOMERS: "cliente_original_id"}),
            reads={
                "fact.fact_vendas": Keys(
                    ("cliente_id",),
                    f"SELECT c.cliente_original_id FROM {CUSTOMERS} AS c "
                    "INNER JOIN changes AS x ON x.cliente_id = c.cliente_id WHERE c.cliente_id <> -1",
                ),
                CUSTOMERS: Ignore("it only translates numbers, which never change; sales tell of every new customer"),
            },
            checks=(
                Between("total_compras_historico", 1, blocking=True),
                Between("valor_total_gasto_historico", 0, blocking=True),
                ForeignKey("cliente_original_id", CUSTOMERS, "cliente_original_id", blocking=True),
            ),
        ),
    )
