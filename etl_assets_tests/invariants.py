"""The promises of docs/design (I1 to I5), asked of a small warehouse.

I1 the target equals the source less rejected rows · I2 one row per key · I3 the watermark is never ahead of committed
data · I4 every run has a terminal status · I5 a second run writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from etl_assets.engine.options import Result
from etl_assets.engine.spec import Incremental, ReplaceWindow, TableSpec
from etl_assets_tests.world import World


def assert_holds(world: World, *, again: bool = True, only: Iterable[str] = ()) -> None:
    """All five. Without `again` no second run is made."""
    specs = [world.graph.find(n) for n in only] or [s for s in world.graph.ordered if not s.is_view]
    for each in specs:
        assert_equals_its_source(world, each)
        assert_one_row_per_key(world, each)
        assert_watermark_is_committed(world, each)
    if again:
        assert_wrote_nothing(*(world.run(s.entity) for s in specs) if only else world.run_all().values())
    assert_every_run_ended(world)


def assert_equals_its_source(world: World, spec: TableSpec) -> None:
    """I1, by all values. A key listed as duplicate has one of its source rows; any other listed key is left out."""
    listed, dialect = world.rejected(spec.entity), world.backend.dialect
    duplicates = {k for k, reason, _ in listed if reason == "duplicate_key"}
    left_out = {k for k, _, _ in listed} - duplicates
    target = dialect.relation(spec.relation)
    flag = spec.role("deleted_flag")
    if flag:
        target += f" WHERE {dialect.quote(flag)} = {dialect.flag(spec.table.columns[flag], False)}"
    found = {k: v for k, v in world.backend.texts(world.rows, spec, target).items() if k not in left_out}
    expected = _source(world, spec, left_out)
    assert found.keys() == expected.keys(), f"{spec.entity}: keys differ"
    for key, rows in found.items():
        assert rows <= expected[key], f"{spec.entity}: row {key} differs from its source: {rows} {expected[key]}"
        assert len(expected[key]) == 1 or key in duplicates, f"{spec.entity}: duplicate {key} is not listed"


def _source(world: World, spec: TableSpec, left_out: set[str]) -> dict[str, set[str]]:
    backend = world.backend
    if spec.source:
        with world.destination.engine.connect() as conn:
            types = {c.name: c.type for c in backend.dialect.columns(conn, spec.source)}
        relation = backend.dialect.relation(spec.source)
        return backend.texts(world.rows, spec, relation, sources=types, left_out=left_out)
    window = ""
    if isinstance(spec.load, ReplaceWindow):
        column = backend.dialect.quote(spec.load.column)
        window = f" WHERE q.{column} >= '{world.months[0]}' AND q.{column} < '2027-01-01'"
    made = backend.texts(world.rows, spec, f"(\n{world.graph.select(spec)}\n) AS q{window}")
    return {k: v for k, v in made.items() if k not in left_out}


def assert_one_row_per_key(world: World, spec: TableSpec) -> None:
    """I2."""
    key = ", ".join(map(world.backend.dialect.quote, spec.key))
    relation = world.backend.dialect.relation(spec.relation)
    assert world.rows(f"SELECT {key} FROM {relation} GROUP BY {key} HAVING COUNT(*) > 1") == []


def assert_watermark_is_committed(world: World, spec: TableSpec) -> None:
    """I3: not past the newest row stored or listed as rejected.

    A listed row that has left its source tells nobody its date any more: it may have been the one that set the mark.
    """
    if not isinstance(spec.load, Incremental):
        return
    query = f"SELECT cursor_value, cursor_type FROM ctl.etl_control WHERE entity = '{spec.entity}'"
    mark, type_ = next(iter(world.rows(query)), (None, None))
    if mark is None:
        return
    dialect, cursor = world.backend.dialect, spec.load.cursor
    limit = dialect.literal(mark, type_)
    stored = f"CAST({dialect.quote(cursor)} AS {type_}) >= {limit}"
    if world.value(f"SELECT COUNT(*) FROM {dialect.relation(spec.relation)} WHERE {stored}"):
        return
    assert spec.source
    source = dialect.relation(spec.source)
    newest = f"{source} WHERE {dialect.quote(spec.source_column(cursor))} >= {limit}"
    listed = {k for k, _, _ in world.rejected(spec.entity, open_only=False)}
    known = listed & world.backend.source_keys(world.rows, spec, newest)
    left = listed - world.backend.source_keys(world.rows, spec, source)
    assert known or left, f"{spec.entity}: watermark {mark} is ahead"


def assert_every_run_ended(world: World) -> None:
    """I4."""
    assert world.rows("SELECT run_id FROM audit.etl_run WHERE status = 'running' OR finished_at IS NULL") == []
    open_ = "SELECT entity FROM audit.etl_run_entity WHERE status = 'running' OR finished_at IS NULL"
    assert world.rows(open_) == []


def assert_wrote_nothing(*results: Result) -> None:
    """I5."""
    for result in results:
        assert result.status == "success", result.error
        assert (result.counts.inserted, result.counts.updated, result.counts.deleted) == (0, 0, 0), result


def assert_adds_up(result: Result) -> None:
    """Counts are exact: every row read was stored, found the same, or rejected."""
    c = result.counts
    assert c.extracted == c.inserted + c.updated + c.unchanged + c.rejected, result
    if result.months:
        for name in ("inserted", "updated", "unchanged", "deleted"):
            assert sum(getattr(m, name) for m in result.months.values()) == getattr(c, name), (name, result)
