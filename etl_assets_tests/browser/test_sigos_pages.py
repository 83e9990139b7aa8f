"""The stand-in portal's pages in Chromium: every locator of the original scraper finds what it found there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import Select
from selenium.webdriver.support.wait import WebDriverWait

from etl_assets.demo.sigos import GENERAL, RETURN, Portal
from etl_assets_tests.browser.page import Page

USER = "/html/body/form/div/div/div[2]/div[3]/div/div[1]/input"
PASSWORD = "/html/body/form/div/div/div[2]/div[3]/div/div[2]/input"
ENTER = "/html/body/form/div/div/div[2]/div[3]/div/div[3]/div[2]/button"
MENU = "/html/body/div[1]/aside[1]/div/nav/ul/li[7]/a/i"
SUBMENU = "/html/body/div[1]/aside[1]/div/nav/ul/li[7]/ul/li[1]/a/i"
TYPE = '//*[@id="tp_relatorio"]'
PERIOD = '//*[@id="periodo_todos"]'
RETURN_STATUS = '//*[@id="div_stat_retorno"]/div/select'
RETURN_PERIOD = '//*[@id="periodo_ret"]'
START = '//*[@id="data_inicio"]'
END = '//*[@id="data_fim"]'
EXPORT = '//*[@id="btn-salvar-form"]'


@pytest.fixture(scope="module")
def running() -> Iterator[Portal]:
    with Portal(seed=5, scale=0.01, today=date(2026, 11, 18)) as portal:
        yield portal


@pytest.fixture
def portal(running: Portal) -> Portal:
    running.control(reset=True)
    return running


@pytest.fixture
def browser(
    driver: webdriver.Chrome, portal: Portal, tmp_path: Path, browser_folder: Path, request: pytest.FixtureRequest
) -> Iterator[Page]:
    """On the login page; downloads land in the test's own folder."""
    driver.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    page = Page(driver, portal.url, browser_folder)
    page.open("")
    before = request.session.testsfailed
    yield page
    if request.session.testsfailed > before:
        page.shot(f"FAILED-{request.node.name}")


@pytest.fixture
def inside(browser: Page, portal: Portal) -> Page:
    _log_in(browser, portal.password)
    browser.find(MENU)
    return browser


@pytest.fixture
def form(inside: Page) -> Page:
    inside.click(MENU)
    inside.click(SUBMENU)
    inside.find(TYPE)
    return inside


def _log_in(page: Page, password: str) -> None:
    page.find(USER).send_keys("demonstracao")
    page.find(PASSWORD).send_keys(password)
    page.click(ENTER)


def _is_visible(page: Page, xpath: str) -> bool:
    found = page.driver.find_elements(By.XPATH, xpath)
    assert len(found) == 1, f"{xpath} finds {len(found)} elements"
    return found[0].is_displayed()


def _set_date(page: Page, xpath: str, day: str) -> None:
    page.driver.execute_script(
        "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input', {bubbles: true}));"
        "arguments[0].dispatchEvent(new Event('change', {bubbles: true}));",
        page.find(xpath),
        day,
    )


def _export(page: Page, folder: Path, start: str, end: str) -> bytes:
    """Content of the file that comes; it is taken away, because one of the same name would take its place."""
    _set_date(page, START, start)
    _set_date(page, END, end)
    page.click(EXPORT)

    def arrived(_driver: object) -> Path | None:
        new = [path for path in folder.glob("*.csv") if path.stat().st_size]
        return new[0] if new else None

    path = WebDriverWait(page.driver, 20).until(arrived, "no file came")
    assert path is not None
    body = path.read_bytes()
    path.unlink()
    return body


def _focused(page: Page) -> WebElement:
    return page.driver.switch_to.active_element


@pytest.mark.parametrize("xpath", [USER, PASSWORD, ENTER])
def test_login_has_one_of_each_control(browser: Page, xpath: str) -> None:
    assert _is_visible(browser, xpath)


def test_a_wrong_password_shows_an_alert_on_the_same_page(browser: Page) -> None:
    _log_in(browser, "errada")
    assert browser.find("//div[@class='alert alert-danger']").text == "Usuário ou senha inválidos"
    assert all(_is_visible(browser, xpath) for xpath in (USER, PASSWORD, ENTER))


def test_the_submenu_opens_by_the_icon_and_leads_to_the_reports(inside: Page) -> None:
    icon = inside.find(MENU)
    assert icon.size["width"] > 0
    assert icon.size["height"] > 0
    items = inside.driver.find_elements(By.XPATH, "/html/body/div[1]/aside[1]/div/nav/ul/li")
    assert [item.text.split("\n")[0].strip() for item in items] == [
        "Início", "Serviços", "Protocolos", "Equipes", "Backoffice", "Medidores", "Relatórios", "Sair",
    ]  # fmt: skip
    assert not _is_visible(inside, SUBMENU)
    inside.click(MENU)
    assert _is_visible(inside, SUBMENU)
    inside.click(SUBMENU)
    inside.find(TYPE)
    assert inside.driver.current_url.endswith("/sigos/relatorios")


