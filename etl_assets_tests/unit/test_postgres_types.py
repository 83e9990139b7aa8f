"""PostgreSQL's type names: their one spelling, what travels in binary, what fits into what."""

from __future__ import annotations

import pytest

from etl_assets.engine.dialects import postgres_types as types


@pytest.mark.parametrize(
    ("spelling", "expected"),
    [
        ("VARCHAR(20)", "character varying(20)"),
        ("char(3)", "character(3)"),
        ("int4", "integer"),
        ("int8", "bigint"),
        ("float8", "double precision"),
        ("bool", "boolean"),
        ("NUMERIC(12, 2)", "numeric(12,2)"),
        ("decimal(5)", "numeric(5)"),
        ("timestamp", "timestamp without time zone"),
        ("timestamptz", "timestamp with time zone"),
        ("TIMESTAMP WITHOUT TIME ZONE", "timestamp without time zone"),
        ("timestamp(3) without time zone", "timestamp(3) without time zone"),
        ("timestamp(0)", "timestamp(0) without time zone"),
        ("time", "time without time zone"),
        ("time(6) with time zone", "time(6) with time zone"),
        ("text[]", "text[]"),
        ("varchar(5)[]", "character varying(5)[]"),
        ('public."Mood"', 'public."Mood"'),
        ("public.mood", "public.mood"),
    ],
)
def test_normal_is_the_spelling_of_the_catalog(spelling: str, expected: str) -> None:
    assert types.normal(spelling) == expected
    assert types.normal(expected) == expected


@pytest.mark.parametrize(
    ("spelling", "expected"),
    [
        ("numeric(12,2)", "numeric(12,2)"),
        ("timestamp(3) without time zone", "timestamp(3) without time zone"),
        ("jsonb", "jsonb"),
        ("text[]", "text[]"),
        ("uuid", "uuid"),
        ("citext", "text"),
        ("public.mood", "text"),
        ('public."Mood"', "text"),
        ("point", "text"),
        ("tsvector", "text"),
        ("hstore", "text"),
    ],
)
def test_what_is_not_safe_in_binary_travels_as_text(spelling: str, expected: str) -> None:
    assert types.transfer(spelling) == expected


FITS = [
    ("integer", "integer"), ("integer", "bigint"), ("bigint", "smallint"), ("bigint", "numeric(5,2)"),
    ("numeric", "numeric(5,2)"), ("numeric(5,2)", "numeric(12,2)"), ("numeric(12,2)", "numeric(5,2)"),
    ("numeric(5,2)", "double precision"), ("text", "character varying(5)"), ("character(3)", "text"),
    ("citext", "character varying(5)"), ("json", "jsonb"), ("jsonb", "json"), ("public.mood", "text"),
    ("uuid", "text"), ("integer", "text"), ("date", "timestamp without time zone"),
    ("timestamp with time zone", "timestamp with time zone"),
    ("timestamp(0) without time zone", "timestamp without time zone"), ("integer[]", "integer[]"),
]  # fmt: skip
UNFIT = [
    ("numeric", "integer"), ("double precision", "bigint"), ("real", "smallint"), ("numeric(12,4)", "numeric(12,2)"),
    ("timestamp without time zone", "date"), ("timestamp with time zone", "timestamp without time zone"),
    ("timestamp without time zone", "timestamp with time zone"), ("timestamp with time zone", "date"),
    ("text", "integer"), ("text", "date"), ("boolean", "integer"), ("integer", "boolean"), ("uuid", "bigint"),
    ("integer[]", "integer"), ("integer", "integer[]"), ("text[]", "text"), ("text", "jsonb"), ("bytea", "uuid"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "target"), FITS)
def test_fits(source: str, target: str) -> None:
    assert types.fits(source, target)


