"""Every way a value may arrive, well or ill: what the randomized source draws from.

Belongs here: spellings by kind of value. Does not belong here: rows (random_source.py).
"""

import random
from datetime import UTC, datetime, timedelta, timezone

BOOLEANS = (
    "true", "t", "1", "yes", "y", "sim", "s", "SIM", " S ", "True", "false", "f", "0", "no", "n", "nao", "não", "NÃO",
    " False", "", "  ", "talvez", "2", "verdadeiro",
)  # fmt: skip
PRICES = (
    "150.00", "150,5", "R$ 150,00", "r$80", "1.234,56", "1,234.56", " 200 ", "0", "0,005", "5000", "5000,01", ",50", "",
    "  ", "-", "R$", "grátis", "-50,00", "--5", "1-2", "1.2.3", "99999999,99", "100000000", "99999999999999",
)  # fmt: skip
INTEGERS = (
    "5",
    " 7 ",
    "007",
    "0",
    "-1",
    "2.0",
    "abc",
    "",
    "  ",
    "2147483647",
    "2147483648",
    "99999999999999",
    "50 min",
)
TEXTS = (
    "",
    " ",
    "\t",
    "texto",
    "  com espaços  ",
    "Ação",
    "D'Ávila",
    "linha\nlinha",
    'a "b" \\N',
    "🙂",
    "NULL",
    "None",
)
STATUSES = (
    "completed", "completed", "scheduled", "cancelled", "canceled", "no_show", "confirmed", " Completed", "CANCELED ",
    "CANCELLED", "", "  ", "remarcado",
)  # fmt: skip
TYPES = (
    "Online", "online", " ONLINE", "telemed", "teleconsulta", "remote", "remoto", "video", "Vídeo", "Presencial",
    "presencial ", "clinic", "local", "face-to-face", "domiciliar", "", " ",
)  # fmt: skip
PROFILE_TYPES = (
    "Paciente", "Profissional", "paciente", " PACIENTE ", "patient", "Patient", "professional", "PROFISSIONAL", "",
    "Outro",
)  # fmt: skip
REASONS = (
    "Conflito de horário",
    " Desistência ",
    "problema de saúde",
    "Outro",
    "",
    "  ",
    "motivo livre",
    "Motivo financeiro",
)
# None is a moment, though the server itself would take some of them for one.
NO_MOMENTS = (
    "", "   ", "ontem", "now", "today", "infinity", "31/12/2024 10:00", "2024-02-30T10:00:00Z", "2024-13-01",
    "2024-06-31", "2024-03-10T25:61:00Z", "10:00", "0",
)  # fmt: skip
_BRAZIL, _INDIA = timezone(timedelta(hours=-3)), timezone(timedelta(hours=5, minutes=30))


def moment(rng: random.Random, at: datetime) -> str:
    """`at` (with a zone) in one of the spellings a timestamp arrives in."""
    utc = at.astimezone(UTC)
    return rng.choice(
        (
            utc.isoformat(),
            utc.isoformat(),
            utc.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
            utc.strftime("%Y-%m-%d %H:%M:%S"),
            utc.strftime("  %Y-%m-%dT%H:%M:%S "),
            utc.strftime("%Y-%m-%d %H:%M:%S+00"),
            at.astimezone(_BRAZIL).isoformat(),
            at.astimezone(_BRAZIL).strftime("%Y-%m-%d %H:%M:%S-0300"),
            at.astimezone(_INDIA).isoformat(),
            utc.strftime("%Y-%m-%d"),
        )
    )
