"""Changes made to a chosen row or at a chosen instant, for tests of what a loader may miss.

Belongs here: small, exact interventions whose result the caller knows. Does not belong here: a day at random
(mutate.py).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from psycopg import sql

from etl_assets.demo.lacrei import statements
from etl_assets.demo.lacrei.connect import SCHEMA, changing
from etl_assets.demo.lacrei.day import planted, stamp
from etl_assets.demo.lacrei.ids import uuid
from etl_assets.demo.postgres import Cursor, scalar


class LateCommit:
    """A change written and not yet committed. `appointment_id` is the row, `updated_at` what it carries."""

    def __init__(self, cur: Cursor, appointment_id: str, updated_at: datetime) -> None:
        self._cur = cur
        self.appointment_id = appointment_id
        self.updated_at = updated_at

    def commit(self) -> None:
        self._cur.connection.commit()


@contextmanager
def late_commit(
    url: str, *, schema: str = SCHEMA, behind: timedelta = timedelta(minutes=5), at: datetime | None = None
) -> Iterator[LateCommit]:
    """A transaction left open: its new appointment is older than the newest change, and appears only when told so.

    The row carries `at` (with a zone), by default the newest updated_at less `behind`. Call commit() inside the block;
    leaving it commits too, leaving it by an exception rolls back.
    """
    with changing(url, schema) as cur:
        cur.execute("SELECT max(updated_at) FROM lacreiid_appointment")
        moment = at or scalar(cur) - behind
        cur.execute("SELECT count(*) FROM lacreiid_appointment")
        key = uuid("late", int(scalar(cur)))
        cur.execute(
            "INSERT INTO lacreiid_appointment (id, created_at, updated_at, date, status, type, professional_id,"
            " user_id) SELECT %s, %s, %s, date, 'scheduled', 'Online', professional_id, user_id"
            " FROM lacreiid_appointment WHERE date ~ '^[0-9T:.+-]+$' AND id <> ALL(%s) ORDER BY id LIMIT 1",
            [key, moment, moment, planted("lacreiid_appointment")],
        )
        yield LateCommit(cur, key, moment)


def change(url: str, table: str, key: str, *, schema: str = SCHEMA, **values: Any) -> int:
    """Change the rows of an id, as the table spells it, and their updated_at unless given; how many."""
    with changing(url, schema) as cur:
        return statements.change(cur, table, key, **({"updated_at": stamp(cur)} | values))


def delete(url: str, table: str, key: str, *, schema: str = SCHEMA) -> int:
    """Remove the rows of an id, as the table spells it, and nothing that refers to them; how many."""
    with changing(url, schema) as cur:
        cur.execute(sql.SQL("DELETE FROM {} WHERE id::text = %s").format(sql.Identifier(table)), [key])
        return cur.rowcount
