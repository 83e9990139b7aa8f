"""PostgreSQL's SQL for text that was moved out of a table.

Belongs here: statements over tables with archived texts and `ctl.archived_text`. Does not belong here: files.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from etl_assets.engine.dialects.base_archives import Text
from etl_assets.engine.dialects.postgres_partitions import PATIENCE, PostgresPartitions
from etl_assets.engine.dialects.postgres_statements import quoted_text
from etl_assets.engine.dialects.values import Staged
from etl_assets.engine.months import following
from etl_assets.engine.spec import TableSpec

_LISTED = "ctl.archived_text"
_BATCH = 5_000
# Marks staged rows whose text was archived as it is.
_HIDDEN = "etl_archived"


class PostgresArchives(PostgresPartitions):
    """The part of PostgresDialect that knows of archived texts."""

    keeps_archives = True

    def texts(self, conn: sa.Connection, spec: TableSpec, month: str) -> Iterator[Sequence[Text]]:
        text = f"(t.{self.quote(_archive(spec))})::text"
        select = (
            f"SELECT {self._key(spec, 't')}, {text}, md5({text}) FROM {self.relation(spec.relation)} t "
            f"WHERE {self._of(conn, spec, month)} ORDER BY {', '.join(f't.{self.quote(k)}' for k in spec.key)}"
        )
        options = {"no_parameters": True, "stream_results": True, "max_row_buffer": _BATCH}
        with conn.exec_driver_sql(select, execution_options=options) as found:
            for batch in found.partitions(_BATCH):
                yield [(str(key), str(value), str(md5)) for key, value, md5 in batch]

    def take_texts(self, conn: sa.Connection, spec: TableSpec, month: str, stage: str, file_id: int) -> int:
        column = self.quote(_archive(spec))
        same = f"f.row_key = {self._key(spec, 't')} AND f.digest = md5((t.{column})::text)"
        taken = self.execute(
            conn,
            f"UPDATE {self.relation(spec.relation)} t SET {column} = NULL FROM {self.quote(stage)} f "
            f"WHERE {same} AND {self._of(conn, spec, month)}",
        )
        self.execute(
            conn,
            f"INSERT INTO {_LISTED} (entity, row_key, file_id, digest) "
            f"SELECT {quoted_text(spec.entity)}, f.row_key, {int(file_id)}, f.digest FROM {self.quote(stage)} f "
            "ON CONFLICT (entity, row_key) DO UPDATE SET file_id = EXCLUDED.file_id, digest = EXCLUDED.digest",
        )
        return taken

    def give_texts(self, conn: sa.Connection, spec: TableSpec, stage: str, file_id: int) -> tuple[int, int]:
        column, relation, source = self.quote(_archive(spec)), self.relation(spec.relation), self.quote(stage)
        of_file = f"a.entity = {quoted_text(spec.entity)} AND a.file_id = {int(file_id)}"
        same = "f.row_key = a.row_key AND md5(f.text) = a.digest"
        lacking = self.number(
            conn,
            f"SELECT count(*) FROM {_LISTED} a WHERE {of_file} AND NOT EXISTS (SELECT 1 FROM {source} f WHERE {same})",
        )
        type_ = self.declared_type(spec.table.columns[_archive(spec)])
        given = self.execute(
            conn,
            f"UPDATE {relation} t SET {column} = (f.text)::{type_} FROM {source} f JOIN {_LISTED} a ON {of_file} "
            f"AND {same} WHERE f.row_key = {self._key(spec, 't')} AND t.{column} IS NULL",
        )
        # As the server prints it, or it is not the text that was taken.
        right = self.number(
            conn,
            f"SELECT count(*) FROM {relation} t JOIN {_LISTED} a ON {of_file} AND a.row_key = {self._key(spec, 't')} "
            f"WHERE md5((t.{column})::text) = a.digest",
        )
        self.execute(conn, f"DELETE FROM {_LISTED} a WHERE {of_file}")
        return right, lacking + abs(given - right)

    def hide_archived(self, conn: sa.Connection, spec: TableSpec, staged: Staged) -> int:
        ours = f"a.entity = {quoted_text(spec.entity)}"
        if not self.scalar(conn, f"SELECT EXISTS (SELECT 1 FROM {_LISTED} a WHERE {ours})"):
            return 0
        column, stage = _archive(spec), self.quote(staged.name)
        key = ", ".join(staged.expressions[k] for k in spec.key)
        self.execute(conn, f"ALTER TABLE {stage} ADD COLUMN {_HIDDEN} boolean")
        return self.execute(
            conn,
            f"UPDATE {stage} s SET {self.quote(column)} = NULL, {_HIDDEN} = true FROM {_LISTED} a WHERE {ours} "
            f"AND a.row_key = (jsonb_build_array({key}))::text AND s.{self.quote(column)} IS NOT NULL "
            f"AND a.digest = md5(({staged.expressions[column]})::text)",
        )

    def forget_rewritten(self, conn: sa.Connection, spec: TableSpec, stage: str) -> int:
        if _HIDDEN not in self.stage_types(conn, stage):
            return 0
        ours, text = f"a.entity = {quoted_text(spec.entity)}", self.quote(_archive(spec))
        on = " AND ".join(f"s.{self.quote(k)} = t.{self.quote(k)}" for k in spec.key)
        return self.execute(
            conn,
            f"DELETE FROM {_LISTED} a USING {self.quote(stage)} s JOIN {self.relation(spec.relation)} t ON {on} "
            f"WHERE {ours} AND a.row_key = {self._key(spec, 't')} AND s.{_HIDDEN} IS NOT TRUE "
            # A stored row may have been newer than the staged one, and stayed.
            f"AND (t.{text} IS NOT NULL OR s.{text} IS NULL)",
        )

    def reclaim(self, conn: sa.Connection, spec: TableSpec, month: str) -> None:
        if not self.is_cut(conn, spec.relation):
            # Rows to come take the room.
            self.execute(conn, f"VACUUM (ANALYZE) {self.relation(spec.relation)}")
            return
        # None will come to an old month: its file is written anew, of what is left, while whoever reads it waits.
        names = [p.name for p in self.partitions(conn, spec.relation) if p.takes(month)]
        self.execute(conn, f"SET lock_timeout = '{PATIENCE}'")
        for name in names:
            self.execute(conn, f"VACUUM (FULL, ANALYZE) {self.relation(f'{spec.table.schema}.{name}')}")

    def _key(self, spec: TableSpec, alias: str) -> str:
        """The key of a row as `ctl` has it."""
        return f"(jsonb_build_array({', '.join(f'{alias}.{self.quote(k)}' for k in spec.key)}))::text"

    def _of(self, conn: sa.Connection, spec: TableSpec, month: str) -> str:
        """Rows of a month (UTC) that have a text."""
        assert spec.archive is not None
        dated = spec.archive.dated_by
        type_ = self._type_of(conn, spec.relation, dated)
        low, high = (self.day_start(day, type_, "UTC") for day in (month, following(month)))
        column = f"t.{self.quote(dated)}"
        return f"{column} >= {low} AND {column} < {high} AND t.{self.quote(_archive(spec))} IS NOT NULL"


def _archive(spec: TableSpec) -> str:
    assert spec.archive is not None
    return spec.archive.column
