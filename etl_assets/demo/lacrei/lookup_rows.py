"""Rows of the small tables: lookups, states, privacy documents.

Belongs here: tables whose rows are listed, not drawn, and the two planted rows whose id is no number. Does not belong
here: who refers to them.
"""

import numpy as np
from psycopg import sql

from etl_assets.demo.lacrei import vocabulary as v
from etl_assets.demo.lacrei.clock import DAY, Window
from etl_assets.demo.postgres import Cursor

PATIENT, PROFESSIONAL = "Paciente", "Profissional"
NO_NUMBERS = {"lacreiid_disabilitytype": "D-9", "lacreiid_pronoun": "elu"}
PADDED = (" 3 ", "3")  # id of a sexual orientation as the table has it, and as profiles name it


def write_lookups(cur: Cursor, span: Window, documents: int) -> None:
    at = str(np.int64(span.start - 30 * DAY).view("datetime64[us]"))
    for table, label, names in (
        ("lacreiid_disabilitytype", "badge", v.DISABILITIES),
        ("lacreiid_genderidentity", "bagde", v.GENDER_IDENTITIES),
        ("lacreiid_sexualorientation", "bagde", v.SEXUAL_ORIENTATIONS),
        ("lacreiid_ethnicgroup", "bagde", v.ETHNIC_GROUPS),
    ):
        into = sql.SQL("INSERT INTO {} (id, created_at, updated_at, {}, position_order, name) VALUES (%s, {}, {}, %s,"
                       " %s, %s)").format(sql.Identifier(table), sql.Identifier(label), at, at)  # fmt: skip
        cur.executemany(into, [(str(k), None if k % 3 else f"#{k}", k, name) for k, name in enumerate(names, 1)])
        if table in NO_NUMBERS:
            cur.execute(into, [NO_NUMBERS[table], None, None, "Registro de teste"])
    cur.execute("UPDATE lacreiid_sexualorientation SET id = %s WHERE id = %s", PADDED)
    into = sql.SQL("INSERT INTO lacreiid_pronoun VALUES (%s, {}, {}, %s, %s, %s, %s)").format(at, at)
    cur.executemany(into, [(str(k), None, k, *each) for k, each in enumerate(v.PRONOUNS, 1)])
    cur.execute(into, [NO_NUMBERS["lacreiid_pronoun"], None, None, "", "Registro de teste"])
    cur.executemany(
        sql.SQL("INSERT INTO address_state VALUES (%s, {}, {}, %s, %s, %s, true, 1)").format(at, at),
        [(str(number), name, code, ibge) for number, name, code, ibge in v.STATES],
    )
    for number in range(1, documents + 1):
        version = (number + 1) // 2
        cur.execute(
            sql.SQL("INSERT INTO lacrei_privacydocument VALUES (%s, {}, {}, %s, %s, %s)").format(at, at),
            [number, f"privacidade/v{version}.pdf", f"termos/v{version}.pdf", (PROFESSIONAL, PATIENT)[number % 2]],
        )


def document(profile_type: str, version: int, documents: int) -> int:
    """Id of the privacy document of a type and version; the newest where there are fewer versions."""
    newest = min(version, documents // 2)
    return 2 * newest - (profile_type == PATIENT)
