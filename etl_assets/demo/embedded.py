"""The embedded PostgreSQL: one cluster per user and checkout, started on demand and shared by URL.

Belongs here: what others call. Does not: what the databases hold (the demo's seeds), nor how a cluster is made
(`pg_cluster`), runs (`pg_process`) and finds its programs (`pg_binaries`).
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import psycopg
from psycopg import sql

from etl_assets.demo import pg_binaries, pg_cluster, pg_process
from etl_assets.demo.pg_binaries import EmbeddedPostgresError

__all__ = [
    "EmbeddedPostgres",
    "EmbeddedPostgresError",
    "default_home",
    "ensure_database",
    "remove",
    "start",
    "status",
    "stop",
]

_SETTINGS: Final[Mapping[str, str]] = {
    "shared_buffers": "256MB",
    "max_connections": "100",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "checkpoint_timeout": "15min",
    # Parallel plans need dynamic shared memory, of which a container has 64 MB; two cores gain little from them.
    "max_parallel_workers_per_gather": "0",
    "max_parallel_maintenance_workers": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


@dataclass(frozen=True)
class EmbeddedPostgres:
    """The facts about one running cluster: plain data, may be pickled, outlives the process that started it."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    data_dir: Path

    def url(self, database: str, driver: str = "psycopg") -> str:
        """SQLAlchemy's URL of `database` with its driver: `postgresql+psycopg://user:password@127.0.0.1:port/database`."""
        credentials = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}"
        return f"postgresql+{driver}://{credentials}@{self.host}:{self.port}/{quote(database, safe='')}"


def default_home() -> Path:
    """The folder of this user and this checkout: `ETL_ASSETS_HOME` when set; not created here.

    Root gets one below /var/tmp, because the account its server runs as may not enter a checkout below /root.
    """
    if configured := os.environ.get("ETL_ASSETS_HOME"):
        return Path(configured).expanduser().absolute()
    checkout = Path(__file__).resolve().parents[2]
    if os.geteuid() == 0:
        return Path("/var/tmp") / f"etl_assets-0-{pg_cluster.short_hash(checkout)}"
    if (checkout / "pyproject.toml").is_file() and os.access(checkout, os.W_OK):
        return checkout / ".data"
    return Path.home() / ".local" / "share" / "etl_assets" / pg_cluster.short_hash(checkout)


def start(
    home: Path | None = None, *, bin_dir: Path | None = None, settings: Mapping[str, str] | None = None
) -> EmbeddedPostgres:
    """The running cluster of `home`, created and started when it is not; safe with several processes at once.

    `bin_dir` names another PostgreSQL's programs; `settings` are server parameters of this start. Both count only when
    this call starts the server. It stays up after the caller ends, until `stop`.
    Raises EmbeddedPostgresError with the thing that is in the way and the way out.
    """
    if running := status(home):
        return running
    cluster, account = _cluster(home), pg_binaries.server_account()
    pg_cluster.make_folder(cluster, account)
    with pg_process.locked(cluster):
        # Whoever held the lock before may have started it, or died while it was starting or stopping.
        if not pg_process.wait_for(lambda: (found := pg_process.find_postmaster(cluster)) is None or found.ready):
            raise EmbeddedPostgresError(
                f"the embedded PostgreSQL in {cluster.data} is still starting, recovering or stopping; "
                f"its log is {cluster.log}"
            )
        if running := status(home):
            return running
        pg_cluster.make_server_folders(cluster, account)
        binaries = pg_binaries.find_binaries(bin_dir, cluster.folder)
        parameters = {**_SETTINGS, **(settings or {})}
        if not cluster.data.exists():
            pg_cluster.create(cluster, binaries, durable=parameters.get("fsync") != "off")
        pg_cluster.check_major(cluster, binaries)
        pg_process.forget_dead_server(cluster)
        pg_process.launch(cluster, binaries, parameters)
        if running := status(home):
            return running
    raise EmbeddedPostgresError(f"the embedded PostgreSQL ended right after its start; its log is {cluster.log}")


def stop(home: Path | None = None) -> None:
    """Ends the server of `home` and its sessions; nothing to do when it is not running.

    Raises EmbeddedPostgresError when it is still there after a minute.
    """
    cluster = _cluster(home)
    if not cluster.data.exists():
        return
    with pg_process.locked(cluster):
        # PostgreSQL's fast shutdown, then its immediate one, which recovers at the next start.
        for request in (signal.SIGINT, signal.SIGQUIT):
            if (found := pg_process.find_postmaster(cluster)) is None:
                return
            with suppress(ProcessLookupError):
                os.kill(found.pid, request)
            if pg_process.wait_for(partial(pg_process.has_ended, found.pid), seconds=30):
                return
    raise EmbeddedPostgresError(f"the embedded PostgreSQL in {cluster.data} does not stop; its log is {cluster.log}")


def remove(home: Path | None = None) -> None:
    """Stops the cluster of `home` and deletes it with all its databases; nothing to do when there is none.

    Safe with several processes at once. Raises EmbeddedPostgresError when its folder is not this user's.
    """
    cluster = _cluster(home)
    stop(home)
    for folder, owner in ((cluster.sockets, pg_binaries.server_account().uid), (cluster.folder, os.geteuid())):
        if folder.exists():
            pg_cluster.refuse_foreign(folder, owner, os.geteuid())
            shutil.rmtree(folder, onerror=_raise_unless_gone)


def status(home: Path | None = None) -> EmbeddedPostgres | None:
    """The cluster of `home` when it accepts connections, else None. Starts nothing, changes nothing.

    Raises EmbeddedPostgresError when it runs but its password file cannot be read.
    """
    cluster = _cluster(home)
    found = pg_process.find_postmaster(cluster)
    if found is None or not found.ready:
        return None
    password = pg_cluster.read_password(cluster)
    return EmbeddedPostgres(pg_process.HOST, found.port, pg_cluster.USER, password, cluster.data)


def ensure_database(server: EmbeddedPostgres, name: str) -> str:
    """SQLAlchemy's URL (psycopg) of database `name`, created empty when absent; safe with several callers at once.

    Raises ValueError for a name PostgreSQL would cut short, psycopg.OperationalError when the server is gone.
    """
    if not 1 <= len(name.encode()) <= 63:
        raise ValueError(f"a database's name has 1 to 63 bytes: {name!r}")
    with psycopg.connect(
        host=server.host,
        port=server.port,
        user=server.user,
        password=server.password,
        dbname="postgres",
        autocommit=True,
    ) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
            # Another process may be first; which of the two errors says so depends on the instant.
            with suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return server.url(name)


def _raise_unless_gone(_function: object, _path: str, failure: tuple[Any, BaseException, Any]) -> None:
    # Another process removes the same cluster, or the server's last files vanish while they are listed.
    if not isinstance(failure[1], FileNotFoundError):
        raise failure[1]


def _cluster(home: Path | None) -> pg_cluster.Cluster:
    # Resolved, so that two spellings of one folder are one cluster.
    return pg_cluster.Cluster((home or default_home()).resolve())
