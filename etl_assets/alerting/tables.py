"""The tables of alerts, beside Dagster's own in its storage: on PostgreSQL, or SQLite where an instance has that.

Belongs here: their definition. Does not belong here: statements (store.py, outbox.py).
"""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()
# Moments are seconds since 1970: SQLite has no type for them that keeps the zone.
_MOMENT = sa.Float(53)
_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")

incident = sa.Table(
    "etl_alert_incident",
    metadata,
    sa.Column("id", _ID, primary_key=True, autoincrement=True),
    sa.Column("key", sa.Text, nullable=False, comment="system:kind:subject"),
    sa.Column("open_key", sa.Text, unique=True, comment="The key while it is open, then NULL: one open one per key"),
    sa.Column("system", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("severity", sa.Text, nullable=False),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("run_id", sa.Text, comment="The run that was the last to show it"),
    sa.Column("path", sa.Text, comment="Where the UI shows it, where no run does"),
    sa.Column("assets", sa.Text, nullable=False, comment="What a run by hand was to make, JSON"),
    sa.Column("event", sa.BigInteger, nullable=False, comment="The newest event that told of it"),
    sa.Column("occurrences", sa.Integer, nullable=False),
    sa.Column("opened_at", _MOMENT, nullable=False),
    sa.Column("last_seen_at", _MOMENT, nullable=False),
    sa.Column("closed_at", _MOMENT),
    sa.Column("closed_run_id", sa.Text),
    sa.Column("settled_at", _MOMENT, comment="When it was decided whom to tell of its end"),
    sa.Index("ix_etl_alert_incident_key", "key"),
)

notice = sa.Table(
    "etl_alert_notice",
    metadata,
    sa.Column("id", _ID, primary_key=True, autoincrement=True),
    sa.Column("incident_id", sa.BigInteger, nullable=False),
    sa.Column("news", sa.Text, nullable=False, comment="opened or recovered"),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("created_at", _MOMENT, nullable=False),
    sa.Column("not_before", _MOMENT, nullable=False, comment="When it may be tried (again)"),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("in_doubt", sa.Boolean, nullable=False, comment="An attempt began whose end is not known"),
    sa.Column("sent_at", _MOMENT),
    sa.Column("given_up_at", _MOMENT),
    sa.Column("error", sa.Text, comment="Why the last attempt failed"),
    sa.UniqueConstraint("incident_id", "news", "channel"),
)

mute = sa.Table(
    "etl_alert_mute",
    metadata,
    sa.Column("pattern", sa.Text, primary_key=True),
    sa.Column("until", _MOMENT, comment="NULL: until it is lifted"),
)

mark = sa.Table(
    "etl_alert_mark",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)
