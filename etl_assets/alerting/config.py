"""Which channels there are, and what is muted, as the settings say.

Belongs here: from variables to channels, refusing nonsense by the variable's name. Does not belong here: sending.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import SecretStr

from etl_assets.alerting.channels import Channel, Email, File, discord, slack
from etl_assets.engine.errors import SettingsError
from etl_assets.settings import PROJECT_ROOT, Settings

_PORTS = {"smtp": 587, "smtps": 465}


def channels(settings: Settings) -> list[Channel]:
    """The channels configured. Raises SettingsError for one that is configured by half, or not understood."""
    return list(_channels(settings))


def _channels(settings: Settings) -> Iterator[Channel]:
    if settings.alert_slack_webhook_url is not None:
        yield slack(_webhook("ALERT_SLACK_WEBHOOK_URL", settings.alert_slack_webhook_url))
    if settings.alert_discord_webhook_url is not None:
        yield discord(_webhook("ALERT_DISCORD_WEBHOOK_URL", settings.alert_discord_webhook_url))
    if settings.alert_smtp_url is not None:
        yield _email(settings)
    if settings.alert_file is not None:
        path = Path(settings.alert_file).expanduser()
        # Daemon, code server and command line start in several folders and mean one file.
        yield File(path if path.is_absolute() else PROJECT_ROOT / path)


def _webhook(variable: str, url: SecretStr) -> SecretStr:
    parts = _split(variable, url, "https://host/path")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError(f"{variable} is no address like https://host/path")
    return url


def _email(settings: Settings) -> Email:
    variable, example = "ALERT_SMTP_URL", "smtp://user:password@host:587 or smtps://user:password@host:465"
    assert settings.alert_smtp_url is not None
    parts = _split(variable, settings.alert_smtp_url, example)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise SettingsError(f"{variable} is no address like {example}")
    recipients = tuple(r.strip() for r in (settings.alert_email_to or "").split(",") if r.strip())
    needed = {"ALERT_EMAIL_FROM": settings.alert_email_from, "ALERT_EMAIL_TO": recipients}
    missing = [name for name, value in needed.items() if not value]
    if missing:
        raise SettingsError(f"{variable} is set but {' and '.join(missing)} is not; e-mail needs both")
    return Email(
        host=parts.hostname,
        port=parts.port or _PORTS[parts.scheme],
        sender=str(settings.alert_email_from),
        recipients=recipients,
        tls=parts.scheme == "smtps",
        user=unquote(parts.username) if parts.username else None,
        password=SecretStr(unquote(parts.password)) if parts.password else None,
    )


def _split(variable: str, url: SecretStr, example: str) -> SplitResult:
    try:
        parts = urlsplit(url.get_secret_value().strip())
        _ = parts.port
    except ValueError:
        # Not the reason itself, which quotes what may be the password.
        raise SettingsError(f"{variable} is no address like {example} (percent-encode @ : / ? # in it)") from None
    return parts
