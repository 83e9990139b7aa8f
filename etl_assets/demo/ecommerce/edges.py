"""Cases planted into a source at rest: what the warehouse must survive, one by one.

Belongs here: changes to rows already written that leave every sum as it is. Does not belong here: what changes sales
(plan.py) and the odd rows of the small tables (directory.py).
"""

from datetime import date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa

from etl_assets.demo.ecommerce.bulk import append
from etl_assets.demo.ecommerce.campaigns import ACTIVE_NOW
from etl_assets.demo.ecommerce.plan import Plan
from etl_assets.demo.ecommerce.schema import TABLES

FAR_FUTURE = datetime(2150, 1, 1)
LONG_NUMBERS = ("ORD-PARCEIRO-LOJA-0000000123456-A", "ORD-PARCEIRO-LOJA-0000000123456-B")  # alike for 20 characters


def soon(end: date) -> datetime:
    """After `end`, as an application writes that stamps a delivery before it happens."""
    return datetime.combine(end, time(12)) + timedelta(days=2)


def plant(conn: sa.Connection, plan: Plan, end: date) -> None:
    _orders(conn, plan, soon(end))
    _customers(conn)
    _campaigns(conn)
    _discounts(conn)


def _set(conn: sa.Connection, name: str, key: int, **values: Any) -> None:
    table = TABLES[name]
    (column,) = table.primary_key.columns
    conn.execute(sa.update(table).where(column == key).values(**values))


def _orders(conn: sa.Connection, plan: Plan, future: datetime) -> None:
    spot = int(len(plan.ids) * 0.4) + 20
    keys = iter(plan.ids[spot:].tolist())
    for number in LONG_NUMBERS:
        _set(conn, "orders", next(keys), order_number=number)
    orders = TABLES["orders"]
    for place, status in enumerate(("ENTREGUE", "entregue", "FaTuRaDo")):
        alike = sa.select(orders.c.order_id).where(
            orders.c.order_id > plan.ids[spot + 20].item(), sa.func.lower(orders.c.order_status) == status.lower()
        )
        # Where case does not count, the one just changed is alike too.
        found = conn.execute(alike.order_by(orders.c.order_id).limit(place + 1)).scalars().all()
        _set(conn, "orders", found[place], order_status=status)
    for channel in ("SITE", " app ", "Televêndas"):
        _set(conn, "orders", next(keys), sales_channel=channel)
    _set(conn, "orders", next(keys), payment_status="PAGO")
    late = next(keys)
    for name in ("orders", "order_items", "order_item_discounts"):
        table = TABLES[name]
        conn.execute(sa.update(table).where(table.c.order_id == late).values(updated_at=future))


def _customers(conn: sa.Connection) -> None:
    _set(conn, "customers", 2, updated_at=FAR_FUTURE)  # never bought, so no order misses its customer
    odd: dict[int, dict[str, Any]] = {
        10: {"customer_type": "NOVO", "is_vip": 0},
        11: {"customer_type": "vip", "is_vip": 1},
        12: {"segment": "PESSOA FISICA"},
        13: {"segment": "pessoa física"},
        14: {"segment": "Pessoa Jurídica"},
        15: {"value_category": "MÉDIO VALOR"},
        16: {"gender": "f"},
        17: {"full_name": "  Conceição  de  Araújo "},
        18: {"full_name": "   "},
        19: {"credit_score": 0, "email": " FULANO.DE.TAL@EXAMPLE.COM "},
    }
    for key, values in odd.items():
        _set(conn, "customers", key, **values)


def _campaigns(conn: sa.Connection) -> None:
    table = TABLES["discount_campaigns"]
    _set(conn, "discount_campaigns", 1, discount_type="Promoção Automática")
    _set(conn, "discount_campaigns", 2, discount_type="DESCONTO PROGRESSIVO")
    _set(conn, "discount_campaigns", 4, discount_method="Frete Grátis")
    _set(conn, "discount_campaigns", 6, apply_scope="Produto Específico")
    _set(conn, "discount_campaigns", 5, discount_value=0)
    newest = conn.execute(sa.select(sa.func.max(table.c.discount_id))).scalar_one()
    at_limit = (
        sa.select(table.c.discount_id)
        .where(table.c.discount_id >= newest - ACTIVE_NOW)
        .order_by(table.c.current_usage_count.desc(), table.c.discount_id)
    )
    key = conn.execute(at_limit).scalars().first()
    limit = sa.case((table.c.current_usage_count > 0, table.c.current_usage_count), else_=1)
    conn.execute(
        sa.update(table).where(table.c.discount_id == key).values(max_uses_total=limit, current_usage_count=limit)
    )


def _discounts(conn: sa.Connection) -> None:
    """Two that give nothing: on a full price, and on nothing."""
    items, given = TABLES["order_items"], TABLES["order_item_discounts"]
    full_price = (
        sa.select(items)
        .where(items.c.discount_amount == 0, items.c.gross_amount > 0)
        .order_by(items.c.order_item_id.desc())
        .limit(2)
    )
    key = conn.execute(sa.select(sa.func.max(given.c.order_item_discount_id))).scalar_one()
    for place, item in enumerate(conn.execute(full_price).all()):
        base = item.gross_amount if place == 0 else 0
        row = {
            "order_item_discount_id": [key + 1 + place], "order_item_id": [item.order_item_id],
            "order_id": [item.order_id], "discount_id": [0], "application_level": ["ITEM" if place else "Item"],
            "discount_amount": ["0.00"], "base_amount": [str(base)], "final_amount": [str(base)],
            "applied_at": [str(item.updated_at)], "created_at": [str(item.updated_at)],
            "updated_at": [str(item.updated_at)],
        }  # fmt: skip
        append(conn, given, row, 1)
