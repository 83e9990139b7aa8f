"""Files of the stand-in portal through real Chromium: all of them, whole, archived, whatever the portal does wrong."""

from __future__ import annotations

import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import date
from pathlib import Path

import psutil
import pytest

from etl_assets.browser.errors import DownloadError, DownloadTimedOutError, PageInsteadOfFileError, TruncatedError
from etl_assets.browser.page import Locator, Page
from etl_assets.browser.session import Browser, BrowserOptions, open_browser
from etl_assets.demo.sigos.launcher import PASSWORD, USER, Portal
from etl_assets.engine.errors import AccessError, DataError, FileRefusedError, LockBusyError
from etl_assets.engine.files import FileWindow
from etl_assets.systems.sigos.portal import client, extract, locators, reports, visit
from etl_assets.systems.sigos.portal.client import Account
from etl_assets.systems.sigos.portal.reports import Report
from etl_assets.systems.sigos.portal.visit import SessionEndedError
from etl_assets_tests.browser.processes import alive, arguments, wait_until
from etl_assets_tests.browser.sigos_portal import MONTHS, TODAY, Extraction, rows_by_month, true_rows, with_months


@pytest.fixture(scope="module")
def running() -> Iterator[Portal]:
    with Portal(scale=0.02, today=TODAY) as portal:
        yield portal


@pytest.fixture
def portal(running: Portal) -> Portal:
    running.control(reset=True)
    return running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """To start one takes most of the time a test needs."""
    with open_browser(BrowserOptions()) as opened:
        yield opened


@pytest.fixture
def alone(portal: Portal, tmp_path: Path) -> Extraction:
    """Starts a browser for every fetch, as in production."""
    return Extraction(portal, tmp_path / "downloads")


