"""A range of months of each system but Chatwoot (test_ui.py), asked for in the UI: one run, and again changes nothing.

SIGOS is the stand-in portal with a real Chromium below the run, another one looking at Dagster.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from etl_assets.demo import ecommerce, embedded, lacrei
from etl_assets.demo.sigos import Portal
from etl_assets_tests.browser.conftest import this_month
from etl_assets_tests.browser.page import Page
from etl_assets_tests.browser.site import Site
from etl_assets_tests.browser.test_ui import months_until, rows

# One site for three systems, each of which loads everything once.
pytestmark = pytest.mark.timeout(600)

MONTHS = 4
# Of each system a table cut by months: its asset, its relation, the date it is cut by.
FACTS = {
    "ecommerce": ("ecommerce/fact/fact_vendas", "fact.fact_vendas", "data_venda"),
    "lacrei": (
        "lacrei/model/fact_lacreisaude_appointments",
        "lacreisaude_model.fact_lacreisaude_appointments",
        "appointment_day",
    ),
    "sigos": ("sigos/gold/fct_service", "gold.fct_service", "service_date"),
}


@pytest.fixture(scope="module")
def portal() -> Iterator[Portal]:
    with Portal(scale=0.005) as running:
        yield running


@pytest.fixture(scope="module")
def warehouses(pg_server: embedded.EmbeddedPostgres) -> dict[str, str]:
    return {name: embedded.ensure_database(pg_server, f"{name}_{uuid.uuid4().hex[:8]}") for name in FACTS}


@pytest.fixture(scope="module")
def site(
    pg_server: embedded.EmbeddedPostgres,
    portal: Portal,
    warehouses: Mapping[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:
    home = tmp_path_factory.mktemp("dagster_home")
    storage, shop, platform = (
        embedded.ensure_database(pg_server, f"{name}_{uuid.uuid4().hex[:8]}")
        for name in ("dagster", "oltp", "platform")
    )
    ecommerce.synthesize(shop, "small")
    lacrei.synthesize(platform, "small")
    more = {
        "ETL_SYSTEMS": ",".join(FACTS),
        "ECOMMERCE_OLTP_URL": shop,
        "ECOMMERCE_DW_URL": warehouses["ecommerce"],
        "LACREI_SOURCE_URL": platform,
        "LACREI_WAREHOUSE_URL": warehouses["lacrei"],
        "LACREI_HASH_SALT": "of a test",
        "SIGOS_PORTAL_URL": portal.url,
        "SIGOS_USUARIO": portal.user,
        "SIGOS_SENHA": portal.password,
        "SIGOS_HASH_SALT": "of a test",
        "SIGOS_WAREHOUSE_URL": warehouses["sigos"],
        "SIGOS_DOWNLOAD_DIR": str(home / "downloads"),
    }
    running = Site(home, source=shop, warehouse=warehouses["sigos"], storage=storage, more=more)
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture
def page(driver: object, site: Site, browser_folder: Path) -> Page:
    return Page(driver, site.url, browser_folder)  # type: ignore[arg-type]


def months() -> list[str]:
    return months_until(this_month(), MONTHS)


def job_page(system: str) -> str:
    return f"/locations/__repository__@etl_assets/jobs/{system}_incremental"


def backfill(page: Page, site: Site, path: str, shot: str) -> dict[str, Any]:
    """Ask for the months on the page of a job or of a table; return the one run that comes of it, ended."""
    known = {r["runId"] for r in site.runs()}
    page.open(path)
    page.press("Materialize all" if "/jobs/" in path else "Materialize")
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


def counts_by_month(site: Site, run_id: str, asset: str) -> dict[str, dict[str, int]]:
    """What the run's events say of each month of a table: the table they show in the UI."""
    found = site.ask(
        """query($id: ID!) { runOrError(runId: $id) { ... on Run { assetMaterializations { assetKey { path }
             metadataEntries { label ... on TableMetadataEntry { table { records } } } } } } }""",
        id=run_id,
    )["runOrError"]["assetMaterializations"]
    told = [
        [json.loads(r) for r in entry["table"]["records"]]
        for m in found
        for entry in m["metadataEntries"]
        if "/".join(m["assetKey"]["path"]) == asset and entry["label"] == "counts_by_month"
    ]
    assert len(told) >= MONTHS
    assert all(t == told[0] for t in told)
    return {record["month"]: record for record in told[0]}


def changed(warehouse: str) -> int:
    """Rows the newest run wrote."""
    newest = "(SELECT max(run_id) FROM audit.etl_run)"
    written = "SELECT sum(inserted + updated + deleted) FROM audit.etl_run_entity"
    return int(rows(warehouse, f"{written} WHERE run_id = {newest}")[0][0])


@pytest.mark.parametrize("system", FACTS)
def test_a_range_of_months_is_one_run_and_again_changes_nothing(
    page: Page, site: Site, portal: Portal, warehouses: Mapping[str, str], system: str
) -> None:
    asset, relation, column = FACTS[system]
    run = backfill(page, site, job_page(system), f"s1-{system}-backfill-dialog")
    made = {m["partition"] for m in run["assetMaterializations"] if "/".join(m["assetKey"]["path"]) == asset}
    assert made >= set(months())
    told = counts_by_month(site, run["runId"], asset)
    stored = dict(
        rows(
            warehouses[system],
            f"SELECT to_char(date_trunc('month', {column}), 'YYYY-MM-01'), count(*) FROM {relation} GROUP BY 1",
        )
    )
    assert sum(stored.get(m, 0) for m in months()) > 0
    assert {m: told[m]["inserted"] for m in months()} == {m: stored.get(m, 0) for m in months()}
    page.open(f"/assets/{asset}?view=events")
    page.see(f"run {run['runId'][:8]}", "counts_by_month", seconds=60)
    page.shot(f"s2-{system}-counts")
    # The portal is asked again; of the others the table alone is, which takes seconds.
    again = backfill(page, site, job_page(system) if system == "sigos" else f"/assets/{asset}", f"s3-{system}-again")
    assert changed(warehouses[system]) == 0
    remade = {m["partition"] for m in again["assetMaterializations"] if "/".join(m["assetKey"]["path"]) == asset}
    assert remade == set(months()), "the months asked for, and no other"
    if system == "sigos":
        assert portal.state()["logins"] == 4, "one login a report and run"
    page.open("/runs")
    page.see("Success")
    page.shot(f"s4-{system}-runs")
