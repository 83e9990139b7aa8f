"""The stand-in portal by plain HTTP: login, export, every switch of the control endpoint, the process itself."""

from __future__ import annotations

import http.client
import http.cookies
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

import psutil
import pytest

from etl_assets.demo.pg_process import has_ended
from etl_assets.demo.sigos import GENERAL, RETURN, Portal
from etl_assets.demo.sigos.sessions import LIFETIME_S, Sessions
from etl_assets.demo.sigos.switches import Switches

TODAY = date(2026, 11, 18)
GENERAL_FORM = {"tp_relatorio": "tudo", "periodo_todos": "data_execucao"}
RETURN_FORM = {"tp_relatorio": "retornos", "periodo_ret": "data_execucao", "stat_retorno": "E"}


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def lines(self) -> list[bytes]:
        return self.body.split(b"\r\n")

    @property
    def is_page(self) -> bool:
        return (self.headers["content-type"] or "").startswith("text/html")


class Client:
    """A browser's cookies and nothing else of it; follows no redirect."""

    def __init__(self, portal: Portal) -> None:
        self.portal = portal
        self.cookie = ""

    def ask(self, method: str, path: str, **form: str) -> Answer:
        connection = http.client.HTTPConnection(urlsplit(self.portal.url).netloc, timeout=20)
        headers = {"Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded"}
        try:
            connection.request(method, path, urlencode(form) if form else None, headers)
            response = connection.getresponse()
            if (given := response.headers["set-cookie"]) is not None:
                parsed = http.cookies.SimpleCookie(given)
                self.cookie = "; ".join(f"{name}={each.value}" for name, each in parsed.items())
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def log_in(self, password: str | None = None) -> Answer:
        return self.ask("POST", "/sigos/login", usuario=self.portal.user, senha=password or self.portal.password)

    def export(self, start: str = "2026-10-01", end: str = "2026-11-01", **form: str) -> Answer:
        asked = {**(form or GENERAL_FORM), "data_inicio": start, "data_fim": end}
        return self.ask("POST", "/sigos/relatorios/exportar", **asked)


@pytest.fixture(scope="module")
def running() -> Iterator[Portal]:
    with Portal(seed=4, scale=0.01, today=TODAY) as portal:
        yield portal


@pytest.fixture
def portal(running: Portal) -> Portal:
    running.control(reset=True)
    return running


@pytest.fixture
def changed(portal: Portal) -> Iterator[Portal]:
    """Data may be changed; afterwards it is as before."""
    yield portal
    portal.control(reset="data")


@pytest.fixture
def client(portal: Portal) -> Client:
    made = Client(portal)
    assert made.log_in().status == 302
    return made


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


def test_latency(client: Client) -> None:
    client.portal.control(latency_ms=300)
    began = time.monotonic()
    client.ask("GET", "/sigos/home")
    assert time.monotonic() - began >= 0.3


def test_fail_times_fails_so_many_exports_and_then_none(client: Client) -> None:
    client.portal.control(fail_times=2)
    assert [client.export().status for _ in range(3)] == [500, 500, 200]


def test_a_truncated_body_is_shorter_than_its_declared_length(client: Client) -> None:
    whole = client.export()
    client.portal.control(truncate_at_bytes=5_000)
    with pytest.raises(http.client.IncompleteRead) as cut:
        client.export()
    assert cut.value.partial == whole.body[:5_000]
    assert cut.value.expected == len(whole.body) - 5_000


def test_a_truncated_body_may_declare_what_it_is(client: Client) -> None:
    client.portal.control(truncate_at_bytes=5_000, short_content_length=True)
    answer = client.export()
    assert int(answer.headers["content-length"]) == len(answer.body) == 5_000


def test_a_dropped_connection_is_reset_in_the_middle(client: Client) -> None:
    client.portal.control(drop_connection=True)
    with pytest.raises((ConnectionResetError, http.client.IncompleteRead)):
        client.export()
    client.portal.control(drop_connection=False)
    assert client.export().status == 200


