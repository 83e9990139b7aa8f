"""What the browser showed when something failed: a picture, the page, and a line about it, without secrets.

Belongs here: taking, masking, and how many are kept. Does not belong here: when something has failed (its system).
"""

from __future__ import annotations

import html
import shutil
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, quote_plus

from selenium.common.exceptions import WebDriverException
from selenium.webdriver.remote.webdriver import WebDriver
from urllib3.exceptions import HTTPError

_MASK = "***"
_SHORTEST = 3  # to replace a shorter text everywhere would leave nothing to read
# Fields first: what was typed is in no attribute, but in the picture.
_HIDE = """
const [secrets, mask] = arguments;
for (const field of document.querySelectorAll("input, textarea")) {
  if (field.type === "password" || secrets.some((s) => field.value.includes(s))) {
    field.type = "text"; field.value = mask; field.setAttribute("value", mask);
  }
}
const walker = document.createTreeWalker(document, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_COMMENT);
while (walker.nextNode())
  for (const secret of secrets) walker.currentNode.data = walker.currentNode.data.replaceAll(secret, mask);
"""


def keep(driver: WebDriver, folder: Path, label: str, reason: str, secrets: Sequence[str], limit: int = 20) -> Path:
    """Write `screenshot.png`, `page.html` and `about.txt` into a new folder below `folder`; return it.

    The newest `limit` stay. What the browser cannot tell any more is left out: evidence never hides the failure.
    """
    taken = datetime.now(UTC)
    place = folder / f"{taken:%Y%m%dT%H%M%S%f}Z-{label}"
    place.mkdir(mode=0o700, parents=True)
    known = [secret for secret in secrets if len(secret) >= _SHORTEST]
    address = "unknown"
    with suppress(WebDriverException, HTTPError, OSError):
        # A page that is still on its way is not drawn: the driver would wait 10 s for it, in vain.
        driver.execute_cdp_cmd("Page.stopLoading", {})
        address = driver.current_url
        driver.execute_script(_HIDE, known, _MASK)
        (place / "screenshot.png").write_bytes(driver.get_screenshot_as_png())
        (place / "page.html").write_text(masked(driver.page_source, known), encoding="utf-8")
    about = f"{taken.isoformat()}\naddress: {address}\nreason: {reason}\n"
    (place / "about.txt").write_text(masked(about, known), encoding="utf-8")
    for old in sorted(folder.iterdir(), reverse=True)[limit:]:
        shutil.rmtree(old, ignore_errors=True)
    return place


def masked(text: str, secrets: Sequence[str]) -> str:
    """`text` with every secret replaced, as it is and as HTML and addresses spell it."""
    for secret in sorted(secrets, key=len, reverse=True):
        for spelling in (
            secret,
            html.escape(secret),
            html.escape(secret, quote=False),
            quote(secret),
            quote_plus(secret),
        ):
            text = text.replace(spelling, _MASK)
    return text
