"""One visit to the portal: a browser that is opened when needed, a login, and a file per window.

Belongs here: what to do when the browser or the session is gone. Does not belong here: trying again (extract.py).
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Container
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from selenium.common.exceptions import WebDriverException
from urllib3.exceptions import HTTPError

from etl_assets.browser import evidence
from etl_assets.browser.downloads import Download, downloading
from etl_assets.browser.errors import BrowserError, PageInsteadOfFileError
from etl_assets.browser.page import Page
from etl_assets.browser.session import Browser, BrowserOptions, open_browser, said
from etl_assets.engine.errors import AccessError, EtlError
from etl_assets.engine.files import FileWindow
from etl_assets.systems.sigos.portal import refused
from etl_assets.systems.sigos.portal.client import Account, Portal
from etl_assets.systems.sigos.portal.reports import Report

_log = logging.getLogger(__name__)
FAILURES = "failures"


@dataclass(frozen=True)
class Access:
    """How the portal at `url` is visited. Files are kept below `folder`, a window's must be there after `timeout_s`."""

    url: str
    account: Account
    folder: Path
    browser: BrowserOptions = field(default_factory=BrowserOptions)
    timeout_s: float = 120.0
    stable_s: float = 2.0  # a file whose size has not changed for so long
    patience_s: float = 20.0  # for anything on a page


class SessionEndedError(EtlError):
    """The portal ended a session, and the one after it, before it gave a file: not a matter of time any more."""


class Visit:
    """The browser and the session; `with` ends both."""

    def __init__(self, access: Access, scratch: Path) -> None:
        self._access = access
        self._scratch = scratch
        self._stack = ExitStack()
        self._browser: Browser | None = None
        self._portal: Portal | None = None
        self._is_entered_again = False
        self._is_clean = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def download(self, report: Report, window: FileWindow, previous: Container[str]) -> Download:
        """The file of a window, proven complete. Logs in when needed; once more when the session has ended.

        Raises SessionEndedError, and what client and downloads raise; BrowserError when the browser is lost.
        """
        try:
            found = self._get(self._enter(), report, window, previous)
        except EtlError as error:
            self._is_clean = False
            self.keep_evidence(window, str(error))
            if self._browser and not self._browser.is_alive():
                self._close()
            raise
        except (WebDriverException, HTTPError, OSError) as error:
            self._close()
            raise BrowserError(f"the browser was lost: {said(error)}") from None
        self._is_entered_again = False
        return found

    def keep_evidence(self, window: FileWindow, reason: str) -> None:
        """What the browser shows now, without secrets."""
        if self._browser is None:
            return
        account = self._access.account
        label = f"{window.start}_{window.end}"
        secrets = (account.password, account.user)
        place = evidence.keep(self._browser.driver, self._access.folder / FAILURES, label, reason, secrets)
        _log.warning("window %s: %s; screenshot and page in %s", label, reason, place)

    def _get(self, portal: Portal, report: Report, window: FileWindow, previous: Container[str]) -> Download:
        try:
            return self._export(portal, report, window, previous)
        except PageInsteadOfFileError:
            if not portal.is_at_login():
                raise
            return self._get(self._enter_again(portal), report, window, previous)

    def _export(self, portal: Portal, report: Report, window: FileWindow, previous: Container[str]) -> Download:
        if not portal.is_at_form(report):
            portal.open_form(report)
            if portal.is_at_login():
                portal = self._enter_again(portal)
                portal.open_form(report)
        portal.fill_in(window.start, window.end)
        assert self._browser is not None
        folder = Path(tempfile.mkdtemp(prefix=f"{window.start}-", dir=self._scratch))
        with downloading(self._browser, folder) as coming:
            portal.export()
            try:
                return coming.wait(
                    report.pattern,
                    timeout_s=self._access.timeout_s,
                    stable_s=self._access.stable_s,
                    previous=previous,
                )
            except PageInsteadOfFileError as error:
                alert = portal.alert()
                raise PageInsteadOfFileError(f"{error}: {alert!r}" if alert else str(error)) from None

    def _enter(self) -> Portal:
        if self._browser is None:
            self._browser = self._stack.enter_context(open_browser(self._access.browser))
        if self._portal is None:
            portal = Portal(Page(self._browser.driver, self._access.patience_s), self._access.url, self._access.account)
            self._log_in(portal)
            self._portal = portal
        elif not self._is_clean:
            self._portal.start_anew()
            if self._portal.is_at_login():
                self._enter_again(self._portal)
        self._is_clean = True
        return self._portal

    def _enter_again(self, portal: Portal) -> Portal:
        if self._is_entered_again:
            raise SessionEndedError("the portal ended the session again right after a new login; no third one is made")
        self._is_entered_again = True
        _log.warning("the portal has ended the session; logging in once more")
        self._log_in(portal)
        return portal

    def _log_in(self, portal: Portal) -> None:
        access = self._access
        try:
            portal.log_in()
        except AccessError:
            refused.remember(access.folder, access.url, access.account)
            raise
        refused.forget(access.folder)

    def _close(self) -> None:
        self._browser = self._portal = None
        self._stack.close()
