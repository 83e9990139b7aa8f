"""A large table is cut into months: what it holds, what reads it and how it is loaded stay as they were."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from etl_assets.engine import partitions, verdicts
from etl_assets.engine.errors import SchemaDriftError, SpecError
from etl_assets.engine.partitions import Kept
from etl_assets.engine.spec import Keys, Merge, TableSpec, audit_columns, column
from etl_assets.engine.upkeep import RangePartitions
from etl_assets_tests.engine.test_kills import KILLED, killed_at
from etl_assets_tests.invariants import assert_holds
from etl_assets_tests.world import MakeWorld, World, orders, spec, view

SQL = (
    "SELECT o.id, o.customer_id, o.note, o.updated_at AT TIME ZONE 'UTC' AS changed_at, o.day AT TIME ZONE 'UTC' AS "
    "created_at FROM staging.orders AS o"
)
SEEN = "SELECT t.id, t.note, t.created_at FROM core.threads AS t"
NOW = datetime(2026, 11, 20, tzinfo=UTC)
CONTENT = "SELECT md5(string_agg(t::text, chr(10) ORDER BY t.id)), count(*), max(t.sk) FROM core.threads AS t"
_STAMP = sa.DateTime(timezone=True)


def threads(above: int | None = 100) -> TableSpec:
    made = spec(
        "core.threads",
        [
            column("sk", sa.BigInteger(), "Surrogate key", identity=True),
            ("id", sa.BigInteger()),
            ("customer_id", sa.Integer()),
            ("note", sa.Text()),
            ("changed_at", _STAMP),
            column("created_at", _STAMP, "Created", nullable=False),
            *audit_columns(marks_deletes=True),
        ],
        ("id",),
        Merge({"staging.orders": "id"}),
        reads={"staging.orders": Keys(("id",))},
        marks_deletes=True,
        partitions=RangePartitions("created_at", above=above),
    )
    sa.Index("ix_threads_customer", made.table.c.customer_id)
    sa.Index("ix_threads_created", sa.text("created_at DESC"), _table=made.table)
    return made


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    seen = view("core.vw_threads", ("id", sa.BigInteger()), ("note", sa.Text()), ("created_at", _STAMP))
    above = view("core.vw_notes", ("id", sa.BigInteger()), ("note", sa.Text()))
    notes = "SELECT v.id, v.note FROM core.vw_threads AS v"
    made = make_world(orders(), threads(), seen, above, core__threads=SQL, core__vw_threads=SEEN, core__vw_notes=notes)
    made.add_orders(1, 200)
    made.run_all()
    return made


def keep(world: World) -> Kept:
    return partitions.keep(world.destination, world.graph.find("core.threads"), now=NOW)


def verdict(world: World, name: str) -> int:
    declared = world.graph.find("core.threads")
    checks = [c for c in declared.all_checks() if c.name == name]
    return verdicts.ask(world.destination, declared, checks, may_stand=True)[name].violations


def a_day_of_changes(world: World) -> None:
    world.sql(
        "UPDATE src.orders SET note = 'changed', updated_at = '2026-04-01' WHERE id % 7 = 0",
        # The source dates a row anew: it moves to another partition.
        "UPDATE src.orders SET day = '2026-02-03', updated_at = '2026-04-01' WHERE id = 150",
        "DELETE FROM src.orders WHERE id = 20",
    )
    world.add_orders(301, 330, at="2026-04-01 09:00")


def test_what_a_table_holds_and_what_hangs_on_it_stay(world: World) -> None:
    assert (kept := keep(world.changed(threads(200)))).parts == {}
    assert "cut above 200" in kept.reason
    world.sql(
        "CREATE ROLE threads_reader", "GRANT USAGE ON SCHEMA core TO threads_reader",
        "GRANT SELECT ON core.threads, core.vw_threads TO threads_reader",
        "GRANT UPDATE (note) ON core.threads TO threads_reader WITH GRANT OPTION",
        "COMMENT ON TABLE core.threads IS 'Threads'", "COMMENT ON INDEX core.ix_threads_customer IS 'By customer'",
        # Nobody's of this project, and it must go on too.
        "CREATE VIEW public.other WITH (security_barrier=true) AS SELECT note FROM core.threads",
    )  # fmt: skip
    before, rights = world.rows(CONTENT), "SELECT relacl FROM pg_class WHERE oid = 'core.threads'::regclass"
    granted = world.value(rights)

    kept = keep(world)

    assert kept.was_cut
    assert kept.rows == sum(kept.parts.values()) == 200
    assert kept.astray == 0
    assert kept.made[0] == "2026-01-01"
    assert kept.made[-1] == "2027-02-01"
    assert world.rows(CONTENT) == before
    assert world.value(rights) == granted
    assert world.rows("SELECT count(*) FROM core.vw_notes") == [(200,)]
    assert world.value("SELECT obj_description('core.threads'::regclass)") == "Threads"
    assert world.value("SELECT obj_description('core.ix_threads_customer'::regclass)") == "By customer"
    assert world.value("SELECT col_description('core.threads'::regclass, 1)") == "Surrogate key"
    assert world.value("SELECT reloptions FROM pg_class WHERE oid = 'public.other'::regclass") == [
        "security_barrier=true"
    ]
    world.sql("SET ROLE threads_reader", "SELECT count(*) FROM core.vw_threads", "RESET ROLE")
    world.sql("DROP OWNED BY threads_reader", "DROP ROLE threads_reader")
    assert not world.rows("SELECT 1 FROM pg_class WHERE relname ~ '__(cut|plain)'")
    # To the declarations nothing has happened.
    assert not world.deploy()
    world.sql("UPDATE ctl.deployed SET definition_hash = 'old' WHERE object = 't'")
    assert world.deploy()
    assert not (again := keep(world)).was_cut
    assert again.made == ()
    assert verdict(world, "unique_key") == verdict(world, "default_partition_empty") == 0


def test_loads_do_the_same_on_both_shapes(world: World, make_world: MakeWorld) -> None:
    keep(world)
    plain = make_world(orders(), threads(None), core__threads=SQL)
    plain.add_orders(1, 200)
    plain.run_all()
    assert keep(plain).reason == "200 rows in one table: it is not to be cut"
    for each in (world, plain):
        a_day_of_changes(each)
        for mode in ("changed", "full"):
            each.run_all(mode)
            again = each.run_all(mode)["threads"].counts
            assert (again.inserted, again.updated, again.deleted) == (0, 0, 0)
        assert_holds(each)
    query = "SELECT t.sk, t.id, t.note, t.created_at, t.is_deleted FROM core.threads AS t ORDER BY t.id"
    assert world.rows(query) == plain.rows(query)
    assert world.value("SELECT tableoid::regclass::text FROM core.threads WHERE id = 150") == "core.threads_2026_02"
    assert verdict(world, "unique_key") == 0
    # The server keeps the key within a month only; the check sees what another hand did.
    world.sql(
        "INSERT INTO core.threads (id, created_at) VALUES (150, '2026-03-05')", "SELECT pg_stat_force_next_flush()"
    )
    assert verdict(world, "unique_key") == 1


def test_rows_of_a_month_nobody_made_are_told_and_moved(world: World) -> None:
    keep(world)
    assert verdict(world, "default_partition_empty") == 0
    world.add_orders(401, 403, at="2026-05-01", day="'2031-05-15'::date + i::int % 2 * 40")
    world.run_all()
    numbers = "SELECT id, sk FROM core.threads WHERE id > 400 ORDER BY id"
    before = world.rows(numbers)
    assert verdict(world, "default_partition_empty") == 3
    kept = keep(world)
    assert (kept.moved, kept.astray, kept.made) == (3, 0, ("2031-05-01", "2031-06-01"))
    assert world.rows(numbers) == before
    assert verdict(world, "default_partition_empty") == 0
    again = world.run_all("full")["threads"].counts
    assert (again.inserted, again.updated, again.deleted) == (0, 0, 0)


@pytest.mark.parametrize("point", ["staged", "inside_merge", "before_commit", "after_commit"])
@pytest.mark.faults
def test_a_process_that_dies_leaves_one_shape_or_the_other(world: World, point: str) -> None:
    before = world.rows(CONTENT)
    world.close()
    assert killed_at(point, world, lambda: keep(world)) == KILLED
    is_cut = world.value("SELECT relkind = 'p' FROM pg_class WHERE oid = 'core.threads'::regclass")
    assert is_cut == (point == "after_commit")
    assert world.rows(CONTENT) == before
    assert world.rows("SELECT count(*) FROM core.vw_notes") == [(200,)]
    assert keep(world).was_cut == (not is_cut)
    assert world.rows(CONTENT) == before


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("CREATE MATERIALIZED VIEW public.m AS SELECT id FROM core.threads", "materialized view m"),
        ("CREATE TABLE public.r (id bigint REFERENCES core.threads (id))", "constraint r_id_fkey of r"),
        ("CREATE UNIQUE INDEX ux_note ON core.threads (note)", "unique index ux_note"),
        ("CREATE TABLE public.typed (t core.threads)", "depends on it"),
    ],
)
def test_what_would_be_lost_stops_it(world: World, statement: str, named: str) -> None:
    world.sql(statement)
    with pytest.raises(SchemaDriftError, match=named):
        keep(world)
    assert world.value("SELECT relkind FROM pg_class WHERE oid = 'core.threads'::regclass") == "r"


def test_declarations_that_cannot_be_cut_are_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    nonsense: tuple[Callable[[], object], ...] = (
        lambda: replace(threads(), partitions=RangePartitions("changed_at")),
        lambda: replace(threads(), partitions=RangePartitions("note")),
        lambda: replace(threads(), partitions=RangePartitions("created_at", ahead=0)),
    )
    for make in nonsense:
        with pytest.raises(SpecError, match="partition"):
            make()
    monkeypatch.setattr(type(world.backend.dialect), "has_partitions", False)
    with pytest.raises(SpecError, match="RangePartitions is declared, and postgresql"):
        world.changed(threads(5), core__vw_notes="SELECT v.id, v.note FROM core.vw_threads AS v WHERE true")
