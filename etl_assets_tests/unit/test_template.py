"""A template is a SQL file once it is rendered; what is wrong with it is told by its own file and line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from etl_assets.engine import cache, rendering, sqlparse, template
from etl_assets.engine.errors import SpecError, SqlFileError
from etl_assets.engine.graph import Graph
from etl_assets.engine.spec import Replace, TableSpec, column
from etl_assets.engine.sqlfile import SqlModel, load_template

HEADER = "-- grain: one row\n-- key: a\n-- answers: {{ what }}\n"
MACROS = "{% macro text(column) %}\nupper(\n    trim({{ column }})\n)\n{%- endmacro %}\n"


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of a system with one file of macros, and nothing remembered."""
    monkeypatch.setattr(cache, "folder", lambda: tmp_path / "cache")
    (tmp_path / "shop" / "macros").mkdir(parents=True)
    (tmp_path / "shop" / "gold").mkdir()
    (tmp_path / "shop" / "macros" / "parse.sql.j2").write_text(MACROS)
    yield tmp_path / "shop"
    for remembered in (cache.code, template._made_by):
        remembered.cache_clear()


def read(root: Path, text: str, **variables: Any) -> SqlModel:
    path = root / "gold" / "t.sql.j2"
    path.write_text(HEADER + text, encoding="utf-8")
    return load_template(path, root, {"what": "a test"} | variables)


USING = '{% from "macros/parse.sql.j2" import text %}\n'


def test_variables_and_macros_make_one_select(root: Path) -> None:
    model = read(
        root,
        USING + "SELECT\n{% for c in columns %}\n    {{ text('o.' ~ c) }} AS {{ c }}{{ ',' if not loop.last }}\n"
        "{% endfor %}\nFROM s.orders AS o\n",
        columns=["a", "b"],
    )
    assert model.header["answers"] == "a test"
    assert model.outputs == ("a", "b")
    assert model.relations == ("s.orders",)
    assert model.files == (root / "gold" / "t.sql.j2", root / "macros" / "parse.sql.j2")
    assert "upper(\n    trim(o.b)\n) AS b" in model.text


def test_a_line_of_the_text_is_told_by_the_file_that_wrote_it(root: Path) -> None:
    model = read(root, USING + "SELECT\n    {{ text('o.a') }} AS a\n\nFROM s.orders AS o\n")
    lines = model.text.split("\n")
    told = {line.strip(): model.at(n).removeprefix(f"{root}/") for n, line in enumerate(lines, 1)}
    assert told["SELECT"] == "gold/t.sql.j2:5"
    assert told["FROM s.orders AS o"] == "gold/t.sql.j2:8"
    assert told["trim(o.a)"] == "macros/parse.sql.j2:3"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SELECT 1 AS {{ nobody }}", "gold/t.sql.j2:4: 'nobody' is undefined"),
        ("SELECT 1 AS a\n{% if %}", "gold/t.sql.j2:5: "),
        ("SELECT\n    {{ 1 / 0 }} AS a", "gold/t.sql.j2:5: division by zero"),
        ("{# two\nlines #}\nSELECT o.a\nFROM orders AS o", "gold/t.sql.j2:7: relation 'orders'"),
        ("{# two\nlines #}\nSELECT (1 AS a\nFROM s.orders AS o", "gold/t.sql.j2:"),
        (USING + "SELECT\n    {{ text(nobody) }} AS a", "macros/parse.sql.j2:3: 'nobody' is undefined"),
        ("{% from 'macros/none.sql.j2' import x %}\nSELECT 1 AS a", "macros/none.sql.j2: no such file; "),
        ("{% from 'macros/' ~ what import x %}\nSELECT 1 AS a", "gold/t.sql.j2:4: macros/a test is not found"),
        ("SELECT 1 AS a; SELECT 2 AS b", "gold/t.sql.j2: must hold exactly one SELECT"),
    ],
)
def test_what_is_wrong_is_told_by_file_and_line(root: Path, text: str, message: str) -> None:
    with pytest.raises(SqlFileError) as caught:
        read(root, text)
    assert str(caught.value).startswith(f"{root}/{message}")


