"""The ways a message can go: Slack's and Discord's incoming webhooks, e-mail, lines of a file.

Belongs here: how each writes and sends a message, and what its failure means. Does not belong here: whether and when.

Not Apprise: its Slack and Discord services know no address but the vendors' own, so that neither a compatible server
nor a test's can be given. An error never holds an address, an answer or a header: webhooks' addresses are secrets.
"""

from __future__ import annotations

import json
import logging
import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.utils import formatdate, parseaddr
from pathlib import Path
from typing import Any, Protocol

import requests
from pydantic import SecretStr

from etl_assets.alerting.message import Message

# For a connection, and for each answer. All channels together have to fit into a sensor's minute.
_CONNECT_SECONDS, _ANSWER_SECONDS = 4, 8
_DISCORD_CHARACTERS = 1900
_LOCAL = ("localhost", "127.0.0.1", "::1")


class ChannelError(Exception):
    """A message was not sent. The text is safe to show.

    `in_doubt`: it may have arrived all the same. `of_message`: another message may fare better. `retry_after`: seconds
    the receiver asks to wait.
    """

    def __init__(
        self, text: str, *, in_doubt: bool = False, of_message: bool = False, retry_after: float = 0.0
    ) -> None:
        super().__init__(text)
        self.in_doubt, self.of_message, self.retry_after = in_doubt, of_message, retry_after


class Channel(Protocol):
    """A way messages go. `send` raises ChannelError. One that `gathers` is read by people: many at once become one."""

    @property
    def name(self) -> str: ...

    @property
    def gathers(self) -> bool: ...

    def send(self, message: Message) -> None: ...


@dataclass(frozen=True)
class Webhook:
    """An address that takes JSON. What `payload` makes of a message is all that differs between the vendors."""

    name: str
    url: SecretStr
    payload: Callable[[Message], dict[str, Any]]
    gathers: bool = True

    def send(self, message: Message) -> None:
        # At DEBUG it logs the path of every request, which is the secret.
        logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)
        failure: ChannelError | None = None
        try:
            answer = requests.post(
                self.url.get_secret_value(),
                json=self.payload(message),
                timeout=(_CONNECT_SECONDS, _ANSWER_SECONDS),
                # An answer from elsewhere is not this webhook's.
                allow_redirects=False,
            )
            if not answer.ok or answer.is_redirect:
                failure = _refused(answer)
        except requests.RequestException as error:
            never_there = isinstance(error, requests.ConnectTimeout) or "NewConnectionError" in repr(error)
            failure = ChannelError(type(error).__name__, in_doubt=not never_there)
        if failure is not None:
            # Raised out here: the driver's error quotes the address.
            raise failure


def slack(url: SecretStr) -> Webhook:
    """An incoming webhook of Slack, or of one that is compatible (Mattermost, Rocket.Chat)."""

    def escaped(text: str) -> str:
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    def payload(message: Message) -> dict[str, Any]:
        lines = [f"*{escaped(message.title)}*", *(f"{n}: `{escaped(t)}`" for n, t in message.facts if t)]
        return {"text": "\n".join([*lines, f"<{escaped(message.link)}|Look in Dagster>"])}

    return Webhook("slack", url, payload)


def discord(url: SecretStr) -> Webhook:
    """A webhook of Discord, or of one that is compatible."""

    def payload(message: Message) -> dict[str, Any]:
        lines = [f"**{message.title}**", *(f"{n}: `{t}`" for n, t in message.facts if t)]
        text = "\n".join(lines)[:_DISCORD_CHARACTERS]
        return {"content": f"{text}\n{message.link}", "allowed_mentions": {"parse": []}}

    return Webhook("discord", url, payload)


@dataclass(frozen=True)
class Email:
    """One e-mail to all recipients. `tls`: from the start; otherwise by STARTTLS where the server offers it."""

    host: str
    port: int
    sender: str
    recipients: tuple[str, ...]
    tls: bool = False
    user: str | None = None
    password: SecretStr | None = None

    name = "email"
    gathers = True

    def send(self, message: Message) -> None:
        failure: ChannelError | None = None
        sending = False
        try:
            with self._connection() as server:
                if not self.tls and server.has_extn("starttls"):
                    server.starttls(context=ssl.create_default_context())
                    server.ehlo()
                if self.user is not None:
                    if not isinstance(server.sock, ssl.SSLSocket) and self.host not in _LOCAL:
                        raise ChannelError("the server offers no TLS, and the password is not sent without")
                    server.login(self.user, self.password.get_secret_value() if self.password else "")
                sending = True
                server.send_message(self._mail(message))
        except smtplib.SMTPResponseException as error:
            failure = ChannelError(f"{type(error).__name__} {error.smtp_code}")
        except (smtplib.SMTPException, OSError) as error:
            failure = ChannelError(type(error).__name__, in_doubt=sending)
        if failure is not None:
            raise failure

    def _connection(self) -> smtplib.SMTP:
        server = (
            smtplib.SMTP_SSL(self.host, self.port, timeout=_ANSWER_SECONDS, context=ssl.create_default_context())
            if self.tls
            else smtplib.SMTP(self.host, self.port, timeout=_ANSWER_SECONDS)
        )
        server.ehlo()
        return server

    def _mail(self, message: Message) -> EmailMessage:
        # A subject that is folded before its first word begins with a blank in some programs.
        mail = EmailMessage(policy.SMTP.clone(max_line_length=900))
        mail["Subject"], mail["From"], mail["To"] = message.title, self.sender, ", ".join(self.recipients)
        domain = parseaddr(self.sender)[1].partition("@")[2] or "etl-assets"
        # The same for every attempt: a program that reads mail shows one that came twice once.
        mail["Message-ID"] = f"<{message.id}@{domain}>"
        if message.news == "recovered":
            mail["In-Reply-To"] = mail["References"] = f"<{message.about}.opened@{domain}>"
        mail["Date"], mail["Auto-Submitted"] = formatdate(), "auto-generated"
        mail.set_content("\n".join([*(f"{n}: {t}" for n, t in message.facts if t), "", message.link, ""]))
        return mail


@dataclass(frozen=True)
class File:
    """One JSON object a line, for whatever reads files; `id` is the same where a line had to be written again."""

    path: Path

    name = "file"
    gathers = False

    def send(self, message: Message) -> None:
        line = {"id": message.id, "news": message.news, "severity": message.severity, "key": message.key}
        line |= {"title": message.title, **{n.lower(): t for n, t in message.facts}, "link": message.link}
        failure: ChannelError | None = None
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
        except OSError as error:
            failure = ChannelError(f"{type(error).__name__} {error.strerror}")
        if failure is not None:
            raise failure


def _refused(answer: requests.Response) -> ChannelError:
    """What a status other than success means."""
    text, after = f"HTTP {answer.status_code}", answer.headers.get("Retry-After", "")
    wait = min(float(after), 3600.0) if after.replace(".", "", 1).isdigit() else 0.0
    # 400 and 413 are about what was sent, others about the address or the receiver; a gateway knows of neither.
    return ChannelError(
        text,
        in_doubt=answer.status_code in (502, 504),
        of_message=answer.status_code in (400, 413),
        retry_after=wait,
    )
