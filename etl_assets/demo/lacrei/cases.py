"""The planted cases by name, with the ids of the rows they are about: how a test finds what the source got wrong.

Belongs here: that mapping, made from the numbers. Does not belong here: what is planted (dirty*.py).
Ids are as clean as a loader must make them: trimmed. Where a case is about two tables, its ids are those of the table
named first in its name.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from etl_assets.demo.lacrei import numbers as n
from etl_assets.demo.lacrei.ids import uuid
from etl_assets.demo.lacrei.lookup_rows import NO_NUMBERS

A, P, U, C = n.Appointment, n.Professional, n.Patient, n.Clinic


def _ids(kind: str, *numbers: int) -> tuple[str, ...]:
    return tuple(uuid(kind, number) for number in numbers)


CASES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        # Ids: padded in the table, padded where referred to, blank, in the table twice.
        "appointment_padded": _ids("appointment", A.PADDED),
        "appointment_padded_professional": _ids("appointment", A.PADDED_PROFESSIONAL),
        "appointment_padded_patient": _ids("appointment", A.PADDED_PATIENT),
        "user_padded": _ids("patient", U.PADDED),
        "professional_padded": _ids("professional", P.PADDED),
        "clinic_padded": _ids("clinic", C.PADDED),
        "appointment_blank_id": ("",),
        "appointment_twice": _ids("appointment", A.TWICE),
        "appointment_twice_equal": _ids("appointment", A.TWICE_EQUAL),
        "appointment_twice_padded": _ids("appointment", A.TWICE_PADDED),
        "user_twice": _ids("patient", U.TWICE),
        "user_twice_equal": _ids("patient", U.TWICE_EQUAL),
        "professional_twice": _ids("professional", P.TWICE),
        "clinic_twice_equal": _ids("clinic", C.TWICE_EQUAL),
        "disabilitytype_no_number": (NO_NUMBERS["lacreiid_disabilitytype"],),
        "pronoun_no_number": (NO_NUMBERS["lacreiid_pronoun"],),
        "sexualorientation_padded": ("3",),
        # Values as forms and partners spell them.
        "user_spelled_booleans": _ids("patient", U.SPELLED, U.SPELLED_AGAIN),
        "professional_spelled_booleans": _ids("professional", P.SPELLED),
        "user_blank_text": _ids("patient", U.BLANK),
        "clinic_price_in_words": _ids("clinic", C.PRICE_IN_WORDS),
        "clinic_price_with_both_separators": _ids("clinic", C.PRICE_WITH_BOTH, C.PRICE_WITH_BOTH_AMERICAN),
        "clinic_price_not_a_number": _ids("clinic", C.NOT_A_PRICE),
        "clinic_price_beyond_range": _ids("clinic", C.PRICE_BEYOND_RANGE),
        "profile_pronoun_no_number": _ids("profile", U.SPELLED, U.SPELLED_AGAIN),
        # Moments.
        "appointment_date_z": _ids("appointment", A.DATE_Z),
        "appointment_date_offset": _ids("appointment", A.DATE_OFFSET),
        "appointment_date_no_offset": _ids("appointment", A.DATE_NO_OFFSET),
        "appointment_date_unparsable": _ids("appointment", A.DATE_UNPARSABLE),
        "appointment_no_date": _ids("appointment", A.NO_DATE, A.BLANK_DATE),
        "user_birth_date_unparsable": _ids("patient", U.BAD_BIRTH_DATE),
        "user_birth_date_zoned": _ids("patient", U.ZONED_BIRTH_DATE),
        "user_no_times": _ids("patient", U.NO_TIMES),
        "professional_no_times": _ids("professional", P.NO_TIMES),
        "clinic_no_times": _ids("clinic", C.NO_TIMES),
        "appointment_no_times": _ids("appointment", A.NO_TIMES),
        "appointment_late_evening": _ids("appointment", A.LATE_EVENING),
        "appointment_negative_wait": _ids("appointment", A.NEGATIVE_WAIT),
        "appointment_no_wait": _ids("appointment", A.NO_WAIT),
        "appointment_months_ahead": _ids("appointment", A.MONTH_AHEAD, A.TWO_MONTHS_AHEAD, A.THREE_MONTHS_AHEAD),
        # References that lead nowhere.
        "appointment_orphan_professional": _ids("appointment", A.ORPHAN_PROFESSIONAL),
        "appointment_orphan_patient": _ids("appointment", A.ORPHAN_PATIENT),
        "professional_orphan_state": _ids("professional", P.ORPHAN_STATE),
        "profile_orphan_disability": _ids("profile", U.TWO_PROFILES),
        "profile_orphan_lookup": _ids("profile", U.ORPHAN_LOOKUP),
        "profile_orphan_user": _ids("profile", U.NO_PROFILE),
        # One for many, many for one, none at all.
        "user_homonyms": _ids("patient", U.HOMONYM, U.OTHER_HOMONYM),
        "professional_homonyms": _ids("professional", P.HOMONYM, P.OTHER_HOMONYM),
        "professional_two_clinics": _ids("professional", P.TWO_CLINICS),
        "clinic_no_city": _ids("clinic", C.NO_CITY, C.BLANK_CITY),
        "professional_no_state": _ids("professional", P.NO_STATE),
        "professional_no_specialty": _ids("professional", P.NO_SPECIALTY),
        "appointment_two_reports": _ids("appointment", A.TWO_REPORTS),
        "appointment_two_cancellations": _ids("appointment", A.TWO_CANCELLATIONS),
        "report_no_feedback": _ids("report", 1 + n.REPORTS.index(A.NO_FEEDBACK)),
        "report_no_score": _ids("report", 1 + n.REPORTS.index(A.NO_SCORE)),
        "report_score_0": _ids("report", 1 + n.REPORTS.index(A.SCORE_0)),
        "report_score_9": _ids("report", 1 + n.REPORTS.index(A.SCORE_9)),
        "user_two_profiles": _ids("patient", U.TWO_PROFILES),
        "user_no_profile": _ids("patient", U.NO_PROFILE),
        "user_no_document": _ids("patient", U.NO_DOCUMENT),
        "user_minor": _ids("patient", U.MINOR),
        "appointment_of_no_document": _ids("appointment", A.NO_DOCUMENT),
        "appointment_of_professional": _ids("appointment", A.OF_PROFESSIONAL),
        "appointment_of_minor": _ids("appointment", A.OF_MINOR),
        # Words beside the accepted ones.
        "appointment_canceled": _ids("appointment", A.CANCELED),
        "appointment_status_spelled": _ids("appointment", A.STATUS_SPELLED),
        "appointment_online": _ids("appointment", A.ONLINE),
        "appointment_type_mapped": _ids("appointment", A.TELECONSULTA),
        "appointment_type_other": _ids("appointment", A.OTHER_TYPE),
        "appointment_cancellation_only": _ids("appointment", A.CANCELLATION_ONLY),
    }
)
