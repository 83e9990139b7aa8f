"""A day's changes of users, professionals, clinics and bridges.

Belongs here: one function per kind of change, each returning the ids it touched. Does not belong here: appointments
(day_appointments.py).
"""

from typing import Any, Final

from etl_assets.demo.lacrei import vocabulary as v
from etl_assets.demo.lacrei.day import Day, Ids
from etl_assets.demo.lacrei.ids import uuid
from etl_assets.demo.lacrei.numbers import Clinic
from etl_assets.demo.lacrei.numbers import Professional as P
from etl_assets.demo.people import email, full_names

_FLIPPED, _MOVED, _GONE, _NEW = 0.005, 0.001, 0.001, 0.001  # of their table
_BUSY: Final = "EXISTS (SELECT FROM lacreiid_appointment AS a WHERE a.professional_id = t.id)"
_UNSEEN: Final = "NOT EXISTS (SELECT FROM lacreiid_appointment AS a WHERE trim(a.user_id) = t.id)"
_OWNERS: Final = {
    "lacreiid_profile_disability_types": ("profile_id", "lacreiid_profile"),
    "lacreisaude_professional_disability_types": ("professional_id", "lacreisaude_professional"),
}


def flip(day: Day) -> Ids:
    done = day.take("lacreiid_user", day.many("lacreiid_user", _FLIPPED), "is_active IN ('true', 'false')")
    for key in done:
        active = day.value("lacreiid_user", key, "is_active")
        day.set("lacreiid_user", key, is_active="false" if active == "true" else "true")
    return {"users_flipped": done}


def move(day: Day) -> Ids:
    """Professionals with appointments change specialty, others state: neither may leave a second row behind."""
    table = "lacreisaude_professional"
    many = day.many(table, _MOVED)
    done: Ids = {}
    # A small source has no professional without a case: these cases tell nothing of the column that changes.
    for kind, column, values, cases in (
        ("professionals_respecialized", "specialty", v.SPECIALTIES, (P.NO_STATE, P.ORPHAN_STATE)),
        ("professionals_moved", "state_id", tuple(v.STATE_IDS.values()), (P.TWO_CLINICS, P.SPELLED)),
    ):
        spared = [uuid("professional", number) for number in cases]
        done[kind] = day.take(table, many, f"{column} IS NOT NULL AND {_BUSY}", spared)
        for key in done[kind]:
            present = day.value(table, key, column)
            day.set(table, key, **{column: day.rng.choice([each for each in values if each != present])})
    return done


def reprice(day: Day) -> Ids:
    table = "lacreisaude_clinic"
    cases = [uuid("clinic", number) for number in (Clinic.NO_CITY, Clinic.BLANK_CITY)]
    done = day.take(table, 1, "consult_price IS NULL OR consult_price ~ '^[0-9]+[.][0-9]+$'", cases)
    for key in done:
        price = float(day.value(table, key, "consult_price") or 90) + 10
        day.set(table, key, consult_price=f"{price:.2f}")
    return {"clinics_repriced": done}


def relink(day: Day) -> Ids:
    """Of each bridge one row names another type, one goes, and one comes; their owners do not move."""
    done: Ids = {"bridges_added": [], "bridges_changed": [], "bridges_deleted": []}
    for table, (owner, of) in _OWNERS.items():
        day.cur.execute(
            f"SELECT id FROM {table} WHERE disabilitytype_id <= 8 ORDER BY hashint8extended(id, %s) LIMIT 2".encode(),
            [day.rng.getrandbits(60)],
        )
        present = [key for (key,) in day.cur.fetchall()]
        # The natural key stays unique: the first type its owner has not declared.
        day.cur.execute(
            f"UPDATE {table} AS t SET disabilitytype_id = (SELECT min(free) FROM generate_series(1, 8) AS free WHERE"
            f" free NOT IN (SELECT disabilitytype_id FROM {table} AS o WHERE o.{owner} = t.{owner}))"
            " WHERE id = ANY(%s)".encode(),
            [present[:1]],
        )
        day.cur.execute(f"DELETE FROM {table} WHERE id = ANY(%s)".encode(), [present[1:]])
        day.cur.execute(
            f"INSERT INTO {table} SELECT (SELECT max(id) + 1 FROM {table}), t.id, 1 + (%s %% 7) FROM {of} AS t"
            f" WHERE id ~ '^[0-9a-f-]+$' AND NOT EXISTS (SELECT FROM {table} AS o WHERE o.{owner} = t.id)"
            " ORDER BY hashtextextended(id, %s) LIMIT 1 RETURNING id".encode(),
            [day.rng.getrandbits(20), day.rng.getrandbits(60)],
        )
        added = [key for (key,) in day.cur.fetchall()]
        for kind, keys in (("added", added), ("changed", present[:1]), ("deleted", present[1:])):
            done[f"bridges_{kind}"] += [f"{table} {key}" for key in keys]
    return done


def arrive(day: Day) -> Ids:
    """New patients with their profiles. The first has none yet."""
    names = full_names(day.rng.getrandbits(40) for _ in range(max(2, day.many("lacreiid_user", _NEW))))
    users, profiles = [], []
    for place, name in enumerate(names):
        first, last = name.split(" ", 1)
        key = day.add(
            "lacreiid_user", password="FAKE!no-hash", is_superuser=False, is_staff=False, is_active="true",
            created_at=day.at, email=email(name, day.rng.getrandbits(30)), first_name=first, last_name=last,
            birth_date=f"{day.rng.randint(1960, 2004)}-{day.rng.randint(1, 12):02d}-{day.rng.randint(1, 28):02d}",
            is_18_years_old_or_more=True, email_verified="true", accepted_privacy_document=True,
            privacy_document_id=1, logged_as=v.ROLES[0],
        )  # fmt: skip
        users.append(key)
        if place:
            profiles.append(
                day.add("lacreiid_profile", created_at=day.at, completed=True, user_id=key, **_identity(day))
            )
    return {"new_users": users, "new_profiles": profiles}


def _identity(day: Day) -> dict[str, Any]:
    return {
        "ethnic_group_id": day.rng.randint(1, len(v.ETHNIC_GROUPS)),
        "gender_identity_id": day.rng.randint(1, len(v.GENDER_IDENTITIES)),
        "pronoun_id": str(day.rng.randint(1, len(v.PRONOUNS))),
        "sexual_orientation_id": day.rng.randint(1, len(v.SEXUAL_ORIENTATIONS)),
    }


def leave(day: Day) -> Ids:
    """Patients go, with profile and declared disabilities; rather those nobody has met."""
    many = day.many("lacreiid_user", _GONE)
    gone = day.take("lacreiid_user", many, f"logged_as = 'paciente' AND {_UNSEEN}")
    gone += day.take("lacreiid_user", many - len(gone), "logged_as = 'paciente'")
    day.cur.execute("SELECT id FROM lacreiid_profile WHERE user_id = ANY(%s)", [gone])
    profiles = [key for (key,) in day.cur.fetchall()]
    day.cur.execute("DELETE FROM lacreiid_profile_disability_types WHERE profile_id = ANY(%s)", [profiles])
    day.remove("lacreiid_profile", profiles)
    day.remove("lacreiid_user", gone)
    return {"users_deleted": gone, "profiles_deleted": profiles}
