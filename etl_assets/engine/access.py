"""Who may read what: the columns of a source that are read, the tables of a warehouse others may look at.

Belongs here: privileges worked out from the declarations, as data. Does not belong here: the statements
(dialects/*_roles.py), logins and passwords.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from etl_assets.engine import control
from etl_assets.engine.spec import TableSpec

SOURCE_READER = "etl_source_reader"
WRITER = "etl_writer"
BI_READER = "bi_reader"
MONITOR = "etl_monitor"


@dataclass(frozen=True)
class Access:
    """Who besides the loader reads a warehouse.

    `bi_layers` are for dashboards, but for columns of personal data whose class is not among `bi_shows`; `monitored`
    relations (`schema.table`) for operators, beside all of `ctl` and `audit`.
    """

    bi_layers: tuple[str, ...]
    bi_shows: frozenset[str] = frozenset()
    monitored: tuple[str, ...] = ()


@dataclass(frozen=True)
class Grant:
    """SELECT on a relation (`schema.table`) for a role; of all its columns where none is named."""

    role: str
    relation: str
    columns: tuple[str, ...] = ()

    @property
    def schema(self) -> str:
        return self.relation.split(".", 1)[0]


def source_grants(specs: Iterable[TableSpec]) -> tuple[Grant, ...]:
    """What mirrors read: declared columns only, or the whole relation where a declaration takes over new columns."""
    found: dict[str, tuple[str, ...] | None] = {}
    for spec in (s for s in specs if s.source is not None):
        assert spec.source is not None
        columns = tuple(spec.source_column(c) for c in spec.data_columns)
        before = found.get(spec.source, ())
        whole = before is None or spec.new_source_columns == "add"
        found[spec.source] = None if whole else tuple(dict.fromkeys((*(before or ()), *columns)))
    return tuple(Grant(SOURCE_READER, relation, columns or ()) for relation, columns in sorted(found.items()))


def reader_grants(specs: Iterable[TableSpec], access: Access | None) -> tuple[Grant, ...]:
    """What dashboards and operators read of a warehouse; nothing where nobody said who does."""
    if access is None:
        return ()
    grants = [Grant(MONITOR, name) for name in (*sorted(control.metadata.tables), *access.monitored)]
    for spec in (s for s in specs if s.layer in access.bi_layers):
        shown = tuple(c.name for c in spec.table.columns if c.info.get("pii") in (None, *access.bi_shows))
        if len(shown) == len(spec.table.columns):
            grants.append(Grant(BI_READER, spec.relation))
        elif shown:
            grants.append(Grant(BI_READER, spec.relation, shown))
    return tuple(sorted(grants, key=lambda g: (g.role, g.relation)))


def schemas_of(specs: Iterable[TableSpec]) -> tuple[str, ...]:
    """The schemas of a warehouse that the loader keeps, its own two included."""
    own = {name.split(".")[0] for name in control.metadata.tables}
    return tuple(sorted(own | {str(s.table.schema) for s in specs}))
