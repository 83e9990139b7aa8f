"""A synthetic shop, its warehouse and the definitions over both: as world.py has it for Chatwoot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from etl_assets.definitions import ecommerce_system
from etl_assets.orchestration.system import System
from etl_assets.settings import Settings
from etl_assets_tests.graph.world import World

MIRRORED = (
    "regions", "teams", "suppliers", "customers", "products", "sellers", "discount_campaigns", "orders", "order_items",
    "order_item_discounts", "seller_targets_monthly",
)  # fmt: skip
FACTS = ("fact.fact_vendas", "fact.fact_metas", "fact.fact_descontos")
SURROGATES = {
    "dim.dim_cliente": ("cliente_original_id", "cliente_id"),
    "dim.dim_produto": ("produto_original_id", "produto_id"),
    "dim.dim_regiao": ("regiao_original_id", "regiao_id"),
    "dim.dim_equipe": ("equipe_original_id", "equipe_id"),
    "dim.dim_vendedor": ("vendedor_original_id", "vendedor_id"),
    "dim.dim_desconto": ("desconto_original_id", "desconto_id"),
    "fact.fact_vendas": ("venda_original_id", "venda_id"),
    "fact.fact_metas": ("meta_original_id", "meta_id"),
    "fact.fact_descontos": ("desconto_aplicado_original_id", "desconto_aplicado_id"),
}


@dataclass
class Shop(World):
    """As World: jobs read and write with the roles' logins."""

    @property
    def _declared(self) -> System:
        return ecommerce_system(Settings())

    @cached_property
    def settings(self) -> Settings:
        return Settings.model_validate({"ecommerce_oltp_url": self.reader, "ecommerce_dw_url": self.writer})

    @cached_property
    def system(self) -> System:
        return ecommerce_system(self.settings)

    @cached_property
    def stored(self) -> tuple[str, ...]:
        return tuple(s.relation for s in self.system.graph.ordered if not s.is_view)

    def fingerprint(self, relations: Sequence[str] = ()) -> dict[str, str]:
        return super().fingerprint(relations or self.stored)

    @property
    def destination_months(self) -> tuple[str, ...]:
        return self.system.undeployed_destination().months

    def surrogates(self) -> dict[str, dict[int, int]]:
        """Per table with a surrogate key: natural key -> surrogate."""
        return {t: dict(self.rows(f"SELECT {k}, {s} FROM {t}")) for t, (k, s) in SURROGATES.items()}
