"""The stand-in portal's control endpoint by plain HTTP: every switch, the counts, what it refuses."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from etl_assets.demo.sigos import GENERAL, Portal
from etl_assets.demo.sigos.switches import Switches
from etl_assets_tests.sigos_client import TODAY, Client


@pytest.fixture
def changed(portal: Portal) -> Iterator[Portal]:
    """Data may be changed; afterwards it is as before."""
    yield portal
    portal.control(reset="data")


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
    of_last_day = portal.days("general").count(last)
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
