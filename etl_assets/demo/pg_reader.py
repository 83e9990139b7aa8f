"""The account the ETL reads a demo source with: what it needs, and nothing else.

Belongs here: the role and its grants. Does not belong here: which tables and columns (the sources' own reader.py).
"""

from collections.abc import Collection, Mapping, Sequence

from psycopg import errors, sql
from sqlalchemy.engine import make_url

from etl_assets.demo.postgres import Cursor, connect


def create_reader(
    admin_url: str,
    role: str,
    password: str,
    *,
    schema: str,
    relations: Sequence[str],
    secrets: Mapping[str, Collection[str]],
) -> str:
    """Make the role (or bring it up to date) and return the URL it connects with.

    SELECT on `relations` of `schema`; of those with `secrets` only the other columns. No CREATE and no TEMP on the
    database for anybody but its owner; every transaction read-only by default.
    """
    target = make_url(admin_url)
    name, database = sql.Identifier(role), sql.Identifier(target.database or "")
    within = sql.Identifier(schema)
    with connect(admin_url, autocommit=True, schema=schema) as conn, conn.cursor() as cur:
        options = sql.SQL("LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT PASSWORD {}").format(
            sql.Literal(password)
        )
        try:
            cur.execute(sql.SQL("CREATE ROLE {} {}").format(name, options))
        except errors.DuplicateObject:
            cur.execute(sql.SQL("ALTER ROLE {} {}").format(name, options))
        with conn.transaction():
            cur.execute(sql.SQL("REVOKE CREATE, TEMPORARY ON DATABASE {} FROM PUBLIC").format(database))
            cur.execute(sql.SQL("REVOKE CREATE ON SCHEMA {} FROM PUBLIC").format(within))
            cur.execute(sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA {} FROM {}").format(within, name))
            cur.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, name))
            cur.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(within, name))
            for table in relations:
                columns = _columns(cur, table, secrets[table]) if table in secrets else sql.SQL("")
                cur.execute(sql.SQL("GRANT SELECT {} ON {} TO {}").format(columns, sql.Identifier(table), name))
            cur.execute(
                sql.SQL("ALTER ROLE {} IN DATABASE {} SET default_transaction_read_only = on").format(name, database)
            )
    return target.set(username=role, password=password).render_as_string(hide_password=False)


def _columns(cur: Cursor, table: str, secret: Collection[str]) -> sql.Composable:
    """The list of the columns that may be read."""
    cur.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped ORDER"
        " BY attnum",
        [table],
    )
    readable = [column for (column,) in cur.fetchall() if column not in secret]
    return sql.SQL("({})").format(sql.SQL(", ").join(map(sql.Identifier, readable)))
