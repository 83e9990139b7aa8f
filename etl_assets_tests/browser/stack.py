"""The services of docker-compose.yml as processes of this machine: their commands, users, variables and health checks.

Belongs here: what stands in for containers (free ports for theirs, a folder for theirs, one PostgreSQL for theirs).
Does not belong here: what must hold.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import yaml  # type: ignore[import-untyped]

from etl_assets.settings import PROJECT_ROOT
from etl_assets_tests.browser.site import HOST, free_port, write_instance

SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((PROJECT_ROOT / "docker-compose.yml").read_text())["services"]
_USER = 10001


class Stack:
    """Services on `server` (host:port of PostgreSQL), whose administrator's URL is `admin`; `systems` alone."""

    def __init__(self, home: Path, server: str, admin: str, systems: str) -> None:
        self.home = home
        self.secrets = home / "secrets"
        self._server, self._admin, self._systems = server, admin, systems
        self.ports = {name: str(free_port()) for name in ("code", "webserver", "webserver-readonly", "proxy")}
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._user = as_user(_USER)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.ports['proxy']}"

    def make_secrets(self) -> dict[str, str]:
        """What `make stack` does before it starts anything; logins of the proxy and their passwords."""
        given = {
            "STACK_SECRETS": str(self.secrets),
            "STACK_ENV": str(self.home / ".env"),
            "STACK_HASHER": "caddy hash-password",
        }
        made = subprocess.run(
            [PROJECT_ROOT / "scripts/stack.sh", "secrets"],
            env=os.environ | given,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert made.returncode == 0, made.stderr
        for path in self.secrets.iterdir():
            told = path.read_text()
            path.chmod(0o644)
            path.write_text(
                f"{self._admin}\n" if path.name == "admin_url" else told.replace("postgres:5432", self._server)
            )
        write_instance(self.home)
        (self.home / "deploy").symlink_to(PROJECT_ROOT / "deploy")
        if self._user:
            for path in (self.home, *self.home.iterdir()):
                os.lchown(path, _USER, _USER)
        return dict(re.findall(r"login of (\w+) \(told only now\): (\w+)", made.stdout))

    def start(self, name: str) -> subprocess.Popen[bytes]:
        """Start a service by the command it has in a container."""
        command = ["caddy", "run", "--config", "deploy/Caddyfile"] if name == "proxy" else SERVICES[name]["command"]
        with (self.home / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                self._local(name, command),
                **self._as(name),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self._processes[name]

    def wait_healthy(self, name: str, seconds: float) -> None:
        """Ask as compose does. Raises TimeoutError with the end of its log."""
        test = self._local(name, SERVICES[name]["healthcheck"]["test"][1:])
        deadline = time.monotonic() + seconds
        while subprocess.run(test, **self._as(name), capture_output=True, timeout=60).returncode:
            if time.monotonic() > deadline or self._processes[name].poll() is not None:
                raise TimeoutError(f"{name} is not healthy\n{self.log(name)}")
            time.sleep(1)

    def log(self, name: str) -> str:
        return "\n".join((self.home / f"{name}.log").read_text(errors="replace").splitlines()[-40:])

    def stop(self) -> None:
        family = []
        for started in self._processes.values():
            if started.poll() is None:
                process = psutil.Process(started.pid)
                family += [process, *process.children(recursive=True)]
        for process in family:
            _quietly(process, "terminate")
        for process in psutil.wait_procs(family, timeout=20)[1]:
            _quietly(process, "kill")
        for started in self._processes.values():
            started.wait(timeout=15)

    def _local(self, name: str, words: list[str]) -> list[str]:
        own = self.ports.get(name, "")
        swapped = {"0.0.0.0": HOST, "3000": own, "4000": self.ports["code"]}
        found = [swapped.get(word, word).replace(":3000/", f":{own}/") for word in words]
        program = shutil.which(found[0], path=self._path) or found[0]
        return [*self._user, program, *found[1:]]

    @property
    def _path(self) -> str:
        return os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))

    def _as(self, name: str) -> dict[str, Any]:
        return {"cwd": self.home, "env": self._environment(name), "stdin": subprocess.DEVNULL}

    def _environment(self, name: str) -> Mapping[str, str]:
        """As the file has it, on this machine's ports and folders; nothing of the machine's own but PATH."""
        declared = {k: _interpolated(v) for k, v in SERVICES[name].get("environment", {}).items()}
        made = {k: v.replace("/run/secrets", str(self.secrets)) for k, v in declared.items()}
        if name == "proxy":
            made |= {
                "ETL_SITE": self.url,
                "ETL_PROXY_USERS": str(self.secrets),
                "ETL_WEBSERVER": f"{HOST}:{self.ports['webserver']}",
                "ETL_READONLY": f"{HOST}:{self.ports['webserver-readonly']}",
            }
        else:
            made |= {
                "ETL_SYSTEMS": self._systems,
                # Nothing starts by itself while a test looks.
                "ETL_ENV": "development",
                "ETL_CODE_HOST": HOST,
                "ETL_CODE_PORT": self.ports["code"],
                "ETL_OWN_SERVER": self._server,
                "ETL_SECRETS": str(self.secrets),
                "DAGSTER_HOME": str(self.home),
                "DAGSTER_EVENT_BATCH_SIZE": "100",
                "PYTHONPATH": str(PROJECT_ROOT),
                "PYTHONDONTWRITEBYTECODE": "1",
            }
        return {"PATH": self._path, "HOME": str(self.home), "LANG": "C.UTF-8", **made}


def _interpolated(value: str) -> str:
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", value)


def as_user(uid: int, gid: int | None = None) -> list[str]:
    """What before a command makes it another user's, where we are root; nothing where we are not.

    It may read what is closed to others (Python may be below root's own folder) and write nothing that is not its own.
    """
    if os.geteuid():
        return []
    reads = ("--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search")
    return ["setpriv", "--reuid", str(uid), "--regid", str(gid or uid), "--clear-groups", *reads, "--"]


def _quietly(process: psutil.Process, what: str) -> None:
    with suppress(psutil.NoSuchProcess):
        getattr(process, what)()
