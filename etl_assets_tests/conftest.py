"""Fixtures every folder shares: a throwaway PostgreSQL per session and worker, and fresh databases on it or on the
SQL Server of ECOMMERCE_OLTP_URL and ECOMMERCE_DW_URL.

The tests of db/ and engine/ run on the oldest PostgreSQL at hand (14 or later): the machine's, where Debian's packages
are installed, or the wheel's; those that load whole systems on the wheel's newest. `ETL_TEST_PG_BIN` runs all of them
on one: `/usr/lib/postgresql/15/bin`, `oldest` or `newest`. The header of the report names what it is.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import psycopg
import pytest
import sqlalchemy as sa
from dagster._core.storage.defs_state.base import set_defs_state_storage
from filelock import FileLock
from psycopg import sql

from etl_assets.demo import embedded, pg_binaries
from etl_assets.engine import audit
from etl_assets_tests import quick_dagster
from etl_assets_tests.backends import SqlServerBackend

# Not pytest's own temporary folder: it is closed to the account that runs the server for root, and its path is long.
_PARENTS = Path("/dev/shm"), Path("/var/tmp")
# Every test makes a database or two: 0.1 s each in memory, 0.5 to 0.9 s on a disk that others use too. All workers'
# clusters together stay below a quarter of this.
_ROOM = 8 * 1024**3
_PREFIX = f"etl_tests-{os.geteuid()}"
_OLDEST_SUPPORTED = 14
_SLOW = "faults", "graph", "browser", "db", "engine"
_SQL_SERVER = ("ECOMMERCE_OLTP_URL", "ECOMMERCE_DW_URL")
# Nothing in a test outlives a crash of the machine.
_FAST = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The folder is the marker: nothing below db/, graph/, browser/, faults/ and sqlserver/ needs to name it again.

    In engine/ the marker is that of the server a test runs on: one test is of both. Folders whose files take minutes
    come first, so that the last minutes are not those of one worker alone (`--no-loadscope-reorder`).
    """
    items.sort(key=lambda item: next((n for n, f in enumerate(_SLOW) if f in item.path.parts), len(_SLOW)))
    for item in items:
        for folder in {"db", "graph", "browser", "faults", "sqlserver"}.intersection(item.path.parts):
            item.add_marker(folder)


def pytest_collection_finish() -> None:
    quick_dagster.collect_less()


@pytest.fixture(autouse=True, scope="session")
def _kept_connections() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        quick_dagster.keep_connections(patch)
        yield


@pytest.fixture(autouse=True)
def _no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """The dead of a test are dead: the reaper need not wait for a word from them. Tests of that wait set it again."""
    monkeypatch.setattr(audit, "PATIENCE", 0.0)


@pytest.fixture(autouse=True)
def _no_instance_of_another_test() -> Iterator[None]:
    """No test loads definitions for the instance another one has entered and left behind.

    Dagster keeps the one entered last in a context variable. A schedule's context enters one of its own, and where
    nobody closes the context, loading definitions fails in the next test of the same process, whichever that is.
    """
    with set_defs_state_storage(None):
        yield


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A suite that was asked for and did not run must not look like one that passed."""
    skipped = [r for r in terminalreporter.stats.get("skipped", []) if "sqlserver" in r.keywords]
    if skipped:
        terminalreporter.section("SQL Server was NOT tested", sep="!", yellow=True, bold=True)
        terminalreporter.line(
            f"{len(skipped)} test(s) need a server: set ECOMMERCE_OLTP_URL and ECOMMERCE_DW_URL "
            "(mssql+pymssql://user:password@host:1433/database), then `make test-sqlserver`."
        )


@pytest.fixture(scope="session")
def on_server() -> Callable[[str], None]:
    """Runs a statement on the SQL Server of the warehouse, outside of every database a test uses.

    Nothing that is there already is touched; the login must be allowed to create databases. Where the two variables
    name none, what asks for it is skipped, and the end of the session says so.
    """
    unset = [v for v in _SQL_SERVER if not os.environ.get(v, "").startswith("mssql")]
    if unset:
        pytest.skip(f"no SQL Server: set {' and '.join(unset)} (mssql+pymssql://…)")
    backend = SqlServerBackend()
    engine = backend.engine(sa.make_url(os.environ["ECOMMERCE_DW_URL"]).set(database="master"))

    def run(statement: str) -> None:
        with engine.connect() as connection:
            backend.execute(connection, statement)

    return run


@pytest.fixture
def make_sqlserver_database(on_server: Callable[[str], None]) -> Iterator[Callable[[], sa.URL]]:
    """Makes an empty database on the SQL Server, uniquely named, and returns its URL; dropped after."""
    names: list[str] = []

    def make() -> sa.URL:
        names.append(f"etl_test_{uuid.uuid4().hex[:12]}")
        on_server(f"CREATE DATABASE {names[-1]}")
        return sa.make_url(os.environ["ECOMMERCE_DW_URL"]).set(database=names[-1])

    yield make
    for name in names:
        with suppress(sa.exc.DBAPIError):  # a failing test may have left a session in it
            on_server(f"DROP DATABASE {name}")


@pytest.fixture(scope="session")
def pg_bin_dir() -> Path | None:
    """The programs to test with; None is the wheel's."""
    return _programs("newest")


