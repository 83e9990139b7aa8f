"""A user's five-line DataFrame asset on PostgresIOManager: no declaration, no SQL file."""

from collections.abc import Callable
from typing import Any

import dagster as dg
import pandas as pd
import pytest

from etl_assets.engine.destination import Destination
from etl_assets.orchestration.io_managers import io_manager_for
from etl_assets_tests.graph.world import Databases, World

MONTHS = dg.MonthlyPartitionsDefinition("2026-01-01", timezone="America/Sao_Paulo", end_offset=1)
ONE_RUN = dg.BackfillPolicy.single_run()
Materialize = Callable[..., dg.ExecuteInProcessResult]


def visits(days: list[str], **columns: Any) -> pd.DataFrame:
    """Visits per day; the column named `order` needs quoting, as a user's may."""
    number = {"order": list(range(len(days))), "amount": [1.5] * len(days), "who": ["ana"] * len(days)}
    return pd.DataFrame({"day": pd.to_datetime(days).date, **number, **columns})


# The five lines.
@dg.asset(key=["chatwoot", "extra", "visits"], partitions_def=MONTHS, io_manager_key="chatwoot_warehouse",
          metadata={"key": ["day"], "partition_column": "day"}, backfill_policy=ONE_RUN)  # fmt: skip
def visits_asset(context: dg.AssetExecutionContext) -> pd.DataFrame:
    return visits([d for key in context.partition_keys for d in (key, key[:8] + "15", key[:8] + "28")])


@pytest.fixture(scope="module")
def warehouse(databases: Databases, small_source: str) -> World:
    """With its owner's login: such an asset's schema is of nobody's declaration, so the writer's role has none."""
    url = databases.make("frames_dw")
    return World(databases.copy(small_source, "frames_source"), url, writer=url)


@pytest.fixture
def materialize(warehouse: World) -> Materialize:
    def run(asset: dg.AssetsDefinition, **options: Any) -> dg.ExecuteInProcessResult:
        return dg.materialize(
            [asset],
            resources={"chatwoot_warehouse": io_manager_for(warehouse.system)},
            instance=warehouse.instance,
            raise_on_error=False,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            **options,
        )

    return run


def metadata(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    (event,) = result.get_asset_materialization_events()[:1]
    return {k: v.value for k, v in event.materialization.metadata.items()}


def reason(result: dg.ExecuteInProcessResult) -> str:
    assert not result.success
    (failure,) = [e for e in result.all_events if e.is_step_failure]
    assert failure.step_failure_data.user_failure_data is not None
    return str(failure.step_failure_data.user_failure_data.description)


def days(world: World) -> list[str]:
    return [str(d) for (d,) in world.rows("SELECT day FROM extra.visits ORDER BY day")]


def test_a_month_is_written_and_written_again_changes_nothing(warehouse: World, materialize: Materialize) -> None:
    assert metadata(materialize(visits_asset, partition_key="2026-02-01"))["rows_inserted"] == 3
    assert days(warehouse) == ["2026-02-01", "2026-02-15", "2026-02-28"]
    types = dict(
        warehouse.rows("SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'extra'")
    )
    assert types == {"day": "date", "order": "bigint", "amount": "double precision", "who": "text"}
    versions = warehouse.versions("extra.visits", "day")
    again = metadata(materialize(visits_asset, partition_key="2026-02-01"))
    assert (again["rows_inserted"], again["rows_updated"], again["rows_unchanged"], again["rows_deleted"]) == (
        0,
        0,
        3,
        0,
    )
    assert warehouse.versions("extra.visits", "day") == versions
    runs = warehouse.rows("SELECT entity, status, inserted FROM audit.etl_run_entity ORDER BY run_entity_id")
    assert runs == [("chatwoot.extra.visits", "success", 3), ("chatwoot.extra.visits", "success", 0)]
    assert warehouse.rows("SELECT status FROM audit.etl_run") == [("success",), ("success",)]


def test_a_range_is_one_run_and_replaces_its_months_only(warehouse: World, materialize: Materialize) -> None:
    result = materialize(visits_asset, **months("2026-01-01", "2026-03-01"))
    assert result.success
    partitions = [e.materialization.partition for e in result.get_asset_materialization_events()]
    assert partitions == ["2026-01-01", "2026-02-01", "2026-03-01"]
    assert len(days(warehouse)) == 9

    @dg.asset(key=["chatwoot", "extra", "visits"], partitions_def=MONTHS, io_manager_key="chatwoot_warehouse",
              metadata={"key": ["day"], "partition_column": "day"})  # fmt: skip
    def fewer() -> pd.DataFrame:
        return visits(["2026-02-02", "2026-02-15"], who=["rui", "ana"])

    numbers = metadata(materialize(fewer, partition_key="2026-02-01"))
    assert (numbers["rows_inserted"], numbers["rows_deleted"]) == (1, 2)
    assert days(warehouse)[2:6] == ["2026-01-28", "2026-02-02", "2026-02-15", "2026-03-01"]
    assert materialize(visits_asset, partition_key="2026-02-01").success


def test_rows_of_another_month_are_refused(warehouse: World, materialize: Materialize) -> None:
    before = days(warehouse)

    @dg.asset(key=["chatwoot", "extra", "visits"], partitions_def=MONTHS, io_manager_key="chatwoot_warehouse",
              metadata={"key": ["day"], "partition_column": "day"})  # fmt: skip
    def stray() -> pd.DataFrame:
        return visits(["2026-02-27", "2026-03-01", "2026-01-31"])

    told = reason(materialize(stray, partition_key="2026-02-01"))
    assert "chatwoot.extra.visits: 2 row(s)" in told
    assert "2026-02-01" in told
    assert days(warehouse) == before
    assert warehouse.one("SELECT status FROM audit.etl_run ORDER BY run_id DESC LIMIT 1") == "failed"


def test_missing_metadata_is_refused_by_name(materialize: Materialize) -> None:
    @dg.asset(key=["chatwoot", "extra", "keyless"], io_manager_key="chatwoot_warehouse")
    def keyless() -> pd.DataFrame:
        return visits(["2026-02-27"])

    @dg.asset(key=["chatwoot", "extra", "uncut"], partitions_def=MONTHS, io_manager_key="chatwoot_warehouse",
              metadata={"key": ["day"]})  # fmt: skip
    def uncut() -> pd.DataFrame:
        return visits(["2026-02-27"])

    @dg.asset(key=["chatwoot", "extra", "misnamed"], io_manager_key="chatwoot_warehouse", metadata={"key": ["dia"]})
    def misnamed() -> pd.DataFrame:
        return visits(["2026-02-27"])

    @dg.asset(key=["chatwoot", "extra", "rows"], io_manager_key="chatwoot_warehouse")
    def no_frame() -> Any:
        return [1, 2, 3]

    @dg.asset(key="visits", io_manager_key="chatwoot_warehouse", metadata={"key": ["day"]})
    def short_key() -> pd.DataFrame:
        return visits(["2026-02-27"])

    assert "chatwoot/extra/keyless" in (told := reason(materialize(keyless)))
    assert "metadata={'key': [...]}" in told
    assert "'partition_column'" in reason(materialize(uncut, partition_key="2026-02-01"))
    assert "no column 'dia'" in reason(materialize(misnamed))
    assert "returned list; return a recipe or a pandas DataFrame" in reason(materialize(no_frame))
    assert "[system, layer, table]" in reason(materialize(short_key))


def months(first: str, last: str) -> dict[str, dict[str, str]]:
    """Options of a run over a range, as a backfill starts it."""
    return {"tags": {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"partition_key": "2026-02-01"}, ["02-01", "02-15", "02-28"]),
        (months("2026-01-01", "2026-02-01"), ["01-01", "01-15", "01-28", "02-01", "02-15", "02-28"]),
    ],
    ids=["one month", "range"],
)
def test_a_downstream_asset_reads_its_months_half_open(
    warehouse: World, materialize: Materialize, options: dict[str, Any], expected: list[str]
) -> None:
    assert materialize(visits_asset, **months("2026-01-01", "2026-03-01")).success
    seen: list[pd.DataFrame] = []

    @dg.asset(partitions_def=MONTHS, backfill_policy=ONE_RUN,
              ins={"visits": dg.AssetIn(["chatwoot", "extra", "visits"])})  # fmt: skip
    def downstream(visits: pd.DataFrame) -> None:
        seen.append(visits)

    result = dg.materialize(
        [downstream, visits_asset],
        selection=[downstream],
        resources={"chatwoot_warehouse": io_manager_for(warehouse.system)},
        instance=warehouse.instance,
        **options,
    )
    assert result.success
    (frame,) = seen
    assert list(frame.columns) == ["day", "order", "amount", "who"]
    assert [str(d)[5:] for d in sorted(frame["day"])] == expected


