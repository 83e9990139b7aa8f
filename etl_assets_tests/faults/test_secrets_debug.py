"""With every logger at DEBUG nothing kept or printed holds a value of a row or a password, however the run ended."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

from etl_assets.settings import PROJECT_ROOT
from etl_assets_tests.faults.debug_run import SOURCE, WAREHOUSE, declarations
from etl_assets_tests.faults.test_secrets import BOOM, TRIGGER, VALUE, WRONG, everything_kept
from etl_assets_tests.world import MakeWorld, World


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """Rows of which some are too long for one of the mirrors; every text of them is planted."""
    made = make_world(*declarations())
    made.add_orders(1, 3, note="'fits xq7z'")
    made.add_orders(4, 9, note=f"'{VALUE}'")
    return made


def run(world: World, folder: Path, password: str) -> tuple[str, dict[str, str]]:
    """How the run ended, and all it left: by place, its text."""
    told = {
        SOURCE: world.url.set(password=password).render_as_string(hide_password=False),
        WAREHOUSE: world.url.render_as_string(hide_password=False),
    }
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "etl_assets_tests.faults.debug_run", str(world.root), str(folder)],
        env=os.environ | told | {"PYTHONPATH": str(PROJECT_ROOT)},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    places = {"stdout": done.stdout, "stderr": done.stderr, "control and audit": everything_kept(world)}
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            places[str(path.relative_to(folder))] = path.read_bytes().decode("utf-8", "replace")
    return done.stdout.splitlines()[-1], places


def assert_nothing_in(places: dict[str, str], world: World) -> None:
    """Of what was planted, nor of the password that is right."""
    for secret in ("xq7z", WRONG, quote(WRONG, safe=""), "p@ss", str(world.url.password)):
        found = {
            place: text[max(0, text.index(secret) - 300) :][:400] for place, text in places.items() if secret in text
        }
        assert found == {}, secret


def assert_loud(places: dict[str, str]) -> None:
    """What is searched is there, and at DEBUG."""
    assert "DEBUG:psycopg" in places["stderr"]
    assert "INFO:sqlalchemy.engine.Engine.etl_assets:" in places["stderr"]
    assert "DEBUG:sqlalchemy.pool" in places["stderr"]
    assert "t.staging.orders" in places["control and audit"]
    for kind in ("json_lines/etl_", ".db", "compute_logs/", "storage/"):
        assert any(kind in place and text for place, text in places.items()), (kind, sorted(places))
    assert any("SELECT" in text for place, text in places.items() if place.startswith("json_lines/"))


def test_a_run_that_sets_rows_aside(world: World, tmp_path: Path) -> None:
    ended, places = run(world, tmp_path / "dagster", str(world.url.password))
    assert ended == "succeeded"
    assert len(world.rejected("short")) == 6
    assert world.value("SELECT COUNT(*) FROM extra.copied WHERE note LIKE '%xq7z%'") == 9
    assert_loud(places)
    assert_nothing_in(places, world)


def test_a_run_with_a_wrong_password(world: World, tmp_path: Path) -> None:
    ended, places = run(world, tmp_path / "dagster", WRONG)
    assert ended == "failed"
    assert "password authentication failed" in places["stderr"]
    assert_loud(places)
    assert_nothing_in(places, world)


def test_a_run_that_a_server_refuses_quoting_the_row(world: World, tmp_path: Path) -> None:
    world.sql(BOOM.format("42501"), TRIGGER)
    ended, places = run(world, tmp_path / "dagster", str(world.url.password))
    assert ended == "failed"
    assert world.last_audit()["status"] == "failed"
    assert_loud(places)
    assert_nothing_in(places, world)
