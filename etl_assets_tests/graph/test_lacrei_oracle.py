"""Every value of every Lacrei mart equals its recomputation from the source; loads in steps end where a rebuild does.

Belongs here: comparing. Does not belong here: single rules (test_lacrei_model.py, _fact.py, _marts.py).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from etl_assets.demo.lacrei import SCHEMA, TABLES, mutate, randomize, synthesize
from etl_assets_tests.graph.world import Databases
from etl_assets_tests.lacrei import ENTITIES, written
from etl_assets_tests.lacrei_model import AS_OF, SURROGATES, Star
from etl_assets_tests.oracle.lacrei import MART_KEYS, Marts, marts, read_platform
from etl_assets_tests.oracle.lacrei_rows import COLUMNS, Kept

pytestmark = pytest.mark.db
MakeStar = Callable[[], Star]


def hashed(what: str, table: str, column: str) -> str:
    """Surrogate -> source id, through the key."""
    key = f"encode(sha256(convert_to('pepper|{what}|' || s.{column}, 'UTF8')), 'hex')"
    return f"SELECT d.{what}_id, s.{column} FROM m.dim_{what} AS d JOIN s2.{table} AS s ON d.{what}_key = {key}"


def stored(star: Star) -> Kept:
    """What staging 02 kept of each id, under the source's names; moments with their zone."""
    found: dict[str, dict[Any, dict[str, Any]]] = {}
    for table, columns in COLUMNS.items():
        names = {row[0].partition(" > ")[0]: row[0].rpartition(" > ")[2] for row in ENTITIES[table].rows}
        old = {n.removesuffix("_id") if n not in names.values() else n: n for n in columns}
        wanted = ", ".join(names.get(n, o) for o, n in old.items())
        rows = star.rows(f"SELECT {wanted} FROM s2.{table} WHERE NOT _is_deleted")
        found[table] = {
            r[0]: {n: v.replace(tzinfo=UTC) if isinstance(v, datetime) else v for n, v in zip(columns, r, strict=True)}
            for r in rows
        }
    return found


def found_marts(star: Star) -> Marts:
    """The stored marts as the oracle has them: professionals by the id of the source."""
    ids = dict(star.rows(hashed("professional", "lacreisaude_professional", "professional_id")))
    found: Marts = {}
    for mart, key in MART_KEYS.items():
        names = star.destination.graph.find(f"mart.{mart}").data_columns
        found[mart] = {}
        for values in star.rows(f"SELECT {', '.join(names)} FROM mart.{mart}"):
            row = dict(zip(names, values, strict=True))
            if "professional_sk" in row:
                row["professional"] = ids[row.pop("professional_sk")]
            found[mart][tuple(row.pop(k) for k in key)] = row
    return found


def differences(ours: Marts, theirs: Marts) -> dict[str, list[tuple[Any, ...]]]:
    return {
        mart: [(k, ours[mart].get(k), theirs[mart].get(k)) for k in sorted({*ours[mart], *theirs[mart]}, key=str)
               if ours[mart].get(k) != theirs[mart].get(k)][:3]
        for mart in MART_KEYS if ours[mart] != theirs[mart]
    }  # fmt: skip


def assert_equals_the_oracle(star: Star, as_of: str = AS_OF) -> Marts:
    frames = read_platform(star.source, SCHEMA, TABLES)
    expected = marts(frames, stored(star), date.fromisoformat(as_of), star.least)
    found = found_marts(star)
    assert differences(found, expected) == {}
    for mart, rows in expected.items():
        assert rows, mart
        columns = next(iter(rows.values()))
        names = {c for c in star.destination.graph.find(f"mart.{mart}").data_columns if c != "professional_sk"}
        assert names == {*columns, *MART_KEYS[mart]} - {"professional"}, "every column is compared"
    return expected


@pytest.mark.parametrize(("seed", "least"), [(21, 1), (22, 1), (24, 4)])
def test_every_mart_equals_its_recomputation(databases: Databases, make_star: MakeStar, seed: int, least: int) -> None:
    empty = make_star()
    star = Star(databases.make("random"), empty.warehouse, (), least=least)
    randomize(star.source, seed)
    star.load(as_of_date="2025-12-31")
    compared = assert_equals_the_oracle(star, "2025-12-31")
    varying = {c for rows in compared.values() for row in rows.values() for c, v in row.items() if v is not None}
    assert {"growth_rate", "avg_waiting_time", "avg_evaluation", "cancellation_rate_presencial"} <= varying
    assert written(star.load(as_of_date="2025-12-31")) == {}
    star.destination.close()
    databases.drop(star.source)


@pytest.mark.parametrize("seed", [31, 32])
def test_days_of_changes_end_where_a_rebuild_does(databases: Databases, make_star: MakeStar, seed: int) -> None:
    """Incremental loads after each day; then the same source into an empty warehouse."""
    empty = make_star()
    star = Star(databases.make("platform"), databases.copy(empty.warehouse, "star"), ())
    synthesize(star.source, "small", seed=seed, end=date(2026, 6, 1))
    star.load()
    assert_equals_the_oracle(star)
    for day in range(3):
        mutate(star.source, seed=seed + day)
        star.load()
    assert written(star.load()) == {}
    assert star.waiting() == {}
    again = written(star.load("full"))
    assert not {entity for entity in again if entity.startswith(("model", "mart"))}, "nothing stale was forgotten"
    rebuilt = Star(star.source, empty.warehouse, ())
    rebuilt.load()
    for table, (key, surrogate) in SURROGATES.items():
        skipped = {surrogate, "professional_id", "patient_id", "clinic_id", "report_id"}
        columns = [c for c in star.destination.graph.find(table).data_columns if c not in skipped]
        query = f"SELECT {', '.join(columns)} FROM m.{table} AS t ORDER BY {key}"
        ours, theirs = star.rows(query), rebuilt.rows(query)
        gone = "is_deleted" in columns
        kept = [r for r in ours if not (gone and r[columns.index("is_deleted")])]
        assert kept == [r for r in theirs if not (gone and r[columns.index("is_deleted")])], table
    assert {k for k, v in star.violations().items()} == {k for k, v in rebuilt.violations().items()}
    for each in (star, rebuilt):
        each.destination.close()
    databases.drop(star.source)
    databases.drop(star.warehouse)
