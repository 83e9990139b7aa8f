"""Gaps of the original Lacrei model (specs/lacrei.md 7), each with what it did and what is right, on PostgreSQL.

Belongs here: dimensions, their keys, and what all tables have in common. Does not belong here: the fact
(test_lacrei_fact.py), marts (test_lacrei_marts.py), stagings.
"""

from __future__ import annotations

from datetime import date

import pytest

from etl_assets.engine.errors import SettingsError
from etl_assets_tests.lacrei import written
from etl_assets_tests.lacrei_model import FACT, LINKS, PROFESSIONAL, SURROGATES, MakeStar, Star
from etl_assets_tests.lacrei_model import PATIENT as PATIENT_DOCUMENT

pytestmark = pytest.mark.db


def test_g03_empty_source_tables_are_empty_tables_and_no_made_up_row(make_star: MakeStar) -> None:
    """The original put a made-up row into each empty table: appointment `1` of 2020-01-01, user `u1`."""
    star = make_star()
    star.load()
    stored = [s for s in star.specs if not s.is_view]
    assert len(stored) == 47
    assert {s.relation for s in stored if star.one(f"SELECT count(*) FROM {s.relation}")} == set()
    assert star.violations() == {}


def test_g11_a_second_run_keeps_every_patient(star: Star) -> None:
    """The original wiped the names after the load and joined on names: all patients were gone with the second run."""
    star.load()
    before = star.one(f"SELECT patient_id FROM {FACT}")
    star.load("full")
    assert star.rows(f"SELECT patient_id FROM {FACT}") == [(before,)]
    assert before is not None


def test_g13_what_has_no_feedback_city_or_state_is_there_once(make_star: MakeStar) -> None:
    """The original keyed on these columns: NULL is never equal, so each run inserted the rows again."""
    star = make_star().base()
    star.patient("pat")
    star.professional("pro", state_id=None)
    star.clinic("cli", "pro", city=None, name=None)
    star.appointment("app", "2025-05-02 09:00Z")
    star.report("rep", "app", feedback=None)
    star.load()
    first = star.surrogates()
    star.load("full")
    assert star.surrogates() == first
    assert {t: len(members) for t, members in first.items()} == dict.fromkeys(SURROGATES, 1)
    assert star.rows(f"SELECT {LINKS} FROM {FACT}") == [(True, True, True, True)]


def test_g17_homonyms_are_two(star: Star) -> None:
    """The original told people apart by names: equal ones became one, others aborted the load."""
    star.patient("pat 2", is_active="false")
    star.professional("pro 2", specialty="Nutrição")
    star.appointment("app 2", "2025-05-03 09:00Z", user_id="pat 2", professional_id="pro 2")
    star.load()
    assert star.one("SELECT count(*) FROM m.dim_patient") == 2
    assert star.one("SELECT count(*) FROM m.dim_professional") == 2
    assert star.one(f"SELECT count(DISTINCT patient_id) + count(DISTINCT professional_id) FROM {FACT}") == 4


def test_g18_g41_a_professional_who_moves_is_the_same_row(star: Star) -> None:
    """The original had the state in the key: a second row came, and the old one's appointments counted twice."""
    star.load()
    before = star.surrogates()
    star.update(
        "lacreisaude_professional",
        "pro",
        f"state_id = 2, specialty = 'Nutrição', privacy_document_id = {PATIENT_DOCUMENT}",
    )
    star.update("lacreiid_user", "pat", "birth_date = '1980-01-01'")
    star.load()
    assert star.surrogates() == before
    assert star.rows("SELECT state, specialty, profile_type FROM m.dim_professional") == [
        ("Bahia", "Nutrição", "Paciente")
    ]
    assert star.rows("SELECT birth_date FROM m.dim_patient") == [(date(1980, 1, 1),)]
    assert star.rows("SELECT specialty, total_appointments FROM mart.professional_appointments") == [("Nutrição", 1)]
    assert star.rows("SELECT specialty, state, total_appointments FROM mart.mart_appointments") == [
        ("Nutrição", "Bahia", 1)
    ]
    assert star.rows("SELECT specialty, state, total_reports FROM mart.mart_feedback") == [("Nutrição", "Bahia", 1)]


