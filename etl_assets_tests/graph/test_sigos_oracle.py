"""Every value of SIGOS from silver to the marts equals its recomputation from the portal's own rows.

Belongs here: comparing. Does not belong here: the browser and the download, single rules (test_sigos_silver.py,
test_sigos_gold.py), what the oracle itself does (unit/test_oracle_sigos.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest

from etl_assets.demo.sigos.book import Book
from etl_assets.demo.sigos.mutate import audit, pass_day
from etl_assets.demo.sigos.synthesize import synthesize
from etl_assets.engine.months import between
from etl_assets_tests.graph.world import Databases
from etl_assets_tests.lacrei import written
from etl_assets_tests.oracle import sigos, sigos_changes, sigos_compat, sigos_dimensions, sigos_gold
from etl_assets_tests.oracle.compare import differences
from etl_assets_tests.oracle.sigos_text import grupo, regional
from etl_assets_tests.sigos_dirt import soil
from etl_assets_tests.sigos_files import PortalFiles
from etl_assets_tests.sigos_whole import Whole

pytestmark = pytest.mark.db
MakeWhole = Callable[[int, date], Whole]

FIRST = date(2025, 11, 1)
# Where a row is from, and who it names: not the oracle's.
_NOT_COMPARED = {"backoffice", "_window_start", "_window_end", "_source_file", "_line_no", "_extracted_at", "_row_hash",
                 "_bad_values"}  # fmt: skip
# Surrogate -> dimension, its own columns.
_SURROGATES = {
    "team_key": ("gold.dim_team", "equipe"),
    "municipality_key": ("gold.dim_municipality", "municipio_norm"),
    "service_type_key": ("gold.dim_service_type", "tipo_servico"),
    "status_key": ("gold.dim_status", "status"),
    "reason_key": ("gold.dim_return_reason", "motivo, motivo_detalhado, motivo_detalhado_2"),
}
_PERIOD = {"daily": "service_date", "weekly": "week_start", "monthly": "month_start"}
_SHOWN = {"team_key", "municipality_key", "service_type_key", "municipio", "week_start", "month_start"}
# Minutes are stored with six decimals: a sum of them is off by as many halves as there are parts.
_MINUTES = Fraction(1, 10_000)
_WITHIN = dict.fromkeys(("duration_min_sum", "field_hours", "avg_duration_min", "services_per_field_hour"), _MINUTES)


@pytest.fixture(scope="module")
def empty_whole(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The warehouse as it is deployed, which takes seconds; for copying."""
    files = PortalFiles(Book(0, 0, FIRST, {}), tmp_path_factory.mktemp("none"))
    made = Whole(databases.make("whole"), files, (FIRST.isoformat(),))
    made.destination.close()
    return made.url


@pytest.fixture
def make_whole(databases: Databases, empty_whole: str, tmp_path: Path) -> Iterator[MakeWhole]:
    """Makes a warehouse over a soiled book as of a day; its months begin with November 2025."""
    made: list[Whole] = []

    def make(seed: int, today: date) -> Whole:
        book = synthesize(seed, 0.012, today)
        soil(book, FIRST, seed)
        months = tuple(between(FIRST.isoformat(), "2026-05-01"))
        made.append(Whole(databases.copy(empty_whole, "sigos"), PortalFiles(book, tmp_path), months))
        return made[-1]

    yield make
    for whole in made:
        whole.destination.close()
        databases.drop(whole.url)


def of_silver(whole: Whole, silver: sigos.Silver) -> list[str]:
    found = []
    for table, rows, key in (
        ("silver.sigos_service", silver.services, "service_key"),
        ("silver.sigos_service_return", silver.returns, "return_key"),
    ):
        columns = [c for c in whole.columns(table) if c not in _NOT_COMPARED]
        expected = rows.rename(columns={"_month": "_partition_month"})
        found += differences(whole.frame(table, columns), expected, [key], columns)
    rejected = whole.rows("SELECT report, _partition_month, reason FROM silver.sigos_rejected_row")
    blank = whole.rows("SELECT report, _source_file, _line_no FROM silver.sigos_rejected_row WHERE raw = ''")
    found += [f"rejected without its text: {row}" for row in blank]
    if Counter(rejected) != Counter(silver.rejected.itertuples(index=False, name=None)):
        found.append(f"rejected: {Counter(rejected)}, expected {silver.rejected.value_counts().to_dict()}")
    for table, rows, code in (
        ("compat.general_reports", sigos_compat.general_reports(silver.services), "COD"),
        ("compat.return_reports", sigos_compat.return_reports(silver.returns), "CODIGO"),
    ):
        assert {*rows.columns} == {*whole.columns(table)} - {"DATA_EXTRACAO"}, "every column is compared"
        found += differences(
            whole.frame(table, list(rows.columns)), rows, [*sigos_compat.KEY, code], list(rows.columns)
        )
    return found


