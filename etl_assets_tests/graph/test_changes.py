"""Changes at the source, one by one: which conversations each reaches, and what the target then says of them."""

from __future__ import annotations

from etl_assets.demo.chatwoot import late_commit
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
