"""A synthetic Chatwoot database: tables as published, plausible history, planted trouble, a day of life on demand.

Belongs here: what other modules call. Everything it writes is invented; every change but the first refuses a database
that the demo did not fill. Nothing but the command line, the settings and tests imports it.
"""

from etl_assets.demo.chatwoot.late import (
    LateCommit,
    delete_conversation,
    late_commit,
    restore_conversation,
    touch_months,
)
from etl_assets.demo.chatwoot.mutate import mutate
from etl_assets.demo.chatwoot.randomize import randomize
from etl_assets.demo.chatwoot.reader import SECRET_COLUMNS, create_reader
from etl_assets.demo.chatwoot.schema import TABLES, create_schema
from etl_assets.demo.chatwoot.synthesize import SIZES, Size, synthesize

__all__ = [
    "SECRET_COLUMNS",
    "SIZES",
    "TABLES",
    "LateCommit",
    "Size",
    "create_reader",
    "create_schema",
    "delete_conversation",
    "late_commit",
    "mutate",
    "randomize",
    "restore_conversation",
    "synthesize",
    "touch_months",
]
