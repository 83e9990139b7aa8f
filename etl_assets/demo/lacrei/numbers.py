"""Numbers of the rows that planted cases use: the first of their kind, in every size and for every seed.

Belongs here: which row is which case. Does not belong here: what is done to it (dirty*.py), nor its id (cases.py).
"""

from enum import IntEnum


class Patient(IntEnum):
    PADDED = 1
    PADDED_IN_APPOINTMENT = 2
    SPELLED = 3
    SPELLED_AGAIN = 4
    BLANK = 5
    TWICE = 6
    TWICE_EQUAL = 7
    NO_TIMES = 8
    HOMONYM = 9
    OTHER_HOMONYM = 10
    NO_DOCUMENT = 11
    MINOR = 12
    BAD_BIRTH_DATE = 13
    TWO_PROFILES = 14
    ORPHAN_LOOKUP = 15
    ZONED_BIRTH_DATE = 16
    NO_PROFILE = 17


# Their month of registration is lost, or they are no patients: they must not count in the planted months of growth.
NOT_COUNTED = (Patient.NO_TIMES, Patient.NO_DOCUMENT)


class Professional(IntEnum):
    PADDED = 1
    HOMONYM = 2
    OTHER_HOMONYM = 3
    TWO_CLINICS = 4
    NO_STATE = 5
    ORPHAN_STATE = 6
    TWICE = 7
    SPELLED = 8
    NO_TIMES = 9
    NO_SPECIALTY = 10


class Clinic(IntEnum):
    """The first clinic of the professional of that number."""

    PRICE_IN_WORDS = 1
    PRICE_WITH_BOTH = 2
    PRICE_WITH_BOTH_AMERICAN = 3
    PRICE_BEYOND_RANGE = 4
    NO_CITY = 5
    BLANK_CITY = 6
    TWICE_EQUAL = 7
    NOT_A_PRICE = 8
    PADDED = 9
    NO_TIMES = 10


class Appointment(IntEnum):
    PADDED = 1
    PADDED_PROFESSIONAL = 2
    PADDED_PATIENT = 3
    TWICE = 4
    TWICE_EQUAL = 5
    TWICE_PADDED = 6
    BLANK_ID = 7
    NO_TIMES = 8
    NO_DATE = 9
    BLANK_DATE = 10
    DATE_Z = 11
    DATE_OFFSET = 12
    DATE_NO_OFFSET = 13
    DATE_UNPARSABLE = 14
    ORPHAN_PROFESSIONAL = 15
    ORPHAN_PATIENT = 16
    TWO_REPORTS = 17
    TWO_CANCELLATIONS = 18
    CANCELED = 19
    ONLINE = 20
    TELECONSULTA = 21
    OTHER_TYPE = 22
    NO_DOCUMENT = 23
    OF_PROFESSIONAL = 24
    OF_MINOR = 25
    NEGATIVE_WAIT = 26
    NO_WAIT = 27
    CANCELLATION_ONLY = 28
    STATUS_SPELLED = 29
    OF_HOMONYM = 30
    OF_OTHER_HOMONYM = 31
    WITH_HOMONYM = 32
    WITH_OTHER_HOMONYM = 33
    WITH_TWO_CLINICS = 34
    NO_CITY = 35
    WITH_ORPHAN_STATE = 36
    LATE_EVENING = 37
    MONTH_AHEAD = 38
    TWO_MONTHS_AHEAD = 39
    THREE_MONTHS_AHEAD = 40
    NO_FEEDBACK = 41
    NO_SCORE = 42
    SCORE_0 = 43
    SCORE_9 = 44
    WITHOUT_TIMES_PATIENT = 45


# Which of a report's or cancellation's first numbers belongs to which appointment.
REPORTS = (
    Appointment.TWO_REPORTS, Appointment.TWO_REPORTS, Appointment.NO_FEEDBACK, Appointment.NO_SCORE,
    Appointment.SCORE_0, Appointment.SCORE_9,
)  # fmt: skip
CANCELLATIONS = (
    Appointment.TWO_CANCELLATIONS, Appointment.TWO_CANCELLATIONS, Appointment.CANCELLATION_ONLY, Appointment.CANCELED,
)  # fmt: skip
