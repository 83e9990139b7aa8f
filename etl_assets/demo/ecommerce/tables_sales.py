"""Orders, their items and discounts, and the sellers' monthly targets.

Belongs here: declarations. Does not belong here: what orders point at (tables_master.py).
"""

import sqlalchemy as sa
from sqlalchemy import BigInteger, CheckConstraint, Column, Date, ForeignKey, Integer, UniqueConstraint

from etl_assets.demo.ecommerce.tables_master import (
    METADATA,
    customers,
    discount_campaigns,
    products,
    regions,
    sellers,
)  # fmt: skip
from etl_assets.demo.ecommerce.types import AMOUNT, STAMP, at_least_zero, fixed, flag, is_long, is_one_of, key, table
from etl_assets.demo.ecommerce.types import text as text_of

_ZERO = sa.text("0")


def _amount(name: str) -> sa.Column[object]:
    return Column(name, AMOUNT, nullable=False, server_default=_ZERO)


orders = table(
    METADATA,
    "orders",
    key("order_id"),
    Column("order_number", text_of(50), nullable=False, unique=True),
    Column("customer_id", BigInteger, ForeignKey(customers.c.customer_id), nullable=False),
    Column("seller_id", BigInteger, ForeignKey(sellers.c.seller_id)),
    Column("region_id", BigInteger, ForeignKey(regions.c.region_id)),
    Column("order_status", text_of(20), nullable=False),
    Column("payment_status", text_of(20)),
    Column("order_date", STAMP, nullable=False),
    Column("approved_at", STAMP),
    Column("shipped_at", STAMP),
    Column("delivered_at", STAMP),
    Column("canceled_at", STAMP),
    Column("sales_channel", text_of(30)),
    Column("currency_code", fixed(3), nullable=False, server_default=sa.text("'BRL'")),
    Column("notes", text_of(500)),
    is_one_of("order_status", "Pendente", "Pago", "Faturado", "Enviado", "Entregue", "Cancelado", "Devolvido"),
    is_long("currency_code", 3),
)
sa.Index(None, orders.c.customer_id, orders.c.order_date)
sa.Index(None, orders.c.seller_id, orders.c.order_date)
sa.Index(None, orders.c.region_id)

order_items = table(
    METADATA,
    "order_items",
    key("order_item_id"),
    Column("order_id", BigInteger, ForeignKey(orders.c.order_id), nullable=False),
    Column("item_number", Integer, nullable=False),
    Column("product_id", BigInteger, ForeignKey(products.c.product_id), nullable=False),
    Column("quantity", Integer, nullable=False),
    Column("unit_price", AMOUNT, nullable=False),
    Column("gross_amount", AMOUNT, nullable=False),
    _amount("discount_amount"),
    Column("net_amount", AMOUNT, nullable=False),
    _amount("cost_amount"),
    Column("return_quantity", Integer, nullable=False, server_default=_ZERO),
    _amount("returned_amount"),
    Column("commission_percent", sa.Numeric(5, 2)),
    Column("commission_amount", AMOUNT),
    flag("had_discount", 0),
    UniqueConstraint("order_id", "item_number"),
    CheckConstraint("quantity > 0", name="quantity"),
    CheckConstraint("discount_amount >= 0 AND discount_amount <= gross_amount", name="discount_amount"),
    CheckConstraint("net_amount = gross_amount - discount_amount", name="net_amount"),
    CheckConstraint("return_quantity >= 0 AND return_quantity <= quantity", name="return_quantity"),
    *at_least_zero(
        ["unit_price", "gross_amount", "cost_amount", "returned_amount", "commission_percent", "commission_amount"]
    ),
)
# (order_id, item_number) is the UNIQUE's own index.
sa.Index(None, order_items.c.product_id)

order_item_discounts = table(
    METADATA,
    "order_item_discounts",
    key("order_item_discount_id"),
    Column("order_item_id", BigInteger, ForeignKey(order_items.c.order_item_id), nullable=False),
    Column("order_id", BigInteger, ForeignKey(orders.c.order_id), nullable=False),
    Column("discount_id", BigInteger, ForeignKey(discount_campaigns.c.discount_id), nullable=False),
    Column("application_level", text_of(30), nullable=False),
    Column("discount_amount", AMOUNT, nullable=False),
    Column("base_amount", AMOUNT, nullable=False),
    Column("final_amount", AMOUNT, nullable=False),
    Column("applied_at", STAMP, nullable=False),
    flag("approved", 1),
    Column("rejection_reason", text_of(200)),
    is_one_of("application_level", "Item", "Pedido", "Frete", "Categoria"),
    *at_least_zero(["discount_amount", "base_amount", "final_amount"]),
    CheckConstraint("final_amount = base_amount - discount_amount", name="final_amount"),
    CheckConstraint("discount_amount <= base_amount", name="discount_amount"),
)
sa.Index(None, order_item_discounts.c.discount_id, order_item_discounts.c.applied_at)

seller_targets_monthly = table(
    METADATA,
    "seller_targets_monthly",
    key("seller_target_id"),
    Column("seller_id", BigInteger, ForeignKey(sellers.c.seller_id), nullable=False),
    Column("target_month", Date, nullable=False),
    Column("target_amount", AMOUNT, nullable=False),
    Column("target_quantity", Integer),
    _amount("realized_amount"),
    Column("realized_quantity", Integer, nullable=False, server_default=_ZERO),
    Column("period_type", text_of(20), nullable=False, server_default=sa.text("'Mensal'")),
    flag("period_closed", 0),
    UniqueConstraint("seller_id", "target_month"),
    CheckConstraint("target_amount > 0", name="target_amount"),
    CheckConstraint("target_quantity > 0", name="target_quantity"),
    *at_least_zero(["realized_amount", "realized_quantity"]),
    is_one_of("period_type", "Mensal"),
)
