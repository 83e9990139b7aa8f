"""A download, proven: the browser says it is complete, and the file is what the server had announced.

A server that breaks off in the middle does not end a download: Chromium asks the same address again by GET, and stores
whatever comes. So the size is compared with the length announced to the request that was made, and a count of bytes
that falls is a file cut short (seen with Chromium 156).

Belongs here: waiting and proving. Does not belong here: what is in the file beyond "this is a page".
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Container, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from selenium.common.exceptions import WebDriverException

from etl_assets.browser.errors import DownloadError, DownloadTimedOutError, PageInsteadOfFileError, TruncatedError
from etl_assets.browser.session import Browser

_POLL_S = 0.2
_TIMED_OUT = (408, 504, 524)
_PARTIAL = (".crdownload", ".tmp", ".part")
_BEGINNING = 1024
_HTML = (b"<!doctype html", b"<html", b"<head", b"<body", b"<script")


@dataclass(frozen=True)
class Download:
    """A complete file. `announced`: the length the server gave before it, where it gave one."""

    path: Path
    bytes: int
    sha256: str
    announced: int | None


@dataclass
class Waiting:
    """A download to come; made by `downloading`, before what starts it is clicked."""

    browser: Browser
    folder: Path
    frame: str
    announced: int | None = None
    guid: str | None = None
    received: int = 0
    is_complete: bool = False
    addresses: list[str] = field(default_factory=list)

    def wait(
        self, pattern: str, *, timeout_s: float = 120.0, stable_s: float = 2.0, previous: Container[str] = ()
    ) -> Download:
        """The file, once the browser has completed it and its size has not changed for `stable_s`.

        `pattern`: its name, as `report*.csv` (a name that was taken gets ` (1)`). `previous`: digests of files got
        before, which would mean that the server sent an old one again.
        Raises DownloadTimedOutError, PageInsteadOfFileError, TruncatedError, or DownloadError for everything else.
        """
        limit = time.monotonic() + timeout_s
        size, since = -1, time.monotonic()
        while time.monotonic() < limit:
            for event in self.browser.log():
                self._take(event)
            found = self._file()
            if found is not None:
                now = found.stat().st_size
                if now != size:
                    size, since = now, time.monotonic()
                elif (self.is_complete or self.guid is None) and time.monotonic() - since >= stable_s:
                    return self._prove(found, pattern, previous)
            time.sleep(_POLL_S)
        self._cancel()
        raise DownloadTimedOutError(f"no complete file after {timeout_s:g} s ({self._state()})")

    def _take(self, event: dict[str, Any]) -> None:
        params = event["params"]
        match event["method"]:
            case "Network.responseReceived" if params["type"] == "Document":
                self._take_response(params["response"], params.get("frameId"))
            case "Network.loadingFailed" if params["type"] == "Document" and not params.get("canceled"):
                self._take_failure(str(params.get("errorText", "")))
            case "Page.downloadWillBegin" | "Browser.downloadWillBegin" if self.guid is None:
                self.guid = params["guid"]
            case "Page.downloadProgress" | "Browser.downloadProgress" if params["guid"] == self.guid:
                self._take_progress(params)

    def _take_response(self, response: dict[str, Any], frame: str | None) -> None:
        status, headers = response["status"], {k.lower(): v for k, v in response["headers"].items()}
        if status in _TIMED_OUT:
            raise DownloadTimedOutError(f"the server answered {status}")
        if status >= 400:
            raise DownloadError(f"the server answered {status}")
        if "attachment" in headers.get("content-disposition", "").lower():
            length = headers.get("content-length", "")
            # Of a compressed body it is the length on the wire, which is not that of the file.
            if self.announced is None and length.isdigit() and "content-encoding" not in headers:
                self.announced = int(length)
        elif frame == self.frame and "html" in response.get("mimeType", ""):
            raise PageInsteadOfFileError("the server answered with a page instead of a file")

    def _take_failure(self, error: str) -> None:
        kind = DownloadTimedOutError if "TIMED_OUT" in error else DownloadError
        raise kind(f"the connection ended without an answer ({error.removeprefix('net::')})")

    def _take_progress(self, progress: dict[str, Any]) -> None:
        received = int(progress["receivedBytes"])
        if received < self.received or progress["state"] == "canceled":
            self._cancel()
            raise TruncatedError(f"the server broke off: {self._state()}")
        self.received = received
        self.is_complete = progress["state"] == "completed"

    def _file(self) -> Path | None:
        files = list(self.folder.iterdir())
        if not files or any(f.name.endswith(_PARTIAL) for f in files):
            return None
        if len(files) > 1:
            raise DownloadError(f"{len(files)} files came where one was asked for")
        return files[0]

    def _prove(self, path: Path, pattern: str, previous: Container[str]) -> Download:
        self.received = path.stat().st_size
        if self.announced is not None and self.received != self.announced:
            raise TruncatedError(f"the file is not what the server announced: {self._state()}")
        with path.open("rb") as file:
            if is_page(file.read(_BEGINNING)):
                raise PageInsteadOfFileError(f"the file is a page of {self.received} bytes")
            if not fnmatch(path.name, pattern):
                raise DownloadError(f"the file is not called {pattern}")
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest in previous:
            raise DownloadError("the server sent the file of an earlier request again")
        return Download(path, self.received, digest, self.announced)

    def _cancel(self) -> None:
        """Nothing may be written any more into a folder that is given up."""
        if self.guid is not None:
            with suppress(WebDriverException):
                self.browser.devtools("Browser.cancelDownload", guid=self.guid)

    def _state(self) -> str:
        if self.guid is None and self.announced is None:
            return "the server has not answered"
        return f"{self.received} of {'an unknown number of' if self.announced is None else self.announced} bytes"


@contextmanager
def downloading(browser: Browser, folder: Path) -> Iterator[Waiting]:
    """Downloads go into `folder`, which must be empty, and what happened before is forgotten: then click, then wait."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise DownloadError(f"the download folder {folder} is not empty")
    browser.devtools(
        "Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder.absolute()), eventsEnabled=True
    )
    frame = browser.devtools("Page.getFrameTree")["frameTree"]["frame"]["id"]
    browser.log()
    yield Waiting(browser, folder, frame)


def is_page(beginning: bytes) -> bool:
    """Whether a file is HTML, by how it begins."""
    return beginning.removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(_HTML)
