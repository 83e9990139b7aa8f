"""A backfill of SIGOS from the UI: the stand-in portal, a real Chromium below it, another one looking at Dagster."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy.engine import make_url

from etl_assets.demo import embedded
from etl_assets.demo.sigos import Portal
from etl_assets_tests.browser.conftest import this_month
from etl_assets_tests.browser.page import Page
from etl_assets_tests.browser.site import Site

JOB = "/locations/__repository__@etl_assets/jobs/sigos_incremental"
MONTHS = 4


@pytest.fixture(scope="module")
def portal() -> Iterator[Portal]:
    with Portal(scale=0.005) as running:
        yield running


@pytest.fixture(scope="module")
def warehouse(pg_server: embedded.EmbeddedPostgres) -> str:
    return embedded.ensure_database(pg_server, f"sigos_{uuid.uuid4().hex[:8]}")


@pytest.fixture(scope="module")
def site(
    pg_server: embedded.EmbeddedPostgres, portal: Portal, warehouse: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    home = tmp_path_factory.mktemp("dagster_home")
    storage = embedded.ensure_database(pg_server, f"dagster_{uuid.uuid4().hex[:8]}")
    more = {
        "ETL_SYSTEMS": "sigos",
        "SIGOS_PORTAL_URL": portal.url,
        "SIGOS_USUARIO": portal.user,
        "SIGOS_SENHA": portal.password,
        "SIGOS_HASH_SALT": "of a test",
        "SIGOS_WAREHOUSE_URL": warehouse,
        "SIGOS_DOWNLOAD_DIR": str(home / "downloads"),
    }
    running = Site(home, source=warehouse, warehouse=warehouse, storage=storage, more=more)
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture
def page(driver: object, site: Site, browser_folder: Path) -> Page:
    return Page(driver, site.url, browser_folder)  # type: ignore[arg-type]


def months() -> list[str]:
    year, month = map(int, this_month().split("-")[:2])
    found = []
    for _ in range(MONTHS):
        found.append(f"{year}-{month:02d}-01")
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)
    return found[::-1]


def backfill(page: Page, site: Site, shot: str) -> dict[str, Any]:
    """Ask for the months on the job's page; return the one run that comes of it, ended."""
    known = {r["runId"] for r in site.runs()}
    page.open(JOB)
    page.press("Materialize all")
    page.click("//*[text()='Show all partitions']")
    page.type("//input[starts-with(@placeholder, 'ex:')]", f"[{months()[0]}...{months()[-1]}]")
    page.see(f"{MONTHS} partitions")
    page.shot(shot)
    page.press("Launch backfill")

    def started() -> list[dict[str, Any]]:
        return [r for r in site.runs() if r["runId"] not in known]

    run = site.wait("the backfill starts a run", started, 90)[0]
    done = site.finish(run["runId"], 300)
    assert len(started()) == 1, "one run for all months"
    return done


def changed(warehouse: str) -> int:
    """Rows the newest run wrote."""
    url = make_url(warehouse).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as conn:
        found = conn.execute(
            "SELECT sum(inserted + updated + deleted) FROM audit.etl_run_entity "
            "WHERE run_id = (SELECT max(run_id) FROM audit.etl_run)"
        ).fetchone()
    assert found is not None
    return int(found[0])


def test_a_range_of_months_is_one_run_with_one_login_a_report_and_again_changes_nothing(
    page: Page, site: Site, portal: Portal, warehouse: str
) -> None:
    run = backfill(page, site, "s1-backfill-dialog")
    assert portal.state()["logins"] == 2
    made = {m["partition"] for m in run["assetMaterializations"] if m["assetKey"]["path"][-1] == "sigos_general_raw"}
    assert made >= set(months())
    assert changed(warehouse) > 0
    page.open("/assets/sigos/gold/mart_overview_monthly")
    page.see("mart_overview_monthly", "return_rate", seconds=60)
    page.shot("s2-mart")
    backfill(page, site, "s3-again")
    assert portal.state()["logins"] == 4
    assert changed(warehouse) == 0
    page.open("/runs")
    page.see("Success")
    page.shot("s4-runs")
