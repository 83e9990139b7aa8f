"""Services as rows of the general report, as the portal knows them on a day.

Belongs here: the columns of the report. Does not belong here: what happened (services.py), dirt (dirt.py).
"""

from __future__ import annotations

from datetime import date

import numpy as np

from etl_assets.demo.sigos import texts
from etl_assets.demo.sigos import vocabulary as v
from etl_assets.demo.sigos.arrays import I64, Mask
from etl_assets.demo.sigos.book import Row, to_ordinal
from etl_assets.demo.sigos.columns import GENERAL, NOTIFIED_SINCE
from etl_assets.demo.sigos.services import CODE_NUMBERS, Services, choose
from etl_assets.demo.sigos.texts import where
from etl_assets.demo.sigos.world import World

_TYPES = tuple(v.SERVICE_TYPES)
_PLACES = {region: (tuple(names), tuple(map(texts.plain, names))) for region, names in v.MUNICIPALITIES.items()}


def service_rows(world: World, services: Services, month: date, today: date) -> list[Row]:
    """One row per service, those of days to come included: the caller leaves them out.

    Every draw is made for every service, so that another `today` changes only what happened in between.
    """
    rng = world.rng(11, month.year, month.month)
    count, now = len(services), to_ordinal(today)
    high = world.teams.is_high_voltage[services.team]
    status, closed_on = statuses(services, now)
    is_done = closed_on > 0
    has_toi, negotiated = services.toi > 0, services.negotiated > 0
    delivered = rng.random(count) < 0.80
    posted_on = services.day + rng.integers(5, 41, count)
    is_posted = has_toi & ~delivered & (posted_on <= now)
    notified = np.where(rng.random(count) < 0.70, 1, 0)
    tested_on = services.day + rng.integers(1, 21, count)
    is_tested = (rng.random(count) < np.where(services.service_type == _TYPES.index("AFERICAO"), 0.9, 0.08)) & (
        tested_on <= now
    )
    entered_on = np.minimum(services.day + rng.geometric(0.6, count) - 1, np.maximum(now, services.day))
    exchanged = rng.random(count) < np.where(services.service_type == _TYPES.index("TROCA DE MEDIDOR"), 0.95, 0.08)
    ramal, which = rng.integers(5, 31, count), choose(rng, [0.85, 0.06, 0.05, 0.04], count)
    down = (services.negotiated * rng.uniform(0.05, 0.3, count)).astype(np.int64)
    low, other = choose(rng, v.LOW_VOLTAGE_METERING, count), choose(rng, v.HIGH_VOLTAGE_METERING, count)
    not_closed = np.array([each == "NAO BAIXADO" for each in status], np.bool_)
    deal = rng.random(count) < 0.70
    start, end = _hours(rng, services)
    cells = {
        "UC / MD": spell_units(rng, services.unit),
        "Status": status,
        "Motivo nao baixado": where(not_closed, texts.pick(v.NOT_CLOSED_REASONS, rng.integers(0, 4, count))),
        "Regional": regions(world, services.team),
        "Empresa": texts.pick(v.FIRMS, world.teams.firm[services.team]),
        "Municipio": _places(rng, world, services),
        "Tipo servico": texts.pick(_TYPES, services.service_type),
        "tipo_servico_comercial": texts.pick(v.COMMERCIAL_TYPES, rng.integers(0, 3, count)),
        "Data execucao": texts.days(services.day, np.ones(count, np.bool_)),
        "Cod": spell_codes(rng, services.code),
        "Sit deixada": texts.pick(v.LEFT_AS, rng.integers(0, 4, count)),
        "Data Afericao": texts.days(tested_on, is_tested),
        "TOI": where(has_toi, map(str, services.toi.tolist())),
        "TOI Entregue": where(has_toi, texts.pick(("NAO", "SIM"), delivered.astype(np.int64))),
        "AR": where(is_posted, [f"BR{n:09d}" for n in rng.integers(0, 10**9, count).tolist()]),
        "Data AR": texts.days(posted_on, is_posted),
        "Notificado": where(
            has_toi & (services.day >= to_ordinal(NOTIFIED_SINCE)), texts.pick(("NAO", "SIM"), notified)
        ),
        "MD encontrado": where(rng.random(count) < 0.9, meters(rng, count)),
        "MD instalado": where(exchanged, installed_meters(services)),
        "Tipo medicao": texts.pick(v.METERINGS, np.where(high, other, low)),
        "Equipe": texts.pick(world.teams.names, services.team),
        "Fiscal": inspectors(world, services),
        **{
            column: where(which == n, map(str, ramal.tolist()))
            for n, column in enumerate(("Ramal Mono", "Ramal Bi", "Ramal Tri"), 1)
        },
        "Serv de Pedreiro": texts.pick(("NAO", "SIM"), (rng.random(count) < 0.03).astype(np.int64)),
        "Parcelamento": where(negotiated, texts.pick(("NAO", "SIM"), deal.astype(np.int64))),
        "RS Entrada": texts.amounts(down, negotiated & deal),
        "RS Negociado": texts.amounts(services.negotiated, negotiated),
        "Qtd parcela(s)": where(
            negotiated & deal, texts.pick(list(map(str, v.INSTALMENTS)), rng.integers(0, len(v.INSTALMENTS), count))
        ),
        "Cod Financiamento": where(negotiated & deal, map(str, rng.integers(100_000, 1_000_000, count).tolist())),
        "Lancado por": texts.pick(world.office, rng.integers(0, len(world.office), count)),
        "Data lancado": texts.days(entered_on, np.ones(count, np.bool_)),
        "Hora": texts.times(rng.integers(8 * 60, 19 * 60, count), np.zeros(count, np.int64), np.zeros(count, np.bool_)),
        "Backoffice": where(is_done, texts.pick(world.office, rng.integers(0, len(world.office), count))),
        "Data baixado": texts.days(closed_on, is_done),
        "Hora inicio servico": start,
        "Hora fim servico": end,
        "obs_at": where(rng.random(count) < v.NOTE_SHARE, texts.pick(v.NOTES, rng.integers(0, len(v.NOTES), count))),
    }
    return list(map(list, zip(*(cells[column] for column in GENERAL), strict=True)))


