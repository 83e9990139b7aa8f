"""The eleven tables of the OLTP source, schema `core`: created as specified, none added, none left out.

Belongs here: creating them, and the one mapping of all of them. Does not belong here: rows.
"""

import sqlalchemy as sa
from sqlalchemy.schema import CreateSchema

from etl_assets.demo.ecommerce.connect import engine
from etl_assets.demo.ecommerce.tables_master import METADATA, SCHEMA
from etl_assets.demo.ecommerce.tables_sales import order_items

# Parents before children: the order rows are written in.
TABLES: dict[str, sa.Table] = {
    name: METADATA.tables[f"{SCHEMA}.{name}"]
    for name in (
        "regions",
        "suppliers",
        "teams",
        "customers",
        "products",
        "sellers",
        "discount_campaigns",
        "orders",
        order_items.name,  # imported for its module: declaring the tables is what fills METADATA
        "order_item_discounts",
        "seller_targets_monthly",
    )
}


def create_schema(url: str) -> None:
    """Schema, tables and indexes; what is already there stays as it is."""
    with engine(url) as db, db.begin() as conn:
        create_tables(conn)


def create_tables(conn: sa.Connection) -> None:
    if not sa.inspect(conn).has_schema(SCHEMA):
        conn.execute(CreateSchema(SCHEMA))
    METADATA.create_all(conn)
