"""A cluster on disk: its folders and who owns them, its password, its creation by initdb.

Belongs here: what is true while the server is down. Does not: the living server (`pg_process`), the programs
(`pg_binaries`).

Below `<home>/postgres`: `data` (the cluster), `run` (socket and server log), `password` (0600), `port`, `lock`, and a
copy of the programs where the server's account may not read the virtual environment.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from etl_assets.demo.pg_binaries import Account, Binaries, EmbeddedPostgresError

USER: Final = "etl_assets"
_SOCKET_FOLDER_LIMIT: Final = 85  # bytes; a socket's address holds 103, name included


@dataclass(frozen=True)
class Cluster:
    """The paths of one cluster; nothing is read or made by naming them."""

    home: Path

    @property
    def folder(self) -> Path:
        return self.home / "postgres"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def run(self) -> Path:
        return self.folder / "run"

    @property
    def log(self) -> Path:
        return self.run / "server.log"

    @property
    def password(self) -> Path:
        return self.folder / "password"

    @property
    def port(self) -> Path:
        return self.folder / "port"

    @property
    def pid(self) -> Path:
        return self.data / "postmaster.pid"

    @property
    def sockets(self) -> Path:
        """The folder of the Unix socket: `run`, or one below /tmp where that path is longer than an address may be."""
        if len(os.fsencode(self.run)) <= _SOCKET_FOLDER_LIMIT:
            return self.run
        return Path("/tmp") / f"etl_assets-{os.geteuid()}-{short_hash(self.home)}"


def short_hash(path: Path) -> str:
    """Eight hexadecimal digits that stand for `path`."""
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:8]


def make_folder(cluster: Cluster, account: Account) -> None:
    """Creates the home and the cluster's folder, which this user owns; several processes may do so at once.

    Raises EmbeddedPostgresError when they cannot be made or are somebody else's.
    """
    # 0711: the server's account passes through, and sees nothing on its way.
    mode = 0o711 if account.switched else 0o700
    try:
        cluster.home.parent.mkdir(parents=True, exist_ok=True)
        try:
            cluster.home.mkdir(mode=0o700)
            cluster.home.chmod(mode)
        except FileExistsError:
            refuse_foreign(cluster.home, os.geteuid())
        _own(cluster.folder, os.geteuid(), os.getegid(), mode)
    except OSError as error:
        raise EmbeddedPostgresError(
            f"{error.filename or cluster.home} cannot be used ({error.strerror}): "
            "set ETL_ASSETS_HOME to a folder you may write."
        ) from None


def make_server_folders(cluster: Cluster, account: Account) -> None:
    """Creates the folders the server writes, owned by its account. The caller holds the cluster's lock.

    Raises EmbeddedPostgresError when one is somebody else's, or the account cannot reach it.
    """
    if account.switched:
        for folder in reversed([cluster.folder, *cluster.folder.parents]):
            if not folder.stat().st_mode & stat.S_IXOTH:
                raise EmbeddedPostgresError(
                    f"{folder} is closed to user `nobody`, who runs PostgreSQL for root: unset ETL_ASSETS_HOME, or set "
                    "it to a folder others may pass through, such as one below /var/tmp."
                )
    for folder in (cluster.run, cluster.sockets):
        _own(folder, account.uid, account.gid, 0o700)


def refuse_foreign(path: Path, *owners: int) -> None:
    """Raises EmbeddedPostgresError unless `path` is a real folder that only one of `owners` may write."""
    # Anybody may create a name below /tmp and /var/tmp before we do; a folder of theirs would be theirs to exchange.
    facts = path.lstat()
    if not stat.S_ISDIR(facts.st_mode) or facts.st_uid not in owners or facts.st_mode & 0o022:
        raise EmbeddedPostgresError(
            f"{path} is not a folder that only user {owners[0]} may write (owner {facts.st_uid}, mode "
            f"{stat.filemode(facts.st_mode)}): remove it, or set ETL_ASSETS_HOME to a folder of your own."
        )


def create(cluster: Cluster, binaries: Binaries, *, durable: bool) -> None:
    """initdb under another name, then one rename: what is called `data` is always a whole cluster.

    `durable` waits for the disk. Raises EmbeddedPostgresError with what initdb said.
    """
    unfinished = cluster.folder / "data.new"
    secret = cluster.run / "initial-password"
    if unfinished.exists():
        shutil.rmtree(unfinished)
    for leftover in (secret, cluster.password):
        leftover.unlink(missing_ok=True)
    _own(unfinished, binaries.account.uid, binaries.account.gid, 0o700)
    _write_private(cluster.password, secrets.token_urlsafe(24))
    # Letters beyond ASCII need Unicode's case mapping; byte order sorts the same on every machine.
    locale: tuple[str, ...] = ("--locale=C.UTF-8",)
    if binaries.major >= 17:
        locale = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
    try:
        _write_private(secret, read_password(cluster))
        os.chown(secret, binaries.account.uid, binaries.account.gid)
        result = binaries.run(
            "initdb",
            f"--pgdata={unfinished}",
            f"--username={USER}",
            f"--pwfile={secret}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            *locale,
            *(() if durable else ("--no-sync",)),
        )
    finally:
        secret.unlink(missing_ok=True)
    if result.returncode:
        raise EmbeddedPostgresError(
            f"initdb could not create a cluster in {cluster.folder}: {last_lines(result.stdout)}"
        )
    unfinished.rename(cluster.data)


def check_major(cluster: Cluster, binaries: Binaries) -> None:
    """Raises EmbeddedPostgresError when the cluster was made by another PostgreSQL major than `binaries`."""
    made_by = (cluster.data / "PG_VERSION").read_text().strip()
    if made_by != str(binaries.major):
        raise EmbeddedPostgresError(
            f"{cluster.data} was made by PostgreSQL {made_by}, the programs are {binaries.major}: "
            "`make clean` begins anew, or set ETL_ASSETS_HOME to another folder."
        )


def read_password(cluster: Cluster) -> str:
    """The password of `USER`. Raises EmbeddedPostgresError when its file cannot be read."""
    try:
        return cluster.password.read_text()
    except OSError as error:
        raise EmbeddedPostgresError(
            f"the password file {cluster.password} of the embedded PostgreSQL cannot be read ({error.strerror}): "
            "if it is lost, `make clean` removes the cluster and the next start makes a new one."
        ) from None


def last_lines(text: str) -> str:
    """The end of a program's output, as one line for a message."""
    return " / ".join(line.strip() for line in text.strip().splitlines()[-4:])


def _own(path: Path, uid: int, gid: int, mode: int) -> None:
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        # Still this user's when the process that made it was killed before it handed it over.
        refuse_foreign(path, uid, os.geteuid())
    os.chown(path, uid, gid)
    path.chmod(mode)


def _write_private(path: Path, text: str) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
