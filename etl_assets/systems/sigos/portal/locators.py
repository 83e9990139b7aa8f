"""Where things are on the portal's pages (spec sigos 3.1-3.3), by name, text or address; last the original's XPath.

Belongs here: finding. Does not belong here: what is done with it (client.py).
"""

from __future__ import annotations

from selenium.webdriver.common.by import By

from etl_assets.browser.page import Locator

_LOGIN = "/html/body/form/div/div/div[2]/div[3]/div"
_MENU = "/html/body/div[1]/aside[1]/div/nav/ul/li[7]"

USER = Locator("the user field", ((By.NAME, "usuario"), (By.XPATH, f"{_LOGIN}/div[1]/input")))
PASSWORD = Locator(
    "the password field",
    ((By.NAME, "senha"), (By.CSS_SELECTOR, "input[type=password]"), (By.XPATH, f"{_LOGIN}/div[2]/input")),
)
ENTER = Locator(
    "the button Entrar",
    ((By.XPATH, "//button[normalize-space()='Entrar']"), (By.XPATH, f"{_LOGIN}/div[3]/div[2]/button")),
)
ALERT = Locator("an alert", ((By.CSS_SELECTOR, ".alert-danger, .alert"),))

MENU = Locator("the side menu", ((By.CSS_SELECTOR, "aside.main-sidebar nav"), (By.XPATH, "/html/body/div[1]/aside[1]")))
# The icon, not the link: that is what the portal is known to answer to.
REPORTS_ITEM = Locator(
    "the menu item Relatórios",
    (
        (By.XPATH, "//aside//nav//li/a[normalize-space()='Relatórios']/i"),
        (By.XPATH, f"{_MENU}/a/i"),
        (By.XPATH, "//aside//nav//li/a[normalize-space()='Relatórios']"),
    ),
)
REPORTS_LINK = Locator(
    "the menu item of the report form",
    (
        (By.CSS_SELECTOR, "aside nav li li a[href$='/relatorios'] i"),
        (By.XPATH, f"{_MENU}/ul/li[1]/a/i"),
    ),
)

KIND = Locator("the report type", ((By.ID, "tp_relatorio"), (By.NAME, "tp_relatorio")))
GENERAL_PERIOD = Locator("the period type of all services", ((By.ID, "periodo_todos"), (By.NAME, "periodo_todos")))
RETURN_STATUS = Locator(
    "the return status", ((By.NAME, "stat_retorno"), (By.XPATH, '//*[@id="div_stat_retorno"]/div/select'))
)
RETURN_PERIOD = Locator("the period type of returns", ((By.ID, "periodo_ret"), (By.NAME, "periodo_ret")))
START = Locator("the start date", ((By.ID, "data_inicio"), (By.NAME, "data_inicio")))
END = Locator("the end date", ((By.ID, "data_fim"), (By.NAME, "data_fim")))
EXPORT = Locator(
    "the export button", ((By.ID, "btn-salvar-form"), (By.XPATH, "//button[normalize-space()='Exportar']"))
)

OVERLAY = Locator("the overlay", ((By.ID, "overlay-carregando"),))
NOTICE = Locator("the notice", ((By.ID, "modal-aviso"),))
NOTICE_CLOSE = Locator(
    "the notice's close button",
    (
        (By.CSS_SELECTOR, "#modal-aviso [data-dismiss=modal], #modal-aviso .close"),
        (By.CSS_SELECTOR, "#modal-aviso button"),
    ),
)