def test_times_bounds_how_many_exports_are_spoilt(client: Client) -> None:
    client.portal.control(html_instead_of_csv=True, times=2)
    assert [client.export().is_page for _ in range(3)] == [True, True, False]


def test_html_instead_of_csv(client: Client) -> None:
    client.portal.control(html_instead_of_csv=True)
    answer = client.export()
    assert answer.status == 200
    assert answer.is_page
    assert answer.headers["content-disposition"] is None


def test_a_session_expires_after_so_many_exports(client: Client) -> None:
    client.portal.control(expire_session_after=1)
    assert client.export().status == 200
    expired = client.export()
    assert (expired.status, expired.headers["location"]) == (302, "/sigos/")
    assert client.log_in().status == 302
    assert client.export().status == 200
    assert client.portal.state()["logins"] == 2


def test_overlay_and_notice_are_in_the_pages_when_switched_on(client: Client) -> None:
    assert b'id="modal-aviso"' not in client.ask("GET", "/sigos/home").body
    client.portal.control(modal=True, overlay_ms=750)
    assert b'id="modal-aviso"' in client.ask("GET", "/sigos/home").body
    page = client.ask("GET", "/sigos/relatorios").body
    assert b'id="modal-aviso"' not in page
    assert b"750" in page


def test_general_end_exclusive(client: Client, portal: Portal) -> None:
    last = date(2026, 10, 15)
    inclusive = client.export("2026-10-01", last.isoformat())
    portal.control(general_end_exclusive=True)
    exclusive = client.export("2026-10-01", last.isoformat())
    of_last_day = len(_selected(portal, "general", last, last))
    assert of_last_day
    assert inclusive.body.startswith(exclusive.body)
    assert inclusive.body[len(exclusive.body) :].count(b"15/10/2026") >= of_last_day


def test_a_column_more_and_a_column_less(client: Client) -> None:
    client.portal.control(extra_column="Canal", missing_column="Municipio")
    header, first, *_ = (line.split(b";") for line in client.export().lines)
    expected = [each for each in GENERAL if each != "Municipio"]
    assert header == [each.encode() for each in [*expected[:3], "Canal", *expected[3:]]]
    assert first[3] == b"extra 0"
    assert len(first) == len(header)


def test_preamble_encoding_delimiter_and_accents(client: Client) -> None:
    client.portal.control(preamble_lines=5, encoding="utf-8-sig", delimiter="|", header_accents=True)
    body = client.export().body
    assert body.startswith(b"\xef\xbb\xbf")
    lines = body.decode("utf-8-sig").split("\r\n")
    assert lines[5].startswith("UC / MD|Status|Motivo não baixado|Regional|Empresa|Município|Tipo  serviço|")
    assert not any("|" in line for line in lines[:5])
    client.portal.control(reset=True)
    client.log_in()
    client.portal.control(encoding="utf-8", delimiter="\t")
    assert "\t".join(GENERAL).encode() == client.export().lines[0]


def test_ragged_rows(client: Client) -> None:
    client.portal.control(ragged_rows=4)
    fields = [line.count(b";") + 1 for line in client.export("2026-10-06", "2026-10-07").lines[:-1] if b'"' not in line]
    assert sorted(set(fields)) == [37, 39, 40]
    assert fields.count(37) == fields.count(40) == 2


def test_audit_deletion_and_a_day_change_counts_and_exports(client: Client, changed: Portal) -> None:
    before, body = changed.counts(), client.export("2025-03-01", "2025-04-01").body
    done = changed.control(delete_rows={"report": "general", "rows": 5, "month": "2025-03"})["done"]
    assert done["delete_rows"]["general"]["vanished"] == 5
    assert changed.counts()["general"]["2025-03"] == before["general"]["2025-03"] - 5
    assert len(client.export("2025-03-01", "2025-04-01").body) < len(body)
    audited = changed.control(audit_mutation={"share": 0.01, "seed": 3})["done"]["audit_mutation"]
    assert audited["general"]["changed"] > 40
    assert audited["general"]["moved"] >= 1
    passed = changed.control(day_passes=3)
    assert passed["today"] == "2026-11-21"
    assert len(passed["done"]["day_passes"]) == 3
    assert changed.control(reset="data")["counts"] == before
    assert changed.state()["today"] == TODAY.isoformat()


