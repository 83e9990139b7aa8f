"""Changes at the source, one by one: which conversations each reaches, and what the target then says of them."""

from __future__ import annotations

import pytest

from etl_assets.demo.chatwoot import delete_conversation, late_commit, restore_conversation
from etl_assets_tests.graph.story import SERVING
from etl_assets_tests.graph.world import STORED, World, counts, execute, rows, written


def test_a_change_of_any_mirror_reaches_its_conversations_and_a_late_commit_the_next_run(world: World) -> None:
    clock = "clock_timestamp() AT TIME ZONE 'UTC'"
    pick = """
        SELECT id, contact_id, inbox_id, assignee_id, team_id, account_id FROM conversations
        WHERE contact_id IS NOT NULL AND assignee_id IS NOT NULL AND team_id IS NOT NULL ORDER BY id LIMIT 1
    """
    ((key, contact, inbox, agent, team, _),) = rows(world.source, pick)
    ((rated, message),) = rows(world.source, f"""
        SELECT c.id, max(m.id) FROM conversations AS c INNER JOIN messages AS m ON m.conversation_id = c.id
        WHERE NOT EXISTS (SELECT FROM csat_survey_responses AS r WHERE r.conversation_id = c.id) AND c.id <> {key}
        GROUP BY c.id ORDER BY c.id LIMIT 1
    """)  # fmt: skip
    for table, row in (("contacts", contact), ("inboxes", inbox), ("users", agent), ("teams", team)):
        execute(
            world.source, f"UPDATE {table} SET name = 'novo de ' || %s, updated_at = {clock} WHERE id = %s", table, row
        )
    execute(
        world.source,
        "INSERT INTO csat_survey_responses (account_id, conversation_id, message_id, rating, contact_id, created_at,"
        f" updated_at) VALUES (1, %s, %s, 2, 1, {clock}, {clock})",
        rated, message,
    )  # fmt: skip
    before = world.versions("public.conversas_analytics", "conversation_id")
    with late_commit(world.source) as late:
        outcome = world.succeed()
        assert counts(outcome)["chatwoot.staging.conversations"]["inserted"] == 0
        late.commit()
    after = world.versions("public.conversas_analytics", "conversation_id")
    names = {"inbox": inbox, "assignee": agent, "team": team, "contact": contact}
    expected = {rated}
    for what, table in (("contact", "contacts"), ("inbox", "inboxes"), ("assignee", "users"), ("team", "teams")):
        column = f"{what}_name"
        renamed = world.rows(
            f"SELECT conversation_id FROM public.conversas_analytics WHERE {column} = 'novo de {table}'"
        )
        pointing = rows(world.source, f"SELECT id FROM conversations WHERE {what}_id = %s", names[what])
        assert {k for (k,) in renamed} == {k for (k,) in pointing} - {late.conversation_id}, what
        assert pointing
        expected |= {k for (k,) in renamed}
    # Who only wrote in a conversation is named in it too (client_phone), but a new name leaves that value as it was.
    assert {k for k, v in after.items() if before.get(k) != v} == expected
    assert world.rows(
        f"SELECT has_csat, csat_rating FROM public.conversas_analytics WHERE conversation_id = {rated}"
    ) == [(True, 2)]
    assert late.conversation_id not in after
    outcome = world.succeed(entities=["conversations", "messages", "conversas_analytics"])
    assert counts(outcome)["chatwoot.staging.conversations"]["inserted"] == 1
    assert (
        world.one(f"SELECT t_messages FROM public.conversas_analytics WHERE conversation_id = {late.conversation_id}")
        == 1
    )


def _updates(world: World, changes: dict[str, str]) -> int:
    """Apply each assignment to every row of its table; the rows changed."""
    stamp = "updated_at = clock_timestamp() AT TIME ZONE 'UTC'"
    return sum(execute(world.source, f"UPDATE {table} SET {change}, {stamp}") for table, change in changes.items())