def statuses(services: Services, now: int) -> tuple[list[str], I64]:
    """Status of each service on the day `now`, and the day it was closed, 0 where it was not."""
    is_old = now - services.day > v.YOUNG_DAYS
    edges = [np.cumsum(share)[:-1] for share in (v.YOUNG_SHARE, v.OLD_SHARE)]
    young, old = (np.searchsorted(each, services.fate, side="right") for each in edges)
    place = np.where(is_old, old, young)
    closed_on = np.where(place == 0, services.day + services.closing_lag, 0)
    is_waiting = closed_on > now
    place = np.where(is_waiting, v.STATUSES.index(v.OPEN), place)
    return texts.pick(v.STATUSES, place), np.where(is_waiting, 0, closed_on)


def spell_units(rng: np.random.Generator, units: I64) -> list[str]:
    count = len(units)
    spelled = texts.units(units, rng.random(count) < 0.20, rng.random(count) < 0.01)
    for place in np.flatnonzero(rng.random(count) < 0.0005).tolist():
        spelled[place] = ("", "SEM UC")[place % 2]
    return spelled


def spell_codes(rng: np.random.Generator, codes: I64) -> list[str]:
    padded = rng.random(len(codes)) < v.PADDED_CODE_SHARE
    return [
        f"{code:04d}" if pad else str(code)
        for code, pad in zip(CODE_NUMBERS[codes].tolist(), padded.tolist(), strict=True)
    ]


def regions(world: World, team: I64) -> list[str]:
    return texts.pick(("NORTE", "SUL"), world.teams.is_south[team].astype(np.int64))


def inspectors(world: World, services: Services) -> list[str]:
    return [
        world.teams.inspectors[team][day % 2]
        for team, day in zip(services.team.tolist(), services.day.tolist(), strict=True)
    ]


def meters(rng: np.random.Generator, count: int) -> list[str]:
    return list(map(str, rng.integers(10_000_000, 100_000_000, count).tolist()))


def installed_meters(services: Services) -> list[str]:
    """A number that follows from the service, so that a return tells the same."""
    return [
        f"{(unit * 7919 + day) % 90_000_000 + 10_000_000}"
        for unit, day in zip(services.unit.tolist(), services.day.tolist(), strict=True)
    ]


def _places(rng: np.random.Generator, world: World, services: Services) -> list[str]:
    accented = rng.random(len(services)) < v.ACCENTED_SHARE
    south = world.teams.is_south[services.team]
    return [
        _PLACES["SUL" if is_south else "NORTE"][0 if with_accents else 1][place]
        for is_south, with_accents, place in zip(
            south.tolist(), accented.tolist(), services.municipality.tolist(), strict=True
        )
    ]


def _hours(rng: np.random.Generator, services: Services) -> tuple[list[str], list[str]]:
    count = len(services)
    exact, seconds = rng.random(count) < 0.2, rng.integers(0, 60, count)
    wrong, missing = rng.random(count) < 0.003, rng.random(count) < 0.04
    before: I64 = services.start - rng.integers(5, 60, count)
    end = np.where(wrong, before, services.start + services.duration)
    present: Mask = ~missing
    return texts.times(services.start, seconds, exact), where(present, texts.times(end, seconds, exact))
