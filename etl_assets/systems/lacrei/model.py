"""The five dimensions. No source id, no name of a person, no free text is in them.

Belongs here: columns, keys and loading of each. Does not belong here: the SQL, checks (quality.py), the fact.
Members are told apart by a hash of their source id under a secret; their surrogate is allocated once and stays. Members
the source has deleted stay, marked; a user who is a patient no longer leaves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from etl_assets.engine.checks import Check
from etl_assets.engine.spec import Anything, Ignore, Keys, Merge, Reading, Replace, TableSpec
from etl_assets.systems.lacrei import feeds, quality
from etl_assets.systems.lacrei.columns import QUASI, SENSITIVE
from etl_assets.systems.lacrei.feeds import S2
from etl_assets.systems.lacrei.star import BOOL, DATE, INT, MODEL, NAIVE, PRICE, TEXT, TEXTS, Row, identity, stored

_DELETED: Row = ("is_deleted!", BOOL, "The source has the row no more")

DATES: tuple[Row, ...] = (
    ("date_id!", INT, "The day as YYYYMMDD"),
    ("calendar_date!", DATE, "The day"),
    ("day!", INT, "Day of the month"),
    ("month!", INT, "Month"),
    ("year!", INT, "Year"),
    ("week!", INT, "ISO week; goes with iso_year, not with year"),
    ("iso_year!", INT, "Year the ISO week belongs to"),
    ("quarter!", INT, "Quarter"),
)
REPORT: tuple[Row, ...] = (
    ("report_key!", TEXT, "Hash of the report's id under the secret"),
    ("created_at", NAIVE, "When it was written (UTC)"),
    ("has_feedback!", BOOL, "It has a comment; the text stays in staging 02"),
    ("evaluation", INT, "Score, 1 to 5; NULL without one, or with one outside of the scale"),
    _DELETED,
)
CLINIC: tuple[Row, ...] = (
    ("clinic_key!", TEXT, "Hash of the clinic's id under the secret"),
    ("created_at", NAIVE, "When it was registered (UTC)"),
    ("is_presential_clinic", BOOL, "Receives patients in person"),
    ("is_online_clinic", BOOL, "Attends online"),
    ("name", TEXT, "Name of the clinic", QUASI),
    ("zip_code", TEXT, "Postal code", QUASI),
    ("city", TEXT, "City"),
    ("consult_price", PRICE, "Price of a consultation in person, BRL"),
    ("duration_minutes", INT, "Duration of one in person, minutes"),
    ("accepts_insurance_providers", BOOL, "Takes health insurance in person"),
    ("provides_accessibility_standards", BOOL, "Is accessible"),
    ("online_clinic_consult_price", PRICE, "Price of a consultation online, BRL"),
    ("online_clinic_duration_minutes", INT, "Duration of one online, minutes"),
    ("online_clinic_accepts_insurance_providers", BOOL, "Takes health insurance online"),
    ("state", TEXT, "State, full name; N/I when the source names one that does not exist"),
    _DELETED,
)
_IDENTITY: tuple[Row, ...] = (
    ("ethnic_group", TEXT, "Ethnic group; N/I when the source names one that does not exist", SENSITIVE),
    ("gender_identity", TEXT, "Gender identity; N/I likewise", SENSITIVE),
    ("sexual_orientation", TEXT, "Sexual orientation; N/I likewise", SENSITIVE),
    ("pronoun", TEXT, "Pronoun; N/I likewise", SENSITIVE),
)
_DISABILITIES: Row = ("disability_type!", TEXTS, "Types of disability, each once, in alphabetical order", SENSITIVE)
PROFESSIONAL: tuple[Row, ...] = (
    ("professional_key!", TEXT, "Hash of the professional's id under the secret"),
    ("created_at", NAIVE, "When the professional registered (UTC)"),
    ("profile_status", TEXT, "Status of the profile, as in the source"),
    ("active", BOOL, "The profile is active"),
    ("published", BOOL, "The profile is released for publication"),
    ("is_validated!", BOOL, "Counts in indicators of professionals (RN01): the profile is published"),
    ("specialty", TEXT, "Specialty, as in the source"),
    *_IDENTITY,
    ("profile_type", TEXT, "Paciente or Profissional, by the privacy document; NULL when that does not exist"),
    _DISABILITIES,
    ("state", TEXT, "State, full name; N/I when the source names one that does not exist"),
    _DELETED,
)
PATIENT: tuple[Row, ...] = (
    ("patient_key!", TEXT, "Hash of the user's id under the secret"),
    ("created_at", NAIVE, "When the user registered (UTC)"),
    ("birth_date", DATE, "Day of birth", QUASI),
    ("is_active", BOOL, "May log in"),
    ("profile_type!", TEXT, "Paciente"),
    *_IDENTITY,
    _DISABILITIES,
    _DELETED,
)


def _dimension(
    name: str,
    comment: str,
    rows: tuple[Row, ...],
    surrogate: str,
    load: Merge,
    reads: Mapping[str, Reading],
    checks: Sequence[Check],
) -> TableSpec:
    made = stored(MODEL, name, comment, rows, surrogate=identity(surrogate, "Surrogate key, never reused"))
    of = {f"{S2}.{table}": reading for table, reading in reads.items()}
    key = (rows[0][0].removesuffix("!"),)
    return TableSpec(system="lacrei", layer="model", table=made, key=key, load=load, reads=of, checks=checks)


def dates() -> TableSpec:
    name, itself = "dim_date", Ignore("the days it has already only say that none of them may go")
    days = stored(MODEL, name, "Calendar.", DATES, sa.UniqueConstraint("calendar_date", name="uq_dim_date_day"))
    return TableSpec(
        system="lacrei",
        layer="model",
        table=days,
        key=("date_id",),
        load=Replace(),
        reads={f"{MODEL}.{name}": itself},
        checks=quality.DATES,
    )


# Lists of a few rows: what changes in them may change every member.
_LISTS: Mapping[str, Reading] = {
    name: Anything() for name in ("lacreiid_ethnicgroup", "lacreiid_genderidentity", "lacreiid_sexualorientation",
                                  "lacreiid_pronoun", "lacreiid_disabilitytype")
}  # fmt: skip
_STATES: Mapping[str, Reading] = {"address_state": Anything()}


def _report() -> TableSpec:
    load = feeds.by_id("report", {f"{S2}.lacreiid_report": "report_id"})
    reads = {"lacreiid_report": Keys(("report_id",))}
    return _dimension(
        "dim_report", "What patients said of appointments.", REPORT, "report_id", load, reads, quality.REPORT
    )


def _clinic() -> TableSpec:
    load = feeds.by_id("clinic", {f"{S2}.lacreisaude_clinic": "clinic_id"})
    reads = {"lacreisaude_clinic": Keys(("clinic_id",)), **_STATES}
    return _dimension("dim_clinic", "Places of attendance.", CLINIC, "clinic_id", load, reads, quality.CLINIC)


def _professional() -> TableSpec:
    key, people, ticked = "professional_id", "lacreisaude_professional", "lacreisaude_professional_disability_types"
    load = feeds.by_id("professional", {f"{S2}.{people}": key, f"{S2}.{ticked}": key})
    reads = {
        people: Keys((key,)),
        ticked: Keys((key,)),
        "lacrei_privacydocument": feeds.rows_of(people, key, "privacy_document_id", "id"),
        **_LISTS,
        **_STATES,
    }
    return _dimension(
        "dim_professional", "Professionals.", PROFESSIONAL, "professional_id", load, reads, quality.PROFESSIONAL
    )


def _patient() -> TableSpec:
    key, profiles, users = "user_id", "lacreiid_profile", "lacreiid_user"
    load = feeds.by_id("patient", {f"{S2}.{users}": key, f"{S2}.{profiles}": key})
    reads = {
        users: Keys((key,)),
        profiles: Keys((key,)),
        "lacreiid_profile_disability_types": feeds.rows_of(profiles, key, "profile_id", "profile_id"),
        "lacrei_privacydocument": feeds.rows_of(users, key, "privacy_document_id", "id"),
        **_LISTS,
    }
    return _dimension("dim_patient", "Users who are patients.", PATIENT, "patient_id", load, reads, quality.PATIENT)


def dimensions() -> tuple[TableSpec, ...]:
    """Every dimension, in the order the specification has them."""
    return (dates(), _report(), _clinic(), _professional(), _patient())
