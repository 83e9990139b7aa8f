"""Hosts of workers, on one machine: an account, a checkout and a DAGSTER_HOME of their own; the broker they share.

Belongs here: making, starting, killing, removing. Does not belong here: what must hold. Needs root, for the accounts.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from etl_assets.settings import PROJECT_ROOT
from etl_assets_tests.browser.site import HOST, free_port, write_instance
from etl_assets_tests.browser.stack import as_user

STARTED_SECONDS = 120.0
CHECKOUT = ("etl_assets", "sql")
# As in deploy/systemd; a program of sys.executable's folder.
WORKER = ("celery", "-A", "etl_assets.workers.app", "worker", "-l", "INFO")


class Broker:
    """A Redis that asks for a password and keeps nothing on disk."""

    def __init__(self, home: Path) -> None:
        self.password, self._port = secrets.token_hex(12), free_port()
        self._config = home / "redis.conf"
        self._config.write_text(
            f'bind {HOST}\nport {self._port}\nrequirepass {self.password}\nsave ""\ndir {home}\nlogfile redis.log\n'
        )
        self._config.chmod(0o600)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@{HOST}:{self._port}/0"

    def start(self) -> None:
        self._process = subprocess.Popen(["redis-server", self._config])
        for _ in range(100):
            with suppress(OSError), socket.create_connection((HOST, self._port), timeout=1):
                return
            time.sleep(0.1)
        raise TimeoutError(f"Redis does not listen: {(self._config.parent / 'redis.log').read_text()}")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=20)


class Host:
    """One worker, which takes one run at a time, and everything its account runs."""

    def __init__(self, name: str, account: pwd.struct_passwd, home: Path, environment: Mapping[str, str]) -> None:
        self.name, self.home, self._account = name, home, account
        self._process: subprocess.Popen[bytes] | None = None
        self._told = 0
        self._command = as_user(account.pw_uid, account.pw_gid)
        self.checkout = home / "checkout"
        self.checkout.mkdir(parents=True)
        for part in CHECKOUT:
            shutil.copytree(PROJECT_ROOT / part, self.checkout / part, ignore=shutil.ignore_patterns("__pycache__"))
        write_instance(home, "deploy/celery/dagster.yaml")
        for path in (home, *home.rglob("*")):
            os.chown(path, account.pw_uid, account.pw_gid)
        home.chmod(0o700)
        self._environment = {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HOME": str(home),
            "TMPDIR": str(home),
            "DAGSTER_HOME": str(home),
            "DAGSTER_EVENT_BATCH_SIZE": "100",
            "PYTHONPATH": str(self.checkout),
            **environment,
        }

    def start(self) -> None:
        """Start its worker; `wait_ready` says when it takes runs."""
        with (self.home / "worker.log").open("ab") as log:
            self._told = log.tell()
            self._process = subprocess.Popen(
                [*self._command, sys.executable, "-m", *WORKER, "-n", f"{self.name}@%h"],
                cwd=self.home, env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip

    def wait_ready(self) -> None:
        """Raises TimeoutError with its log where it is not ready in time."""
        assert self._process is not None
        deadline = time.monotonic() + STARTED_SECONDS
        while f"{self.name}@{socket.gethostname()} ready." not in self.log()[self._told :]:
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise TimeoutError(f"{self.name} is not ready after {STARTED_SECONDS:g} s\n{self.log()}")
            time.sleep(0.2)

    def asked(self, *code: str) -> str:
        """What a Python of this host prints."""
        done = subprocess.run(
            [*self._command, sys.executable, "-c", "; ".join(code)],
            cwd=self.home, env=self._environment, capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip
        return done.stdout.strip()

    def processes(self) -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.NoSuchProcess):
                if process.uids().real == self._account.pw_uid:
                    found.append(process)
        return found

    def told_to_end(self) -> subprocess.Popen[bytes]:
        """As systemd does with KillMode=mixed; the worker's process, to be waited for."""
        assert self._process is not None
        self._process.terminate()
        return self._process

    def kill_its_run(self) -> None:
        """As the kernel does where memory is short: the process of the run alone."""
        assert self._process is not None
        (run,) = psutil.Process(self._process.pid).children()
        run.kill()

    def pull_the_plug(self) -> int:
        """kill -9 of all of its processes; how many there were."""
        ended = self.processes()
        for process in ended:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        if self._process is not None:
            self._process.wait(timeout=20)
            self._process = None
        psutil.wait_procs(ended, timeout=20)
        return len(ended)

    def log(self) -> str:
        path = self.home / "worker.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def took(self) -> set[str]:
        """The runs it executed, by the compute logs in its own folder."""
        return {p.name for p in (self.home / ".dagster" / "compute_logs").glob("*")}


@contextmanager
def account(name: str) -> Iterator[pwd.struct_passwd]:
    """A system account, removed at the end. Raises CalledProcessError where we are not root."""
    subprocess.run(["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", name], check=True)
    try:
        yield pwd.getpwnam(name)
    finally:
        subprocess.run(["userdel", name], check=True)
