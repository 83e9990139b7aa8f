"""Creates the databases of a system on the servers its URLs name, and the warehouse's schema; says which roles to make.

Belongs here: what a new server, and Dagster's storage, need once. Does not belong here: rows, the schema itself
(engine/ddl.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Literal

import dagster as dg
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from etl_assets.engine.access import BI_READER, MONITOR, SOURCE_READER, WRITER, schemas_of, source_grants
from etl_assets.engine.dialects.base import Dialect
from etl_assets.engine.errors import EtlError, SettingsError, SpecError
from etl_assets.orchestration.system import System


def bootstrap(system: System, *, with_source: bool = False) -> Iterator[str]:
    """Create what is missing, yielding a line on each step; the source's database only on request.

    Raises the engine's errors: AccessError where the login may not create databases.
    """
    ends = [("warehouse", system.warehouse_url(), system.dialect)]
    if with_source and system.source_url is not None:
        ends.insert(0, ("source", system.source_url(), system.source_dialect))
    for what, url, dialect in ends:
        known: EtlError | None = None
        try:
            created = dialect.create_database(url)
        except SQLAlchemyError as error:
            known = dialect.classify(error)
        if known is not None:
            # Raised out here: the driver's error may name the login.
            raise known
        yield f"{what}: database {url.database} {'created' if created else 'is there'}"
    system.destination()
    yield "warehouse: schema up to date"


def roles_script(system: System, end: Literal["source", "warehouse"]) -> str:
    """The SQL that makes the roles of one end of a system, with the least rights that do. Connects to nothing.

    Raises SpecError for the source of a system that has none.
    """
    graph = system.graph
    if end == "warehouse":
        return system.dialect.warehouse_roles(WRITER, (BI_READER, MONITOR), schemas_of(graph.specs), graph.grants)
    if system.source_url is None:
        raise SpecError(f"{system.name} has no source database, hence no roles there: it is loaded from files")
    return system.source_dialect.source_roles(source_grants(graph.specs))


def as_administrator(system: System, admin: sa.URL) -> System:
    """The system as seen by a login of the same servers that may do everything."""

    def its(url: sa.URL) -> sa.URL:
        return admin.set(database=url.database)

    source, warehouse = system.source_url, system.warehouse_url
    return replace(
        system,
        source_url=None if source is None else lambda: its(source()),
        warehouse_url=lambda: its(warehouse()),
    )


def make_database(system: System, end: Literal["source", "warehouse"], admin: sa.URL) -> None:
    """Create the database of one end of a system, as its administrator."""
    url, dialect, _ = _end(system, end)
    dialect.create_database(admin.set(database=url.database))


def make_roles(
    system: System, end: Literal["source", "warehouse"], admin: sa.URL, passwords: Mapping[str, str]
) -> Iterator[str]:
    """Run the script of `roles_script` as the administrator `admin`, then give each role its password.

    The role that loads has that of the configured URL; the others those of `passwords`, by role, if any. Yields a line
    on each step. Raises SettingsError where the URL names another user than the role.
    """
    url, dialect, role = _end(system, end)
    if url.username != role or url.password is None:
        raise SettingsError(
            f"{system.name}: the URL of its {end} logs in as {url.username!r}; make it {role}, with a password, or run "
            f"`etl_assets roles {system.name} {end}` there yourself and give your login that role"
        )
    engine = dialect.engine(admin.set(database=url.database), application="etl_assets bootstrap")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        dialect.execute(conn, roles_script(system, end))
        for name, password in {**passwords, role: str(url.password)}.items():
            dialect.set_password(conn, name, password)
    yield f"{end}: roles of {url.database} made, {role} has the password of the URL"


def write_pool_limits(instance: dg.DagsterInstance, pools: Iterable[str]) -> None:
    """Write each pool's limit before its first use; a default limit does not act on a pool nobody has written."""
    for pool in pools:
        instance.event_log_storage.set_concurrency_slots(pool, 1)


def _end(system: System, end: Literal["source", "warehouse"]) -> tuple[sa.URL, Dialect, str]:
    if end == "warehouse":
        return system.warehouse_url(), system.dialect, WRITER
    if system.source_url is None:
        raise SpecError(f"{system.name} has no source database")
    return system.source_url(), system.source_dialect, SOURCE_READER
