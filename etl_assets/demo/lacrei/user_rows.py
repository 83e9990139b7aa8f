"""Rows of users, of patients' profiles, and of the disabilities profiles declare.

Belongs here: columns of patients and of everybody's account. Does not belong here: professionals' own rows.
"""

from functools import partial

import numpy as np

from etl_assets.demo.copying import I64, NULL, Column, text, timestamps, where
from etl_assets.demo.lacrei import encode
from etl_assets.demo.lacrei import vocabulary as v
from etl_assets.demo.lacrei.clock import DAY, HOUR, Window
from etl_assets.demo.lacrei.encode import choose, flags, keys, sometimes, write, zoned
from etl_assets.demo.lacrei.ids import uuids
from etl_assets.demo.lacrei.lookup_rows import PATIENT, PROFESSIONAL, document
from etl_assets.demo.lacrei.numbers import Patient
from etl_assets.demo.lacrei.people_plan import People
from etl_assets.demo.lacrei.volumes import Volume
from etl_assets.demo.people import email, full_names, phones
from etl_assets.demo.postgres import Cursor

# Years of age from and to before, and how many are of it: of a few (8.3, demo) and of many.
_AGES = ((12, 18), (18, 26), (26, 36), (36, 46), (46, 61), (61, 85))
_AGE_SHARE_OF_FEW = (0, 0.05, 0.64, 0.26, 0.05, 0)
_AGE_SHARE = (0.005, 0.22, 0.45, 0.20, 0.09, 0.02)
_NO_BIRTH_DATE = 0.015
_YEAR = 365.2425
_VERSION_2 = 0.6  # of the documents was published when this share of the history was over


def write_users(cur: Cursor, rng: np.random.Generator, people: People, volume: Volume, span: Window) -> None:
    for kind, born in (("professional_user", people.professionals), ("patient", people.patients)):
        write(cur, "lacreiid_user", len(born), partial(_users, rng, kind, born, volume, span))


def _users(
    rng: np.random.Generator, kind: str, all_born: I64, volume: Volume, span: Window, part: I64
) -> dict[str, Column]:
    born, count, patient = all_born[part], len(part), kind == "patient"
    few = volume.patients < 100
    names = full_names(rng.integers(0, 2**40, count).tolist())
    age = _ages(rng, count, few) if patient else rng.uniform(25, 64, count)
    birth = span.cutoff - (age * _YEAR * DAY).astype(np.int64)
    known = rng.random(count) >= (_NO_BIRTH_DATE if patient and not few else 0)
    seen = born + (rng.random(count) * (span.cutoff - HOUR - born)).astype(np.int64)
    touched = rng.random(count) < 0.7
    profile_type = PATIENT if patient else PROFESSIONAL
    old, new = (document(profile_type, version, volume.documents) for version in (1, 2))
    published = span.start + int(_VERSION_2 * (span.cutoff - span.start))
    return {
        "id": uuids(kind, part + 1),
        "password": "FAKE!no-hash",
        "is_superuser": "f",
        "is_staff": flags(rng.random(count) < 0.004),
        "is_active": flags(rng.random(count) < (0.947 if few else 0.90)),
        "created_at": timestamps(born),
        "updated_at": timestamps(np.where(touched, seen, born)),
        "email": [email(name, number) for name, number in zip(names, (part + 1).tolist(), strict=True)],
        "first_name": [name.split(" ", 1)[0] for name in names],
        "last_name": [name.split(" ", 1)[1] for name in names],
        "birth_date": where(known, encode.days(birth)),
        "is_18_years_old_or_more": flags(age >= 18),
        "last_login": where(touched, zoned(seen)),
        "email_verified": flags(rng.random(count) < 0.9),
        "accepted_privacy_document": "t",
        "newsletter_subscribed": flags(rng.random(count) < 0.4),
        "phone": sometimes(rng, 0.8, phones(rng.integers(0, 2**40, count).tolist())),
        "phone_verified": flags(rng.random(count) < 0.6),
        "phone_verification_token": sometimes(rng, 0.1, ["FAKE-token"] * count),
        "phone_verification_token_expires_at": sometimes(rng, 0.1, timestamps(born + DAY)),
        "privacy_document_id": keys(np.where(born < published, old, new)),
        "logged_as": sometimes(rng, 0.9, [v.ROLES[not patient]] * count),
    }


