"""Lookups and documents of the platform. Belongs here: tables without personal data."""

from __future__ import annotations

from etl_assets.systems.lacrei.columns import BOOL, DATED, IDN, INT, TXT, Row
from etl_assets.systems.lacrei.entity import Entity

_NAMED: tuple[Row, ...] = (
    ("id", IDN, "Id"),
    *DATED,
    ("bagde", TXT, "Badge; misspelled in the source and kept so"),
    ("position_order", INT, "Place in lists"),
    ("name", TXT, "Label"),
)

LOOKUPS: tuple[Entity, ...] = (
    Entity("lacreiid_sexualorientation", "Sexual orientations", _NAMED),
    Entity("lacreiid_ethnicgroup", "Ethnic groups", _NAMED),
    Entity("lacreiid_genderidentity", "Gender identities", _NAMED),
    Entity(
        "lacreiid_disabilitytype",
        "Types of disability",
        (
            ("id", IDN, "Id"),
            *DATED,
            ("badge", TXT, "Badge"),
            ("position_order", INT, "Place in lists"),
            ("name", TXT, "Label"),
        ),
    ),
    Entity(
        "lacreiid_pronoun",
        "Pronouns",
        (
            ("id", IDN, "Id"),
            *DATED,
            ("bagde", TXT, "Badge; misspelled in the source and kept so"),
            ("position_order", INT, "Place in lists"),
            ("article", TXT, "Article that goes with it"),
            ("pronoun", TXT, "Label"),
        ),
    ),
    Entity(
        "address_state",
        "States of Brazil",
        (
            ("id", IDN, "Id"),
            *DATED,
            ("name", TXT, "Full name"),
            ("code", TXT, "Two letters (UF)"),
            ("ibge_code", TXT, "Code of the statistics office, kept as text"),
            ("active", BOOL, "In use"),
            ("country_id", INT, "Country"),
        ),
    ),
    Entity(
        "lacrei_privacydocument",
        "Versions of the privacy documents",
        (
            ("id", IDN, "Id"),
            *DATED,
            ("privacy_policy", TXT, "Privacy policy, a text or a file's path"),
            ("terms_of_use", TXT, "Terms of use, a text or a file's path"),
            ("profile_type", TXT, "Whom it is for: Paciente or Profissional; decides who is a patient"),
        ),
    ),
)
