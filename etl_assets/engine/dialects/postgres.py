"""PostgreSQL 14 and later: sessions, locks, catalog, literals, error classes.

Belongs here: everything server-specific but the generated SQL of staging and merging (postgres_merge.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from weakref import WeakKeyDictionary

import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError

from etl_assets.engine.access import Grant
from etl_assets.engine.dialects import postgres_roles, postgres_rules, postgres_transport
from etl_assets.engine.dialects import postgres_types as types
from etl_assets.engine.dialects.postgres_archives import PostgresArchives
from etl_assets.engine.dialects.postgres_copy import PostgresCopyStream, copy_csv
from etl_assets.engine.dialects.postgres_fill import filling
from etl_assets.engine.dialects.postgres_stage import quoted_text
from etl_assets.engine.dialects.sessions import make_engine
from etl_assets.engine.dialects.values import CatalogColumn, RowStream, Same
from etl_assets.engine.errors import (
    AccessError,
    DataError,
    EtlError,
    TimedOutError,
    TransientError,
    describe,
    without_secrets,
)
from etl_assets.engine.rules import ColumnRule
from etl_assets.engine.tsql import to_postgres

# SQLSTATE classes and codes that may succeed when tried again.
_TRANSIENT = ("08", "40", "53", "57P", "57014", "55P03", "25P03", "58")
_TIMED_OUT = ("55P03", "57014")
_ACCESS = ("28", "3D", "42501")
_REFUSED = (
    "password authentication failed",
    "does not exist",
    "no pg_hba.conf entry",
    "permission denied",
    "not permitted",
)

_UNKNOWN_COLUMN = "42703"
_OLDEST = 14
_SETTINGS = (
    "SET TIME ZONE 'UTC'",
    "SET DateStyle = 'ISO, YMD'",
    "SET IntervalStyle = 'postgres'",
    # Frees locks of a dead client within seconds (stack.md: 22 s without, 0.8 s with).
    "SET client_connection_check_interval = '1s'",
    "SET lock_timeout = '60s'",
    # The session that says a run lives is idle for as long as the run lasts.
    "SET idle_session_timeout = 0",
    # Compiling the wide expressions of a 118-column SELECT costs more than it saves.
    "SET jit = off",
    # A delta of 25,000 rows finds its rows of 500,000 by the key in 178 ms; at the default of 4 the planner reads the
    # whole table (315 ms).
    "SELECT set_config('random_page_cost', least(current_setting('random_page_cost')::float, 1.1)::text, false)",
    # A batch is staged in memory, not in a file.
    "SET temp_buffers = '64MB'",
)

_PARAMETERS = "etl_assets."

_COLUMNS = """
SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, t.typtype = 'd'
FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
WHERE a.attrelid = to_regclass({relation}) AND a.attnum > 0 AND NOT a.attisdropped
AND has_column_privilege(a.attrelid, a.attnum, 'SELECT') ORDER BY a.attnum
"""

# A domain counts as the type it is made of: its rules hold in the source, its values travel as that type.
_COLUMNS_WITH_DOMAINS = """
WITH RECURSIVE found (attnum, name, required, type, modifier) AS (
    SELECT attnum, attname, attnotnull, atttypid, atttypmod FROM pg_attribute
    WHERE attrelid = to_regclass({relation}) AND attnum > 0 AND NOT attisdropped
    AND has_column_privilege(attrelid, attnum, 'SELECT')
    UNION ALL
    SELECT f.attnum, f.name, f.required, t.typbasetype, t.typtypmod
    FROM found f JOIN pg_type t ON t.oid = f.type AND t.typtype = 'd'
)
SELECT f.name, format_type(f.type, f.modifier), f.required
FROM found f JOIN pg_type t ON t.oid = f.type AND t.typtype <> 'd' ORDER BY f.attnum
"""

# The first question is cheap, and most often the answer.
_DIGEST = """
SELECT CASE WHEN (SELECT count(*) FROM ({select}) etl_row) = {rows} THEN (
    SELECT md5(string_agg(md5((etl_row.*)::text), '' ORDER BY md5((etl_row.*)::text) COLLATE "C"))
    FROM ({select}) etl_row
) END
"""

# Two hashes of 64 bits and the number of rows; the first of them says which part a key is of. Where a key is to count
# once the pairs of hashes are told apart, which takes memory or a file: not to be asked of all keys. Text and hashes
# are made once a row.
_DIGESTS_OF_KEYS = """
SELECT etl_hash.a & {last}, count(*), concat_ws(':', bit_xor(etl_hash.a), bit_xor(etl_hash.b))
FROM (
    SELECT {distinct} hashtextextended(etl_row.key, 0) AS a, hashtextextended(etl_row.key, 1) AS b
    FROM (SELECT {text} AS key FROM ({select}) etl_key ({names}) WHERE {known} AND {within} OFFSET 0) etl_row
    OFFSET 0
) etl_hash
GROUP BY 1
"""
# Enough that few keys out of a million are in few parts, few enough to be sent and held side by side: 30 ms.
_PARTS = 8192

# TRUNCATE and a rewrite of the table are in no counter, but change the file. Of a table of partitions they count.
_WRITES = """
SELECT r.name, string_agg(concat_ws('/', s.relid, c.relfilenode, s.n_tup_ins, s.n_tup_upd, s.n_tup_del), ' '
    ORDER BY s.relid)
