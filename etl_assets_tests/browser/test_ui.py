"""What a data engineer does in the Dagster UI, done by clicking: each promise of the README seen on a page.

The run id, the partitions of a run and rows in a database are asked for directly: a page does not show them exactly.
"""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from etl_assets.demo.chatwoot import mutate
from etl_assets.demo.postgres import dsn
from etl_assets_tests.browser.conftest import this_month
from etl_assets_tests.browser.page import Page
from etl_assets_tests.browser.site import Site

# The first test starts Dagster and loads everything once; on a busy machine that alone takes minutes.
pytestmark = pytest.mark.timeout(600)

GROUPS = tuple(f"chatwoot_{layer}" for layer in ("source", "staging", "views", "analytics", "marts"))


def test_lineage_and_columns(page: Page) -> None:
    page.open("/asset-groups")
    page.see("Global asset lineage", *GROUPS)
    page.shot("d1-global-lineage")

    page.open("/assets/chatwoot/analytics/conversas_analytics")
    page.see("one row per conversation", "Conversation id, global", "pii: name", "public.conversas_analytics")
    page.shot("d2-columns")
    # Of Dagster's own column lineage the open-source UI shows nothing: it is a table in the metadata.
    lineage = page.find("//tr[td[1][normalize-space()='column_lineage']]")
    page.see("contact_name of views/vw_conversations_analytics_final", "the engine: when it wrote the row")
    page.driver.execute_script("arguments[0].scrollIntoView()", lineage)
    page.shot("d2-column-lineage")

    page.tab("Lineage")
    page.see("Nearest Neighbors")
    # The graph shortens long names.
    page.find("//*[contains(@href, 'vw_conversations_analytics_final') or contains(text(), 'vw_conversa')]")
    page.see("chatwoot_views", "chatwoot_marts", "mart_agentes", "mart_funil")
    page.shot("d3-lineage")


def test_materialize_by_its_button(page: Page, site: Site) -> None:
    # A contact nobody has written to: nothing downstream becomes stale, so this is the only run.
    rows(
        site.source,
        "INSERT INTO contacts (account_id, name, created_at, updated_at) "
        "SELECT min(id), 'Fulana de Tal', now(), now() FROM accounts RETURNING id",
    )
    page.open("/assets/chatwoot/staging/contacts")
    page.press("Materialize")
    launched = page.read(r"Launched run\s+([0-9a-f]{8})")
    run = next(r for r in site.runs() if r["runId"].startswith(launched))
    site.finish(run["runId"])

    page.tab("Events")
    page.see(f"Materialized in run {launched}")
    counts = {n: int(page.row(f"rows_{n}")) for n in ("inserted", "updated", "deleted", "rejected")}
    page.shot("a-materialized")
    assert counts == {"inserted": 1, "updated": 0, "deleted": 0, "rejected": 0}
    assert int(page.row("rows_extracted")) == 1 + int(page.row("rows_unchanged"))
    assert page.row("status") == "success"


def test_backfill_of_twelve_months_is_one_run(page: Page, site: Site) -> None:
    year = months_until(this_month(), 12)
    page.open("/assets/chatwoot/marts/mart_agentes")
    page.press("Materialize")
    page.click("//*[text()='Show all partitions']")
    page.type("//input[starts-with(@placeholder, 'ex:')]", f"[{year[0]}...{year[-1]}]")
    page.see("12 partitions", "Backfills all partitions in a single run.")
    page.shot("b1-backfill-dialog")
    page.press("Launch backfill")

    def backfilled() -> list[dict[str, Any]]:
        return [r for r in site.runs() if any(t["key"] == "dagster/backfill" for t in r["tags"])]

    run = site.finish(site.wait("the backfill starts a run", backfilled, 90)[0]["runId"])
    site.wait("the backfill is complete", lambda: backfills(site) == ["COMPLETED_SUCCESS"], 90)
    assert len(backfilled()) == 1
    of_mart = [m for m in run["assetMaterializations"] if m["assetKey"]["path"][-1] == "mart_agentes"]
    assert sorted(m["partition"] for m in of_mart) == year
    page.open("/runs")
    page.see("mart_agentes", "12 partitions", "Backfill", "Success")
    page.shot("b2-runs")


