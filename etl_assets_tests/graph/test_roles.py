"""The four roles on PostgreSQL: what each may do, and that the server refuses everything else.

That loads succeed with the reader's and the writer's logins is seen by every test of this folder: `World` and `Portal`
have no other ones.
"""

from __future__ import annotations

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import errors

from etl_assets.definitions import build_systems
from etl_assets.demo import lacrei
from etl_assets.demo.postgres import dsn
from etl_assets.engine import ddl
from etl_assets.engine.access import BI_READER, MONITOR, SOURCE_READER, WRITER, Access, source_grants
from etl_assets.engine.destination import Destination
from etl_assets.orchestration.system import System
from etl_assets.settings import Settings
from etl_assets_tests.graph.world import Databases, execute
from etl_assets_tests.logins import login, make_source_roles, make_warehouse_roles

SYSTEMS = {s.name: s for s in build_systems(Settings.model_construct(etl_systems="chatwoot,ecommerce,lacrei,sigos"))}
READABLE = """
SELECT n.nspname || '.' || c.relname, array_agg(a.attname::text ORDER BY a.attnum)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relkind IN ('r', 'v', 'm', 'p') AND a.attnum > 0 AND NOT a.attisdropped
AND n.nspname NOT IN ('pg_catalog', 'information_schema')
AND has_schema_privilege(%(role)s, n.oid, 'USAGE') AND has_column_privilege(%(role)s, c.oid, a.attnum, 'SELECT')
GROUP BY 1
"""
WRITABLE = """
SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND c.relkind IN ('r', 'v', 'p')
AND has_table_privilege(%(role)s, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
"""


def readable(url: str, role: str) -> dict[str, list[str]]:
    with psycopg.connect(dsn(url)) as connection:
        return dict(connection.execute(READABLE, {"role": role}).fetchall())


def writable(url: str, role: str) -> int:
    with psycopg.connect(dsn(url)) as connection:
        return int(connection.execute(WRITABLE, {"role": role}).fetchall()[0][0])


@pytest.fixture(scope="module")
def platform(databases: Databases) -> str:
    """A Lacrei to read, with the reader's role made twice."""
    url = databases.make("platform")
    lacrei.synthesize(url, "small")
    for _ in range(2):
        make_source_roles(url, SYSTEMS["lacrei"])
    return url


def test_the_reader_of_a_source_sees_what_is_read_and_nothing_else(
    platform: str, databases: Databases, small_source: str
) -> None:
    chatwoot = databases.copy(small_source, "roles_source")
    make_source_roles(chatwoot, SYSTEMS["chatwoot"])
    for url, system in ((platform, SYSTEMS["lacrei"]), (chatwoot, SYSTEMS["chatwoot"])):
        found = readable(url, SOURCE_READER)
        declared = {g.relation: set(g.columns) for g in source_grants(system.graph.specs)}
        assert found.keys() == declared.keys()
        assert all(set(found[r]) == columns for r, columns in declared.items() if columns)
        assert writable(url, SOURCE_READER) == 0
    assert not {"encrypted_password", "tokens", "pubsub_token"} & set(readable(chatwoot, SOURCE_READER)["public.users"])


@pytest.mark.parametrize(
    "forbidden",
    [
        f'SELECT password FROM "{lacrei.SCHEMA}".lacreiid_user',
        f'SELECT * FROM "{lacrei.SCHEMA}".lacreisaude_clinic',
        f'DELETE FROM "{lacrei.SCHEMA}".address_state',
        f'UPDATE "{lacrei.SCHEMA}".address_state SET name = name',
        f'CREATE TABLE "{lacrei.SCHEMA}".mine (a int)',
    ],
)
@pytest.mark.parametrize("read_only", [True, False])
def test_the_reader_of_a_source_is_refused(platform: str, forbidden: str, read_only: bool) -> None:
    """Its transactions are read-only, and where it says otherwise it has no right to write."""
    refused = [errors.InsufficientPrivilege, *([errors.ReadOnlySqlTransaction] if read_only else [])]
    with psycopg.connect(dsn(login(platform, SOURCE_READER))) as connection:
        assert connection.execute("SHOW transaction_read_only").fetchone() == ("on",)
        connection.rollback()
        connection.read_only = read_only
        with pytest.raises(tuple(refused)):
            connection.execute(forbidden.encode())


@pytest.mark.parametrize("name", ["chatwoot", "ecommerce", "lacrei", "sigos"])
def test_each_role_of_a_warehouse_has_its_part(databases: Databases, name: str) -> None:
    url, system = databases.make(name), SYSTEMS[name]
    make_warehouse_roles(url, system)
    deploy(system, url)
    graph = system.graph
    assert isinstance(graph.access, Access)
    shown = readable(url, BI_READER)
    declared = {s.relation: s for s in graph.specs if s.layer in graph.access.bi_layers}
    assert shown.keys() == declared.keys()
    for relation, columns in shown.items():
        hidden = {c.name for c in declared[relation].table.columns if c.info.get("pii") not in (None, "name")}
        assert set(columns) == {c.name for c in declared[relation].table.columns} - hidden, relation
    watched = {r.rsplit(".", 1)[0] for r in readable(url, MONITOR).keys() - set(graph.access.monitored)}
    assert watched == {"ctl", "audit"}
    assert writable(url, BI_READER) == writable(url, MONITOR) == 0
    with psycopg.connect(dsn(login(url, WRITER))) as writer, pytest.raises(errors.InsufficientPrivilege):
        writer.execute("CREATE SCHEMA elsewhere")
    # Once more, now that everything is there: nothing changes.
    make_warehouse_roles(url, system)
    assert readable(url, BI_READER) == shown
    for lost in (r for r, s in declared.items() if s.is_view):
        execute(url, f"DROP VIEW {lost} CASCADE")
    deploy(system, url)
    assert readable(url, BI_READER) == shown, "a view made anew is shown as before"
    databases.drop(url)


def deploy(system: System, url: str) -> None:
    """As the writer, whose sessions end with it."""
    destination = Destination(sa.make_url(login(url, WRITER)), system.dialect, system.graph, keep_sessions=True)
    ddl.deploy(destination)
    destination.close()
