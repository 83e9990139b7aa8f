"""One Chromium for as long as a block lasts: started with a profile of its own, ended whatever happens in the block.

Belongs here: options, start and end. Does not belong here: what is done in the browser (page.py, downloads.py).
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.proxy import Proxy
from selenium.webdriver.remote.client_config import ClientConfig
from urllib3.exceptions import HTTPError

from etl_assets.browser.errors import BrowserError
from etl_assets.browser.host import PROFILE
from etl_assets.browser.leftovers import default_root, end_leftovers
from etl_assets.browser.programs import can_sandbox, find_programs
from etl_assets.engine.errors import without_secrets

# At DEBUG Selenium tells every key it types, passwords among them.
logging.getLogger("selenium").setLevel(logging.INFO)
_START_S = 60.0
_END_S = 20.0
# No command waits for a page (page_load_strategy), so that one that takes this long will never end.
_COMMAND_S = 60
_PREFERENCES = {
    "download.prompt_for_download": False,
    "download.directory_upgrade": True,
    "safebrowsing.enabled": True,
    "safebrowsing.disable_download_protection": True,
    "credentials_enable_service": False,
    "profile.password_manager_enabled": False,
}
_ARGUMENTS = (
    "--window-size=1920,1080",
    "--disable-dev-shm-usage",
    "--disable-notifications",
    "--disable-popup-blocking",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--no-default-browser-check",
)


@dataclass(frozen=True)
class BrowserOptions:
    """Which browser, and how it is shown. `remote_url`: a WebDriver elsewhere that sees the same download folder."""

    headless: bool = True
    chromium: str | None = None
    driver: str | None = None
    remote_url: str | None = None
    root: Path | None = None


class Browser:
    """A running Chromium."""

    def __init__(self, driver: webdriver.Remote, host: subprocess.Popen[str] | None) -> None:
        self.driver = driver
        self._host = host

    def devtools(self, command: str, **arguments: Any) -> dict[str, Any]:
        """The answer to a command of Chromium's DevTools protocol."""
        found: dict[str, Any] = self.driver.execute_cdp_cmd(command, arguments)
        return found

    def log(self) -> list[dict[str, Any]]:
        """What network and pages did since the last call: events of the DevTools protocol, `method` and `params`."""
        entries = self.driver.execute("getLog", {"type": "performance"})["value"]
        return [json.loads(entry["message"])["message"] for entry in entries]

    def is_alive(self) -> bool:
        if self._host is not None and self._host.poll() is not None:
            return False
        try:
            return bool(self.driver.title is not None)
        except (WebDriverException, HTTPError, OSError):
            return False


@contextmanager
def open_browser(options: BrowserOptions) -> Iterator[Browser]:
    """A browser for the block. Raises BrowserMissingError, or BrowserError when it does not start."""
    if options.remote_url:
        driver = _connect(options.remote_url, _capabilities(options, None, None))
        try:
            yield Browser(driver, None)
        finally:
            with suppress(WebDriverException, HTTPError, OSError):
                driver.quit()
        return
    programs = find_programs(options.chromium, options.driver)
    root = options.root or default_root()
    end_leftovers(root)
    with _host(root, programs.driver) as (host, ready):
        capabilities = _capabilities(options, programs.chromium, Path(ready["folder"]) / PROFILE)
        driver = _connect(f"http://127.0.0.1:{ready['port']}", capabilities)
        try:
            yield Browser(driver, host)
        finally:
            # No quit(): it can hang, and the host ends everything in any case.
            driver.command_executor.close()  # type: ignore[union-attr]


@contextmanager
def _host(root: Path, driver: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """The process that ends the browser when we end (host.py), and what it said when the driver answered."""
    process = subprocess.Popen(
        [sys.executable, "-m", "etl_assets.browser.host", str(root), driver],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        guard = threading.Timer(_START_S, process.kill)
        guard.start()
        try:
            line = process.stdout.readline()
        finally:
            guard.cancel()
        ready = json.loads(line or "{}")
        if "port" not in ready:
            raise BrowserError(f"{driver} did not start: {ready.get('error') or f'no word in {_START_S:g} s'}")
        yield process, ready
    finally:
        with suppress(OSError):
            process.stdin.close()
        try:
            process.wait(_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            end_leftovers(root)
        process.stdout.close()


def _connect(url: str, options: webdriver.ChromeOptions) -> webdriver.Remote:
    # A proxy of the environment is for pages, not for the way to our own driver.
    config = ClientConfig(remote_server_addr=url, timeout=_COMMAND_S, proxy=Proxy({"proxyType": "direct"}))
    try:
        # Never webdriver.Chrome: that may ask Selenium Manager, which reaches for the internet.
        return webdriver.Remote(command_executor=url, options=options, client_config=config)
    except (WebDriverException, HTTPError, OSError) as error:
        raise BrowserError(f"Chromium did not start: {said(error)}") from None


def _capabilities(options: BrowserOptions, chromium: str | None, profile: Path | None) -> webdriver.ChromeOptions:
    made = webdriver.ChromeOptions()
    for argument in _ARGUMENTS:
        made.add_argument(argument)
    for argument in ("--headless=new", "--disable-gpu") if options.headless else ("--start-maximized",):
        made.add_argument(argument)
    if chromium:
        made.binary_location = chromium
        if not can_sandbox():
            made.add_argument("--no-sandbox")
    else:
        made.add_argument("--no-sandbox")  # a browser of a container's own
    if profile:
        made.add_argument(f"--user-data-dir={profile}")
    made.add_experimental_option("prefs", _PREFERENCES)
    made.set_capability("goog:loggingPrefs", {"performance": "ALL"})
    # Pages are waited for by what they show; a click on an export must not wait for the file.
    made.page_load_strategy = "none"
    made.unhandled_prompt_behavior = "dismiss"
    return made


def said(error: BaseException) -> str:
    """First line of what the driver said; the rest are addresses in its program."""
    text = getattr(error, "msg", None) or str(error) or type(error).__name__
    return without_secrets(str(text).strip().partition("\n")[0])
