"""How runs come about and end, seen in the Dagster UI: by a schedule's tick, by the sweep, by the API, stopped by a
check, cancelled, done again.

Belongs here: what starts and stops runs. Does not belong here: what one run shows (test_ui.py), processes that are
killed (test_worst.py). Ids and rows are asked for directly: a page does not show them exactly.
"""

from __future__ import annotations

import re
import subprocess
import sys
from functools import partial
from typing import Any

import pytest

from etl_assets.demo.chatwoot import mutate, touch_months
from etl_assets.settings import PROJECT_ROOT
from etl_assets_tests.browser.page import Page
from etl_assets_tests.browser.site import Site
from etl_assets_tests.browser.test_ui import rows
from etl_assets_tests.browser.test_worst import (
    CANCELLED_SECONDS,
    IN_PROGRESS,
    assert_nothing_is_left_to_do,
    held,
    incremental,
)

pytestmark = pytest.mark.timeout(600)

SCHEDULE = "chatwoot_incremental"
SWITCH = "//tr[td[normalize-space()='Running']]//label"
CHECK = "/assets/chatwoot/analytics/conversas_analytics?view=checks&checkDetail=csat_rating_range"


@pytest.fixture(autouse=True)
def _quiet(site: Site) -> None:
    site.wait("no run is in progress", lambda: not site.runs(statuses=IN_PROGRESS), 120)


def started_by(site: Site, tag: str, name: str) -> list[dict[str, Any]]:
    return site.runs(tags=[{"key": tag, "value": name}])


def triggered_by(site: Site, run_id: str) -> list[tuple[Any, ...]]:
    return rows(site.warehouse, f"SELECT triggered_by, status FROM audit.etl_run WHERE dagster_run_id = '{run_id}'")


def test_the_sweep_takes_up_what_a_mirror_run_by_hand_left_stale(page: Page, site: Site) -> None:
    sweep = "chatwoot_sweep"
    waiting = "SELECT (SELECT count(*) FROM ctl.pending_partition) + (SELECT count(*) FROM ctl.pending_key)"
    page.open(f"/locations/etl_assets/sensors/{sweep}")
    page.click(SWITCH)
    before = {r["runId"] for r in started_by(site, "dagster/sensor_name", sweep)}
    ((month,),) = rows(
        site.warehouse, "SELECT date_trunc('month', max(conversation_date))::date FROM public.conversas_analytics"
    )
    touch_months(site.source, [month])
    page.open("/assets/chatwoot/staging/conversations")
    known = {r["runId"] for r in site.runs()}
    page.press("Materialize")
    (by_hand,) = site.wait("the load is queued", lambda: [r for r in site.runs() if r["runId"] not in known], 60)
    site.finish(by_hand["runId"])
    assert rows(site.warehouse, waiting) != [(0,)]

    page.open(f"/locations/etl_assets/sensors/{sweep}")
    page.click(SWITCH)

    def swept() -> list[dict[str, Any]]:
        return [r for r in started_by(site, "dagster/sensor_name", sweep) if r["runId"] not in before]

    (run,) = site.wait("the sensor starts a run", swept, 90)
    assert run["jobName"] == "chatwoot_pending"
    site.finish(run["runId"])
    assert rows(site.warehouse, waiting) == [(0,)]
    page.open(f"/locations/etl_assets/sensors/{sweep}")
    page.see("1 run requested", run["runId"][:8])
    page.read(r"Latest tick\s[^\n]*\s(0 runs requested)", seconds=90)
    page.shot("g1-sweep")
    assert len(swept()) == 1, "it fired once"


