"""Real receivers of alerts on loopback: a web server that takes webhooks, a mail server. And what reached them.

Belongs here: receiving. Does not belong here: expectations.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from etl_assets.settings import Settings

# What is secret of each address.
SLACK_PATH, DISCORD_PATH = "/services/T0S3CR3T/B0S3CR3T/Xs3cr3t", "/api/webhooks/42/t0kens3cr3t"
USER, PASSWORD = "bell", "p@ss:s3cr3t"
SECRETS = ("0S3CR3T", "s3cr3t", "p@ss")


@dataclass
class Receivers:
    """`status` is what the web server answers to each path, 200 unless told; `on_post` is called before it does."""

    folder: Path
    status: dict[str, int] = field(default_factory=dict)
    on_post: Callable[[str], None] | None = None
    posts: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    mails: list[EmailMessage] = field(default_factory=list)
    logins: list[bool] = field(default_factory=list)

    def __post_init__(self) -> None:
        receivers = self

        class Web(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status = receivers.status.get(self.path, 200)
                if status < 300:
                    receivers.posts.append((self.path, body))
                if receivers.on_post is not None:
                    receivers.on_post(self.path)
                self.send_response(status)
                self.end_headers()
                # A receiver's answer may quote what it was asked.
                self.wfile.write(self.path.encode())

            def log_message(self, format: str, *args: Any) -> None: ...

        class Mail:
            async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
                assert isinstance(envelope.content, bytes)
                mail = message_from_bytes(envelope.content, policy=policy.default)
                assert isinstance(mail, EmailMessage)
                receivers.mails.append(mail)
                return "250 OK"

        def login(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
            right = LoginPassword(USER.encode(), PASSWORD.encode())
            receivers.logins.append(data == right)
            return AuthResult(success=data == right)

        self._web = ThreadingHTTPServer(("127.0.0.1", 0), Web)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self._mail = Controller(
            Mail(), "127.0.0.1", self._port, authenticator=login, auth_required=True, auth_require_tls=False
        )  # fmt: skip
        threading.Thread(target=self._web.serve_forever, daemon=True).start()
        self._mail.start()

    def stop(self) -> None:
        self._web.shutdown()
        self._web.server_close()
        self._mail.stop()

    @property
    def file(self) -> Path:
        return self.folder / "deep" / "alerts.jsonl"

    @property
    def settings(self) -> Settings:
        """With all four channels."""
        web = f"http://127.0.0.1:{self._web.server_address[1]}"
        return Settings.model_validate(
            {
                "alert_slack_webhook_url": web + SLACK_PATH,
                "alert_discord_webhook_url": web + DISCORD_PATH,
                "alert_smtp_url": f"smtp://{USER}:p%40ss%3As3cr3t@127.0.0.1:{self._port}",
                "alert_email_from": "Alerts <etl@example.org>",
                "alert_email_to": "one@example.org, two@example.org",
                "alert_file": self.file,
                "dagster_ui_url": "https://dagster.example.org/",
            }
        )

    @property
    def lines(self) -> list[dict[str, str]]:
        if not self.file.exists():
            return []
        return [json.loads(line) for line in self.file.read_text(encoding="utf-8").splitlines()]

    @property
    def titles(self) -> dict[str, list[str]]:
        """By channel, the first line of every message, in the order they came."""
        return {
            "slack": [p["text"].splitlines()[0].strip("*") for path, p in self.posts if path == SLACK_PATH],
            "discord": [p["content"].splitlines()[0].strip("*") for path, p in self.posts if path == DISCORD_PATH],
            "email": [str(m["Subject"]) for m in self.mails],
            "file": [line["title"] for line in self.lines],
        }

    @property
    def texts(self) -> str:
        """All that was received."""
        mails = [m.as_string() + m.get_content() for m in self.mails]
        return "\n".join([json.dumps([p for _, p in self.posts]), json.dumps(self.lines), *mails])