@pytest.fixture
def extraction(alone: Extraction, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> Extraction:
    monkeypatch.setattr(visit, "open_browser", lambda _options: nullcontext(browser))
    return alone


def test_files_are_whole_and_archived_by_month_and_time(alone: Extraction, portal: Portal) -> None:
    extraction = alone
    files = extraction.fetch(months=MONTHS)
    assert [f.window.months for f in files] == [(m,) for m in MONTHS]
    assert rows_by_month("general", files) == true_rows(portal, "general", MONTHS)
    for file in files:
        time = f"{file.extracted_at:%Y%m%dT%H%M%SZ}"
        days = f"{file.window.start}_{file.window.end}"
        assert file.name == f"general/{file.window.months[0][:7]}/{time}/relatorio_prot_geral_{days}.csv"
        assert file.path == extraction.folder / file.name
        assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
        assert (file.report.outcome, file.report.attempts, file.report.bytes) == ("ok", 1, file.path.stat().st_size)
    assert {f.name for f in extraction.folder.iterdir()} <= {"general", "extraction.lock"}
    state = portal.state()
    assert (state["logins"], state["failed_logins"], state["files"]) == (1, 0, 2)
    assert extraction.told == []


def test_returns_are_whole_to_the_last_day_of_a_month(extraction: Extraction, portal: Portal) -> None:
    months = ("2024-09-01", "2024-10-01", "2024-11-01", "2024-12-01", "2025-01-01", "2025-02-01")
    files = extraction.fetch("return", months)
    assert [len(f.window.months) for f in files] == [5, 1]
    assert rows_by_month("return", files) == true_rows(portal, "return", months)
    assert portal.state()["logins"] == 1


def test_general_is_whole_even_if_its_end_should_be_left_out_too(extraction: Extraction, portal: Portal) -> None:
    portal.control(general_end_exclusive=True)
    assert rows_by_month("general", extraction.fetch()) == true_rows(portal, "general", MONTHS[:1])


def test_every_way_to_find_something_finds_the_same_thing(portal: Portal, browser: Browser) -> None:
    """The original's XPaths among them, which are what is known of the real portal (spec 3.1-3.3)."""

    def agree(page: Page, *names: str) -> None:
        for name in names:
            locator: Locator = getattr(locators, name)
            found = [page.driver.find_elements(by, value)[0] for by, value in locator.ways]
            if name != "REPORTS_ITEM":  # its last way is the link around the icon
                assert {element.id for element in found} == {found[0].id}, name
            assert all(element.is_displayed() for element in found), name

    page = Page(browser.driver, 8)
    page.open(portal.url)
    agree(page, "USER", "PASSWORD", "ENTER")
    used = client.Portal(page, portal.url, Account(USER, PASSWORD))
    used.log_in()
    agree(page, "REPORTS_ITEM")
    used.open_form(reports.RETURN)
    agree(page, "KIND", "RETURN_STATUS", "RETURN_PERIOD", "START", "END", "EXPORT")
    used.open_form(reports.GENERAL)
    agree(page, "GENERAL_PERIOD")


def test_slow_pages_notice_and_overlay_are_waited_for_and_dismissed(extraction: Extraction, portal: Portal) -> None:
    portal.control(latency_ms=300, modal=True, overlay_ms=1500)
    assert len(extraction.fetch(months=MONTHS)) == 2
    assert portal.state()["exports"] == 2


@pytest.mark.parametrize(
    ("switches", "outcome", "kind"),
    [
        ({"truncate_at_bytes": 3000}, "truncated", TruncatedError),
        # The length announced is that of what is sent: only the last line tells.
        ({"truncate_at_bytes": 3001, "short_content_length": True}, "truncated", extract.IncompleteFileError),
        ({"drop_connection": True}, "truncated", TruncatedError),
        ({"html_instead_of_csv": True}, "html", PageInsteadOfFileError),
        ({"fail_times": 3}, "failed", DownloadError),
    ],
)
def test_what_goes_wrong_is_tried_three_times_and_then_told(
    extraction: Extraction, portal: Portal, switches: dict[str, object], outcome: str, kind: type[DownloadError]
) -> None:
    portal.control(**switches)
    with pytest.raises(kind) as failed:
        extraction.fetch()
    assert type(failed.value) is kind
    assert extraction.outcomes() == [(outcome, 3)]
    assert extraction.told[0].detail == str(failed.value)
    assert not list(extraction.folder.glob("general/**/*.csv"))
    assert not list(extraction.folder.glob("downloading-*"))
    assert len(extraction.evidence()) == 3
    state = portal.state()
    assert (state["logins"], state["exports"]) == (1, 3)


@pytest.mark.parametrize(
    ("switches", "tries"),
    [
        ({"truncate_at_bytes": 3000, "times": 1}, 2),
        ({"drop_connection": True, "times": 2}, 3),
        ({"fail_times": 2}, 3),
    ],
)
def test_what_goes_wrong_and_then_right_has_lost_nothing(
    extraction: Extraction, portal: Portal, switches: dict[str, object], tries: int
) -> None:
    portal.control(**switches)
    files = extraction.fetch()
    assert [f.report.attempts for f in files] == [tries]
    assert rows_by_month("general", files) == true_rows(portal, "general", MONTHS[:1])
    assert extraction.told == []


def test_a_session_that_ends_is_begun_once_more_and_goes_on(extraction: Extraction, portal: Portal) -> None:
    months = ("2024-12-01", *MONTHS)
    portal.control(expire_session_after=1)
    files = extraction.fetch(months=months)
    assert rows_by_month("general", files) == true_rows(portal, "general", months)
    assert [f.report.attempts for f in files] == [1, 1, 1]
    assert portal.state()["logins"] == 3, "one for each session that gave a file"


def test_a_session_that_ends_at_once_is_not_begun_a_third_time(extraction: Extraction, portal: Portal) -> None:
    portal.control(expire_session_after=0)
    with pytest.raises(SessionEndedError, match="right after a new login"):
        extraction.fetch()
    assert portal.state()["logins"] == 2
    assert extraction.outcomes() == [("failed", 1)]


def test_a_wrong_password_is_sent_once_and_never_again(extraction: Extraction, portal: Portal) -> None:
    wrong = extraction.source(Account(USER, "wrong-password"))
    with pytest.raises(AccessError, match=r"wrong user or password.*Usuário ou senha inválidos.*SIGOS_SENHA"):
        extraction.fetch(source=wrong)
    assert extraction.outcomes() == [("failed", 1)]
    with pytest.raises(AccessError, match="has refused this user and password before"):
        extraction.fetch(source=wrong)
    assert portal.state()["failed_logins"] == 1
    (place,) = extraction.evidence()
    assert (place / "screenshot.png").read_bytes().startswith(b"\x89PNG")
    for kept in (*place.iterdir(), extraction.folder / "login_refused.json"):
        content = kept.read_bytes()
        assert b"wrong-password" not in content
        assert USER.encode() not in content
    # Corrected, it goes on, and is forgotten.
    assert len(extraction.fetch()) == 1
    assert not (extraction.folder / "login_refused.json").exists()


def test_a_window_too_long_is_asked_for_in_parts(
    extraction: Extraction, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    months = [f"2024-{n:02}-01" for n in range(6, 13)]
    monkeypatch.setitem(reports.REPORTS, "return", with_months("return", 7))
    portal.control(max_window_delay_s=0.2)
    files = extraction.fetch("return", months)
    assert [f.window.months for f in files] == [tuple(months[:3]), tuple(months[3:])]
    assert rows_by_month("return", files) == true_rows(portal, "return", months)
    assert extraction.outcomes() == [("timeout", 1)]
    assert extraction.told[0].detail == "the server answered 504; asked again in two parts"


@pytest.mark.parametrize("exclusive", [False, True])
def test_a_month_in_parts_has_every_day_once(
    extraction: Extraction, portal: Portal, monkeypatch: pytest.MonkeyPatch, exclusive: bool
) -> None:
    """Whether or not the portal takes the end date of the general report in."""
    portal.control(general_end_exclusive=exclusive)
    real = visit.Visit.download

    def late(self: visit.Visit, report: Report, window: FileWindow, previous: set[str]) -> object:
        if (window.end - window.start).days > 16:
            raise DownloadTimedOutError("late")
        return real(self, report, window, previous)

    monkeypatch.setattr(visit.Visit, "download", late)
    files = extraction.fetch()
    assert [f.window.until for f in files] == [date(2025, 1, 15), None]
    assert rows_by_month("general", files) == true_rows(portal, "general", MONTHS[:1])


def test_a_server_that_does_not_answer_is_given_up(extraction: Extraction, portal: Portal) -> None:
    """Pages come in time, the file does not; a window of so few days is not cut any more."""
    portal.control(latency_ms=600)
    source = extraction.source(timeout_s=0.3)
    with pytest.raises(DownloadTimedOutError, match=r"no complete file after 0\.3 s"):
        source.fetch("general", ["2025-02-01"], date(2025, 2, 3), extraction.told.append)
    assert extraction.outcomes() == [("timeout", 3)]
    assert {f.name for place in extraction.evidence() for f in place.iterdir()} == {
        "about.txt",
        "page.html",
        "screenshot.png",
    }


def test_dates_that_a_page_swaps_are_never_asked_for(
    extraction: Extraction, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = client.Portal.open_form

    def swapping(self: client.Portal, report: Report) -> None:
        real(self, report)
        self._page.driver.execute_script("""
            for (const field of document.querySelectorAll("input[type=date]"))
              field.addEventListener("change", () => {
                const [year, month, day] = field.value.split("-");
                field.value = `${year}-${day}-${month}`;
              });
        """)

    monkeypatch.setattr(client.Portal, "open_form", swapping)
    with pytest.raises(DataError, match="the end date holds '2025-01-02' after 2025-02-01 was set"):
        extraction.fetch()
    assert portal.state()["exports"] == 0
    assert extraction.outcomes() == [("failed", 1)]


def test_a_file_without_a_required_column_is_refused_at_once(extraction: Extraction, portal: Portal) -> None:
    portal.control(missing_column="Equipe")
    with pytest.raises(FileRefusedError, match="Equipe not found"):
        extraction.fetch()
    assert extraction.outcomes() == [("schema_error", 1)]


@pytest.mark.parametrize(
    "switches",
    [
        {"preamble_lines": 5, "header_accents": True},
        {"encoding": "utf-8-sig", "delimiter": "|", "extra_column": "Nova"},
    ],
)
def test_other_spellings_of_a_file_are_whole_too(
    extraction: Extraction, portal: Portal, switches: dict[str, object]
) -> None:
    portal.control(**switches)
    assert [f.report.outcome for f in extraction.fetch()] == ["ok"]


def test_months_without_rows_are_empty_and_not_taken_for_the_same_file(extraction: Extraction, portal: Portal) -> None:
    files = extraction.fetch("return", ["2021-01-01", "2021-03-01"])
    assert [f.report.outcome for f in files] == ["empty", "empty"]
    assert files[0].report.sha256 == files[1].report.sha256


_KILLED = """
import sys
from datetime import date
from pathlib import Path
from etl_assets.demo.sigos.launcher import PASSWORD, USER
from etl_assets.systems.sigos.portal.client import Account
from etl_assets.systems.sigos.portal.extract import PortalSource
from etl_assets.systems.sigos.portal.visit import Access
source = PortalSource(Access(sys.argv[1], Account(USER, PASSWORD), Path(sys.argv[2])))
source.fetch("general", ["2025-01-01"], date(2025, 2, 20), print)
"""


def test_a_run_that_is_killed_leaves_nothing_in_the_way(alone: Extraction, portal: Portal) -> None:
    extraction = alone
    portal.control(latency_ms=3000)
    run = subprocess.Popen([sys.executable, "-c", _KILLED, portal.url, str(extraction.folder)])
    try:
        wait_until(lambda: bool(psutil.Process(run.pid).children()) and portal_is_loading(run.pid))
        with pytest.raises(LockBusyError, match=rf"is under way \(sigos general, pid {run.pid}, since 2"):
            extraction.fetch()
        children = psutil.Process(run.pid).children(recursive=True)
    finally:
        run.kill()
        run.wait()
    assert wait_until(lambda: not any(map(alive, children)))
    assert list(extraction.folder.glob("downloading-*"))
    portal.control(reset=True)
    assert rows_by_month("general", extraction.fetch()) == true_rows(portal, "general", MONTHS[:1])
    assert not list(extraction.folder.glob("downloading-*"))


def portal_is_loading(pid: int) -> bool:
    """Whether the run has a Chromium that draws pages."""
    return any("--type=renderer" in a for p in psutil.Process(pid).children(recursive=True) for a in arguments(p))


def test_the_password_is_in_no_text(extraction: Extraction) -> None:
    source = extraction.source()
    assert PASSWORD not in repr(source)
    assert USER not in repr(source)
