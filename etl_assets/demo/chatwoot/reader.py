"""The account the ETL reads the source with: what it needs, and nothing else.

Belongs here: the role and its grants. Does not belong here: anything that creates or changes rows.
"""

from collections.abc import Sequence

from psycopg import errors, sql
from sqlalchemy.engine import make_url

from etl_assets.demo.chatwoot.schema import TABLES
from etl_assets.demo.postgres import Cursor, connect

# Chatwoot's sign-in columns and tokens. An ETL that reads one is wrong, and here it finds out at once.
SECRET_COLUMNS: dict[str, frozenset[str]] = {
    "users": frozenset(
        {
            "provider", "uid", "encrypted_password", "reset_password_token", "reset_password_sent_at",
            "remember_created_at",
            "sign_in_count", "current_sign_in_at", "last_sign_in_at", "current_sign_in_ip", "last_sign_in_ip",
            "confirmation_token", "confirmed_at", "confirmation_sent_at", "unconfirmed_email", "tokens", "pubsub_token",
        }
    ),
    "contact_inboxes": frozenset({"pubsub_token"}),
}  # fmt: skip


def create_reader(
    admin_url: str,
    role: str = "etl_source_reader",
    password: str = "etl-source-reader-demo",
    *,
    views: Sequence[str] = (),
) -> str:
    """Make the role (or bring it up to date) and return the URL it connects with.

    SELECT on the listed tables, and on `views` where the source offers them; of the tables with secrets only the other
    columns. No CREATE and no TEMP on the database for anybody but its owner; every transaction read-only by default.
    """
    target = make_url(admin_url)
    name, database = sql.Identifier(role), sql.Identifier(target.database or "")
    with connect(admin_url, autocommit=True) as conn, conn.cursor() as cur:
        options = sql.SQL("LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT PASSWORD {}").format(
            sql.Literal(password)
        )
        try:
            cur.execute(sql.SQL("CREATE ROLE {} {}").format(name, options))
        except errors.DuplicateObject:
            cur.execute(sql.SQL("ALTER ROLE {} {}").format(name, options))
        with conn.transaction():
            cur.execute(sql.SQL("REVOKE CREATE, TEMPORARY ON DATABASE {} FROM PUBLIC").format(database))
            cur.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
            cur.execute(sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {}").format(name))
            cur.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, name))
            cur.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(name))
            for table in (*TABLES, *views):
                columns = _columns(cur, table)
                cur.execute(sql.SQL("GRANT SELECT {} ON {} TO {}").format(columns, sql.Identifier(table), name))
            cur.execute(
                sql.SQL("ALTER ROLE {} IN DATABASE {} SET default_transaction_read_only = on").format(name, database)
            )
    return target.set(username=role, password=password).render_as_string(hide_password=False)


def _columns(cur: Cursor, table: str) -> sql.Composable:
    """Nothing for a whole table, else the list of the columns that may be read."""
    secret = SECRET_COLUMNS.get(table)
    if secret is None:
        return sql.SQL("")
    cur.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped ORDER"
        " BY attnum",
        [table],
    )
    readable = [column for (column,) in cur.fetchall() if column not in secret]
    return sql.SQL("({})").format(sql.SQL(", ").join(map(sql.Identifier, readable)))
