"""A declaration that contradicts itself is refused when it is made, and the message names the thing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from etl_assets.engine.checks import Accepted, Between, ForeignKey, Holds, NotNull, UniqueKey
from etl_assets.engine.errors import SpecError
from etl_assets.engine.rules import Cleaning, Digits
from etl_assets.engine.spec import (
    LANDING_KEY,
    Anything,
    Ignore,
    Incremental,
    Keys,
    Landing,
    Merge,
    Months,
    Replace,
    ReplaceDay,
    ReplaceWindow,
    Rule,
    Snapshot,
    TableSpec,
    View,
    audit_columns,
    column,
    landing_columns,
)

COLUMNS = (("id", sa.Integer()), ("day", sa.Date()), ("at", sa.DateTime()), ("note", sa.Text()))


def declare(**changes: Any) -> TableSpec:
    """A mirror that is right but for `changes`; `more` are further columns."""
    more, name, schema = changes.pop("more", ()), changes.pop("name", "orders"), changes.pop("schema", "staging")
    table = sa.Table(name, sa.MetaData(), *[column(n, t, f"The {n}") for n, t in COLUMNS], *more, schema=schema)
    right: dict[str, Any] = {
        "system": "t",
        "layer": "staging",
        "table": table,
        "key": ("id",),
        "load": Incremental("at"),
    }
    right["source"] = None if "load" in changes else "src.orders"
    return TableSpec(**{**right, **changes})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"system": "My System"}, "name 'My System' must be lower case"),
        ({"layer": "1st"}, "name '1st' must be lower case"),
        ({"name": "or'ders"}, 'table name "or\'ders" must be letters'),
        ({"schema": None}, "table needs a schema"),
        ({"key": ()}, "needs a key"),
        ({"key": ("nope",)}, "key column 'nope' is not declared"),
        ({"key": ("id", "id")}, "key names a column twice"),
        (
            {"key": ("sk",), "more": [column("sk", sa.BigInteger(), "Key", identity=True)]},
            "'sk' is filled by the engine",
        ),
        ({"key": ("etl_inserted_at",), "more": audit_columns()}, "'etl_inserted_at' is filled by the engine"),
        ({"load": Incremental("at"), "source": None}, "needs `source`"),
        ({"load": Replace(), "source": "src.orders"}, "must not have one"),
        ({"load": Incremental("nope"), "source": "s.o"}, "cursor 'nope' is not a declared column"),
        ({"load": Incremental("note"), "source": "s.o"}, "cursor 'note' must be a timestamp or date"),
        ({"load": Incremental("at", kept_as_text=True), "source": "s.o"}, "cursor 'at' is kept as text, but not"),
        ({"load": Incremental("day", lag=timedelta(0)), "source": "s.o"}, "cursor 'day' is a date: without a lag"),
        ({"load": ReplaceWindow("nope")}, "window column 'nope' is not a declared column"),
        ({"load": ReplaceDay("nope")}, "day column 'nope' is not a declared column"),
        ({"load": ReplaceDay("note")}, "day column 'note' must be a date"),
        ({"load": ReplaceDay("day")}, "day column 'day' must be part of the key"),
        ({"load": ReplaceWindow("note")}, "window column 'note' must be a date or timestamp"),
        ({"load": Merge(), "key": ("id", "day")}, "Merge needs a key of exactly one column"),
        ({"load": Merge(versions=("nope",))}, "versions names undeclared column(s) ['nope']"),
        ({"load": Replace(), "cleans": Cleaning("a.b", {})}, "a table that cleans another is loaded by Merge"),
        ({"load": Merge(), "cleans": Cleaning("a.b", {"id": ("id", Digits())})}, "the columns that have rules are not"),
        ({"more": [column("x", sa.Text(), "X", role="deleted_at")]}, "role deleted_at needs marks_deletes"),
        ({"load": Merge(), "reads": {"a.b": Months("day")}}, "'a.b' is read as Months, but a table loaded by Merge"),
        ({"load": ReplaceWindow("day"), "reads": {"a.b": Keys(("id",))}}, "is fed by Months or Anything or Ignore"),
        ({"load": Replace(), "reads": {"a.b": Keys(("id",))}}, "is fed by Anything or Ignore"),
        ({"load": View(), "reads": {"a.b": Anything()}}, "is fed by nothing"),
        ({"load": Snapshot(), "source": "s.o", "reads": {"a.b": Ignore("x")}}, "is fed by nothing"),
        ({"marks_deletes": True}, "marks_deletes and a column of role deleted_flag"),
        ({"more": audit_columns(marks_deletes=True)}, "marks_deletes and a column of role deleted_flag"),
        ({"checks": (Accepted("nope", (1,)),)}, "names undeclared column 'nope'"),
        ({"checks": (Between("id", 0), Between("id", 1))}, "two checks have the same name"),
        ({"more": [sa.Column("bare", sa.Text())]}, "column 'bare' needs a comment"),
    ],
)
def test_nonsense_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError) as caught:
        declare(**changes)
    assert message in str(caught.value)
    if changes.keys().isdisjoint({"system", "layer", "name"}):
        assert str(caught.value).startswith("t.staging.orders: ")


def test_every_problem_is_told_at_once() -> None:
    with pytest.raises(SpecError, match=r"'x' is not declared; .*'y' is not a declared column"):
        declare(key=("x",), load=Incremental("y"), source="s.o")


def test_parts_refuse_nonsense_of_their_own() -> None:
    with pytest.raises(SpecError, match="lag of cursor 'at' is negative"):
        Incremental("at", lag=timedelta(seconds=-1))
    for columns in ((), ("a", "b")):
        with pytest.raises(SpecError, match="Keys needs one column"):
            Keys(columns)


def test_what_follows_from_a_declaration() -> None:
    spec = declare(more=[*audit_columns(), column("was", sa.Text(), "Old name", source="Alt", nullable=False)])
    assert (spec.entity, spec.relation, spec.asset_key) == (
        "t.staging.orders",
        "staging.orders",
        ("t", "staging", "orders"),
    )
    assert spec.data_columns == ("id", "day", "at", "note", "was")
    assert (spec.source_column("was"), spec.source_column("day")) == ("Alt", "day")
    assert (spec.role("inserted_at"), spec.role("deleted_at")) == ("etl_inserted_at", None)
    unique, not_null = spec.all_checks()
    assert unique == UniqueKey(("id",))
    assert not_null == NotNull(("id", "was"), blocking=True)
    assert declare(load=View(), key=()).all_checks() == ()


@pytest.mark.parametrize(
    ("check", "sql", "words"),
    [
        (Accepted("a", (1, "it's")), "\"a\" NOT IN (1, 'it''s')", "a is one of 1, it's"),
        (Between("a", 0, 5), '"a" < 0 OR "a" > 5', "a lies in [0, 5]"),
        (Between("a", low=1), '"a" < 1', "a is at least 1"),
        (NotNull(("a", "b")), '"a" IS NULL OR "b" IS NULL', "No NULL in a, b"),
        (ForeignKey("a", "s.p", "id"), 'FROM "s"."p" r WHERE r."id" = t."a"', "a exists in s.p.id"),
        (ForeignKey("a", "s.p", "id", 0.02), "n <= 0.02 * total", "(up to 2.0% of rows may not)"),
        (Holds("h", "a < b", ("a", "b"), "a before b"), "NOT (a < b)", "a before b"),
        (UniqueKey(("a", "b")), 'GROUP BY "a", "b" HAVING COUNT(*) > 1', "One row per (a, b)"),
    ],
)
def test_checks_are_one_count_each(check: Any, sql: str, words: str) -> None:
    text = check.violations('"s"."t"', lambda n: f'"{n}"')
    assert text.startswith("SELECT ")
    assert sql in text
    assert words in check.describe()


def landing(**more: Any) -> TableSpec:
    given = {"feed": "general", "day": "day", "required": ("unit", "day"), "lookback_days": 60}
    load = Landing(**{k: more.pop(k, v) for k, v in given.items()}, keep=more.pop("keep", 3))
    columns = more.pop(
        "columns", [column("unit", sa.Text(), "Unit", source="UC / MD"), column("day", sa.Text(), "Day")]
    )
    columns = [*columns, *more.pop("own", landing_columns())]
    return TableSpec(
        "t",
        "bronze",
        sa.Table("raw", sa.MetaData(), *columns, schema="bronze"),
        more.pop("key", LANDING_KEY),
        load,
        **more,
    )


def test_a_landing_table_has_text_of_files_and_the_engines_own_columns() -> None:
    spec = landing()
    assert spec.data_columns == ("unit", "day")
    assert (spec.is_landing, spec.is_mirror, spec.has_sql, spec.month_column) == (
        True,
        False,
        False,
        "_partition_month",
    )
    assert [c.describe() for c in spec.all_checks()] == [
        f"One row per ({', '.join(LANDING_KEY)})",
        f"No NULL in {', '.join(LANDING_KEY)}",
    ]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"key": ("unit",)}, "the key of a landing table is"),
        ({"own": landing_columns()[:-1]}, "column '_raw' is not that of landing_columns"),
        (
            {"columns": [column("unit", sa.Integer(), "x"), column("day", sa.Text(), "x")]},
            "'unit' of a file must be text",
        ),
        (
            {
                "columns": [
                    column("unit", sa.Text(), "x", source="Day "),
                    column("day", sa.Text(), "x", source="d\u00e1y"),
                ]
            },
            "two columns have the header 'DAY'",
        ),
        ({"columns": [column("unit", sa.Text(), "x", role="run_id"), column("day", sa.Text(), "x")]}, "no others"),
        ({"day": "when"}, "undeclared column.*when"),
        ({"required": ("unit",)}, "cannot be cut by month"),
        ({"feed": "General; x"}, "feed 'General; x'"),
        ({"keep": 0}, "keep at least 1"),
        ({"lookback_days": -1}, "at least 0"),
        ({"source": "src.raw"}, "must not have one"),
        ({"rules": (Rule("r", "unit <> ''"),)}, "keeps all of them"),
        ({"reads": {"a.b": Anything()}}, "fed by nothing"),
    ],
)
def test_what_cannot_be_landed_is_refused(more: dict[str, Any], words: str) -> None:
    with pytest.raises(SpecError, match=words):
        landing(**more)
