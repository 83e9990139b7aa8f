"""`make ui`: webserver and daemon on 127.0.0.1 over the configured (or demo) databases.

Belongs here: starting Dagster's processes. Does not belong here: what they serve.
"""

from __future__ import annotations

import os
import socket
import sys
from typing import NoReturn

from etl_assets.engine.errors import SettingsError
from etl_assets.orchestration.bootstrap import write_pool_limits
from etl_assets.orchestration.launch import local_instance
from etl_assets.settings import PROJECT_ROOT, load_settings

HOST = "127.0.0.1"  # the webserver asks nobody who they are


def serve(port: int) -> NoReturn:
    """Become `dagster dev`: Ctrl+C and SIGTERM then reach it, and it ends its own processes.

    Raises SettingsError when the port is taken.
    """
    from etl_assets.definitions import build_systems

    settings = load_settings()
    _refuse_taken(port)
    os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", "100")
    if "dagster_ui_url" not in settings.model_fields_set:
        os.environ["DAGSTER_UI_URL"] = f"http://{HOST}:{port}"
    with local_instance() as instance:
        write_pool_limits(instance, [s.name for s in build_systems(settings)])
    if "sigos" in settings.demo_systems():
        from etl_assets.demo.sigos import shared

        # One for all runs; each would start its own.
        shared.stand_in().outlive_exec()
    print(f"Dagster UI: http://{HOST}:{port} in about half a minute; Ctrl+C ends it", flush=True)
    os.chdir(PROJECT_ROOT)
    # `dg dev`, which the warning recommends, is a development dependency.
    quiet = ("-W", "ignore:Function `dev_command` is superseded")
    where = ("-w", "workspace.yaml", "-h", HOST, "-p", str(port))
    os.execv(sys.executable, [sys.executable, *quiet, "-m", "dagster", "dev", *where])


def _refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            raise SettingsError(
                f"port {port} of {HOST} is taken, perhaps by another `make ui`: end that one, or use "
                f"`etl_assets ui --port {port + 1}`"
            ) from None
