"""The ledger of what is stale: keys and months that consumers have yet to take up.

Rows are only ever appended by producers, in the transaction of their data, and deleted by the consumer in the
transaction that rebuilds them: `DELETE … RETURNING` takes exactly the rows it saw, so a change committed meanwhile
stays pending. (Clearing "up to the sequence number read" would lose rows whose lower number committed later.)
Does not belong here: what a consumer does with them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import sqlalchemy as sa

from etl_assets.engine.control import etl_control, pending_key, pending_partition
from etl_assets.engine.destination import Destination, Writer
from etl_assets.engine.parameters import written
from etl_assets.engine.spec import Keys, Months, TableSpec
from etl_assets.engine.window import as_it_stands

WHOLE = "*"
UNDATED = "none"
_p, _k = pending_partition.c, pending_key.c


def record(writer: Writer, destination: Destination, producer: TableSpec) -> None:
    """Append what the rows in `changes` make stale, for every consumer of `producer`."""
    dialect, conn = writer.dialect, writer.conn
    insert = f"INSERT INTO ctl.pending_partition (consumer, {dialect.quote('partition')})"
    feeds = destination.graph.feeds(producer)
    unmade = _unmade(conn, {f.consumer.entity for f in feeds if isinstance(f.reading, Keys)})
    for feed in feeds:
        consumer = f"'{feed.consumer.entity}'"  # letters, digits, _ and dots: declarations accept nothing else
        reading = feed.reading
        if isinstance(reading, Keys) and feed.consumer.entity not in unmade:
            own = f"SELECT {dialect.quote(reading.columns[0])} FROM {dialect.changes}"
            select, key = _over_changes(destination, reading.select) if reading.select else own, dialect.quote("key")
            dialect.execute(
                conn,
                f"INSERT INTO ctl.pending_key (consumer, {key}) SELECT DISTINCT {consumer}, "
                f"{dialect.as_text(f'k.{key}')} FROM ({select}) k ({key}) WHERE k.{key} IS NOT NULL",
            )
        elif isinstance(reading, Months):
            type_, relation = dialect.declared_type(producer.table.columns[reading.column]), f"{dialect.changes} c"
            column = f"c.{dialect.quote(reading.column)}"
            if not producer.is_mirror:
                type_ = as_it_stands(dialect, type_)
            if reading.select:
                type_, relation, column = "date", f"({_over_changes(destination, reading.select)}) c (day)", "c.day"
            months = (dialect.month_of(column, type_, destination.zone, o) for o in reading.offsets)
            union = " UNION ".join(f"SELECT COALESCE({m}, '{UNDATED}') FROM {relation}" for m in months)
            dialect.execute(conn, f"{insert} SELECT DISTINCT {consumer}, p.p FROM ({union}) p (p)")
        else:
            dialect.execute(
                conn, f"{insert} SELECT {consumer}, '{WHOLE}' WHERE EXISTS (SELECT 1 FROM {dialect.changes})"
            )


def _unmade(conn: sa.Connection, consumers: Collection[str]) -> set[str]:
    """Those that were never loaded whole. They will be: a key of every row of a first load would be for nothing."""
    if not consumers:
        return set()
    c = etl_control.c
    made = sa.select(c.entity).where(c.entity.in_(consumers), c.initialized_at.is_not(None))
    return set(consumers).difference(conn.execute(made).scalars())


def _over_changes(destination: Destination, select: str) -> str:
    return destination.dialect.over_changes(written(select, destination.graph.parameters, destination.dialect))


def rebuild_whole(conn: sa.Connection, consumer: str) -> None:
    """Make a table stale as a whole, because what it is made by has changed."""
    conn.execute(sa.insert(pending_partition).values(consumer=consumer, partition=WHOLE))


def forget_undeclared(conn: sa.Connection, system: str, declared: Iterable[str]) -> None:
    """Delete entries of tables of `system` that are no longer declared: no run would ever take them up."""
    for table in (pending_partition, pending_key):
        consumer = table.c.consumer
        gone = sa.and_(consumer.startswith(f"{system}.", autoescape=True), consumer.not_in(list(declared)))
        conn.execute(sa.delete(table).where(gone))


def highest_key_seq(writer: Writer, consumer: str) -> int:
    """The newest ledger entry now visible; a run takes no newer ones, so that it ends."""
    return int(
        str(
            writer.dialect.scalar(
                writer.conn, f"SELECT COALESCE(MAX(seq), 0) FROM ctl.pending_key WHERE consumer = '{consumer}'"
            )
        )
    )


def take_keys(
    writer: Writer, consumer: TableSpec, limit: int, highest: int, *, key_type: str | None = None
) -> tuple[str, int]:
    """Move up to `limit` distinct pending keys into a staging table with the typed column `key`; name and number.

    `key_type` is that of the consumer's key, unless the ledger holds keys of its upstream.
    """
    dialect = writer.dialect
    key_type = key_type or dialect.declared_type(consumer.table.columns[consumer.merge_column])
    of = f"consumer = '{consumer.entity}' AND seq <= {highest}"
    return dialect.take_keys(writer.conn, of, key_type, limit)


def forget_keys(writer: Writer, consumer: str) -> None:
    """Delete every pending key now visible: the caller rebuilds the whole table in the same transaction."""
    writer.dialect.execute(writer.conn, f"DELETE FROM ctl.pending_key WHERE consumer = '{consumer}'")


def take_partitions(writer: Writer, consumer: str, only: Iterable[str] | None = None) -> set[str]:
    """Delete the pending months of `consumer` (those in `only`, if given) and return them."""
    statement = sa.delete(pending_partition).where(_p.consumer == consumer)
    if only is not None:
        statement = statement.where(_p.partition.in_(list(only)))
    return set(writer.conn.execute(statement.returning(_p.partition)).scalars())


def waiting(destination: Destination) -> dict[str, set[str]]:
    """Pending months per consumer that a run would take up (`*` for a whole table, and for pending keys).

    Not those of tables that are switched off, or no longer declared: a run would leave them where they are.
    """
    system = destination.graph.system + "."
    found: dict[str, set[str]] = {}
    with destination.engine.connect() as conn:
        off = set(conn.execute(sa.select(etl_control.c.entity).where(~etl_control.c.is_active)).scalars())
        months = sa.select(_p.consumer, _p.partition).distinct().where(_p.consumer.startswith(system, autoescape=True))
        for consumer, partition in conn.execute(months):
            found.setdefault(consumer, set()).add(partition)
        keys = sa.select(_k.consumer).distinct().where(_k.consumer.startswith(system, autoescape=True))
        for consumer in conn.execute(keys).scalars():
            found.setdefault(consumer, set()).add(WHOLE)
    known = {s.entity for s in destination.graph.specs} - off
    return {consumer: partitions for consumer, partitions in found.items() if consumer in known}