def test_options_stand_where_the_original_found_them(form: Page) -> None:
    def values(xpath: str) -> list[str | None]:
        return [each.get_attribute("value") for each in Select(form.driver.find_element(By.XPATH, xpath)).options]

    assert values(TYPE) == ["", "baixados", "pendentes", "retornos", "tudo"]
    assert values(PERIOD)[:2] == ["", "data_execucao"]
    assert values(RETURN_PERIOD)[:2] == ["", "data_execucao"]
    assert values(RETURN_STATUS)[3] == "E"


def test_choices_are_visible_for_their_report_only(form: Page) -> None:
    def visible() -> list[bool]:
        return [_is_visible(form, xpath) for xpath in (PERIOD, RETURN_STATUS, RETURN_PERIOD)]

    assert visible() == [False, False, False]
    Select(form.find(TYPE)).select_by_value("tudo")
    assert visible() == [True, False, False]
    Select(form.find(TYPE)).select_by_value("retornos")
    assert visible() == [False, True, True]
    form.click('//*[@id="btn-limpar"]')
    WebDriverWait(form.driver, 5).until(lambda _driver: visible() == [False, False, False])


def test_one_more_control_stands_between_end_date_and_export(form: Page) -> None:
    # Three segments and the picker's icon, then the button that clears, then export.
    form.driver.execute_script("arguments[0].focus()", form.find(END))
    order = []
    for _ in range(5):
        _focused(form).send_keys(Keys.TAB)
        order.append(_focused(form).get_attribute("id"))
    assert order == ["data_fim", "data_fim", "data_fim", "btn-limpar", "btn-salvar-form"]


def test_windows_of_services_are_exported_from_one_page(form: Page, tmp_path: Path) -> None:
    Select(form.find(TYPE)).select_by_value("tudo")
    Select(form.find(PERIOD)).select_by_value("data_execucao")
    first = _export(form, tmp_path, "2026-09-01", "2026-10-01")
    assert form.driver.current_url.endswith("/sigos/relatorios")
    assert Select(form.find(PERIOD)).first_selected_option.get_attribute("value") == "data_execucao"
    assert form.find(START).get_attribute("value") == "2026-09-01"
    second = _export(form, tmp_path, "2026-10-01", "2026-11-01")
    assert first.startswith(";".join(GENERAL).encode())
    assert b";15/09/2026;" in first
    assert b";15/10/2026;" in second


def test_returns_are_exported_with_every_status(form: Page, tmp_path: Path) -> None:
    Select(form.find(TYPE)).select_by_value("retornos")
    Select(form.find(RETURN_STATUS)).select_by_value("E")
    Select(form.find(RETURN_PERIOD)).select_by_value("data_execucao")
    body = _export(form, tmp_path, "2026-05-01", "2026-10-01")
    assert body.startswith(";".join(RETURN).encode())
    assert body.count(b"\r\n") > 10


def test_the_overlay_covers_the_page_for_its_time(portal: Portal, form: Page, tmp_path: Path) -> None:
    portal.control(overlay_ms=800)
    form.driver.refresh()
    assert not _is_visible(form, '//*[@id="overlay-carregando"]')
    Select(form.find(TYPE)).select_by_value("tudo")
    Select(form.find(PERIOD)).select_by_value("data_execucao")
    form.click(EXPORT)
    form.see("Informe a data inicial e a data final")
    form.open("relatorios")
    Select(form.find(TYPE)).select_by_value("tudo")
    Select(form.find(PERIOD)).select_by_value("data_execucao")
    assert _export(form, tmp_path, "2026-10-01", "2026-11-01")
    WebDriverWait(form.driver, 5).until_not(lambda _driver: _is_visible(form, '//*[@id="overlay-carregando"]'))


def test_the_notice_after_login_can_be_closed(portal: Portal, browser: Page) -> None:
    portal.control(modal=True)
    _log_in(browser, portal.password)
    browser.find('//*[@id="modal-aviso"]')
    browser.click('//*[@id="modal-aviso"]//button')
    assert not _is_visible(browser, '//*[@id="modal-aviso"]')
    browser.click(MENU)
    browser.click(SUBMENU)
    browser.find(TYPE)
    assert not browser.driver.find_elements(By.ID, "modal-aviso")


def test_a_broken_download_leaves_no_whole_file(portal: Portal, form: Page, tmp_path: Path) -> None:
    portal.control(truncate_at_bytes=3_000)
    Select(form.find(TYPE)).select_by_value("tudo")
    Select(form.find(PERIOD)).select_by_value("data_execucao")
    _set_date(form, START, "2026-10-01")
    _set_date(form, END, "2026-11-01")
    form.click(EXPORT)
    WebDriverWait(form.driver, 10).until(lambda _driver: portal.state()["files"] == 1)
    WebDriverWait(form.driver, 10).until(lambda _driver: not list(tmp_path.glob("*.crdownload")))
    assert not list(tmp_path.glob("*.csv"))
