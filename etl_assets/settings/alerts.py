"""Settings of alerts: whom they go to, by which way, and which of them nobody wants.

Belongs here: their variables. Does not belong here: making receivers of them (alerting/config.py).
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings


class AlertSettings(BaseSettings):
    """No way is on by default."""

    alert_slack_webhook_url: SecretStr | None = Field(
        None, description="Incoming webhook of Slack, or of one that is compatible, for alerts. Unset: none"
    )
    alert_discord_webhook_url: SecretStr | None = Field(
        None, description="Webhook of Discord, or of one that is compatible, for alerts. Unset: none"
    )
    alert_smtp_url: SecretStr | None = Field(
        None, description="Mail server for alerts, smtp://user:password@host:587 or smtps://. Unset: no e-mail"
    )
    alert_email_from: str | None = Field(None, description="Sender of alerts by e-mail. Required with ALERT_SMTP_URL")
    alert_email_to: str | None = Field(
        None, description="Who gets them, separated by commas. Required with ALERT_SMTP_URL"
    )
    alert_file: Path | None = Field(None, description="File that gets every alert as a line of JSON. Unset: none")
    alert_mute: str | None = Field(
        None,
        description="Alerts nobody wants: patterns like sigos:check:*, separated by commas, @2026-12-24T08:00 ends",
    )