def pytest_report_header() -> str:
    whole, engine = (_programs(w) or pg_binaries.wheel_installs()[-1] / "bin" for w in ("newest", "oldest"))
    return f"PostgreSQL: {whole}" + (f"; db/ and engine/: {engine}" if engine != whole else "")


def _programs(unless_configured: str) -> Path | None:
    configured = os.environ.get("ETL_TEST_PG_BIN") or unless_configured
    if configured != "oldest":
        return None if configured == "newest" else Path(configured)
    of_machine = {
        int(path.parents[1].name): path.parent
        for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")
        if path.with_name("postgres").exists() and int(path.parents[1].name) >= _OLDEST_SUPPORTED
    }
    return of_machine[min(of_machine)] if of_machine else pg_binaries.wheel_installs()[0] / "bin"


@pytest.fixture
def make_home() -> Iterator[Callable[[], Path]]:
    """Makes empty folders fit for a cluster; each is stopped and removed after the test."""
    homes: list[Path] = []

    def make() -> Path:
        homes.append(_new_home())
        return homes[-1]

    yield make
    for home in homes:
        embedded.remove(home)
        shutil.rmtree(home)


@pytest.fixture(scope="session")
def pg_server(pg_bin_dir: Path | None) -> Iterator[embedded.EmbeddedPostgres]:
    """A running server of this pytest session (and xdist worker), gone with it."""
    with _server(pg_bin_dir) as running:
        yield running


@pytest.fixture(scope="session")
def oldest_pg_server() -> Iterator[embedded.EmbeddedPostgres]:
    """As `pg_server`, of the oldest version at hand. It is `pg_server` itself to the tests of db/ and engine/."""
    with _server(_programs("oldest")) as running:
        yield running


@contextmanager
def _server(bin_dir: Path | None) -> Iterator[embedded.EmbeddedPostgres]:
    _remove_leftovers()
    home = _new_home()
    try:
        yield embedded.start(home, bin_dir=bin_dir, settings=_FAST)
    finally:
        embedded.remove(home)
        shutil.rmtree(home)


@pytest.fixture
def make_database(pg_server: embedded.EmbeddedPostgres) -> Iterator[Callable[..., str]]:
    """`make_database("dw")` makes an empty database, uniquely named, and returns its SQLAlchemy URL; dropped after."""
    names: list[str] = []

    def make(label: str = "db") -> str:
        names.append(f"{label}_{uuid.uuid4().hex[:12]}")
        return embedded.ensure_database(pg_server, names[-1])

    yield make
    with psycopg.connect(pg_server.url("postgres").replace("+psycopg", ""), autocommit=True) as connection:
        for name in names:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _new_home() -> Path:
    memory, disk = _PARENTS
    has_room = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free >= _ROOM
    home = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}-{os.getpid()}-", dir=memory if has_room else disk))
    home.chmod(0o711)
    return home


def _remove_leftovers() -> None:
    """Servers of sessions that were killed before they could end them."""
    # One worker at a time: all of them come here at once.
    with FileLock(_PARENTS[-1] / f"{_PREFIX}.lock"):
        for home in (h for parent in _PARENTS if parent.is_dir() for h in parent.glob(f"{_PREFIX}-*")):
            owner = re.fullmatch(rf"{_PREFIX}-(\d+)-.*", home.name)
            if owner and home.stat().st_uid == os.geteuid() and not psutil.pid_exists(int(owner[1])):
                # One that cannot be ended is no reason not to test.
                with suppress(embedded.EmbeddedPostgresError):
                    embedded.remove(home)
                    shutil.rmtree(home, ignore_errors=True)
