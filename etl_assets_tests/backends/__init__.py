"""What the two servers spell otherwise in the tests of the engine, so that one text of a test serves both.

Belongs here: spelling (literals, arithmetic, types), what a server makes of a row or a session, and how it legitimately
differs, each with its reason. Does not belong here: making worlds (world.py), what must hold (invariants.py), tests.
"""

from __future__ import annotations

from etl_assets_tests.backends.base import Backend
from etl_assets_tests.backends.postgres import PostgresBackend
from etl_assets_tests.backends.sqlserver import SqlServerBackend

__all__ = ["Backend", "PostgresBackend", "SqlServerBackend"]
