"""One declaration of a source table, from which staging 01 and staging 02 are derived.

Belongs here: what both stagings have in common for every table. Does not belong here: any table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from etl_assets.engine.checks import Check, Holds
from etl_assets.engine.rules import Cleaning, ColumnRule, Withheld
from etl_assets.engine.spec import Incremental, Keys, Merge, Snapshot, TableSpec, column
from etl_assets.systems.lacrei.columns import NEVER_READ, NULL_IN_STAGING_02, Row

STAGING_01 = "lacreisaude_staging_01"
STAGING_02 = "lacreisaude_staging_02"
_STAMP = sa.DateTime(timezone=True)
_IN_ORDER = (
    Holds(
        "changed_after_created",
        "updated_at >= created_at",
        ("updated_at", "created_at"),
        "No row is changed before it is created",
    ),
)


@dataclass(frozen=True)
class Entity:
    """A table of the source: what a row is, its columns (the id first), links to index and checks in staging 02."""

    name: str
    what: str
    rows: tuple[Row, ...]
    indexes: tuple[str, ...] = ()
    checks: Sequence[Check] = ()

    @property
    def is_dated(self) -> bool:
        """Whether rows carry when they changed; bridges do not."""
        return any(old == "updated_at" for old, _ in map(_names, self.rows))

    def staging_01(self, source_schema: str) -> TableSpec:
        """A copy in texts, one row per id, without what must never leave the source."""
        key = _names(self.rows[0])[0]
        columns: list[sa.Column[Any]] = []
        for row in self.rows:
            name, class_ = _names(row)[0], _class(row)
            role = "withheld" if class_ in NEVER_READ else None
            columns.append(column(name, sa.Text(), row[2], pii=class_, role=role))  # type: ignore[arg-type]
        columns += [
            column("_extracted_at", _STAMP, "When the row was last read anew", role="updated_at"),
            column("_batch_id", sa.Text(), "The run that read it", role="run_id"),
        ]
        return TableSpec(
            system="lacrei",
            layer="staging_01",
            table=_table(STAGING_01, self.name, f"{self.what}: texts, as they are in the source.", columns),
            key=(key,),
            load=Incremental("updated_at", finds_deletes=True, kept_as_text=True) if self.is_dated else Snapshot(),
            source=f"{source_schema}.{self.name}",
            # An id that is there twice: the row changed last, then created last, then by the hash of all of it.
            dedupe_order=("created_at DESC NULLS LAST",) if self.is_dated else (),
            new_source_columns="report",
        )

    def staging_02(self) -> TableSpec:
        """The same, typed and cleaned by the rules, with one row per trimmed id."""
        rules = {new: (old, _rule(row)) for row in self.rows for old, new in [_names(row)]}
        columns = [
            column(new, rule.type, row[2], pii=_class(row))
            for row, (new, (_, rule)) in zip(self.rows, rules.items(), strict=True)
        ]
        columns += [
            column("_loaded_at", _STAMP, "When the load last changed the row", role="updated_at"),
            column("_is_deleted", sa.Boolean(), "The source has the row no more", nullable=False, role="deleted_flag"),
        ]
        indexes = [sa.Index(f"ix_{self.name}_{c}"[:63], c) for c in self.indexes]
        relation, key = f"{STAGING_01}.{self.name}", next(iter(rules))
        return TableSpec(
            system="lacrei",
            layer="staging_02",
            table=_table(STAGING_02, self.name, f"{self.what}: typed and cleaned.", [*columns, *indexes]),
            key=(key,),
            load=Merge(versions=("updated_at", "created_at") if self.is_dated else ()),
            reads={relation: Keys((rules[key][0],))},
            checks=(*(_IN_ORDER if self.is_dated else ()), *self.checks),
            dedupe_order=("_extracted_at DESC",),
            marks_deletes=True,
            cleans=Cleaning(relation, rules, also=("_extracted_at",)),
        )


def _names(row: Row) -> tuple[str, str]:
    """Its names in staging 01 and staging 02."""
    old, _, new = row[0].partition(" > ")
    return old, new or old


def _class(row: Row) -> str | None:
    return row[3] if len(row) == 4 else None


def _rule(row: Row) -> ColumnRule:
    hidden = _class(row) in NULL_IN_STAGING_02 and not isinstance(row[1], Withheld)
    return Withheld(row[1].type) if hidden else row[1]


def _table(schema: str, name: str, comment: str, parts: Sequence[Any]) -> sa.Table:
    return sa.Table(name, sa.MetaData(), *parts, schema=schema, comment=comment)
