"""The cases planted on purpose in every size (8.4): what a real platform shows once in a while and a loader gets wrong.

Belongs here: cases about people and their clinics, and rows written twice. Appointments: dirty_appointments.py. Does
not belong here: which rows they use (numbers.py), what changes while the ETL runs (mutate.py).
A case is one row or two, and no row has two that hide each other.
"""

from datetime import datetime, timedelta
from typing import Any

from etl_assets.demo.lacrei.clock import Window
from etl_assets.demo.lacrei.dirty_appointments import plant_appointments
from etl_assets.demo.lacrei.ids import uuid
from etl_assets.demo.lacrei.numbers import Clinic, Patient, Professional
from etl_assets.demo.lacrei.planting import again, copy_id, set_values
from etl_assets.demo.postgres import Cursor

ORPHAN = 99  # of every lookup
BAD_PRICES = {
    Clinic.PRICE_IN_WORDS: "R$ 150,00", Clinic.PRICE_WITH_BOTH: "1.234,56", Clinic.PRICE_WITH_BOTH_AMERICAN: "1,234.56",
    Clinic.NOT_A_PRICE: "-", Clinic.PRICE_BEYOND_RANGE: "-50.00",
}  # fmt: skip
MINOR_YEARS = 14


def plant(cur: Cursor, span: Window) -> None:
    cutoff = datetime(1970, 1, 1) + timedelta(microseconds=span.cutoff)
    _users(cur, cutoff)
    _profiles(cur)
    _professionals(cur)
    _clinics(cur)
    plant_appointments(cur)


def _users(cur: Cursor, cutoff: datetime) -> None:
    def user(number: Patient, **values: Any) -> None:
        set_values(cur, "lacreiid_user", uuid("patient", number), **values)

    user(Patient.SPELLED, is_active="Sim", newsletter_subscribed="nao", email_verified="1", phone_verified="T",
         last_login="2024-03-10T12:00:00Z")  # fmt: skip
    user(Patient.SPELLED_AGAIN, is_active=" NÃO ", newsletter_subscribed="s", email_verified="talvez",
         phone_verified="", last_login="2024-03-10T22:30:00-03:00")  # fmt: skip
    user(Patient.BLANK, first_name="", last_name="   ", phone="", logged_as=" ", last_login="2024-03-10 12:00:00")
    user(Patient.BAD_BIRTH_DATE, birth_date="31/02/1990", last_login="nunca")
    user(Patient.ZONED_BIRTH_DATE, birth_date="1990-05-10T00:00:00-03:00")
    user(Patient.MINOR, birth_date=str(cutoff.replace(year=cutoff.year - MINOR_YEARS, day=1).date()),
         is_18_years_old_or_more=False)  # fmt: skip
    for number, active in ((Patient.HOMONYM, "true"), (Patient.OTHER_HOMONYM, "false")):
        user(number, first_name="Ana", last_name="Lima", birth_date="1991-07-15", is_active=active)
    user(Patient.NO_DOCUMENT, privacy_document_id=None, accepted_privacy_document=False)
    user(Patient.NO_TIMES, created_at=None, updated_at=None)
    again(cur, "lacreiid_user", uuid("patient", Patient.TWICE), older=True, logged_as="versão antiga")
    again(cur, "lacreiid_user", uuid("patient", Patient.TWICE_EQUAL), older=False, logged_as="outra versão")
    user(Patient.PADDED, id=f"  {uuid('patient', Patient.PADDED)} ")


def _profiles(cur: Cursor) -> None:
    def profile(number: Patient, **values: Any) -> None:
        set_values(cur, "lacreiid_profile", uuid("profile", number), **values)

    profile(Patient.SPELLED, pronoun_id=" 2 ", other_article="", other_pronoun="   ")
    profile(Patient.SPELLED_AGAIN, pronoun_id="2.0")
    profile(Patient.ORPHAN_LOOKUP, gender_identity_id=ORPHAN, ethnic_group_id=ORPHAN)
    owner = uuid("profile", Patient.TWO_PROFILES)
    # The younger profile is the one that counts, and differs.
    copy_id(cur, "lacreiid_profile", owner, uuid("second_profile", Patient.TWO_PROFILES))
    set_values(cur, "lacreiid_profile", uuid("second_profile", Patient.TWO_PROFILES), gender_identity_id=6)
    cur.execute(
        "UPDATE lacreiid_profile SET created_at = created_at + interval '1 hour', updated_at = updated_at"
        " + interval '1 hour' WHERE id = %s",
        [uuid("second_profile", Patient.TWO_PROFILES)],
    )
    copy_id(cur, "lacreiid_profile", owner, uuid("profile", Patient.NO_PROFILE), user_id=uuid("nobody", 1))
    cur.execute(
        "UPDATE lacreiid_profile_disability_types SET profile_id = %s, disabilitytype_id = %s WHERE id = (SELECT id"
        " FROM lacreiid_profile_disability_types ORDER BY profile_id <> %s, id LIMIT 1)",
        [owner, ORPHAN, owner],
    )


def _professionals(cur: Cursor) -> None:
    def professional(number: Professional, **values: Any) -> None:
        set_values(cur, "lacreisaude_professional", uuid("professional", number), **values)

    for number, specialty in ((Professional.HOMONYM, "Psicologia"), (Professional.OTHER_HOMONYM, "Nutrição")):
        professional(number, full_name="Caio Rocha", state_id=20, specialty=specialty)
    professional(Professional.NO_STATE, state_id=None)
    professional(Professional.ORPHAN_STATE, state_id=ORPHAN)
    professional(Professional.SPELLED, active="S", published="não", about_me="  ", search_synonym="", specialty="  ")
    professional(Professional.NO_SPECIALTY, specialty=None)
    professional(Professional.NO_TIMES, created_at=None, updated_at=None)
    again(cur, "lacreisaude_professional", uuid("professional", Professional.TWICE), older=True,
          specialty="Pediatria")  # fmt: skip
    key = uuid("professional", Professional.PADDED)
    professional(Professional.PADDED, id=f" {key}  ")


def _clinics(cur: Cursor) -> None:
    def clinic(number: Clinic, **values: Any) -> None:
        set_values(cur, "lacreisaude_clinic", uuid("clinic", number), **values)

    for number, price in BAD_PRICES.items():
        clinic(number, consult_price=price)
    clinic(Clinic.PRICE_IN_WORDS, duration_minutes="50 min")
    clinic(Clinic.PRICE_WITH_BOTH, duration_minutes=" 40 ", is_presential_clinic="Sim", is_online_clinic="nao")
    clinic(Clinic.NO_CITY, city=None)
    clinic(Clinic.BLANK_CITY, city="  ")
    clinic(Clinic.NO_TIMES, created_at=None, updated_at=None, state_id=ORPHAN)
    again(cur, "lacreisaude_clinic", uuid("clinic", Clinic.TWICE_EQUAL), older=False, name="Outra versão")
    key = uuid("clinic", Clinic.PADDED)
    clinic(Clinic.PADDED, id=f"{key}\t", professional_id=f" {uuid('professional', Clinic.PADDED)}")
    cur.execute("UPDATE lacreisaude_professional_disability_types SET disabilitytype_id = %s WHERE id = 1", [ORPHAN])
