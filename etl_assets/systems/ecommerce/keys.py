"""Surrogate keys of teams and sellers, allocated before their dimensions.

A team names its leader and a seller names their team, each by surrogate: with keys of their own the two dimensions need
not wait for each other. Belongs here: nothing but keys.
"""

from __future__ import annotations

from etl_assets.engine.spec import Keys, Merge, TableSpec
from etl_assets.systems.ecommerce.columns import BIG, Row
from etl_assets.systems.ecommerce.members import dimension, unknown
from etl_assets.systems.ecommerce.quality import Covers


def _keys(what: str, mirror: str, mirror_key: str, meaning: str) -> TableSpec:
    natural = f"{what}_original_id"
    rows: tuple[Row, ...] = ((f"{natural}!", BIG, meaning),)
    return dimension(
        f"chave_{what}",
        rows,
        key=natural,
        surrogate=f"{what}_id",
        load=Merge(restrict={mirror: mirror_key}),
        reads={mirror: Keys((mirror_key,))},
        unknown_member=unknown(rows),
        checks=(Covers(natural, mirror, mirror_key),),
    )


def keys() -> tuple[TableSpec, ...]:
    return (
        _keys("equipe", "stg.teams", "team_id", "Team in the source; -1 unknown"),
        _keys("vendedor", "stg.sellers", "seller_id", "Seller in the source; -1 unknown"),
    )
