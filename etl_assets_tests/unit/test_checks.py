"""The SQL of each kind of check: one scalar SELECT that counts violations, names quoted, values as literals."""

from __future__ import annotations

import pytest
import sqlglot
from sqlglot import exp

from etl_assets.engine.checks import (
    Accepted,
    Agree,
    Between,
    Check,
    ForeignKey,
    Graded,
    Holds,
    NoRows,
    NotNull,
    UniqueKey,
)

T = '"core"."orders"'

KINDS: list[tuple[Check, str, str]] = [
    (
        UniqueKey(("order", "a.b")),
        'SELECT COALESCE(SUM(n - 1), 0) FROM (SELECT COUNT(*) AS n FROM "core"."orders" GROUP BY "order", "a.b" '
        "HAVING COUNT(*) > 1) d",
        "One row per (order, a.b)",
    ),
    (
        NotNull(("id", "User")),
        'SELECT COUNT(*) FROM "core"."orders" WHERE "id" IS NULL OR "User" IS NULL',
        "No NULL in id, User",
    ),
    (
        Accepted("status", ("open", "it's")),
        """SELECT COUNT(*) FROM "core"."orders" WHERE "status" NOT IN ('open', 'it''s')""",
        "status is one of open, it's",
    ),
    (
        Accepted("status", (0, 1)),
        'SELECT COUNT(*) FROM "core"."orders" WHERE "status" NOT IN (0, 1)',
        "status is one of 0, 1",
    ),
    (
        Between("rating", 1, 5),
        'SELECT COUNT(*) FROM "core"."orders" WHERE "rating" < 1 OR "rating" > 5',
        "rating lies in [1, 5]",
    ),
    (Between("rating", low=0), 'SELECT COUNT(*) FROM "core"."orders" WHERE "rating" < 0', "rating is at least 0"),
    (
        Between("rating", high=2.5),
        'SELECT COUNT(*) FROM "core"."orders" WHERE "rating" > 2.5',
        "rating is at most 2.5",
    ),
    (Between("rating"), 'SELECT COUNT(*) FROM "core"."orders" WHERE 1 = 0', "rating is any number"),
    (
        ForeignKey("team_id", "core.teams", "id"),
        'SELECT COUNT(*) FROM "core"."orders" t WHERE t."team_id" IS NOT NULL AND NOT EXISTS '
        '(SELECT 1 FROM "core"."teams" r WHERE r."id" = t."team_id")',
        "team_id exists in core.teams.id",
    ),
    (
        Holds("ordered", "first_at <= last_at", ("first_at", "last_at"), "First before last"),
        'SELECT COUNT(*) FROM "core"."orders" WHERE NOT (first_at <= last_at)',
        "First before last",
    ),
    (
        NoRows("dated", "SELECT 1 FROM core.visits WHERE day IS NULL", "Every visit has a day", ("day",)),
        "SELECT COUNT(*) FROM (SELECT 1 FROM core.visits WHERE day IS NULL) found",
        "Every visit has a day",
    ),
    (
        Agree("adds_up", "SELECT SUM(n) FROM core.orders", "SELECT COUNT(*) FROM core.visits", "All are counted"),
        "SELECT ABS(COALESCE((SELECT SUM(n) FROM core.orders), 0) - COALESCE((SELECT COUNT(*) FROM core.visits), 0))",
        "All are counted",
    ),
    (
        Graded(NotNull(("id",)), 0.05),
        'SELECT COUNT(*) FROM "core"."orders" WHERE "id" IS NULL',
        "No NULL in id (an error above 5.0% of the rows)",
    ),
]


def quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@pytest.mark.parametrize(("check", "sql", "description"), KINDS, ids=[type(k[0]).__name__ for k in KINDS])
def test_sql_and_description(check: Check, sql: str, description: str) -> None:
    assert check.violations(T, quote) == sql
    assert check.describe() == description


@pytest.mark.parametrize("dialect", ["postgres", "tsql"])
@pytest.mark.parametrize(
    "check", [*(k[0] for k in KINDS), ForeignKey("team_id", "core.teams", "id", allowed_share=0.02)]
)
def test_one_select_with_one_column_on_both_servers(check: Check, dialect: str) -> None:
    (statement,) = sqlglot.parse(check.violations(T, quote), read=dialect)
    assert isinstance(statement, exp.Select)
    assert len(statement.expressions) == 1


def test_an_allowance_is_named_and_compared_with_the_whole() -> None:
    check = ForeignKey("team_id", "core.teams", "id", allowed_share=0.025)
    assert check.describe() == "team_id exists in core.teams.id (up to 2.5% of rows may not)"
    assert "CASE WHEN n <= 0.025 * total THEN 0 ELSE n END" in check.violations(T, quote)


@pytest.mark.parametrize(
    ("check", "name", "blocking"),
    [
        (UniqueKey(("id",)), "unique_key", True),
        (NotNull(("id",)), "not_null", False),
        (NotNull(("id",), name="required", blocking=True), "required", True),
        (Accepted("status", (1,)), "status_accepted", False),
        (Between("rating", 1), "rating_range", False),
        (ForeignKey("team_id", "core.teams", "id", blocking=True), "team_id_exists", True),
        (Holds("ordered", "a < b", ("a", "b"), "x"), "ordered", False),
        (NoRows("dated", "SELECT 1", "x"), "dated", False),
        (Agree("adds_up", "SELECT 1", "SELECT 1", "x", blocking=True), "adds_up", True),
        (Graded(Between("rating", 1), 0.1), "rating_range", False),
    ],
)
def test_names_and_what_blocks(check: Check, name: str, blocking: bool) -> None:
    assert (check.name, check.blocking) == (name, blocking)
