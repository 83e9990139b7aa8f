"""Users of the platform and the profiles of patients. Does not belong here: professionals."""

from __future__ import annotations

from etl_assets.systems.lacrei.columns import (
    BOOL,
    CONTACT,
    DATE,
    DATED,
    ID,
    IDENTIFIER,
    IDN,
    INT,
    NULLED,
    NULLED_TS,
    OTHERS,
    QUASI,
    SECRET,
    SENSITIVE,
    TRM,
    TS,
    TXT,
)
from etl_assets.systems.lacrei.entity import Entity

PEOPLE: tuple[Entity, ...] = (
    Entity(
        "lacreiid_user",
        "Users, patients and professionals alike",
        (
            ("id > user_id", ID, "User", QUASI),
            ("password", NULLED, "Hash of the password; never read", SECRET),
            ("is_superuser", BOOL, "May do everything"),
            ("is_staff", BOOL, "Works for the platform"),
            ("is_active", BOOL, "May log in"),
            ("created_at", TS, "Registration (UTC)"),
            DATED[1],
            ("email", NULLED, "E-mail; never read", CONTACT),
            ("first_name", TXT, "First name; ends in staging 01", IDENTIFIER),
            ("last_name", TXT, "Last name; ends in staging 01", IDENTIFIER),
            ("birth_date", DATE, "Day of birth, no time zone in it", QUASI),
            ("is_18_years_old_or_more", BOOL, "Declared to be of age"),
            ("last_login", TS, "Last login (UTC)"),
            ("email_verified", BOOL, "E-mail is confirmed"),
            ("accepted_privacy_document", BOOL, "Accepted the privacy document"),
            ("newsletter_subscribed", BOOL, "Takes the newsletter"),
            ("phone", NULLED, "Phone; never read", CONTACT),
            ("phone_verified", BOOL, "Phone is confirmed"),
            ("phone_verification_token", NULLED, "Token; never read", SECRET),
            ("phone_verification_token_expires_at", NULLED_TS, "End of that token; never read", SECRET),
            ("privacy_document_id", INT, "Privacy document accepted"),
            ("logged_as", TXT, "Last role used"),
        ),
        # No index on email, which is always NULL.
        indexes=("last_login", "privacy_document_id"),
    ),
    Entity(
        "lacreiid_profile",
        "Profiles of patients, one per user",
        (
            ("id > profile_id", ID, "Profile", QUASI),
            *DATED,
            *OTHERS,
            ("completed", BOOL, "Profile is filled in"),
            ("photo", TXT, "Path of the photo; ends in staging 01", IDENTIFIER),
            ("photo_description", TXT, "What the photo shows; ends in staging 01", IDENTIFIER),
            ("ethnic_group_id > ethnic_group", INT, "Ethnic group", SENSITIVE),
            ("gender_identity_id > gender_identity", INT, "Gender identity", SENSITIVE),
            ("pronoun_id > pronoun", INT, "Pronoun", SENSITIVE),
            ("sexual_orientation_id > sexual_orientation", INT, "Sexual orientation", SENSITIVE),
            ("user_id", TRM, "User the profile is of", QUASI),
        ),
        indexes=("user_id",),
    ),
    Entity(
        "lacreiid_profile_disability_types",
        "Disabilities of patients",
        (
            ("id", IDN, "Id"),
            ("profile_id", TRM, "Profile", SENSITIVE),
            ("disabilitytype_id", INT, "Type of disability", SENSITIVE),
        ),
        indexes=("profile_id", "disabilitytype_id"),
    ),
)
