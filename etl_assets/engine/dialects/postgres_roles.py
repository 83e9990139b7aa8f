"""PostgreSQL's statements about roles.

Belongs here: their text. Does not belong here: which grants there are (engine/access.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from etl_assets.engine.access import Grant

Quote = Callable[[str], str]

_HEAD = """\
-- {what}
-- Run it on that database as {who}: psql -v ON_ERROR_STOP=1 -d DATABASE -f FILE. Again after every change of the
-- declarations: it then grants what is new and takes back what is no longer read.
-- It sets no password, without which nobody logs in: \\password {role}
BEGIN;
"""

_ROLE = """\
DO $roles$
BEGIN
    IF to_regrole({name}) IS NULL THEN
        CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION;
    END IF;
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO {role}', current_database());
{more}END $roles$;
"""

_READS_ONLY = """\
    EXECUTE format('ALTER ROLE {role} IN DATABASE %I SET default_transaction_read_only = on', current_database());
"""

# An administrator who is no superuser must be a member of the role to give it a schema.
_WRITES = """\
    EXECUTE format('REVOKE CREATE, TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO {role}', current_database());
    IF NOT pg_has_role(current_user, {name}, 'USAGE') THEN
        EXECUTE format('GRANT {role} TO %I', current_user);
    END IF;
"""

# Owned by the server or by whoever made the database: others have tables there too.
_SHARED = "public"

_GRANTS = """\
DO $grants$
DECLARE g record;
BEGIN
    FOR g IN
        SELECT v.grantee, v.columns, c.oid::regclass AS relation, n.nspname, pg_has_role(n.nspowner, 'USAGE') AS owned
        FROM (VALUES
            {rows}
        ) AS v (grantee, relation, columns)
        JOIN pg_roles AS r ON r.rolname = v.grantee
        JOIN pg_class AS c ON c.oid = to_regclass(v.relation)
        JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE pg_has_role(c.relowner, 'USAGE')
    LOOP
        IF g.owned THEN
            EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', g.nspname, g.grantee);
        END IF;
        EXECUTE format('REVOKE SELECT ON %s FROM %I', g.relation, g.grantee);
        EXECUTE format('GRANT SELECT%s ON %s TO %I', g.columns, g.relation, g.grantee);
    END LOOP;
END $grants$"""


def source_roles(grants: Sequence[Grant], quote: Quote, literal: Quote) -> str:
    """See RolesDialect.source_roles."""
    roles = sorted({g.role for g in grants})
    parts = [_head("Who reads this source", "the owner of its tables, with CREATEROLE", roles[0])]
    for role in roles:
        parts.append(_role(role, _READS_ONLY, quote, literal))
        for schema in sorted({g.schema for g in grants if g.role == role}):
            named = quote(schema)
            parts.append(f"GRANT USAGE ON SCHEMA {named} TO {quote(role)};\n")
            parts.append(f"REVOKE ALL ON ALL TABLES IN SCHEMA {named} FROM {quote(role)};\n")
    parts += [
        f"GRANT SELECT{_columns(g, quote)} ON {_relation(g.relation, quote)} TO {quote(g.role)};\n" for g in grants
    ]
    return "".join([*parts, "COMMIT;\n"])


def warehouse_roles(
    writer: str, readers: Sequence[str], schemas: Sequence[str], grants: Sequence[Grant], quote: Quote, literal: Quote
) -> str:
    """See RolesDialect.warehouse_roles."""
    parts = [_head("Who writes and who reads this warehouse", "an administrator", writer)]
    parts.append(_role(writer, _WRITES, quote, literal))
    parts += [_role(reader, _READS_ONLY, quote, literal) for reader in readers]
    for schema in schemas:
        if schema == _SHARED:
            parts.append(f"REVOKE CREATE ON SCHEMA {quote(schema)} FROM PUBLIC;\n")
            parts.append(f"GRANT USAGE, CREATE ON SCHEMA {quote(schema)} TO {quote(writer)};\n")
        else:
            parts.append(f"CREATE SCHEMA IF NOT EXISTS {quote(schema)} AUTHORIZATION {quote(writer)};\n")
            parts.append(f"ALTER SCHEMA {quote(schema)} OWNER TO {quote(writer)};\n")
    for role, schema in sorted({(g.role, g.schema) for g in grants}):
        parts.append(f"GRANT USAGE ON SCHEMA {quote(schema)} TO {quote(role)};\n")
    if grants:
        parts.append(f"{grant_reading(grants, quote, literal)};\n")
    return "".join([*parts, "COMMIT;\n"])


def grant_reading(grants: Iterable[Grant], quote: Quote, literal: Quote) -> str:
    """See RolesDialect.grant_reading."""
    values = (
        f"({literal(g.role)}, {literal(_relation(g.relation, quote))}, {literal(_columns(g, quote))})" for g in grants
    )
    return _GRANTS.format(rows=",\n            ".join(values))


def _head(what: str, who: str, role: str) -> str:
    return _HEAD.format(what=what, who=who, role=role)


def _role(role: str, more: str, quote: Quote, literal: Quote) -> str:
    named = {"role": quote(role), "name": literal(role)}
    return _ROLE.format(more=more.format(**named), **named)


def _columns(grant: Grant, quote: Quote) -> str:
    return f" ({', '.join(map(quote, grant.columns))})" if grant.columns else ""


def _relation(dotted: str, quote: Quote) -> str:
    return ".".join(map(quote, dotted.split(".", 1)))