def of_changes(whole: Whole) -> list[str]:
    expected = sigos_changes.changes(whole.files.told, whole.days)
    found = pd.DataFrame(
        whole.rows(
            "SELECT report, record_key, row_number() OVER (PARTITION BY report, record_key ORDER BY detected_at), "
            "change_type, changed_columns, age_days, data_execucao, "
            "CAST(detected_at AT TIME ZONE 'America/Sao_Paulo' AS date), _partition_month "
            "FROM silver.sigos_service_change"
        ),
        columns=list(sigos_changes.COLUMNS),
        dtype=object,
    )
    found["changed_columns"] = found["changed_columns"].map(tuple)
    weeks = sigos_changes.by_week(expected).rename(columns={"period": "week_start"})
    table = "gold.mart_audit_change_weekly"
    return [
        *differences(found, expected, sigos_changes.KEY, sigos_changes.COLUMNS),
        *of_mart(whole, table, weeks, ["week_start", "change_type", "column_name"]),
    ]


def of_facts(whole: Whole, facts: pd.DataFrame, returned: pd.DataFrame) -> list[str]:
    found = []
    for table, rows, key in (("fct_service", facts, "service_key"), ("fct_service_return", returned, "return_key")):
        rows = rows.rename(columns={"data_execucao": "service_date"})
        names = ["equipe", "municipio_norm", "tipo_servico", *(["status"] if table == "fct_service" else [])]
        dropped = {"date_key", "status_key", "reason_key", "cod", *_SHOWN}
        columns = [c for c in (*whole.columns(f"gold.{table}"), *names) if c not in dropped]
        found += differences(whole.frame(f"gold.{table}", columns), rows, [key], columns)
    return found


def of_mart(whole: Whole, table: str, expected: pd.DataFrame, key: list[str]) -> list[str]:
    """Every column of a mart that is neither a surrogate nor a label of its key."""
    columns = [c for c in whole.columns(table) if c not in _SHOWN or c in key]
    if "equipe" in key:
        expected = expected.assign(
            regional=[regional(e) for e in expected["equipe"]], grupo=[grupo(e) for e in expected["equipe"]]
        )
    found = differences(whole.frame(table, [*dict.fromkeys([*key, *columns])]), expected, key, columns, within=_WITHIN)
    return [f"{table}: {line}" for line in found]


def of_marts(whole: Whole, facts: pd.DataFrame, returned: pd.DataFrame) -> list[str]:
    today, found = whole.days[-1], []
    own, back = sigos_gold.records(facts), sigos_gold.records(returned)
    daily = sigos_gold.kpis(own, back, sigos_gold.DAILY, "daily", today)
    daily = daily.rename(columns={"period": "service_date"})
    found += of_mart(whole, "gold.agg_service_daily", daily, ["service_date", *sigos_gold.DAILY])
    for name, by in sigos_gold.MARTS.items():
        for grain in sigos_gold.GRAINS:
            rows = sigos_gold.kpis(own, back, by, grain, today).rename(columns={"period": _PERIOD[grain]})
            if not name.startswith("mart_quality"):
                rows = rows[rows["services_protocoled"] > 0]
            found += of_mart(whole, f"gold.{name}_{grain}", rows, [_PERIOD[grain], *by])
    month = {"period": "month_start"}
    reasons, recovered = sigos_gold.return_reasons(returned), sigos_gold.recovery(facts)
    for table, rows, key in (
        ("gold.mart_return_reason_monthly", reasons, ["motivo", "motivo_detalhado", "equipe"]),
        ("gold.mart_recovery_monthly", recovered, ["code_class", "municipio_norm"]),
    ):
        found += of_mart(whole, table, rows.rename(columns=month), ["month_start", *key])
    return found