def test_a_failed_blocking_check_stops_what_is_downstream_until_the_cause_is_mended(page: Page, site: Site) -> None:
    # What an earlier test left in the source would make the conversation anew, and right.
    site.finish(incremental(site))
    broken = "(SELECT max(conversation_id) FROM public.conversas_analytics)"
    ((before,),) = rows(
        site.warehouse,
        f"UPDATE public.conversas_analytics t SET csat_rating = 6 FROM public.conversas_analytics o "
        f"WHERE t.conversation_id = {broken} AND o.conversation_id = t.conversation_id RETURNING o.csat_rating",
    )
    run = incremental(site)
    site.wait("the run fails", lambda: site.runs(runIds=[run])[0]["status"] == "FAILURE", 120)
    page.open(CHECK)
    page.see("This is a blocking asset check.", "csat_rating_range\nFailed")
    page.shot("h1-check")
    page.open(f"/runs/{run}")
    page.see("Errored (1)", "conversas_analytics__checks", "1 blocking asset check failed", "Not executing")
    page.shot("h2-run")
    marts = f"""SELECT DISTINCT e.status FROM audit.etl_run_entity e JOIN audit.etl_run r USING (run_id)
                WHERE r.dagster_run_id = '{run}' AND e.entity LIKE 'chatwoot.marts.%'"""
    assert rows(site.warehouse, marts) == [("skipped",)]

    value = "NULL" if before is None else before
    mend = f"UPDATE public.conversas_analytics SET csat_rating = {value} WHERE conversation_id = {broken}"
    rows(site.warehouse, f"{mend} RETURNING 1")
    again = re_executed(page, site, run)
    site.finish(again)
    page.open(CHECK)
    page.see("csat_rating_range\nSucceeded")
    page.shot("h3-mended")
    assert rows(site.warehouse, marts.replace(run, again)) == [("success",)]


def test_a_run_cancelled_by_its_button_is_done_again_by_another(page: Page, site: Site) -> None:
    mutate(site.source)
    with held(site, "staging.contacts") as contacts:
        run = incremental(site)
        site.wait("the load waits for the table", contacts.waiting, 90)
        page.open(f"/runs/{run}")
        page.press("Terminate")
        page.press("Terminate 1 run")
        site.wait("the run is cancelled", lambda: site.runs(runIds=[run])[0]["status"] == "CANCELED", CANCELLED_SECONDS)
        page.see("Canceled")
        page.shot("i1-cancelled")
        contacts.release()
    again = re_executed(page, site, run)
    site.finish(again)
    page.open(f"/runs/{again}")
    page.see("Success")
    page.shot("i2-again")
    assert triggered_by(site, again) == [("manual", "success")]
    assert_nothing_is_left_to_do(site)


def re_executed(page: Page, site: Site, run: str) -> str:
    """Press the run's button; return the run that comes of it."""
    page.open(f"/runs/{run}")
    page.press("Re-execute all (*)")
    found = site.wait("it is done again", lambda: started_by(site, "dagster/parent_run_id", run), 30)
    return str(found[0]["runId"])


def test_the_api_is_used_as_the_page_says(site: Site) -> None:
    """Its two snippets as they are printed, but for the port."""
    text = (PROJECT_ROOT / "docs" / "running.md").read_text(encoding="utf-8")
    section = text.split("## By its API\n")[1].split("\n## ")[0]
    ((shell,), (python,)) = (re.findall(rf"```{kind}\n(.*?)```", section, re.DOTALL) for kind in ("sh", "python"))
    host, port = site.url.removeprefix("http://").split(":")
    assert (shell.count("127.0.0.1:3000"), python.count(f'"{host}", port_number=3000')) == (1, 1)
    commands = (
        ["sh", "-c", shell.replace("127.0.0.1:3000", f"{host}:{port}")],
        [sys.executable, "-c", python.replace("3000", port)],
    )
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=site.home)
        assert done.returncode == 0, done.stderr
        (run,) = re.findall(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", done.stdout)
        site.finish(run)
        assert triggered_by(site, run) == [("api", "success")]


def test_a_schedule_that_is_on_ticks_and_one_that_is_off_does_not(page: Page, site: Site) -> None:
    """Its cron line is a setting of this site: every minute."""
    page.open(f"/locations/etl_assets/schedules/{SCHEDULE}")
    page.see("America/Sao_Paulo", "* * * * *")
    assert "Next tick" not in page.text
    page.click(SWITCH)
    page.see("Next tick")
    ticks = partial(started_by, site, "dagster/schedule_name", SCHEDULE)
    first = site.wait("a tick starts a run", ticks, 100)[0]["runId"]
    # Not before the tick has ended: switched off within seconds of it, the schedule was once seen on again afterwards.
    page.see("1 run requested", first[:8], seconds=60)
    page.click(SWITCH)
    page.miss("Next tick")
    page.shot("f1-tick")
    runs = ticks()
    for run in runs:
        site.finish(run["runId"])
        assert triggered_by(site, run["runId"]) == [("scheduler", "success")]
    page.open(f"/locations/etl_assets/schedules/{SCHEDULE}")
    page.see("Tick history", first[:8])
    assert "Next tick" not in page.text
    assert {r["runId"] for r in ticks()} == {r["runId"] for r in runs}
