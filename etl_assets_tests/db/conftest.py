"""Fixtures, each per test: a small warehouse, one of SIGOS, a synthetic Chatwoot or Lacrei, a home for a server."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from etl_assets.demo import embedded, lacrei
from etl_assets.demo.chatwoot import synthesize
from etl_assets_tests.backends import PostgresBackend
from etl_assets_tests.db.chatwoot_source import END
from etl_assets_tests.db.clusters import Cluster
from etl_assets_tests.db.lacrei_source import END as LACREI_END
from etl_assets_tests.lacrei import MakePlatform, Platform
from etl_assets_tests.sigos import Sigos
from etl_assets_tests.world import MakeWorld


@pytest.fixture(scope="session")
def pg_server(oldest_pg_server: embedded.EmbeddedPostgres) -> embedded.EmbeddedPostgres:
    return oldest_pg_server


@pytest.fixture
def make_world(make_database: Callable[..., str], tmp_path: Path) -> MakeWorld:
    return MakeWorld(lambda: sa.make_url(make_database()), tmp_path, PostgresBackend())


@pytest.fixture
def make_platform(make_database: Callable[[str], str]) -> MakePlatform:
    def made(*tables: str, **more: object) -> Platform:
        return Platform(make_database("platform"), make_database("dw"), tables, **more)  # type: ignore[arg-type]

    return made


@pytest.fixture
def small(make_database: Callable[..., str]) -> str:
    url = make_database("chatwoot")
    synthesize(url, "small", end=END)
    return url


@pytest.fixture
def cluster(make_home: Callable[[], Path], pg_bin_dir: Path | None) -> Cluster:
    return Cluster(make_home(), pg_bin_dir)


@pytest.fixture
def lacrei_demo(make_database: Callable[..., str]) -> str:
    url = make_database("lacrei")
    lacrei.synthesize(url, "demo", end=LACREI_END)
    return url


@pytest.fixture
def lacrei_default(make_database: Callable[..., str]) -> str:
    url = make_database("lacrei")
    lacrei.synthesize(url, end=LACREI_END)
    return url


@pytest.fixture(scope="session")
def sigos_template(pg_server: embedded.EmbeddedPostgres) -> str:
    """A database with the empty warehouse, to be copied: making one takes seconds."""
    made = Sigos(embedded.ensure_database(pg_server, "sigos_template"))
    _ = made.destination
    made.close()
    return "sigos_template"


@pytest.fixture
def sigos(pg_server: embedded.EmbeddedPostgres, sigos_template: str) -> Iterator[Sigos]:
    name = f"sigos_{uuid.uuid4().hex[:12]}"
    server = pg_server.url("postgres").replace("+psycopg", "")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {sigos_template}".encode())
        made = Sigos(pg_server.url(name))
        yield made
        made.close()
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
