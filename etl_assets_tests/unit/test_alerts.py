"""Every alert condition at its threshold: fires just beyond it, not on it, and never for what is switched off."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from etl_assets.orchestration import alerts
from etl_assets.orchestration.measured import (
    FAILURE,
    NEVER_RUN,
    NO_STRUCTURE,
    OK,
    RUNNING,
    EntityRun,
    Measured,
    SourceNumbers,
    SystemRun,
    TargetNumbers,
    successes,
)

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
CONDITIONS = {c.name: c for c in (*alerts.ALERTS, *alerts.QUALITY)}
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


def ran(status: str, ago: timedelta, upserted: int = 0, seconds: float = 0.1) -> EntityRun:
    return EntityRun(1, status, NOW - ago, seconds, upserted)


def entity(**values: Any) -> Measured:
    """An entity nothing is wrong with, but for `values`."""
    well = Measured(
        "dim_cliente",
        True,
        SourceNumbers(100),
        TargetNumbers(100, retired=0),
        (ran("success", HOUR),),
        False,
        NOW - HOUR,
    )
    return replace(well, **values)


def fired(measured: Measured) -> set[str]:
    return {name for name, c in CONDITIONS.items() if alerts.firing(c, [measured], NOW)}


def runs(*statuses: str, every: timedelta = HOUR) -> tuple[EntityRun, ...]:
    """Newest first, the first of them an hour ago."""
    return tuple(ran(s, HOUR + n * every) for n, s in enumerate(statuses))


PENDING = SourceNumbers(100, pending=1)
DELAY = alerts.SLA_DELAY
CASES: list[tuple[str, dict[str, Any], set[str]]] = [
    ("all is well", {}, set()),
    ("its last run failed", {"runs": runs("failed")}, {"etl_failure"}),
    ("control says failed", {"marked_failed": True}, {"etl_failure"}),
    ("it failed before the last run", {"runs": runs("success", "success", "success", "failed")}, set()),
    ("a quiet source is not late", {"last_success": NOW - 23 * HOUR}, set()),
    ("rows wait since a recent run", {"source": PENDING, "last_success": NOW - DELAY}, {"pendencia_incremental"}),
    (
        "rows wait too long",
        {"source": PENDING, "last_success": NOW - DELAY - SECOND},
        {"pendencia_incremental", "sla_watermark_delay"},
    ),
    (
        "rows wait and it never succeeded",
        {"source": PENDING, "last_success": None},
        {"pendencia_incremental", "sla_watermark_delay"},
    ),
    ("it ran a day ago", {"runs": (ran("success", alerts.SLA_NO_RUN),)}, set()),
    ("it ran longer ago", {"runs": (ran("success", alerts.SLA_NO_RUN + SECOND),)}, {"sla_no_recent_run"}),
    ("it never ran", {"runs": ()}, {"sla_no_recent_run"}),
    ("it was only skipped", {"runs": runs("skipped")}, {"sla_no_recent_run"}),
    ("it runs now", {"runs": runs("running")}, set()),
    ("one of three failed", {"runs": runs("success", "success", "failed")}, {"etl_recurrent_failure"}),
    ("one of two failed", {"runs": runs("success", "failed")}, set()),
    ("3 of 10 failed", {"runs": runs(*["success"] * 7, *["failed"] * 3)}, {"etl_recurrent_failure"}),
    ("2 of 7 failed", {"runs": runs(*["success"] * 5, *["failed"] * 2)}, set()),
    ("skips are no runs", {"runs": runs("success", "skipped", "skipped", "failed")}, set()),
    ("failures of last week", {"runs": runs("success", *["failed"] * 5, every=timedelta(days=7))}, set()),
    ("covered just so", {"target": TargetNumbers(95)}, set()),
    ("not covered", {"target": TargetNumbers(94)}, {"cobertura_oltp_dw"}),
    ("nothing to cover", {"source": SourceNumbers(0), "target": TargetNumbers(0)}, set()),
    ("no table to cover it", {"target": None}, {"cobertura_oltp_dw"}),
    ("5 soft deletes too few", {"source": SourceNumbers(100, soft_deleted=5)}, set()),
    ("6 soft deletes too few", {"source": SourceNumbers(100, soft_deleted=6)}, {"reconciliacao_soft_delete"}),
    ("6 too many", {"target": TargetNumbers(100, retired=6)}, {"reconciliacao_soft_delete"}),
    (
        "a tenth of many",
        {"source": SourceNumbers(100, soft_deleted=90), "target": TargetNumbers(100, retired=81)},
        set(),
    ),
    ("it marks none", {"source": SourceNumbers(100, soft_deleted=90), "target": TargetNumbers(100)}, set()),
    ("a key is missing", {"target": TargetNumbers(100, missing=1)}, {"reconciliacao_chaves"}),
    ("a key too many", {"target": TargetNumbers(100, surplus=1)}, {"reconciliacao_chaves"}),
    ("a row of tomorrow", {"source": SourceNumbers(100, future=1)}, {"origem_no_futuro"}),
]


@pytest.mark.parametrize(("values", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_conditions_fire_beyond_their_threshold_and_no_other(values: dict[str, Any], expected: set[str]) -> None:
    assert fired(entity(**values)) == expected
    assert fired(entity(**values, active=False)) == set(), "switched off"


LATE = {"source": PENDING}
GRAVE: list[tuple[str, str, dict[str, Any], str]] = [
    ("six hours late", "sla_watermark_delay", LATE | {"last_success": NOW - 6 * HOUR}, "WARN"),
    ("later", "sla_watermark_delay", LATE | {"last_success": NOW - 6 * HOUR - SECOND}, "ERROR"),
    ("no success ever", "sla_watermark_delay", LATE | {"last_success": None}, "ERROR"),
    ("three days without a run", "sla_no_recent_run", {"runs": (ran("success", 72 * HOUR),)}, "WARN"),
    ("longer without", "sla_no_recent_run", {"runs": (ran("success", 72 * HOUR + SECOND),)}, "ERROR"),
    ("never a run", "sla_no_recent_run", {"runs": ()}, "ERROR"),
    ("4 of 10", "etl_recurrent_failure", {"runs": runs(*["success"] * 6, *["failed"] * 4)}, "WARN"),
    ("half", "etl_recurrent_failure", {"runs": runs("success", "success", "failed", "failed")}, "ERROR"),
    ("one failure", "etl_failure", {"runs": runs("failed")}, "ERROR"),
    ("one pending", "pendencia_incremental", LATE, "WARN"),
]


@pytest.mark.parametrize(("name", "values", "expected"), [c[1:] for c in GRAVE], ids=[c[0] for c in GRAVE])
def test_the_second_threshold_makes_an_error_of_a_warning(name: str, values: dict[str, Any], expected: str) -> None:
    found = alerts.firing(CONDITIONS[name], [entity(), entity(**values)], NOW)
    assert len(found) == 1
    assert alerts.severity(CONDITIONS[name], found, NOW) == expected


def test_only_a_failure_is_an_error_from_the_first() -> None:
    assert {n for n, c in CONDITIONS.items() if c.severity == "ERROR"} == {"etl_failure"}
    assert all(any(name in case[2] for case in CASES) for name in CONDITIONS), "a condition without a case"


def test_status_is_told_from_the_newest_run() -> None:
    for expected, values in (
        (OK, {}),
        (RUNNING, {"runs": runs("running", "failed")}),
        (FAILURE, {"runs": runs("failed", "success")}),
        (FAILURE, {"marked_failed": True}),
        (NEVER_RUN, {"runs": ()}),
        (NO_STRUCTURE, {"source": None}),
        (NO_STRUCTURE, {"target": None, "runs": ()}),
    ):
        assert entity(**values).status == expected


def test_throughput_is_per_second_but_never_of_less_than_one() -> None:
    assert ran("success", HOUR, upserted=50, seconds=0.5).throughput == 50
    assert ran("success", HOUR, upserted=50, seconds=4).throughput == 12.5


def test_what_still_runs_is_neither_success_nor_failure() -> None:
    assert successes([SystemRun(s, NOW) for s in ("running", "success", "partial", "skipped")]) == pytest.approx(
        100 / 3
    )
    assert successes([SystemRun("running", NOW)]) is None
