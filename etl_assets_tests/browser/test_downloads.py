"""A download counts when the browser and the server's word prove it, and by nothing less."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By

from etl_assets.browser.downloads import Download, downloading, is_page
from etl_assets.browser.errors import DownloadError, DownloadTimedOutError, PageInsteadOfFileError, TruncatedError
from etl_assets.browser.host import READY
from etl_assets.browser.page import Locator, Page
from etl_assets.browser.session import Browser, BrowserOptions, open_browser
from etl_assets_tests.browser.faulty_server import BODY, faulty_server

EXPORT = Locator("the export button", ((By.ID, "export"),))
DIGEST = hashlib.sha256(BODY).hexdigest()


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with faulty_server() as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser(BrowserOptions()) as opened:
        yield opened


def get(browser: Browser, address: str, folder: Path, previous: tuple[str, ...] = ()) -> Download:
    page = Page(browser.driver, 10)
    page.open(address)
    with downloading(browser, folder) as coming:
        page.click(EXPORT)
        return coming.wait("report*.csv", timeout_s=3, stable_s=0.3, previous=previous)


@pytest.mark.parametrize(("path", "announced"), [("fine", len(BODY)), ("slow", len(BODY)), ("no-length", None)])
def test_a_whole_file(browser: Browser, server: str, tmp_path: Path, path: str, announced: int | None) -> None:
    found = get(browser, f"{server}/{path}", tmp_path / "in")
    assert found == Download(tmp_path / "in" / "report.csv", len(BODY), DIGEST, announced)
    assert found.path.read_bytes() == BODY


@pytest.mark.parametrize(
    ("path", "kind", "says"),
    [
        ("breaks-off", TruncatedError, f"of {len(BODY)} bytes"),
        ("stalls", DownloadTimedOutError, f"no complete file after 3 s .5000 of {len(BODY)} bytes"),
        ("no-answer", DownloadError, "ended without an answer .ERR_EMPTY_RESPONSE"),
        ("page", PageInsteadOfFileError, "a page instead of a file"),
        ("page-as-file", PageInsteadOfFileError, "the file is a page"),
        ("500", DownloadError, "answered 500"),
        ("500-with-file", DownloadError, "answered 500"),
        ("504", DownloadTimedOutError, "answered 504"),
        ("other-name", DownloadError, r"not called report\*.csv"),
    ],
)
def test_everything_less_is_told_by_what_it_is(
    browser: Browser, server: str, tmp_path: Path, path: str, kind: type[DownloadError], says: str
) -> None:
    with pytest.raises(DownloadError, match=says) as failed:
        get(browser, f"{server}/{path}", tmp_path / "in")
    assert type(failed.value) is kind
    # What is still coming of it is not taken for the next one.
    assert get(browser, f"{server}/fine", tmp_path / "next").sha256 == DIGEST


def test_an_earlier_file_sent_again_is_refused(browser: Browser, server: str, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="the file of an earlier request again"):
        get(browser, f"{server}/fine", tmp_path / "in", previous=(DIGEST,))


def test_a_folder_with_something_in_it_is_refused(browser: Browser, server: str, tmp_path: Path) -> None:
    (tmp_path / "report.csv.crdownload").touch()
    with pytest.raises(DownloadError, match="is not empty"):
        get(browser, f"{server}/fine", tmp_path)


def test_a_remote_browser_downloads_as_well(server: str, tmp_path: Path) -> None:
    log = tmp_path / "driver.log"
    program = shutil.which("chromedriver")
    assert program
    with log.open("wb") as output:
        driver = subprocess.Popen([program, "--port=0"], stdout=output, stderr=output)
    try:
        while not (ready := READY.search(log.read_text())):
            assert driver.poll() is None
        with open_browser(BrowserOptions(remote_url=f"http://127.0.0.1:{ready[1]}")) as remote:
            assert get(remote, f"{server}/fine", tmp_path / "in").sha256 == DIGEST
    finally:
        driver.terminate()
        driver.wait()


@pytest.mark.parametrize(
    ("content", "page"),
    [(b"\xef\xbb\xbf \r\n<!DOCTYPE html><p>", True), (b"<HTML>", True), (b"UC / MD;<html>\r\n", False), (b"", False)],
)
def test_what_a_page_looks_like(content: bytes, page: bool) -> None:
    assert is_page(content) == page