def test_dry_run_from_the_launchpad(page: Page, site: Site) -> None:
    mutate(site.source)
    before = state(site.warehouse)
    page.open("/locations/etl_assets/jobs/chatwoot_plan")
    page.tab("Launchpad")
    page.see("mode: changed", "No errors")
    page.shot("e1-launchpad")
    page.press("Launch Run")
    run = site.finish(
        site.wait("the dry run is queued", lambda: site.runs(pipelineName="chatwoot_plan"), 30)[0]["runId"]
    )
    assert run["assetMaterializations"] == []
    assert state(site.warehouse) == before

    page.open("/assets/chatwoot/staging/conversations?view=events")
    page.see(f"Observed in run {run['runId'][:8]}")
    page.shot("e2-observation")
    assert page.row("dry_run").lower() == "true"
    assert int(page.row("rows_inserted")) > 0
    assert int(page.row("rows_updated")) > 0


def test_a_window_of_the_source_in_small_batches_from_the_launchpad(page: Page, site: Site) -> None:
    """A month of long ago: all of it is read, nothing differs, the watermark stays."""
    ((since, until, number),) = rows(
        site.source,
        """SELECT m::text, (m + interval '1 month')::date::text, count(*) FROM conversations,
           LATERAL (SELECT date_trunc('month', max(created_at) - interval '3 months')::date FROM conversations) AS w (m)
           WHERE updated_at >= m AND updated_at < m + interval '1 month' GROUP BY m""",
    )
    assert number > 6, "several batches"
    watermark = "SELECT cursor_value FROM ctl.etl_control WHERE entity = 'chatwoot.staging.conversations'"
    before = rows(site.warehouse, watermark)
    page.open("/locations/etl_assets/jobs/chatwoot_staging")
    page.click("//button[normalize-space()='Materialize all']/following::button[1]")
    page.click("//*[text()='Open launchpad']")
    page.see("mode: update", "No errors")
    config = f'{{mode: changed, batch_size: 3, since: "{since}", until: "{until}"}}'
    page.edit(f"resources: {{load: {{config: {config}}}}}")
    page.see("batch_size: 3", "No errors")
    page.shot("e3-window")
    page.click("//*[contains(@class, 'dialog')]//button[contains(., 'Materialize') or contains(., 'Launch')]")
    run = site.finish(
        site.wait("the run is queued", lambda: site.runs(pipelineName="chatwoot_staging"), 30)[0]["runId"]
    )
    read = f"""SELECT extracted, inserted + deleted FROM audit.etl_run_entity JOIN audit.etl_run USING (run_id)
               WHERE dagster_run_id = '{run["runId"]}' AND entity = 'chatwoot.staging.conversations'"""
    assert rows(site.warehouse, read) == [(number, 0)]
    assert rows(site.warehouse, watermark) == before


def test_schedule_is_switched_on(page: Page) -> None:
    page.open("/automation")
    page.click("//a[@href='/locations/etl_assets/schedules/chatwoot_full']")
    page.see("America/Sao_Paulo", "0 4 * * 0")
    assert "Next tick" not in page.text
    page.click("//tr[td[normalize-space()='Running']]//label")
    page.see("Next tick")
    page.shot("c-schedule-on")
    assert "4:00:00 AM GMT-3" in page.row("Next tick")
    page.click("//tr[td[normalize-space()='Running']]//label")


def backfills(site: Site) -> list[str]:
    query = "{ partitionBackfillsOrError { ... on PartitionBackfills { results { status } } } }"
    return [b["status"] for b in site.ask(query)["partitionBackfillsOrError"]["results"]]


def months_until(last: str, count: int) -> list[str]:
    year, month = int(last[:4]), int(last[5:7])
    numbers = range(year * 12 + month - count, year * 12 + month)
    return [f"{n // 12}-{n % 12 + 1:02}-01" for n in numbers]


def rows(url: str, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn(url)) as connection:
        return connection.execute(statement.encode()).fetchall()


def state(url: str) -> dict[str, Any]:
    """Every table of the warehouse but the audit (a dry run has its own audit row), as a digest of its rows."""
    found = rows(
        url,
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables "
        "WHERE schemaname NOT IN ('pg_catalog', 'information_schema', 'audit')",
    )
    return {
        name: rows(url, f"SELECT count(*), md5(string_agg(t::text, ' ' ORDER BY t::text)) FROM {name} AS t")[0]
        for (name,) in found
    }


@pytest.fixture(autouse=True)
def _quiet(site: Site) -> None:
    """Wait for runs that a sensor may have started, so that each test sees only its own."""
    site.wait("no run is in progress", lambda: not site.runs(statuses=["QUEUED", "STARTING", "STARTED"]), 120)
