"""The embedded PostgreSQL under what really happens to it: root and normal users, crashes, races, taken ports."""

from __future__ import annotations

import multiprocessing
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from etl_assets.demo import embedded, pg_binaries, pg_process
from etl_assets.demo.embedded import EmbeddedPostgres, EmbeddedPostgresError

# Processes are killed here, never the machine.
FAST = {"shared_buffers": "32MB", "fsync": "off"}
FORK = multiprocessing.get_context("fork")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="what only root meets; a normal user runs the others")

MakeHome = Callable[[], Path]


class Cluster:
    """One home and the way this session starts it."""

    def __init__(self, home: Path, bin_dir: Path | None) -> None:
        self.home, self.bin_dir = home, bin_dir

    def start(self, **settings: str) -> EmbeddedPostgres:
        return embedded.start(self.home, bin_dir=self.bin_dir, settings={**FAST, **settings})

    def pid(self) -> int:
        return int((self.home / "postgres/data/postmaster.pid").read_text().split()[0])


@pytest.fixture
def cluster(make_home: MakeHome, pg_bin_dir: Path | None) -> Cluster:
    return Cluster(make_home(), pg_bin_dir)


def connect(server: EmbeddedPostgres, **changes: Any) -> psycopg.Connection[tuple[Any, ...]]:
    facts = {"host": server.host, "port": server.port, "user": server.user, "password": server.password}
    return psycopg.connect(**{**facts, "dbname": "postgres", "autocommit": True, **changes})


def value(server: EmbeddedPostgres, query: str) -> Any:
    with connect(server) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row
    return row[0]


def in_child(work: Callable[[], Any], *, uid: int | None = None, count: int = 1) -> list[Any]:
    """What `work` returned, or the text of its error, from `count` processes released at one instant, as user `uid`."""
    barrier, results = FORK.Barrier(count), FORK.SimpleQueue()

    def run() -> None:
        if uid is not None:
            account = pwd.getpwuid(uid)
            os.setgroups([])
            os.setgid(account.pw_gid)
            os.setuid(uid)
        barrier.wait()
        try:
            results.put(work())
        except Exception as error:
            results.put(repr(error))

    children = [FORK.Process(target=run) for _ in range(count)]
    for child in children:
        child.start()
    answers = [results.get() for _ in children]
    for child in children:
        child.join()
    return answers


@contextmanager
def unrelated_process() -> Iterator[psutil.Process]:
    """A living process of the server's account that is no server."""
    process = subprocess.Popen(["sleep", "120"], cwd="/", **pg_binaries.server_account().subprocess_options())
    try:
        yield psutil.Process(process.pid)
    finally:
        process.kill()
        process.wait()


def test_a_server_serves_what_the_project_needs(cluster: Cluster) -> None:
    server = embedded.start(cluster.home, bin_dir=cluster.bin_dir)

    assert server.url("dw").startswith(f"postgresql+psycopg://{server.user}:")
    assert server.url("a/ç", "psycopg2").endswith(f"@127.0.0.1:{server.port}/a%2F%C3%A7")
    assert value(server, "SHOW timezone") == "UTC"
    assert value(server, "SHOW fsync") == "on"
    assert value(server, "SHOW server_encoding") == "UTF8"
    assert value(server, "SHOW data_directory") == str(server.data_dir)
    assert value(server, "SELECT upper('são joão')") == "SÃO JOÃO"
    assert value(server, "SELECT 'Z' < 'a'"), "sorted by bytes, the same on every machine"


def test_the_password_counts_and_is_nobody_elses(cluster: Cluster) -> None:
    server = cluster.start()

    assert server.password not in repr(server)
    for host in (server.host, str(cluster.home / "postgres/run")):
        with pytest.raises(psycopg.OperationalError, match="password"):
            connect(server, host=host, password="wrong")
    assert stat.S_IMODE((cluster.home / "postgres/password").stat().st_mode) == 0o600
    assert stat.S_IMODE(server.data_dir.stat().st_mode) == 0o700


