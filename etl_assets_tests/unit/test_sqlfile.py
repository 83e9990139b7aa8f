"""A SQL file is one SELECT with a header; anything else is refused by name. What it reads can be replaced in place."""

from __future__ import annotations

from pathlib import Path

import pytest

from etl_assets.engine.errors import SqlFileError
from etl_assets.engine.sqlfile import SqlModel, load

HEADER = "-- grain: one row per day\n-- key: day\n-- answers: how many\n"


def read(folder: Path, text: str, header: str = HEADER) -> SqlModel:
    path = folder / "model.sql"
    path.write_text(header + text, encoding="utf-8")
    return load(path)


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    model = read(
        tmp_path,
        "WITH c AS (SELECT o.day FROM staging.orders AS o)\nSELECT c.day, count(*) AS n\nFROM c\n"
        "JOIN staging.orders ON true CROSS JOIN generate_series(1, 2) AS g\nGROUP BY c.day -- fim\n\n",
    )
    assert model.header == {"grain": "one row per day", "key": "day", "answers": "how many"}
    assert model.outputs == ("day", "n")
    assert model.relations == ("staging.orders",)
    assert [(r.aliased, r.line) for r in model.references] == [(False, 7), (True, 4)]
    assert model.text.endswith("-- fim")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SELECT 1 AS a; SELECT 2 AS b", "exactly one SELECT, found 2"),
        ("DELETE FROM staging.orders", "exactly one SELECT"),
        ("", "exactly one SELECT, found 0"),
        ("SELECT 1 AS a;", "remove the trailing semicolon"),
        ("SELECT * FROM staging.orders", "every output column needs a name"),
        ("SELECT 1 + 1", "every output column needs a name"),
        ("SELECT 1 AS a, 2 AS a", "output column a appears twice"),
        ("SELECT o.a FROM orders AS o", "relation 'orders' must be written schema.table"),
        ("SELECT FROM WHERE", "model.sql:4: Expected table name"),
        ("SELECT o.a INTO x FROM staging.orders AS o", "must only read, found INTO"),
        ("WITH d AS (DELETE FROM staging.o RETURNING a) SELECT d.a FROM d", "must only read, found DELETE"),
        ("WITH d AS (INSERT INTO staging.o VALUES (1) RETURNING a) SELECT d.a FROM d", "must only read, found INSERT"),
    ],
)
def test_what_is_not_one_select_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SqlFileError) as caught:
        read(tmp_path, text)
    assert message in str(caught.value)
    assert str(tmp_path / "model.sql") in str(caught.value)


def test_the_line_of_a_relation_is_told(tmp_path: Path) -> None:
    with pytest.raises(SqlFileError, match=r"model\.sql:6: relation 'orders'"):
        read(tmp_path, "SELECT\n    o.a\nFROM orders AS o")


@pytest.mark.parametrize("missing", ["grain", "key", "answers"])
def test_each_part_of_the_header_is_required(tmp_path: Path, missing: str) -> None:
    header = "".join(line for line in HEADER.splitlines(keepends=True) if missing not in line)
    with pytest.raises(SqlFileError, match=f"header lacks `-- {missing}: …`"):
        read(tmp_path, "SELECT 1 AS a", header)


def test_a_missing_file_says_where_it_belongs(tmp_path: Path) -> None:
    with pytest.raises(SqlFileError, match="no such file; every SQL asset needs one at sql/<system>"):
        load(tmp_path / "nothing.sql")


def test_relations_are_replaced_in_place_and_nothing_else(tmp_path: Path) -> None:
    text = (
        "SELECT 'FROM staging.orders' AS ção, o.n, orders.m -- 💚 staging.orders\n"
        'FROM staging.orders AS o, "staging"."orders", staging.people AS p'
    )
    model = read(tmp_path, text)
    replaced = model.reading(lambda r: "SELECT 1" if r == "staging.orders" else None)
    assert replaced == HEADER + (
        "SELECT 'FROM staging.orders' AS ção, o.n, orders.m -- 💚 staging.orders\n"
        'FROM (SELECT 1\n) AS o, (SELECT 1\n) AS "orders", staging.people AS p'
    )