def test_g19_keys_tell_nothing_without_the_secret_and_last(star: Star) -> None:
    """The original's was an unsalted md5 of name and birth date: guessed in seconds, another after a typo is mended."""
    star.load()
    before = star.surrogates()
    for members in before.values():
        for key in members:
            assert len(str(key)) == 64
    star.update("lacreiid_user", "pat", "first_name = 'Anna', birth_date = '1991-05-10'")
    star.load()
    assert star.surrogates() == before
    everything = [s for s in star.specs if s.layer in ("model", "mart")]
    for spec in everything:
        text = str(star.rows(f"SELECT t::text FROM {spec.relation} AS t"))
        assert "pat'" not in text, spec.name
        assert "pepper" not in text, spec.name
    assert star.one("SELECT count(*) FROM ctl.deployed AS t WHERE t::text LIKE '%pepper%'") == 0


def test_another_secret_is_refused(star: Star) -> None:
    star.load()
    with pytest.raises(
        SettingsError, match="LACREI_HASH_SALT is not the value the keys in this warehouse were made with"
    ):
        star.again(salt="ginger")
    assert written(star.load()) == {}


def test_g21_what_is_not_in_its_lookup_is_not_told_by_its_number(make_star: MakeStar) -> None:
    """The original showed the id. Orphans are counted; what the source does not say stays NULL."""
    star = make_star().base()
    star.professional("pro", state_id=9, ethnic_group_id=9, gender_identity_id=None, privacy_document_id=9)
    star.clinic("cli", "pro", state_id=9)
    star.patient("pat")
    star.profile("prof", "pat", pronoun_id=9, sexual_orientation_id=1)
    star.load()
    assert star.rows("SELECT state, ethnic_group, gender_identity, profile_type FROM m.dim_professional") == [
        ("N/I", "N/I", None, None)
    ]
    assert star.rows("SELECT state FROM m.dim_clinic") == [("N/I",)]
    assert star.rows("SELECT pronoun, sexual_orientation, ethnic_group FROM m.dim_patient") == [("N/I", "Um", None)]
    assert star.violations() == {
        "dim_professional.state_resolved": 1, "dim_professional.ethnic_group_resolved": 1,
        "dim_professional.professional_privacy_document_id_exists": 1, "dim_clinic.state_resolved": 1,
        "dim_patient.pronoun_resolved": 1,
    }  # fmt: skip
    star.add("address_state", {"id": 9, "name": "Acre", "created_at": "2025-01-01Z", "updated_at": "2025-01-01Z"})
    star.load()
    assert star.rows("SELECT state FROM m.dim_clinic") == [("Acre",)], "a label that comes later is taken up"


def test_g23_disabilities_are_each_named_once_in_order(star: Star) -> None:
    """The original took DISTINCT over arrays of any order: the same set could be two."""
    star.profile("prof", "pat")
    for id_, person, type_ in ((1, "prof", 1), (2, "prof", 2), (3, " prof", 1), (4, "prof", 9)):
        star.put("lacreiid_profile_disability_types", id=id_, profile_id=person, disabilitytype_id=type_)
    star.load()
    assert star.rows("SELECT disability_type FROM m.dim_patient") == [(["Dois", "Um"],)]
    assert star.rows("SELECT disability_type FROM m.dim_professional") == [([],)]
    star.change("DELETE FROM lacreiid_profile_disability_types WHERE id = 2")
    star.load()
    assert star.rows("SELECT disability_type FROM m.dim_patient") == [(["Um"],)]


