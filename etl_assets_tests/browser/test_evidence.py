"""What is kept of a failure shows the page and none of its secrets, and does not pile up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from selenium.webdriver.common.by import By

from etl_assets.browser import evidence
from etl_assets.browser.page import Locator, Page
from etl_assets.browser.session import Browser, BrowserOptions, open_browser

USER, PASSWORD = "maria.exemplo", "s3nha <&> ção"
_HTML = f"""<!DOCTYPE html><title>Relatórios</title><p id=hello>Olá, {USER}!</p><!-- {USER} -->
<form action="/?u={USER}"><input id=user><input id=secret type=password value="x"><textarea id=note></textarea></form>
<p>Tabela de serviços</p><a href="/?next={quote(PASSWORD)}">weiter</a>"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser(BrowserOptions()) as opened:
        yield opened


@pytest.fixture
def page(browser: Browser) -> Page:
    found = Page(browser.driver, 10)
    found.open("data:text/html;charset=utf-8," + quote(_HTML))
    for field, text in (("user", USER), ("secret", PASSWORD), ("note", f"{USER} / {PASSWORD}")):
        found.type(Locator(field, ((By.ID, field),)), text)
    return found


def test_everything_is_there_but_the_secrets(page: Page, tmp_path: Path) -> None:
    place = evidence.keep(page.driver, tmp_path, "login", f"no menu for {USER}", (USER, PASSWORD))
    assert (place / "screenshot.png").read_bytes().startswith(b"\x89PNG")
    html = (place / "page.html").read_text(encoding="utf-8")
    assert "Tabela de serviços" in html
    assert "Olá, ***!" in html
    about = (place / "about.txt").read_text(encoding="utf-8")
    assert "reason: no menu for ***" in about
    assert "s3nha" not in html
    for secret in (USER, PASSWORD, quote(PASSWORD)):
        assert secret not in html
        assert secret not in about
    # What the picture was taken of.
    shown = page.driver.execute_script(
        "return [...document.querySelectorAll('input,textarea')].map((f) => f.value).concat(document.body.innerText)"
    )
    assert shown[:3] == ["***"] * 3
    assert USER not in shown[3]


def test_only_the_newest_stay(page: Page, tmp_path: Path) -> None:
    kept = [evidence.keep(page.driver, tmp_path, str(n), "why", (), limit=2) for n in range(4)]
    assert sorted(tmp_path.iterdir()) == kept[2:]


def test_a_browser_that_is_gone_hides_no_failure(tmp_path: Path) -> None:
    with open_browser(BrowserOptions()) as opened:
        pass
    place = evidence.keep(opened.driver, tmp_path, "lost", f"the browser of {USER} was lost", (USER,))
    assert [f.name for f in place.iterdir()] == ["about.txt"]
    assert "the browser of *** was lost" in (place / "about.txt").read_text(encoding="utf-8")
