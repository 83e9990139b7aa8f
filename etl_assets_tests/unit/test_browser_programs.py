"""Chromium is found by path and never fetched; how it is started."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from etl_assets.browser import programs, session
from etl_assets.browser.errors import BrowserMissingError
from etl_assets.browser.programs import find_programs
from etl_assets.browser.session import BrowserOptions


def program(folder: Path, name: str) -> str:
    path = folder / name
    path.touch(mode=0o755)
    return str(path)


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with nothing on PATH but what is put into this folder."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(programs, "_FOLDERS", ())
    return tmp_path


def test_what_is_missing_is_said_and_how_to_install_it(bare: Path) -> None:
    with pytest.raises(BrowserMissingError, match=r"no Chromium on this machine.*apt-get install.*CHROME_BIN"):
        find_programs()
    program(bare, "chromium-browser")
    with pytest.raises(BrowserMissingError, match=r"no chromedriver .*chromium-driver.*CHROMEDRIVER_PATH"):
        find_programs()
    with pytest.raises(BrowserMissingError, match="CHROME_BIN is /nowhere/chromium, where there is no program"):
        find_programs("/nowhere/chromium")


def test_those_given_win_over_those_on_path(bare: Path) -> None:
    on_path, driver = program(bare, "chromium"), program(bare, "chromedriver")
    given = program(bare, "my-chrome")
    assert find_programs() == programs.Programs(on_path, driver)
    assert find_programs(given).chromium == given


@pytest.mark.parametrize(("root", "sandboxed"), [(True, False), (False, True)])
def test_the_sandbox_is_left_only_by_root(monkeypatch: pytest.MonkeyPatch, root: bool, sandboxed: bool) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0 if root else 1000)
    monkeypatch.setattr(programs, "_SANDBOX_HELPERS", ("/",))
    programs.can_sandbox.cache_clear()
    arguments = session._capabilities(BrowserOptions(), "/usr/bin/chromium", Path("/p")).arguments
    programs.can_sandbox.cache_clear()
    assert ("--no-sandbox" not in arguments) == sandboxed


def test_a_browser_to_look_at_is_maximised_and_one_without_a_screen_is_not() -> None:
    hidden = session._capabilities(BrowserOptions(), None, None)
    shown = session._capabilities(BrowserOptions(headless=False), None, None)
    assert {"--headless=new", "--disable-gpu", "--window-size=1920,1080"} <= set(hidden.arguments)
    assert "--start-maximized" in shown.arguments
    assert not {"--headless=new", "--disable-gpu"} & set(shown.arguments)


def test_selenium_tells_no_keys_it_types() -> None:
    assert not logging.getLogger("selenium.webdriver.remote.remote_connection").isEnabledFor(logging.DEBUG)
