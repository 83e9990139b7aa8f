"""What SQL Server's catalog says of relations, and the few changes of it that are no load's.

Belongs here: columns, indexes, declared types, descriptions. Does not belong here: which type takes which values
(sqlserver_types.py), rights (sqlserver_roles.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from etl_assets.engine.dialects import sqlserver_types as types
from etl_assets.engine.dialects.base_catalog import CatalogDialect
from etl_assets.engine.dialects.sqlserver_statements import bracketed, unicode_text
from etl_assets.engine.dialects.values import CatalogColumn
from etl_assets.engine.errors import SpecError

_CATALOG = """SELECT c.name, COALESCE(b.name, TYPE_NAME(c.user_type_id)), c.max_length, c.precision, c.scale,
c.is_nullable FROM {catalog}sys.columns AS c LEFT JOIN {catalog}sys.types AS b ON b.user_type_id = c.system_type_id
WHERE c.object_id = {object_id} ORDER BY c.column_id"""
_DESCRIPTION = "MS_Description"


def catalog_query(object_id: str, catalog: str = "") -> str:
    return _CATALOG.format(object_id=object_id, catalog=catalog)


def catalog_columns(rows: Iterable[Sequence[Any]]) -> tuple[CatalogColumn, ...]:
    """Columns from rows of `catalog_query`."""
    return tuple(
        CatalogColumn(str(name), types.from_catalog(str(type_), int(length), int(precision), int(scale)), not nullable)
        for name, type_, length, precision, scale, nullable in rows
    )


class SqlServerCatalog(CatalogDialect):
    """The part of SqlServerDialect that reads and describes relations."""

    def columns(self, conn: sa.Connection, relation: str) -> tuple[CatalogColumn, ...]:
        return catalog_columns(self.rows(conn, catalog_query(f"({self._object(relation)})")))

    def columns_as(self, conn: sa.Connection, relation: str, names: Iterable[str]) -> tuple[CatalogColumn, ...]:
        found = self.columns(conn, relation)
        present = {c.name for c in found}
        # Without regard to case, as SQL Server's usual collations: unless both are there.
        ours = {name.lower(): name for name in names if name not in present}
        return tuple(replace(c, name=ours.get(c.name.lower(), c.name)) for c in found)

    def exists(self, conn: sa.Connection, relation: str) -> bool:
        return self.scalar(conn, self._object(relation)) is not None

    def create_schema(self, conn: sa.Connection, name: str) -> None:
        create = unicode_text(f"CREATE SCHEMA {bracketed(name)}")
        self.execute(conn, f"IF SCHEMA_ID({unicode_text(name)}) IS NULL EXEC({create})")

    def is_unique(self, conn: sa.Connection, relation: str, columns: Sequence[str]) -> bool:
        found: dict[object, set[object]] = {}
        for index, column in self._indexed(conn, relation, "i.is_unique = 1 AND k.is_included_column = 0"):
            found.setdefault(index, set()).add(str(column).lower())
        return {c.lower() for c in columns} in found.values()

    def has_index(self, conn: sa.Connection, relation: str, leading: str) -> bool:
        return any(
            str(column).lower() == leading.lower() for _, column in self._indexed(conn, relation, "k.key_ordinal = 1")
        )

    def index_advice(self, relation: str, column: str) -> str:
        name = bracketed(f"ix_{relation.rsplit('.', 1)[-1]}_{column}")
        # Online needs the Enterprise edition, so it is not said.
        return f"CREATE INDEX {name} ON {self.relation(relation)} ({bracketed(column)})"

    def _indexed(self, conn: sa.Connection, relation: str, which: str) -> list[tuple[object, ...]]:
        return self.rows(
            conn,
            "SELECT i.index_id, c.name FROM sys.indexes AS i INNER JOIN sys.index_columns AS k "
            "ON k.object_id = i.object_id AND k.index_id = i.index_id INNER JOIN sys.columns AS c "
            "ON c.object_id = k.object_id AND c.column_id = k.column_id "
            f"WHERE i.object_id = ({self._object(relation)}) AND i.has_filter = 0 AND i.is_disabled = 0 AND {which}",
        )

    def _object(self, relation: str) -> str:
        schema, name = (unicode_text(part) for part in relation.split(".", 1))
        return (
            "SELECT o.object_id FROM sys.objects AS o INNER JOIN sys.schemas AS s ON s.schema_id = o.schema_id "
            f"WHERE s.name = {schema} AND o.name = {name} AND o.type IN ('U', 'V')"
        )

    def declared_type(self, column: sa.Column[object]) -> str:
        if isinstance(column.type, sa.Interval):
            raise SpecError(f"column {column.name}: SQL Server has no type for an interval; declare seconds, a number")
        return types.normal(column.type.compile(dialect=self.sqlalchemy))

    def drop_not_null(self, conn: sa.Connection, relation: str, column: CatalogColumn) -> None:
        altered = f"ALTER COLUMN {bracketed(column.name)} {column.type} NULL"
        self.execute(conn, f"ALTER TABLE {self.relation(relation)} {altered}")

    def comment(self, conn: sa.Connection, relation: str, text: str, *, kind: str, column: str | None = None) -> None:
        schema, name = relation.split(".", 1)
        levels = [("SCHEMA", schema), (kind.upper(), name), *([("COLUMN", column)] if column else [])]
        place = ", ".join(f"N'{level}', {unicode_text(of)}" for level, of in levels)
        minor = f"COLUMNPROPERTY(({self._object(relation)}), {unicode_text(column)}, 'ColumnId')" if column else "0"
        there = (
            f"SELECT COUNT(*) FROM sys.extended_properties AS p WHERE p.class = 1 AND p.name = N'{_DESCRIPTION}' "
            f"AND p.major_id = ({self._object(relation)}) AND p.minor_id = {minor}"
        )
        action = "update" if self.number(conn, there) else "add"
        self.execute(conn, f"EXEC sp_{action}extendedproperty N'{_DESCRIPTION}', {unicode_text(text)}, {place}")
