"""Rows of appointments, their cancellations and their reports.

Belongs here: columns of these three tables, and which appointment is cancelled or rated. Does not belong here: who
meets whom (appointment_plan.py).
"""

from functools import partial

import numpy as np

from etl_assets.demo.copying import I64, Column, timestamps, where
from etl_assets.demo.lacrei import numbers as n
from etl_assets.demo.lacrei import vocabulary as v
from etl_assets.demo.lacrei.appointment_plan import Appointments
from etl_assets.demo.lacrei.clock import DAY, HOUR, Window
from etl_assets.demo.lacrei.encode import choose, keys, sometimes, words, write, zoned
from etl_assets.demo.lacrei.ids import uuids
from etl_assets.demo.lacrei.volumes import Volume
from etl_assets.demo.postgres import Cursor

_TWO = 0.01  # of the cancelled and of the rated appointments
_PATIENT, _PROFESSIONAL = 11, 12  # Django's content types


def write_appointments(cur: Cursor, rng: np.random.Generator, plan: Appointments) -> None:
    write(cur, "lacreiid_appointment", len(plan.status), partial(_appointments, rng, plan))


def _appointments(rng: np.random.Generator, plan: Appointments, part: I64) -> dict[str, Column]:
    return {
        "id": uuids("appointment", part + 1),
        "created_at": timestamps(plan.created[part]),
        "updated_at": timestamps(plan.updated[part]),
        "date": zoned(plan.date[part]),
        "status": words(v.STATUSES, plan.status[part]),
        "type": words(v.TYPES, plan.kind[part]),
        "professional_id": uuids("professional", plan.professional[part]),
        "user_id": uuids("patient", plan.patient[part]),
        "agreement_id": sometimes(rng, 0.1, keys(rng.integers(1, 50, len(part)))),
    }


def write_cancellations(
    cur: Cursor, rng: np.random.Generator, plan: Appointments, volume: Volume, span: Window
) -> None:
    distinct, twice = _split(volume.cancellations)
    cancelled = _free(plan, [v.CANCELLED], n.CANCELLATIONS)
    wanted = distinct - len(set(n.CANCELLATIONS))
    mine = rng.permutation(cancelled)[:wanted]
    # What was cancelled and then met after all, or booked again under the same id.
    others = rng.choice(_free(plan, [v.COMPLETED, v.SCHEDULED], n.CANCELLATIONS), wanted - len(mine), replace=False)
    again = rng.choice(mine, twice - 1, replace=False)
    of = np.concatenate([n.CANCELLATIONS, mine, others, again]).astype(np.int64)
    write(cur, "lacreiid_cancellation", len(of), partial(_cancellations, rng, plan, of, span))


def _cancellations(rng: np.random.Generator, plan: Appointments, of: I64, span: Window, part: I64) -> dict[str, Column]:
    place, count = of[part] - 1, len(part)
    # Where the status tells, the moment it changed; else some time after the booking.
    told = plan.status[place] == v.CANCELLED
    later = plan.created[place] + (rng.random(count) * 2 * DAY).astype(np.int64)
    moment = np.minimum(np.where(told, plan.updated[place], later), span.cutoff - HOUR)
    by_patient = rng.random(count) < 0.6
    return {
        "id": uuids("cancellation", part + 1),
        "created_at": zoned(moment),
        "updated_at": timestamps(moment + rng.integers(0, 999, count)),
        "reason": sometimes(rng, 0.9, words(v.REASONS, choose(rng, v.REASON_SHARE, count))),
        "appointment_id": uuids("appointment", of[part]),
        "created_by_content_type_id": keys(np.where(by_patient, _PATIENT, _PROFESSIONAL)),
        "created_by_object_d": [
            patient if mine else professional
            for mine, patient, professional in zip(
                by_patient.tolist(),
                uuids("patient", plan.patient[place]),
                uuids("professional", plan.professional[place]),
                strict=True,
            )
        ],
    }


def write_reports(cur: Cursor, rng: np.random.Generator, plan: Appointments, volume: Volume, span: Window) -> None:
    distinct, twice = _split(volume.reports)
    chosen = rng.choice(_free(plan, [v.COMPLETED], n.REPORTS), distinct - len(set(n.REPORTS)), replace=False)
    again = rng.choice(chosen, twice - 1, replace=False)
    of = np.concatenate([n.REPORTS, chosen, again]).astype(np.int64)
    write(cur, "lacreiid_report", len(of), partial(_reports, rng, plan, of, span))


def _reports(rng: np.random.Generator, plan: Appointments, of: I64, span: Window, part: I64) -> dict[str, Column]:
    place, count = of[part] - 1, len(part)
    after = plan.date[place] + HOUR + (rng.exponential(2, count) * DAY).astype(np.int64)
    moment = np.minimum(after, span.cutoff - HOUR) + rng.integers(0, 999_999, count)
    feedback = words(v.FEEDBACK, rng.integers(0, len(v.FEEDBACK), count))
    return {
        "id": uuids("report", part + 1),
        "created_at": zoned(moment),
        "updated_at": timestamps(moment),
        "feedback": where(rng.random(count) >= v.NO_FEEDBACK, feedback),
        "eval": keys(choose(rng, v.SCORE_SHARE, count) + 1),
        "appointment_id": uuids("appointment", of[part]),
        "created_by_content_type_id": keys(np.full(count, _PATIENT)),
        "created_by_object_id": uuids("patient", plan.patient[place]),
    }


def _split(rows: int) -> tuple[int, int]:
    """Appointments that have any, and those that have two."""
    twice = max(1, round(_TWO * rows))
    return rows - twice, twice


def _free(plan: Appointments, statuses: list[int], taken: tuple[n.Appointment, ...]) -> I64:
    """Numbers of the appointments with these statuses; those whose id or owner is a case stay alone."""
    numbers = np.flatnonzero(np.isin(plan.status, statuses)) + 1
    alone = (*taken, n.Appointment.BLANK_ID, n.Appointment.TWICE_PADDED, n.Appointment.ORPHAN_PATIENT)
    return np.setdiff1d(numbers, alone)