def test_start_and_stop_may_be_repeated_and_the_port_stays(cluster: Cluster) -> None:
    assert embedded.status(cluster.home) is None
    embedded.stop(cluster.home)

    first = cluster.start()
    pid = cluster.pid()
    assert cluster.start() == first == embedded.status(cluster.home)
    assert cluster.pid() == pid

    embedded.stop(cluster.home)
    embedded.stop(cluster.home)
    assert embedded.status(cluster.home) is None
    assert cluster.start() == first


def test_one_home_under_two_names_is_one_cluster(cluster: Cluster, tmp_path: Path) -> None:
    first = cluster.start()
    other_name = tmp_path / "link"
    other_name.symlink_to(cluster.home)

    assert embedded.start(other_name) == first


def test_databases_are_made_once_by_many_callers(cluster: Cluster) -> None:
    server = cluster.start(max_connections="30")

    with ThreadPoolExecutor(8) as pool:
        urls = set(pool.map(lambda _: embedded.ensure_database(server, "Vendas 2026/ç"), range(8)))

    assert urls == {server.url("Vendas 2026/ç")}
    assert value(server, "SELECT count(*) FROM pg_database WHERE datname = 'Vendas 2026/ç'") == 1
    for name in ("", "x" * 64):
        with pytest.raises(ValueError, match="63 bytes"):
            embedded.ensure_database(server, name)


def test_two_starts_at_one_instant_are_one_server(cluster: Cluster) -> None:
    answers = in_child(cluster.start, count=4)

    assert answers == [embedded.status(cluster.home)] * 4


def test_committed_rows_survive_a_killed_server_with_busy_sessions(cluster: Cluster) -> None:
    first = cluster.start()
    with connect(first) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    busy = connect(first)
    with ThreadPoolExecutor(1) as pool:
        query = pool.submit(busy.execute, "SELECT count(*) FROM generate_series(1, 100000000)")
        time.sleep(0.2)
        os.kill(cluster.pid(), signal.SIGKILL)

        assert pg_process.wait_for(lambda: embedded.status(cluster.home) is None, seconds=5)
        second = cluster.start()

        with pytest.raises(psycopg.Error):
            query.result()
    assert second == first
    assert value(second, "SELECT answer FROM kept") == 42


@pytest.mark.parametrize("content", ["unrelated", "dead", "garbage", "empty"])
def test_what_a_killed_server_left_is_neither_believed_nor_in_the_way(cluster: Cluster, content: str) -> None:
    first = cluster.start()
    os.kill(cluster.pid(), signal.SIGKILL)
    assert pg_process.wait_for(partial(pg_process.has_ended, cluster.pid()))
    with unrelated_process() as process:
        old = str(cluster.pid())
        number = {"unrelated": str(process.pid), "dead": _dead_pid()}.get(content, old)
        socket_lock = cluster.home / f"postgres/run/.s.PGSQL.{first.port}.lock"
        for lock in (first.data_dir / "postmaster.pid", socket_lock):
            text = {"garbage": "not a number\n", "empty": ""}.get(content, lock.read_text().replace(old, number, 1))
            lock.write_text(text)

        assert embedded.status(cluster.home) is None
        embedded.stop(cluster.home)
        assert cluster.start() == first
        assert process.is_running()


def test_a_taken_port_is_left_to_its_owner(cluster: Cluster) -> None:
    first = cluster.start()
    embedded.stop(cluster.home)
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("0.0.0.0", first.port))
        other.listen()
        moved = cluster.start()
        assert moved.port != first.port

    embedded.stop(cluster.home)
    assert cluster.start().port == moved.port, "the new port is the one remembered"


