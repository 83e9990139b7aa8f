"""The days of a synthetic Lacrei Saúde: what changes between two runs, and what a test may change itself.

Belongs here: counts against rows. Does not belong here: the source at rest (test_demo_lacrei.py).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from etl_assets.demo.lacrei import CASES, TABLES, change, delete, late_commit, mutate, play
from etl_assets_tests.db.lacrei_source import one, rows
from etl_assets_tests.db.test_demo_lacrei import PLANTED

pytestmark = pytest.mark.db

# On a small source an appointment that is deleted may have no cancellation, a patient no profile.
_MAY_BE_NONE = {"cancellations_deleted", "profiles_deleted"}


def table_of(url: str, table: str) -> dict[str, dict[str, Any]]:
    return {f"{key} {number}": row for key, number, row in rows(
        url, f"SELECT id, row_number() OVER (PARTITION BY id ORDER BY t::text), to_jsonb(t) FROM {table} AS t"
    )}  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_day_of_demo_has_one_of_everything(lacrei_demo: str, seed: int) -> None:
    counts = mutate(lacrei_demo, seed=seed)
    assert {kind for kind, many in counts.items() if not many} <= _MAY_BE_NONE


def test_a_day_of_default_has_the_specified_shares(lacrei_default: str) -> None:
    counts = mutate(lacrei_default)
    changed = sum(counts[f"appointments_{kind}"] for kind in ("completed", "cancelled", "rescheduled"))
    assert 0.01 <= changed / 3500 <= 0.03
    assert counts["users_flipped"] == 12
    assert counts["professionals_respecialized"] + counts["professionals_moved"] == 2
    assert counts["appointments_deleted"] == 4
    assert counts["bridges_changed"] == counts["bridges_deleted"] == 2


def test_what_a_day_names_is_what_it_changed_and_it_carries_the_newest_stamp(lacrei_default: str) -> None:
    before = {table: table_of(lacrei_default, table) for table in TABLES}
    newest = one(lacrei_default, "SELECT max(updated_at) FROM lacreiid_appointment")
    done = play(lacrei_default)
    after = {table: table_of(lacrei_default, table) for table in TABLES}
    for table, kinds in {
        "lacreiid_appointment": ("appointments_completed", "appointments_cancelled", "appointments_rescheduled"),
        "lacreiid_user": ("users_flipped",),
        "lacreisaude_professional": ("professionals_respecialized", "professionals_moved"),
        "lacreisaude_clinic": ("clinics_repriced",),
    }.items():
        changed = {key.split(" ")[0] for key, row in after[table].items() if before[table].get(key, row) != row}
        assert changed == {key for kind in kinds for key in done[kind]}, table
        stamps = rows(lacrei_default, f"SELECT DISTINCT updated_at FROM {table} WHERE id = ANY(%s)", list(changed))
        assert len(stamps) == 1
        assert stamps[0][0] > newest
    for table, kind in {
        "lacreiid_appointment": "appointments_deleted", "lacreiid_cancellation": "cancellations_deleted",
        "lacreiid_report": "reports_deleted", "lacreiid_user": "users_deleted", "lacreiid_profile": "profiles_deleted",
    }.items():  # fmt: skip
        gone = {key.split(" ")[0] for key in set(before[table]) - set(after[table])}
        assert gone == set(done[kind]), table
    for table, kinds in {
        "lacreiid_appointment": ("new_appointments", "appointments_late"),
        "lacreiid_cancellation": ("new_cancellations",),
        "lacreiid_report": ("new_reports",), "lacreiid_user": ("new_users",), "lacreiid_profile": ("new_profiles",),
    }.items():  # fmt: skip
        come = {key.split(" ")[0] for key in set(after[table]) - set(before[table])}
        assert come == {key for kind in kinds for key in done[kind]}, table
    for kind, expected in (("added", 2), ("changed", 2), ("deleted", 2)):
        assert len(done[f"bridges_{kind}"]) == expected


def test_a_rescheduled_appointment_changes_its_month_and_a_late_one_is_older_than_all(lacrei_default: str) -> None:
    month = "SELECT to_char(date::timestamptz, 'YYYY-MM') FROM lacreiid_appointment WHERE id = %s"
    first = (
        "SELECT least(min(created_at), min(date::timestamptz)) FROM lacreiid_appointment WHERE date ~ '^[0-9T:.+-]+$'"
    )
    oldest, months = one(lacrei_default, first), table_of(lacrei_default, "lacreiid_appointment")
    done = play(lacrei_default)
    rescheduled = done["appointments_rescheduled"]
    assert rescheduled
    assert [key for key in rescheduled if months[f"{key} 1"]["date"][:7] == one(lacrei_default, month, key)] == []
    (late,) = done["appointments_late"]
    created, date, updated = rows(
        lacrei_default, "SELECT created_at, date::timestamptz, updated_at FROM lacreiid_appointment WHERE id = %s", late
    )[0]
    assert created < date < oldest < updated
    assert date.year >= 2020


def test_many_days_leave_every_case_as_it_is(lacrei_demo: str) -> None:
    for seed in range(8):
        mutate(lacrei_demo, seed=seed)
    query = "SELECT count(*) FROM {} AS t WHERE btrim(id, E' \\t') = ANY(%s) AND ({})"
    kept = {
        case: one(lacrei_demo, query.format(table, condition), list(CASES[case]))
        for case, (table, condition, _) in PLANTED.items()
    }
    # A professional's bridge row or a clinic's price may be news; what the case is about may not.
    assert {case: many for case, many in kept.items() if many != PLANTED[case][2]} == {}


def test_a_late_commit_appears_only_when_told(lacrei_demo: str) -> None:
    count = "SELECT count(*) FROM lacreiid_appointment WHERE id = %s"
    newest = one(lacrei_demo, "SELECT max(updated_at) FROM lacreiid_appointment")
    with late_commit(lacrei_demo, behind=timedelta(minutes=7)) as late:
        assert late.updated_at == newest - timedelta(minutes=7)
        mutate(lacrei_demo)
        assert one(lacrei_demo, count, late.appointment_id) == 0
        late.commit()
        assert one(lacrei_demo, count, late.appointment_id) == 1
    with pytest.raises(ZeroDivisionError), late_commit(lacrei_demo) as never:
        raise ZeroDivisionError
    assert one(lacrei_demo, count, never.appointment_id) == 0


def test_one_professional_changes_specialty_then_state_and_goes(lacrei_demo: str) -> None:
    (key,) = CASES["professional_two_clinics"]
    table = "lacreisaude_professional"
    assert change(lacrei_demo, table, key, specialty="Pediatria") == 1
    assert change(lacrei_demo, table, key, state_id=1) == 1
    assert rows(lacrei_demo, f"SELECT specialty, state_id FROM {table} WHERE id = %s", key) == [("Pediatria", 1)]
    newest = one(lacrei_demo, f"SELECT max(updated_at) FROM {table}")
    assert one(lacrei_demo, f"SELECT updated_at FROM {table} WHERE id = %s", key) == newest
    assert delete(lacrei_demo, table, key) == 1
    assert one(lacrei_demo, f"SELECT count(*) FROM {table} WHERE id = %s", key) == 0