def test_a_change_no_conversation_shows_recomputes_none(world: World) -> None:
    unread = {
        "users": "availability = (coalesce(availability, 0) + 1) % 3, display_name = 'apelido'",
        "accounts": "locale = 12, support_email = 'outro@example.com', domain = 'example.com', status = 0",
        "inboxes": "greeting_message = 'Olá', business_name = 'Outra', enable_auto_assignment = false",
        "teams": "description = 'outra', allow_auto_assign = NOT allow_auto_assign",
        "contacts": "location = 'Lugar', last_activity_at = clock_timestamp() AT TIME ZONE 'UTC', blocked = true",
        "contact_inboxes": "source_id = source_id || '-outro', hmac_verified = NOT hmac_verified",
    }
    changed = _updates(world, unread)
    before = world.fingerprint(STORED[10:])
    outcome = world.succeed()
    assert sum(written(outcome).values()) == changed > 500
    assert counts(outcome)["chatwoot.analytics.conversas_analytics"]["extracted"] == 0
    assert world.fingerprint(STORED[10:]) == before
    assert written(world.succeed("full")) == {}, "and indeed nothing shows it"


@pytest.mark.parametrize(
    ("table", "column", "link"),
    [(table, column, link) for table, link, columns in (
        ("accounts", "account_id", ("name",)),
        ("contacts", "contact_id", ("name", "email", "identifier")),
        ("inboxes", "inbox_id", ("name", "channel_type", "timezone")),
        ("teams", "team_id", ("name",)),
        ("users", "assignee_id", ("name", "email")),
    ) for column in columns],
)  # fmt: skip
def test_a_change_of_one_column_reaches_the_conversations_that_show_it(
    shared: World, table: str, column: str, link: str
) -> None:
    used = f"SELECT t.id FROM {table} AS t INNER JOIN conversations AS c ON c.{link} = t.id ORDER BY 1 LIMIT 1"
    ((row,),) = rows(shared.source, used)
    stamp = "updated_at = clock_timestamp() AT TIME ZONE 'UTC'"
    execute(shared.source, f"UPDATE {table} SET {column} = 'só {column}', {stamp} WHERE id = {row}")
    before = shared.versions("public.conversas_analytics", "conversation_id")
    numbers = counts(shared.succeed(entities=[table, "conversas_analytics"]))["chatwoot.analytics.conversas_analytics"]
    after = shared.versions("public.conversas_analytics", "conversation_id")
    pointing = {k for (k,) in rows(shared.source, f"SELECT id FROM conversations WHERE {link} = {row}")}
    assert {k for k, v in after.items() if before.get(k) != v} == pointing != set()
    assert (numbers["extracted"], numbers["updated"]) == (len(pointing), len(pointing))


def test_a_phone_alone_reaches_the_conversations_its_owner_only_wrote_in(world: World) -> None:
    writer = """
        SELECT m.sender_id, m.conversation_id FROM messages AS m INNER JOIN conversations AS c
        ON c.id = m.conversation_id AND c.contact_id <> m.sender_id INNER JOIN contacts AS k ON k.id = m.sender_id
        WHERE m.sender_type = 'Contact' ORDER BY 1, 2 LIMIT 1
    """
    if not rows(world.source, writer):
        # Somebody else writes first in a conversation, as in a group.
        execute(
            world.source,
            "UPDATE messages SET sender_id = (SELECT max(id) FROM contacts) WHERE sender_type = 'Contact'"
            " AND conversation_id = (SELECT min(m.conversation_id) FROM messages AS m WHERE m.sender_type = 'Contact')",
        )
        world.succeed("full")
    ((contact, key),) = rows(world.source, writer)
    phone = f"SELECT client_phone FROM public.conversas_analytics WHERE conversation_id = {key}"
    assert world.one(phone) != "+550012345"
    execute(
        world.source,
        "UPDATE contacts SET phone_number = '+550012345', updated_at = clock_timestamp() AT TIME ZONE 'UTC'"
        f" WHERE id = {contact}",
    )
    world.succeed()
    assert world.one(phone) == "+550012345"
    execute(
        world.source,
        f"UPDATE contacts SET name = 'outro', updated_at = clock_timestamp() AT TIME ZONE 'UTC' WHERE id = {contact}",
    )
    before = world.versions("public.conversas_analytics", "conversation_id")[key]
    world.succeed()
    assert world.versions("public.conversas_analytics", "conversation_id")[key] == before, "its name is not shown there"