def test_a_port_taken_in_the_last_moment_is_left_too(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        monkeypatch.setattr(pg_process, "_candidates", lambda _: iter((taken, 19433)))
        looks = iter([True, False, True])
        monkeypatch.setattr(pg_process, "_is_free", lambda _: next(looks))

        assert cluster.start().port == 19433


def test_the_server_outlives_its_starter_and_ctrl_c(cluster: Cluster) -> None:
    program = (
        "import os, signal, sys; from pathlib import Path; from etl_assets.demo import embedded\n"
        "embedded.start(Path(sys.argv[1]), bin_dir=Path(sys.argv[2]) if sys.argv[2] else None)\n"
        "os.killpg(0, signal.SIGINT); os.killpg(0, signal.SIGKILL)"
    )
    command = [sys.executable, "-c", program, str(cluster.home), str(cluster.bin_dir or "")]
    finished = subprocess.run(command, start_new_session=True, capture_output=True, check=False)

    assert finished.returncode < 0
    server = embedded.status(cluster.home)
    assert server
    assert value(server, "SELECT 1") == 1
    assert os.getsid(cluster.pid()) == cluster.pid(), "in a session of its own, away from the starter's terminal"


def test_a_creation_cut_short_is_begun_anew(cluster: Cluster) -> None:
    account = pg_binaries.server_account()
    unfinished = cluster.home / "postgres" / "data.new"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("half")
    (cluster.home / "postgres").chmod(0o711)
    os.chown(unfinished, account.uid, account.gid)

    assert value(cluster.start(), "SELECT 1") == 1
    assert not unfinished.exists()


def test_a_long_path_still_has_a_socket(cluster: Cluster) -> None:
    cluster.home = cluster.home / ("x" * 100)
    server = cluster.start()
    try:
        folder = value(server, "SHOW unix_socket_directories")
        with connect(server, host=folder) as connection:
            assert connection.info.host == folder
    finally:
        embedded.remove(cluster.home)
    assert not Path(folder).exists()


def test_what_is_in_the_way_is_named(cluster: Cluster) -> None:
    with pytest.raises(EmbeddedPostgresError, match=r"holds no `initdb`"):
        embedded.start(cluster.home, bin_dir=Path("/usr"))
    with pytest.raises(EmbeddedPostgresError, match=r"no_such_setting.*server\.log"):
        cluster.start(no_such_setting="1")
    assert value(cluster.start(), "SELECT 1") == 1

    embedded.stop(cluster.home)
    version = cluster.home / "postgres/data/PG_VERSION"
    real = version.read_text()
    version.write_text("9\n")
    with pytest.raises(EmbeddedPostgresError, match=r"made by PostgreSQL 9.*make clean"):
        cluster.start()
    version.write_text(real)

    cluster.start()
    (cluster.home / "postgres/password").unlink()
    with pytest.raises(EmbeddedPostgresError, match="password file"):
        cluster.start()


def test_a_folder_others_may_write_is_refused(cluster: Cluster) -> None:
    cluster.home.chmod(0o777)
    with pytest.raises(EmbeddedPostgresError, match="remove it, or set ETL_ASSETS_HOME"):
        cluster.start()


def test_remove_leaves_nothing(cluster: Cluster) -> None:
    server = cluster.start()
    pid = cluster.pid()
    embedded.remove(cluster.home)
    embedded.remove(cluster.home)

    assert pg_process.has_ended(pid)
    assert not server.data_dir.exists()
    assert list(cluster.home.iterdir()) == []


def test_the_default_home_is_this_users_and_this_checkouts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    checkout = Path(embedded.__file__).parents[2]
    monkeypatch.setenv("ETL_ASSETS_HOME", str(tmp_path))
    assert embedded.default_home() == tmp_path

    monkeypatch.delenv("ETL_ASSETS_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert embedded.default_home().parent == Path("/var/tmp")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(os, "access", lambda *_: True)
    assert embedded.default_home() == checkout / ".data"
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert embedded.default_home().parent == tmp_path / ".local/share/etl_assets"


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


def _dead_pid() -> str:
    process = subprocess.Popen(["true"])
    process.wait()
    return str(process.pid)
