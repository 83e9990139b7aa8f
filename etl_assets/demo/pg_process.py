"""A cluster's server process: whether it lives, where it listens, and who may start or stop it just now.

Belongs here: what the running server is about. Does not: the files it runs on (`pg_cluster`), the programs
(`pg_binaries`).
"""

from __future__ import annotations

import os
import shlex
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil
from filelock import FileLock, Timeout

from etl_assets.demo.pg_binaries import Binaries, EmbeddedPostgresError
from etl_assets.demo.pg_cluster import Cluster, last_lines, refuse_foreign, short_hash

HOST: Final = "127.0.0.1"
WAIT_SECONDS: Final = 60.0
# Below the range the system hands to outgoing connections, so that a remembered port stays ours across restarts.
_PORTS: Final = range(15432, 19432)
_LOG_LIMIT: Final = 10 * 2**20


@dataclass(frozen=True)
class Postmaster:
    """A living server; `ready` when it accepts connections, not so while it starts, recovers or stops."""

    pid: int
    port: int
    ready: bool


def find_postmaster(cluster: Cluster) -> Postmaster | None:
    """The living server of this very cluster; a pid file alone proves nothing, its number may be another's by now."""
    try:
        lines = cluster.pid.read_text().splitlines()
        pid, port = int(lines[0]), int(lines[3])
        # Its command, not its working directory, which root in a container may not read of another account's process.
        command = psutil.Process(pid).cmdline()
        if Path(command[0]).name != "postgres" or not os.path.samefile(command[command.index("-D") + 1], cluster.data):
            return None
    except (OSError, ValueError, IndexError, psutil.Error):
        return None
    return Postmaster(pid, port, ready=len(lines) > 7 and lines[7].strip() == "ready")


def has_ended(pid: int) -> bool:
    """Whether the process is over, also when its parent has not yet taken note of it."""
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def wait_for(condition: Callable[[], bool], seconds: float = WAIT_SECONDS) -> bool:
    """Whether `condition` came true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@contextmanager
def locked(cluster: Cluster) -> Iterator[None]:
    """One process at a time starts or stops the server. Raises EmbeddedPostgresError after minutes of waiting."""
    lock = FileLock(cluster.folder / "lock", timeout=3 * WAIT_SECONDS)
    try:
        lock.acquire()
    except Timeout:
        raise EmbeddedPostgresError(
            "another process has been starting or stopping the embedded PostgreSQL for minutes: "
            f"find who holds {lock.lock_file}."
        ) from None
    try:
        yield
    finally:
        lock.release()


def forget_dead_server(cluster: Cluster) -> None:
    """Removes what a killed server left that would keep the next from starting. The caller has seen that none lives."""
    # Each lock file names a process, and one that lives for another purpose by now would be taken for a server.
    for leftover in cluster.sockets.glob(".s.PGSQL.*"):
        leftover.unlink()
    # In the data folder one whose process is gone stays: by it PostgreSQL guards against orphaned sessions.
    try:
        pid = int(cluster.pid.read_text().split(maxsplit=1)[0])
    except FileNotFoundError:
        return
    except (ValueError, IndexError):  # cut short by a full disk or a power loss
        cluster.pid.unlink(missing_ok=True)
        return
    if psutil.pid_exists(pid):
        cluster.pid.unlink(missing_ok=True)


def launch(cluster: Cluster, binaries: Binaries, settings: Mapping[str, str]) -> None:
    """Starts the server on the remembered port, or on the next free one, and remembers that.

    Raises EmbeddedPostgresError with what the server wrote to its log.
    """
    refuse_foreign(cluster.sockets, binaries.account.uid)
    if cluster.log.exists() and cluster.log.stat().st_size > _LOG_LIMIT:
        cluster.log.unlink()
    for port in filter(_is_free, _candidates(cluster)):
        deadline = time.monotonic() + WAIT_SECONDS
        failure = _try_start(cluster, binaries, settings, port)
        # After a kill -9 of the server its sessions hold the shared memory until they end.
        while failure and "shared memory block" in failure and time.monotonic() < deadline:
            _end_orphans(cluster)
            time.sleep(0.2)
            failure = _try_start(cluster, binaries, settings, port)
        if failure is None:
            cluster.port.write_text(str(port))
            return
        if _is_free(port):  # else somebody took it in between: on to the next
            raise EmbeddedPostgresError(
                f"PostgreSQL {binaries.major} does not start in {cluster.data}: {last_lines(failure)}; "
                f"the whole log is {cluster.log}"
            )
    raise EmbeddedPostgresError(f"no free port on {HOST} from {_PORTS.start} to {_PORTS.stop - 1}.")


def _end_orphans(cluster: Cluster) -> None:
    """Ends the sessions a killed server left at work, as it would have; they notice only when they next wait."""
    for process in psutil.process_iter():
        # Where a container forbids root this look, they are waited for instead.
        with suppress(OSError, psutil.Error):
            if process.name() == "postgres" and os.path.samefile(process.cwd(), cluster.data):
                process.send_signal(signal.SIGQUIT)


def _candidates(cluster: Cluster) -> Iterator[int]:
    with suppress(OSError, ValueError):
        remembered = int(cluster.port.read_text())
        yield remembered
    first = int(short_hash(cluster.home), 16)
    for step in range(len(_PORTS)):
        yield _PORTS[(first + step) % len(_PORTS)]


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As PostgreSQL binds it: connections of the last run that linger do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _try_start(cluster: Cluster, binaries: Binaries, settings: Mapping[str, str], port: int) -> str | None:
    """None when the server is up, else what it wrote to its log in this attempt."""
    before = cluster.log.stat().st_size if cluster.log.exists() else 0
    parameters = {
        **settings,
        "listen_addresses": HOST,
        "port": str(port),
        "unix_socket_directories": str(cluster.sockets),
    }
    result = binaries.run(
        "pg_ctl",
        "start",
        "-w",
        f"--timeout={WAIT_SECONDS:.0f}",
        f"--pgdata={cluster.data}",
        f"--log={cluster.log}",
        f"--options={shlex.join(part for name, value in parameters.items() for part in ('-c', f'{name}={value}'))}",
    )
    if result.returncode == 0:
        return None
    written = cluster.log.read_bytes()[before:].decode(errors="replace") if cluster.log.exists() else ""
    return written or result.stdout
