"""What the shop's database promises of its own rows; broken promises are told of, and stop nothing.

Belongs here: rules and checks of the mirrors. Does not belong here: what happens to such values (SQL of `dim`, `fact`).
"""

from __future__ import annotations

from etl_assets.engine.checks import Accepted, Between, Check, Holds
from etl_assets.systems.ecommerce.quality import NotEmpty, ordered, unique


def plausible(column: str) -> str:
    """A time SQL Server can shift to another zone and add years to."""
    return f"({column} IS NULL OR ({column} >= '1900-01-01' AND {column} < '2200-01-01'))"


_MIRROR: tuple[Check, ...] = (NotEmpty(), ordered("created_at", "updated_at"))
_NET = Holds(
    "amounts_add_up",
    "net_amount = gross_amount - discount_amount AND discount_amount BETWEEN 0 AND gross_amount",
    ("net_amount", "gross_amount", "discount_amount"),
    "Net is gross less discount, and the discount is within the gross amount",
)
_FINAL = Holds(
    "amounts_add_up",
    "final_amount = base_amount - discount_amount AND discount_amount BETWEEN 0 AND base_amount",
    ("final_amount", "base_amount", "discount_amount"),
    "Final is base less discount, and the discount is within the base",
)
_RETURNED = Holds(
    "returned_within_sold",
    "return_quantity BETWEEN 0 AND quantity",
    ("return_quantity", "quantity"),
    "No more is returned than was sold",
)
_DELETED_CUSTOMER = Holds(
    "deleted_is_inactive",
    "deleted_at IS NULL OR is_active = 0",
    ("deleted_at", "is_active"),
    "A deleted customer is not active",
)
_DELETED_PRODUCT = Holds(
    "deleted_is_inactive",
    "deleted_at IS NULL OR product_status <> 'Ativo'",
    ("deleted_at", "product_status"),
    "A deleted product is not Ativo",
)

# The application may create these three before it stamps them.
REGIONS: tuple[Check, ...] = (NotEmpty(), unique("region_code"), unique("country", "state", "city"))
TEAMS: tuple[Check, ...] = (NotEmpty(), unique("team_code"))
SUPPLIERS: tuple[Check, ...] = (NotEmpty(), unique("supplier_code"))
CUSTOMERS: tuple[Check, ...] = (
    *_MIRROR,
    unique("customer_code"),
    Accepted("customer_type", ("Novo", "Recorrente", "VIP", "Inativo")),
    Accepted("segment", ("Pessoa Fisica", "Pessoa Juridica")),
    Accepted("gender", ("M", "F", "O")),
    Between("credit_score", 0, 1000),
    _DELETED_CUSTOMER,
)
PRODUCTS: tuple[Check, ...] = (
    *_MIRROR,
    unique("product_code"),
    unique("sku"),
    Accepted("product_status", ("Ativo", "Inativo", "Descontinuado")),
    Between("cost_price", 0),
    Between("list_price", 0),
    Between("rating_avg", 0, 5),
    ordered("min_stock", "max_stock"),
    _DELETED_PRODUCT,
)
SELLERS: tuple[Check, ...] = (
    *_MIRROR,
    unique("seller_code"),
    Accepted("seller_status", ("Ativo", "Inativo")),
    Between("monthly_goal_amount", 0),
)
CAMPAIGNS: tuple[Check, ...] = (
    *_MIRROR,
    unique("discount_code"),
    Accepted(
        "discount_type",
        ("Cupom", "Promocao Automatica", "Desconto Progressivo", "Fidelidade", "Primeira Compra", "Cashback"),
    ),
    Accepted("discount_method", ("Percentual", "Valor Fixo", "Frete Gratis", "Brinde", "Combo")),
    Accepted("apply_scope", ("Pedido Total", "Produto Especifico", "Categoria", "Frete", "Item Individual")),
    Between("discount_value", 0),
    ordered("start_at", "end_at"),
)
ORDERS: tuple[Check, ...] = (
    *_MIRROR,
    unique("order_number"),
    Accepted("order_status", ("Pendente", "Pago", "Faturado", "Enviado", "Entregue", "Cancelado", "Devolvido")),
    Accepted("currency_code", ("BRL",)),
)
ITEMS: tuple[Check, ...] = (*_MIRROR, unique("order_id", "item_number"), Between("quantity", 1), _NET, _RETURNED)
DISCOUNTS: tuple[Check, ...] = (
    *_MIRROR,
    Accepted("application_level", ("Item", "Pedido", "Frete", "Categoria")),
    _FINAL,
)
TARGETS: tuple[Check, ...] = (*_MIRROR, unique("seller_id", "target_month"), Accepted("period_type", ("Mensal",)))
