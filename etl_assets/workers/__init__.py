"""Runs taken by workers on several hosts, through a queue in Redis (docs/deploy.md). Needs the extra `distributed`.

Belongs here: what Dagster's Celery launcher leaves open. Does not belong here: execution, which is Dagster's own, in
one process per run; locks, which are the engine's.
"""
