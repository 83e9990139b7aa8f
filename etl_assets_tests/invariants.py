"""The promises of docs/design (I1 to I5), asked of a small warehouse.

I1 the target equals the source less rejected rows · I2 one row per key · I3 the watermark is never ahead of committed
data · I4 every run has a terminal status · I5 a second run writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from etl_assets.engine.dialects import postgres_types as types
from etl_assets.engine.options import Result
from etl_assets.engine.spec import Incremental, ReplaceWindow, TableSpec
from etl_assets_tests.world import World

NUMBERS = ("smallint", "integer", "bigint", "numeric", "real", "double precision")


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
    """I1, by row hash. A key listed as duplicate has one of its source rows; any other listed key is left out."""
    listed = world.rejected(spec.entity)
    duplicates = {k for k, reason, _ in listed if reason == "duplicate_key"}
    left_out = {k for k, _, _ in listed} - duplicates
    live = f" WHERE NOT {spec.role('deleted_flag')}" if spec.marks_deletes else ""
    target = _hashes(world, spec, f'"{spec.table.schema}"."{spec.name}"{live}', from_source=False)
    if spec.source:
        schema, name = spec.source.split(".", 1)
        # Values that were rejected need not convert.
        without = ", ".join(f"'{k}'" for k in left_out) or "''"
        keys = ", ".join(f'"{spec.source_column(k)}"' for k in spec.key)
        kept = f'"{schema}"."{name}" WHERE jsonb_build_array({keys})::text NOT IN ({without})'
        source = _hashes(world, spec, kept, from_source=True)
    else:
        window = ""
        if isinstance(spec.load, ReplaceWindow):
            window = f" WHERE q.{spec.load.column} >= '{world.months[0]}' AND q.{spec.load.column} < '2027-01-01'"
        source = _hashes(world, spec, f"(\n{world.graph.select(spec)}\n) q{window}", from_source=False)
    expected = {k: v for k, v in source.items() if k not in left_out}
    found = {k: v for k, v in target.items() if k not in left_out}
    assert found.keys() == expected.keys(), f"{spec.entity}: keys differ"
    for key, hashes in found.items():
        assert hashes <= expected[key], f"{spec.entity}: row {key} differs from its source"
        assert len(expected[key]) == 1 or key in duplicates, f"{spec.entity}: duplicate {key} is not listed"


def assert_one_row_per_key(world: World, spec: TableSpec) -> None:
    """I2."""
    key = ", ".join(f'"{k}"' for k in spec.key)
    relation = f'"{spec.table.schema}"."{spec.name}"'
    assert world.rows(f"SELECT {key} FROM {relation} GROUP BY {key} HAVING count(*) > 1") == []


def assert_watermark_is_committed(world: World, spec: TableSpec) -> None:
    """I3: not past the newest row stored or listed as rejected."""
    if not isinstance(spec.load, Incremental):
        return
    control = world.rows(
        "SELECT cursor_value, cursor_type FROM ctl.etl_control "
        f"WHERE entity = '{spec.entity}' AND cursor_value IS NOT NULL"
    )
    if not control:
        return
    mark, type_ = control[0]
    cursor, source = spec.load.cursor, spec.source_column(spec.load.cursor)
    keys = ", ".join(f'"{spec.source_column(k)}"' for k in spec.key)
    listed = f"SELECT row_key FROM ctl.rejected_row WHERE entity = '{spec.entity}'"
    newest = (
        f'SELECT max(c) FROM (SELECT "{cursor}"::{type_} AS c FROM {spec.relation} UNION ALL SELECT "{source}" '
        f"FROM {spec.source} WHERE jsonb_build_array({keys})::text IN ({listed})) x"
    )
    assert world.value(f"SELECT '{mark}'::{type_} <= ({newest})"), f"{spec.entity}: watermark {mark} is ahead"


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


def _hashes(world: World, spec: TableSpec, relation: str, *, from_source: bool) -> dict[str, set[str]]:
    dialect = world.destination.dialect
    names = {n: spec.source_column(n) if from_source else n for n in spec.data_columns if n not in spec.not_compared}
    sources = {}
    if from_source and spec.source:
        with world.destination.engine.connect() as conn:
            sources = {c.name: c.type for c in dialect.columns(conn, spec.source)}
    typed = []
    for name, source in names.items():
        declared = dialect.declared_type(spec.table.columns[name])
        typed.append(_comparable(f'"{source}"', sources.get(source, declared), declared))
    key = ", ".join(f'"{names.get(k, k)}"' for k in spec.key)
    rows = world.rows(f"SELECT jsonb_build_array({key})::text, md5(row({', '.join(typed)})::text) FROM {relation}")
    found: dict[str, set[str]] = {}
    for row_key, digest in rows:
        found.setdefault(row_key, set()).add(digest)
    return found


def _comparable(value: str, type_: str, declared: str) -> str:
    """Text of a value of `type_` that equals that of a `declared` one if, and only if, the value is the same.

    A cast to the declared type alone would round the source as silently as a faulty load does.
    """
    (base, _, array), (wanted, _, _) = types.split(type_), types.split(declared)
    if not array and base in NUMBERS and wanted in NUMBERS:
        if base == "real" and wanted == "double precision":
            value = f"{value}::double precision"
        if base == "double precision" and types.decimals(declared) is not None:
            value = f"{value}::numeric"  # 15 digits: what lies beyond is noise of binary fractions
        return f"trim_scale({value}::text::numeric)::text"
    if wanted.startswith(("time", "interval")):
        declared = types.without_limits(declared)
    return f"({value}::{declared})::text"
