"""Fixtures of the graph tests: one loaded warehouse per session, copied for each test that changes it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import pytest

from etl_assets.demo import ecommerce, embedded
from etl_assets.demo.chatwoot import synthesize
from etl_assets.orchestration.logs import DailyJsonLines
from etl_assets.settings import Settings
from etl_assets_tests.graph.receivers import Receivers
from etl_assets_tests.graph.shop import Shop
from etl_assets_tests.graph.story import Story, play
from etl_assets_tests.graph.watch import CANARY, Watch
from etl_assets_tests.graph.world import Databases, World, execute
from etl_assets_tests.lacrei import ENTITIES
from etl_assets_tests.lacrei_model import MakeStar, Star


@pytest.fixture(autouse=True, scope="session")
def _environment() -> Iterator[None]:
    """Nothing of the machine's own configuration reaches a test."""
    with pytest.MonkeyPatch.context() as patch:
        for name in Settings.model_fields:
            patch.delenv(name.upper(), raising=False)
        patch.setitem(os.environ, "DAGSTER_EVENT_BATCH_SIZE", "100")
        patch.setitem(Settings.model_config, "env_file", None)
        yield


@pytest.fixture(scope="session")
def databases(pg_server: embedded.EmbeddedPostgres) -> Databases:
    return Databases(pg_server)


@pytest.fixture(scope="session")
def end_of_history() -> date:
    """The synthetic months are the 24 before the current one, so the current month begins empty."""
    return datetime.now(UTC).date().replace(day=1)


@pytest.fixture(scope="session")
def small_source(databases: Databases, end_of_history: date) -> str:
    """482 conversations; a template to copy, never to change."""
    url = databases.make("source")
    synthesize(url, "small", end=end_of_history)
    return url


@pytest.fixture(scope="session")
def loaded(databases: Databases, small_source: str) -> World:
    """`small_source` loaded once by `chatwoot_incremental` into an empty warehouse; for reading and copying."""
    world = World(databases.copy(small_source, "loaded_source"), databases.make("loaded_dw"))
    world.succeed()
    return world


@pytest.fixture
def world(databases: Databases, loaded: World) -> Iterator[World]:
    """A copy of `loaded` to change at will."""
    made = World(databases.copy(loaded.source, "source"), databases.copy(loaded.warehouse, "dw"))
    yield made
    databases.drop(made.source)
    databases.drop(made.warehouse)


@pytest.fixture(scope="session")
def loaded_shop(databases: Databases) -> Shop:
    """A small shop loaded once by `ecommerce_incremental` into an empty warehouse; for reading and copying."""
    source = databases.make("oltp")
    ecommerce.synthesize(source, "small")
    shop = Shop(source, databases.make("loaded_shop_dw"))
    shop.succeed()
    return shop


@pytest.fixture
def shop(databases: Databases, loaded_shop: Shop) -> Iterator[Shop]:
    """A copy of `loaded_shop` to change at will."""
    made = Shop(databases.copy(loaded_shop.source, "oltp"), databases.copy(loaded_shop.warehouse, "shop_dw"))
    yield made
    databases.drop(made.source)
    databases.drop(made.warehouse)


@pytest.fixture(scope="session")
def story(databases: Databases, loaded: World) -> Story:
    return play(World(databases.copy(loaded.source, "source"), databases.copy(loaded.warehouse, "dw")))


@pytest.fixture
def make_instance(tmp_path: Path) -> Iterator[Callable[..., dg.DagsterInstance]]:
    """An instance on disk; with `logs`, the JSON lines of our handler go there."""
    with ExitStack() as stack:

        def make(logs: Path | None = None) -> dg.DagsterInstance:
            handler = {"class": f"{DailyJsonLines.__module__}.{DailyJsonLines.__name__}", "level": "INFO"}
            if logs:
                handler["folder"] = str(logs)
            handlers = {"python_log_level": "INFO", "dagster_handler_config": {"handlers": {"json_lines": handler}}}
            home = tmp_path / "instance"
            home.mkdir(exist_ok=True)
            return stack.enter_context(
                dg.DagsterInstance.local_temp(str(home), overrides={"python_logs": handlers} if logs else {})
            )

        yield make


@pytest.fixture(scope="module")
def shared(databases: Databases, loaded: World) -> World:
    """A copy of `loaded` the tests of one file may change as long as the others do not mind."""
    return World(databases.copy(loaded.source, "shared_source"), databases.copy(loaded.warehouse, "shared_dw"))


@pytest.fixture(scope="session")
def empty_star(databases: Databases) -> Star:
    """A platform without a row, and its warehouse as it is deployed; for copying."""
    star = Star(databases.make("platform"), databases.make("star"), tuple(ENTITIES))
    star.destination.close()
    return star


@pytest.fixture
def make_star(databases: Databases, empty_star: Star) -> Iterator[MakeStar]:
    """Makes empty platforms with their warehouses, every layer declared."""
    made: list[Star] = []

    def make() -> Star:
        source, warehouse = databases.copy(empty_star.source, "platform"), databases.copy(empty_star.warehouse, "star")
        made.append(Star(source, warehouse, ()))
        return made[-1]

    yield make
    for star in made:
        star.destination.close()
        databases.drop(star.source)
        databases.drop(star.warehouse)


@pytest.fixture
def star(make_star: MakeStar) -> Star:
    """One patient, one professional with a clinic, one appointment with a report: `pat`, `pro`, `app`."""
    made = make_star().base()
    made.patient("pat")
    made.professional("pro")
    made.clinic("cli", "pro")
    made.appointment("app", "2025-05-02 09:00Z", created_at="2025-04-01 09:00Z")
    made.report("rep", "app")
    return made


@pytest.fixture
def receivers(tmp_path: Path) -> Iterator[Receivers]:
    made = Receivers(tmp_path)
    yield made
    made.stop()


@pytest.fixture
def watch(world: World, databases: Databases, tmp_path: Path, receivers: Receivers) -> Iterator[Watch]:
    url = databases.make("alerts").replace("+psycopg:", "+psycopg2:")
    home = tmp_path / "home"
    home.mkdir()
    execute(world.source, f"UPDATE teams SET name = '{CANARY} ' || id")
    made = Watch(world, home, url, receivers)
    yield made
    made.world.instance.dispose()
    databases.drop(url)