@pytest.mark.parametrize(("source", "target"), UNFIT)
def test_does_not_fit(source: str, target: str) -> None:
    assert not types.fits(source, target)


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("bigint", "double precision", True),
        ("integer", "double precision", False),
        ("integer", "real", True),
        ("smallint", "real", False),
        ("double precision", "real", True),
        ("real", "double precision", False),
        # Told row by row.
        ("numeric", "double precision", False),
        ("double precision", "numeric(12,2)", False),
        ("timestamp without time zone", "timestamp(0) without time zone", True),
        ("timestamp(3) with time zone", "timestamp(0) with time zone", True),
        ("timestamp(0) without time zone", "timestamp(3) without time zone", False),
        ("date", "timestamp(0) without time zone", False),
        ("time without time zone", "time(0) without time zone", True),
        ("interval", "interval(0)", True),
        ("interval", "interval", False),
        ("numeric[]", "numeric(5,2)[]", True),
        ("double precision[]", "numeric[]", True),
        ("integer[]", "bigint[]", False),
        ("text", "character varying(5)", False),
    ],
)
def test_rounds_what_no_row_tells(source: str, target: str, expected: bool) -> None:
    assert types.rounds(source, target) is expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("integer", "integer", True),
        ("integer", "bigint", True),
        ("bigint", "integer", False),
        ("smallint", "numeric", True),
        ("bigint", "numeric(10,0)", False),
        ("numeric(5,2)", "numeric(7,2)", True),
        ("numeric(5,2)", "numeric(7,4)", True),
        # Two more decimals, two digits fewer before the point.
        ("numeric(5,2)", "numeric(5,4)", False),
        ("numeric(5,2)", "numeric", True),
        ("numeric", "numeric(30,10)", False),
        ("real", "double precision", True),
        ("double precision", "real", False),
        ("character varying(5)", "character varying(9)", True),
        ("character varying(9)", "character varying(5)", False),
        ("character varying(9)", "text", True),
        ("character varying", "text", True),
        ("text", "character varying", False),
        ("json", "jsonb", True),
        ("jsonb", "json", False),
        ("date", "timestamp without time zone", False),
        ("timestamp without time zone", "timestamp with time zone", False),
        ("timestamp(0) without time zone", "timestamp without time zone", True),
        ("timestamp without time zone", "timestamp(0) without time zone", False),
        ("integer", "text", False),
        ("integer[]", "bigint[]", True),
        ("integer", "integer[]", False),
        ("public.mood", "public.mood", True),
        ("public.mood", "public.temper", False),
    ],
)
def test_widens_keeps_the_meaning_of_old_values(old: str, new: str, expected: bool) -> None:
    assert types.widens(old, new) is expected


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("text", "character varying(5)", 5),
        ("character varying(9)", "character varying(5)", 5),
        ("character varying(5)", "character varying(5)", None),
        ("character varying(3)", "character varying(5)", None),
        ("character varying", "character varying(5)", 5),
        ("character(3)", "character varying(5)", 5),
        ("text", "text", None),
        ("text", "character varying", None),
        ("public.mood", "character varying(5)", 5),
        ("text", "integer", None),
        ("text[]", "character varying(5)[]", None),
    ],
)
def test_length_limit_only_where_a_value_may_be_longer(source: str, target: str, expected: int | None) -> None:
    assert types.length_limit(source, target) == expected


@pytest.mark.parametrize(
    ("spelling", "expected"),
    [("numeric(12,2)", 2), ("numeric(5)", 0), ("numeric", None), ("integer", None), ("numeric(12,2)[]", None)],
)
def test_decimals(spelling: str, expected: int | None) -> None:
    assert types.decimals(spelling) == expected


@pytest.mark.parametrize(
    ("spelling", "expected"),
    [
        ("character varying(20)", "text"),
        ("character(3)", "text"),
        ("numeric(12,2)", "numeric"),
        ("timestamp(3) without time zone", "timestamp without time zone"),
        ("character varying(5)[]", "text[]"),
        ("bigint", "bigint"),
    ],
)
def test_without_limits_takes_any_later_width(spelling: str, expected: str) -> None:
    assert types.without_limits(spelling) == expected


@pytest.mark.parametrize(
    ("spelling", "expected"), [("json", False), ("json[]", False), ("point", False), ("jsonb", True), ("text", True)]
)
def test_has_equality(spelling: str, expected: bool) -> None:
    assert types.has_equality(spelling) is expected


@pytest.mark.parametrize(
    ("spelling", "expected"), [("varchar(5)", True), ("citext", True), ("text[]", False), ("json", False)]
)
def test_is_text(spelling: str, expected: bool) -> None:
    assert types.is_text(spelling) is expected
