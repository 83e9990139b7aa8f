"""Rows of professionals, their clinics, and the disabilities they declare.

Belongs here: columns of these three tables. Does not belong here: their accounts (user_rows.py).
"""

from functools import partial

import numpy as np

from etl_assets.demo.copying import I64, Column, integers, text, timestamps, where
from etl_assets.demo.lacrei import vocabulary as v
from etl_assets.demo.lacrei.clock import DAY, HOUR, Window
from etl_assets.demo.lacrei.encode import choose, flags, keys, sometimes, words, write
from etl_assets.demo.lacrei.ids import uuids
from etl_assets.demo.lacrei.lookup_rows import PROFESSIONAL, document
from etl_assets.demo.lacrei.numbers import Professional
from etl_assets.demo.lacrei.people_plan import People
from etl_assets.demo.lacrei.user_rows import declared, identity
from etl_assets.demo.lacrei.volumes import Volume
from etl_assets.demo.people import full_names
from etl_assets.demo.postgres import Cursor

_NO_SPECIALTY, _NO_PRICE, _NO_CITY = 0.02, 0.05, 0.03
_SEVERAL_CLINICS = 0.15  # of professionals
_DURATIONS, _DURATION_SHARE = (30, 40, 50, 60), (0.15, 0.2, 0.45, 0.2)
_APPROVED = 0


def write_professionals(cur: Cursor, rng: np.random.Generator, people: People, volume: Volume, span: Window) -> None:
    states = _states(rng, volume)
    born, numbers = people.professionals, np.arange(1, volume.distinct_professionals + 1)
    write(cur, "lacreisaude_professional", len(born), partial(_professionals, rng, born, states, volume, span))
    bridge = declared(rng, numbers, volume.professional_disabilities, v.PROFESSIONAL_DISABILITY_SHARE)
    write(
        cur,
        "lacreisaude_professional_disability_types",
        volume.professional_disabilities,
        lambda part: {
            "id": keys(part + 1),
            "professional_id": uuids("professional", bridge[0][part]),
            "disabilitytype_id": keys(bridge[1][part]),
        },
    )
    extra = volume.distinct_clinics - len(numbers)
    rest = np.setdiff1d(numbers, list(Professional))
    several = min(extra, round(_SEVERAL_CLINICS * len(numbers)))
    second = np.append(rng.choice(rest, several - 1, replace=False), Professional.TWO_CLINICS).astype(np.int64)
    for kind, owners in (("clinic", numbers), ("second_clinic", second), ("third_clinic", second[: extra - several])):
        write(
            cur,
            "lacreisaude_clinic",
            len(owners),
            partial(_clinics, rng, kind, owners, born[owners - 1], states[owners - 1], span),
        )


def _few(volume: Volume) -> bool:
    return volume.professionals < 100


def _states(rng: np.random.Generator, volume: Volume) -> I64:
    count = volume.distinct_professionals
    main = np.array([v.STATE_IDS[code] for code in v.MAIN_STATES])[choose(rng, v.MAIN_STATE_SHARE, count)]
    others = np.array([number for code, number in v.STATE_IDS.items() if code not in v.MAIN_STATES])
    elsewhere = rng.random(count) < (0 if _few(volume) else v.OTHER_STATES_SHARE)
    return np.asarray(np.where(elsewhere, rng.choice(others, count), main), np.int64)


