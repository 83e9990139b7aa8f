"""How every dimension is made: its audit columns, its unknown member, and that deleted members stay.

Belongs here: what the dimensions share. Does not belong here: any column of one of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from etl_assets.engine.checks import Check
from etl_assets.engine.spec import Merge, Reading, Replace, TableSpec
from etl_assets.systems.ecommerce.columns import FLAG, Row, audit, declare, identity, name_of
from etl_assets.systems.ecommerce.quality import UNKNOWN

UNKNOWN_ID = -1
_LONG_AGO = datetime(1900, 1, 1)


def unknown(rows: Iterable[Row], **known: Any) -> dict[str, Any]:
    """The member facts point to when theirs does not exist. `known` are values that follow no general rule."""
    return {name_of(row): known.get(name_of(row), _unknown_value(row)) for row in rows}


def dimension(
    name: str,
    rows: tuple[Row, ...],
    *,
    key: str,
    load: Merge | Replace,
    surrogate: str | None = None,
    unknown_member: Mapping[str, Any],
    reads: Mapping[str, Reading] | None = None,
    checks: Sequence[Check] = (),
    indexes: Sequence[tuple[str, ...]] = (),
) -> TableSpec:
    """`surrogate` is one the server allocates; without it, the SELECT returns the surrogate."""
    allocated = [identity(surrogate, "Surrogate key; -1 unknown")] if surrogate else []
    links = [sa.Index("_".join(("ix", name, *columns)), *columns) for columns in indexes]
    more = [*audit(marks_deletes=True), *links]
    return TableSpec(
        system="ecommerce",
        layer="dim",
        table=sa.Table(name, sa.MetaData(), *allocated, *declare(rows), *more, schema="dim"),
        key=(key,),
        load=load,
        reads=reads or {},
        checks=checks,
        marks_deletes=True,
        fixed_rows=({**({surrogate: UNKNOWN_ID} if surrogate else {}), **unknown_member},),
    )


def _unknown_value(row: Row) -> Any:
    name, type_, required = name_of(row), row[1], row[0].endswith("!")
    if name.endswith("_id"):
        return UNKNOWN_ID
    if type_ is FLAG:
        return 0
    if isinstance(type_, sa.Text | sa.String):
        return _unknown_text(type_)
    if isinstance(type_, sa.DateTime):
        return _LONG_AGO
    if isinstance(type_, sa.Date):
        return _LONG_AGO.date()
    return 0 if required else None


def _unknown_text(type_: sa.String) -> str | None:
    if type_.length == 2:
        return "NA"
    return UNKNOWN if type_.length is None or type_.length >= len(UNKNOWN) else None
