"""The synthetic Chatwoot: its schema, its planted cases, its days, and the account that may only read.

Belongs here: what other tests rely on when they use it as their source. Does not belong here: what the ETL makes of it.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from importlib.resources import files

import psycopg
import pytest

from etl_assets.demo.chatwoot import (
    SECRET_COLUMNS,
    TABLES,
    create_reader,
    create_schema,
    mutate,
    randomize,
    synthesize,
)
from etl_assets.demo.chatwoot.dirty_times import edges
from etl_assets.demo.postgres import connect
from etl_assets_tests.db.chatwoot_source import END, MakeDatabase, fingerprint, one, rows

pytestmark = pytest.mark.db

INT4_MAX = 2**31 - 1


def test_schema_holds_the_published_indexes_and_no_other(make_database: MakeDatabase) -> None:
    url = make_database("chatwoot")
    with connect(url) as conn:
        left_out = create_schema(conn)
        create_schema(conn)  # a second time changes nothing
    published = set()
    for name in ("indexes.sql", "indexes_trigram.sql"):
        text = files("etl_assets.demo.chatwoot").joinpath(name).read_text(encoding="utf-8")
        published |= set(re.findall(r"INDEX IF NOT EXISTS (\w+)", text))
    found = {name for (name,) in rows(url, "SELECT indexname FROM pg_indexes WHERE schemaname = 'public'")}
    assert {name for name in found if not name.endswith("_pkey")} == published - set(left_out)
    assert len(published) == 80
    # All of them, or all but those a server without pg_trgm (the embedded one) cannot build.
    assert left_out in (
        (),
        (
            "index_contacts_on_name_email_phone_number_identifier",
            "index_messages_on_content",
            "tags_name_trgm_idx",
        ),
    )
    on_updated_at = (
        "SELECT count(*) FROM pg_indexes WHERE tablename = 'conversations' AND indexdef LIKE '%(updated_at%'"
    )
    assert one(url, on_updated_at) == 0
    all_types = (
        "SELECT table_name || '.' || column_name, data_type FROM information_schema.columns"
        " WHERE table_schema = 'public'"
    )
    types = dict(rows(url, all_types))
    for column, kind in {
        "conversations.id": "integer",
        "conversations.contact_id": "bigint",
        "conversations.updated_at": "timestamp without time zone",
        "messages.id": "integer",
        "messages.sender_id": "bigint",
        "messages.content_attributes": "json",
        "messages.sentiment": "jsonb",
        "contact_inboxes.id": "bigint",
        "reporting_events.value": "double precision",
        "users.tokens": "json",
    }.items():
        assert types[column] == kind, column


def test_small_has_482_conversations_in_24_months_and_gaps_in_its_ids(make_database: MakeDatabase) -> None:
    url = make_database("chatwoot")
    counts = synthesize(url, "small", end=END)
    assert counts["conversations"] == 482
    assert set(counts) == set(TABLES)
    assert counts == {table: one(url, f"SELECT count(*) FROM {table}") for table in TABLES}
    months = rows(url, "SELECT DISTINCT to_char(created_at - interval '3 hours', 'YYYY-MM') FROM conversations")
    assert len(months) == 24
    assert min(months) == ("2024-11",)
    assert max(months) == ("2026-10",)
    assert one(url, "SELECT max(id) - min(id) + 1 - count(*) FROM conversations") > 20
    assert one(url, "SELECT count(*) FROM conversations WHERE updated_at < created_at") == 0
    assert one(url, "SELECT count(*) FROM conversations WHERE updated_at >= %s", END) == 2
    for table in ("messages", "contacts", "csat_survey_responses", "reporting_events"):
        assert one(url, f"SELECT count(*) FROM {table} WHERE updated_at >= %s", END) == 0, table
    assert one(url, "SELECT count(*) FROM conversations WHERE display_id <> id") == 482


def test_default_follows_the_measured_distributions(make_database: MakeDatabase) -> None:
    url = make_database("chatwoot")
    assert synthesize(url, end=END)["conversations"] == 4169
    shares = {
        "status = 0": 93.7,
        "status = 1": 5.0,
        "priority IS NULL": 92,
        "team_id IS NOT NULL": 15,
        "extract(isodow FROM created_at - interval '3 hours') < 6": 82,
        "extract(hour FROM created_at - interval '3 hours') < 6": 6,
        "extract(hour FROM created_at - interval '3 hours') BETWEEN 12 AND 17": 38,
        "inbox_id IN (SELECT id FROM inboxes WHERE channel_type = 'Channel::Whatsapp')": 70,
        "NOT EXISTS (SELECT FROM messages m WHERE m.conversation_id = c.id AND sender_type = 'Contact')": 53,
        "EXISTS (SELECT FROM messages m WHERE m.conversation_id = c.id AND sender_type = 'User' AND NOT private)": 85.1,
        "updated_at < (SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY updated_at) FROM conversations)": 50,
    }
    for condition, share in shares.items():
        found = one(url, f"SELECT 100.0 * count(*) FILTER (WHERE {condition}) / count(*) FROM conversations AS c")
        assert float(found) == pytest.approx(share, abs=2.5), condition
    messages = one(url, "SELECT count(*) FROM messages")
    assert messages / 4169 == pytest.approx(9.41, abs=1)
    for sender, share in {"Contact": 42, "User": 26, "AgentBot": 22}.items():
        found = one(url, "SELECT count(*) FROM messages WHERE sender_type = %s", sender)
        assert 100 * found / messages == pytest.approx(share, abs=4), sender
    resolved, told = rows(
        url,
        "SELECT count(*), count(*) FILTER (WHERE EXISTS (SELECT FROM reporting_events AS e"
        " WHERE e.conversation_id = c.id AND e.name = 'conversation_resolved')) FROM conversations AS c"
        " WHERE status = 1",
    )[0]
    assert 100 * told / resolved == pytest.approx(80, abs=8)
    events = "SELECT count(*) FROM reporting_events AS e JOIN conversations AS c ON c.id = e.conversation_id WHERE "
    assert one(url, events + "abs(e.value - extract(epoch FROM e.event_end_time - c.created_at)) >= 1") == 0
    assert one(url, events + "e.event_start_time <> c.created_at") == 0
    assert one(url, "SELECT count(*) FROM contacts WHERE phone_number !~ '^([+]5500[0-9]{8,}|)$'") == 0
    assert one(url, "SELECT count(*) FROM contacts WHERE email !~* '(@example[.]com|[.]invalid)$'") == 0


def test_same_seed_and_end_give_the_same_rows(make_database: MakeDatabase) -> None:
    first, second, other = (make_database("chatwoot") for _ in range(3))
    for url, seed in ((first, 11), (second, 11), (other, 12)):
        synthesize(url, conversations=200, seed=seed, end=END)
    assert fingerprint(first) == fingerprint(second)
    assert fingerprint(first)["messages"] != fingerprint(other)["messages"]


PLANTED = [
    ("50 rows share the newest updated_at", "SELECT count(*) FROM conversations WHERE updated_at ="
     " (SELECT max(updated_at) FROM conversations WHERE updated_at < now())", 50),
    ("a row dated 2999", "SELECT count(*) FROM conversations WHERE updated_at >= '2999-01-01'", 1),
    ("a row of next month", "SELECT count(*) FROM conversations WHERE updated_at - now() AT TIME ZONE 'UTC'"
     " BETWEEN interval '29 days' AND interval '31 days'", 1),
    ("two ratings, apart and at once", "SELECT count(*) FROM (SELECT FROM csat_survey_responses"
     " GROUP BY conversation_id HAVING count(*) = 2) t", 2),
    ("a rating of no conversation", "SELECT count(*) FROM csat_survey_responses WHERE conversation_id = 3000000000"
     " AND message_id NOT IN (SELECT id FROM messages)", 1),
    ("two ratings at the same moment", "SELECT count(*) FROM (SELECT FROM csat_survey_responses"
     " GROUP BY conversation_id, created_at HAVING count(*) = 2) t", 1),
    ("blank feedback", "SELECT count(*) FROM csat_survey_responses WHERE feedback_message ~ '^\\s*$'", 3),
    ("the longest thread", "SELECT max(n) FROM (SELECT count(*) n FROM messages GROUP BY conversation_id) t", 1115),
    ("content NULL at both ends of a thread",
     "SELECT count(*) FROM (SELECT (array_agg(content ORDER BY created_at, id))[1] a,"
     " (array_agg(content ORDER BY created_at DESC, id DESC))[1] z, bool_or(length(content) = 150000) b FROM messages"
     " GROUP BY conversation_id) t WHERE b AND a IS NULL AND z IS NULL", 1),
    ("control characters", "SELECT count(*) FROM messages WHERE content LIKE '%' || chr(27) || '%'", 1),
    ("joined emoji", "SELECT count(*) FROM messages WHERE content LIKE '%' || chr(8205) || '%'", 1),
    ("quotes and COPY's own escapes", "SELECT count(*) FROM messages WHERE content LIKE '%\\\\N \\\\.%'", 1),
    ("a name beyond 255 characters", "SELECT count(*) FROM contacts WHERE length(name) > 255", 1),
    ("a name that reads None", "SELECT count(*) FROM contacts WHERE name = 'None'", 1),
    ("all priorities", "SELECT count(DISTINCT priority) FROM conversations", 4),
    ("states 0 to 3 only", "SELECT count(DISTINCT status) * 10 + max(status) FROM conversations", 43),
    ("reopened: open, yet once resolved", "SELECT count(*) FROM conversations c JOIN reporting_events e"
     " ON e.conversation_id = c.id AND e.name = 'conversation_resolved' WHERE c.status = 0"
     " AND e.event_end_time < c.last_activity_at", 1),
    ("resolved twice", "SELECT count(*) FROM (SELECT FROM reporting_events WHERE name = 'conversation_resolved'"
     " GROUP BY conversation_id HAVING count(*) = 2) t", 1),
    ("orphan contacts", "SELECT count(*) FROM conversations WHERE contact_id NOT IN (SELECT id FROM contacts)", 2),
    ("no contact", "SELECT count(*) FROM conversations WHERE contact_id IS NULL", 1),
    ("unknown senders", "SELECT count(DISTINCT sender_type) FROM messages"
     " WHERE sender_type NOT IN ('Contact', 'User', 'AgentBot')", 4),
    ("a reply before the beginning", "SELECT count(*) FROM conversations WHERE first_reply_created_at < created_at", 1),
]  # fmt: skip


def test_planted(small: str) -> None:
    found = {case: (one(small, query), expected) for case, query, expected in PLANTED}
    assert {case: pair for case, pair in found.items() if pair[0] != pair[1]} == {}


def test_planted_threads_without_public_or_any_message(small: str) -> None:
    empty = "SELECT count(*) FROM conversations c WHERE NOT EXISTS (SELECT FROM messages WHERE conversation_id = c.id)"
    assert one(small, empty) >= 1
    only_notes = "SELECT count(*) FROM (SELECT FROM messages GROUP BY conversation_id HAVING bool_and(private)) t"
    assert one(small, only_notes) >= 1
    ties = (
        "SELECT count(*), count(DISTINCT created_at), count(DISTINCT sender_type) FROM messages"
        " GROUP BY conversation_id HAVING count(*) >= 5 ORDER BY 2, 1"
    )
    total, moments, _ = rows(small, ties)[0]
    assert (total >= 5, moments) == (True, 1)


def test_planted_ids_beyond_four_bytes(small: str) -> None:
    for column in (
        "messages.sender_id", "contact_inboxes.id", "csat_survey_responses.id", "teams.id", "agent_bots.id",
        "conversations.contact_inbox_id", "conversations.team_id", "conversations.campaign_id",
        "conversations.contact_id", "csat_survey_responses.conversation_id",
    ):  # fmt: skip
        table, name = column.split(".")
        assert one(small, f"SELECT max({name}) FROM {table}") > INT4_MAX, column


def test_planted_edges_of_the_local_calendar(small: str) -> None:
    moments = edges(datetime(2026, 11, 1))
    assert datetime(2026, 1, 1, 3) in moments  # midnight of the new year in São Paulo
    assert datetime(2026, 1, 1) - timedelta(microseconds=1) in moments
    assert one(
        small, "SELECT count(DISTINCT created_at) FROM conversations WHERE created_at = ANY(%s)", moments
    ) == len(set(moments))


def test_status_4_only_when_asked_for(make_database: MakeDatabase) -> None:
    url = make_database("chatwoot")
    synthesize(url, conversations=200, end=END, dirty_status=True)
    assert one(url, "SELECT count(*) FROM conversations WHERE status = 4") == 1


def test_refuses_what_is_not_its_own(make_database: MakeDatabase) -> None:
    url = make_database("chatwoot")
    with connect(url) as conn:
        create_schema(conn)
        conn.execute("INSERT INTO accounts (name, created_at, updated_at) VALUES ('Real', now(), now())")
    for fill in (lambda: synthesize(url, "small"), lambda: randomize(url)):
        with pytest.raises(RuntimeError, match="already holds"):
            fill()
    with pytest.raises(RuntimeError, match="not filled by the demo"):
        mutate(url)
    with pytest.raises(ValueError, match="at least 200"):
        synthesize(url, conversations=10)


@pytest.mark.parametrize("seed", [1, 4, 9])
def test_randomized_source_holds_every_enumeration_and_every_null(make_database: MakeDatabase, seed: int) -> None:
    url = make_database("chatwoot")
    counts = randomize(url, seed=seed)
    assert counts["conversations"] == 150
    assert rows(url, "SELECT array_agg(DISTINCT status ORDER BY status) FROM conversations") == [([0, 1, 2, 3],)]
    assert one(url, "SELECT count(DISTINCT priority) FROM conversations") == 4
    assert one(url, "SELECT count(DISTINCT content_type) * 10 + count(DISTINCT message_type) FROM messages") == 134
    assert one(url, "SELECT count(DISTINCT sender_type) FROM messages") == 5
    assert one(url, "SELECT count(DISTINCT channel_type) FROM inboxes") == 13
    nullable = {
        "conversations": "priority assignee_id team_id campaign_id contact_id contact_inbox_id sla_policy_id identifier"
        " snoozed_until waiting_since first_reply_created_at contact_last_seen_at agent_last_seen_at"
        " assignee_last_seen_at cached_label_list additional_attributes custom_attributes",
        "messages": "content status sender_type sender_id source_id sentiment content_attributes",
        "contacts": "name middle_name last_name location country_code email phone_number identifier contact_type"
        " last_activity_at additional_attributes custom_attributes",
        "inboxes": "channel_type timezone business_name greeting_message email_address portal_id",
        "users": "display_name email availability type custom_attributes",
        "csat_survey_responses": "feedback_message assigned_agent_id",
    }
    for table, columns in nullable.items():
        for column in columns.split():
            some, none = rows(url, f"SELECT count({column}), count(*) - count({column}) FROM {table}")[0]
            assert min(some, none) > 0, f"{table}.{column}"
    for case in (
        "first_reply_created_at < created_at",
        "mod(extract(epoch FROM first_reply_created_at - created_at), 6) = 3",
        "mod(extract(epoch FROM updated_at - created_at), 1) = 0.5",
        "created_at - interval '3 hours' = date_trunc('day', created_at - interval '3 hours')",
        "extract(isoyear FROM created_at - interval '3 hours') <> extract(year FROM created_at - interval '3 hours')",
        "date_trunc('month', created_at) <> date_trunc('month', created_at - interval '3 hours')",
    ):
        assert one(url, f"SELECT count(*) FROM conversations WHERE {case}") > 0, case
    simultaneous = (
        "SELECT count(*) FROM (SELECT FROM messages GROUP BY conversation_id, created_at HAVING count(*) > 1) t"
    )
    assert one(url, simultaneous) > 0
    again = make_database("chatwoot")
    randomize(again, seed=seed)
    assert fingerprint(url) == fingerprint(again)


def test_the_reader_reads_the_listed_tables_and_nothing_else(small: str) -> None:
    with connect(small) as conn:
        conn.execute("CREATE TABLE access_tokens (token text)")
    url = create_reader(small)
    assert create_reader(small) == url  # a second time changes nothing
    for table in TABLES:
        assert one(url, f"SELECT count(*) FROM {table}") >= 0, table
    assert rows(url, "SELECT id, name, email, type FROM users ORDER BY id LIMIT 1")[0][0] == 1
    for table, columns in SECRET_COLUMNS.items():
        for column in columns:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                rows(url, f"SELECT {column} FROM {table} LIMIT 1")
    attempts = (
        "SELECT * FROM users",
        "SELECT * FROM access_tokens",
        "INSERT INTO tags (name) VALUES ('x')",
        "UPDATE conversations SET status = 1",
        "DELETE FROM messages",
        "TRUNCATE tags",
        "CREATE TABLE mine (id int)",
        "CREATE TEMP TABLE mine (id int)",
        "CREATE SCHEMA mine",
        "SELECT nextval('tags_id_seq')",
    )
    for attempt in attempts:
        with connect(url) as conn:
            # Read-only is only the default of the session: the grants must hold without it.
            conn.execute("SET TRANSACTION READ WRITE")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                conn.execute(attempt.encode())
            conn.rollback()
    assert one(url, "SHOW default_transaction_read_only") == "on"
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        rows(url, "INSERT INTO tags (name) VALUES ('x') RETURNING id")