def test_g24_what_the_source_deletes_leaves_the_fact_and_is_marked_in_dimensions(star: Star) -> None:
    """The original never noticed."""
    star.patient("pat 2")
    star.appointment("app 2", "2025-06-02 09:00Z", user_id="pat 2")
    star.load()
    before = star.surrogates()
    for table, id_ in (("lacreiid_appointment", "app"), ("lacreiid_user", "pat"), ("lacreisaude_professional", "pro"),
                       ("lacreisaude_clinic", "cli"), ("lacreiid_report", "rep")):  # fmt: skip
        star.change(f"DELETE FROM {table} WHERE id = '{id_}'")
    star.load()
    after = star.surrogates()
    for table in ("dim_report", "dim_clinic", "dim_professional", "dim_patient"):
        assert after[table] == before[table], table
        assert star.one(f"SELECT count(*) FROM m.{table} WHERE is_deleted") == 1, table
    assert star.rows(f"SELECT date_id, professional_id IS NOT NULL, clinic_id FROM {FACT}") == [(20250602, True, None)]
    assert star.rows("SELECT sum(total_patients) FROM mart.patients") == [(1,)]
    assert star.rows("SELECT count(*) FROM mart.professionals") == [(0,)]
    assert star.rows("SELECT sum(total_appointments) FROM mart.professional_appointments") == [(1,)], "history stays"


def test_patients_are_users_with_a_document_for_patients_however_it_is_written(make_star: MakeStar) -> None:
    """4.5: the original wanted `Paciente` to the letter. Users without a document are counted."""
    star = make_star().base()
    star.put("lacrei_privacydocument", id=3, profile_type=" PATIENT ", privacy_policy="p", terms_of_use="t")
    star.patient("a")
    star.patient("b", privacy_document_id=3)
    star.patient("c", privacy_document_id=PROFESSIONAL)
    star.patient("d", privacy_document_id=None)
    star.patient("e", privacy_document_id=9)
    star.appointment("app", "2025-05-02 09:00Z", user_id="c")
    star.load()
    assert star.rows("SELECT profile_type, count(*) FROM m.dim_patient GROUP BY 1") == [("Paciente", 2)]
    assert star.violations() == {
        "dim_patient.users_with_document": 2,
        "fact_lacreisaude_appointments.patient_id_found": 1,
        "fact_lacreisaude_appointments.professional_id_found": 1,
    }
    star.update("lacreiid_user", "c", f"privacy_document_id = {PATIENT_DOCUMENT}")
    star.load()
    assert star.one(f"SELECT patient_id IS NOT NULL FROM {FACT}") is True, "who becomes a patient is found"
    star.update("lacreiid_user", "c", f"privacy_document_id = {PROFESSIONAL}")
    star.load()
    assert star.one(f"SELECT patient_id FROM {FACT}") is None
    assert star.one("SELECT count(*) FROM m.dim_patient") == 2


def test_g40_no_name_and_no_free_text_is_in_the_model(star: Star) -> None:
    star.cancellation("can", "app", reason="segredo de cancelamento")
    star.change("UPDATE lacreiid_report SET feedback = 'segredo de opinião'")
    star.load()
    for spec in star.specs:
        if spec.layer in ("model", "mart"):
            text = str(star.rows(f"SELECT t::text FROM {spec.relation} AS t"))
            for secret in ("Caio", "Rocha", "Lima", "segredo"):
                assert secret not in text, (spec.name, secret)
    assert star.rows("SELECT has_feedback FROM m.dim_report") == [(True,)]
    assert star.rows("SELECT full_name FROM m.dim_lacreisaude_professional") == [(None,)]
    assert star.rows("SELECT first_name, last_name, profile_type FROM m.dim_lacreisaude_patient") == [
        (None, None, "Paciente")
    ]
    assert star.rows("SELECT feedback, evaluation FROM m.dim_lacreisaude_report") == [(None, 4)]
    assert star.rows("SELECT name, city FROM m.dim_lacreisaude_clinic") == [("Clínica", "Santos")]
    assert star.one("SELECT count(*) FROM m.dim_lacreisaude_date") == star.one("SELECT count(*) FROM m.dim_date")


def test_g42_surrogates_are_allocated_once_and_no_number_is_lost(star: Star) -> None:
    """The original's upserts took a number for every row of every run."""
    star.load()
    before = star.surrogates()
    for _ in range(3):
        star.load("full")
    star.patient("pat 2")
    star.load()
    after = star.surrogates()["dim_patient"]
    assert sorted(after.values()) == [1, 2]
    assert before["dim_patient"].items() <= after.items()
