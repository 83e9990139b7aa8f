"""Every column of every mart, recomputed in plain Python from the serving view (and from the audit, for the loads)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from etl_assets_tests.graph.story import SERVING, Story
from etl_assets_tests.graph.world import World, execute, rows
from etl_assets_tests.oracle.exact import divide_decimal

Row = dict[str, Any]
Group = list[Row]


def ratio(numerator: Fraction | int, denominator: Fraction | int, decimals: int = 2) -> Decimal | None:
    if not denominator:
        return None
    exact = Fraction(numerator) / Fraction(denominator)
    return divide_decimal(exact.numerator, exact.denominator, decimals)


def percent(part: int, whole: int) -> Decimal | None:
    return ratio(100 * part, whole)


def mean(values: Iterable[Any], scale: int = 1) -> Decimal | None:
    exact = [Fraction(v) for v in values if v is not None]
    return ratio(sum(exact, Fraction(0)), len(exact) * scale)


def median(values: Iterable[Any]) -> Decimal | None:
    exact = sorted(Fraction(v) for v in values if v is not None)
    middle = len(exact) // 2
    if not exact:
        return None
    return ratio(exact[middle] if len(exact) % 2 else (exact[middle - 1] + exact[middle]) / 2, 1)


def number(group: Group, condition: Callable[[Row], Any]) -> int:
    return sum(bool(condition(row)) for row in group)


def newest(group: Group, column: str) -> Any:
    return max(group, key=lambda r: (r["conversation_created_at"], r["conversation_id"]))[column]


def ratings(group: Group) -> Row:
    rated = [r["csat_rating"] for r in group if r["csat_rating"] is not None and r["csat_rating"] >= 1]
    promoters = number(group, lambda r: r["csat_nps_category"] == "Promotor")
    detractors = number(group, lambda r: r["csat_nps_category"] == "Detrator")
    answered = number(group, lambda r: r["has_csat"])
    return {
        "csat_responses": answered,
        "csat_rating_sum": sum(rated),
        "csat_rated": len(rated),
        "csat_promoters": promoters,
        "csat_detractors": detractors,
        "csat_response_rate": percent(answered, len(group)),
        "csat_mean": mean(rated),
        "nps": percent(promoters - detractors, len(rated)),
    }


def measures(group: Group) -> Row:
    """Every stored measure of specs/chatwoot.md 5.6."""
    total = len(group)
    resolved = number(group, lambda r: r["is_resolved"])
    bots = number(group, lambda r: r["is_bot_resolved"])
    human = number(group, lambda r: r["has_human_intervention"])
    escalated = number(group, lambda r: r["has_human_intervention"] and not r["is_bot_resolved"])
    first = number(group, lambda r: r["is_resolved"] and r["t_messages"] <= 5)
    minutes = [r["first_response_time_minutes"] for r in group]
    seconds = [r["conversation_duration_seconds"] for r in group]
    return ratings(group) | {
        "total_conversations": total,
        "unique_contacts": len({r["contact_id"] for r in group} - {None}),
        "valid_contacts": number(group, lambda r: r["contact_messages_count"] > 0),
        "active_conversations": number(group, lambda r: r["is_open"]),
        "unassigned_open": number(group, lambda r: r["is_open"] and r["assignee_id"] is None),
        "waiting_conversations": number(group, lambda r: r["waiting_since"] is not None),
        "resolved_conversations": resolved,
        "bot_resolved": bots,
        "human_conversations": human,
        "escalated_conversations": escalated,
        "first_contact_resolved": first,
        "responded_conversations": number(group, lambda r: r["first_response_time_minutes"] is not None),
        "first_response_minutes_mean": mean(minutes),
        "first_response_minutes_median": median(minutes),
        "timed_conversations": number(group, lambda r: r["conversation_duration_seconds"] is not None),
        "duration_hours_mean": mean(seconds, 3600),
        "resolution_rate": percent(resolved, total),
        "bot_resolution_rate": percent(bots, total),
        "human_rate": percent(human, total),
        "escalation_rate": percent(escalated, total),
        "first_contact_resolution_rate": percent(first, total),
    }


def of_agent(group: Group) -> Row:
    """An agent has no unassigned conversation."""
    return {c: v for c, v in measures(group).items() if c != "unassigned_open"}


def funnel(group: Group) -> Row:
    total = len(group)
    replied = number(group, lambda r: r["first_response_time_seconds"] is not None)
    human = number(group, lambda r: r["has_human_intervention"])
    resolved, rated = number(group, lambda r: r["is_resolved"]), number(group, lambda r: r["has_csat"])
    return {
        "started": total,
        "with_first_response": replied,
        "with_human": human,
        "resolved": resolved,
        "rated": rated,
        "first_response_rate": percent(replied, total),
        "human_rate": percent(human, total),
        "resolution_rate": percent(resolved, total),
        "rating_rate": percent(rated, total),
    }


def of_week(group: Group) -> Row:
    return ratings(group) | {
        "total_conversations": len(group),
        "csat_neutrals": number(group, lambda r: r["csat_nps_category"] == "Neutro"),
        "written_feedbacks": number(group, lambda r: r["has_written_feedback"]),
        "detailed_feedbacks": number(group, lambda r: r["has_detailed_feedback"]),
    }


def watched(group: Group) -> Row:
    total = len(group)
    soon = number(group, lambda r: r["is_resolved"] and r["resolution_time_seconds"] <= 86400)
    minutes = [r["first_response_time_minutes"] for r in group]
    return {
        "volume": total,
        "messages_per_conversation": mean(r["total_messages_public"] for r in group),
        "human_rate": percent(number(group, lambda r: r["has_human_intervention"]), total),
        "resolution_rate": percent(soon, total),
        "responded": len([m for m in minutes if m is not None]),
        "first_response_minutes_median": median(minutes),
        "contact_phone_null_rate": percent(number(group, lambda r: r["contact_phone"] is None), total),
        "assignee_null_rate": percent(number(group, lambda r: r["assignee_id"] is None), total),
        "message_compiled_null_rate": percent(number(group, lambda r: r["message_compiled"] is None), total),
    }


# Per mart: its key as columns of the serving view, the column that must not be NULL, a named column, its measures.
MARTS: dict[str, tuple[tuple[str, ...], str | None, str | None, Callable[[Group], Row]]] = {
    "mart_conversas_diario": (("inbox_id", "conversation_date", "conversation_period"), None, "inbox_name", measures),
    "mart_agentes": (("assignee_id", "mes"), "assignee_id", "assignee_name", of_agent),
    "mart_times": (("team_id", "mes"), "team_id", "team_name", measures),
    "mart_heatmap": (("conversation_day_of_week", "conversation_hour"), None, None, measures),
    "mart_funil": (("inbox_id", "conversation_date"), None, "inbox_name", funnel),
    "metricas_diarias": (("account_id", "inbox_id", "conversation_date"), None, None, watched),
    "mart_csat_semanal": (("year_week", "inbox_id"), None, "inbox_name", of_week),
}


def recomputed(mart: str, conversations: Group) -> dict[tuple[Any, ...], Row]:
    key, required, named, measure = MARTS[mart]
    groups: dict[tuple[Any, ...], Group] = defaultdict(list)
    for row in conversations:
        if required is None or row[required] is not None:
            groups[tuple(row[k] for k in key)].append(row)
    out = {}
    for values, group in groups.items():
        out[values] = dict(zip(key, values, strict=True)) | measure(group)
        if named:
            out[values][named] = newest(group, named)
        if mart == "mart_heatmap":
            out[values]["conversation_day_name"] = group[0]["conversation_day_name"]
    return out


def compare(world: World, mart: str) -> int:
    conversations = world.records(f"SELECT * FROM {SERVING}")
    for row in conversations:
        row["mes"], row["year_week"] = row["conversation_date"].replace(day=1), row["conversation_year_week"]
    expected = recomputed(mart, conversations)
    key = MARTS[mart][0]
    stored = world.records(f"SELECT * FROM marts.{mart}")
    found = {tuple(r[k] for k in key): {c: v for c, v in r.items() if not c.startswith("etl_")} for r in stored}
    assert found.keys() == expected.keys()
    assert len(found) == len(stored)
    for values, row in found.items():
        assert row.keys() == expected[values].keys(), row.keys() ^ expected[values].keys()
        wrong = {c: (v, expected[values][c]) for c, v in row.items() if v != expected[values][c]}
        assert wrong == {}, values
    return len(found)


@pytest.mark.parametrize("mart", MARTS)
def test_a_mart_equals_its_definition_after_the_first_load(loaded: World, mart: str) -> None:
    assert compare(loaded, mart) > 40


@pytest.mark.parametrize("mart", MARTS)
def test_a_mart_kept_up_by_increments_and_deletions_still_does(story: Story, mart: str) -> None:
    assert compare(story.world, mart) > 40


def test_today_is_told_against_yesterday_and_who_waits(world: World) -> None:
    boxes = [box for (box,) in rows(world.source, "SELECT DISTINCT inbox_id FROM conversations ORDER BY 1")]
    execute(world.source, "UPDATE conversations SET waiting_since = NULL, status = 1, updated_at = created_at")
    midnight = "(date_trunc('day', now() AT TIME ZONE 'America/Sao_Paulo') AT TIME ZONE 'America/Sao_Paulo')"
    today = f"({midnight} + interval '1 s') AT TIME ZONE 'UTC'"
    yesterday = f"({midnight} - interval '12 h') AT TIME ZONE 'UTC'"
    clock = "now() AT TIME ZONE 'UTC'"
    make = (
        "INSERT INTO conversations (account_id, inbox_id, display_id, status, created_at, updated_at, last_activity_at,"
        " waiting_since) SELECT account_id, {box}, 0, 0, {at}, {clock}, {active}, {since} FROM inboxes WHERE id = {box}"
    )
    long_ago, short = f"{clock} - interval '121 minutes'", f"{clock} - interval '119 minutes'"
    for box, at, active, since in (
        (boxes[0], today, today, short), (boxes[0], today, today, long_ago), (boxes[0], today, today, "NULL"),
        (boxes[0], yesterday, yesterday, "NULL"), (boxes[0], yesterday, clock, long_ago),
        (boxes[1], today, today, "NULL"),
        (boxes[2], yesterday, clock, short),
    ):  # fmt: skip
        execute(world.source, make.format(box=box, at=at, active=active, since=since, clock=clock))
    world.succeed("full")
    found = {r["inbox_id"]: r for r in world.records("SELECT * FROM marts.mart_hoje")}
    assert found.keys() == set(boxes)
    names = (
        "created_today", "created_yesterday", "created_change_percent", "active_today", "reopened_today",
        "open_conversations", "unassigned_open", "waiting_conversations", "waiting_over_2h",
    )  # fmt: skip
    told = {box: tuple(found[box][name] for name in names) for box in boxes}
    assert told.pop(boxes[0]) == (3, 2, 50, 4, 1, 5, 5, 3, 2)
    assert told.pop(boxes[1]) == (1, 0, 100, 1, 0, 1, 1, 0, 0)
    assert told.pop(boxes[2]) == (0, 1, -100, 1, 1, 1, 1, 1, 0)
    assert set(told.values()) == {(0,) * len(names)}
    (day,) = {r["today"] for r in found.values()}
    assert day == world.one("SELECT CAST(now() AT TIME ZONE 'America/Sao_Paulo' AS date)")
    assert {found[b]["inbox_name"] for b in boxes} == {n for (n,) in rows(world.source, "SELECT name FROM inboxes WHERE"
            " id IN (SELECT inbox_id FROM conversations)")}  # fmt: skip


def test_the_health_of_the_loads_is_told_per_day_and_table(story: Story) -> None:
    zone = ZoneInfo("America/Sao_Paulo")
    groups: dict[tuple[Any, str], Group] = defaultdict(list)
    for row in story.world.records(
        "SELECT e.* FROM audit.etl_run_entity AS e INNER JOIN audit.etl_run AS r USING (run_id) WHERE NOT r.is_dry_run"
    ):
        groups[row["started_at"].astimezone(zone).date(), row["entity"]].append(row)
    found = {(r["run_date"], r["entity"]): r for r in story.world.records("SELECT * FROM marts.mart_etl_saude")}
    assert found.keys() == groups.keys()
    for key, group in groups.items():
        row, took = found[key], [r["extract_seconds"] + r["load_seconds"] for r in group]
        assert (row["runs"], row["successes"], row["failures"], row["skipped"]) == (len(group), len(group), 0, 0)
        assert row["success_rate"] == 100
        for name in ("extracted", "inserted", "updated", "unchanged", "deleted", "rejected"):
            assert row[f"rows_{name}"] == sum(r[name] for r in group), name
        assert (row["seconds_mean"], row["seconds_max"]) == (mean(took), mean([max(took)]))
        assert row["last_success_at"] == max(r["finished_at"] for r in group)
