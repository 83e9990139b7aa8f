"""Oracle of the e-commerce marts, row level: certified sales, targets and discounts (spec 4.8-4.10 and 6.1).

Input are the `core` tables as frames, money as Decimal objects. Reading them and the KPIs are in `ecommerce`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

import pandas as pd

from .exact import divide_decimal

Frames = dict[str, pd.DataFrame]

ZERO = Decimal(0)
BUSINESS_ZONE = "America/Sao_Paulo"
SALES_COLUMNS: tuple[str, ...] = (
    "data_venda",
    "mes",
    "vendedor_original_id",
    "numero_pedido",
    "quantidade_vendida",
    "quantidade_devolvida",
    "valor_total_bruto",
    "valor_total_descontos",
    "valor_total_liquido",
    "custo_total",
    "margem_bruta",
    "valor_comissao",
    "eh_receita_valida",
)
TARGET_COLUMNS: tuple[str, ...] = (
    "seller_target_id",
    "valor_meta",
    "valor_realizado",
    "gap_meta",
    "meta_batida",
    "meta_superada",
    "pedidos_realizados",
)
DISCOUNT_COLUMNS: tuple[str, ...] = (
    "data_aplicacao",
    "mes",
    "valor_sem_desconto",
    "valor_desconto_aplicado",
    "valor_com_desconto",
    "impacto_margem",
    "percentual_desconto_efetivo",
    "roi_desconto",
    "desconto_aprovado",
)

_VALID_STATUSES = frozenset({"pago", "faturado", "enviado", "entregue"})
_EXCEEDED = Decimal("1.2")
_LEAST_TARGET = Decimal("0.01")
_HUNDRED = Decimal(100)


def ratio(numerator: Decimal, denominator: Decimal, places: int) -> Decimal:
    """numerator / denominator in exact integers, rounded half away from zero; 0 when the denominator is 0."""
    if denominator == 0:
        return ZERO
    n_top, n_bottom = numerator.as_integer_ratio()
    d_top, d_bottom = denominator.as_integer_ratio()
    top, bottom = n_top * d_bottom, n_bottom * d_top
    return divide_decimal(-top if bottom < 0 else top, abs(bottom), places)


def total(values: Iterable[Decimal | None]) -> Decimal:
    """Sum of the given values, missing ones skipped, as SQL's SUM does."""
    return sum((value for value in values if value is not None), ZERO)


def _money(values: pd.Series) -> list[Decimal | None]:
    """Decimals as they are; a float is refused, because its cents are already lost."""
    result: list[Decimal | None] = []
    for value in values:
        if isinstance(value, Decimal) and not value.is_nan():
            result.append(value)
        elif pd.isna(value):
            result.append(None)
        elif isinstance(value, float):
            raise TypeError(f"money column {values.name} holds the float {value!r}")
        else:
            result.append(Decimal(int(value)))
    return result


def _objects(values: Iterable[object], index: pd.Index) -> pd.Series:
    return pd.Series(list(values), index=index, dtype=object)


def _business(first: pd.Series, fallback: pd.Series) -> pd.Series:
    """Sao Paulo midnight of the UTC instants."""
    instants = pd.to_datetime(first, utc=True).fillna(pd.to_datetime(fallback, utc=True))
    return instants.dt.tz_convert(BUSINESS_ZONE)


def _month(moments: pd.Series) -> pd.Series:
    return moments.dt.strftime("%Y-%m-01").astype(object)


def _keys(frame: pd.DataFrame, *names: str) -> pd.DataFrame:
    """The frame with integer join keys, whatever dtype the reader inferred."""
    return frame.assign(**{name: frame[name].astype("Int64") for name in names})


def _orders(frames: Frames) -> pd.DataFrame:
    """Orders in BRL; `order_excluded` marks the soft-deleted ones."""
    orders = frames["orders"]
    in_reais = orders["currency_code"].astype(str).str.strip().str.upper() == "BRL"
    orders = orders.loc[in_reais, ["order_id", "order_number", "seller_id", "order_status", "order_date", "deleted_at"]]
    return _keys(orders, "order_id", "seller_id").rename(columns={"deleted_at": "order_deleted_at"})


