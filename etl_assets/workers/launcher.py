"""The launcher of deploy/celery: a run is a task of Celery's, and whichever worker is free executes all of it.

Belongs here: what the daemon and the workers must agree on, cancelling a run, whether a run's worker lives. Does not
belong here: the workers' side (app.py).
"""

from __future__ import annotations

import time
from typing import Any

from dagster import DagsterRun
from dagster._config.config_schema import UserConfigSchema
from dagster._core.launcher import CheckRunHealthResult, WorkerStatus
from dagster._serdes import ConfigurableClassData
from dagster_celery import defaults
from dagster_celery.launcher import CeleryRunLauncher
from dagster_celery.tags import DAGSTER_CELERY_TASK_ID_TAG

from etl_assets.settings import load_settings

ANSWER_SECONDS = 3.0
# A worker that was told to end answers nobody while its run goes on, for as long as its unit lets it; one that lost
# Redis neither, for half a minute. The reaper finds the dead by their locks within one; this is for what had none yet.
AWAY_SECONDS = 4000.0
# Longer than any run may take (run_monitoring.max_runtime_seconds): Redis hands out again what was taken longer ago.
TAKEN_SECONDS = 8 * 3600
OPTIONS: dict[str, Any] = {
    # One run, one process, which ends with it.
    "worker_concurrency": 1,
    "worker_max_tasks_per_child": 1,
    # A worker takes a run when it can begin it, and no other beside it: that one is for a host that is free.
    "worker_prefetch_multiplier": 1,
    "task_acks_late": True,
    "broker_transport_options": {**defaults.broker_transport_options, "visibility_timeout": TAKEN_SECONDS},
    "broker_connection_retry_on_startup": True,
    # What a run prints is Dagster's compute log, which needs the real streams.
    "worker_redirect_stdouts": False,
}


class WorkersLauncher(CeleryRunLauncher):
    """CeleryRunLauncher on the broker of our settings, with options that fit runs, not steps.

    Both sides are made by it: a worker with options of its own would listen elsewhere, and nobody would say so.
    """

    def __init__(
        self, broker_url: str, inst_data: ConfigurableClassData | None = None, *, away_seconds: float = AWAY_SECONDS
    ) -> None:
        self._away_seconds = away_seconds
        self._missed: dict[str, float] = {}
        super().__init__(
            default_queue=defaults.task_default_queue,
            broker=broker_url,
            backend=broker_url,
            # Imported by workers when they start: a run need not.
            include=["etl_assets.definitions"],
            config_source=OPTIONS,
            inst_data=inst_data,
        )

    @classmethod
    def of_settings(cls, inst_data: ConfigurableClassData | None = None) -> WorkersLauncher:
        """Raises SettingsError where no broker is configured."""
        return cls(load_settings().broker(), inst_data)

    @classmethod
    def config_type(cls) -> UserConfigSchema:
        return {}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> WorkersLauncher:
        return cls.of_settings(inst_data)

    @property
    def supports_resume_run(self) -> bool:
        """Not with the executor in process; the next run does the rest."""
        return False

    def terminate(self, run_id: str) -> bool:
        """Have the run cancelled: by its worker, or, where none has taken it, when one is about to."""
        run = self._instance.get_run_by_id(run_id)
        if run is None or run.is_finished:
            return False
        self._instance.report_run_canceling(run)
        return bool(super().terminate(run_id))

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """What the task says of its end, else whether a worker has it: the dead do not tell, and Redis may forget."""
        said: CheckRunHealthResult = super().check_run_worker_health(run)
        task = run.tags[DAGSTER_CELERY_TASK_ID_TAG]
        if said.status not in (WorkerStatus.SUCCESS, WorkerStatus.FAILED):
            said = CheckRunHealthResult(WorkerStatus.RUNNING)
            answers = self.celery.control.inspect(timeout=ANSWER_SECONDS).query_task(task) or {}
            if not any(answers.values()):
                since = self._missed.setdefault(task, time.monotonic())
                if time.monotonic() - since < self._away_seconds:
                    return said
                said = CheckRunHealthResult(WorkerStatus.NOT_FOUND, f"no worker that answers has its task {task}")
        self._missed.pop(task, None)
        return said
