"""What the synthetic Chatwoot does after it is made: days at random, and changes at a chosen instant.

Belongs here: what other tests rely on when they play with their source. Does not belong here: what the ETL makes of it.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from etl_assets.demo.chatwoot import (
    delete_conversation,
    late_commit,
    mutate,
    restore_conversation,
    synthesize,
    touch_months,
)
from etl_assets_tests.db.chatwoot_source import END, MakeDatabase, fingerprint, one, rows

pytestmark = pytest.mark.db


STATE = ("conversations", "contacts", "inboxes", "users", "teams", "accounts", "messages", "csat_survey_responses")


def _state(url: str) -> dict[str, dict[int, tuple[Any, ...]]]:
    kept: dict[str, dict[int, tuple[Any, ...]]] = {}
    for table in STATE:
        kept[table] = {row[0]: row for row in rows(url, f"SELECT id, updated_at, to_jsonb(t) FROM {table} AS t")}
    return kept


def test_a_day_changes_what_it_says_and_touches_what_chatwoot_touches(small: str) -> None:
    newest = max(
        one(small, f"SELECT max(updated_at) FROM {t} WHERE updated_at < %s", END) for t in (*STATE, "reporting_events")
    )
    before, counts, after = _state(small), mutate(small, seed=3), _state(small)
    assert all(
        counts[kind] > 0 for kind in counts if kind not in ("deleted_ratings", "deleted_events", "deleted_taggings")
    )
    old, new = before["conversations"], after["conversations"]
    assert len(new.keys() - old.keys()) == counts["new_conversations"]
    assert len(old.keys() - new.keys()) == counts["deleted_conversations"]
    assert len(after["contacts"].keys() - before["contacts"].keys()) == counts["new_contacts"]
    assert len(before["messages"].keys() - after["messages"].keys()) == counts["deleted_messages"]
    assert len(after["messages"].keys() - before["messages"].keys()) == counts["new_messages"]
    assert len(after["csat_survey_responses"]) - len(before["csat_survey_responses"]) == counts["rated"]

    stayed = old.keys() & new.keys()
    touched = {key for key in stayed if old[key][1] != new[key][1]}
    changed = {key for key in stayed if old[key][2] != new[key][2]}
    kinds = ("continued", "reopened", "resolved", "priority_changed", "assignee_changed", "team_changed", "tied")
    assert len(touched) == sum(counts[kind] for kind in kinds) + counts["messages_redacted"]
    assert len(changed - touched) == counts["seen"]
    for key in changed - touched:
        different = {name for name, value in new[key][2].items() if old[key][2][name] != value}
        assert different <= {"agent_last_seen_at", "assignee_last_seen_at"}
    reopened = [key for key in stayed if (old[key][2]["status"], new[key][2]["status"]) == (1, 0)]
    assert len(reopened) == counts["reopened"]

    now = one(small, "SELECT now() AT TIME ZONE 'UTC'")
    late = set()
    for table, states in after.items():
        for key, row in states.items():
            if before[table].get(key) != row and key not in changed - touched:
                assert row[1] <= now, (table, key)
                if row[1] <= newest:
                    assert key not in before[table]
                    late.add((table, newest - row[1]))
    # A late commit: less behind than the quarter of an hour that a load reads again.
    assert late == {(table, timedelta(minutes=5)) for table in ("conversations", "contacts", "messages")}
    assert counts["late"] == 1
    for table in ("inboxes", "users", "teams", "accounts"):
        renamed = [key for key, row in after[table].items() if row != before[table][key]]
        assert len(renamed) == counts[f"{table}_renamed"] == 1
    rated = after["csat_survey_responses"].keys() - before["csat_survey_responses"].keys()
    assert not {after["csat_survey_responses"][key][2]["conversation_id"] for key in rated} & touched


def test_days_follow_each_other_and_are_never_in_the_future(make_database: MakeDatabase) -> None:
    first, second = (make_database("chatwoot") for _ in range(2))
    for url in (first, second):
        synthesize(url, conversations=200, end=date(2026, 5, 1))
        for day in (date(2026, 5, 3), date(2026, 5, 4)):
            mutate(url, seed=5, day=day)
            local = "SELECT max(updated_at - interval '3 hours')::date FROM messages"
            assert one(url, local) == day
    # The server draws the uuids of new conversations; all else is told by the seed.
    same = "SELECT md5(string_agg((to_jsonb(t) - 'uuid')::text, '' ORDER BY id)) FROM conversations AS t"
    assert one(first, same) == one(second, same)
    with pytest.raises(ValueError, match="nothing can happen"):
        mutate(first, day=date(2026, 5, 1))
    with pytest.raises(ValueError, match="nothing can happen"):
        mutate(first, day=date(2999, 1, 1))


@pytest.mark.parametrize("kind", ["insert", "update"])
def test_a_late_commit_is_older_than_what_was_visible_before_it(small: str, kind: Any) -> None:
    seen = "SELECT count(*) FROM conversations WHERE id = %s AND updated_at = %s"
    with late_commit(small, kind=kind) as late:
        newest = one(small, "SELECT max(updated_at) FROM conversations WHERE updated_at < now() AT TIME ZONE 'UTC'")
        assert late.updated_at < newest
        if kind == "insert":
            mutate(small)  # others go on meanwhile
        assert one(small, seen, late.conversation_id, late.updated_at) == 0
        late.commit()
        assert one(small, seen, late.conversation_id, late.updated_at) == 1


def test_a_late_commit_that_fails_leaves_nothing(small: str) -> None:
    before = fingerprint(small)["conversations"]
    with pytest.raises(ZeroDivisionError), late_commit(small):
        _ = 1 / 0
    assert fingerprint(small)["conversations"] == before


def test_touch_months_changes_one_conversation_of_each(small: str) -> None:
    months = [date(2025, 2, 1), date(2026, 1, 1)]
    before = _state(small)["conversations"]
    touched = touch_months(small, months)
    after = _state(small)["conversations"]
    assert {key for key in after if after[key] != before[key]} == set(touched.values())
    for month, key in touched.items():
        local = "SELECT date_trunc('month', created_at - interval '3 hours')::date FROM conversations WHERE id = %s"
        assert one(small, local, key) == month
        assert after[key][2]["priority"] != before[key][2]["priority"]
    with pytest.raises(LookupError, match="1999-01"):
        touch_months(small, [date(1999, 1, 1)])


def test_a_deleted_conversation_can_come_back_under_its_id(small: str) -> None:
    key = one(small, "SELECT conversation_id FROM messages GROUP BY 1 HAVING count(*) > 3 ORDER BY 1 LIMIT 1")
    before = one(small, "SELECT count(*) FROM messages WHERE conversation_id = %s", key)
    kept = delete_conversation(small, key)
    assert one(small, "SELECT count(*) FROM conversations WHERE id = %s", key) == 0
    assert one(small, "SELECT count(*) FROM messages WHERE conversation_id = %s", key) == 0
    restore_conversation(small, kept)
    assert one(small, "SELECT count(*) FROM conversations WHERE id = %s AND updated_at > %s", key, END) == 1
    again = "SELECT count(*) FROM messages WHERE conversation_id = %s AND updated_at > %s AND created_at < %s"
    assert one(small, again, key, END, END) == before
