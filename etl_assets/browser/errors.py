"""What can go wrong between us and a page, as the engine classes errors: worth another try, or not.

Belongs here: the classes. Does not belong here: what a certain site says when it refuses (its system's folder).
"""

from __future__ import annotations

from typing import ClassVar

from etl_assets.engine.errors import EtlError, TransientError


class BrowserMissingError(EtlError):
    """No Chromium or no driver on this machine; the message says how to install them. Nothing is ever fetched."""


class BrowserError(TransientError):
    """The browser did not start, or went away."""


class PageError(TransientError):
    """A page is not as expected: something did not appear, cannot be clicked, or did not keep what it was given."""


class DownloadError(TransientError):
    """What was asked for did not arrive. `outcome` is the one word of it: failed, timeout, html, truncated."""

    outcome: ClassVar[str] = "failed"


class DownloadTimedOutError(DownloadError):
    """Neither file nor refusal within the time allowed, or the server said that it took too long itself."""

    outcome = "timeout"


class PageInsteadOfFileError(DownloadError):
    """A page came where a file was asked for, or a file that is a page."""

    outcome = "html"


class TruncatedError(DownloadError):
    """The file is not all that the server had announced."""

    outcome = "truncated"
