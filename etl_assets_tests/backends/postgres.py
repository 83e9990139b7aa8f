"""PostgreSQL's spelling, and its rows as text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import ClassVar

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.pool import NullPool

from etl_assets.engine import tsql
from etl_assets.engine.access import SOURCE_READER
from etl_assets.engine.dialects import postgres_copy, postgres_session
from etl_assets.engine.dialects import postgres_types as types
from etl_assets.engine.dialects.postgres import PostgresDialect
from etl_assets.engine.dialects.postgres_statements import quoted_text
from etl_assets.engine.spec import TableSpec
from etl_assets.engine.sqlfile import Language
from etl_assets_tests.backends.base import Backend, Rows, Texts, compared
from etl_assets_tests.logins import PASSWORD

# With what is made in the schema afterwards; workers share a server where they are told to.
_READER = """
DO $$ BEGIN CREATE ROLE {role} LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
ALTER ROLE {role} PASSWORD '{password}';
DO $$ BEGIN EXECUTE format(
    'ALTER ROLE {role} IN DATABASE %I SET default_transaction_read_only = on', current_database()
); END $$;
GRANT USAGE ON SCHEMA {schema} TO {role};
ALTER DEFAULT PRIVILEGES IN SCHEMA {schema} GRANT SELECT ON TABLES TO {role};
"""
_NUMBERS = ("smallint", "integer", "bigint", "numeric", "real", "double precision")


@dataclass(frozen=True)
class PostgresBackend(Backend):
    """PostgreSQL. Files are written in its own SQL, or (`shared`) in the T-SQL that both servers understand."""

    shared: bool = False

    dialect = PostgresDialect()
    streaming: ClassVar[ModuleType] = postgres_copy
    databases = "make_database"
    out_of_range = "sqlstate_22003"
    check_violated = "23514"
    # No limit of its own that a test would reach with a text that compresses.
    longest_key = 500
    tells_blanks = True
    length = "LENGTH"
    key_text = sa.Text()
    whole_seconds = postgresql.TIMESTAMP(precision=0)
    row_version = "xmin::text"
    tells_lock_timeouts = True
    deadlocked = "40P01"
    now = "(now() AT TIME ZONE 'utc')"
    clock = "(clock_timestamp() AT TIME ZONE 'utc')"

    @property
    def language(self) -> Language:
        return "tsql" if self.shared else "postgres"

    @property
    def render(self) -> Callable[[str], str]:
        return tsql.to_postgres if self.shared else str

    def engine(self, url: sa.URL) -> sa.Engine:
        return sa.create_engine(
            url, poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args={"options": "-c timezone=UTC"}
        )

    def reader_of(self, conn: sa.Connection, url: sa.URL, schema: str) -> sa.URL:
        self.execute(conn, _READER.format(schema=schema, role=SOURCE_READER, password=PASSWORD))
        return url.set(username=SOURCE_READER, password=PASSWORD)

    def watch_versions(self, conn: sa.Connection, relation: str) -> None:
        """Every row has one."""

    def cut(self, conn: sa.Connection, application: str | None = None) -> None:
        which = f" AND application_name = '{application}'" if application else ""
        self.rows(
            conn,
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            f"WHERE pid <> pg_backend_pid() AND datname = current_database(){which}",
        )

    def session(self, conn: sa.Connection) -> int:
        return self.dialect.number(conn, "SELECT pg_backend_pid()")

    def wait_for_locks(self, patch: pytest.MonkeyPatch, milliseconds: int) -> None:
        before = postgres_session._SETTINGS
        told = tuple(f"SET lock_timeout = {milliseconds}" if "lock_timeout" in s else s for s in before)
        assert told != before
        patch.setattr(postgres_session, "_SETTINGS", told)

    def survive_deadlocks(self, conn: sa.Connection) -> None:
        # Who looks for one, after this time, and finds it gives way.
        self.execute(conn, "SET deadlock_timeout = '1min'")

    def allow_snapshots(self, conn: sa.Connection) -> None:
        """Every database does."""

    def pause(self, seconds: int) -> str:
        return f"SELECT pg_sleep({seconds})"

    def numbers(self, first: int, last: int) -> str:
        return f"generate_series({first}, {last}) AS n (i)"

    def later(self, instant: str, number: str, unit: str = "SECOND") -> str:
        return f"({instant} + ({number}) * interval '1 {unit.lower()}')"

    def days_after(self, date: str, number: str) -> str:
        return f"({date} + ({number}))"

    def concat(self, *parts: str) -> str:
        return f"concat({', '.join(parts)})"

    def repeated(self, text: str, number: int) -> str:
        return f"repeat('{text}', {number})"

    def cursor(self, text: str) -> str:
        return text

    def retyped(self, relation: str, column: str, type_: str) -> str:
        return f'ALTER TABLE {relation} ALTER COLUMN "{column}" TYPE {type_}'

    def renamed(self, relation: str, new: str) -> str:
        return f"ALTER TABLE {relation} RENAME TO {new}"

    def function(self, name: str, expression: str) -> str:
        return f"CREATE OR REPLACE FUNCTION {name}() RETURNS int LANGUAGE sql AS 'SELECT {expression}'"

    def catalog(self, schemas: Iterable[str]) -> str:
        names = ", ".join(f"'{s}'" for s in schemas)
        return (
            "SELECT c.oid, c.relname, c.relkind::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            f"WHERE n.nspname IN ({names}) ORDER BY 1"
        )

    def comment(self, relation: str, column: str) -> str:
        return (
            "SELECT col_description(attrelid, attnum) FROM pg_attribute "
            f"WHERE attname = '{column}' AND attrelid = '{relation}'::regclass"
        )

    def has_index(self, name: str) -> str:
        return f"SELECT count(*) FROM pg_indexes WHERE indexname = '{name}'"

    def emptied(self, *relations: str) -> list[str]:
        return [f"TRUNCATE {', '.join(relations)} RESTART IDENTITY"]

    def texts(
        self,
        rows: Callable[[str], Rows],
        spec: TableSpec,
        relation: str,
        *,
        sources: Mapping[str, str] | None = None,
        left_out: Iterable[str] = (),
    ) -> Texts:
        names = compared(spec, from_source=sources is not None)
        typed = []
        for name, source in names.items():
            declared = self.dialect.declared_type(spec.table.columns[name])
            typed.append(_comparable(f'"{source}"', (sources or {}).get(source, declared), declared))
        keys = ", ".join(self.dialect.quote(names[k]) for k in spec.key)
        key = f"jsonb_build_array({keys})::text"
        # Values that were rejected need not convert.
        without = ", ".join(quoted_text(k) for k in left_out)
        kept = f" WHERE {key} NOT IN ({without})" if without else ""
        found: Texts = {}
        for row_key, digest in rows(f"SELECT {key}, md5(row({', '.join(typed)})::text) FROM {relation}{kept}"):
            found.setdefault(row_key, set()).add(digest)
        return found

    def source_keys(self, rows: Callable[[str], Rows], spec: TableSpec, relation: str) -> set[str]:
        keys = ", ".join(self.dialect.quote(spec.source_column(k)) for k in spec.key)
        return {k for (k,) in rows(f"SELECT jsonb_build_array({keys})::text FROM {relation}")}


def _comparable(value: str, type_: str, declared: str) -> str:
    """Text of a value of `type_` that equals that of a `declared` one if, and only if, the value is the same.

    A cast to the declared type alone would round the source as silently as a faulty load does.
    """
    (base, _, array), (wanted, _, _) = types.split(type_), types.split(declared)
    if not array and base in _NUMBERS and wanted in _NUMBERS:
        if base == "real" and wanted == "double precision":
            value = f"{value}::double precision"
        if base == "double precision" and types.decimals(declared) is not None:
            value = f"{value}::numeric"  # 15 digits: what lies beyond is noise of binary fractions
        return f"trim_scale({value}::text::numeric)::text"
    if wanted.startswith(("time", "interval")):
        declared = types.without_limits(declared)
    return f"({value}::{declared})::text"
