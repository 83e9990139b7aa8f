"""The embedded PostgreSQL under root, under a normal user, and in folders that are closed, or open to too many."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from etl_assets.demo import embedded, pg_binaries, pg_process
from etl_assets.demo.embedded import EmbeddedPostgresError
from etl_assets_tests.db.clusters import FAST, Cluster, in_child, value

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="what only root meets; a normal user runs the others")

MakeHome = Callable[[], Path]


def test_a_folder_others_may_write_is_refused(cluster: Cluster) -> None:
    cluster.home.chmod(0o777)
    with pytest.raises(EmbeddedPostgresError, match="remove it, or set ETL_ASSETS_HOME"):
        cluster.start()


@as_root
def test_root_hands_the_server_to_nobody(cluster: Cluster) -> None:
    server = cluster.start()
    assert psutil.Process(cluster.pid()).username() == "nobody"
    assert server.data_dir.owner() == "nobody"


@as_root
def test_a_normal_user_needs_nothing_of_root(make_home: MakeHome, pg_bin_dir: Path | None) -> None:
    nobody = pwd.getpwnam("nobody")
    closed, copy = make_home(), make_home()
    closed.chmod(0o700)
    os.chown(closed, nobody.pw_uid, nobody.pw_gid)
    # The interpreter's environment may be root's alone; the programs of a user's own are not.
    bin_dir = pg_bin_dir or pg_binaries._copy(pg_binaries._newest_install(), copy / "pg") / "bin"
    home = closed / "checkout" / ".data"

    def whole_life() -> tuple[str, int, Any]:
        server = embedded.start(home, bin_dir=bin_dir, settings=FAST)
        pid = int((server.data_dir / "postmaster.pid").read_text().split()[0])
        embedded.stop(home)
        again = embedded.start(home, bin_dir=bin_dir, settings=FAST)
        found = pg_process.has_ended(pid), value(again, "SELECT 1"), again == server
        embedded.remove(home)
        return str(home.stat().st_uid), nobody.pw_uid, found

    assert in_child(whole_life, uid=nobody.pw_uid) == [(str(nobody.pw_uid), nobody.pw_uid, (True, 1, True))]


@as_root
def test_a_checkout_and_environment_below_a_closed_folder(make_home: MakeHome, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = make_home()
    closed.chmod(0o700)
    checkout, environment = closed / "checkout", closed / "venv"
    package = Path(pg_binaries.__file__).parent
    shutil.copytree(package, checkout / "etl_assets/demo", ignore=shutil.ignore_patterns("__pycache__"))
    (checkout / "etl_assets/__init__.py").touch()
    wheel = pg_binaries._newest_install().parent
    for folder in (wheel, wheel.with_name(wheel.name + ".libs"), *wheel.parent.glob(f"{wheel.name}-*.dist-info")):
        if folder.is_dir():
            shutil.copytree(folder, environment / folder.name, symlinks=True, ignore=shutil.ignore_patterns("include"))
    program = (
        "from etl_assets.demo import embedded, pg_binaries; server = embedded.start()\n"
        "import psycopg; url = server.url('postgres').replace('+psycopg', '')\n"
        "answer = psycopg.connect(url).execute('SELECT 1').fetchone()[0]\n"
        "print(answer, server.data_dir, pg_binaries._newest_install())\n"
        "embedded.remove(); embedded.default_home().rmdir()"
    )
    monkeypatch.delenv("ETL_ASSETS_HOME", raising=False)
    monkeypatch.setenv("PYTHONPATH", f"{checkout}:{environment}")
    finished = subprocess.run(
        [sys.executable, "-c", program], cwd=checkout, capture_output=True, text=True, check=False
    )

    assert finished.stderr == ""
    answer, data, install = finished.stdout.split()
    assert (answer, data.startswith("/var/tmp/etl_assets-0-"), install.startswith(str(closed))) == ("1", True, True)


@as_root
def test_a_home_nobody_may_enter_is_named(cluster: Cluster) -> None:
    cluster.home.chmod(0o700)
    with pytest.raises(EmbeddedPostgresError, match=rf"{cluster.home} is closed to user `nobody`.*ETL_ASSETS_HOME"):
        cluster.start()


@as_root
def test_a_folder_of_somebody_else_is_refused(cluster: Cluster) -> None:
    nobody = pwd.getpwnam("nobody")
    os.chown(cluster.home, nobody.pw_uid, nobody.pw_gid)
    with pytest.raises(EmbeddedPostgresError, match="only user 0 may write"):
        cluster.start()
    os.chown(cluster.home, 0, 0)
