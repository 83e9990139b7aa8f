"""The installation around the conversations: accounts, inboxes, agents, teams, bots, labels; alike in every size.

Belongs here: tables with tens of rows and the constants others need to point at them.
Does not belong here: contacts and conversations. The shares are those of the measured installation (five customers
with data).
"""

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from etl_assets.demo.people import email, full_names
from etl_assets.demo.postgres import Cursor

INT4_MAX = 2**31 - 1


@dataclass(frozen=True)
class Inbox:
    id: int
    account_id: int
    name: str
    channel: str
    share: float  # of all conversations, in per cent


ACCOUNTS = (
    (1, "Academia Modelo", 0),
    (2, "Estúdio Modelo", 0),
    (3, "Clínica Modelo", 0),
    (5, "Escola Modelo", 0),
    (8, "Loja Modelo", 0),
    (9, "Conta Suspensa", 1),
)
INBOXES = (
    Inbox(3, 1, "WhatsApp Academia", "Channel::Whatsapp", 22.0),
    Inbox(4, 1, "Robô Academia", "Channel::Api", 8.9),
    Inbox(7, 1, "Instagram Academia", "Channel::Instagram", 5.0),
    Inbox(11, 2, "WhatsApp Estúdio", "Channel::Whatsapp", 14.6),
    Inbox(12, 2, "API Estúdio", "Channel::Api", 4.0),
    Inbox(18, 3, "WhatsApp Clínica", "Channel::Whatsapp", 8.8),
    Inbox(25, 5, "WhatsApp Escola", "Channel::Whatsapp", 18.4),
    Inbox(26, 5, "API Escola", "Channel::Api", 7.1),
    Inbox(31, 5, "Telegram Escola", "Channel::Telegram", 2.0),
    Inbox(40, 8, "WhatsApp Loja", "Channel::Whatsapp", 6.2),
    Inbox(41, 8, "Site Loja", "Channel::WebWidget", 3.0),
)
BOT_INBOX = 1  # the position of the inbox that is answered by the bot nine times in ten
AGENTS = 16
_TEAM_NAMES = [(account, name) for account in (1, 2, 3, 5, 8) for name in ("vendas", "suporte")]
TEAMS = tuple((2 + 3 * place, account, name) for place, (account, name) in enumerate(_TEAM_NAMES))
BIG_TEAM = INT4_MAX + 6  # a team no 4-byte column can point at
BOTS = (2, 5, INT4_MAX + 124)
LABELS = ("lead", "visita", "retorno", "suporte", "matrícula")


def agents_of(account_id: int) -> list[int]:
    """Agents 1, 3, 5 ...: every third one by account, so that the small accounts have agents too."""
    accounts = [account for account, _, status in ACCOUNTS if status == 0]
    place = accounts.index(account_id)
    return [1 + 2 * number for number in range(AGENTS) if number % len(accounts) == place]


def teams_of(account_id: int) -> list[int]:
    return [team for team, account, _ in TEAMS if account == account_id] + ([BIG_TEAM] if account_id == 1 else [])


def write_directory(cur: Cursor, rng: np.random.Generator, opened: datetime) -> None:
    """Insert them all, created when the installation was `opened`."""
    cur.executemany(
        "INSERT INTO accounts (id, name, locale, support_email, status, created_at, updated_at) VALUES"
        " (%s,%s,16,%s,%s,%s,%s)",
        [(key, name, f"suporte{key}@example.com", status, opened, opened) for key, name, status in ACCOUNTS],
    )
    spare = Inbox(50, 9, "E-mail sem conversas", "Channel::Email", 0)
    cur.executemany(
        "INSERT INTO inboxes (id, account_id, channel_id, channel_type, name, timezone, csat_survey_enabled,"
        " email_address, greeting_enabled, greeting_message, created_at, updated_at)"
        " VALUES (%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)",
        [
            (box.id, box.account_id, place + 1, box.channel, box.name, "America/Sao_Paulo" if place % 3 == 0 else "UTC",
             place % 2 == 0, f"caixa{box.id}@example.com" if box.channel == "Channel::Email" else None,
             place % 4 == 0, "Olá! 👋" if place % 4 == 0 else None, opened, opened)
            for place, box in enumerate((*INBOXES, spare))
        ],
    )  # fmt: skip
    names = full_names(rng.integers(0, 2**40, AGENTS).tolist())
    cur.executemany(
        # The sign-in columns carry values that are visibly false: found in a warehouse, they tell where they came from.
        "INSERT INTO users (id, uid, name, display_name, email, availability, type, encrypted_password,"
        " reset_password_token, confirmation_token, tokens, pubsub_token, current_sign_in_ip, created_at, updated_at)"
        " VALUES (%s,%s,%s,%s,%s,%s,%s,'FAKE-not-a-hash',%s,%s,'{\"FAKE\":\"not-a-token\"}',%s,'192.0.2.1',%s,%s)",
        [
            (1 + 2 * n, address, name, name.split()[0] if n % 3 else None, address, n % 3,
             "SuperAdmin" if n == 0 else None, f"FAKE-reset-{n}", f"FAKE-confirm-{n}", f"FAKE-pubsub-{n}", opened,
             opened)
            for n, name in enumerate(names) for address in (email(name, n + 1),)
        ],
    )  # fmt: skip
    cur.executemany(
        "INSERT INTO teams (id, account_id, name, description, allow_auto_assign, created_at, updated_at)"
        " VALUES (%s,%s,%s,%s,%s,%s,%s)",
        [
            (key, account, name, f"Equipe de {name}" if key % 2 else None, key % 2 == 0, opened, opened)
            for key, account, name in (*TEAMS, (BIG_TEAM, 1, "renovação"))
        ],
    )
    cur.executemany(
        "INSERT INTO agent_bots (id, account_id, name, bot_type, created_at, updated_at) VALUES (%s,%s,%s,0,%s,%s)",
        [(key, None if place == 2 else 1, f"Robô {place + 1}", opened, opened) for place, key in enumerate(BOTS)],
    )
    cur.executemany(
        "INSERT INTO labels (title, account_id, show_on_sidebar, created_at, updated_at) VALUES (%s,%s,%s,%s,%s)",
        [(title, key, place % 2 == 0, opened, opened) for key, *_ in ACCOUNTS for place, title in enumerate(LABELS)],
    )
    cur.executemany(
        "INSERT INTO tags (id, name) VALUES (%s,%s)", [(1 + 2 * place, title) for place, title in enumerate(LABELS)]
    )
