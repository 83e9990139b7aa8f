"""The notation of SIGOS's declarations: types, classes of personal data, what every typed row carries.

Belongs here: what several layers share. Does not belong here: any table; how a text is read (sql/sigos/macros).
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from etl_assets.engine.spec import column
from etl_assets.systems.notation import Row, declare, name_of

INT, BIG, TEXT, BOOL, DATE, TIME = sa.Integer(), sa.BigInteger(), sa.Text(), sa.Boolean(), sa.Date(), sa.Time()
NAIVE, STAMP, HASH = sa.DateTime(), sa.DateTime(timezone=True), sa.CHAR(64)
QUANTITY, AMOUNT = sa.Numeric(10, 2), sa.Numeric(14, 2)
TEXTS, JSONB = postgresql.ARRAY(sa.Text()), postgresql.JSONB()

# Classes of personal data (§10, 27). The first two stay in bronze and in the compatibility table.
IDENTIFIER = "direct_identifier"
FREE_TEXT = "free_text"
PSEUDONYM = "pseudonym"

SCHEMAS = {"bronze": "bronze", "silver": "silver", "compat": "public"}
GENERAL_RAW, RETURN_RAW = "bronze.sigos_general_raw", "bronze.sigos_return_raw"
MONTH = "_partition_month"

# Of a row that stays as it is, these go on saying from which extraction it was last changed.
_FROM: tuple[Row, ...] = (
    ("_window_start!", DATE, "First day its file was asked for"),
    ("_window_end!", DATE, "Last day its file was asked for"),
    ("_source_file!", TEXT, "File in the archive"),
    ("_line_no!", INT, "First line of the record in the file"),
    ("_extracted_at!", STAMP, "When the file was got"),
)
_HASH: Row = ("_row_hash!", HASH, "SHA-256 of the record's cells as received")
_BAD: Row = ("_bad_values!", INT, "Values that were neither blank nor of their type, and are NULL")
_MONTH: Row = ("_partition_month!", DATE, "First day of the month of data_execucao")


def provenance() -> list[sa.Column[Any]]:
    """Return the columns of a stored silver row that say where it is from; the file alone makes no row differ."""
    of_file = [column(name_of(r), r[1], r[2], nullable=False, not_compared=True) for r in _FROM]
    month, row_hash, bad = declare((_MONTH, _HASH, _BAD))
    return [month, *of_file, row_hash, bad]


# The same of a row of bronze, whichever extraction it is of.
OF_EXTRACTION: tuple[Row, ...] = (
    ("_partition_month", DATE, "Month under which bronze keeps the row"),
    ("_extraction", BIG, "Which extraction of the month"),
    ("_is_latest", BOOL, "Whether that is the latest"),
    ("_landed_at", STAMP, "When the newest file of the extraction was got"),
    ("_previous", BIG, "The extraction of the month before it that is still stored"),
    ("_next", BIG, "The extraction of the month after it"),
    ("_next_at", STAMP, "When the newest file of that was got"),
    *((name_of(r), *r[1:]) for r in (*_FROM, _HASH)),
    ("_problem", TEXT, "What the loader found wrong with the record"),
    ("_reject", TEXT, "Why the row is not in silver; NULL: it is"),
    ("_bad_values", INT, _BAD[2]),
)
