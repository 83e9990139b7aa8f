"""What the engine asks of a database server. One subclass per server; the engine never asks for a dialect's name.

The interface is in parts, one module each (base_*.py); here they are put together. Does not belong here: a question to
a server, values (values.py), order of steps, counting, audit.
"""

from __future__ import annotations

from etl_assets.engine.dialects.base_archives import ArchivesDialect
from etl_assets.engine.dialects.base_digests import DigestsDialect
from etl_assets.engine.dialects.base_judge import JudgeDialect
from etl_assets.engine.dialects.base_merge import MergeDialect
from etl_assets.engine.dialects.base_partitions import PartitionsDialect
from etl_assets.engine.dialects.base_roles import RolesDialect
from etl_assets.engine.dialects.base_selects import SelectsDialect
from etl_assets.engine.dialects.base_staging import StagingDialect


class Dialect(
    MergeDialect,
    JudgeDialect,
    StagingDialect,
    SelectsDialect,
    DigestsDialect,
    RolesDialect,
    PartitionsDialect,
    ArchivesDialect,
):
    """One kind of server, seen from the engine."""
