"""Oracle of the e-commerce KPIs (spec 6.3) by month: reads the source, sums the certified rows of `ecommerce_rows`.

Everything comes from the 11 `core` tables; nothing of the package under test and none of its SQL is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

import pandas as pd
import sqlalchemy as sa

from .ecommerce_rows import Frames, discounts, ratio, sales, targets, total

__all__ = [
    "KPI_NAMES",
    "TABLES",
    "Kpis",
    "discounts",
    "kpis_discounts",
    "kpis_sales",
    "kpis_targets",
    "read_oltp",
    "sales",
    "targets",
]

# A variation is None when there is no previous month or its value is 0.
Kpis = dict[str, dict[str, Decimal | None]]

TABLES: tuple[str, ...] = (
    "regions",
    "teams",
    "suppliers",
    "customers",
    "products",
    "sellers",
    "discount_campaigns",
    "orders",
    "order_items",
    "order_item_discounts",
    "seller_targets_monthly",
)
KPI_NAMES: dict[str, tuple[str, ...]] = {
    "vendas": (
        "receita_liquida",
        "margem_bruta",
        "margem_percentual",
        "ticket_medio",
        "itens_vendidos",
        "taxa_devolucao",
        "desconto_medio",
        "comissao_total",
        "receita_liquida_variacao",
    ),
    "metas": (
        "meta_total",
        "realizado_total",
        "gap_total",
        "atingimento_geral",
        "taxa_meta_batida",
        "taxa_meta_superada",
        "vendedores",
        "pedidos_realizados",
        "realizado_total_variacao",
    ),
    "descontos": (
        "aplicacoes",
        "desconto_concedido",
        "receita_com_desconto",
        "roi_ponderado",
        "roi_medio",
        "impacto_margem",
        "impacto_margem_receita",
        "taxa_aprovacao",
        "desconto_medio_percentual",
        "desconto_concedido_variacao",
    ),
}
_PLACES = 6
_HUNDRED = 100


def read_oltp(url: str) -> Frames:
    """The 11 tables with all their columns as Python objects, from one transaction."""
    engine = sa.create_engine(url)
    try:
        with engine.connect() as connection:
            # SQL Server's default level is kept: SNAPSHOT must first be enabled on the database.
            if engine.dialect.name == "postgresql":
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            frames: Frames = {}
            for table in TABLES:
                result = connection.execute(sa.text(f"SELECT * FROM core.{table}"))
                names = list(result.keys())
                # dtype=object: inference would turn a nullable BIGINT into floats.
                frames[table] = pd.DataFrame([tuple(row) for row in result], columns=names, dtype=object)
            return frames
    finally:
        engine.dispose()


def _by_month(
    rows: pd.DataFrame, family: str, compute: Callable[[pd.DataFrame], dict[str, Decimal]], varying: str
) -> Kpis:
    """`compute` on each month that has rows, plus the variation of `varying` to the calendar month before."""
    plain = {month: compute(group) for month, group in _months(rows)}
    result: Kpis = {}
    for month, values in plain.items():
        before = plain.get(_previous(month), {}).get(varying)
        change = ratio(values[varying] - before, abs(before), _PLACES) if before else None
        kpis: dict[str, Decimal | None] = {**values, f"{varying}_variacao": change}
        result[month] = {name: kpis[name] for name in KPI_NAMES[family]}
    return result


def _months(rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    for month, group in rows.groupby("mes", sort=True):
        yield str(month), group


def _previous(month: str) -> str:
    year, number = int(month[:4]), int(month[5:7])
    return f"{year - 1:04d}-12-01" if number == 1 else f"{year:04d}-{number - 1:02d}-01"


def _count(value: int) -> Decimal:
    return Decimal(int(value))


def _sales_month(rows: pd.DataFrame) -> dict[str, Decimal]:
    net, margin = total(rows["valor_total_liquido"]), total(rows["margem_bruta"])
    sold = _count(rows["quantidade_vendida"].sum())
    return {
        "receita_liquida": net,
        "margem_bruta": margin,
        "margem_percentual": ratio(margin, net, _PLACES),
        "ticket_medio": ratio(net, _count(rows["numero_pedido"].nunique()), _PLACES),
        "itens_vendidos": sold,
        "taxa_devolucao": ratio(_count(rows["quantidade_devolvida"].sum()), sold, _PLACES),
        "desconto_medio": ratio(total(rows["valor_total_descontos"]), total(rows["valor_total_bruto"]), _PLACES),
        "comissao_total": total(rows["valor_comissao"]),
    }


def _targets_month(rows: pd.DataFrame) -> dict[str, Decimal]:
    goal, realized, n_rows = total(rows["valor_meta"]), total(rows["valor_realizado"]), _count(len(rows))
    return {
        "meta_total": goal,
        "realizado_total": realized,
        "gap_total": total(rows["gap_meta"]),
        "atingimento_geral": ratio(realized, goal, _PLACES),
        "taxa_meta_batida": ratio(_count(rows["meta_batida"].sum()), n_rows, _PLACES),
        "taxa_meta_superada": ratio(_count(rows["meta_superada"].sum()), n_rows, _PLACES),
        "vendedores": _count(rows.index.get_level_values("seller_id").nunique()),
        "pedidos_realizados": _count(rows["pedidos_realizados"].sum()),
    }


def _discounts_month(rows: pd.DataFrame) -> dict[str, Decimal]:
    given, revenue = total(rows["valor_desconto_aplicado"]), total(rows["valor_com_desconto"])
    impact, n_rows = total(rows["impacto_margem"]), _count(len(rows))
    return {
        "aplicacoes": n_rows,
        "desconto_concedido": given,
        "receita_com_desconto": revenue,
        "roi_ponderado": ratio(revenue - given, given, _PLACES),
        "roi_medio": ratio(total(rows["roi_desconto"]), n_rows, _PLACES),
        "impacto_margem": impact,
        "impacto_margem_receita": ratio(impact, revenue, _PLACES),
        "taxa_aprovacao": ratio(_count(rows["desconto_aprovado"].sum()), n_rows, _PLACES),
        "desconto_medio_percentual": ratio(total(rows["percentual_desconto_efetivo"]), n_rows * _HUNDRED, _PLACES),
    }


def kpis_sales(frames: Frames) -> Kpis:
    """Month of the sale in Sao Paulo -> the KPIs of `vendas`."""
    return _by_month(sales(frames), "vendas", _sales_month, "receita_liquida")


def kpis_targets(frames: Frames) -> Kpis:
    """Target month -> the KPIs of `metas`."""
    return _by_month(targets(frames), "metas", _targets_month, "realizado_total")


def kpis_discounts(frames: Frames) -> Kpis:
    """Month of the application in Sao Paulo -> the KPIs of `descontos`."""
    return _by_month(discounts(frames), "descontos", _discounts_month, "desconto_concedido")
