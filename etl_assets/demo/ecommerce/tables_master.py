"""Places, people, products and campaigns: the tables that orders point at.

Belongs here: declarations. Does not belong here: orders and what hangs on them (tables_sales.py).
Lists of values the specification gives as a rule are CHECKs; those it calls data or free text are not. A CHECK also
takes the accented spelling of a value, for applications write both and the warehouse must cope.
"""

import sqlalchemy as sa
from sqlalchemy import BigInteger, Column, Date, ForeignKey, Integer, Numeric, UniqueConstraint

from etl_assets.demo.ecommerce.types import (
    AMOUNT,
    PRICE,
    STAMP,
    UNLIMITED,
    at_least_zero,
    fixed,
    flag,
    is_long,
    is_one_of,
    key,
    table,
    text,
)  # fmt: skip

SCHEMA = "core"
METADATA = sa.MetaData(
    schema=SCHEMA,
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    },
)
_ZERO = sa.text("0")
_BRASIL = sa.text("'Brasil'")

regions = table(
    METADATA,
    "regions",
    key("region_id"),
    Column("region_code", text(30), nullable=False, unique=True),
    Column("country", text(50), nullable=False, server_default=_BRASIL),
    Column("region_name", text(30)),
    Column("state", fixed(2), nullable=False),
    Column("state_name", text(50), nullable=False),
    Column("city", text(100), nullable=False),
    Column("ibge_code", text(10)),
    flag("is_active", 1),
    UniqueConstraint("country", "state", "city"),
    is_long("state", 2),
    dated=False,
)

suppliers = table(
    METADATA,
    "suppliers",
    key("supplier_id"),
    Column("supplier_code", text(30), nullable=False, unique=True),
    Column("supplier_name", text(150), nullable=False),
    Column("country", text(50)),
    flag("is_active", 1),
    dated=False,
)

teams = table(
    METADATA,
    "teams",
    key("team_id"),
    Column("team_code", text(30), nullable=False, unique=True),
    Column("team_name", text(120), nullable=False),
    Column("team_type", text(30)),
    Column("team_category", text(30)),
    Column("region_id", BigInteger, ForeignKey(regions.c.region_id)),
    flag("is_active", 1),
    dated=False,
)

customers = table(
    METADATA,
    "customers",
    key("customer_id"),
    Column("customer_code", text(50), nullable=False, unique=True),
    Column("full_name", text(200), nullable=False),
    Column("email", text(200)),
    Column("phone", text(30)),
    Column("document_number", text(20)),
    Column("birth_date", Date),
    Column("gender", fixed(1)),
    Column("customer_type", text(20), nullable=False, server_default=sa.text("'Novo'")),
    Column("segment", text(20), nullable=False, server_default=sa.text("'Pessoa Fisica'")),
    Column("credit_score", Integer),
    Column("value_category", text(20)),
    Column("address_line", text(200)),
    Column("district", text(80)),
    Column("zip_code", text(10)),
    Column("city", text(100), nullable=False),
    Column("state", fixed(2), nullable=False),
    Column("country", text(50), nullable=False, server_default=_BRASIL),
    Column("first_signup_date", Date, nullable=False),
    Column("last_purchase_date", Date),
    flag("is_active", 1),
    flag("accepts_email_marketing", 0),
    flag("is_vip", 0),
    is_one_of("gender", "M", "F", "O"),
    is_one_of("customer_type", "Novo", "Recorrente", "VIP", "Inativo"),
    is_one_of("segment", "Pessoa Fisica", "Pessoa Juridica", "Pessoa Física", "Pessoa Jurídica"),
    sa.CheckConstraint("credit_score >= 0 AND credit_score <= 1000", name="credit_score"),
    is_long("state", 2),
)
sa.Index(None, customers.c.state, customers.c.city)