def _professionals(
    rng: np.random.Generator, all_born: I64, states: I64, volume: Volume, span: Window, part: I64
) -> dict[str, Column]:
    born, count = all_born[part], len(part)
    made = np.minimum(born + HOUR, span.cutoff - HOUR)
    changed = made + (rng.random(count) * (span.cutoff - HOUR - made)).astype(np.int64)
    names = full_names(rng.integers(0, 2**40, count).tolist())
    status = choose(rng, v.PROFILE_STATUS_SHARE, count)
    share = v.SPECIALTY_SHARE_OF_FEW if _few(volume) else v.SPECIALTY_SHARE
    specialty = words(v.SPECIALTIES, choose(rng, share, count))
    numbers = (part + 1).tolist()
    return {
        "id": uuids("professional", part + 1),
        "created_at": timestamps(made),
        "updated_at": timestamps(np.where(rng.random(count) < 0.6, changed, made)),
        **identity(rng, count),
        "full_name": names,
        "about_me": sometimes(rng, 0.7, ["Atendo com escuta e respeito"] * count),
        "profile_status": words(v.PROFILE_STATUSES, status),
        "active": flags(rng.random(count) < 0.91),
        "published": flags((status == _APPROVED) & (rng.random(count) < 0.97)),
        "document_number": [f"FAKE-{number:09d}" for number in numbers],
        "board_registration_number": [f"FAKE/{number}" for number in numbers],
        "accepted_privacy_document": "t",
        "safety_measures": sometimes(rng, 0.2, ["Máscara e álcool em gel"] * count),
        "specialty": where(rng.random(count) >= _NO_SPECIALTY, specialty),
        "specialty_number_rqe": sometimes(rng, 0.3, [f"RQE-FAKE-{number}" for number in numbers]),
        "board_certification_selfie": [f"selfies/{number}.jpg" for number in numbers],
        "photo": sometimes(rng, 0.6, [f"fotos/p{number}.jpg" for number in numbers]),
        "photo_description": sometimes(rng, 0.2, ["Retrato"] * count),
        "privacy_document_id": keys(np.full(count, document(PROFESSIONAL, 2, volume.documents))),
        "profession_id": keys(rng.integers(1, 10, count)),
        "state_id": keys(states[part]),
        "user_id": uuids("professional_user", part + 1),
        "search_synonym": sometimes(rng, 0.1, [text("psico, terapia")] * count),
    }


def _clinics(
    rng: np.random.Generator, kind: str, owners: I64, born: I64, states: I64, span: Window, part: I64
) -> dict[str, Column]:
    count = len(part)
    made = np.minimum(born[part] + (rng.exponential(20, count) * DAY).astype(np.int64), span.cutoff - HOUR)
    changed = made + (rng.random(count) * (span.cutoff - HOUR - made)).astype(np.int64)
    # 70 % in person and 75 % online, at least one of them: 45 % both.
    modality = choose(rng, (0.45, 0.25, 0.30), count)
    in_person, online = modality != 2, modality != 1
    price = rng.integers(8, 26, count) * 10
    online_price = price * (1 - 0.2 * rng.random(count))
    codes = {number: code for code, number in v.STATE_IDS.items()}
    city = [v.CITIES.get(codes[state], "Capital") for state in states[part].tolist()]
    name = words(v.CLINIC_HEADS, rng.integers(0, len(v.CLINIC_HEADS), count))
    tail = words(v.CLINIC_TAILS, rng.integers(0, len(v.CLINIC_TAILS), count))
    return {
        "id": uuids(kind, owners[part]),
        "created_at": timestamps(made),
        "updated_at": timestamps(np.where(rng.random(count) < 0.4, changed, made)),
        "is_presential_clinic": flags(in_person),
        "is_online_clinic": flags(online),
        "name": sometimes(rng, 0.97, list(map(" ".join, zip(name, tail, strict=True)))),
        "zip_code": [f"000{each:02d}-000" for each in rng.integers(0, 100, count).tolist()],
        "neighborhood": words(v.DISTRICTS, rng.integers(0, len(v.DISTRICTS), count)),
        "city": where(rng.random(count) >= _NO_CITY, city),
        "address": words(v.STREETS, rng.integers(0, len(v.STREETS), count)),
        "addresss_line2": sometimes(rng, 0.3, ["sala 2"] * count),
        "phone": "+5500900000000",
        "phone_whatsapp": "+5500900000001",
        "consult_price": where(in_person & (rng.random(count) >= _NO_PRICE), [f"{each}.00" for each in price]),
        "duration_minutes": where(in_person, _durations(rng, count)),
        "accepts_insurance_providers": flags(rng.random(count) < 0.2),
        "provides_accessibility_standards": flags(rng.random(count) < 0.5),
        "online_clinic_phone": "+5500900000002",
        "online_clinic_phone_whatsapp": "+5500900000003",
        "online_clinic_consult_price": where(
            online & (rng.random(count) >= _NO_PRICE), [f"{each:.2f}" for each in online_price]
        ),
        "online_clinic_duration_minutes": where(online, _durations(rng, count)),
        "online_clinic_accepts_insurance_providers": flags(rng.random(count) < 0.2),
        "professional_id": uuids("professional", owners[part]),
        "state_id": keys(states[part]),
    }


def _durations(rng: np.random.Generator, count: int) -> list[str]:
    return integers(np.array(_DURATIONS)[choose(rng, _DURATION_SHARE, count)])
