"""The seven dimensions, in the order they are built. Belongs here: the list. Their declarations stand beside it."""

from __future__ import annotations

from etl_assets.engine.spec import TableSpec
from etl_assets.systems.ecommerce.campaigns import desconto
from etl_assets.systems.ecommerce.customers import cliente
from etl_assets.systems.ecommerce.places import data, regiao
from etl_assets.systems.ecommerce.products import produto
from etl_assets.systems.ecommerce.sales_force import equipe, vendedor


def dimensions() -> tuple[TableSpec, ...]:
    return data(), cliente(), produto(), regiao(), equipe(), vendedor(), desconto()
