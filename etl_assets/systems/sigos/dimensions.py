"""The seven dimensions of gold (§8.4), each with its member for what is not known.

Belongs here: their columns, and when a change of silver reaches them. Does not belong here: SQL, facts. A surrogate key
is allocated once and stays: members that are gone are marked, not deleted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from etl_assets.engine.checks import Accepted, Check
from etl_assets.engine.spec import Merge, Reading, Replace, TableSpec
from etl_assets.systems.notation import Row, name_of
from etl_assets.systems.sigos import feeds
from etl_assets.systems.sigos.columns import BOOL, DATE, INT, TEXT
from etl_assets.systems.sigos.feeds import RETURN, SERVICE
from etl_assets.systems.sigos.reference import CLASSES
from etl_assets.systems.sigos.star import GOLD, KINDS, NO_TEAM, STATES, UNKNOWN, UNKNOWN_KEY, UNMAPPED, stored, unknown

STATUS_GROUPS = ("CANCELADO", "BAIXADO", "ABERTO")
DATE_ROWS: tuple[Row, ...] = (
    ("date_key!", INT, "yyyymmdd; -1 unknown"),
    ("calendar_date", DATE, "The day"),
    ("year", INT, "Year"),
    ("quarter", INT, "Quarter, 1 to 4"),
    ("month", INT, "Month, 1 to 12"),
    ("day", INT, "Day of the month"),
    ("iso_year", INT, "Year of the ISO week"),
    ("iso_week", INT, "ISO week, 1 to 53"),
    ("weekday", INT, "1 Monday to 7 Sunday"),
    ("weekday_name!", TEXT, "SEGUNDA to DOMINGO"),
    ("week_start", DATE, "Monday of the ISO week"),
    ("month_start", DATE, "First day of the month"),
    ("holiday", TEXT, "Name of the holiday, or of Carnival or Corpus Christi"),
    ("is_holiday!", BOOL, "National holiday"),
    ("is_workday!", BOOL, "Monday to Saturday and no national holiday"),
    ("day_is_mature!", BOOL, "180 days have passed since the day, at the last run's date"),
    ("week_is_mature!", BOOL, "180 days have passed since the Sunday of the ISO week"),
    ("month_is_mature!", BOOL, "180 days have passed since the last day of the month"),
)
TEAM: tuple[Row, ...] = (
    ("equipe!", TEXT, "Code of the team; NAO INFORMADA where a service names none"),
    ("regional!", TEXT, "SUL or NORTE"),
    ("grupo!", TEXT, "AT (high voltage) or BT"),
    ("grupo_norm", TEXT, "AT or BT by the letter in the code; NULL where it follows no pattern"),
    ("first_service_date", DATE, "Day of its first service"),
    ("last_service_date", DATE, "Day of its last service"),
    ("is_active!", BOOL, "It had a service in the 30 days up to the last run's date"),
)
MUNICIPALITY: tuple[Row, ...] = (
    ("municipio_norm!", TEXT, "Municipality without accents"),
    ("municipio!", TEXT, "As most services spell it"),
    ("regional!", TEXT, "Region of most of its services"),
)
KIND: tuple[Row, ...] = (("tipo_servico!", TEXT, "Kind of service"),)
STATUS: tuple[Row, ...] = (
    ("status!", TEXT, "Status of a service"),
    ("status_group!", TEXT, "CANCELADO, BAIXADO or ABERTO"),
)
CODE: tuple[Row, ...] = (
    ("cod!", TEXT, "Irregularity code without leading zeros; NAO MAPEADO for codes of no class"),
    ("class!", TEXT, "C100, C200, C300, REGU, ACAO or NAO MAPEADO"),
    ("label!", TEXT, "What the class means"),
)
REASON: tuple[Row, ...] = (
    ("motivo!", TEXT, "Reason, level 1"),
    ("motivo_detalhado!", TEXT, "Reason, level 2"),
    ("motivo_detalhado_2!", TEXT, "Reason, level 3"),
)


def _dimension(
    name: str,
    comment: str,
    rows: tuple[Row, ...],
    load: Merge | Replace,
    *,
    surrogate: str | None = None,
    members: Sequence[Mapping[str, object]],
    reads: Mapping[str, Reading] | None = None,
    checks: Sequence[Check] = (),
    natural: int = 1,
) -> TableSpec:
    """`natural`: how many of the first columns are the key."""
    unique = sa.UniqueConstraint(surrogate, name=f"uq_{name}_key") if surrogate else None
    return TableSpec(
        "sigos",
        "gold",
        stored(GOLD, name, comment, rows, *([unique] if unique is not None else []),
               surrogate=surrogate, keeps_members=surrogate is not None),
        tuple(name_of(r) for r in rows[:natural]),
        load,
        reads=reads or {},
        checks=checks,
        marks_deletes=surrogate is not None,
        fixed_rows=members,
    )  # fmt: skip


def dates() -> TableSpec:
    unique = sa.UniqueConstraint("calendar_date", name="uq_dim_date_day")
    return TableSpec(
        "sigos",
        "gold",
        stored(GOLD, "dim_date", "Calendar, with what is mature.", DATE_ROWS, unique),
        ("date_key",),
        Replace(),
        fixed_rows=(unknown(DATE_ROWS, date_key=UNKNOWN_KEY, holiday=None),),
    )


def dimensions() -> tuple[TableSpec, ...]:
    kinds = {r: feeds.came_or_went("tipo_servico", KINDS, SERVICE, RETURN) for r in (SERVICE, RETURN)}
    team = unknown(TEAM, "team_key", equipe=NO_TEAM, regional="NORTE", grupo="BT", grupo_norm=None)
    other = {"cod": UNMAPPED, "class": UNMAPPED, "label": "Code of no known class"}
    return (
        dates(),
        # By what a run's date says of a team it is made anew in every run.
        _dimension("dim_team", "Teams.", TEAM, Replace(), surrogate="team_key", members=(team,), checks=(
            Accepted("regional", ("SUL", "NORTE"), blocking=True), Accepted("grupo", ("AT", "BT"), blocking=True))),
        _dimension("dim_municipality", "Municipalities.", MUNICIPALITY, Merge({SERVICE: "municipio_norm"}),
                   surrogate="municipality_key", members=(unknown(MUNICIPALITY, "municipality_key"),),
                   reads={SERVICE: feeds.towns()}),
        _dimension("dim_service_type", "Kinds of service.", KIND, Merge(dict.fromkeys(kinds, "tipo_servico")),
                   surrogate="service_type_key", members=(unknown(KIND, "service_type_key"),), reads=kinds),
        _dimension("dim_status", "Status of services.", STATUS, Merge({SERVICE: "status"}), surrogate="status_key",
                   members=(unknown(STATUS, "status_key", status_group="ABERTO"),),
                   reads={SERVICE: feeds.came_or_went("status", STATES, SERVICE)},
                   checks=(Accepted("status_group", STATUS_GROUPS, blocking=True),)),
        _dimension("dim_irregularity_code", "Irregularity codes.", CODE, Replace(),
                   members=({**other, "cod": UNKNOWN, "label": "No code"}, other),
                   checks=(Accepted("class", (*CLASSES, UNMAPPED), blocking=True),)),
        _dimension("dim_return_reason", "Reasons of returns.", REASON, Replace(), surrogate="reason_key", natural=3,
                   members=(unknown(REASON, "reason_key"),)),
    )  # fmt: skip
