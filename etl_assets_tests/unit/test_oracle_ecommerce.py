"""The e-commerce oracle against figures worked out by hand on a few rows, so that it may judge the marts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from etl_assets_tests.oracle.ecommerce import (
    KPI_NAMES,
    discounts,
    kpis_discounts,
    kpis_sales,
    kpis_targets,
    sales,
    targets,
)
from etl_assets_tests.oracle.ecommerce_rows import Frames, ratio

D = Decimal
NOON = datetime(2026, 1, 10, 15)
GONE = datetime(2026, 3, 1)


def frame(defaults: Mapping[str, Any], *rows: Mapping[str, Any]) -> pd.DataFrame:
    return pd.DataFrame([{**defaults, **row} for row in rows], columns=list(defaults), dtype=object)


def orders(*rows: Mapping[str, Any]) -> pd.DataFrame:
    defaults = {
        "order_id": 0,
        "order_number": "P0",
        "seller_id": 0,
        "order_status": "Pago",
        "order_date": NOON,
        "currency_code": "BRL",
        "deleted_at": None,
    }
    return frame(defaults, *rows)


def items(*rows: Mapping[str, Any]) -> pd.DataFrame:
    defaults = {
        "order_item_id": 0,
        "order_id": 0,
        "quantity": 2,
        "unit_price": D("50.00"),
        "gross_amount": D("100.00"),
        "discount_amount": D("0.00"),
        "cost_amount": D("40.00"),
        "return_quantity": 0,
        "commission_amount": None,
        "created_at": NOON,
        "deleted_at": None,
    }
    return frame(defaults, *rows)


def applications(*rows: Mapping[str, Any]) -> pd.DataFrame:
    defaults = {
        "order_item_discount_id": 0,
        "order_item_id": 0,
        "order_id": 0,
        "discount_amount": D("10.00"),
        "base_amount": D("100.00"),
        "applied_at": NOON,
        "approved": 1,
        "created_at": NOON,
        "deleted_at": None,
    }
    return frame(defaults, *rows)


def goals(*rows: Mapping[str, Any]) -> pd.DataFrame:
    defaults = {
        "seller_target_id": 0,
        "seller_id": 0,
        "target_month": date(2026, 1, 1),
        "target_amount": D("100.00"),
        "deleted_at": None,
    }
    return frame(defaults, *rows)


def world(**tables: pd.DataFrame) -> Frames:
    empty = {
        "orders": orders(),
        "order_items": items(),
        "order_item_discounts": applications(),
        "seller_targets_monthly": goals(),
    }
    return {**empty, **tables}


@pytest.fixture
def shop() -> Frames:
    """January: seller 0 sells 90 + 30 in order P0; P1 (direct, cancelled) 33.33; February: seller 7 sells 200."""
    return world(
        orders=orders(
            {},
            {"order_id": 1, "order_number": "P1", "seller_id": None, "order_status": "Cancelado"},
            # The first second of February in Sao Paulo.
            {"order_id": 2, "order_number": "P2", "seller_id": 7, "order_date": datetime(2026, 2, 1, 3)},
            {"order_id": 3, "order_number": "P3", "deleted_at": GONE},
            {"order_id": 4, "order_number": "P4", "currency_code": "USD"},
        ),
        order_items=items(
            {"discount_amount": D("10.00"), "return_quantity": 1, "commission_amount": D("4.50")},
            {"order_item_id": 1, "quantity": 1, "gross_amount": D("30.00"), "cost_amount": D("35.00")},
            {
                "order_item_id": 2,
                "order_id": 1,
                "quantity": 3,
                "gross_amount": D("33.33"),
                "cost_amount": D("0.00"),
                "return_quantity": 9,
            },
            {"order_item_id": 3, "order_id": 2, "gross_amount": D("200.00"), "commission_amount": D("1.01")},
            {"order_item_id": 4, "order_id": 3},
            {"order_item_id": 5, "order_id": 4},
            {"order_item_id": 6, "order_id": 0, "deleted_at": GONE},
        ),
    )


def test_certified_sales_leave_out_deleted_and_foreign_rows(shop: Frames) -> None:
    rows = sales(shop)
    assert list(rows.index) == [0, 1, 2, 3]
    assert list(rows["valor_total_liquido"]) == [D("90.00"), D("30.00"), D("33.33"), D("200.00")]
    assert list(rows["margem_bruta"]) == [D("50.00"), D("-5.00"), D("33.33"), D("160.00")]
    assert list(rows["quantidade_devolvida"]) == [1, 0, 3, 0]
    assert list(rows["eh_receita_valida"]) == [1, 1, 0, 1]
    assert rows["vendedor_original_id"].isna().tolist() == [False, False, True, False]


@pytest.mark.parametrize(
    ("moment", "day", "month"),
    [
        (datetime(2026, 2, 1, 2, 59, 59), date(2026, 1, 31), "2026-01-01"),
        (datetime(2026, 2, 1, 3), date(2026, 2, 1), "2026-02-01"),
        # Summer time until 2019: midnight was 02:00 UTC.
        (datetime(2018, 12, 1, 2, 30), date(2018, 12, 1), "2018-12-01"),
        (None, date(2026, 1, 10), "2026-01-01"),
    ],
)
def test_business_date_is_the_sao_paulo_date(moment: datetime | None, day: date, month: str) -> None:
    row = sales(world(orders=orders({"order_date": moment}), order_items=items({}))).loc[0]
    assert (row["data_venda"], row["mes"]) == (day, month)


def test_a_discount_above_gross_is_capped() -> None:
    row = sales(world(orders=orders({}), order_items=items({"discount_amount": D("120.00")}))).loc[0]
    assert (row["valor_total_descontos"], row["valor_total_liquido"]) == (D("100.00"), D("0.00"))


def test_a_float_amount_is_refused() -> None:
    with pytest.raises(TypeError, match="gross_amount holds the float"):
        sales(world(orders=orders({}), order_items=items({"gross_amount": 0.1})))


def test_sales_kpis(shop: Frames) -> None:
    assert kpis_sales(shop) == {
        "2026-01-01": {
            "receita_liquida": D("153.33"),
            "margem_bruta": D("78.33"),
            "margem_percentual": D("0.510859"),  # 78.33 / 153.33 = 0.5108589...
            "ticket_medio": D("76.665"),  # two order numbers
            "itens_vendidos": D(6),
            "taxa_devolucao": D("0.666667"),
            "desconto_medio": D("0.061226"),  # 10 / 163.33 = 0.0612257...
            "comissao_total": D("4.50"),
            "receita_liquida_variacao": None,
        },
        "2026-02-01": {
            "receita_liquida": D("200.00"),
            "margem_bruta": D("160.00"),
            "margem_percentual": D("0.8"),
            "ticket_medio": D("200"),
            "itens_vendidos": D(2),
            "taxa_devolucao": D(0),
            "desconto_medio": D(0),
            "comissao_total": D("1.01"),
            "receita_liquida_variacao": D("0.304376"),  # 46.67 / 153.33
        },
    }


def test_targets_join_goals_and_sales(shop: Frames) -> None:
    shop["seller_targets_monthly"] = goals(
        {"target_month": date(2026, 1, 15)},
        {"seller_target_id": 1, "seller_id": 7, "target_amount": D("50.00")},
        {"seller_target_id": 2, "seller_id": 7, "target_month": date(2026, 2, 1), "deleted_at": GONE},
    )
    rows = targets(shop)
    assert {key: tuple(row) for key, row in zip(rows.index, rows.to_numpy(), strict=True)} == {
        # 120 is exactly 1.2 times 100; both items are of one order
        (0, "2026-01-01"): (0, D("100.00"), D("120.00"), D("20.00"), 1, 1, 1),
        (7, "2026-01-01"): (1, D("50.00"), D("0"), D("-50.00"), 0, 0, 0),
        (7, "2026-02-01"): (None, D("0"), D("200.00"), D("200.00"), 0, 0, 1),
    }
    assert kpis_targets(shop) == {
        "2026-01-01": {
            "meta_total": D("150.00"),
            "realizado_total": D("120.00"),
            "gap_total": D("-30.00"),
            "atingimento_geral": D("0.8"),
            "taxa_meta_batida": D("0.5"),
            "taxa_meta_superada": D("0.5"),
            "vendedores": D(2),
            "pedidos_realizados": D(1),
            "realizado_total_variacao": None,
        },
        "2026-02-01": {
            "meta_total": D(0),
            "realizado_total": D("200.00"),
            "gap_total": D("200.00"),
            "atingimento_geral": D(0),
            "taxa_meta_batida": D(0),
            "taxa_meta_superada": D(0),
            "vendedores": D(1),
            "pedidos_realizados": D(1),
            "realizado_total_variacao": D("0.666667"),
        },
    }


@pytest.mark.parametrize(
    ("target", "beaten", "exceeded"),
    [("100.00", 1, 1), ("100.01", 1, 0), ("120.00", 1, 0), ("120.01", 0, 0)],
)
def test_beaten_and_exceeded_compare_unrounded_amounts(shop: Frames, target: str, beaten: int, exceeded: int) -> None:
    shop["seller_targets_monthly"] = goals({"target_amount": D(target)})
    row = targets(shop).loc[(0, "2026-01-01")]
    assert (row["meta_batida"], row["meta_superada"]) == (beaten, exceeded)


def test_a_seller_who_sold_for_nothing_and_has_no_target_is_left_out() -> None:
    assert targets(world(orders=orders({}), order_items=items({"discount_amount": D("100.00")}))).empty


def test_discount_rows_and_kpis(shop: Frames) -> None:
    shop["order_item_discounts"] = applications(
        {"base_amount": D("33.00")},
        {"order_item_discount_id": 1, "order_id": 1, "order_item_id": 2, "approved": 0, "discount_amount": D("0.00")},
        {"order_item_discount_id": 2, "base_amount": D("0.00"), "discount_amount": D("0.00")},
        {"order_item_discount_id": 3, "discount_amount": D("30.00"), "applied_at": datetime(2026, 2, 1, 3)},
        {"order_item_discount_id": 4, "order_id": 3, "order_item_id": 4},
        {"order_item_discount_id": 5, "order_id": 4, "order_item_id": 5},
        {"order_item_discount_id": 6, "order_item_id": 6},
        {"order_item_discount_id": 7, "deleted_at": GONE},
    )
    rows = discounts(shop)
    assert list(rows.index) == [0, 1, 2, 3]
    assert list(rows["valor_com_desconto"]) == [D("23.00"), D("100.00"), D("0.00"), D("70.00")]
    assert list(rows["percentual_desconto_efetivo"]) == [D("30.30"), D(0), D(0), D("30.00")]
    assert list(rows["roi_desconto"]) == [D("1.3"), D(0), D(0), D("1.3333")]
    assert kpis_discounts(shop) == {
        "2026-01-01": {
            "aplicacoes": D(3),
            "desconto_concedido": D("10.00"),
            "receita_com_desconto": D("123.00"),
            "roi_ponderado": D("11.3"),
            "roi_medio": D("0.433333"),
            "impacto_margem": D("10.00"),
            "impacto_margem_receita": D("0.081301"),  # 10 / 123
            "taxa_aprovacao": D("0.666667"),
            "desconto_medio_percentual": D("0.101"),
            "desconto_concedido_variacao": None,
        },
        "2026-02-01": {
            "aplicacoes": D(1),
            "desconto_concedido": D("30.00"),
            "receita_com_desconto": D("70.00"),
            "roi_ponderado": D("1.333333"),
            "roi_medio": D("1.3333"),
            "impacto_margem": D("30.00"),
            "impacto_margem_receita": D("0.428571"),
            "taxa_aprovacao": D(1),
            "desconto_medio_percentual": D("0.3"),
            "desconto_concedido_variacao": D(2),
        },
    }


def test_the_variation_needs_the_calendar_month_before_and_a_value_there() -> None:
    sold = world(
        orders=orders(
            {"order_date": datetime(2025, 11, 5)},
            {"order_id": 1, "order_number": "P1", "order_date": datetime(2025, 12, 5)},
            {"order_id": 2, "order_number": "P2", "order_date": datetime(2026, 1, 5)},
            {"order_id": 3, "order_number": "P3", "order_date": datetime(2026, 3, 5)},
        ),
        order_items=items(
            {"discount_amount": D("100.00")},
            {"order_item_id": 1, "order_id": 1},
            {"order_item_id": 2, "order_id": 2, "discount_amount": D("25.00")},
            {"order_item_id": 3, "order_id": 3},
        ),
    )
    changes = {month: values["receita_liquida_variacao"] for month, values in kpis_sales(sold).items()}
    assert changes == {"2025-11-01": None, "2025-12-01": None, "2026-01-01": D("-0.25"), "2026-03-01": None}
    assert kpis_sales(sold)["2025-11-01"]["margem_percentual"] == 0


@pytest.mark.parametrize(
    ("numerator", "denominator", "places", "expected"),
    [
        ("1", "0", 6, "0"),
        ("2", "3", 6, "0.666667"),
        ("1", "8", 2, "0.13"),
        ("-1", "8", 2, "-0.13"),
        ("1", "-8", 2, "-0.13"),
        ("0.005", "1", 2, "0.01"),
    ],
)
def test_ratio_rounds_half_away_from_zero(numerator: str, denominator: str, places: int, expected: str) -> None:
    assert ratio(D(numerator), D(denominator), places) == D(expected)


def test_an_empty_source_has_no_kpi() -> None:
    nothing = world()
    assert kpis_sales(nothing) == kpis_targets(nothing) == kpis_discounts(nothing) == {}


def test_kpi_names_are_the_keys_in_order(shop: Frames) -> None:
    shop["seller_targets_monthly"], shop["order_item_discounts"] = goals({}), applications({})
    for family, kpis in (("vendas", kpis_sales), ("metas", kpis_targets), ("descontos", kpis_discounts)):
        assert tuple(kpis(shop)["2026-01-01"]) == KPI_NAMES[family]
