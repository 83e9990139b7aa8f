"""A worker: `celery -A etl_assets.workers.app worker`, with the settings and the DAGSTER_HOME of its host.

Not `dagster-celery worker start`: that leaves the broker's password in a file below DAGSTER_HOME at each start, and
takes defaults, a broker on this machine included, for whatever it does not find in its configuration.
"""

from __future__ import annotations

from typing import Any

from celery import Task
from dagster._utils.interrupts import capture_interrupts
from dagster_celery.tasks import create_execute_job_task

from etl_assets.workers.launcher import WorkersLauncher


class Run(Task):
    """A run that is told to end hears of it also between two steps, and ends as one in a process of Dagster's does."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with capture_interrupts():
            return super().__call__(*args, **kwargs)


app = WorkersLauncher.of_settings().celery
_task: dict[str, Any] = {"base": Run}
execute_job = create_execute_job_task(app, **_task)
