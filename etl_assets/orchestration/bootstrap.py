"""Creates the databases of a system on the servers its URLs name, and the warehouse's schema.

Belongs here: what a new server needs once. Does not belong here: rows, the schema itself (engine/ddl.py).
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy.exc import SQLAlchemyError

from etl_assets.engine.errors import EtlError
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
