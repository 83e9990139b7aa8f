"""Dagster glue, kept once for all systems: factories, IO managers, checks, partitions, schedules, sensors.

Belongs here: turning declarations into assets and runs into engine calls. Holds no SQL and no table of any system.
"""

import os
import warnings

from dagster import BetaWarning

# Webserver and daemon send every file of $DAGSTER_HOME/logs to Dagster's telemetry, and delete it, whatever `telemetry`
# in dagster.yaml says; only this variable stops them. They import this package for their storage before they begin.
os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "yes")
# 14 ms instead of 39 ms per event (stack.md), also where Dagster was not started by our command line.
os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", "100")

# `backfill_policy` is beta and works (design.md); one warning per asset and start helps nobody.
warnings.filterwarnings("ignore", category=BetaWarning)