def test_a_table_of_the_system_is_read_by_month_and_half_open(loaded: World) -> None:
    """The last instant of a month belongs to it, the first of the next does not."""
    (first,) = loaded.rows("SELECT min(conversation_date), max(conversation_date) FROM marts.mart_funil")
    month = first[1].replace(day=1).isoformat()
    seen: list[pd.DataFrame] = []

    @dg.asset(partitions_def=loaded.system.partitions, ins={"funnel": dg.AssetIn(["chatwoot", "marts", "mart_funil"])})
    def report(funnel: pd.DataFrame) -> None:
        seen.append(funnel)

    upstream = [a for a in loaded.defs.assets or () if isinstance(a, dg.AssetsDefinition)]
    result = dg.materialize(
        [report, *upstream],
        selection=[report],
        resources=dict(loaded.defs.resources or {}),
        instance=loaded.instance,
        partition_key=month,
    )
    assert result.success
    expected = loaded.one(
        "SELECT count(*) FROM marts.mart_funil WHERE date_trunc('month', conversation_date) = %s", month
    )
    assert len(seen[0]) == expected > 0


def test_the_destination_of_a_frame_is_the_systems_own(warehouse: World) -> None:
    assert isinstance(warehouse.system.undeployed_destination(), Destination)
    assert warehouse.one("SELECT count(*) FROM ctl.etl_control WHERE entity = 'chatwoot.extra.visits'") == 1


def test_months_of_timestamps_are_cut_in_the_reporting_zone_both_ways(warehouse: World) -> None:
    @dg.asset(key=["chatwoot", "extra", "calls"], partitions_def=MONTHS, io_manager_key="chatwoot_warehouse",
              metadata={"key": ["at"], "partition_column": "at"})  # fmt: skip
    def calls() -> pd.DataFrame:
        edges = pd.to_datetime(["2026-02-01 00:30", "2026-02-28 23:30"]).tz_localize("America/Sao_Paulo")
        return pd.DataFrame({"at": edges, "n": [1, 2]})

    seen: list[pd.DataFrame] = []

    @dg.asset(partitions_def=MONTHS, ins={"calls": dg.AssetIn(["chatwoot", "extra", "calls"])})
    def reader(calls: pd.DataFrame) -> None:
        seen.append(calls)

    managers = {"chatwoot_warehouse": io_manager_for(warehouse.system)}
    dg.materialize([calls, reader], partition_key="2026-02-01", resources=managers, instance=warehouse.instance)
    assert sorted(seen[0]["n"]) == [1, 2]
