"""Lacrei Saúde: the platform's tables copied as texts, typed and cleaned, a star schema, marts for BI.

Read in the order data flows: one declaration per source table (lookups, people, professionals, care) makes staging 01
and staging 02 (entity); columns has their notation. Then model (dimensions), fact, marts, anomalies, aliases; star has
what these share, feeds says which months a change reaches, parameters what SQL takes from the settings.
"""

from __future__ import annotations

from etl_assets.engine.access import Access
from etl_assets.engine.spec import TableSpec
from etl_assets.systems.lacrei.aliases import aliases
from etl_assets.systems.lacrei.anomalies import anomalies
from etl_assets.systems.lacrei.care import CARE
from etl_assets.systems.lacrei.entity import Entity
from etl_assets.systems.lacrei.fact import fact
from etl_assets.systems.lacrei.lookups import LOOKUPS
from etl_assets.systems.lacrei.marts import marts
from etl_assets.systems.lacrei.model import dimensions
from etl_assets.systems.lacrei.parameters import parameters
from etl_assets.systems.lacrei.people import PEOPLE
from etl_assets.systems.lacrei.professionals import PROFESSIONALS

__all__ = ["ACCESS", "ENTITIES", "SOURCE_SCHEMA", "parameters", "specs"]

# Of `professionals` what is sensitive is left out; `vw_professionals` has it for groups.
ACCESS = Access(("mart",))

SOURCE_SCHEMA = "lacreisaude-relacional"
ENTITIES: tuple[Entity, ...] = (*LOOKUPS, *PEOPLE, *PROFESSIONALS, *CARE)


def specs(source_schema: str = SOURCE_SCHEMA) -> tuple[TableSpec, ...]:
    """Every table and view of the system, sources first."""
    stagings = (*(e.staging_01(source_schema) for e in ENTITIES), *(e.staging_02() for e in ENTITIES))
    return (*stagings, *dimensions(), *aliases(), fact(), *marts(), anomalies())