def test_a_missing_file_is_told_with_the_one_that_names_it(root: Path) -> None:
    with pytest.raises(SqlFileError, match=r"none\.sql\.j2: no such file; .*gold/t\.sql\.j2 names it"):
        read(root, "{% include 'macros/none.sql.j2' %}")
    with pytest.raises(SqlFileError, match=r"gold/nothing\.sql\.j2: no such file$"):
        load_template(root / "gold" / "nothing.sql.j2", root, {})


def never(*_: object) -> Any:
    raise AssertionError("rendered again")


def test_what_was_rendered_is_remembered_until_a_file_or_a_variable_changes(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = USING + "SELECT {{ text('o.a') }} AS a FROM s.orders AS o\n"
    first = read(root, text)
    with monkeypatch.context() as patched:
        patched.setattr(rendering, "rendered", never)
        patched.setattr(sqlparse, "parsed", never)
        assert read(root, text) == first
        with pytest.raises(AssertionError, match="rendered again"):
            read(root, text, what="another")
        (root / "macros" / "parse.sql.j2").write_text(MACROS.replace("upper", "lower"))
        with pytest.raises(AssertionError, match="rendered again"):
            read(root, text)
    assert "lower(" in read(root, text).text
    assert read(root, text).digest != first.digest


def test_one_template_makes_several_tables(root: Path) -> None:
    (root / "gold" / "both.sql.j2").write_text(
        "-- grain: one row\n-- key: a\n-- answers: of {{ relation }}\nSELECT o.a FROM ctl.{{ relation }} AS o\n"
    )
    specs = [spec(name, template="gold/both", variables={"relation": name}) for name in ("x", "y")]
    graph = Graph("shop", specs, root.parent)
    assert [graph.model(s).relations for s in specs] == [("ctl.x",), ("ctl.y",)]
    assert {graph.sql_path(s) for s in specs} == {root / "gold" / "both.sql.j2"}
    assert graph.model(specs[0]).digest != graph.model(specs[1]).digest


def test_a_table_may_have_a_template_of_its_own(root: Path) -> None:
    (root / "gold" / "own.sql.j2").write_text(HEADER + "SELECT o.a FROM ctl.{{ what }} AS o\n")
    own = spec("own", variables={"what": "orders"})
    assert Graph("shop", [own], root.parent).model(own).relations == ("ctl.orders",)


def test_the_line_that_reads_an_undeclared_relation_is_the_templates(root: Path) -> None:
    (root / "gold" / "own.sql.j2").write_text(HEADER + "{# a\nremark #}\nSELECT o.a FROM s.orders AS o\n")
    with pytest.raises(SqlFileError, match=r"gold/own\.sql\.j2:6: reads s\.orders, which no asset"):
        Graph("shop", [spec("own", variables={"what": "orders"})], root.parent)


def test_variables_need_a_template(root: Path) -> None:
    (root / "gold" / "plain.sql").write_text(HEADER.replace("{{ what }}", "x") + "SELECT o.a FROM ctl.o AS o\n")
    with pytest.raises(SpecError, match="is no template, and takes no variables"):
        Graph("shop", [spec("plain", variables={"what": "orders"})], root.parent)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"template": "gold/t.sql.j2"}, "must be a path as gold/mart_quality, without its ending"),
        ({"template": "../t"}, "must be a path"),
        ({"template": "gold/t", "sql_variant": "view"}, "has no variants"),
        ({"variables": {"days": {1, 2}}}, "values that JSON has not"),
    ],
)
def test_contradictions_are_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        spec("t", **given)


def spec(name: str, **more: Any) -> TableSpec:
    table = sa.Table(name, sa.MetaData(), column("a", sa.Text(), "A column"), schema="gold")
    return TableSpec(system="shop", layer="gold", table=table, key=("a",), load=Replace(), **more)
