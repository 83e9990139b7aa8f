"""A synthetic Lacrei Saúde database: tables as specified, plausible history, planted trouble, a day of life on demand.

Belongs here: what other modules call. Everything it writes is invented; every change but the first refuses a database
that the demo did not fill. Nothing but the command line, the settings and tests imports it.
"""

from etl_assets.demo.lacrei.cases import CASES
from etl_assets.demo.lacrei.connect import SCHEMA
from etl_assets.demo.lacrei.late import LateCommit, change, delete, late_commit
from etl_assets.demo.lacrei.mutate import mutate, play
from etl_assets.demo.lacrei.people_plan import planted_months
from etl_assets.demo.lacrei.randomize import randomize
from etl_assets.demo.lacrei.reader import SECRET_COLUMNS, create_reader
from etl_assets.demo.lacrei.schema import TABLES, create_schema, drop_table, empty_table
from etl_assets.demo.lacrei.synthesize import synthesize
from etl_assets.demo.lacrei.volumes import SIZES, Size, Volume

__all__ = [
    "CASES",
    "SCHEMA",
    "SECRET_COLUMNS",
    "SIZES",
    "TABLES",
    "LateCommit",
    "Size",
    "Volume",
    "change",
    "create_reader",
    "create_schema",
    "delete",
    "drop_table",
    "empty_table",
    "late_commit",
    "mutate",
    "planted_months",
    "play",
    "randomize",
    "synthesize",
]
