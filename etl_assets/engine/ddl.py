"""Makes a destination look like its declarations: schemas, tables, indexes, views, functions.

Belongs here: creating what is missing, adding nullable columns, replacing views, refusing what cannot be done safely,
making tables stale whose SQL has changed, granting what others read.
Does not belong here: changes on the source side (drift.py), the engine's own tables (migrate.py).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from etl_assets.engine import control, migrate, pending
from etl_assets.engine.control import deployed, etl_control
from etl_assets.engine.destination import Destination
from etl_assets.engine.dialects.base import Dialect
from etl_assets.engine.errors import SchemaDriftError, SettingsError, SpecError
from etl_assets.engine.graph import Graph
from etl_assets.engine.parameters import Parameter
from etl_assets.engine.spec import TableSpec

_DEPLOY_LOCK = "ctl.deploy"


def deploy(destination: Destination, *, wait_seconds: float = 60) -> bool:
    """Bring the destination in line with its graph; return whether anything had to be done.

    Raises SchemaDriftError, before anything is changed, when a stored table has a column of another type than declared;
    SettingsError when a secret is not the one the stored keys were made with; SharedSessionsError where no session can
    hold a lock.
    """
    graph, dialect = destination.graph, destination.dialect
    wanted = _digest(graph, dialect)
    with destination.engine.connect() as conn:
        destination.require_own_sessions(conn)
        if _is_deployed(conn, dialect, graph, wanted):
            return False
    with destination.writer(_DEPLOY_LOCK, wait_seconds) as writer:
        conn = writer.conn
        if _is_deployed(conn, dialect, graph, wanted):
            return False
        conn.rollback()
        if not migrate.is_current(conn):
            migrate.upgrade(conn)
        _refuse_another_secret(conn, graph)
        for schema in sorted({str(s.table.schema) for s in graph.specs}):
            if not sa.inspect(conn).has_schema(schema):
                conn.execute(sa.schema.CreateSchema(schema))
        views = _views_to_replace(conn, dialect, graph)
        for view in reversed(views):
            _drop_view(conn, dialect, view)
        for spec in graph.specs:
            if not spec.is_view and ensure_table(conn, dialect, spec):
                control.forget(conn, spec.entity)
            _write_fixed_rows(conn, dialect, spec)
        for view in views:
            _create_view(conn, dialect, graph, view)
            _remember(conn, view.entity, _view_digest(graph, view))
        control.add_missing(conn, [s.entity for s in graph.specs if not s.is_view])
        _mark_changed(conn, graph)
        for secret in (p for p in graph.parameters if p.secret):
            _remember(conn, _secret(graph, secret), secret.fingerprint())
        for statement in graph.post_ddl:
            dialect.execute(conn, statement)
        if graph.grants:
            # A view that was replaced has lost its own.
            dialect.execute(conn, dialect.grant_reading(graph.grants))
        _remember(conn, graph.system, wanted)
        writer.commit()
    return True


def stored_table(spec: TableSpec) -> sa.Table:
    """Return the declared table with its keys: the natural key, or the identity column with the natural key unique."""
    table = spec.table.to_metadata(sa.MetaData())
    identity = [c for c in table.columns if c.identity is not None]
    key = [table.columns[k] for k in spec.key]
    for column in key:
        column.nullable = False
        # A key comes with the row; by itself SQLAlchemy would let the server number it.
        column.autoincrement = False
    for column in table.columns:
        if column.info.get("role") == "deleted_flag":
            off = sa.false() if isinstance(column.type, sa.Boolean) else sa.text("0")
            column.server_default = sa.DefaultClause(off)
    if identity:
        table.append_constraint(sa.PrimaryKeyConstraint(*identity))
        table.append_constraint(sa.UniqueConstraint(*key, name=f"uq_{spec.name}"[:63]))
    else:
        table.append_constraint(sa.PrimaryKeyConstraint(*key))
    return table


def ensure_table(conn: sa.Connection, dialect: Dialect, spec: TableSpec, *, other_types: Collection[str] = ()) -> bool:
    """Create the table, or add to it what it lacks; return whether it was created.

    Raises SchemaDriftError when a column (other than `other_types`) has another type, or the key is another one;
    SpecError where the declaration wants partitions or an archive of a server that has none.
    """
    if spec.partitions and not dialect.has_partitions:
        raise SpecError(
            f"{spec.entity}: RangePartitions is declared, and {dialect.kind} is not taught to cut tables yet"
        )
    if spec.archive and not dialect.keeps_archives:
        raise SpecError(f"{spec.entity}: TextArchive is declared, and {dialect.kind} is not taught to archive yet")
    present = {c.name: c for c in dialect.columns_as(conn, spec.relation, spec.table.columns.keys())}
    table = stored_table(spec)
    if not present:
        table.create(conn)
        return True
    wrong, missing = [], []
    for column in table.columns:
        found = present.get(column.name)
        if found is None:
            missing.append(column)
        elif found.type != dialect.declared_type(column) and column.name not in other_types:
            wrong.append(f"{column.name} is {found.type}, declared {dialect.declared_type(column)}")
    lost = [c.name for c in missing if c.identity is not None or c.name in spec.key]
    if lost:
        wrong.append(f"key column {', '.join(lost)} is missing")
    elif not _keeps_key(conn, dialect, spec):
        wrong.append(f"nothing keeps ({', '.join(spec.key)}) unique")
    if wrong:
        raise SchemaDriftError(
            f"{spec.relation} differs from its declaration: {'; '.join(wrong)}. Nothing was changed: convert it "
            "(ALTER TABLE …), or move the table to another schema so that it is made anew, then run again."
        )
    alter = f"ALTER TABLE {dialect.relation(spec.relation)}"
    for column in missing:
        off = dialect.flag(column, False)
        required = f" NOT NULL DEFAULT {off}" if column.info.get("role") == "deleted_flag" else ""
        dialect.execute(conn, f"{alter} ADD {dialect.quote(column.name)} {dialect.declared_type(column)}{required}")
    for found in present.values():
        if found.not_null and found.name not in table.columns:
            dialect.drop_not_null(conn, spec.relation, found)
    for index in table.indexes:
        index.create(conn, checkfirst=True)
    for column in table.columns:
        dialect.comment(conn, spec.relation, str(column.comment or ""), kind="table", column=column.name)
    return False


def _keeps_key(conn: sa.Connection, dialect: Dialect, spec: TableSpec) -> bool:
    """Whether the server keeps the key unique; of a table cut by months it can only do so within each of them."""
    if dialect.is_unique(conn, spec.relation, spec.key):
        return True
    within = spec.partitions is not None and dialect.is_cut(conn, spec.relation)
    return within and dialect.is_unique(conn, spec.relation, primary_key(spec))


def primary_key(spec: TableSpec) -> tuple[str, ...]:
    """Columns of the primary key of a table that is cut into partitions."""
    assert spec.partitions is not None
    return tuple(dict.fromkeys((*spec.key, spec.partitions.column)))


def _write_fixed_rows(conn: sa.Connection, dialect: Dialect, spec: TableSpec) -> None:
    """Insert those that are missing, bring the others back to what is declared."""
    # With its primary key: SQL Server takes a surrogate key only after it was told that one comes.
    table = stored_table(spec)
    for row in spec.fixed_rows:
        values: dict[str, Any] = {c: sa.literal_column(dialect.value(table.columns[c], v)) for c, v in row.items()}
        same = sa.and_(*(table.columns[k] == values[k] for k in spec.key))
        if conn.execute(sa.select(sa.literal(1)).select_from(table).where(same)).first():
            rest = {c: v for c, v in values.items() if c not in spec.key and table.columns[c].identity is None}
            if rest:
                conn.execute(sa.update(table).where(same).values(rest))
        else:
            conn.execute(sa.insert(table).values(values).inline())


def _create_view(conn: sa.Connection, dialect: Dialect, graph: Graph, view: TableSpec) -> None:
    columns = ", ".join(dialect.quote(c) for c in view.data_columns)
    relation = dialect.relation(view.relation)
    dialect.execute(conn, f"CREATE VIEW {relation} ({columns}) AS\n{graph.select(view)}\n")
    if view.table.comment:
        dialect.comment(conn, view.relation, view.table.comment, kind="view")


def _drop_view(conn: sa.Connection, dialect: Dialect, view: TableSpec) -> None:
    try:
        with conn.begin_nested():
            dialect.execute(conn, f"DROP VIEW IF EXISTS {dialect.relation(view.relation)}")
    except DBAPIError as error:
        raise SchemaDriftError(
            f"view {view.relation} must be replaced, but an object outside this project depends on it "
            f"({dialect.classify(error)}). Drop that object, run again, then re-create it."
        ) from None


def _views_to_replace(conn: sa.Connection, dialect: Dialect, graph: Graph) -> list[TableSpec]:
    """Views that are new or have changed, and those that read them or a table yet to be made, in order."""
    known = {r.object: r.definition_hash for r in conn.execute(sa.select(deployed))}
    fresh = {s.relation for s in graph.specs if not dialect.exists(conn, s.relation)}
    found = []
    for view in (s for s in graph.ordered if s.is_view):
        changed = known.get(view.entity) != _view_digest(graph, view)
        if changed or view.relation in fresh or any(u.relation in fresh for u in graph.upstream(view)):
            fresh.add(view.relation)
            found.append(view)
    return found


def _mark_changed(conn: sa.Connection, graph: Graph) -> None:
    """Make stored tables stale whose SQL has changed since they were built, and forget what is no longer declared.

    A table never built is built whole anyway; one that is declared anew may have been built by any SQL.
    """
    declared = [s.entity for s in graph.specs]
    gone = sa.and_(
        deployed.c.object.startswith(f"{graph.system}.", autoescape=True), deployed.c.object.not_in(declared)
    )
    conn.execute(sa.delete(deployed).where(gone))
    pending.forget_undeclared(conn, graph.system, declared)
    known = {r.object: r.definition_hash for r in conn.execute(sa.select(deployed))}
    built = set(
        conn.execute(sa.select(etl_control.c.entity).where(etl_control.c.initialized_at.is_not(None))).scalars()
    )
    for spec in (s for s in graph.specs if not s.is_view and s.has_sql):
        digest = _sql_digest(graph, spec)
        if known.get(spec.entity) == digest:
            continue
        if spec.entity in built:
            pending.rebuild_whole(conn, spec.entity)
        _remember(conn, spec.entity, digest)


def _secret(graph: Graph, parameter: Parameter) -> str:
    """The name under which a secret's fingerprint is kept: no table's, those begin with the system and a dot."""
    return f"{graph.system}:{parameter.name}"


def _refuse_another_secret(conn: sa.Connection, graph: Graph) -> None:
    """Keys made with another secret would stand beside the new ones, and every surrogate would be allocated anew."""
    known = {r.object: r.definition_hash for r in conn.execute(sa.select(deployed))}
    for parameter in (p for p in graph.parameters if p.secret):
        name = _secret(graph, parameter)
        if known.get(name, parameter.fingerprint()) != parameter.fingerprint():
            raise SettingsError(
                f"{graph.system}: {parameter.setting} is not the value the keys in this warehouse were made with. "
                "Nothing was changed: set it back. To make every key and surrogate anew on purpose, run DELETE FROM "
                f"ctl.deployed WHERE object = '{name}' in the warehouse, then load {graph.system} again: all that has "
                "such keys is rebuilt whole."
            )


def _remember(conn: sa.Connection, object_: str, digest: str) -> None:
    conn.execute(sa.delete(deployed).where(deployed.c.object == object_))
    conn.execute(sa.insert(deployed).values(object=object_, definition_hash=digest))


def _is_deployed(conn: sa.Connection, dialect: Dialect, graph: Graph, wanted: str) -> bool:
    if not migrate.is_current(conn):
        return False
    found = conn.execute(sa.select(deployed.c.definition_hash).where(deployed.c.object == graph.system)).scalar()
    return found == wanted and all(dialect.exists(conn, s.relation) for s in graph.specs)


def _view_digest(graph: Graph, view: TableSpec) -> str:
    return _hash(graph.model(view).digest, str(view.table.comment), *view.data_columns)


def _sql_digest(graph: Graph, spec: TableSpec) -> str:
    """Of the SQL of a stored table and of the views it reads, and those they read."""
    views = [u for u in graph.upstream(spec) if u.is_view]
    settings = (f":{p.name} {p.fingerprint()}" for p in graph.used(spec))
    python = [spec.computed.version] if spec.computed else []
    return _hash(graph.model(spec).digest, *(_sql_digest(graph, v) for v in views), *settings, *python)


def _in_order(table: sa.Table) -> list[sa.Index]:
    # SQLAlchemy keeps them in a set, whose order differs from process to process.
    return sorted(table.indexes, key=lambda index: str(index.name))


def _digest(graph: Graph, dialect: Dialect) -> str:
    text = [migrate.head(), *graph.post_ddl, *(f":{p.name} {p.fingerprint()}" for p in graph.parameters)]
    text += [repr(grant) for grant in graph.grants]
    for spec in graph.specs:
        text.append(str(sa.schema.CreateTable(stored_table(spec)).compile(dialect=dialect.sqlalchemy)))
        text += [str(sa.schema.CreateIndex(i).compile(dialect=dialect.sqlalchemy)) for i in _in_order(spec.table)]
        text += [str(c.comment) for c in spec.table.columns]
        text += [repr(sorted(row.items())) for row in spec.fixed_rows]
        if spec.is_view:
            text.append(_view_digest(graph, spec))
        elif spec.has_sql:
            text.append(_sql_digest(graph, spec))
    return _hash(*text)


def _hash(*text: str) -> str:
    return hashlib.sha256("\n".join(text).encode()).hexdigest()
