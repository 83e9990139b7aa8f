"""One site and one browser for all tests of this folder; a failing test leaves a screenshot and the page behind."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from etl_assets.demo import embedded
from etl_assets.demo.chatwoot import synthesize
from etl_assets.orchestration.partitions import current_month
from etl_assets_tests.browser.page import Page, open_browser
from etl_assets_tests.browser.site import Site

ZONE = "America/Sao_Paulo"
CONVERSATIONS = 300


@pytest.fixture(scope="session")
def browser_folder() -> Path:
    """Where screenshots go. It stays, to be looked at."""
    folder = Path(tempfile.mkdtemp(prefix="etl_browser-"))
    print(f"\nscreenshots are in {folder}")
    return folder


@pytest.fixture(scope="session")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    browser = open_browser(tmp_path_factory.mktemp("chromium"))
    yield browser
    browser.quit()


@pytest.fixture(scope="session")
def site(pg_server: embedded.EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Webserver and daemon over a small Chatwoot that has been loaded once, through the queue.

    Its schedule, once somebody switches it on, ticks every minute.
    """
    source, warehouse, storage = (
        embedded.ensure_database(pg_server, f"{name}_{uuid.uuid4().hex[:8]}") for name in ("source", "dw", "dagster")
    )
    synthesize(source, conversations=CONVERSATIONS)
    running = Site(
        tmp_path_factory.mktemp("dagster_home"),
        source=source,
        warehouse=warehouse,
        storage=storage,
        more={"CHATWOOT_INCREMENTAL_CRON": "* * * * *"},
    )
    try:
        running.start()
        run = running.launch(
            "chatwoot_incremental",
            config={"resources": {"load": {"config": {"mode": "changed"}}}},
            tags={"dagster/partition": this_month()},
        )
        running.finish(run, 180)
        yield running
    finally:
        running.stop()


@pytest.fixture
def page(driver: object, site: Site, browser_folder: Path, request: pytest.FixtureRequest) -> Iterator[Page]:
    found = Page(driver, site.url, browser_folder)  # type: ignore[arg-type]
    before = request.session.testsfailed
    yield found
    if request.session.testsfailed > before:
        name = request.node.name
        found.shot(f"FAILED-{name}")
        (browser_folder / f"FAILED-{name}.html").write_text(found.driver.page_source)
        print(f"page: {browser_folder / f'FAILED-{name}.html'} of {found.driver.current_url}\n{site.logs()}")


def this_month() -> str:
    return current_month(ZONE, datetime.now(tz=ZoneInfo(ZONE)))
