"""docs/validation.md on loaded demos: all is as it says, and what goes wrong in the warehouse is noticed."""

from __future__ import annotations

from typing import Any

import pytest

from etl_assets_tests.graph.shop import Shop
from etl_assets_tests.graph.world import World
from etl_assets_tests.validation import asking, blocks, problems

CHATWOOT, SHOP = "PostgreSQL", "SQL Server"


def told(section: str, world: World, mistake: str = "") -> list[str]:
    """What the page's reader notices, where somebody has made a mistake in the warehouse; it is rolled back."""
    system = world.system
    source, warehouse = system.source(), system.undeployed_destination()
    with source.engine.connect() as ours, warehouse.engine.connect() as theirs:
        if mistake:
            assert theirs.exec_driver_sql(mistake).rowcount > 0
        found = problems(section, asking(ours), asking(theirs))
        theirs.rollback()
    source.close()
    warehouse.close()
    return found


def test_a_loaded_demo_is_as_the_page_says(loaded: World, loaded_shop: Shop) -> None:
    assert told(CHATWOOT, loaded) == []
    assert told(SHOP, loaded_shop) == []
    for section in (CHATWOOT, SHOP):
        assert sum(b.expected.startswith("the same") for b in blocks(section)) >= 3


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM public.conversas_analytics WHERE conversation_id = (SELECT MIN(id) FROM staging.conversations)",
        "UPDATE public.conversas_analytics SET status = 1 - status WHERE conversation_id = "
        "(SELECT MAX(conversation_id) FROM public.conversas_analytics WHERE status IN (0, 1))",
        "UPDATE public.conversas_analytics SET t_messages = t_messages + 1",
        "INSERT INTO staging.conversations SELECT (jsonb_populate_record(c, '{\"id\": 2147483000}')).* "
        "FROM staging.conversations AS c LIMIT 1",
    ],
    ids=["lost", "changed", "miscounted", "invented in the mirror"],
)
def test_a_wrong_row_of_chatwoot_is_noticed(loaded: World, statement: str) -> None:
    assert told(CHATWOOT, loaded, statement) != []


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM fact.fact_vendas WHERE venda_original_id = (SELECT MIN(order_item_id) FROM stg.order_items)",
        "UPDATE fact.fact_vendas SET valor_total_bruto = valor_total_bruto + 1 WHERE venda_original_id = "
        "(SELECT MIN(venda_original_id) FROM fact.fact_vendas)",
        "UPDATE fact.fact_vendas SET cliente_id = 987654321 WHERE venda_original_id = "
        "(SELECT MIN(venda_original_id) FROM fact.fact_vendas)",
        "UPDATE fact.kpi_vendas SET receita_liquida = receita_liquida + 1",
    ],
    ids=["lost", "changed", "key that leads nowhere", "figure on top"],
)
def test_a_wrong_row_of_the_shop_is_noticed(loaded_shop: Shop, statement: str) -> None:
    assert told(SHOP, loaded_shop, statement) != []


def test_a_block_that_does_not_say_where_it_runs_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    page = tmp_path / "page.md"
    page.write_text("\n## Here\n```sql\nSELECT 1\n```\n")
    monkeypatch.setattr("etl_assets_tests.validation.PAGE", page)
    with pytest.raises(AssertionError, match="does not say where"):
        blocks("Here")