products = table(
    METADATA,
    "products",
    key("product_id"),
    Column("product_code", text(50), nullable=False, unique=True),
    Column("sku", text(50), nullable=False, unique=True),
    Column("barcode", text(20)),
    Column("product_name", text(200), nullable=False),
    Column("short_description", text(255)),
    Column("full_description", UNLIMITED),
    Column("category_name", text(50), nullable=False),
    Column("subcategory_name", text(50), nullable=False),
    Column("brand", text(50), nullable=False),
    Column("product_line", text(50)),
    Column("manufacturer", text(100)),
    Column("supplier_id", BigInteger, ForeignKey(suppliers.c.supplier_id), nullable=False),
    Column("country_origin", text(50)),
    Column("weight_kg", Numeric(8, 3)),
    Column("height_cm", Numeric(6, 2)),
    Column("width_cm", Numeric(6, 2)),
    Column("depth_cm", Numeric(6, 2)),
    Column("color", text(30)),
    Column("material", text(50)),
    Column("cost_price", PRICE, nullable=False),
    Column("list_price", PRICE, nullable=False),
    Column("suggested_margin_percent", Numeric(5, 2)),
    flag("is_perishable", 0),
    flag("is_fragile", 0),
    flag("requires_refrigeration", 0),
    Column("minimum_age", Integer),
    Column("reorder_days", Integer),
    Column("min_stock", Integer, nullable=False, server_default=_ZERO),
    Column("max_stock", Integer, nullable=False, server_default=sa.text("1000")),
    Column("product_status", text(20), nullable=False, server_default=sa.text("'Ativo'")),
    Column("launch_date", Date),
    Column("discontinued_date", Date),
    Column("rating_avg", Numeric(2, 1)),
    Column("rating_count", Integer, nullable=False, server_default=_ZERO),
    Column("keywords", text(200)),
    *at_least_zero(["cost_price", "list_price"]),
    sa.CheckConstraint("max_stock >= min_stock", name="stock"),
    sa.CheckConstraint("rating_avg >= 0 AND rating_avg <= 5", name="rating_avg"),
    is_one_of("product_status", "Ativo", "Inativo", "Descontinuado"),
)
sa.Index(None, products.c.product_status)

sellers = table(
    METADATA,
    "sellers",
    key("seller_id"),
    Column("seller_code", text(50), nullable=False, unique=True),
    Column("seller_name", text(200), nullable=False),
    Column("team_id", BigInteger, ForeignKey(teams.c.team_id)),
    Column("manager_seller_id", BigInteger, ForeignKey(f"{SCHEMA}.sellers.seller_id")),
    Column("home_state", fixed(2)),
    Column("home_city", text(100)),
    Column("monthly_goal_amount", AMOUNT),
    Column("hire_date", Date),
    Column("seller_status", text(20), nullable=False, server_default=sa.text("'Ativo'")),
    is_long("home_state", 2),
    *at_least_zero(["monthly_goal_amount"]),
    is_one_of("seller_status", "Ativo", "Inativo"),
)

discount_campaigns = table(
    METADATA,
    "discount_campaigns",
    key("discount_id"),
    Column("discount_code", text(50), nullable=False, unique=True),
    Column("campaign_name", text(150)),
    Column("description", text(500)),
    Column("discount_type", text(30), nullable=False),
    Column("discount_method", text(30), nullable=False),
    Column("discount_value", PRICE),
    Column("min_order_value", AMOUNT),
    Column("max_discount_value", AMOUNT),
    Column("max_uses_per_customer", Integer),
    Column("max_uses_total", Integer),
    Column("apply_scope", text(30), nullable=False),
    Column("product_restriction", text(500)),
    Column("start_at", STAMP, nullable=False),
    Column("end_at", STAMP, nullable=False),
    flag("is_active", 1),
    flag("is_stackable", 0),
    flag("approval_required", 0),
    Column("current_usage_count", Integer, nullable=False, server_default=_ZERO),
    Column("total_revenue_generated", AMOUNT, nullable=False, server_default=_ZERO),
    Column("total_discount_given", AMOUNT, nullable=False, server_default=_ZERO),
    is_one_of(
        "discount_type", "Cupom", "Promocao Automatica", "Promoção Automática", "Desconto Progressivo", "Fidelidade",
        "Primeira Compra", "Cashback",
    ),
    is_one_of("discount_method", "Percentual", "Valor Fixo", "Frete Gratis", "Frete Grátis", "Brinde", "Combo"),
    is_one_of(
        "apply_scope", "Pedido Total", "Produto Especifico", "Produto Específico", "Categoria", "Frete",
        "Item Individual",
    ),
    *at_least_zero(["discount_value", "min_order_value", "max_discount_value"]),
    sa.CheckConstraint("end_at >= start_at", name="validity"),
)  # fmt: skip
