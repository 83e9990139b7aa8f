"""The embedded PostgreSQL under what really happens to it: crashes, races, taken ports."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psutil
import psycopg
import pytest

from etl_assets.demo import embedded, pg_binaries, pg_process
from etl_assets.demo.embedded import EmbeddedPostgresError
from etl_assets_tests.db.clusters import Cluster, connect, in_child, value


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


def _dead_pid() -> str:
    process = subprocess.Popen(["true"])
    process.wait()
    return str(process.pid)