FROM (
    SELECT concat_ws('.', n.nspname, p.relname) AS name, p.oid
    FROM pg_class p JOIN pg_namespace n ON n.oid = p.relnamespace
    WHERE concat_ws('.', n.nspname, p.relname) IN ({relations})
) r
JOIN LATERAL (SELECT r.oid UNION ALL SELECT i.inhrelid FROM pg_inherits i WHERE i.inhparent = r.oid) o (oid) ON true
JOIN pg_stat_all_tables s ON s.relid = o.oid JOIN pg_class c ON c.oid = s.relid
GROUP BY r.name
"""

# Readers block nobody but a change of columns, hence last. Whoever holds the advisory lock of the target is its loader.
_HOLDERS = """
SELECT a.pid, a.application_name, max(l.mode), l.relation::regclass::text
FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.granted AND l.locktype = 'relation' AND l.relation IN ({relations})
AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND NOT EXISTS (
    SELECT 1 FROM pg_locks k WHERE k.pid = l.pid AND k.locktype = 'advisory' AND k.database = l.database
    AND (k.classid::bigint << 32 | k.objid::bigint) = {number}
)
AND l.pid <> pg_backend_pid()
GROUP BY a.pid, a.application_name, a.xact_start, l.relation
ORDER BY bool_and(l.mode = 'AccessShareLock'), a.xact_start LIMIT 5
"""


_SQLALCHEMY = postgresql.dialect()
# Printing a type takes 30 µs, and a load asks for that of each column several times.
_declared: WeakKeyDictionary[sa.types.TypeEngine[object], str] = WeakKeyDictionary()


class PostgresDialect(PostgresArchives):
    """See Dialect."""

    kind = "postgresql"
    takes_digests = True
    lands_files = True
    schemes: Mapping[str, str] = dict.fromkeys(
        ("postgresql", "postgres", "postgresql+psycopg2", "postgresql+psycopg"), "postgresql+psycopg"
    )

    def engine(self, url: sa.URL, *, application: str, keep_sessions: bool = False) -> sa.Engine:
        engine = make_engine(
            url.set(drivername=self.schemes.get(url.drivername, url.drivername)),
            keep_sessions=keep_sessions,
            hide_parameters=True,
            connect_args={
                "connect_timeout": 10,
                # Rows cross as bytes: both ends must speak one encoding whatever their databases store.
                "client_encoding": "utf8",
                "application_name": application,
                "keepalives_idle": 30,
                "keepalives_interval": 10,
                "keepalives_count": 3,
            },
        )

        @sa.event.listens_for(engine, "connect")
        def prepare(connection: psycopg.Connection, record: sa.pool.ConnectionPoolEntry) -> None:
            connection.prepare_threshold = None  # temporary tables come and go under the same name
            connection.autocommit = True
            answers = connection.execute("; ".join((*_SETTINGS, postgres_transport.WHO_ANSWERS)).encode())
            postgres_transport.remember(connection, record, answers)
            connection.autocommit = False

        return engine

    def create_database(self, url: sa.URL) -> bool:
        engine = self.engine(url.set(database="postgres"), application="etl_assets bootstrap")
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
            there = f"SELECT 1 FROM pg_database WHERE datname = {quoted_text(str(url.database))}"
            if self.scalar(conn, there) is not None:
                return False
            self.execute(conn, f"CREATE DATABASE {self.quote(str(url.database))} TEMPLATE template0 ENCODING 'UTF8'")
        return True

    def source_roles(self, grants: Sequence[Grant]) -> str:
        return postgres_roles.source_roles(grants, self.quote, quoted_text)

    def warehouse_roles(
        self, writer: str, readers: Sequence[str], schemas: Sequence[str], grants: Sequence[Grant]
    ) -> str:
        return postgres_roles.warehouse_roles(writer, readers, schemas, grants, self.quote, quoted_text)

    def grant_reading(self, grants: Sequence[Grant]) -> str:
        return postgres_roles.grant_reading(grants, self.quote, quoted_text)

    def set_password(self, conn: sa.Connection, role: str, password: str) -> None:
        # Hashed here: the server may log what it is told.
        session: psycopg.Connection[object] = conn.connection.driver_connection  # type: ignore[assignment]
        hashed = session.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
        self.execute(conn, f"ALTER ROLE {self.quote(role)} PASSWORD {quoted_text(hashed)}")

    @contextmanager
    def snapshot(self, engine: sa.Engine) -> Iterator[sa.Connection]:
        connection = engine.connect()
        try:
            yield connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        finally:
            connection.close()

    @property
    def sqlalchemy(self) -> sa.engine.Dialect:
        return _SQLALCHEMY

    def classify(self, error: BaseException) -> EtlError:
        if isinstance(error, EtlError):
            return error
        cause = error.orig if isinstance(error, DBAPIError) else error
        if not isinstance(cause, psycopg.Error):
            # Any code may have raised it, with a value in its text.
            return EtlError(f"unexpected {type(cause).__name__}")
        state, diag = cause.sqlstate, cause.diag
        if state is None and not isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError):
            return DataError(f"the driver refused a value or statement ({type(cause).__name__})")
        if state is None:
            # libpq reports failed logins without a code.
            text = without_secrets(str(cause).strip().splitlines()[0]) if str(cause).strip() else "connection lost"
            refused = any(r in str(cause) for r in _REFUSED)
            return postgres_transport.login_error(text) or (AccessError(text) if refused else TransientError(text))
        # A function may say anything under any code; the server's own words are known not to quote rows.
        primary = "raised by a function" if diag.source_function == "exec_stmt_raise" else diag.message_primary
        text = describe(state, primary, column=diag.column_name, table=diag.table_name)
        if state == _UNKNOWN_COLUMN and diag.message_hint:
            # Of names alone, unlike the hints of data.
            text = f"{text}. {diag.message_hint}"
        if shared := postgres_transport.pooler_error(state, text):
            return shared
        if state in _TIMED_OUT:
            return TimedOutError(text)
        if state.startswith(_TRANSIENT):
            return TransientError(text)
        return AccessError(text) if state.startswith(_ACCESS) else DataError(text)

    def try_lock(self, conn: sa.Connection, name: str) -> bool:
        return bool(self.scalar(conn, f"SELECT pg_try_advisory_lock({_lock_number(name)})"))

    def unlock(self, conn: sa.Connection, name: str) -> None:
        self.scalar(conn, f"SELECT pg_advisory_unlock({_lock_number(name)})")

    def holders(self, conn: sa.Connection, target: str, others: Iterable[str] = ()) -> tuple[str, ...]:
        # Asked when the wait is over: pg_blocking_pids() would say nothing any more.
        relations = ", ".join(f"to_regclass({quoted_text(self.relation(r))})" for r in (target, *others))
        found = self.rows(conn, _HOLDERS.format(relations=relations, number=_lock_number(target)))
        return tuple(f"pid {pid} (application {name!r}, {mode} on {where})" for pid, name, mode, where in found)

    def shared_sessions(self, conn: sa.Connection, *, thorough: bool = False) -> str:
        return postgres_transport.shared_sessions(conn, thorough=thorough)

    def readable_on_the_way(self, conn: sa.Connection) -> str:
        return postgres_transport.readable_on_the_way(conn)

    def version(self, conn: sa.Connection) -> str:
        return f"PostgreSQL {self.scalar(conn, 'SHOW server_version')}"

    def too_old(self, conn: sa.Connection) -> str:
        old = int(str(self.scalar(conn, "SHOW server_version_num"))) < _OLDEST * 10_000
        return f"{self.version(conn)} is older than {_OLDEST}, the oldest tried: upgrade the server" if old else ""

    def columns(self, conn: sa.Connection, relation: str) -> tuple[CatalogColumn, ...]:
        quoted = quoted_text(self.relation(relation))
        found = self.rows(conn, _COLUMNS.format(relation=quoted))
        if any(is_domain for _, _, _, is_domain in found):
            found = self.rows(conn, _COLUMNS_WITH_DOMAINS.format(relation=quoted))
        return tuple(CatalogColumn(str(n), types.normal(str(t)), bool(r)) for n, t, r, *_ in found)

    def exists(self, conn: sa.Connection, relation: str) -> bool:
        return self.scalar(conn, f"SELECT to_regclass({quoted_text(self.relation(relation))})") is not None

    def create_schema(self, conn: sa.Connection, name: str) -> None:
        self.execute(conn, f"CREATE SCHEMA IF NOT EXISTS {self.quote(name)}")

    def is_unique(self, conn: sa.Connection, relation: str, columns: Sequence[str]) -> bool:
        wanted = ", ".join(map(quoted_text, sorted(columns)))
        found = self.rows(
            conn,
            "SELECT 1 FROM pg_index i "
            "JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey::int2[]) "
            f"WHERE i.indrelid = to_regclass({quoted_text(self.relation(relation))}) AND i.indisunique "
            "AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL AND i.indnatts = i.indnkeyatts "
            # Rows of tables that inherit from it are read with it, and are in no index of it.
            "AND NOT EXISTS (SELECT 1 FROM pg_inherits h JOIN pg_class c ON c.oid = h.inhparent "
            "WHERE h.inhparent = i.indrelid AND c.relkind = 'r') "
            "GROUP BY i.indexrelid "
            f'HAVING array_agg(a.attname::text ORDER BY a.attname::text COLLATE "C") = ARRAY[{wanted}]',
        )
        return bool(found)

    def digest(self, conn: sa.Connection, select: str, *, if_rows: int) -> str | None:
        found = self.scalar(conn, _DIGEST.format(select=select, rows=if_rows))
        return None if found is None else str(found)

    def digest_of_rows(self, expressions: Sequence[str]) -> str:
        row = f"ROW({', '.join(expressions)})::text"
        return f"concat_ws(':', {', '.join(f'bit_xor(hashtextextended({row}, {seed}))' for seed in (0, 1))})"

    def digests_of_keys(
        self, conn: sa.Connection, select: str, columns: int, *, once_in: Collection[int] | None = None
    ) -> Mapping[int, tuple[int, str]]:
        names = [f"c{i}" for i in range(columns)]
        asked = _DIGESTS_OF_KEYS.format(
            select=select,
            names=", ".join(names),
            text=_text_of(names),
            known=" AND ".join(f"{n} IS NOT NULL" for n in names),
            within="true" if once_in is None else self.in_parts(names, once_in),
            distinct="" if once_in is None else "DISTINCT",
            last=_PARTS - 1,
        )
        return {int(str(part)): (int(str(keys)), str(digest)) for part, keys, digest in self.rows(conn, asked)}

    def in_parts(self, key: Sequence[str], parts: Collection[int]) -> str:
        wanted = ", ".join(map(str, sorted(parts))) or "NULL"
        return f"(hashtextextended({_text_of(key)}, 0) & {_PARTS - 1}) IN ({wanted})"

    def writes(self, conn: sa.Connection, relations: Sequence[str]) -> Mapping[str, str]:
        wanted = ", ".join(quoted_text(r) for r in relations)
        return {str(r): str(w) for r, w in self.rows(conn, _WRITES.format(relations=wanted))}

    def index_advice(self, relation: str, column: str) -> str:
        return f"CREATE INDEX CONCURRENTLY ON {self.relation(relation)} ({self.quote(column)})"

    def from_tsql(self, select: str) -> str:
        return to_postgres(select)

    def parameter(self, name: str, type_: str) -> str:
        return f"CAST(current_setting({quoted_text(_PARAMETERS + name)}) AS {type_})"

    def set_parameters(self, conn: sa.Connection, values: Mapping[str, str]) -> None:
        # Bound, not written: neither pg_stat_activity nor the text of a statement shows a value.
        if values:
            conn.execute(sa.select(*(sa.func.set_config(_PARAMETERS + n, v, False) for n, v in values.items())))

    def has_index(self, conn: sa.Connection, relation: str, leading: str) -> bool:
        """Whether a usable index begins with the column."""
        return bool(
            self.rows(
                conn,
                "SELECT 1 FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] "
                f"WHERE i.indrelid = to_regclass({quoted_text(self.relation(relation))}) AND i.indisvalid "
                f"AND i.indpred IS NULL AND a.attname = {quoted_text(leading)}",
            )
        )

    def quote(self, name: str) -> str:
        return '"' + name.replace('"', '""') + '"'

    def declared_type(self, column: sa.Column[object]) -> str:
        known = _declared.get(column.type)
        if known is None:
            known = _declared[column.type] = types.normal(column.type.compile(dialect=self.sqlalchemy))
        return known

    def drop_not_null(self, conn: sa.Connection, relation: str, column: CatalogColumn) -> None:
        self.execute(
            conn, f"ALTER TABLE {self.relation(relation)} ALTER COLUMN {self.quote(column.name)} DROP NOT NULL"
        )

    def comment(self, conn: sa.Connection, relation: str, text: str, *, kind: str, column: str | None = None) -> None:
        place = (
            f"COLUMN {self.relation(relation)}.{self.quote(column)}" if column else f"{kind} {self.relation(relation)}"
        )
        self.execute(conn, f"COMMENT ON {place} IS {quoted_text(text)}")

    def type_fits(self, source: str, target: str) -> bool:
        return types.fits(source, target)

    def type_rounds(self, source: str, target: str) -> bool:
        return types.rounds(source, target)

    def widens(self, old: str, new: str) -> bool:
        return types.widens(old, new)

    def clean(self, rule: ColumnRule, text: str) -> str:
        return postgres_rules.clean(rule, text)

    def is_blank(self, text: str) -> str:
        return f"{postgres_rules.trimmed(text)} IS NULL"

    def literal(self, text: str, type_: str) -> str:
        return f"{quoted_text(text)}::{type_}"

    def flag(self, column: sa.Column[object], value: bool) -> str:
        return str(value).lower() if self.declared_type(column) == "boolean" else str(int(value))

    def moment(self, text: str, type_: str) -> str:
        if type_.endswith("with time zone"):
            return self.literal(text, type_)
        # Read as a naive timestamp, its offset would be dropped without a word.
        return f"({self.literal(text, 'timestamp with time zone')} AT TIME ZONE 'UTC')::{type_}"

    def clock(self, conn: sa.Connection, type_: str) -> str:
        # The session runs in UTC, so a naive cursor is compared with UTC.
        return str(self.scalar(conn, f"SELECT now()::{type_}::text"))

    def epoch(self, conn: sa.Connection, text: str, type_: str) -> float:
        return float(str(self.scalar(conn, f"SELECT extract(epoch FROM {self.literal(text, type_)})")))

    def as_text(self, expression: str) -> str:
        return f"({expression})::text"

    def is_temporal(self, type_: str) -> bool:
        return types.is_temporal(type_)

    def as_sent(self, expression: str, stored_type: str, sent_type: str) -> str:
        back = types.is_text(stored_type) and not types.is_text(sent_type)
        return f"({expression})::{sent_type}" if back else expression

    def keeps_apart(self, source: str, target: str) -> bool:
        return types.widens(source, target) or types.is_unlimited_text(target)

    def is_naive(self, type_: str) -> bool:
        return "without time zone" in type_

    def newest_first(self, column: str) -> str:
        return f"{column} DESC NULLS LAST"

    def day_start(self, day: str, type_: str, zone: str) -> str:
        return self.literal(f"{day} {zone}" if type_.endswith("with time zone") else day, type_)

    def ordering(self, column: str, type_: str) -> str:
        return f'{column} COLLATE "C"' if types.is_text(type_) else column

    def minus_seconds(self, literal: str, type_: str, seconds: int) -> str:
        return f"({literal} - interval '{int(seconds)} seconds')"

    def after(self, columns: Sequence[str], literals: Sequence[str]) -> str:
        return f"({', '.join(columns)}) > ({', '.join(literals)})"

    def stream(self, source: sa.Connection, select: str) -> RowStream:
        return PostgresCopyStream(source, select)

    def append_delimited(
        self, conn: sa.Connection, relation: str, columns: Sequence[str], verbatim: Sequence[str]
    ) -> AbstractContextManager[Callable[[bytes], None]]:
        quoted = [", ".join(map(self.quote, names)) for names in (columns, verbatim)]
        return copy_csv(conn, self.relation(relation), *quoted)

    def filling(self, conn: sa.Connection, relation: str) -> AbstractContextManager[Same | None]:
        return filling(self, conn, relation)

    def transfer_type(self, source_type: str) -> str:
        return types.transfer(source_type)

    def adopted_type(self, source_type: str) -> str:
        return types.without_limits(types.transfer(source_type))


def _text_of(key: Sequence[str]) -> str:
    # The text of a record takes three times as long.
    return f"({key[0]})::text" if len(key) == 1 else f"(ROW({', '.join(key)}))::text"


def _lock_number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(f"etl_assets:{name}".encode()).digest()[:8], "big", signed=True)
