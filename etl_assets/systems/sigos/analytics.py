"""The copy of gold on a SQL Server, for those who analyse there: same schema, names, columns and rows (spec sigos 8).

Belongs here: how a table of gold is declared there. Does not belong here: what any of them holds.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from etl_assets.engine.spec import Limits, Snapshot, TableSpec, column

SYSTEM = "sigos_analytics"
# SQL Server indexes no text without a limit, and no key of more than 1,700 bytes: three of these are 1,200.
_KEY_TEXT = sa.String(200)


def published(specs: Iterable[TableSpec]) -> tuple[TableSpec, ...]:
    """A mirror of every stored table of layer `gold` among `specs` that SQL makes, in their order.

    Opinions on daily numbers stay where people answer them.
    """
    return tuple(_published(s) for s in specs if s.layer == "gold" and not s.is_view and s.computed is None)


def _published(spec: TableSpec) -> TableSpec:
    surrogates = tuple(c.name for c in spec.table.columns if c.identity is not None)
    key = surrogates or spec.key
    columns = [_column(c, is_key=c.name in key) for c in spec.table.columns]
    table = sa.Table(spec.name, sa.MetaData(), *columns, schema=spec.table.schema, comment=spec.table.comment)
    return TableSpec(
        system=SYSTEM,
        layer=spec.layer,
        table=table,
        key=key,
        load=Snapshot(),
        source=spec.relation,
        source_asset=spec.asset_key,
        new_source_columns="report",
        # Gold is right before it is published: what it no longer has is not here either.
        limits=Limits(deleted_share=1.0),
        owner=spec.owner,
    )


def _column(original: sa.Column[Any], *, is_key: bool) -> sa.Column[Any]:
    """The same column, filled by nothing but the copy."""
    is_text = isinstance(original.type, sa.Text)
    return column(
        original.name,
        _KEY_TEXT if is_text and is_key else original.type,
        original.comment or "",
        nullable=bool(original.nullable) and not is_key,
        pii=original.info.get("pii"),
    )
