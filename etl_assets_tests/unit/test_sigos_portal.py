"""The stand-in portal by plain HTTP: login, forms, exports, windows."""

from __future__ import annotations

import time
from datetime import date, timedelta
from typing import Any

import pytest

from etl_assets.demo.sigos import GENERAL, RETURN, Portal
from etl_assets_tests.sigos_client import GENERAL_FORM, RETURN_FORM, Client


def _selected(portal: Portal, report: Any, first: date, last: date) -> list[dict[str, str]]:
    pairs = zip(portal.days(report), portal.rows(report), strict=True)
    return [row for day, row in pairs if first <= day <= last]


def test_login_sets_a_cookie_scripts_cannot_read(portal: Portal) -> None:
    client = Client(portal)
    entered = client.log_in()
    assert (entered.status, entered.headers["location"]) == (302, "/sigos/home")
    cookie = entered.headers["set-cookie"].lower()
    assert cookie.startswith("sigos_sessao=")
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert client.ask("GET", "/sigos/home").status == 200


def test_a_wrong_password_is_the_same_page_with_an_alert_and_is_counted(portal: Portal) -> None:
    client = Client(portal)
    refused = client.log_in("errada")
    assert refused.status == 200
    assert '<div class="alert alert-danger">Usuário ou senha inválidos</div>' in refused.body.decode()
    assert (portal.state()["logins"], portal.state()["failed_logins"]) == (0, 1)
    for page in ("home", "relatorios"):
        assert client.ask("GET", f"/sigos/{page}").headers["location"] == "/sigos/"
    assert client.export().status == 302


def test_an_export_is_a_file_with_its_length_and_name(client: Client, portal: Portal) -> None:
    answer = client.export("2026-10-01", "2026-11-01")
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/csv; charset=ISO-8859-1"
    assert answer.headers["content-disposition"] == 'attachment; filename="relatorio_prot_geral.csv"'
    assert int(answer.headers["content-length"]) == len(answer.body)
    assert answer.lines[0] == ";".join(GENERAL).encode()
    assert answer.body.endswith(b"\r\n")
    expected = _selected(portal, "general", date(2026, 10, 1), date(2026, 11, 1))
    assert answer.lines[1].split(b";")[0].decode() == expected[0]["UC / MD"]
    quoted = sum(row["obs_at"].count("\r\n") for row in expected)
    assert len(answer.lines) - 2 == len(expected) + quoted
    state = portal.state()
    assert (state["exports"], state["files"], state["logins"]) == (1, 1, 1)


def test_returns_miss_the_last_day_and_services_do_not(client: Client, portal: Portal) -> None:
    days = portal.days("return")
    last = days[len(days) // 2]
    first = last - timedelta(days=100)
    expected = sum(first <= day < last for day in days)
    answer = client.export(first.isoformat(), last.isoformat(), **RETURN_FORM)
    assert answer.headers["content-disposition"] == 'attachment; filename="retorno.csv"'
    assert answer.lines[0] == ";".join(RETURN).encode()
    assert len(answer.lines) - 2 == expected
    whole = client.export(first.isoformat(), (last + timedelta(days=1)).isoformat(), **RETURN_FORM)
    assert len(whole.lines) - 2 == expected + days.count(last)


@pytest.mark.parametrize("kind", [GENERAL_FORM, RETURN_FORM])
def test_no_rows_is_a_file_of_a_header(client: Client, kind: dict[str, str]) -> None:
    answer = client.export("2021-01-01", "2021-01-20", **kind)
    assert len(answer.lines) == 2
    assert answer.lines[1] == b""


@pytest.mark.parametrize(
    ("start", "end", "form", "alert"),
    [
        ("", "2026-11-01", GENERAL_FORM, "Informe a data inicial e a data final"),
        ("2026-10-01", "32/13/2025", GENERAL_FORM, "Informe a data inicial e a data final"),
        ("2026-11-02", "2026-11-01", GENERAL_FORM, "A data final é anterior à data inicial"),
        ("2026-10-01", "2026-11-01", {"tp_relatorio": ""}, "Selecione o tipo de relatório"),
        ("2026-10-01", "2026-11-01", {"tp_relatorio": "tudo"}, "Selecione o tipo de período"),
        ("2026-10-01", "2026-11-01", {**RETURN_FORM, "stat_retorno": ""}, "Selecione o status do retorno"),
    ],
)
def test_a_form_that_says_too_little_gets_a_page_with_an_alert(
    client: Client, start: str, end: str, form: dict[str, str], alert: str
) -> None:
    answer = client.export(start, end, **form)
    assert answer.status == 200
    assert answer.is_page
    assert f'<div class="alert alert-danger">{alert}</div>' in answer.body.decode()


def test_other_reports_statuses_and_periods(client: Client, portal: Portal) -> None:
    closed = client.export("2026-10-01", "2026-10-31", tp_relatorio="baixados").body.decode("latin-1")
    assert closed.count(";BAIXADO;") > 50
    assert ";PENDENTE;" not in closed
    resolved = client.export("2026-05-01", "2026-10-31", **{**RETURN_FORM, "stat_retorno": "R"}).body.decode("latin-1")
    assert "RESOLVIDO" in resolved
    assert "PENDENTE" not in resolved
    by_closing = client.export("2026-10-05", "2026-10-05", tp_relatorio="tudo", periodo_todos="data_baixado")
    expected = sum(row["Data baixado"].startswith("05/10/2026") for row in portal.rows("general"))
    assert by_closing.body.count(b"05/10/2026") >= expected > 0


@pytest.mark.parametrize(("kind", "longest"), [(GENERAL_FORM, 35), (RETURN_FORM, 190)])
def test_a_window_too_long_is_answered_late_with_504(client: Client, kind: dict[str, str], longest: int) -> None:
    client.portal.control(max_window_delay_s=0.4)
    start = date(2026, 1, 1)
    assert client.export(start.isoformat(), (start + timedelta(days=longest)).isoformat(), **kind).status == 200
    began = time.monotonic()
    answer = client.export(start.isoformat(), (start + timedelta(days=longest + 1)).isoformat(), **kind)
    assert answer.status == 504
    assert time.monotonic() - began >= 0.4