def sales(frames: Frames) -> pd.DataFrame:
    """Certified sales by order_item_id: BRL, neither the item nor its order soft-deleted, every order status."""
    items = _keys(frames["order_items"], "order_item_id", "order_id")
    rows = items.merge(_orders(frames), on="order_id")
    rows = rows.loc[rows["deleted_at"].isna() & rows["order_deleted_at"].isna()].set_index("order_item_id").sort_index()
    sold = [max(int(value), 1) for value in rows["quantity"]]
    prices = _money(rows["unit_price"])
    gross = [
        amount if amount is not None else quantity * (price or ZERO)
        for amount, quantity, price in zip(_money(rows["gross_amount"]), sold, prices, strict=True)
    ]
    discounts = [min(value or ZERO, cap) for value, cap in zip(_money(rows["discount_amount"]), gross, strict=True)]
    net = [amount - discount for amount, discount in zip(gross, discounts, strict=True)]
    costs = [value or ZERO for value in _money(rows["cost_amount"])]
    moments = _business(rows["order_date"], rows["created_at"])
    statuses = rows["order_status"].astype(str).str.strip().str.lower()
    columns = {
        "data_venda": moments.dt.date,
        "mes": _month(moments),
        "vendedor_original_id": rows["seller_id"],
        "numero_pedido": rows["order_number"],
        "quantidade_vendida": sold,
        "quantidade_devolvida": [
            min(int(value), cap) for value, cap in zip(rows["return_quantity"], sold, strict=True)
        ],
        "valor_total_bruto": _objects(gross, rows.index),
        "valor_total_descontos": _objects(discounts, rows.index),
        "valor_total_liquido": _objects(net, rows.index),
        "custo_total": _objects(costs, rows.index),
        "margem_bruta": _objects((value - cost for value, cost in zip(net, costs, strict=True)), rows.index),
        "valor_comissao": _objects(_money(rows["commission_amount"]), rows.index),
        "eh_receita_valida": statuses.isin(_VALID_STATUSES).astype(int),
    }
    return pd.DataFrame(columns, index=rows.index, columns=list(SALES_COLUMNS))


def targets(frames: Frames) -> pd.DataFrame:
    """Target against realized, by (seller_id, mes); seller_target_id is None for a seller who only sold."""
    goal: dict[tuple[int, str], Decimal] = defaultdict(Decimal)
    source_key: dict[tuple[int, str], int] = {}
    entered = frames["seller_targets_monthly"]
    entered = entered.loc[entered["deleted_at"].isna()]
    months = _month(pd.to_datetime(entered["target_month"]))
    amounts = _money(entered["target_amount"])
    for target_id, seller, month, amount in zip(
        entered["seller_target_id"], entered["seller_id"], months, amounts, strict=True
    ):
        if amount is None or amount < _LEAST_TARGET:
            continue
        key = int(seller), month
        goal[key] += amount
        source_key[key] = min(int(target_id), source_key.get(key, int(target_id)))
    realized: dict[tuple[int, str], Decimal] = defaultdict(Decimal)
    orders: dict[tuple[int, str], set[str]] = defaultdict(set)
    sold = sales(frames)
    sold = sold.loc[sold["vendedor_original_id"].notna()]
    for seller, month, amount, number in zip(
        sold["vendedor_original_id"], sold["mes"], sold["valor_total_liquido"], sold["numero_pedido"], strict=True
    ):
        realized[int(seller), month] += amount
        orders[int(seller), month].add(number)
    index, rows = [], []
    for key in sorted(goal.keys() | realized.keys()):
        target, done = goal.get(key, ZERO), realized.get(key, ZERO)
        if target > 0 or done > 0:
            beaten, exceeded = target > 0 and done >= target, target > 0 and done >= _EXCEEDED * target
            index.append(key)
            rows.append(
                (source_key.get(key), target, done, done - target, int(beaten), int(exceeded), len(orders.get(key, ())))
            )
    keys = pd.MultiIndex.from_tuples(index, names=["seller_id", "mes"])
    return pd.DataFrame(rows, index=keys, columns=list(TARGET_COLUMNS), dtype=object)


def discounts(frames: Frames) -> pd.DataFrame:
    """Certified discount applications by order_item_discount_id; the order is the discount row's own one."""
    applied = _keys(frames["order_item_discounts"], "order_item_discount_id", "order_item_id", "order_id")
    items = _keys(frames["order_items"], "order_item_id")[["order_item_id", "deleted_at"]]
    items = items.rename(columns={"deleted_at": "item_deleted_at"})
    rows = applied.merge(items, on="order_item_id").merge(_orders(frames), on="order_id")
    kept = rows["deleted_at"].isna() & rows["item_deleted_at"].isna() & rows["order_deleted_at"].isna()
    rows = rows.loc[kept].set_index("order_item_discount_id").sort_index()
    before = [value or ZERO for value in _money(rows["base_amount"])]
    given = [min(value or ZERO, cap) for value, cap in zip(_money(rows["discount_amount"]), before, strict=True)]
    after = [base - discount for base, discount in zip(before, given, strict=True)]
    percent = [min(ratio(_HUNDRED * discount, base, 2), _HUNDRED) for base, discount in zip(before, given, strict=True)]
    roi = [ratio(amount - discount, discount, 4) for amount, discount in zip(after, given, strict=True)]
    moments = _business(rows["applied_at"], rows["created_at"])
    columns = {
        "data_aplicacao": moments.dt.date,
        "mes": _month(moments),
        "valor_sem_desconto": _objects(before, rows.index),
        "valor_desconto_aplicado": _objects(given, rows.index),
        "valor_com_desconto": _objects(after, rows.index),
        # The cost cancels out: (base - cost) - (final - cost), and a capped discount is never negative.
        "impacto_margem": _objects(
            (max(base - amount, ZERO) for base, amount in zip(before, after, strict=True)), rows.index
        ),
        "percentual_desconto_efetivo": _objects(percent, rows.index),
        "roi_desconto": _objects(roi, rows.index),
        "desconto_aprovado": [int(value) for value in rows["approved"]],
    }
    return pd.DataFrame(columns, index=rows.index, columns=list(DISCOUNT_COLUMNS))
