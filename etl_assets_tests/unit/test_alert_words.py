"""Alerts without a server: what is unusual, what is muted, what messages say, which settings are refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pytest

from etl_assets.alerting import mutes
from etl_assets.alerting.channels import Email, discord, slack
from etl_assets.alerting.config import channels
from etl_assets.alerting.incident import Incident, Kind, Severity
from etl_assets.alerting.message import compose
from etl_assets.alerting.volume import usual
from etl_assets.engine.errors import SettingsError
from etl_assets.orchestration.alert_sensor import made_good
from etl_assets.settings import Settings

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
SECRET = "Xs3cr3t"
WEEK = [5200, 4900, 5100, 5000, 5300, 900, 700]


@pytest.mark.parametrize(
    ("history", "rows", "is_usual"),
    [
        (WEEK * 3, 5000, True),
        (WEEK * 3, 700, True),
        (WEEK * 3, 0, False),
        (WEEK * 3, 40_000, False),
        ([1000] * 20, 1099, True),
        ([1000] * 20, 3100, False),
        ([1000] * 20, 300, False),
        ([0] * 20, 100, True),
        ([0] * 20, 101, False),
        ([3_000_000, *[0] * 10], 0, True),
        ([0, 4000] * 10, 9000, True),
        ([0, 4000] * 10, 0, True),
    ],
)
def test_what_is_unusual(history: list[int], rows: int, is_usual: bool) -> None:
    known = usual(history)
    assert known is not None
    assert known.holds(rows) == is_usual


def test_too_little_history_says_nothing() -> None:
    assert usual([5] * 9) is None


def test_mutes_are_patterns_that_may_end() -> None:
    found = mutes.parse("sigos:check:*, *:chatwoot_full@2026-12-24T08:00, a@2026-12-24T08:00+00:00")
    assert found["sigos:check:*"] is None
    assert str(found["*:chatwoot_full"]) == "2026-12-24 08:00:00-03:00"
    assert mutes.is_muted("sigos:check:gold/x:key", found, NOW)
    assert mutes.is_muted("chatwoot:run:chatwoot_full", found, NOW)
    assert not mutes.is_muted("chatwoot:run:chatwoot_full", found, NOW + timedelta(days=30))
    assert not mutes.is_muted("sigos:run:sigos_full", found, NOW)
    with pytest.raises(SettingsError, match=r"ALERT_MUTE: 'soon' is no time; write a@2026"):
        mutes.parse("a@soon")


def incident(**values: Any) -> Incident:
    given: dict[str, Any] = {
        "id": 7, "key": "k", "system": "sigos", "kind": Kind.check, "subject": "gold/t:c", "severity": Severity.warning,
        "what": "it <!channel> failed\n& more", "run_id": "r1", "path": None, "opened_at": NOW, "last_seen_at": NOW,
        "occurrences": 1,
    }  # fmt: skip
    return Incident(**(given | values))


def test_what_a_message_says() -> None:
    opened = compose(incident(), "opened", "http://ui/")
    assert opened.title == "[WARN] sigos: check failed: gold/t:c"
    assert opened.link == "http://ui/runs/r1"
    text = slack(Settings(_env_file=None, alert_smtp_url="x").alert_smtp_url).payload(opened)["text"]  # type: ignore[arg-type]
    assert text.splitlines() == [
        "*[WARN] sigos: check failed: gold/t:c*",
        "System: `sigos`",
        "Subject: `gold/t:c`",
        "What: `it &lt;!channel&gt; failed &amp; more`",
        "Since: `2026-11-30 12:00 UTC`",
        "<http://ui/runs/r1|Look in Dagster>",
    ]
    over = compose(incident(closed_at=NOW + timedelta(hours=1), path="assets/a"), "recovered", "http://ui")
    assert over.title == "[RECOVERED] sigos: check passes again: gold/t:c"
    assert over.link == "http://ui/assets/a", "no run ended it"
    assert ("Until", "2026-11-30 13:00 UTC") in over.facts
    long = compose(incident(what="x" * 5000), "opened", "http://ui")
    sent = discord(Settings(_env_file=None, alert_smtp_url="x").alert_smtp_url).payload(long)  # type: ignore[arg-type]
    assert len(sent["content"]) <= 2000
    assert sent["content"].endswith("http://ui/runs/r1")
    assert sent["allowed_mentions"] == {"parse": []}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (
            {"alert_slack_webhook_url": f"hooks/{SECRET}"},
            "ALERT_SLACK_WEBHOOK_URL is no address like https://host/path",
        ),
        ({"alert_discord_webhook_url": f"ftp://h/{SECRET}"}, "ALERT_DISCORD_WEBHOOK_URL is no address like"),
        (
            {"alert_smtp_url": f"smtp://u:{SECRET}@h:port"},
            "ALERT_SMTP_URL is no address like smtp://user:password@host",
        ),
        ({"alert_smtp_url": f"http://u:{SECRET}@h"}, "ALERT_SMTP_URL is no address like smtp://"),
        ({"alert_smtp_url": f"smtp://u:{SECRET}@h"}, "ALERT_EMAIL_FROM and ALERT_EMAIL_TO is not"),
    ],
)
def test_what_is_no_channel_is_refused_without_its_secret(given: dict[str, str], says: str) -> None:
    with pytest.raises(SettingsError) as refused:
        channels(Settings.model_validate(given))
    assert says in str(refused.value)
    assert SECRET not in str(refused.value)


def test_a_mail_server_is_read_from_its_url() -> None:
    more = {"alert_email_from": "a@b", "alert_email_to": "c@d"}
    (plain,) = channels(Settings.model_validate({"alert_smtp_url": "smtp://h"} | more))
    (tls,) = channels(Settings.model_validate({"alert_smtp_url": "smtps://u%40x:p%3A@h:99"} | more))
    assert isinstance(plain, Email)
    assert isinstance(tls, Email)
    assert (plain.host, plain.port, plain.tls, plain.user) == ("h", 587, False, None)
    assert (tls.port, tls.tls, tls.user, tls.password and tls.password.get_secret_value()) == (99, True, "u@x", "p:")
    assert "p:" not in repr(tls)


@pytest.mark.parametrize(
    ("job", "is_right"),
    [("chatwoot_incremental", True), ("chatwoot_full", True), ("chatwoot_marts", False), ("lacrei_full", False)],
)
def test_a_load_makes_good_what_a_sweep_failed_to(job: str, is_right: bool) -> None:
    failed = incident(system="chatwoot", kind=Kind.run, subject="chatwoot_pending", key="chatwoot:run:chatwoot_pending")
    with dg.instance_for_test() as instance:
        found = made_good(instance, [failed], {9: dg.DagsterRun(job_name=job, run_id="r2")}, NOW)
    assert [(s.key, s.ok, s.event) for s in found] == [(failed.key, True, 9)] * is_right
