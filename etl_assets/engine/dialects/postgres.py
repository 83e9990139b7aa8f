"""PostgreSQL 14 and later: the parts of its dialect, put together.

Belongs here: what hands on to another module as it is (roles, rows on the way). Does not belong here: anything else
that is asked of a server, which is in the parts (postgres_*.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

import psycopg
import sqlalchemy as sa

from etl_assets.engine.access import Grant
from etl_assets.engine.dialects import postgres_roles
from etl_assets.engine.dialects.postgres_archives import PostgresArchives
from etl_assets.engine.dialects.postgres_catalog import PostgresCatalog
from etl_assets.engine.dialects.postgres_copy import PostgresCopyStream, copy_csv
from etl_assets.engine.dialects.postgres_digests import PostgresDigests
from etl_assets.engine.dialects.postgres_expressions import PostgresExpressions
from etl_assets.engine.dialects.postgres_fill import filling
from etl_assets.engine.dialects.postgres_selects import PostgresSelects
from etl_assets.engine.dialects.postgres_session import PostgresSession
from etl_assets.engine.dialects.postgres_statements import PostgresStatements, quoted_text
from etl_assets.engine.dialects.values import RowStream, Same


class PostgresDialect(
    PostgresStatements,
    PostgresSession,
    PostgresCatalog,
    PostgresDigests,
    PostgresExpressions,
    PostgresSelects,
    PostgresArchives,
):
    """See Dialect."""

    lands_files = True

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

    def stream(self, source: sa.Connection, select: str) -> RowStream:
        return PostgresCopyStream(source, select)

    def append_delimited(
        self, conn: sa.Connection, relation: str, columns: Sequence[str], verbatim: Sequence[str]
    ) -> AbstractContextManager[Callable[[bytes], None]]:
        quoted = [", ".join(map(self.quote, names)) for names in (columns, verbatim)]
        return copy_csv(conn, self.relation(relation), *quoted)

    def filling(self, conn: sa.Connection, relation: str) -> AbstractContextManager[Same | None]:
        return filling(self, conn, relation)