def of_dimensions(whole: Whole, silver: sigos.Silver) -> list[str]:
    """Reference and dimensions; members that are gone are marked, and none of them is known any more."""
    found = []
    expected = sigos_dimensions.dimensions(silver.services, silver.returns, whole.days[-1])
    for table, (natural, rows) in expected.items():
        key, columns = list(rows.columns[:natural]), list(rows.columns)
        own = {c.name for c in whole.destination.graph.find(table).table.columns}
        more = {c for c in own - {*columns, "is_deleted", "deleted_at", *_SURROGATES} if not c.startswith("etl_")}
        assert not more, f"{table}: {more} is compared with nothing"
        marked = "is_deleted" in own
        lives = whole.frame(table, columns, where="NOT t.is_deleted" if marked else "TRUE")
        found += [f"{table}: {line}" for line in differences(lives, rows, key, columns)]
        if marked:
            gone = whole.frame(table, key, where="t.is_deleted").itertuples(index=False, name=None)
            again = {*gone} & {*rows[key].itertuples(index=False, name=None)}
            found += [f"{table}: {member} is marked, but known" for member in again]
    return found


def surrogates(whole: Whole) -> dict[tuple[object, ...], int]:
    """Every dimension's members with their keys."""
    told: dict[tuple[object, ...], int] = {}
    for key, (table, name) in _SURROGATES.items():
        rows = whole.rows(f"SELECT {name}, {key} FROM {table}")
        assert len({r[-1] for r in rows}) == len(rows), f"a key of {table} is that of two members"
        told |= {(table, *r[:-1]): r[-1] for r in rows}
    return told


@dataclass(frozen=True)
class State:
    """What the oracle says of silver and the facts as of the last load."""

    silver: sigos.Silver
    facts: pd.DataFrame
    returned: pd.DataFrame


def recomputed(whole: Whole) -> State:
    silver = sigos.silver(whole.files.told, whole.days[-1])
    facts = sigos_gold.services(silver.services, silver.returns)
    return State(silver, facts, sigos_gold.service_returns(silver.returns, facts))


def compare(whole: Whole, state: State) -> list[str]:
    """Everything but the log of changes, and the backlog, whose days are those of the loads."""
    silver, facts = state.silver, state.facts
    assert {*silver.returns["match_level"]} == {0, 1, 2, 3}, "every level is met"
    assert len(silver.rejected) > 4
    assert silver.services["dup_count"].max() >= 1
    assert facts["return_count"].max() > 2
    assert len(facts) > 500
    return [*of_silver(whole, silver), *of_dimensions(whole, silver), *of_facts(whole, facts, state.returned),
            *of_marts(whole, facts, state.returned)]  # fmt: skip


def backlog(whole: Whole, state: State) -> pd.DataFrame:
    """What waits as of the last load, by the oracle."""
    today = whole.days[-1]
    return sigos_gold.backlog(state.facts, state.returned, today).assign(snapshot_date=today)


@pytest.mark.parametrize(("seed", "again"), [(41, True), (42, False), (43, False)])
def test_every_value_equals_its_recomputation(make_whole: MakeWhole, seed: int, again: bool) -> None:
    """A full load, days of changes with incremental ones, audits that only the last full load sees.

    Compared after the last incremental load, where most is still from the first one, and after the full one; `again`:
    another one writes nothing.
    """
    whole = make_whole(seed, date(2026, 3, 27))
    book = whole.files.book
    whole.load("full")
    keys, snapshots = surrogates(whole), [backlog(whole, recomputed(whole))]
    for days in (1, 6):
        for _ in range(days):
            pass_day(book)
        audit(book, 0.02, seed + days)
        whole.load()
        state = recomputed(whole)
        snapshots.append(backlog(whole, state))
    assert compare(whole, state) == []
    soil(book, date(2026, 3, 1), seed + 1, rows=20)
    whole.load("full")
    state = recomputed(whole)
    assert compare(whole, state) == []
    assert of_changes(whole) == []
    expected = pd.concat([*snapshots[:-1], backlog(whole, state)])
    assert whole.days[-1] == whole.days[-2], "of two loads on one day the later counts"
    assert of_mart(whole, "gold.mart_backlog_daily", expected, ["snapshot_date", "equipe", "age_bucket"]) == []
    assert surrogates(whole).items() >= keys.items(), "a key is allocated once"
    if again:
        assert written(whole.load("full")) == {}
