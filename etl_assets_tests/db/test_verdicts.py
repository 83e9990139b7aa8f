"""What checks say: asked in few statements, and not again while nothing they read was written by anybody."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta

import pytest
import sqlalchemy as sa

from etl_assets.engine import verdicts
from etl_assets.engine.checks import Accepted, Agree, Between, Check, ForeignKey, Graded, Holds, NoRows, NotNull
from etl_assets.engine.spec import TableSpec
from etl_assets.engine.verdicts import Verdict
from etl_assets_tests.world import MakeWorld, World, customers, orders, view

# What a session wrote is counted by the server within ten seconds, or now.
FLUSH = "SELECT pg_stat_force_next_flush()"
FEW = Between("n", low=0, high=3)
CHECKS: tuple[Check, ...] = (
    FEW,
    Accepted("customer_id", (1, 2, 3)),
    NotNull(("n",)),
    Graded(Holds("even", "n % 2 = 0", ("n",), "Even"), 0.5),
    ForeignKey("customer_id", "staging.orders", "customer_id"),
    Agree("adds_up", "SELECT sum(n) FROM core.customers", "SELECT count(*) FROM staging.orders", "All are counted"),
    NoRows("seen", "SELECT s.id FROM core.seen AS s WHERE s.id < 0", "No negative id"),
)


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    seen = view("core.seen", ("id", sa.BigInteger()))
    made = make_world(orders(), customers(checks=CHECKS), seen, core__seen="SELECT o.id FROM staging.orders AS o")
    made.add_orders(1, 40)
    made.run_all()
    return made


def table(world: World) -> TableSpec:
    return world.destination.graph.find("customers")


def ask(world: World, *, may_stand: bool = True) -> Mapping[str, Verdict]:
    spec_ = table(world)
    return verdicts.ask(world.destination, spec_, spec_.all_checks(), may_stand=may_stand)


def settled(world: World) -> Mapping[str, Verdict]:
    """Verdicts that stand: the server has counted the load by then."""
    for _ in range(100):
        before = ask(world)
        world.sql("SELECT pg_stat_force_next_flush(), pg_sleep(0.05)")
        after = ask(world)
        if all(v == before[n] for n, v in after.items() if n != "unique_key"):
            return after
    raise AssertionError("no verdict ever stood")


def anew(world: World, before: Mapping[str, Verdict]) -> set[str]:
    return {n for n, v in ask(world).items() if v.asked_at > before[n].asked_at}


def test_asked_together_checks_say_what_each_says_alone(world: World) -> None:
    world.sql("UPDATE core.customers SET n = 9 WHERE customer_id < 4")
    found, relation, quote = ask(world), '"core"."customers"', world.destination.dialect.quote
    for check in table(world).all_checks():
        assert found[check.name].violations == world.value(check.violations(relation, quote)), check.name
    assert found["even"].rows == 10
    assert {n for n, v in found.items() if v.violations} == {"n_range", "customer_id_accepted", "even", "adds_up"}


def test_nothing_written_nothing_asked(world: World) -> None:
    before = settled(world)
    statements: list[str] = []
    sa.event.listen(world.destination.engine, "before_cursor_execute", lambda *a: statements.append(str(a[2])))
    found = dict(ask(world))
    assert found.pop("unique_key").violations == 0
    assert found == {n: v for n, v in before.items() if n != "unique_key"}
    assert not [s for s in statements if 'FROM "core"."customers"' in s or "FROM core." in s]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE core.customers SET n = 99 WHERE customer_id = 1",
        "DELETE FROM core.customers WHERE customer_id = 1",
        "TRUNCATE core.customers",
    ],
)
def test_other_hands_are_noticed(world: World, statement: str) -> None:
    before = settled(world)
    world.sql(statement, FLUSH)
    assert anew(world, before) == set(before)


def test_what_a_check_reads_besides_counts_through_views_too(world: World) -> None:
    before = settled(world)
    world.sql("UPDATE staging.orders SET id = -1 WHERE id = 1", FLUSH)
    assert anew(world, before) == {"unique_key", "customer_id_exists", "adds_up", "seen"}
    assert ask(world)["seen"].violations == 1


def test_a_load_that_wrote_asks_and_one_that_did_not_does_not(world: World) -> None:
    for _ in range(20):
        before = settled(world)
        assert not any(r.counts.changed for r in world.run_all().values())
        if anew(world, before) == {"unique_key"}:
            break  # until then the server counts what sessions of the first load wrote
        time.sleep(0.3)
    else:
        raise AssertionError("a load that writes nothing makes checks ask again")
    world.sql("UPDATE src.orders SET customer_id = 3, updated_at = '2026-04-01' WHERE id = 1")
    world.run_all()
    assert anew(world, before) == set(before)


def test_a_verdict_stands_for_a_day_and_not_for_who_wants_to_know(world: World) -> None:
    before = settled(world)
    assert all(v.asked_at > before[n].asked_at for n, v in ask(world, may_stand=False).items())
    before = settled(world)
    world.sql("UPDATE ctl.check_verdict SET asked_at = asked_at - interval '25 hours' WHERE check_name = 'n_range'")
    assert anew(world, before) == {"n_range", "unique_key"}
    assert timedelta(hours=24) == verdicts.STANDS_FOR


@pytest.mark.parametrize(
    "select",
    [
        "SELECT 1 FROM core.customers WHERE now() < '2000-01-01'",
        "SELECT 1 FROM core.customers WHERE current_date < '2000-01-01'",
        "SELECT 1 FROM ctl.rejected_row WHERE id < 0",
        "SELECT 1 FROM elsewhere.table_of_others",
    ],
)
def test_what_depends_on_the_clock_or_on_unknown_tables_never_stands(world: World, select: str) -> None:
    graph = world.destination.graph
    assert verdicts.depends_on(graph, table(world), select) is None


def test_a_table_after_a_comma_is_read_too(world: World) -> None:
    graph = world.destination.graph
    found = verdicts.depends_on(graph, table(world), "SELECT 1 FROM core.customers AS c, staging.orders AS o")
    assert found == frozenset({"core.customers", "staging.orders"})


def test_without_its_index_a_key_is_counted(world: World) -> None:
    spec_ = world.destination.graph.find("orders")
    found = verdicts.ask(world.destination, spec_, spec_.all_checks(), may_stand=True)
    assert found["unique_key"].violations == 0
    (index,) = world.rows(
        "SELECT conname FROM pg_constraint WHERE conrelid = 'staging.orders'::regclass AND contype = 'p'"
    )
    world.sql(
        f"ALTER TABLE staging.orders DROP CONSTRAINT {index[0]}",
        "INSERT INTO staging.orders SELECT * FROM staging.orders WHERE id = 1",
    )
    assert verdicts.ask(world.destination, spec_, spec_.all_checks(), may_stand=True)["unique_key"].violations == 1