def _ages(rng: np.random.Generator, count: int, few: bool) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    group = choose(rng, _AGE_SHARE_OF_FEW if few else _AGE_SHARE, count)
    low, high = (np.array(side, np.float64)[group] for side in zip(*_AGES, strict=True))
    return np.asarray(low + 0.01 + rng.random(count) * (high - low - 0.02))


def owners(volume: Volume) -> I64:
    """Numbers of the patients with a profile of their own; the two other profiles are planted (dirty.py)."""
    numbers = np.arange(1, volume.patients + 1)
    return np.delete(numbers, Patient.NO_PROFILE - 1)[: volume.profiles - 2]


def write_profiles(cur: Cursor, rng: np.random.Generator, people: People, volume: Volume, span: Window) -> None:
    patients = owners(volume)
    write(cur, "lacreiid_profile", len(patients), partial(_profiles, rng, people, patients, span))
    profiles = declared(rng, patients, volume.profile_disabilities, v.PATIENT_DISABILITY_SHARE)
    write(
        cur,
        "lacreiid_profile_disability_types",
        volume.profile_disabilities,
        lambda part: {
            "id": keys(part + 1),
            "profile_id": uuids("profile", profiles[0][part]),
            "disabilitytype_id": keys(profiles[1][part]),
        },
    )


def _profiles(rng: np.random.Generator, people: People, patients: I64, span: Window, part: I64) -> dict[str, Column]:
    number, count = patients[part], len(part)
    born = people.patients[number - 1]
    made = np.minimum(born + (rng.exponential(1, count) * DAY).astype(np.int64), span.cutoff - HOUR)
    changed = made + (rng.random(count) * (span.cutoff - HOUR - made)).astype(np.int64)
    completed = rng.random(count) < 0.85
    return {
        "id": uuids("profile", number),
        "created_at": timestamps(made),
        "updated_at": timestamps(np.where(rng.random(count) < 0.3, changed, made)),
        "completed": flags(completed),
        "photo": sometimes(rng, 0.3, [f"fotos/{each}.jpg" for each in number.tolist()]),
        "photo_description": sometimes(rng, 0.1, ["Pessoa sorrindo"] * count),
        **identity(rng, count),
        "user_id": uuids("patient", number),
    }


def identity(rng: np.random.Generator, count: int) -> dict[str, Column]:
    """The columns profiles and professionals share. NULL where a form was not finished; free text beside `Outro`."""
    gender = choose(rng, v.GENDER_SHARE, count)
    other = gender == v.GENDER_IDENTITIES.index("Outro")
    shares = {"ethnic_group_id": v.ETHNIC_SHARE, "pronoun_id": v.PRONOUN_SHARE,
              "sexual_orientation_id": v.ORIENTATION_SHARE}  # fmt: skip
    drawn: dict[str, Column] = {
        name: keys(choose(rng, share, count) + 1, rng.random(count) < 0.95) for name, share in shares.items()
    }
    drawn["gender_identity_id"] = keys(gender + 1, rng.random(count) < 0.95)
    drawn["other_gender_identity"] = where(other, [text("Em minhas palavras")] * count)
    for name in ("ethnic_group", "sexual_orientation", "pronoun", "disability_types", "article"):
        drawn[f"other_{name}"] = NULL
    return drawn


def declared(rng: np.random.Generator, owners: I64, rows: int, share: tuple[float, ...]) -> tuple[I64, I64]:
    """Owners and disability types of a bridge: six of seven rows are somebody's first, the others a second one."""
    firsts = -(-rows * 6 // 7)
    chosen = rng.choice(owners, firsts, replace=False)
    first = choose(rng, share, firsts)
    used = np.count_nonzero(share)
    second = (first + 1 + choose(rng, [1] * (used - 1), firsts)) % used
    return np.concatenate([chosen, chosen])[:rows], np.concatenate([first, second])[:rows] + 1
