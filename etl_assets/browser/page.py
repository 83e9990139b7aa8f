"""A page as a person uses it: wait for something to appear, click it, choose, type. Every wait is for something named.

Belongs here: finding, waiting, filling in. Does not belong here: where things are on a certain page (its system).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from selenium.common.exceptions import (
    ElementClickInterceptedException,
    ElementNotInteractableException,
    JavascriptException,
    NoSuchElementException,
    StaleElementReferenceException,
    TimeoutException,
    WebDriverException,
)
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.wait import WebDriverWait

from etl_assets.browser.errors import PageError
from etl_assets.engine.errors import DataError

_T = TypeVar("_T")
_MOMENTS = (
    ElementClickInterceptedException,
    ElementNotInteractableException,
    JavascriptException,  # a document that is just going
    NoSuchElementException,
    StaleElementReferenceException,
)
# What the driver says, as an error of no class of its own, when a document goes while it is at work on it.
_ON_ITS_WAY = ("aborted by navigation", "Not attached to an active page", "frame was detached")
_SET = """
const [field, text] = arguments;
Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(field, text);
field.dispatchEvent(new Event("input", {bubbles: true}));
field.dispatchEvent(new Event("change", {bubbles: true}));
"""


@dataclass(frozen=True)
class Locator:
    """Something on a page: what people call it, and the ways to find it, best first (Selenium's By, text)."""

    name: str
    ways: tuple[tuple[str, str], ...]


class Page:
    """What a browser shows. Waits end after `patience_s` with a PageError that names what did not come."""

    def __init__(self, driver: WebDriver, patience_s: float = 20.0) -> None:
        self.driver = driver
        self.patience_s = patience_s

    def open(self, url: str) -> None:
        """Load an address, until its document is complete. Raises PageError when the server cannot be reached."""
        with self.leaving(f"{url} to load"):
            self.driver.get(url)

    @contextmanager
    def leaving(self, what: str) -> Iterator[None]:
        """The block makes the browser load another document; after it that one is there, complete."""
        self.driver.execute_script("window.etlLeft = true")
        yield
        self.until(
            lambda: self.driver.execute_script("return !window.etlLeft && document.readyState === 'complete'"), what
        )
        if str(self.driver.execute_script("return document.URL")).startswith("chrome-error:"):
            raise PageError(f"waited for {what}: the server cannot be reached, or ended the connection")

    def shown(self, locator: Locator) -> WebElement | None:
        """The first visible element, if there is one now."""
        for by, value in locator.ways:
            for element in self.driver.find_elements(by, value):
                try:
                    if element.is_displayed():
                        return element
                except StaleElementReferenceException:
                    continue
        return None

    def find(self, locator: Locator) -> WebElement:
        return self.until(lambda: self.shown(locator), f"{locator.name} to appear")

    def first_of(self, *locators: Locator) -> Locator:
        """Whichever of several appears first."""
        names = " or ".join(each.name for each in locators)
        return self.until(lambda: next((each for each in locators if self.shown(each)), None), f"{names} to appear")

    def click(self, locator: Locator) -> None:
        """Click once it is visible, enabled and not covered by anything."""

        def clicked() -> bool:
            element = self.shown(locator)
            if element is None or not element.is_enabled():
                return False
            self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
            try:
                element.click()
            except WebDriverException as error:
                if not _is_on_its_way(error):
                    raise
                # The click was what made the document go: a second one might send a form twice.
            return True

        self.until(clicked, f"{locator.name} to be clickable")

    def choose(self, locator: Locator, value: str) -> None:
        """Choose an option of a select by its value. Raises PageError when there is no such option."""

        def chosen() -> bool:
            element = self.shown(locator)
            if element is None or not element.is_enabled():
                return False
            Select(element).select_by_value(value)
            return element.get_property("value") == value

        self.until(chosen, f"{locator.name} to offer {value!r}")

    def type(self, locator: Locator, text: str) -> None:
        field = self.find(locator)
        field.clear()
        field.send_keys(text)

    def set_date(self, locator: Locator, day: date) -> None:
        """Set a date field by script: typing would depend on the browser's language."""
        self.driver.execute_script(_SET, self.find(locator), day.isoformat())
        self.check_date(locator, day)

    def check_date(self, locator: Locator, day: date) -> None:
        """Raises DataError when the field holds another day, as a page that swaps day and month would make it."""
        kept = self.find(locator).get_property("value")
        if kept != day.isoformat():
            raise DataError(f"{locator.name} holds {str(kept)[:40]!r} after {day} was set; nothing is asked for")

    def wait_gone(self, locator: Locator) -> None:
        self.until(lambda: self.shown(locator) is None, f"{locator.name} to go away")

    def until(self, found: Callable[[], _T | None], what: str) -> _T:
        """What `found` returns once that is true. Raises PageError after the patience."""
        wait = WebDriverWait(self.driver, self.patience_s, poll_frequency=0.1, ignored_exceptions=_MOMENTS)

        def now(_driver: WebDriver) -> _T | None:
            try:
                return found()
            except WebDriverException as error:
                if _is_on_its_way(error):
                    return None
                raise

        try:
            return wait.until(now)  # type: ignore[return-value]
        except TimeoutException:
            raise PageError(f"waited {self.patience_s:g} s for {what}") from None


def _is_on_its_way(error: WebDriverException) -> bool:
    return any(text in str(error.msg) for text in _ON_ITS_WAY)
