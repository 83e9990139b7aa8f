"""Dagster's own storage gone, or its disk full, in mid-run: the warehouse keeps what was committed and says so."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import dagster as dg
import dagster_postgres.utils
import pytest
import sqlalchemy as sa
from dagster_postgres.utils import DagsterPostgresException

from etl_assets.orchestration.instance import ProjectStorage
from etl_assets.orchestration.sensors import reap_system
from etl_assets_tests.faults.one_asset import build_system, run
from etl_assets_tests.invariants import assert_every_run_ended, assert_holds
from etl_assets_tests.world import MakeWorld, World, once_at

REFUSE = """CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
'BEGIN RAISE EXCEPTION ''no space left on device'' USING ERRCODE = ''disk_full''; END'"""
FULL = "CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON {} FOR EACH ROW EXECUTE FUNCTION refuse()"
TABLES = ("event_logs", "runs", "run_tags")


@pytest.fixture
def storage(make_database: Callable[..., str]) -> sa.URL:
    return sa.make_url(make_database("dagster"))


@pytest.fixture
def instance(storage: sa.URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """On the storage that `dagster.yaml` names."""
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", storage.render_as_string(hide_password=False))
    kind = {"module": ProjectStorage.__module__, "class": ProjectStorage.__name__, "config": {}}
    folder = tmp_path / "dagster"
    folder.mkdir()
    with dg.DagsterInstance.local_temp(str(folder), overrides={"storage": {"custom": kind}}) as made:
        yield made


class Trouble:
    """Of Dagster's storage; it begins and ends when told."""

    def __init__(self, storage: sa.URL, kind: str) -> None:
        self.kind, self.database = kind, storage.database
        self.inside = World(storage, Path(), (), {})
        self.outside = World(storage.set(database="postgres"), Path(), (), {})

    def close(self) -> None:
        self.inside.close()
        self.outside.close()

    def begin(self) -> None:
        if self.kind == "full":
            self.inside.sql(REFUSE, *(FULL.format(t) for t in TABLES))
        else:
            self.outside.sql(
                f"ALTER DATABASE {self.database} ALLOW_CONNECTIONS false",
                f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{self.database}'",
            )

    def end(self) -> None:
        if self.kind == "full":
            self.inside.sql("DROP FUNCTION refuse CASCADE")
        else:
            self.outside.sql(f"ALTER DATABASE {self.database} ALLOW_CONNECTIONS true")


@pytest.mark.parametrize("kind", ["gone", "full"])
@pytest.mark.parametrize("point", ["between_batches", "finished"])
def test_what_was_committed_stays_and_the_audit_says_so(
    make_world: MakeWorld,
    storage: sa.URL,
    instance: dg.DagsterInstance,
    kind: str,
    point: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The load goes on to its end: only Dagster cannot hear of it. A later run finds nothing to do."""
    world = make_world()
    world.add_orders(1, 30)
    system, trouble = build_system(world.url, world.root), Trouble(storage, kind)
    with monkeypatch.context() as patch:
        once_at(patch, point, trouble.begin)
        # Dagster asks five times each, with pauses that add up to 70 s.
        patch.setattr(dagster_postgres.utils, "time", SimpleNamespace(sleep=lambda seconds: time.sleep(0.01)))
        # Dagster has nowhere to put it.
        with pytest.raises(
            (DagsterPostgresException, sa.exc.OperationalError), match=r"too many retries|no space left"
        ):
            run(system, instance, batch_size=10)
    assert world.value("SELECT COUNT(*) FROM staging.orders") == 30
    assert world.rows("SELECT status, inserted FROM audit.etl_run_entity") == [("success", 30)]
    # What was planned is asked of Dagster when the audit is closed: it cannot be while nobody answers.
    (told,) = (status for (status,) in world.rows("SELECT status FROM audit.etl_run"))
    assert told == ("running" if kind == "gone" else "success")

    trouble.end()
    (unheard,) = instance.get_runs()
    assert unheard.status == dg.DagsterRunStatus.STARTED
    again = run(system, instance)
    assert (again.status, again.counts["inserted"], again.counts["updated"]) == ("success", 0, 0)
    reaped = reap_system(instance, world.destination)
    assert reaped == ([unheard.run_id] if kind == "gone" else [])
    closed = instance.get_run_by_id(unheard.run_id)
    assert closed is not None
    # Of a run whose audit is closed the reaper knows nothing: Dagster's own monitoring ends it.
    assert closed.status == (dg.DagsterRunStatus.FAILURE if kind == "gone" else dg.DagsterRunStatus.STARTED)
    trouble.close()
    assert_every_run_ended(world)
    assert_holds(world)
