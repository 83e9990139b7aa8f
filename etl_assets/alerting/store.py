"""Incidents, mutes and marks where they outlive every process: in the database that is Dagster's storage.

Belongs here: taking signals, opening and closing incidents. Does not belong here: who is told of them (outbox.py).

No statement needs a transaction around others: each does nothing when it is done again, or when another process did it
meanwhile. A process killed between two of them leaves what the next one completes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from etl_assets.alerting.incident import Incident, Kind, Severity, Signal
from etl_assets.alerting.tables import incident, mark, metadata, mute, notice

Connect = Callable[[], AbstractContextManager[sa.Connection]]
# Closed incidents are kept for so long.
KEEP = timedelta(days=90)


class Store:
    """`connect` opens a connection to the storage, committing each statement, or all when it is closed."""

    def __init__(self, connect: Connect) -> None:
        self.connect = connect

    def prepare(self) -> None:
        """Create what is missing."""
        with self.connect() as conn:
            if not sa.inspect(conn).has_table(mark.name):
                metadata.create_all(conn)

    def exists(self) -> bool:
        with self.connect() as conn:
            return sa.inspect(conn).has_table(mark.name)

    def take(self, signals: Iterable[Signal]) -> None:
        """Open, prolong and close incidents, in the order of the signals' events."""
        open_keys = {i.key for i in self.open()}
        for signal in sorted(signals, key=lambda s: s.event):
            if signal.ok and signal.key in open_keys:
                self._close(signal)
                open_keys.discard(signal.key)
            elif not signal.ok:
                self._open(signal)
                open_keys.add(signal.key)

    def open(self) -> list[Incident]:
        """Open incidents, the oldest first."""
        with self.connect() as conn:
            rows = conn.execute(sa.select(incident).where(incident.c.closed_at.is_(None)).order_by(incident.c.id))
            return [read(row) for row in rows.mappings()]

    def close(self, key: str, now: datetime) -> bool:
        """Close an incident by hand; nobody is told. Returns whether it was open."""
        closed = {"open_key": None, "closed_at": now.timestamp(), "settled_at": now.timestamp()}
        with self.connect() as conn:
            done = conn.execute(incident.update().where(incident.c.open_key == key).values(closed))
            return done.rowcount == 1

    def old(self, now: datetime) -> int:
        """How many incidents were closed long ago."""
        count = sa.select(sa.func.count()).where(incident.c.closed_at < (now - KEEP).timestamp())
        with self.connect() as conn:
            return int(conn.scalar(count) or 0)

    def forget(self, now: datetime) -> None:
        """Remove what was closed long ago."""
        old = sa.select(incident.c.id).where(incident.c.closed_at < (now - KEEP).timestamp())
        with self.connect() as conn:
            conn.execute(notice.delete().where(notice.c.incident_id.in_(old)))
            conn.execute(incident.delete().where(incident.c.closed_at < (now - KEEP).timestamp()))

    def _open(self, signal: Signal) -> None:
        i, at = incident.c, signal.at.timestamp()
        seen = {"severity": signal.severity, "what": signal.what, "run_id": signal.run_id, "event": signal.event}
        prolonged = incident.update().where(i.open_key == signal.key, i.event < signal.event)
        known = sa.exists().where(i.key == signal.key, sa.or_(i.event >= signal.event, i.open_key == signal.key))
        new = seen | {
            "key": signal.key,
            "open_key": signal.key,
            "system": signal.system,
            "kind": signal.kind,
            "subject": signal.subject,
            "path": signal.path,
            "assets": json.dumps(sorted(signal.assets)),
            "occurrences": 1,
            "opened_at": at,
            "last_seen_at": at,
        }
        values = sa.select(*(sa.literal(v, incident.c[n].type).label(n) for n, v in new.items())).where(~known)
        with self.connect() as conn:
            again = conn.execute(prolonged.values(**seen, last_seen_at=at, occurrences=i.occurrences + 1))
            if again.rowcount:
                return
            # Another process that opens it at this moment opens the same one.
            with suppress(IntegrityError):
                conn.execute(incident.insert().from_select(list(new), values))

    def _close(self, signal: Signal) -> None:
        i = incident.c
        closed = {"open_key": None, "closed_at": signal.at.timestamp(), "closed_run_id": signal.run_id}
        with self.connect() as conn:
            conn.execute(
                incident.update()
                .where(i.open_key == signal.key, i.event < signal.event)
                .values(closed | {"event": signal.event})
            )

    # --- mutes and marks ----------------------------------------------------------------------------------------------

    def mute(self, pattern: str, until: datetime | None) -> None:
        values = {"pattern": pattern, "until": until.timestamp() if until else None}
        with self.connect() as conn:
            conn.execute(mute.delete().where(mute.c.pattern == pattern))
            conn.execute(mute.insert().values(values))

    def unmute(self, pattern: str) -> bool:
        """Returns whether there was such a mute."""
        with self.connect() as conn:
            return conn.execute(mute.delete().where(mute.c.pattern == pattern)).rowcount == 1

    def mutes(self) -> dict[str, datetime | None]:
        """Patterns muted by hand, and until when."""
        with self.connect() as conn:
            return {r.pattern: moment(r.until) for r in conn.execute(sa.select(mute).order_by(mute.c.pattern))}

    def mark(self, name: str) -> Any:
        """What was stored under this name; None where nothing was."""
        with self.connect() as conn:
            text = conn.scalar(sa.select(mark.c.value).where(mark.c.name == name))
        return None if text is None else json.loads(text)

    def set_mark(self, name: str, value: Any) -> None:
        text = json.dumps(value)
        with self.connect() as conn:
            if not conn.execute(mark.update().where(mark.c.name == name).values(value=text)).rowcount:
                with suppress(IntegrityError):
                    conn.execute(mark.insert().values(name=name, value=text))


def read(row: Mapping[Any, Any]) -> Incident:
    """A row of the table of incidents."""
    opened, last = moment(row["opened_at"]), moment(row["last_seen_at"])
    assert opened is not None
    assert last is not None
    return Incident(
        id=row["id"],
        key=row["key"],
        system=row["system"],
        kind=Kind(row["kind"]),
        subject=row["subject"],
        severity=Severity(row["severity"]),
        what=row["what"],
        run_id=row["run_id"],
        path=row["path"],
        opened_at=opened,
        last_seen_at=last,
        occurrences=row["occurrences"],
        closed_at=moment(row["closed_at"]),
        closed_run_id=row["closed_run_id"],
        assets=frozenset(json.loads(row["assets"])),
    )


def moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, tz=UTC)
