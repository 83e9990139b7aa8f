"""Declarations of a system against each other and their SQL: contradictions are refused when the graph is made."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from etl_assets.engine.errors import SpecError, SqlFileError
from etl_assets.engine.graph import Graph
from etl_assets.engine.spec import Anything, Ignore, Keys, Merge, Months, Reading, TableSpec
from etl_assets_tests import landings
from etl_assets_tests.world import HEADER, customers, daily, orders, spec, view, whole

SHOWN = view("marts.shown", ("id", sa.BigInteger()))
SQL = {
    "marts.daily": "SELECT o.day, count(*) AS n, sum(o.amount) AS total FROM staging.orders AS o GROUP BY o.day",
    "core.customers": "SELECT o.customer_id, count(*) AS n FROM staging.orders AS o GROUP BY o.customer_id",
    "marts.totals": "SELECT 1 AS one, count(*) AS n FROM marts.shown AS s",
    "marts.shown": "SELECT o.id FROM staging.orders AS o",
}


def graph(root: Path, *specs: TableSpec, **files: str) -> Graph:
    for relation, text in {**SQL, **{k.replace("__", "."): v for k, v in files.items()}}.items():
        path = root / "t" / f"{relation.replace('.', '/')}.sql"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{HEADER}{text}\n")
    return Graph("t", specs, root)


def test_order_feeds_and_upstreams(tmp_path: Path) -> None:
    made = graph(tmp_path, whole(), SHOWN, daily(), customers(), orders())
    names = [s.name for s in made.ordered]
    assert names.index("orders") < names.index("shown") < names.index("totals")
    assert {(f.consumer.name, type(f.reading)) for f in made.feeds(made.find("orders"))} == {
        ("daily", Months),
        ("customers", Keys),
        ("totals", Anything),
    }
    assert made.tracked_columns(made.find("orders")) == ("day", "customer_id")
    assert [u.name for u in made.upstream(made.find("totals"))] == ["shown"]
    assert [u.name for u in made.stored_upstream(made.find("totals"))] == ["orders"]


@pytest.mark.parametrize("name", ["daily", "marts.daily", "t.marts.daily"])
def test_tables_are_found_by_any_of_their_names(tmp_path: Path, name: str) -> None:
    assert graph(tmp_path, orders(), daily()).find(name).name == "daily"


def test_unknown_and_ambiguous_names_are_told_what_there_is(tmp_path: Path) -> None:
    other = view("core.orders", ("id", sa.BigInteger()))
    made = graph(tmp_path, orders(), other, core__orders=SQL["marts.shown"])
    with pytest.raises(SpecError, match=r"'orders' is ambiguous; use one of t\.staging\.orders, t\.core\.orders"):
        made.find("orders")
    with pytest.raises(SpecError, match="t has no table 'x'; it has orders, orders"):
        made.find("x")


@pytest.mark.parametrize(
    ("specs", "files", "message"),
    [
        ((orders(), orders()), {}, "declared twice: ['staging.orders']"),
        ((daily(),), {}, "daily.sql:4: reads staging.orders, which no asset of t declares"),
        ((orders(), daily()), {"marts__daily": "SELECT o.day FROM staging.orders AS o"}, "missing ['n', 'total']"),
        (
            (orders(), daily()),
            {"marts__daily": "SELECT o.day, 1 AS total, 2 AS n FROM staging.orders AS o"},
            "same columns in another order",
        ),
        ((orders(), customers(reads={})), {}, "say in `reads` how changes of staging.orders reach it"),
        (
            (
                orders(),
                daily(),
                customers(reads={"staging.orders": Keys(("customer_id",)), "marts.daily": Ignore("x")}),
            ),
            {},
            "`reads` names marts.daily, which its SQL does not read",
        ),
        ((orders(), daily({"staging.orders": Months("nope")})), {}, "maps undeclared column(s) ['nope']"),
        ((orders(), customers(load=Merge({"a.b": "id"}))), {}, "`restrict` names a.b, which its SQL does not read"),
        (
            (orders(), customers(load=Merge({"staging.orders": "nope"}))),
            {},
            "`restrict` names undeclared column 'nope' of staging.orders",
        ),
    ],
)
def test_contradictions_are_refused(
    tmp_path: Path, specs: tuple[TableSpec, ...], files: dict[str, str], message: str
) -> None:
    with pytest.raises((SpecError, SqlFileError)) as caught:
        graph(tmp_path, *specs, **files)
    assert message in str(caught.value)


def test_a_declaration_of_another_system_is_refused(tmp_path: Path) -> None:
    other = TableSpec("u", "staging", orders().table, ("id",), orders().load, source="src.orders")
    with pytest.raises(SpecError, match=r"declarations of another system: \['u\.staging\.orders'\]"):
        graph(tmp_path, other)


def test_a_circle_is_refused_by_name(tmp_path: Path) -> None:
    one, two = view("marts.one", ("id", sa.BigInteger())), view("marts.two", ("id", sa.BigInteger()))
    files = {"marts__one": "SELECT t.id FROM marts.two AS t", "marts__two": "SELECT o.id FROM marts.one AS o"}
    with pytest.raises(SpecError, match=r"read each other in a circle: .*marts"):
        graph(tmp_path, one, two, **files)


def test_a_table_may_read_itself_and_the_engines_own(tmp_path: Path) -> None:
    itself = spec(
        "core.seen",
        [("id", sa.BigInteger()), ("n", sa.BigInteger())],
        ("id",),
        Merge({"staging.orders": "id", "core.seen": "id"}),
        reads={"staging.orders": Keys(("id",)), "core.seen": Ignore("its own memory")},
    )
    select = (
        "SELECT o.id, coalesce(s.n, 0) AS n FROM staging.orders AS o LEFT JOIN core.seen AS s ON s.id = o.id "
        "CROSS JOIN ctl.etl_control"
    )
    made = graph(tmp_path, orders(), itself, core__seen=select)
    assert [s.name for s in made.ordered] == ["orders", "seen"]
    restricted = made.select(itself, keys="k")
    assert restricted.count('IN (SELECT "key" FROM k)') == 2
    assert "ctl.etl_control" in restricted


def test_views_are_expanded_only_on_the_way_to_a_restricted_table(tmp_path: Path) -> None:
    people = view("core.people", ("id", sa.Integer()))
    over = view("core.over", ("customer_id", sa.Integer()))
    made = graph(
        tmp_path,
        orders(),
        people,
        over,
        customers(),
        core__people="SELECT 1 AS id",
        core__over="SELECT orders.customer_id FROM staging.orders",
        core__customers="SELECT v.customer_id, count(*) AS n FROM core.over AS v JOIN core.people AS p ON true "
        "GROUP BY v.customer_id",
    )
    text = made.select(made.find("customers"), keys="k")
    assert "core.people AS p" in text
    assert "core.over" not in text
    assert 'FROM (SELECT * FROM "staging"."orders" WHERE "customer_id" IN (SELECT "key" FROM k)\n) AS "orders"' in text
    assert made.select(made.find("customers")) == made.model(made.find("customers")).text


@pytest.mark.parametrize(
    ("reading", "fits"),
    [
        (Months("_partition_month"), True),
        (Months("_partition_month", (0, 1)), True),
        (Anything(), True),
        (Ignore("a test"), True),
        (Months("_window_start"), False),
        (Months("_partition_month", also=("_extraction",)), False),
        (Anything(("_extraction",)), False),
    ],
)
def test_a_landing_table_tells_its_readers_months_and_no_more(tmp_path: Path, reading: Reading, fits: bool) -> None:
    consumer = replace(landings.daily(), reads={"bronze.services": reading})
    if fits:
        made = graph(tmp_path, landings.landing(), consumer, marts__daily=landings.DAILY)
        assert [s.name for s in made.ordered] == ["services", "daily"]
        return
    with pytest.raises(SpecError, match="landed from files month by month: read it as Months"):
        graph(tmp_path, landings.landing(), consumer, marts__daily=landings.DAILY)
