"""The text of a notice: one line, then system, subject, what, since when, and where to look.

Belongs here: words. Does not belong here: how a channel writes them (channels.py). Nothing of a row comes here: an
incident holds names and counts only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Literal

from etl_assets.alerting.incident import Incident, Kind, Severity

News = Literal["opened", "recovered"]
# Titles of a message that stands for many.
SHOWN = 10
_TITLES: dict[Kind, tuple[str, str]] = {
    Kind.run: ("run failed", "run succeeded again"),
    Kind.check: ("check failed", "check passes again"),
    Kind.freshness: ("loads are overdue", "loads are in time again"),
    Kind.volume: ("unusual number of rows", "usual number of rows again"),
}


@dataclass(frozen=True)
class Message:
    """`id` is the same for every attempt to send it, and `about` for all messages of an incident."""

    id: str
    about: str
    news: News
    severity: str
    key: str
    title: str
    facts: tuple[tuple[str, str], ...]
    link: str


def compose(incident: Incident, news: News, ui: str, *, in_doubt: bool = False) -> Message:
    """`ui` is the address of Dagster's UI; `in_doubt`: it may have been sent before."""
    recovered = news == "recovered"
    label = "RECOVERED" if recovered else incident.severity.value
    facts = [
        ("System", incident.system),
        ("Subject", incident.subject),
        ("Was" if recovered else "What", incident.what),
    ]
    facts.append(("Since", _moment(incident.opened_at)))
    if recovered and incident.closed_at is not None:
        facts.append(("Until", _moment(incident.closed_at)))
    if in_doubt:
        facts.append(("Note", "sent again, since it is not known whether an earlier attempt arrived"))
    about = f"{incident.opened_at:%Y%m%dT%H%M%S}.{incident.id}"
    return Message(
        id=f"{about}.{news}",
        about=about,
        news=news,
        severity=incident.severity.value,
        key=incident.key,
        title=f"[{label}] {incident.system}: {_TITLES[incident.kind][recovered]}: {incident.subject}",
        facts=tuple((name, " ".join(text.split())) for name, text in facts),
        link=_link(incident, ui, recovered=recovered),
    )


def gather(messages: Sequence[Message], ui: str) -> Message:
    """One message in place of many: how many of what, and the first of them by their titles."""
    ends = sum(m.news == "recovered" for m in messages)
    shown = [m.title for m in messages[:SHOWN]]
    left = len(messages) - len(shown)
    in_doubt = any(name == "Note" for m in messages for name, _ in m.facts)
    facts = [(str(number), title) for number, title in enumerate(shown, 1)]
    facts += [("And", f"{left} more: `etl_assets alerts` lists what is open")] if left else []
    facts += [("Note", "some are sent again, since it is not known whether an earlier attempt arrived")] * in_doubt
    # The same for the same ones.
    id_ = f"{messages[0].id}.{sha256(' '.join(m.id for m in messages).encode()).hexdigest()[:12]}"
    severities = [m.severity for m in messages if m.news == "opened"]
    label = "RECOVERED" if not severities else "ERROR" if Severity.error.value in severities else "WARN"
    return Message(
        id=id_,
        about=id_,
        news="opened" if severities else "recovered",
        severity=label if severities else messages[0].severity,
        key="*",
        title=f"[{label}] {len(messages)} alerts at once: {len(messages) - ends} begun, {ends} over",
        facts=tuple(facts),
        link=f"{ui.rstrip('/')}/runs",
    )


def trial(now: datetime, ui: str) -> Message:
    """A message that says only that messages arrive."""
    id_ = f"{now:%Y%m%dT%H%M%S}.trial"
    return Message(
        id_, id_, "opened", "TEST", "test", "[TEST] etl_assets: alerts arrive here", (("At", _moment(now)),), ui
    )


def _link(incident: Incident, ui: str, *, recovered: bool) -> str:
    run = incident.closed_run_id if recovered else incident.run_id
    if run:
        return f"{ui.rstrip('/')}/runs/{run}"
    return f"{ui.rstrip('/')}/{incident.path or 'runs'}"


def _moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M UTC")
