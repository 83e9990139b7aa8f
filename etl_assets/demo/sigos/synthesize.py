"""Both reports as of a day, from a seed."""

from __future__ import annotations

from datetime import date

import numpy as np

from etl_assets.demo.sigos.book import Book, Sheet, from_ordinal, to_ordinal
from etl_assets.demo.sigos.columns import GENERAL, RETURN

FIRST_DAY = date(2022, 3, 1)


def synthesize(seed: int, scale: float, today: date) -> Book:
    """The portal's rows on `today`. Deterministic."""
    rng = np.random.default_rng(seed)
    first, last = to_ordinal(FIRST_DAY), to_ordinal(today)
    count = int(400 * scale * (last - first + 1)) + 1
    services, returns = Sheet("general"), Sheet("return")
    for number, day in enumerate(sorted(rng.integers(first, last + 1, count).tolist())):
        shown = from_ordinal(day).strftime("%d/%m/%Y")
        row = dict.fromkeys(GENERAL, "") | {
            "UC / MD": f"{30_000_000 + number}",
            "Status": "BAIXADO",
            "Municipio": "PELOTAS",
            "Tipo servico": "INSPECAO",
            "Data execucao": shown,
            "Cod": "300",
            "Equipe": "RS-PEL-F001M",
        }
        services.add([list(row.values())], [day])
        if number % 16 == 0:
            back = dict.fromkeys(RETURN, "") | {
                "UC / MD": row["UC / MD"],
                "DATA EXECUCAO": shown,
                "CODIGO": "300",
                "EQUIPE": "RS-PEL-F001M",
                "MOTIVO": "MEDIDOR",
                "STATUS": "PENDENTE",
            }
            returns.add([list(back.values())], [day])
    return Book(seed, scale, today, {"general": services, "return": returns})
