"""What stands in the way of a system's runs, found before they fail, each with the way out.

Belongs here: looking. Does not belong here: changing anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from etl_assets.engine import ddl
from etl_assets.engine.destination import Source
from etl_assets.engine.errors import EtlError
from etl_assets.engine.spec import Incremental
from etl_assets.orchestration.system import System


@dataclass(frozen=True)
class Finding:
    """`level`: ok, advice (works, could be better) or problem (a run would fail)."""

    level: Literal["ok", "advice", "problem"]
    system: str
    what: str
    text: str


def examine(system: System) -> Iterator[Finding]:
    """Look at both ends of a system. Never raises for an unreachable database."""
    if system.source_url is not None:
        try:
            source = system.source()
            with source.snapshot() as conn:
                yield from _source(system, source, conn)
        except (SQLAlchemyError, EtlError) as error:
            yield Finding("problem", system.name, "source", str(system.source_dialect.classify(error)))
    yield from _landings(system)
    try:
        yield from _warehouse(system)
    except (SQLAlchemyError, EtlError) as error:
        yield Finding("problem", system.name, "warehouse", str(system.dialect.classify(error)))


def _landings(system: System) -> Iterator[Finding]:
    """Tables loaded from files need somebody to get them, and a server that takes them."""
    for spec in (s for s in system.graph.specs if s.is_landing):
        if system.files is None and system.inbox is None:
            yield Finding("problem", system.name, spec.relation, "nothing gets its files: set `files` or `inbox`")
        if not system.dialect.lands_files:
            what = f"{system.dialect.kind} cannot be loaded from files yet"
            yield Finding("problem", system.name, spec.relation, what)
    if system.premises is not None:
        for what, look in system.premises().items():
            try:
                yield Finding("ok", system.name, what, look())
            except EtlError as error:
                yield Finding("problem", system.name, what, str(error))


def _warehouse(system: System) -> Iterator[Finding]:
    destination = system.undeployed_destination()
    dialect = destination.dialect
    with destination.engine.connect() as conn:
        if shared := dialect.shared_sessions(conn, thorough=True):
            yield Finding("problem", system.name, "warehouse", shared)
            return
        if readable := dialect.readable_on_the_way(conn):
            yield Finding("advice", system.name, "warehouse", readable)
        if old := dialect.too_old(conn):
            yield Finding("problem", system.name, "warehouse", old)
            return
        ddl.deploy(destination)
        yield Finding("ok", system.name, "warehouse", f"{dialect.version(conn)}; schema up to date")


def _source(system: System, source: Source, conn: sa.Connection) -> Iterator[Finding]:
    dialect = source.dialect
    if shared := dialect.shared_sessions(conn, thorough=True):
        # A read is one transaction, which is served by one session of the server throughout.
        yield Finding("advice", system.name, "source", f"{shared}. It is read all the same")
    if readable := dialect.readable_on_the_way(conn):
        yield Finding("advice", system.name, "source", readable)
    # Reading asks less of a server than loading.
    old = dialect.too_old(conn)
    yield Finding("advice" if old else "ok", system.name, "source", old or dialect.version(conn))
    for spec in system.graph.specs:
        if spec.source is None:
            continue
        found = {c.name: c for c in dialect.columns(conn, spec.source)}
        missing = [spec.source_column(c) for c in spec.data_columns if spec.source_column(c) not in found]
        if missing:
            remedy = (
                "GRANT SELECT on it to the source role" if dialect.exists(conn, spec.source) else "no such relation"
            )
            yield Finding("problem", system.name, spec.source, f"cannot read {', '.join(missing)}: {remedy}")
            continue
        cursor = spec.load.cursor if isinstance(spec.load, Incremental) else None
        if cursor and not dialect.has_index(conn, spec.source, spec.source_column(cursor)):
            yield Finding(
                "advice",
                system.name,
                spec.source,
                f"no index on {cursor}: each run scans the table. Where you may: "
                f"{dialect.index_advice(spec.source, spec.source_column(cursor))}",
            )
