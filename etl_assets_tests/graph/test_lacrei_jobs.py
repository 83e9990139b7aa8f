"""Lacrei's model and marts through their Dagster jobs, from the synthetic platform: one run, its checks, its failures.

Belongs here: what only Dagster shows. Does not belong here: rules (test_lacrei_model.py, _fact.py, _marts.py), values
(test_lacrei_oracle.py), the stagings (test_lacrei.py).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import dagster as dg
import pytest

from etl_assets.demo import lacrei
from etl_assets.engine.checks import Graded
from etl_assets_tests.graph.test_lacrei import Platform
from etl_assets_tests.graph.world import Databases, execute, written

MODEL, MART = "lacreisaude_model", "lacreisaude_mart"
FACT = f"{MODEL}.fact_lacreisaude_appointments"
EVALUATION = dg.DagsterEventType.ASSET_CHECK_EVALUATION


@pytest.fixture(scope="module")
def first(databases: Databases) -> Platform:
    """The small platform loaded once by `lacrei_incremental`; for reading and copying."""
    source = databases.make("platform")
    lacrei.synthesize(source, "small")
    platform = Platform(source, databases.make("lacrei_dw"))
    platform.succeed()
    return platform


@pytest.fixture
def platform(databases: Databases, first: Platform) -> Iterator[Platform]:
    made = Platform(databases.copy(first.source, "platform"), databases.copy(first.warehouse, "lacrei_dw"))
    yield made
    databases.drop(made.source)
    databases.drop(made.warehouse)


def evaluations(platform: Platform) -> dict[str, dg.AssetCheckEvaluation]:
    """What the newest run says of each check of model and marts, by `table.check`."""
    run = platform.instance.get_runs(limit=1)[0]
    events = [e.dagster_event for e in platform.instance.all_logs(run.run_id, of_type=EVALUATION) if e.dagster_event]
    found = [e.asset_check_evaluation_data for e in events]
    return {f"{e.asset_key.path[2]}.{e.check_name}": e for e in found if e.asset_key.path[1] in ("model", "mart")}


def test_one_run_makes_everything_and_tells_what_is_planted(first: Platform) -> None:
    found = evaluations(first)
    declared = {
        f"{s.name}.{c.name}" for s in first.system.graph.specs if s.layer in ("model", "mart") for c in s.all_checks()
    }
    assert found.keys() == declared
    failed = {name for name, e in found.items() if not e.passed}
    assert {f for f in failed if f.endswith(("covers_staging", "add_up", "adds_up", "_up", "no_day_missing"))} == set()
    assert {
        "dim_patient.users_with_document", "dim_patient.one_profile_per_user", "dim_clinic.state_resolved",
        "dim_professional.state_resolved", "dim_report.score_on_scale",
        "fact_lacreisaude_appointments.appointments_dated", "fact_lacreisaude_appointments.professional_id_found",
        "fact_lacreisaude_appointments.patient_id_found",
    } <= failed  # fmt: skip
    for name, evaluation in found.items():
        if name in failed:
            number = int(str(evaluation.metadata["violating_rows"].value))
            assert number > 0, name
            assert evaluation.severity == dg.AssetCheckSeverity.WARN or "share" in evaluation.metadata, name


def test_a_second_run_writes_nothing(platform: Platform) -> None:
    stored = [s.relation for s in platform.system.graph.specs if s.layer in ("model", "mart") and not s.is_view]
    day = platform.rows("SELECT now()::date::text")[0][0]
    platform.succeed(as_of_date=day)
    before = platform.fingerprint(stored)
    assert written(platform.succeed(as_of_date=day)) == {}
    assert platform.fingerprint(stored) == before, "not one row version is new"


def test_orphans_warn_and_above_a_twentieth_are_an_error(platform: Platform) -> None:
    """As a share of all rows; the number and the share are told, no row is."""
    (total,) = platform.rows(f"SELECT count(*) FROM {FACT}")[0]
    name = "fact_lacreisaude_appointments.professional_id_found"
    for number, severity in ((1, dg.AssetCheckSeverity.WARN), (total // 20 + 1, dg.AssetCheckSeverity.ERROR)):
        execute(platform.warehouse, f"UPDATE {FACT} SET professional_id = 1 WHERE professional_id IS NULL")
        pick = f"SELECT id_fact_appointment FROM {FACT} ORDER BY 1 LIMIT {number}"
        execute(platform.warehouse, f"UPDATE {FACT} SET professional_id = NULL WHERE id_fact_appointment IN ({pick})")
        job = dg.define_asset_job(
            "checks_alone", selection=dg.AssetSelection.checks_for_assets(
                dg.AssetKey(["lacrei", "model", "fact_lacreisaude_appointments"]))
        )  # fmt: skip
        defs = dg.Definitions.merge(platform.defs, dg.Definitions(jobs=[job]))
        asked = time.time()
        result = defs.resolve_job_def("checks_alone").execute_in_process(
            instance=platform.instance, raise_on_error=False
        )
        evaluation = {e.check_name: e for e in result.get_asset_check_evaluations()}[name.partition(".")[2]]
        assert (evaluation.passed, evaluation.severity) == (False, severity), number
        told = {k: v.value for k, v in evaluation.metadata.items()}
        asked_at = told.pop("asked_at")
        assert isinstance(asked_at, float)
        assert asked_at >= asked, "a run of checks alone asks"
        assert told == {"violating_rows": number, "rows": total, "share": pytest.approx(number / total, abs=1e-4)}
        assert not evaluation.blocking
    declared = {c.name: c for c in platform.system.graph.find("fact_lacreisaude_appointments").all_checks()}
    assert isinstance(declared["professional_id_found"], Graded)


def test_g09_g10_what_fails_stops_what_is_made_of_it_and_nothing_else(platform: Platform) -> None:
    """The original took an error for 0 rows and went on; after one failing job it rolled back all of them."""
    before = platform.fingerprint([FACT, f"{MODEL}.dim_clinic", f"{MART}.mart_appointments"])
    lacrei.drop_table(platform.source, "lacreisaude_clinic")
    execute(platform.source, f"""UPDATE "{lacrei.SCHEMA}".lacreiid_user SET is_active = 'false', updated_at = now()""")
    outcome = platform.run()
    assert not outcome.success
    status = {e.entity.partition(".")[2]: e.status for e in outcome.entities}
    assert {e for e, s in status.items() if s == "failed"} == {"staging_01.lacreisaude_clinic"}
    assert {e for e, s in status.items() if s == "skipped"} == {
        "staging_02.lacreisaude_clinic", "model.dim_clinic", "model.fact_lacreisaude_appointments",
        "mart.professionals", "mart.professional_appointments", "mart.mart_appointments", "mart.mart_feedback",
        "mart.etl_anomalias",
    }  # fmt: skip
    assert platform.one(f"SELECT count(*) FROM {MODEL}.dim_patient WHERE is_active") == 0, "the others are committed"
    assert platform.one(f"SELECT sum(active_patients) FROM {MART}.patients") == 0
    assert platform.fingerprint(list(before)) == before


def test_no_secret_is_in_what_runs_leave_behind(first: Platform) -> None:
    salt = first.settings.lacrei_salt()
    for run in first.instance.get_runs():
        assert salt not in str(run.run_config)
        for entry in first.instance.all_logs(run.run_id):
            assert salt not in str(entry), entry.step_key
    for table in ("ctl.deployed", "ctl.etl_control", "audit.etl_run", "audit.etl_run_entity", "ctl.rejected_row"):
        assert first.one(f"SELECT count(*) FROM {table} AS t WHERE t::text LIKE %s", f"%{salt}%") == 0, table


def test_a_schedule_gives_its_runs_the_date_of_the_tick(first: Platform) -> None:
    """01:30 in UTC is still the day before in São Paulo; a run that starts late has the same date."""
    at = datetime(2026, 3, 1, 1, 30, tzinfo=UTC)
    schedule = first.defs.resolve_schedule_def("lacrei_incremental")
    context = dg.build_schedule_context(
        instance=first.instance, scheduled_execution_time=at, repository_def=first.defs.get_repository_def()
    )
    ticked = schedule.evaluate_tick(context)
    assert ticked.run_requests is not None
    assert ticked.run_requests[0].run_config["resources"]["load"]["config"] == {
        "mode": "changed",
        "as_of_date": "2026-02-28",
    }
    assert ticked.run_requests[0].partition_key == "2026-02-01"


def test_the_dry_run_knows_the_secret_and_the_date_too(platform: Platform) -> None:
    lacrei.mutate(platform.source)
    stored = [s.relation for s in platform.system.graph.specs if s.layer in ("model", "mart") and not s.is_view]
    before = platform.fingerprint(stored)
    planned = platform.succeed("plan", as_of_date="2026-06-30")
    assert platform.fingerprint(stored) == before
    done = platform.succeed(as_of_date="2026-06-30")
    assert written(planned) == written(done) != {}


def test_months_reach_as_far_as_appointments_are_booked(first: Platform) -> None:
    assert first.rows("SELECT count(*) FROM ctl.rejected_row WHERE reason = 'outside_partitions'") == [(0,)]
    assert first.one(f"SELECT max(appointment_day) > CURRENT_DATE + 60 FROM {FACT}") is True