def test_an_event_alone_reaches_its_conversation(world: World) -> None:
    ((key,),) = rows(
        world.source,
        "SELECT id FROM conversations AS c WHERE status = 1 AND NOT EXISTS (SELECT FROM reporting_events AS e"
        " WHERE e.conversation_id = c.id AND e.name = 'conversation_resolved') ORDER BY id LIMIT 1",
    )
    execute(
        world.source,
        "INSERT INTO reporting_events (name, value, conversation_id, event_end_time, created_at, updated_at)"
        f" SELECT 'conversation_resolved', 600, {key}, n.at, n.at, n.at"
        " FROM (SELECT clock_timestamp() AT TIME ZONE 'UTC' AS at) AS n",
    )
    outcome = world.succeed()
    assert counts(outcome)["chatwoot.analytics.conversas_analytics"]["updated"] == 1
    assert _resolution(world, key) == (600, "event")


def test_a_survey_or_event_of_no_conversation_stops_nothing(world: World) -> None:
    """A survey refers to its conversation by eight bytes; a conversation's id has four."""
    clock = "clock_timestamp() AT TIME ZONE 'UTC'"
    orphan = 3_000_000_001
    execute(
        world.source,
        "INSERT INTO csat_survey_responses (account_id, conversation_id, message_id, rating, contact_id, created_at,"
        f" updated_at) VALUES (1, {orphan}, {orphan}, 5, 1, {clock}, {clock})",
    )
    execute(
        world.source,
        "INSERT INTO reporting_events (name, value, conversation_id, event_end_time, created_at, updated_at)"
        f" VALUES ('conversation_resolved', 1, {2**31 - 1}, {clock}, {clock}, {clock})",
    )
    before = world.fingerprint(STORED[10:])
    outcome = world.succeed()
    assert written(outcome) == {"chatwoot.staging.csat_survey_responses": 1, "chatwoot.staging.reporting_events": 1}
    assert world.fingerprint(STORED[10:]) == before
    assert world.one("SELECT count(*) FROM staging.csat_survey_responses WHERE conversation_id > 2147483647") == 2
    world.succeed("full")


def test_a_deleted_conversation_that_returns_is_as_it_was(world: World) -> None:
    ((key,),) = rows(
        world.source,
        "SELECT conversation_id FROM messages GROUP BY 1 HAVING count(*) BETWEEN 4 AND 9 ORDER BY 1 LIMIT 1",
    )
    state = (
        "SELECT is_deleted, deleted_at IS NOT NULL, t_messages FROM public.conversas_analytics"
        f" WHERE conversation_id = {key}"
    )
    before = world.records(f"SELECT * FROM {SERVING} WHERE conversation_id = {key}")
    kept = delete_conversation(world.source, key)
    assert len(kept["messages"]) >= 4
    world.succeed()
    assert world.rows(state) == [(False, False, len(kept["messages"]))], "an increment sees no deletion"
    world.succeed("full")
    assert world.rows(state)[0][:2] == (True, True)
    assert world.records(f"SELECT * FROM {SERVING} WHERE conversation_id = {key}") == []
    restore_conversation(world.source, kept)
    world.succeed()
    assert world.rows(state) == [(False, False, len(kept["messages"]))]
    (after,) = world.records(f"SELECT * FROM {SERVING} WHERE conversation_id = {key}")
    moved = {
        "display_id", "conversation_updated_at", "etl_updated_at", "waiting_time_seconds", "resolution_time_seconds",
        "is_fast_resolution",
    }  # fmt: skip
    assert {c for c, v in after.items() if v != before[0][c]} <= moved
    assert written(world.succeed("full")) == {}


# --- how long a resolution took, where no event tells -----------------------------------------------------------------


