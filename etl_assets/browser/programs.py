"""Where Chromium and its driver are on this machine, and whether Chromium may use its sandbox.

Belongs here: known paths, and what to say when there is nothing. Does not belong here: starting them (session.py).
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from etl_assets.browser.errors import BrowserMissingError

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_DRIVERS = ("chromedriver", "chromium.chromedriver")
# Where packages put them without a link on PATH.
_FOLDERS = ("/usr/bin", "/usr/lib/chromium", "/usr/lib/chromium-browser", "/opt/google/chrome", "/snap/bin")
_SANDBOX_HELPERS = ("/usr/lib/chromium/chrome-sandbox", "/opt/google/chrome/chrome-sandbox")
_INSTALL = (
    "Install both (Debian and Ubuntu: apt-get install --no-install-recommends chromium chromium-driver, or `make "
    "browser`), or name them with CHROME_BIN and CHROMEDRIVER_PATH, or name a remote browser with SELENIUM_URL"
)


@dataclass(frozen=True)
class Programs:
    """Paths of the two programs; `driver` must be of Chromium's version."""

    chromium: str
    driver: str


def find_programs(chromium: str | None = None, driver: str | None = None) -> Programs:
    """Those given, else those on PATH or in the usual folders. Raises BrowserMissingError: what to install, and how."""
    return Programs(
        _find("Chromium", "CHROME_BIN", chromium, _BROWSERS),
        _find("chromedriver", "CHROMEDRIVER_PATH", driver, _DRIVERS),
    )


def _find(what: str, variable: str, given: str | None, names: tuple[str, ...]) -> str:
    if given:
        if os.path.isfile(given) and os.access(given, os.X_OK):
            return given
        raise BrowserMissingError(f"{variable} is {given}, where there is no program. {_INSTALL}")
    where = os.pathsep.join((os.environ.get("PATH", os.defpath), *_FOLDERS))
    found = next((path for name in names if (path := shutil.which(name, path=where))), None)
    if found is None:
        raise BrowserMissingError(f"there is no {what} on this machine. {_INSTALL}")
    return found


@cache
def can_sandbox() -> bool:
    """Whether Chromium's sandbox works for this account: never for root, nor where user namespaces are forbidden."""
    if os.geteuid() == 0:
        return False
    if any(Path(helper).exists() for helper in _SANDBOX_HELPERS):
        return True
    try:
        return subprocess.run(["unshare", "--user", "true"], capture_output=True, timeout=10).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
