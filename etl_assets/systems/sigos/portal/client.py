"""The portal's pages in use: log in and know it, open the report form, fill it in, export (spec sigos 3).

Belongs here: one thing a person does per method. Does not belong here: which windows, tries, archives (extract.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from etl_assets.browser.errors import PageError
from etl_assets.browser.evidence import masked
from etl_assets.browser.page import Page
from etl_assets.engine.errors import AccessError
from etl_assets.systems.sigos.portal import locators as at
from etl_assets.systems.sigos.portal.reports import RETURN, Report

_PERIOD = "data_execucao"
_EVERY_STATUS = "E"


@dataclass(frozen=True)
class Account:
    """Who logs in."""

    user: str = field(repr=False)
    password: str = field(repr=False)


class Portal:
    """The portal in one browser."""

    def __init__(self, page: Page, url: str, account: Account) -> None:
        self._page = page
        self._url = url
        self._account = account
        self._inside = ""

    def log_in(self) -> None:
        """Enter, and see the side menu.

        Raises AccessError when the portal says no, which is never tried again: it might lock the account. Raises
        PageError for everything else, as a portal that does not answer.
        """
        page = self._page
        page.open(self._url)
        page.first_of(at.USER, at.MENU)
        if not self.is_logged_in():
            self._send_account()
        self._inside = page.driver.current_url

    def _send_account(self) -> None:
        page = self._page
        page.type(at.USER, self._account.user)
        page.type(at.PASSWORD, self._account.password)
        with page.leaving("the login to be answered"):
            page.click(at.ENTER)
        if page.first_of(at.ALERT, at.MENU) is at.ALERT and not self.is_logged_in():
            said = masked(self.alert(), (self._account.user, self._account.password))
            raise AccessError(
                f"the SIGOS portal refused the login, wrong user or password ({said!r}). It is not tried again: that "
                "might lock the account. Correct SIGOS_USUARIO and SIGOS_SENHA"
            )

    def is_logged_in(self) -> bool:
        return self._page.shown(at.MENU) is not None

    def start_anew(self) -> None:
        """Load the page that came after the login: whatever another one was still doing ends with it."""
        self._page.open(self._inside)

    def is_at_login(self) -> bool:
        """Whether the login page is shown, as after a session has ended."""
        return self._page.shown(at.PASSWORD) is not None

    def open_form(self, report: Report) -> None:
        """Go to the report form by the menu, and choose report and period by date of the service.

        Raises PageError when it does not come, as without a session.
        """
        page = self._page
        self._dismiss_notice()
        if page.shown(at.REPORTS_LINK) is None:
            page.click(at.REPORTS_ITEM)
        with page.leaving("the report form"):
            page.click(at.REPORTS_LINK)
        if page.first_of(at.KIND, at.PASSWORD) is at.PASSWORD:
            return
        self._dismiss_notice()
        page.choose(at.KIND, report.kind)
        if report.kind == RETURN.kind:
            page.choose(at.RETURN_STATUS, _EVERY_STATUS)
            page.choose(at.RETURN_PERIOD, _PERIOD)
        else:
            page.choose(at.GENERAL_PERIOD, _PERIOD)

    def is_at_form(self, report: Report) -> bool:
        """Whether the form is shown, set to this report."""
        kind = self._page.shown(at.KIND)
        return kind is not None and kind.get_property("value") == report.kind

    def fill_in(self, start: date, end: date) -> None:
        """Set both dates. Raises DataError when a field does not hold the day it was given."""
        self._dismiss_notice()
        self._page.wait_gone(at.OVERLAY)
        for locator, day in ((at.START, start), (at.END, end)):
            self._page.set_date(locator, day)
        # The second may have changed the first.
        self._page.check_date(at.START, start)

    def export(self) -> None:
        """Click; the file is waited for by whoever has called."""
        self._page.click(at.EXPORT)

    def alert(self) -> str:
        """What the page shown says is wrong; empty when nothing."""
        found = self._page.shown(at.ALERT)
        return "" if found is None else found.text.strip()[:200]

    def _dismiss_notice(self) -> None:
        if self._page.shown(at.NOTICE) is None:
            return
        try:
            self._page.click(at.NOTICE_CLOSE)
            self._page.wait_gone(at.NOTICE)
        except PageError as error:
            raise PageError(f"a notice covers the portal's page and cannot be closed: {error}") from None
