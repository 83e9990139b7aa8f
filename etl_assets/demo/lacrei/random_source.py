"""The rows of a source at its nastiest, drawn one by one.

Belongs here: what makes two implementations of a rule disagree: every spelling, every NULL, ids twice, ties, moments on
edges, matches of one with many. Does not belong here: plausibility (synthesize.py), how values are drawn
(random_draws.py), the database.
"""

from datetime import timedelta
from typing import Any

from etl_assets.demo.lacrei import spellings as s
from etl_assets.demo.lacrei import vocabulary as v
from etl_assets.demo.lacrei.random_draws import STEPS, Draws

PATIENTS, PROFESSIONALS, DOCUMENTS = 60, 24, len(s.PROFILE_TYPES)
_FREE = ("ethnic_group", "gender_identity", "sexual_orientation", "pronoun", "disability_types", "article")


class RandomSource(Draws):
    def lookups(self) -> None:
        stamp = {"created_at": self.born, "updated_at": self.born}
        odd = ("x", "", " 98 ", "01", "99999999999999", "-1", "2.0")
        for table, label, names in (
            ("lacreiid_disabilitytype", "badge", v.DISABILITIES),
            ("lacreiid_genderidentity", "bagde", v.GENDER_IDENTITIES),
            ("lacreiid_sexualorientation", "bagde", v.SEXUAL_ORIENTATIONS),
            ("lacreiid_ethnicgroup", "bagde", v.ETHNIC_GROUPS),
        ):
            keys = [*(str(k) for k in range(1, len(names) + 1)), *self.rng.sample(odd, 4)]
            for place, key in enumerate(keys):
                name = names[place] if place < len(names) else f"  rótulo {key}"
                self.add(table, id=key, position_order=self.maybe(place), name=name, **{label: self.maybe("")}, **stamp)
        for place, key in enumerate(("1", "2", " 3 ", "4", "5", "y", "05")):
            article, words = v.PRONOUNS[place % 5]
            self.add("lacreiid_pronoun", id=key, bagde=None, position_order=place, article=article,
                     pronoun=self.pick((words, words, "", None)), **stamp)  # fmt: skip
        for number, name, code, ibge in v.STATES:
            self.add("address_state", id=str(number), name=name, code=code, ibge_code=ibge, active=number % 5 > 0,
                     country_id=1, **stamp)  # fmt: skip
        for number, kind in enumerate(s.PROFILE_TYPES, 1):
            self.add("lacrei_privacydocument", id=number, privacy_policy=self.pick(s.TEXTS), terms_of_use="termos",
                     profile_type=kind, **stamp)  # fmt: skip

    def identity(self) -> dict[str, Any]:
        named = {f"other_{name}": self.maybe(self.pick(s.TEXTS), 0.3) for name in _FREE}
        return named | {
            "ethnic_group_id": self.maybe(self.pick((1, 2, 3, 6, 98, 99))),
            "gender_identity_id": self.maybe(self.pick((1, 2, 10, 98, 99))),
            "sexual_orientation_id": self.maybe(self.pick((1, 8, 98, 99))),
            "photo": self.maybe("f.jpg"), "photo_description": self.maybe(self.pick(s.TEXTS)),
        }  # fmt: skip

    def birth(self) -> str | None:
        """Around each limit of the age groups, to the day, as of the last day of the source."""
        if self.rng.random() < 0.15:
            return self.rng.choice(
                (None, "", "  ", "31/02/1990", "1990-02-30", "1850-01-01", "2999-01-01", "desconhecida")
            )
        years: int = self.deal("age", (17, 18, 25, 26, 35, 36, 45, 46, 60, 61, 80))
        day = self.until.replace(year=self.until.year - years) + timedelta(days=self.rng.choice((-1, 0, 0, 1)))
        return self.rng.choice(
            (f"{day}", f"{day}", f" {day} ", f"{day}T00:00:00Z", f"{day}T00:00:00-03:00", f"{day} 23:30:00")
        )

    def people(self) -> None:
        for number in range(1, PATIENTS + 1):
            kind, key = ("patient", number) if number <= PATIENTS - 4 else ("professional_user", number - PATIENTS + 4)
            self.entity(
                "lacreiid_user", kind, key, password="FAKE", is_superuser=False, is_staff=number % 9 == 0,
                is_active=self.deal("is_active", s.BOOLEANS), email=f"u{number}@example.com",
                first_name=self.pick(("Ana", "Ana", *s.TEXTS)), last_name=self.pick(("Lima", *s.TEXTS, None)),
                birth_date=self.birth(), is_18_years_old_or_more=self.maybe(True),
                last_login=self.spelled(self.moment()), email_verified=self.deal("email_verified", (*s.BOOLEANS, None)),
                accepted_privacy_document=self.maybe(True),
                newsletter_subscribed=self.deal("newsletter_subscribed", (*s.BOOLEANS, None)),
                phone=self.maybe("+5500900000000"), phone_verified=self.deal("phone_verified", (*s.BOOLEANS, None)),
                phone_verification_token=self.maybe("FAKE"), phone_verification_token_expires_at=self.maybe(self.born),
                privacy_document_id=self.pick((1, 1, 1, None, *range(1, DOCUMENTS + 3))),
                logged_as=self.maybe(self.pick(s.TEXTS)), **self.stamps(),
            )  # fmt: skip
            for profile in ("profile", "second_profile")[: self.pick((0, 1, 1, 1, 2))]:
                self.entity(
                    "lacreiid_profile", profile, number, completed=number % 3 > 0, user_id=self.id(kind, key),
                    pronoun_id=self.deal("pronoun", (*s.INTEGERS, "1", "2", "3", None)),
                    **self.identity(), **self.stamps(),
                )  # fmt: skip
        self._bridge("lacreiid_profile_disability_types", "profile_id", "profile", PATIENTS)

    def _bridge(self, table: str, column: str, kind: str, owners: int) -> None:
        taken, number = set(), 0
        for owner in range(1, owners + 1):
            for disability in sorted(self.rng.sample((1, 2, 3, 4, 7, 8, 98, 99), self.pick((0, 0, 1, 2, 4)))):
                pair = (self.id(kind, owner), disability)
                if pair not in taken:
                    taken.add(pair)
                    number += self.rng.randint(1, 3)
                    self.add(table, id=number, **{column: pair[0]}, disabilitytype_id=disability)

    def professionals(self) -> None:
        for number in range(1, PROFESSIONALS + 1):
            self.entity(
                "lacreisaude_professional", "professional", number,
                full_name=self.pick(("Caio Rocha", "caio rocha ", *s.TEXTS)), about_me=self.maybe(self.pick(s.TEXTS)),
                profile_status=self.pick((*v.PROFILE_STATUSES, "")), active=self.deal("active", s.BOOLEANS),
                published=self.deal("published", s.BOOLEANS), document_number=self.maybe("FAKE"),
                board_registration_number=self.maybe("FAKE"), accepted_privacy_document=self.maybe(True),
                safety_measures=self.maybe(""),
                specialty=self.pick((*v.SPECIALTIES[:4], " Psicologia ", "", "  ", None)),
                specialty_number_rqe=self.maybe("FAKE"), board_certification_selfie=self.maybe("s.jpg"),
                privacy_document_id=self.pick((2, 2, None, 99, *range(1, DOCUMENTS + 1))),
                profession_id=self.maybe(3), pronoun_id=self.maybe(self.pick((1, 3, 5, 99))),
                state_id=self.pick((20, 17, 19, 99, None)), user_id=self.id("professional_user", number),
                search_synonym=self.maybe(""), **self.identity(), **self.stamps(),
            )  # fmt: skip
            for clinic in ("clinic", "second_clinic", "third_clinic")[: self.pick((0, 1, 2, 3))]:
                self.entity(
                    "lacreisaude_clinic", clinic, number, is_presential_clinic=self.pick((*s.BOOLEANS, "true", "true")),
                    is_online_clinic=self.pick((*s.BOOLEANS, "true", "true")), name=self.pick((*s.TEXTS, None)),
                    zip_code=self.maybe("00000-000"), neighborhood=self.maybe(""), address=self.maybe("Rua do Sol"),
                    city=self.pick(("Recife", " Recife", "", None)), addresss_line2=self.maybe(""),
                    phone=self.maybe("1"), phone_whatsapp=self.maybe("1"),
                    consult_price=self.deal("price", (*s.PRICES, None)),
                    duration_minutes=self.deal("minutes", (*s.INTEGERS, None)),
                    accepts_insurance_providers=self.maybe(True),
                    provides_accessibility_standards=self.maybe(False), online_clinic_phone=self.maybe("1"),
                    online_clinic_phone_whatsapp=self.maybe("1"),
                    online_clinic_consult_price=self.maybe(self.pick((0, 80.5, 5001, -1))),
                    online_clinic_duration_minutes=self.maybe(self.pick((0, 9, 50, -5))),
                    online_clinic_accepts_insurance_providers=self.maybe(True),
                    professional_id=self.id("professional", number), registered_neighborhood_id=self.maybe(4),
                    state_id=self.pick((20, 99, None)), **self.stamps(),
                )  # fmt: skip
        self._bridge("lacreisaude_professional_disability_types", "professional_id", "professional", PROFESSIONALS)

    def appointment(self, number: int) -> None:
        stamps = self.stamps()
        met = (stamps["created_at"] or self.moment()) + self.pick(STEPS)
        patient = self.rng.randint(1, PATIENTS - 4)
        person = ("patient", patient) if self.rng.random() < 0.93 else ("professional_user", self.rng.randint(1, 4))
        self.entity(
            "lacreiid_appointment", "appointment", number, date=self.spelled(met),
            status=self.deal("status", s.STATUSES), type=self.deal("type", s.TYPES),
            professional_id=self.id("professional", self.rng.randint(1, PROFESSIONALS)),
            user_id=self.id(*person), agreement_id=self.maybe(self.pick(s.TEXTS), 0.3), **stamps,
        )  # fmt: skip
        told = self.moment()
        for place in range(self.pick((0, 0, 1, 2, 3))):
            told += self.pick((timedelta(), timedelta(), timedelta(microseconds=1), timedelta(hours=1)))
            changed = {"created_at": self.spelled(told), "updated_at": self.maybe(told, 0.9)}
            self.entity(
                "lacreiid_cancellation", "cancellation", 10 * number + place,
                reason=self.maybe(self.deal("reason", s.REASONS)),
                appointment_id=self.id("appointment", number), created_by_content_type_id=self.maybe(11),
                created_by_object_d=self.maybe(self.id("patient", patient)), **changed,
            )  # fmt: skip
        for place in range(self.pick((0, 0, 1, 1, 2, 3))):
            told += self.pick((timedelta(), timedelta(), timedelta(microseconds=1), timedelta(days=20)))
            changed = {"created_at": self.spelled(told), "updated_at": self.maybe(told, 0.9)}
            self.entity(
                "lacreiid_report", "report", 10 * number + place, feedback=self.maybe(self.pick(s.TEXTS)),
                eval=self.maybe(self.pick((-1, 0, 1, 2, 3, 4, 5, 5, 6, 9))),
                appointment_id=self.id("appointment", number), created_by_content_type_id=self.maybe(11),
                created_by_object_id=self.maybe(self.id("patient", patient)), **changed,
            )  # fmt: skip
