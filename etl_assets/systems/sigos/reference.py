"""Reference tables: classes of irregularity codes, the calendar (§8.3).

Belongs here: their columns and loading. Does not belong here: their rows, which their SQL says.
"""

from __future__ import annotations

from etl_assets.engine.checks import Accepted
from etl_assets.engine.spec import Ignore, Replace, TableSpec
from etl_assets.systems.notation import Row
from etl_assets.systems.sigos.columns import BOOL, DATE, INT, TEXT
from etl_assets.systems.sigos.star import REF, stored

CLASSES = ("C100", "C200", "C300", "REGU", "ACAO")
CODE: tuple[Row, ...] = (
    ("cod!", TEXT, "Code without leading zeros"),
    ("class!", TEXT, "C100, C200, C300, REGU or ACAO"),
    ("label!", TEXT, "What the class means"),
)
DAY: tuple[Row, ...] = (
    ("calendar_date!", DATE, "The day"),
    ("year!", INT, "Year"),
    ("quarter!", INT, "Quarter, 1 to 4"),
    ("month!", INT, "Month, 1 to 12"),
    ("day!", INT, "Day of the month"),
    ("iso_year!", INT, "Year of the ISO week"),
    ("iso_week!", INT, "ISO week, 1 to 53"),
    ("weekday!", INT, "1 Monday to 7 Sunday"),
    ("week_start!", DATE, "Monday of the ISO week"),
    ("month_start!", DATE, "First day of the month"),
    ("holiday", TEXT, "Name of the holiday, or of Carnival or Corpus Christi"),
    ("is_holiday!", BOOL, "National holiday"),
    ("is_workday!", BOOL, "Monday to Saturday and no national holiday"),
)


def reference() -> tuple[TableSpec, ...]:
    codes = stored(REF, "irregularity_code", "Irregularity codes and their classes.", CODE)
    days = stored(REF, "calendar", "Calendar from 2022 to the end of the next year.", DAY)
    itself = Ignore("the days it has already only say that none of them may go")
    return (
        TableSpec("sigos", "ref", codes, ("cod",), Replace(), checks=(Accepted("class", CLASSES, blocking=True),)),
        TableSpec("sigos", "ref", days, ("calendar_date",), Replace(), reads={"ref.calendar": itself}),
    )
