"""The rows of a source at its nastiest, drawn one by one.

Belongs here: what makes two implementations of a rule disagree: every enumeration, every NULL, moments on edges,
durations and ratios halfway between two roundings. Does not belong here: plausibility (synthesize.py), the database.
"""

import random
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from etl_assets.demo.chatwoot.edges import STEPS, moment

CHANNELS = (
    "Whatsapp", "Api", "WebWidget", "Instagram", "FacebookPage", "Telegram", "Email", "TwilioSms", "Sms", "Line",
    "TwitterProfile", "Voice", "Tiktok",
)  # fmt: skip
SENDERS = ("Contact", "Contact", "User", "User", "AgentBot", "Captain::Assistant", None, "Integrations::Unknown")
TEXTS = (
    "", " ", "ok", "sim!", "olá", "Quero um plano", "ação\n", "\x07", "🙂🙂", "pago", "não quero", "x" * 51, "None",
    "às 18:30",
)  # fmt: skip
FEEDBACK = ("", "  ", "\t\n", "bom", "d" * 50, "d" * 51)
# Seconds. Tenths of a minute and whole seconds each have a halfway point; 300, 1800 and 7200 are limits of the rules.
RESPONSES = (
    -1.5, -0.5, 0, 0.5, 1.5, 2.5, 3, 9, 15, 21, 299.5, 299.999999, 300, 300.000001, 1799.5, 1800, 1800.5, 93_784,
)  # fmt: skip
LIFETIMES = (0, 0.5, 1.5, 3600, 7199.5, 7199.999999, 7200, 7200.000001, 90_061.5, 2_000_000)
SIZES = (0, 1, 1, 2, 3, 5, 6, 8, 16, 20, 21, 40)
JSON = ('{}', '{"a": 1}', '[]', 'null', '"x"')  # fmt: skip
GONE = 2_147_484_000  # points at nothing, and beyond 4 bytes


