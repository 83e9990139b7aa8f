"""A stand-in for the SIGOS portal: its pages, its faults on demand, and the invented reports it exports.

Belongs here: what other modules call. Nothing but the command line, the settings and tests imports it.
"""

from etl_assets.demo.sigos.columns import COLUMNS, GENERAL, REPORTS, RETURN, Report
from etl_assets.demo.sigos.launcher import PASSWORD, USER, Portal

__all__ = ["COLUMNS", "GENERAL", "PASSWORD", "REPORTS", "RETURN", "USER", "Portal", "Report"]
