"""The copy of SIGOS' gold on a SQL Server as Dagster has it: its tables, what they are made of, when they follow.

Does not belong here: rows on a server (sqlserver/test_published.py), how they travel (test_postgres_for_sqlserver.py).
"""

from __future__ import annotations

import dagster as dg
import pytest

from etl_assets.definitions import build_defs, build_systems
from etl_assets.engine.dialects.servers import SQL_SERVER
from etl_assets.engine.errors import SettingsError
from etl_assets.orchestration.system import System
from etl_assets.settings import Settings
from etl_assets.systems import sigos

URL = "mssql://reader:secret@127.0.0.1:1433/analytics"
JOB = "sigos_analytics_incremental"
GOLD = [s for s in sigos.specs() if s.layer == "gold" and s.name != "etl_anomalias"]


def settings(url: str | None = URL, systems: str = "sigos") -> Settings:
    return Settings.model_validate({"etl_systems": systems, "sigos_analytics_url": url})


@pytest.fixture(scope="module")
def defs() -> dg.Definitions:
    return build_defs(settings=settings())


@pytest.fixture(scope="module")
def system() -> System:
    return next(s for s in build_systems(settings()) if s.name == "sigos_analytics")


def test_there_is_one_where_it_has_a_place_and_sigos_is_shown() -> None:
    shown = [[s.name for s in build_systems(settings(*given))] for given in ((URL,), (None,), (URL, "chatwoot"))]
    assert shown == [["sigos", "sigos_analytics"], ["sigos"], ["chatwoot"]]
    with pytest.raises(SettingsError, match=r"SIGOS_ANALYTICS_URL must be a mssql:// URL, not postgresql://"):
        build_systems(settings("postgresql://reader:secret@127.0.0.1/analytics"))


def test_every_stored_table_of_gold_is_copied_with_its_names(system: System) -> None:
    gold = {s.relation: s for s in GOLD}
    copies = {s.relation: s for s in system.graph.specs}
    assert copies.keys() == gold.keys()
    assert len(copies) > 25
    for relation, copy in copies.items():
        assert copy.table.columns.keys() == gold[relation].table.columns.keys()
        assert copy.data_columns == tuple(copy.table.columns.keys()), "nothing of it is made here"


def test_types_are_those_of_the_specification(system: System) -> None:
    """Section 8: NVARCHAR, DATE, DATETIMEOFFSET, DECIMAL of the same precision, BIT."""
    known = {}
    for copy, original in zip(system.graph.specs, GOLD, strict=True):
        for name, column in copy.table.columns.items():
            if name not in copy.key:
                known[str(original.table.columns[name].type)] = SQL_SERVER.declared_type(column)
    assert known.pop("BOOLEAN") == "bit"
    assert {t: known.pop(t) for t in ("TEXT", "DATE", "DATETIME", "INTEGER")} == {
        "TEXT": "nvarchar(max)", "DATE": "date", "DATETIME": "datetimeoffset(6)", "INTEGER": "int",
    }  # fmt: skip
    assert known
    assert {t.replace("NUMERIC", "decimal").replace(" ", "") for t in known} == set(known.values())


def test_keys_fit_into_an_index_of_the_server(system: System) -> None:
    most = 1_700
    for spec in system.graph.specs:
        types = [SQL_SERVER.declared_type(spec.table.columns[k]) for k in spec.key]
        assert all("max" not in t for t in types), spec.entity
        assert sum(2 * int(t[9:-1]) if t.startswith("nvarchar") else 4 for t in types) < most


def test_lineage_goes_through_to_the_table_that_is_copied(defs: dg.Definitions, system: System) -> None:
    graph = defs.resolve_asset_graph()
    for spec in system.graph.specs:
        node = graph.get(dg.AssetKey(spec.asset_key))
        assert node.parent_keys == {dg.AssetKey(["sigos", "gold", spec.name])}
        assert node.group_name == "sigos_analytics_gold"
    assert not any(k.path[:2] == ["sigos_analytics", "source"] for k in graph.get_all_asset_keys())


def test_what_only_copies_has_no_sweep(defs: dg.Definitions) -> None:
    repository = defs.get_repository_def()
    sensors = {s.name for s in repository.sensor_defs if "analytics" in s.name}
    assert sensors == {"sigos_analytics_follow", "sigos_analytics_freshness"}
    assert "sigos_analytics_pending" not in {j.name for j in repository.get_all_jobs()}


def run_that_makes(instance: dg.DagsterInstance, *path: str) -> dg.ExecuteInProcessResult:
    @dg.asset(key=dg.AssetKey(path))
    def made() -> None: ...

    return dg.materialize([made], instance=instance)


def follow(
    defs: dg.Definitions, instance: dg.DagsterInstance, run: dg.ExecuteInProcessResult
) -> dg.RunRequest | dg.SkipReason:
    sensor = defs.get_repository_def().get_sensor_def("sigos_analytics_follow")
    assert isinstance(sensor, dg.RunStatusSensorDefinition)
    context = dg.build_run_status_sensor_context(
        sensor.name, run.get_run_success_event(), instance, run.dagster_run
    )  # fmt: skip
    answer = sensor(context)
    assert isinstance(answer, dg.RunRequest | dg.SkipReason)
    return answer


def test_it_follows_every_run_that_wrote_what_it_copies(defs: dg.Definitions) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        asked = follow(defs, instance, run_that_makes(instance, "sigos", "gold", "dim_team"))
        assert isinstance(asked, dg.RunRequest)
        assert asked.partition_key is None
        for other in (("sigos", "silver", "sigos_service"), ("sigos_analytics", "gold", "dim_team")):
            skipped = follow(defs, instance, run_that_makes(instance, *other))
            assert isinstance(skipped, dg.SkipReason), other
            assert "nothing that is copied" in str(skipped.skip_message)


def test_one_that_waits_will_read_it(defs: dg.Definitions) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        run = run_that_makes(instance, "sigos", "gold", "fct_service")
        job = defs.resolve_job_def(JOB)
        instance.create_run_for_job(job, status=dg.DagsterRunStatus.NOT_STARTED)
        skipped = follow(defs, instance, run)
        assert isinstance(skipped, dg.SkipReason)
        assert f"{JOB} is queued already" in str(skipped.skip_message)
