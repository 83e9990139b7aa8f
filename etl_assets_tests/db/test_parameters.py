"""Values that SQL takes from settings and from the run: bound apart from the text, told again when they change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

import pytest
import sqlalchemy as sa

from etl_assets.engine import pending
from etl_assets.engine.errors import SettingsError, SpecError, SqlFileError
from etl_assets.engine.parameters import Parameter
from etl_assets.engine.spec import Anything, Keys, Merge, Months, Replace, ReplaceWindow, TableSpec, column
from etl_assets_tests.world import Column, MakeWorld, World, orders, spec, view

SALT = Parameter("salt", sa.Text(), "T_SALT", lambda: "pepper 'n' :salt", secret=True)
LEAST = Parameter("least", sa.Integer(), "T_LEAST", lambda: 3)
DAY = Parameter("as_of_date", sa.Date(), "as_of_date")
HASH = "encode(sha256(convert_to(concat(:salt, '|', o.customer_id), 'UTF8')), 'hex')"
KEYED_SQL = f"SELECT {HASH} AS key, count(*) AS n FROM staging.orders AS o GROUP BY o.customer_id"
AGES_SQL = "SELECT 1 AS one, CAST(count(*) FILTER (WHERE o.day < :as_of_date) AS bigint) AS n FROM staging.orders AS o"
BIG_SQL = (
    "SELECT k.key, CAST(k.n AS bigint) AS n, (ARRAY[1, 2, 3])[2:2] AS cut FROM core.keyed AS k WHERE k.n >= :least"
)


def keyed(**more: object) -> TableSpec:
    columns: list[Column] = [
        column("sk", sa.BigInteger(), "Surrogate", identity=True),
        ("key", sa.Text()),
        ("n", sa.BigInteger()),
    ]
    return spec("core.keyed", columns, ("key",), Replace(), **more)


def big() -> TableSpec:
    columns = [("key", sa.Text()), ("n", sa.BigInteger()), ("cut", sa.ARRAY(sa.Integer()))]
    return spec("marts.big", columns, ("key",), Replace())


def ages(load: Replace | Merge | None = None) -> TableSpec:
    columns = [("one", sa.Integer()), ("n", sa.BigInteger())]
    reads = {"staging.orders": Anything()} if isinstance(load, Merge) else {}
    return spec("marts.ages", columns, ("one",), load or Replace(), reads=reads)


def told(world: World, *specs: TableSpec, parameters: Sequence[Parameter], **files: str) -> World:
    """The world with parameters, deployed."""
    renamed = {k.replace("__", "."): v for k, v in files.items()}
    other = replace(world, specs=(orders(), *specs), files=renamed, parameters=tuple(parameters), later=[])
    world.later.append(other)
    other.deploy()
    return other


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    base = make_world(orders())
    base.add_orders(1, 40)
    files = {"core__keyed": KEYED_SQL, "marts__big": BIG_SQL, "marts__ages": AGES_SQL}
    return told(base, keyed(), big(), ages(), parameters=(SALT, LEAST, DAY), **files)


def hashed(customer: int, salt: str = "pepper 'n' :salt") -> str:
    return sha256(f"{salt}|{customer}".encode()).hexdigest()


def test_sql_takes_values_from_settings_and_from_the_run(world: World) -> None:
    world.run_all(as_of_date="2026-01-20")
    assert {k for (k,) in world.rows("SELECT key FROM core.keyed")} == {hashed(n) for n in range(10)}
    assert world.rows("SELECT n FROM marts.ages") == [(4,)], "days 16 to 19 of January"
    assert world.rows("SELECT DISTINCT cut FROM marts.big") == [([2],)], "a slice is no parameter"
    assert world.run_all(as_of_date="2026-01-20")["ages"].counts.extracted == 0, "made for that day already"
    world.run_all(as_of_date="2026-01-18")
    assert world.rows("SELECT n FROM marts.ages") == [(2,)]


def test_without_a_date_a_run_has_todays(world: World) -> None:
    world.run_all()
    assert world.rows("SELECT n FROM marts.ages") == world.rows(
        "SELECT count(*) FROM staging.orders WHERE day < (now() AT TIME ZONE 'America/Sao_Paulo')::date"
    )


def test_no_value_is_part_of_a_statement_or_stored(world: World) -> None:
    seen: list[str] = []
    sa.event.listen(world.destination.engine, "before_cursor_execute", lambda *a: seen.append(str(a[2])))
    world.run_all()
    assert any("current_setting('etl_assets.salt')" in s for s in seen)
    assert not [s for s in seen if "pepper" in s]
    for relation in ("ctl.deployed", "ctl.etl_control", "audit.etl_run_entity"):
        assert world.value(f"SELECT count(*) FROM {relation} AS t WHERE t::text LIKE '%pepper%'") == 0, relation


def test_a_retry_after_a_rollback_still_has_its_values(world: World) -> None:
    """What set_config says is taken back with its transaction: the session is told before a commit."""
    with world.destination.writer("core.keyed", 1) as writer:
        writer.dialect.set_parameters(writer.conn, {"salt": "other"})
        writer.conn.rollback()
        assert writer.dialect.scalar(writer.conn, "SELECT current_setting('etl_assets.salt', true)") in (None, "")
    assert world.run_all()["keyed"].counts.inserted == 10


def test_another_secret_is_refused_with_the_way_out_and_nothing_changes(world: World) -> None:
    world.run_all()
    before = world.rows("SELECT sk, key FROM core.keyed ORDER BY sk")
    other = replace(SALT, value=lambda: "cinnamon")
    changed = replace(world, parameters=(other, LEAST, DAY), later=[])
    with pytest.raises(
        SettingsError, match="T_SALT is not the value the keys in this warehouse were made with"
    ) as refused:
        changed.deploy()
    assert "cinnamon" not in str(refused.value)
    assert "pepper" not in str(refused.value)
    assert world.rows("SELECT sk, key FROM core.keyed ORDER BY sk") == before
    assert not world.deploy(), "the old secret goes on as ever"
    # The way out, as the message has it.
    world.sql(str(refused.value).partition("run ")[2].partition(" in the warehouse")[0])
    changed.deploy()
    done = changed.run_all()
    assert (done["keyed"].counts.inserted, done["keyed"].counts.deleted) == (10, 10), "replaced, never beside the old"
    assert {k for (k,) in world.rows("SELECT key FROM core.keyed")} == {hashed(n, "cinnamon") for n in range(10)}
    assert not {k for (_, k) in before} & {k for (k,) in world.rows("SELECT key FROM marts.big")}
    changed.close()


def test_another_setting_makes_stale_what_names_it_and_nothing_else(world: World) -> None:
    world.run_all()
    changed = replace(world, parameters=(SALT, replace(LEAST, value=lambda: 5), DAY), later=[])
    changed.deploy()
    assert pending.waiting(changed.destination) == {"t.marts.big": {pending.WHOLE}}
    assert changed.run_all()["big"].counts.deleted == 10
    changed.close()


def test_feeds_may_name_parameters(make_world: MakeWorld) -> None:
    """Keys of a hashed dimension, and months found through a hash."""
    base = make_world(orders())
    base.add_orders(1, 40)
    of_day = "SELECT {0} AS key, o.day, count(*) AS n FROM staging.orders AS o GROUP BY 1, 2"
    merged = spec(
        "core.merged", [("key", sa.Text()), ("n", sa.BigInteger())], ("key",), Merge(),
        reads={"staging.orders": Keys(("customer_id",), f"SELECT {HASH} FROM changes AS o")},
    )  # fmt: skip
    through = f"SELECT o.day FROM staging.orders AS o INNER JOIN changes AS x ON x.key = {HASH}"
    monthly = spec(
        "marts.monthly", [("key", sa.Text()), ("day", sa.Date()), ("n", sa.BigInteger())], ("key", "day"),
        ReplaceWindow("day"),
        reads={"staging.orders": Months("day"), "core.merged": Months("key", select=through, also=("n",))},
    )  # fmt: skip
    sql = f"{of_day.format(HASH)} HAVING count(*) > (SELECT min(m.n) FROM core.merged AS m) - 1000"
    world = told(base, merged, monthly, parameters=(SALT,), core__merged=KEYED_SQL, marts__monthly=sql)
    world.run_all()
    world.add_orders(41, 41, at="2026-03-02 08:00", customer_id="7", day="DATE '2026-05-01'")
    done = world.run_all()
    assert done["merged"].counts.updated == 1
    days = world.rows("SELECT DISTINCT date_trunc('month', day)::date FROM staging.orders WHERE customer_id = 7")
    assert set(done["monthly"].months) == {d.isoformat() for (d,) in days}


def test_nonsense_is_refused_when_the_graph_is_made(make_world: MakeWorld) -> None:
    base = make_world(orders())
    with pytest.raises(SqlFileError, match=":salt is no parameter of t"):
        told(base, keyed(), parameters=(LEAST,), core__keyed=KEYED_SQL)
    shown = view("marts.shown", ("key", sa.Text()))
    with pytest.raises(SqlFileError, match="a view is read outside of runs"):
        told(base, shown, parameters=(SALT,), marts__shown=f"SELECT {HASH} AS key FROM staging.orders AS o")
    with pytest.raises(SpecError, match="its SQL depends on the run's date; load it with Replace"):
        told(base, ages(Merge()), parameters=(DAY,), marts__ages=AGES_SQL)
    with pytest.raises(SettingsError, match="T_NONE is not set, and SQL needs it as :none"):
        told(base, parameters=(Parameter("none", sa.Text(), "T_NONE", lambda: None),))
    with pytest.raises(SpecError, match="as_of_date is given, but nothing of t depends on a date"):
        base.run("orders", as_of_date="2026-01-01")
    with pytest.raises(SettingsError, match="'yesterday' is no date; write it as YYYY-MM-DD"):
        base.run("orders", as_of_date="yesterday")
    with pytest.raises(SpecError, match="'Salt' must be lower case"):
        Parameter("Salt", sa.Text(), "T")
