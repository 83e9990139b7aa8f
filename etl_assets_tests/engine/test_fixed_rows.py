"""Rows a declaration fixes, flags kept as numbers, and who decides on batch size and cutoff."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from etl_assets.engine.errors import SpecError
from etl_assets.engine.spec import Incremental, Replace, column
from etl_assets_tests.invariants import assert_wrote_nothing
from etl_assets_tests.world import MakeWorld, customers, orders, spec

UNKNOWN = {"sk": -1, "customer_id": -1, "n": 0}


@pytest.mark.parametrize("load", ["merge", "replace"])
def test_a_fixed_row_is_there_from_the_start_and_no_load_touches_it(make_world: MakeWorld, load: str) -> None:
    more = {"load": Replace(always=True), "reads": {}} if load == "replace" else {}
    world = make_world(orders(), customers(fixed_rows=(UNKNOWN,), marks_deletes=True, **more))
    query = "SELECT sk, customer_id, n, is_deleted FROM core.customers WHERE customer_id = -1"
    assert world.rows(query) == [(-1, -1, 0, False)]
    world.add_orders(1, 20)
    world.run_all()
    world.backend.watch_versions(world.connection, "core.customers")
    version = world.rows(f"SELECT {world.backend.row_version} FROM core.customers WHERE customer_id = -1")
    world.sql("DELETE FROM src.orders WHERE customer_id = 3")
    world.run_all("full", allow_deletes=True)
    assert world.value("SELECT COUNT(*) FROM core.customers WHERE is_deleted = 'true'") == 1
    assert world.rows(query) == [(-1, -1, 0, False)]
    assert world.rows(f"SELECT {world.backend.row_version} FROM core.customers WHERE customer_id = -1") == version
    assert world.value("SELECT MIN(sk) FROM core.customers WHERE customer_id >= 0") == 1, "surrogates begin at one"
    assert_wrote_nothing(*world.run_all().values())


def test_a_fixed_row_declared_otherwise_is_brought_in_line(make_world: MakeWorld) -> None:
    world = make_world(orders(), customers(fixed_rows=(UNKNOWN,)))
    again = world.changed(customers(fixed_rows=(UNKNOWN | {"n": 7}, {"sk": -2, "customer_id": -2, "n": 0})))
    assert again.rows("SELECT sk, customer_id, n FROM core.customers ORDER BY 1") == [(-2, -2, 0), (-1, -1, 7)]


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (({"sk": -1, "n": 0},), r"a fixed row lacks \['customer_id'\]"),
        (({"sk": -1, "customer_id": 1, "m": 0},), r"a fixed row names undeclared column\(s\) \['m'\]"),
    ],
)
def test_fixed_rows_that_make_no_sense_are_refused(rows: tuple[dict[str, object], ...], says: str) -> None:
    with pytest.raises(SpecError, match=says):
        customers(fixed_rows=rows)


def test_a_mirror_has_no_fixed_rows() -> None:
    with pytest.raises(SpecError, match="fixed_rows belong in tables made by SQL"):
        orders(fixed_rows=({"id": -1},))


def test_a_flag_may_be_a_number(make_world: MakeWorld) -> None:
    target = spec(
        "core.customers",
        [
            ("customer_id", sa.Integer()),
            ("n", sa.BigInteger()),
            column("gone", sa.SmallInteger(), "No longer there", nullable=False, role="deleted_flag"),
            column("gone_at", sa.DateTime(), "Since when", role="deleted_at"),
        ],
        ("customer_id",),
        Replace(),
        marks_deletes=True,
    )
    world = make_world(orders(), target)
    world.add_orders(1, 20)
    world.run_all()
    world.sql("DELETE FROM src.orders WHERE customer_id = 3")
    world.run_all("full", allow_deletes=True)
    assert world.rows("SELECT customer_id, gone FROM core.customers WHERE gone = 1") == [(3, 1)]
    assert_wrote_nothing(*world.run_all().values())
    world.add_orders(50, 50, at="2026-03-02", customer_id="3")
    world.run_all()
    assert world.rows("SELECT COUNT(*) FROM core.customers WHERE gone = 1 OR gone_at IS NOT NULL") == [(0,)]


def test_the_run_decides_on_the_batch_size_then_the_control_row(make_world: MakeWorld) -> None:
    world = make_world()
    world.add_orders(1, 40)
    world.run("orders")
    world.set_control("orders", batch_size=10)
    assert world.run("orders", "full").batches == 4 + 2
    assert world.run("orders", "full", batch_size=20).batches == 2 + 2
    world.set_control("orders", batch_size=None)
    assert world.run("orders", "full").batches == 1 + 2


def test_the_run_decides_on_the_cutoff_then_the_control_row_then_the_declaration(make_world: MakeWorld) -> None:
    world = make_world(orders(Incremental("updated_at", cutoff=timedelta(minutes=10))))
    at = world.backend.ago("4 * i", "MINUTE")
    world.sql(f"INSERT INTO src.orders (id, updated_at) SELECT i, {at} FROM {world.backend.numbers(1, 6)}")
    assert world.run("orders").counts.inserted == 4
    world.set_control("orders", cutoff_minutes=6)
    assert world.run("orders").counts.inserted == 1
    assert world.run("orders", cutoff_minutes=0).counts.inserted == 1


def test_a_negative_cutoff_is_refused() -> None:
    with pytest.raises(SpecError, match="cutoff of cursor 'updated_at' is negative"):
        Incremental("updated_at", cutoff=timedelta(minutes=-1))
