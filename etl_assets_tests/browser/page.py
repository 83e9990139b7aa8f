"""A browser as a person uses it: open an address, wait for something to appear, click on what it says.

Belongs here: waiting and finding by visible text. Does not belong here: what a test expects of a page.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from selenium import webdriver
from selenium.common.exceptions import (
    ElementClickInterceptedException,
    StaleElementReferenceException,
    TimeoutException,
)
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

_ARGUMENTS = (
    "--headless=new",
    # Chromium refuses root without it; the pages are our own.
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--window-size=1600,1100",
    "--lang=en-US",
)
SECONDS = 30.0


class Page:
    """One browser on one site."""

    def __init__(self, driver: webdriver.Chrome, url: str, folder: Path) -> None:
        self.driver = driver
        self.url = url
        self.folder = folder

    def open(self, path: str) -> None:
        self.driver.get(self.url + path)

    def see(self, *texts: str, seconds: float = SECONDS) -> None:
        """Wait until the page shows every one of `texts`."""

        def shown(_driver: object) -> bool:
            body = self.text
            return all(t in body for t in texts)

        try:
            WebDriverWait(self.driver, seconds).until(shown)
        except TimeoutException:
            body = self.text
            missing = [t for t in texts if t not in body]
            raise AssertionError(f"{self.driver.current_url} does not show {missing} after {seconds:g} s") from None

    def miss(self, text: str, seconds: float = SECONDS) -> None:
        """Wait until the page no longer shows `text`."""
        self._waiting(seconds).until(lambda _driver: text not in self.text, f"still shown: {text}")

    def read(self, pattern: str, seconds: float = SECONDS) -> str:
        """Wait until the page's text matches `pattern`; return its group."""
        found = self._waiting(seconds).until(lambda _driver: re.findall(pattern, self.text), f"not shown: {pattern}")
        return str(found[0])

    @property
    def text(self) -> str:
        try:
            return self.driver.find_element(By.TAG_NAME, "body").text
        except StaleElementReferenceException:
            return ""

    def find(self, xpath: str, seconds: float = SECONDS) -> WebElement:
        """The first visible element; waits for it."""

        def visible(_driver: object) -> WebElement | None:
            return next((e for e in self.driver.find_elements(By.XPATH, xpath) if e.is_displayed()), None)

        found = self._waiting(seconds).until(visible, f"no visible {xpath}")
        assert found is not None
        return found

    def click(self, xpath: str, seconds: float = SECONDS) -> None:
        """Click the first visible element that nothing covers and that is enabled; waits for it."""

        def clicked(_driver: object) -> bool:
            element = self.find(xpath, seconds)
            if not element.is_enabled():
                return False
            element.click()
            return True

        wait = WebDriverWait(
            self.driver, seconds, ignored_exceptions=(ElementClickInterceptedException, StaleElementReferenceException)
        )
        wait.until(clicked, f"cannot click {xpath}")

    def press(self, label: str, seconds: float = SECONDS) -> None:
        """Click the button that says `label` (or `label…`)."""
        self.click(f"//button[normalize-space()='{label}' or normalize-space()='{label}…']", seconds)

    def tab(self, label: str) -> None:
        self.click(f"//*[@role='tab'][normalize-space()='{label}']")

    def type(self, xpath: str, text: str) -> None:
        """Replace what a field holds, and leave it."""
        field = self.find(xpath)
        field.click()
        field.send_keys(Keys.CONTROL, "a")
        field.send_keys(text)
        field.send_keys(Keys.TAB)

    def edit(self, text: str) -> None:
        """Replace what the launchpad's editor holds by one line, key by key: it takes back what is set otherwise."""
        self.click("//pre[contains(@class, 'CodeMirror-line')][contains(., 'mode')]")
        keys = ActionChains(self.driver).key_down(Keys.CONTROL).send_keys("a").key_up(Keys.CONTROL)
        keys.send_keys(text).perform()

    def row(self, label: str) -> str:
        """Text of the second cell of the table row that begins with `label`."""
        return self.find(f"//tr[td[1][normalize-space()='{label}']]/td[2]").text

    def shot(self, name: str) -> Path:
        path = self.folder / f"{name}.png"
        self.driver.save_screenshot(str(path))
        print(f"screenshot: {path}")
        return path

    def _waiting(self, seconds: float) -> WebDriverWait[webdriver.Chrome]:
        return WebDriverWait(self.driver, seconds, ignored_exceptions=(StaleElementReferenceException,))


def open_browser(profile: Path) -> webdriver.Chrome:
    """Headless Chromium with a new profile. Raises FileNotFoundError saying what to install when there is none."""
    programs = ("chromium", "chromium-browser", "google-chrome")
    chromium = next((found for name in programs if (found := shutil.which(name))), None)
    chromedriver = shutil.which("chromedriver")
    if not chromium or not chromedriver:
        raise FileNotFoundError(
            "the browser tests need Chromium and chromedriver on PATH: on Debian and Ubuntu `make browser` installs "
            "them, or apt-get install --no-install-recommends chromium chromium-driver"
        )
    # Selenium Manager asks the internet for a driver, even with one on PATH.
    os.environ["SE_OFFLINE"] = "true"
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in (*_ARGUMENTS, f"--user-data-dir={profile}"):
        options.add_argument(argument)
    driver = webdriver.Chrome(options=options, service=Service(chromedriver))
    driver.set_page_load_timeout(60)
    return driver