def test_counts_are_the_rows(portal: Portal) -> None:
    for report in ("general", "return"):
        per_month: dict[str, int] = {}
        for day in portal.days(report):
            per_month[day.strftime("%Y-%m")] = per_month.get(day.strftime("%Y-%m"), 0) + 1
        assert portal.counts()[report] == dict(sorted(per_month.items()))


@pytest.mark.parametrize(
    ("switch", "says"),
    [
        ({"truncate": 1}, "no switch 'truncate'"),
        ({"encoding": "ebcdic"}, "encoding takes one of 'latin-1'"),
        ({"fail_times": -1}, "fail_times takes a whole number"),
        ({"drop_connection": 1}, "drop_connection takes true or false"),
        ({"missing_column": "Nada"}, "missing_column takes a header"),
        ({"audit_mutation": 3}, "audit_mutation takes a share"),
        ({"delete_rows": {"rows": 1, "monat": "2025-03"}}, "delete_rows takes a number of rows"),
        ({"day_passes": 0}, "day_passes takes true or a number of days"),
        ({"reset": "all"}, "reset takes true"),
    ],
)
def test_what_the_control_does_not_know_it_refuses_by_name_and_changes_nothing(
    portal: Portal, switch: dict[str, Any], says: str
) -> None:
    before = portal.state()
    with pytest.raises(ValueError, match=says):
        portal.control(latency_ms=50, **switch)
    assert portal.state() == before


def test_a_reset_brings_back_the_defaults_and_ends_sessions(client: Client, portal: Portal) -> None:
    portal.control(latency_ms=5, encoding="utf-8", fail_times=9)
    after = portal.control(reset=True)
    assert after["switches"] == vars(Switches())
    assert after["logins"] == after["exports"] == 0
    assert client.export().status == 302


def test_sessions_slide() -> None:
    now = 0.0
    sessions = Sessions(lambda: now)
    token = sessions.begin()
    for _ in range(3):
        now += LIFETIME_S - 1
        assert sessions.find(token)
    now += LIFETIME_S + 1
    assert sessions.find(token) is None
    now -= LIFETIME_S
    assert sessions.find(token) is None


def test_the_process_is_gone_when_the_block_ends_even_when_it_hangs() -> None:
    with Portal(scale=0.001, today=date(2022, 4, 1)) as portal:
        child = _youngest_child()
        assert portal.state()["today"] == "2022-04-01"
        os.kill(child.pid, signal.SIGSTOP)
    assert not child.is_running()
    with pytest.raises(RuntimeError, match="not running"):
        _ = portal.url


def test_the_process_ends_with_its_parent() -> None:
    script = (
        "from etl_assets.demo.sigos import Portal; import datetime, os, signal\n"
        "p = Portal(scale=0.001, today=datetime.date(2022, 4, 1)).start(); print(p._process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, check=False)
    child = int(killed.stdout)
    deadline = time.monotonic() + 10
    while not has_ended(child):
        assert time.monotonic() < deadline, "the portal outlives its parent"
        time.sleep(0.05)


def test_a_taken_port_is_an_error(portal: Portal) -> None:
    with pytest.raises(RuntimeError, match="ended before it answered"):
        Portal(scale=0.001, today=TODAY, port=int(urlsplit(portal.url).port or 0)).start()


def _youngest_child() -> psutil.Process:
    found = [p for p in psutil.Process().children() if "etl_assets.demo.sigos" in p.cmdline()]
    return max(found, key=lambda process: process.create_time())
