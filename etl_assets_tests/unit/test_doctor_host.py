"""What the doctor says of this machine and of a portal, where no database is needed to know."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from etl_assets.browser.errors import BrowserMissingError
from etl_assets.engine.errors import AccessError
from etl_assets.orchestration.doctor_host import examine_folder, examine_host
from etl_assets.settings import Settings
from etl_assets.systems.sigos.portal.premises import premises_of

GIB = 1024**3


@pytest.mark.parametrize(("free", "level"), [(3 * GIB, "ok"), (GIB, "advice"), (GIB // 5, "problem")])
def test_room_on_the_disk_of_a_folder_yet_to_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, level: str
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    found = examine_folder("logs", tmp_path / "not" / "yet")
    assert (found.level, found.what) == (level, "logs")
    assert f"{free / GIB:.1f} GiB free at {tmp_path}" in found.text


def test_a_file_where_a_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("")
    found = examine_folder("logs", tmp_path / "logs" / "etl")
    assert found.level == "problem"
    assert "nothing can be written to" in found.text


def test_a_storage_that_cannot_be_reached_is_a_problem_without_its_password() -> None:
    url = sa.make_url("postgresql+psycopg2://somebody:hidden-word@127.0.0.1:1/dagster")
    (found,) = examine_host(url, {})
    assert found.level == "problem"
    assert "hidden-word" not in found.text


@pytest.fixture
def portal(request: pytest.FixtureRequest) -> Iterator[str]:
    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(request.param)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/sigos/"
        server.shutdown()


def settings_of(url: str, **more: str) -> Settings:
    return Settings.model_validate(
        {"sigos_portal_url": url, "sigos_usuario": "user", "sigos_senha": "hidden-word", **more}
    )


@pytest.mark.parametrize("portal", [200], indirect=True)
def test_a_portal_that_answers_is_told_so_and_sent_no_password(portal: str) -> None:
    told = premises_of(settings_of(portal))["portal"]()
    assert told.startswith("it answers")


@pytest.mark.parametrize("portal", [503], indirect=True)
def test_a_portal_in_trouble(portal: str) -> None:
    with pytest.raises(AccessError, match="the portal answers 503"):
        premises_of(settings_of(portal))["portal"]()


def test_a_portal_that_is_not_there() -> None:
    with pytest.raises(AccessError, match=r"does not answer \(ConnectionError\)") as caught:
        premises_of(settings_of("http://127.0.0.1:1/"))["portal"]()
    assert "hidden-word" not in str(caught.value)


def test_a_browser_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BrowserMissingError, match="CHROME_BIN"):
        premises_of(settings_of("http://127.0.0.1:1/", chrome_bin=str(tmp_path / "chrome")))["browser"]()
