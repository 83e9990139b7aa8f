"""SQL Server's statements about roles: roles of the database, whose members are its users.

Belongs here: their text. Does not belong here: which grants there are (engine/access.py).
"""

from __future__ import annotations

from collections.abc import Sequence

from etl_assets.engine.access import Grant
from etl_assets.engine.dialects.sqlserver_statements import bracketed, unicode_text

_HEAD = """\
-- {what}
-- Run it in that database as its owner: sqlcmd -b -d DATABASE -i FILE. Again after every change of the declarations.
-- It makes no login and sets no password. Afterwards, for each login (of another name than the role):
--     CREATE USER [login] FOR LOGIN [login]; ALTER ROLE [{role}] ADD MEMBER [login];
SET XACT_ABORT ON;
BEGIN TRANSACTION;
"""
_TAIL = "COMMIT TRANSACTION;\n"
# What a load creates beside its tables: views, and functions that users call.
_WRITES = "CREATE TABLE, CREATE VIEW, CREATE FUNCTION, CREATE PROCEDURE"
# Owned by the database: others have tables there too.
_SHARED = "dbo"


def source_roles(grants: Sequence[Grant]) -> str:
    """See RolesDialect.source_roles."""
    roles = sorted({g.role for g in grants})
    parts = [
        _HEAD.format(what="Who reads this source. It only ever selects: the role has no other right", role=roles[0])
    ]
    parts += [_role(role) for role in roles]
    parts += [f"{_regrant(g)}\n" for g in grants]
    return "".join([*parts, _TAIL])


def warehouse_roles(writer: str, readers: Sequence[str], schemas: Sequence[str], grants: Sequence[Grant]) -> str:
    """See RolesDialect.warehouse_roles."""
    parts = [_HEAD.format(what="Who writes and who reads this warehouse", role=writer)]
    parts += [_role(role) for role in (writer, *readers)]
    parts.append(f"GRANT {_WRITES} TO {bracketed(writer)};\n")
    for schema in schemas:
        if schema == _SHARED:
            parts.append(f"GRANT CONTROL ON SCHEMA::{bracketed(schema)} TO {bracketed(writer)};\n")
            continue
        create = unicode_text(f"CREATE SCHEMA {bracketed(schema)} AUTHORIZATION {bracketed(writer)}")
        parts.append(
            f"IF SCHEMA_ID({unicode_text(schema)}) IS NULL EXEC({create}) "
            f"ELSE ALTER AUTHORIZATION ON SCHEMA::{bracketed(schema)} TO {bracketed(writer)};\n"
        )
    if grants:
        parts.append(f"{grant_reading(grants)}\n")
    return "".join([*parts, _TAIL])


def grant_reading(grants: Sequence[Grant]) -> str:
    """See RolesDialect.grant_reading."""
    return "\n".join(
        f"IF DATABASE_PRINCIPAL_ID({unicode_text(g.role)}) IS NOT NULL "
        f"AND OBJECT_ID({unicode_text(_relation(g.relation))}) IS NOT NULL BEGIN {_regrant(g)} END;"
        for g in grants
    )


def _role(role: str) -> str:
    return f"IF DATABASE_PRINCIPAL_ID({unicode_text(role)}) IS NULL CREATE ROLE {bracketed(role)};\n"


def _regrant(grant: Grant) -> str:
    columns = f" ({', '.join(map(bracketed, grant.columns))})" if grant.columns else ""
    relation, role = _relation(grant.relation), bracketed(grant.role)
    return f"REVOKE SELECT ON {relation} FROM {role}; GRANT SELECT ON {relation}{columns} TO {role};"


def _relation(dotted: str) -> str:
    return ".".join(map(bracketed, dotted.split(".", 1)))
