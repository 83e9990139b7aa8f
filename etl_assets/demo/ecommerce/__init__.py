"""A synthetic shop's OLTP database: tables as specified, plausible history, planted trouble, a day of life on demand.

Belongs here: what other modules call. Everything it writes is invented; every change but the first refuses a database
that the demo did not fill. Nothing but the command line, the settings and tests imports it.
"""

from etl_assets.demo.ecommerce.late import LateCommit, delete_and_update, late_commit
from etl_assets.demo.ecommerce.mutate import mutate
from etl_assets.demo.ecommerce.schema import TABLES, create_schema
from etl_assets.demo.ecommerce.synthesize import SIZES, Size, Volume, synthesize

__all__ = [
    "SIZES",
    "TABLES",
    "LateCommit",
    "Size",
    "Volume",
    "create_schema",
    "delete_and_update",
    "late_commit",
    "mutate",
    "synthesize",
]
