"""The ledger of stale keys and months, with a producer committing at the worst moment."""

from __future__ import annotations

import time

import pytest
import sqlalchemy as sa

from etl_assets.engine import pending
from etl_assets.engine.dialects.base import Dialect
from etl_assets.engine.spec import Incremental, Keys, Merge, Months, ReplaceWindow
from etl_assets_tests.invariants import assert_holds
from etl_assets_tests.world import MakeWorld, World, customers, daily, orders, source_table, spec


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    made = make_world(orders(), daily(), customers())
    made.add_orders(1, 60)
    made.run_all()
    return made


def change(world: World, at: str, row: int = 1, amount: int = 5000) -> None:
    world.sql(
        f"UPDATE src.orders SET amount = {amount}, customer_id = customer_id + 1, updated_at = '{at}' WHERE id = {row}"
    )


@pytest.mark.parametrize("consumer", ["daily", "customers"])
@pytest.mark.parametrize("moment", ["before_select", "after_select"])
def test_a_change_committed_while_the_consumer_works_stays_pending_or_is_seen(
    world: World, consumer: str, moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The producer commits between take and select, or between select and commit: never lost, never taken twice."""
    change(world, "2026-04-01")
    world.run("orders")
    dialect: type[Dialect] = type(world.backend.dialect)
    stage_select = dialect.stage_select
    done = False

    def meddle(self: Dialect, conn: sa.Connection, select: str) -> tuple[str, int]:
        nonlocal done
        now, done = not done, True
        found = stage_select(self, conn, select) if moment == "after_select" or not now else None
        if now:
            change(world, "2026-04-02", amount=6000)
            world.run("orders")
        return found or stage_select(self, conn, select)

    monkeypatch.setattr(dialect, "stage_select", meddle)
    world.run(consumer)
    assert f"t.{world.graph.find(consumer).layer}.{consumer}" in pending.waiting(world.destination)
    monkeypatch.undo()
    world.run_all()
    assert pending.waiting(world.destination) == {}
    assert_holds(world)


def test_a_lower_number_that_commits_later_is_not_lost(world: World) -> None:
    """Sequence numbers are given before commit: clearing "up to the highest seen" would drop the late one."""
    insert = "INSERT INTO ctl.pending_partition (consumer, \"partition\") VALUES ('t.marts.daily', '2026-02-01')"
    late = world.destination.engine.connect()
    late.exec_driver_sql(insert)
    world.sql("UPDATE marts.daily SET n = 7 WHERE day >= '2026-02-01' AND day < '2026-04-01'")
    world.sql(insert.replace("02-01", "03-01"))
    assert set(world.run("daily").months) == {"2026-03-01"}
    late.commit()
    late.close()
    assert set(world.run("daily").months) == {"2026-02-01"}
    assert_holds(world)


def test_a_failed_consumer_leaves_its_ledger(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    change(world, "2026-04-01")
    world.run("orders")
    waiting = pending.waiting(world.destination)
    monkeypatch.setattr(type(world.backend.dialect), "stage_select", lambda *_: 1 / 0)
    for consumer in ("daily", "customers"):
        with pytest.raises(Exception, match="ZeroDivisionError"):
            world.run(consumer)
    assert pending.waiting(world.destination) == waiting
    monkeypatch.undo()
    world.run_all()
    assert_holds(world)


def test_keys_appended_while_a_run_takes_them_are_left_for_the_next(world: World) -> None:
    numbers = f"SELECT 't.core.customers', CAST(i AS varchar(9)) FROM {world.backend.numbers(0, 9)}"
    world.sql(f'INSERT INTO ctl.pending_key (consumer, "key") {numbers}')
    with world.destination.writer("core.customers", 1) as writer:
        highest = pending.highest_key_seq(writer, "t.core.customers")
        world.sql("INSERT INTO ctl.pending_key (consumer, \"key\") VALUES ('t.core.customers', '3')")
        taken: list[int] = []
        while True:
            stage, number = pending.take_keys(writer, world.graph.find("customers"), 4, highest)
            keys = writer.dialect.rows(writer.conn, f'SELECT "key" FROM {writer.dialect.quote(stage)}')
            taken += [int(str(k)) for (k,) in keys]
            if number < 4:
                break
        writer.commit()
    assert sorted(taken) == list(range(10))
    assert world.rows('SELECT "key" FROM ctl.pending_key') == [("3",)]


def test_taking_many_keys_of_which_the_planner_knows_nothing_is_quick(world: World) -> None:
    """It saw the ledger when it had keys of another consumer only. A join of the ledger with itself took 8 s."""
    others = f"SELECT 't.core.others', CAST(i AS varchar(9)) FROM {world.backend.numbers(1, 9_000)}"
    world.sql(f'INSERT INTO ctl.pending_key (consumer, "key") {others}')
    if world.backend.dialect.takes_digests:
        world.sql("ANALYZE ctl.pending_key")
    ours = f"SELECT 't.core.customers', CAST(i AS varchar(9)) FROM {world.backend.numbers(1, 15_000)}"
    world.sql(f'INSERT INTO ctl.pending_key (consumer, "key") {ours}')
    with world.destination.writer("core.customers", 1) as writer:
        highest = pending.highest_key_seq(writer, "t.core.customers")
        begun = time.perf_counter()
        _, taken = pending.take_keys(writer, world.graph.find("customers"), 50_000, highest)
        seconds = time.perf_counter() - begun
        writer.commit()
    assert (taken, seconds < 3.0) == (15_000, True), seconds


def test_keys_spelled_in_two_ways_do_not_end_a_run_early(make_world: MakeWorld) -> None:
    at = ("at", sa.DateTime())
    entries = spec(
        "staging.entries",
        [("id", sa.Integer()), ("code", sa.Numeric()), at],
        ("id",),
        Incremental("at"),
        source="src.entries",
    )
    codes = spec(
        "core.codes",
        [("code", sa.Numeric()), ("n", sa.BigInteger())],
        ("code",),
        Merge({"staging.entries": "code"}),
        reads={"staging.entries": Keys(("code",))},
    )
    world = make_world(
        entries,
        codes,
        source=source_table("src.entries", ("id", sa.Integer()), ("code", sa.Numeric()), ("at!", sa.DateTime())),
        core__codes="SELECT e.code AS code, COUNT(*) AS n FROM staging.entries AS e GROUP BY e.code",
    )
    world.run_all()
    codes_given = enumerate(("1", "1.0", "1.00", "7", "8", "9"), 1)
    world.sql(*(f"INSERT INTO src.entries VALUES ({i}, {code}, '2026-01-02')" for i, code in codes_given))
    world.run("entries")
    world.run("codes", batch_size=2)
    assert pending.waiting(world.destination) == {}
    assert world.rows("SELECT code, n FROM core.codes ORDER BY 1") == [(1, 3), (7, 1), (8, 1), (9, 1)]
    assert_holds(world)


def test_a_timestamp_of_a_sql_table_is_reporting_time_for_its_consumers_too(make_world: MakeWorld) -> None:
    """One o'clock on the first is the month before in UTC's eyes; the table that is cut by it says otherwise."""
    fact = spec(
        "core.fact",
        [("id", sa.BigInteger()), ("at", sa.DateTime()), ("amount", sa.Numeric(12, 2))],
        ("id",),
        ReplaceWindow("at"),
        reads={"staging.orders": Months("day")},
    )
    mart = spec(
        "marts.monthly",
        [("month", sa.Date()), ("total", sa.Numeric())],
        ("month",),
        ReplaceWindow("month"),
        reads={"core.fact": Months("at")},
    )
    month = "DATEFROMPARTS(YEAR(f.at), MONTH(f.at), 1)"
    world = make_world(
        orders(),
        fact,
        mart,
        core__fact="SELECT o.id, CAST(DATEADD(HOUR, 1, CAST(o.day AS DATETIME2(6))) AS DATETIME2(6)) AS at, o.amount "
        "FROM staging.orders AS o",
        marts__monthly=f"SELECT {month} AS month, SUM(f.amount) AS total FROM core.fact AS f GROUP BY {month}",
    )
    world.add_orders(1, 3, day="'2026-03-01'")
    world.run_all()
    change(world, "2026-04-01")
    world.run_all()
    assert world.value("SELECT total FROM marts.monthly") == 5005
    assert_holds(world)


def test_a_month_is_noted_once_however_many_rows_of_it_changed(make_world: MakeWorld) -> None:
    world = make_world(orders(), daily())
    world.add_orders(1, 300)
    world.run("orders")
    noted = world.rows("SELECT consumer, COUNT(*) FROM ctl.pending_partition GROUP BY consumer")
    assert noted == [("t.marts.daily", 11)], "January to November"
