"""The day one day of life is played on: its moment, its picks, and the statements several kinds of change share.

Belongs here: what changes have in common. Does not belong here: the changes (day_appointments.py, day_people.py).
A case stays what it is, so that it can still be found, and no row is changed by two kinds of change, so that every
count can be checked.
"""

import random
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import numpy as np
from psycopg import sql

from etl_assets.demo.lacrei import numbers as n
from etl_assets.demo.lacrei.ids import uuids
from etl_assets.demo.lacrei.statements import change, insert
from etl_assets.demo.postgres import Cursor, scalar

# What dates look like where nothing was planted.
PLAIN: Final = r"date ~ '^\d{4}-\d\d-\d\dT[\d:.]+\+00:00$'"
# Old enough for a loader that stays a few minutes behind the source's clock.
AGE: Final = timedelta(minutes=3)

_PLANTED: Final = {
    "lacreiid_appointment": (("appointment", n.Appointment),),
    "lacreiid_user": (("patient", n.Patient), ("professional_user", n.Professional)),
    "lacreiid_profile": (("profile", n.Patient), ("second_profile", n.Patient)),
    "lacreisaude_professional": (("professional", n.Professional),),
    "lacreiid_report": (("report", range(1, 1 + len(n.REPORTS))),),
    "lacreisaude_clinic": (("clinic", n.Clinic),),
}


Ids = dict[str, list[str]]  # per kind of change


def planted(table: str) -> list[str]:
    """Ids of the rows of a table that cases use."""
    return [each for kind, of in _PLANTED.get(table, ()) for each in uuids(kind, np.array(list(of)))]


def stamp(cur: Cursor) -> datetime:
    """What a change made now carries as updated_at: the source's clock, some minutes ago."""
    cur.execute("SELECT clock_timestamp()")
    moment: datetime = scalar(cur)
    return moment - AGE


class Day:
    def __init__(self, cur: Cursor, seed: int) -> None:
        self.cur, self.at = cur, stamp(cur)
        # The same seed plays another day differently.
        self.rng = random.Random(f"{seed} {self.at}")
        self.used: dict[str, set[str]] = {}

    def count(self, table: str) -> int:
        self.cur.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table)))
        return int(scalar(self.cur))

    def many(self, table: str, share: float) -> int:
        """The share of a table, at least one row."""
        return max(1, round(share * self.count(table)))

    def take(self, table: str, many: int, where: str = "true", cases: Collection[str] = ()) -> list[str]:
        """Ids that no other change and no case uses, but for `cases` it leaves as they are; fewer if they run out."""
        used = self.used.setdefault(table, set())
        chosen = self._free(table, used | (set(planted(table)) - set(cases)), many, where)
        used.update(chosen)
        return chosen

    def sample(self, table: str, many: int, where: str) -> list[str]:
        """Ids of rows that other changes and cases may use too, repeated where there are fewer.

        Raises LookupError when there is none.
        """
        found = self._free(table, set(), many, where)
        if not found:
            raise LookupError(f"{table}: no row is left for a day of life")
        return [found[place % len(found)] for place in range(many)]

    def _free(self, table: str, taken: set[str], many: int, where: str) -> list[str]:
        self.cur.execute(
            sql.SQL(
                "SELECT id FROM {} AS t WHERE id <> ALL(%s) AND id ~ '^[0-9a-f-]+$' AND ({}) ORDER BY"
                " hashtextextended(id, %s), id LIMIT %s"
            ).format(sql.Identifier(table), sql.SQL(where)),
            [list(taken), self.rng.getrandbits(60), many],
        )
        return [key for (key,) in self.cur.fetchall()]

    def value(self, table: str, key: str, column: str) -> Any:
        self.cur.execute(
            sql.SQL("SELECT {} FROM {} WHERE id = %s").format(sql.Identifier(column), sql.Identifier(table)), [key]
        )
        return scalar(self.cur)

    def remove(self, table: str, ids: list[str]) -> None:
        self.cur.execute(sql.SQL("DELETE FROM {} WHERE id = ANY(%s)").format(sql.Identifier(table)), [ids])

    def set(self, table: str, key: str, **values: Any) -> None:
        change(self.cur, table, key, updated_at=self.at, **values)

    def add(self, table: str, **values: Any) -> str:
        """Insert a row with an id of its own and the day's stamp; the id."""
        key = str(values.pop("id", None) or UUID(int=self.rng.getrandbits(128), version=4))
        values = {"id": key, "updated_at": self.at, **values}
        insert(self.cur, table, values)
        self.used.setdefault(table, set()).add(key)
        return key