class RandomSource:
    def __init__(self, rng: random.Random, since: date, until: date) -> None:
        self.rng, self.since, self.until = rng, since, until
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.born = datetime(since.year, since.month, since.day)
        self.next_message = 100
        self.row = 0  # of the table being filled
        self.shared: datetime | None = None  # an updated_at several conversations carry

    def add(self, table: str, **values: Any) -> None:
        values.setdefault("updated_at", self.born)
        self.rows.setdefault(table, []).append({"created_at": self.born, **values})

    def maybe(self, value: Any, share: float = 0.6) -> Any:
        """The value or NULL. A table's first row takes NULL and its second the value: both occur, whatever the seed."""
        if self.row < 2:
            return value if self.row else None
        return value if self.rng.random() < share else None

    def pick(self, values: Sequence[Any]) -> Any:
        return self.rng.choice(values)

    def directory(self) -> None:
        for key, locale, status in ((1, 16, 0), (2, 0, 1), (3, None, None), (4, 9, 0), (5, 12, 0)):
            self.row = key - 1
            self.add(
                "accounts", id=key, name=f"Conta {key}", locale=locale, status=status, domain=self.maybe("d.invalid"),
                support_email=self.maybe("s@example.com"),
            )  # fmt: skip
        for key, channel in enumerate((*CHANNELS, None), 1):
            self.row = key - 1
            self.add(
                "inboxes", id=key, account_id=key % 5 + 1, channel_id=key,
                name=self.pick((f"Caixa {key}", "", "None")), channel_type=channel and f"Channel::{channel}",
                timezone=self.maybe(self.pick(("UTC", "America/Sao_Paulo"))), business_name=self.maybe("Nome"),
                enable_auto_assignment=self.maybe(key % 2 == 0), greeting_enabled=self.maybe(key % 3 == 0),
                working_hours_enabled=self.maybe(True), csat_survey_enabled=self.maybe(True),
                allow_messages_after_resolved=self.maybe(False), greeting_message=self.maybe("Oi"),
                out_of_office_message=self.maybe("Fora"), email_address=self.maybe("c@example.com"),
                portal_id=self.maybe(GONE), sender_name_type=key % 2,
            )  # fmt: skip
        for key in range(1, 9):
            self.row = key - 1
            self.add(
                "users", id=key, uid=f"u{key}", name=f"Agente {key}", display_name=self.maybe("Apelido"),
                email=self.maybe(f"agente{key}@example.com"), availability=(None, 0, 1, 2)[key % 4],
                type=self.maybe("SuperAdmin", 0.3), custom_attributes=self.maybe("{}"),
            )  # fmt: skip
            self.add(
                "teams", id=key if key < 8 else GONE - 1, account_id=key % 5 + 1, name=f"equipe {key}",
                description=self.maybe("Texto"), allow_auto_assign=self.maybe(key % 2 == 0),
            )  # fmt: skip
        self.add("agent_bots", id=1, name="Robô")
        for key in range(1, 61):
            self.row = key - 1
            self.add(
                "contacts", id=key, account_id=key % 5 + 1,
                name=self.maybe(self.pick(("Ana Lima", "", "None", "N" * 300))), middle_name=self.maybe("M"),
                last_name=self.maybe("L"), location=self.maybe("Recife"), country_code=self.maybe("BR"),
                email=self.maybe(f"c{key}@example.com"), phone_number=self.maybe(f"+55009{key:08d}"),
                identifier=self.maybe(f"i{key}"), contact_type=self.pick((None, 0, 1, 2)), blocked=key % 7 == 0,
                additional_attributes=self.maybe("{}"), custom_attributes=self.maybe('{"k": "v"}'),
                last_activity_at=self.maybe(self.born),
            )  # fmt: skip
            self.add(
                "contact_inboxes", id=GONE + key, contact_id=key, inbox_id=key % 14 + 1, source_id=f"s{key}",
                hmac_verified=self.maybe(key % 2 == 0), pubsub_token=self.maybe(f"FAKE-{key}"),
            )  # fmt: skip

    def conversation(self, key: int) -> None:
        rng, maybe, self.row = self.rng, self.maybe, key // 3 - 1

        def stamp() -> Any:
            return maybe(moment(rng, self.since, self.until))

        status = key % 4  # all of them occur, whatever the seed; keys are multiples of 3, so priorities mix with states
        created = moment(rng, self.since, self.until)
        updated = created + timedelta(seconds=self.pick(LIFETIMES))
        if self.shared is not None and self.shared >= created and rng.random() < 0.3:
            updated = self.shared
        self.shared = updated
        account, contact = rng.randint(1, 5), maybe(self.pick((*range(1, 61), GONE)), 0.9)
        inbox = rng.randint(1, 14)
        self.add(
            "conversations", id=key, account_id=account, inbox_id=inbox, contact_id=contact, display_id=0,
            status=status, contact_inbox_id=maybe(GONE + rng.randint(1, 60)),
            uuid=f"00000000-0000-4000-8000-{key:012d}", priority=(None, 0, 1, 2, 3)[key % 5],
            assignee_id=maybe(rng.randint(1, 10)), team_id=maybe(self.pick((1, 2, 3, 99, GONE - 1))),
            campaign_id=maybe(self.pick((1, GONE)), 0.2), sla_policy_id=maybe(GONE, 0.2), identifier=maybe("externo"),
            first_reply_created_at=maybe(created + timedelta(seconds=self.pick(RESPONSES)), 0.8),
            snoozed_until=stamp(), waiting_since=stamp(), contact_last_seen_at=stamp(), agent_last_seen_at=stamp(),
            assignee_last_seen_at=stamp(), last_activity_at=updated,
            cached_label_list=maybe(self.pick(("", "lead", "lead, visita"))), additional_attributes=maybe("{}"),
            custom_attributes=maybe('{"k": 1}'), created_at=created, updated_at=updated,
        )  # fmt: skip
        messages = self._messages(key, account, inbox, contact, created)
        if messages:
            self._ratings(key, account, messages, created)
        if status == 1 and rng.random() < 0.7:
            end = created + timedelta(seconds=self.pick(LIFETIMES))
            self.add(
                "reporting_events", name="conversation_resolved", value=(end - created).total_seconds(),
                account_id=account, inbox_id=inbox, conversation_id=key, event_start_time=maybe(created, 0.9),
                event_end_time=maybe(end, 0.9), created_at=end, updated_at=end,
            )  # fmt: skip

    def _messages(self, key: int, account: int, inbox: int, contact: int | None, created: datetime) -> list[int]:
        rng, maybe, at, ids = self.rng, self.maybe, created, []
        self.row = self.next_message  # messages are many: chance is enough
        senders = self.pick((SENDERS, SENDERS, ("User",), ("AgentBot", "Captain::Assistant"), ("Contact",), (None,)))
        hidden = self.pick((0.0, 0.1, 0.5, 1.0))
        for _ in range(self.pick(SIZES)):
            sender = self.pick(senders)
            author = {"Contact": self.pick((contact, contact, 7, GONE)), "User": rng.randint(1, 10)}.get(
                sender or "", GONE
            )
            self.add(
                "messages", id=self.next_message, account_id=account, inbox_id=self.pick((inbox, inbox, 1)),
                conversation_id=key, content=maybe(self.pick(TEXTS), 0.85), message_type=rng.randrange(4),
                content_type=rng.randrange(13), status=self.pick((None, 0, 1, 2, 3)), private=rng.random() < hidden,
                sender_type=sender, sender_id=maybe(author, 0.9) if sender else None, source_id=maybe("wamid.x"),
                sentiment=maybe(self.pick(JSON)), content_attributes=maybe(self.pick(JSON)),
                additional_attributes=maybe("{}"), created_at=at,
                updated_at=at + timedelta(seconds=self.pick((0, 0, 5))),
            )  # fmt: skip
            ids.append(self.next_message)
            self.next_message += rng.randint(1, 3)
            at += timedelta(seconds=self.pick(STEPS))
        rng.shuffle(ids)
        return ids

    def _ratings(self, key: int, account: int, messages: list[int], created: datetime) -> None:
        at = created + timedelta(hours=1)
        for message in messages[: self.pick((0, 0, 1, 1, 2, 3))]:
            self.add(
                "csat_survey_responses", id=GONE + message, account_id=account, conversation_id=key,
                message_id=message, rating=self.rng.randint(1, 5), feedback_message=self.maybe(self.pick(FEEDBACK)),
                contact_id=GONE, assigned_agent_id=self.maybe(GONE), created_at=at, updated_at=at,
            )  # fmt: skip
            at += timedelta(seconds=self.pick((0, 60)))
