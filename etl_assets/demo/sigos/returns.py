"""Services that came back: which, when, why; and their rows of the return report on a day.

Belongs here: returns. Does not belong here: the services (services.py), dirt (dirt.py). A return is in the report from
the day it was issued, under the execution date of its service.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from etl_assets.demo.sigos import texts
from etl_assets.demo.sigos import vocabulary as v
from etl_assets.demo.sigos.arrays import I64, Mask
from etl_assets.demo.sigos.book import Row, to_ordinal
from etl_assets.demo.sigos.columns import RETURN
from etl_assets.demo.sigos.service_rows import (
    inspectors,
    installed_meters,
    regions,
    spell_codes,
    spell_units,
)
from etl_assets.demo.sigos.services import CODE_NUMBERS, Services, choose
from etl_assets.demo.sigos.texts import where
from etl_assets.demo.sigos.world import World, unit_numbers

LONGEST_LAG = 120
_TWICE = 0.08
_LATE = 0.08  # resolved after two or three months, so that of the young 82 % are
# Typed differently from the service, so that it is found by fewer columns of the key, or not at all (spec 8.2).
_OTHER_CODE, _OTHER_TEAM, _OTHER_UNIT = 0.03, 0.015, 0.015
_PAIRS = tuple((reason, detail) for reason, (_, details) in v.REASONS.items() for detail in details)
_PAIR_SHARE = [share / len(details) for share, details in v.REASONS.values() for _ in details]


@dataclass(frozen=True)
class Returns:
    """Position p is return p of the month's services. Days are since 1970."""

    services: Services  # of each return, as the return tells it
    issued: I64
    resolved: I64  # 0: never
    is_cancelled: Mask


def returns_of(world: World, services: Services, month: date) -> Returns:
    """All returns of a month's services, those not issued yet included; deterministic."""
    rng = world.rng(20, month.year, month.month)
    share = world.teams.return_share[services.team]
    chosen = np.flatnonzero((rng.random(len(services)) < share) & ~services.is_cancelled)
    again = chosen[rng.random(len(chosen)) < _TWICE]
    place = np.concatenate([chosen, again])
    count = len(place)
    told = _told(rng, world, services, place)
    # Late returns are resolved late: one draw for both, and a little of their own.
    common = rng.normal(0, 1, count)
    own, other = rng.normal(0, 0.4, count), rng.normal(0, 0.4, count)
    resolved = np.clip(np.exp(np.log(16.5) + 0.75 * (common + own)), 3, 90).astype(np.int64)
    resolved = np.where(rng.random(count) < _LATE, rng.integers(60, 91, count), resolved)
    lag = np.clip(np.exp(np.log(13.5) + 0.95 * (common + other)), 1, LONGEST_LAG).astype(np.int64)
    fate = rng.random(count)
    is_cancelled = fate >= 1 - v.RETURN_CANCELLED_SHARE
    is_resolved = fate < 1 - v.RETURN_CANCELLED_SHARE - v.RETURN_NEVER_DONE
    lag = np.where(is_resolved, np.minimum(lag, resolved - 1), lag)
    return Returns(told, told.day + lag, np.where(is_resolved, told.day + resolved, 0), is_cancelled)


def return_rows(world: World, returns: Returns, month: date, today: date) -> list[Row]:
    """One row per return, those not issued yet included: the caller leaves them out."""
    rng = world.rng(21, month.year, month.month)
    services, now = returns.services, to_ordinal(today)
    count = len(services)
    is_resolved = (returns.resolved > 0) & (returns.resolved <= now)
    open_as = np.where(choose(rng, list(v.RETURN_OPEN_SHARE), count) == 0, 0, 1)
    status = texts.pick(
        (*v.RETURN_OPEN, v.RETURN_DONE, v.RETURN_CANCELLED),
        np.where(returns.is_cancelled, 3, np.where(is_resolved, 2, open_as)),
    )
    reason = choose(rng, _PAIR_SHARE, count)
    exchanged = rng.random(count) < 0.15
    cells = {
        "REGIONAL": regions(world, services.team),
        "UC / MD": spell_units(rng, services.unit),
        "TIPO SERVICO": texts.pick(tuple(v.SERVICE_TYPES), services.service_type),
        "DATA EXECUCAO": texts.days(services.day, np.ones(count, np.bool_)),
        "CODIGO": spell_codes(rng, services.code),
        "TOI": where(services.toi > 0, map(str, services.toi.tolist())),
        "MD INSTALADO": where(exchanged, installed_meters(services)),
        "EQUIPE": texts.pick(world.teams.names, services.team),
        "FISCAL": inspectors(world, services),
        "EMPRESA": texts.pick(v.FIRMS, world.teams.firm[services.team]),
        "DATA ENTREGA": texts.days(returns.issued, np.ones(count, np.bool_)),
        "DATA RESOLVIDO": texts.days(returns.resolved, is_resolved),
        "RETORNO DE": texts.pick(tuple(v.ISSUERS), choose(rng, list(v.ISSUERS.values()), count)),
        "MOTIVO": [_PAIRS[each][0] for each in reason.tolist()],
        "MOTIVO DETALHADO": [_PAIRS[each][1] for each in reason.tolist()],
        "MOTIVO DETALHADO 2": where(
            rng.random(count) >= v.THIRD_LEVEL_BLANK, texts.pick(v.THIRD_LEVELS, rng.integers(0, 3, count))
        ),
        "STATUS": status,
    }
    return list(map(list, zip(*(cells[column] for column in RETURN), strict=True)))


def _told(rng: np.random.Generator, world: World, services: Services, place: I64) -> Services:
    """The returned services as the return has them, a few typed wrongly."""
    count = len(place)
    draw = rng.random(count)
    code, team, unit = services.code[place], services.team[place], services.unit[place]
    other_code = draw < _OTHER_CODE
    other_team = (draw >= _OTHER_CODE) & (draw < _OTHER_CODE + _OTHER_TEAM)
    other_unit = draw >= 1 - _OTHER_UNIT
    return Services(
        day=services.day[place],
        team=np.where(other_team, (team + 1) % len(world.teams.names), team),
        municipality=services.municipality[place],
        service_type=services.service_type[place],
        code=np.where(other_code, (code + 1) % len(CODE_NUMBERS), code),
        unit=np.where(other_unit, unit_numbers(rng, count), unit),
        toi=services.toi[place],
        fate=services.fate[place],
        closing_lag=services.closing_lag[place],
        start=services.start[place],
        duration=services.duration[place],
        negotiated=services.negotiated[place],
    )