def _resolution(world: World, key: int) -> tuple[int | None, str | None]:
    ((seconds, source),) = world.rows(
        f"SELECT resolution_time_seconds, resolution_time_source FROM public.conversas_analytics"
        f" WHERE conversation_id = {key}"
    )
    return seconds, source


def _set(world: World, key: int, assignments: str, minutes: int) -> None:
    """Change one conversation, `minutes` after it began as its updated_at says."""
    moment = f"created_at + {minutes} * interval '1 minute'"
    execute(world.source, f"UPDATE conversations SET {assignments}, updated_at = {moment} WHERE id = {key}")


def _begin(world: World, status: int, minutes: int) -> int:
    """A conversation that began ten hours ago, last changed `minutes` later."""
    ((key,),) = rows(
        world.source,
        "INSERT INTO conversations (account_id, inbox_id, display_id, status, created_at, updated_at, last_activity_at)"
        " SELECT account_id, id, 0, %s, b.at, b.at + %s * interval '1 minute', b.at FROM inboxes CROSS JOIN"
        " (SELECT clock_timestamp() AT TIME ZONE 'UTC' - interval '10 hours' AS at) AS b ORDER BY id LIMIT 1"
        " RETURNING id",
        status, minutes,
    )  # fmt: skip
    return int(key)


def test_a_resolution_without_event_is_timed_by_its_first_sight_whatever_touches_it_later(world: World) -> None:
    seen_open, settled = _begin(world, 0, 1), _begin(world, 1, 30)
    world.succeed()
    assert _resolution(world, seen_open) == (None, None)
    assert _resolution(world, settled) == (1800, "updated_at"), "resolved at first sight: as built, and flagged"
    _set(world, seen_open, "status = 1", 60)
    _set(world, settled, "priority = 1", 61)
    world.succeed()
    assert _resolution(world, seen_open) == (3600, "observed")
    assert _resolution(world, settled) == (1800, "updated_at"), "a touch is no resolution"
    for key in (seen_open, settled):
        _set(world, key, "priority = 2", 120)
    world.succeed()
    assert (_resolution(world, seen_open), _resolution(world, settled)) == ((3600, "observed"), (1800, "updated_at"))
    for key in (seen_open, settled):
        _set(world, key, "status = 0", 180)
    world.succeed()
    assert (_resolution(world, seen_open), _resolution(world, settled)) == ((None, None), (None, None)), "reopened"
    for key in (seen_open, settled):
        _set(world, key, "status = 1", 240)
    world.succeed()
    assert _resolution(world, seen_open) == _resolution(world, settled) == (14400, "observed"), "resolved anew"
    assert written(world.succeed("full")) == {}
    assert written(world.succeed()) == {}


def test_an_old_resolution_keeps_the_time_it_was_first_loaded_with(world: World, loaded: World) -> None:
    """Also in a warehouse that was loaded when resolutions at first sight were not noted."""
    query = """
        SELECT conversation_id, resolution_time_seconds FROM public.conversas_analytics
        WHERE resolution_time_source = 'updated_at' AND conversation_updated_at < now() ORDER BY 1
    """
    before = dict(world.rows(query))
    assert len(before) >= 3
    execute(world.warehouse, "UPDATE public.conversas_analytics SET resolution_seen_at = NULL")
    touch = "UPDATE conversations SET updated_at = clock_timestamp() AT TIME ZONE 'UTC' WHERE id = ANY(%s)"
    execute(world.source, touch, list(before))
    world.succeed()
    assert dict(world.rows(query)) == before == dict(loaded.rows(query))
    world.succeed("full")
    assert dict(world.rows(query)) == before
    assert written(world.succeed("full")) == {}


def test_a_resolution_is_not_later_than_an_updated_at_that_was_set_back(world: World) -> None:
    key = _begin(world, 1, 100 * 365 * 24 * 60)
    world.succeed("full")
    _set(world, key, "priority = 1", 30)
    world.succeed("full")
    assert _resolution(world, key) == (1800, "updated_at")
