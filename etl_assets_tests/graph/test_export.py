"""The export of Chatwoot: Parquet by account and month, only what changed; crashes; the way into DuckDB."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from etl_assets import cli_export
from etl_assets.definitions import chatwoot_system
from etl_assets.engine.disk import sha256_of
from etl_assets.engine.errors import ExportError, SettingsError
from etl_assets.engine.export import manifest as manifests
from etl_assets.engine.export.compare import differences
from etl_assets.engine.export.load import counts_and_sums, load_export
from etl_assets.engine.export.write import Exported, export_table, pseudonyms
from etl_assets.orchestration.system import Exporting
from etl_assets.settings import Settings
from etl_assets_tests.graph.world import World, execute

SALT = "a salt of this test"
TABLE = "public.conversas_analytics"
# Nothing is invented by this name but the people of the demo.
PEOPLE = "SELECT DISTINCT contact_email FROM public.conversas_analytics WHERE contact_email IS NOT NULL"
# In another process, which may be killed.
EXPORT = """
import sys
from pathlib import Path
import sqlalchemy as sa
from etl_assets.definitions import chatwoot_system
from etl_assets.engine.export.load import load_export
from etl_assets.engine.export.write import export_table
from etl_assets.settings import Settings
url, folder, salt, database = sys.argv[1:]
system = chatwoot_system(Settings.model_validate({"chatwoot_warehouse_url": url}))
export = system.exporting.export
if database:
    load_export(Path(folder) / export.name, Path(database))
else:
    export_table(system.undeployed_destination(), export, Path(folder), salt)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "out"


def exporting(world: World) -> Exporting:
    assert world.system.exporting is not None
    return world.system.exporting


def export(world: World, folder: Path, salt: str = SALT) -> Exported:
    destination = world.system.undeployed_destination()
    try:
        return export_table(destination, exporting(world).export, folder, salt)
    finally:
        destination.close()


def different(world: World, folder: Path) -> list[str]:
    destination = world.system.undeployed_destination()
    try:
        return [d.what for d in differences(destination, exporting(world).export, folder / "conversas_analytics")[1]]
    finally:
        destination.close()


def elsewhere(world: World, folder: Path, *, fail_at: str, database: str = "") -> int:
    """Export (or load) in a process of its own that dies at a point; its exit code."""
    command = [sys.executable, "-c", EXPORT, world.warehouse, str(folder), SALT, database]
    return subprocess.run(command, env=os.environ | {"ETL_FAIL_AT": fail_at}, check=False).returncode


def state(folder: Path) -> dict[str, int]:
    return {str(p.relative_to(folder)): p.stat().st_mtime_ns for p in folder.rglob("*") if p.is_file()}


def read(folder: Path) -> list[tuple[Any, ...]]:
    """All rows by the manifest, after each file was found to be what it says."""
    place = folder / "conversas_analytics"
    manifest = manifests.read(place)
    assert manifest is not None
    for part in manifest.parts:
        assert sha256_of(place / part.file) == part.sha256
    files = [str(place / p.file) for p in manifest.parts]
    with duckdb.connect() as conn:
        return conn.execute("SELECT * FROM read_parquet(?) ORDER BY conversation_id", [files]).fetchall()


def test_files_hold_what_the_warehouse_does_without_people_and_only_changes_are_written(
    world: World, folder: Path
) -> None:
    first = export(world, folder)
    columns = {c.name: c.form for c in exporting(world).export.columns}
    assert first.rows == world.one(f"SELECT count(*) FROM {TABLE}") == len(read(folder))
    months = world.rows(f"SELECT DISTINCT account_id, date_trunc('month', conversation_date)::date::text FROM {TABLE}")
    assert set(first.written) == {(str(a), m[:7]) for a, m in months}
    assert different(world, folder) == []

    # Free text has gone, names are pseudonyms: the same for the same person, others under another salt.
    assert {"message_compiled", "first_message_text", "csat_feedback", "contact_phone"} - columns.keys() == {
        "message_compiled", "first_message_text", "csat_feedback",
    }  # fmt: skip
    assert {columns[n] for n in ("contact_name", "contact_email", "assignee_name", "client_phone")} == {"pseudonym"}
    place, emails = folder / "conversas_analytics", [e for (e,) in world.rows(PEOPLE)]
    with duckdb.connect() as conn:
        files = f"read_parquet('{place}/*/*/*.parquet')"
        written = conn.execute(f"SELECT DISTINCT contact_email FROM {files} WHERE contact_email IS NOT NULL").fetchall()
        everything = str(conn.execute(f"SELECT * FROM {files}").fetchall())
    assert {w for (w,) in written} == {pseudonyms(SALT)(e) for e in emails}
    assert not any(e in everything for e in emails)
    assert pseudonyms("another")(emails[0]) != pseudonyms(SALT)(emails[0])

    # The second time nothing is to do; then one month of one account is.
    before = state(folder)
    assert (export(world, folder).written, state(folder)) == ((), before)
    (account, month), rest = first.written[0], first.written[1:]
    of_month = f"account_id = {account} AND to_char(conversation_date, 'YYYY-MM') = '{month}'"
    execute(world.warehouse, f"UPDATE {TABLE} SET t_messages = t_messages + 1 WHERE {of_month}")
    assert different(world, folder) == ["another sum of t_messages"]
    assert export(world, folder).written == ((account, month),)
    assert different(world, folder) == []
    # A month that is gone leaves the manifest; another salt writes all anew.
    execute(world.warehouse, f"DELETE FROM {TABLE} WHERE {of_month}")
    gone = export(world, folder)
    assert (gone.written, gone.removed) == ((), ((account, month),))
    assert export(world, folder, "another").written == rest


def test_an_export_killed_at_any_point_leaves_one_that_can_be_read(world: World, folder: Path) -> None:
    export(world, folder)
    changed = f"UPDATE {TABLE} SET t_messages = t_messages + 1 WHERE conversation_id % 2 = 0"
    for point in ("mid_extract:2", "file_written:2", "manifest_written"):
        old = read(folder)
        assert execute(world.warehouse, changed) > 100
        assert elsewhere(world, folder, fail_at=f"kill@{point}") == -9
        is_there = point == "manifest_written"
        assert (read(folder) == old) != is_there
        again = export(world, folder)
        assert bool(again.written) != is_there
        assert different(world, folder) == []
        assert export(world, folder).written == ()
        there = {p.relative_to(folder / "conversas_analytics").as_posix() for p in folder.rglob("*.parquet")}
        assert there == {p.file for p in again.manifest.parts}, "nothing is left of what was begun, nor of what was"
        assert not list(folder.rglob("*.part"))


def test_duckdb_has_each_partition_before_or_after(
    world: World, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database, place = tmp_path / "dw" / "warehouse.duckdb", folder / "conversas_analytics"
    sums = exporting(world).export.sums
    export(world, folder)

    def held() -> dict[manifests.Partition, Any]:
        with duckdb.connect(str(database)) as conn:
            return counts_and_sums(conn, "conversas_analytics", sums)

    def told() -> dict[manifests.Partition, Any]:
        found = manifests.read(place)
        assert found is not None
        return {p.partition: p.rows for p in found.parts}

    first = load_export(place, database)
    assert (first.rows, set(first.replaced)) == (sum(told().values()), set(told()))
    assert {p: rows for p, (rows, _) in held().items()} == told()
    assert load_export(place, database).replaced == ()
    month = max(told())[1]
    with duckdb.connect(str(database)) as conn:
        conn.execute("DELETE FROM conversas_analytics WHERE export_month = ?", [month])
    assert {m for _, m in load_export(place, database).replaced} == {month}, "somebody's deletion is mended"

    before = held()
    execute(world.warehouse, f"UPDATE {TABLE} SET t_messages = t_messages + 1 WHERE conversation_id % 2 = 0")
    last = max(told())
    execute(world.warehouse, f"DELETE FROM {TABLE} WHERE to_char(conversation_date, 'YYYY-MM') = %s", last[1])
    changed = export(world, folder)
    assert elsewhere(world, folder, fail_at="kill@before_commit:2", database=str(database)) == -9
    half = held()
    new = [p for p in before if half.get(p) != before[p]]
    assert len(new) == 1, "the first was committed, the second not begun"

    path = next(
        place / p.file for p in changed.manifest.parts if p.partition not in new and p.partition in changed.written
    )
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(ExportError, match="SHA-256"):
        load_export(place, database)
    assert held() == half
    path.write_bytes(whole)
    cli_export.load_export(place, database)
    told_user = capsys.readouterr().out
    assert re.match(r"conversas_analytics: [1-9]\d* partition\(s\) replaced .* [1-9]\d* removed", told_user)
    assert last not in held()
    world_says = world.rows(
        "SELECT account_id::text, to_char(conversation_date, 'YYYY-MM'), count(*), "
        f"{', '.join(f'coalesce(sum({n}), 0)' for n in sums)} FROM {TABLE} GROUP BY 1, 2"
    )
    assert held() == {(t, m): (n, dict(zip(sums, s, strict=True))) for t, m, n, *s in world_says}

    with duckdb.connect(str(tmp_path / "theirs.duckdb")) as conn:
        conn.execute("CREATE TABLE conversas_analytics AS SELECT 1 AS theirs")
    with pytest.raises(ExportError, match="no export made"):
        load_export(place, tmp_path / "theirs.duckdb")
    with pytest.raises(SettingsError, match=r"no manifest\.json"):
        load_export(folder, database)


def test_its_job_exports_and_checks_and_refuses_the_demos_salt(world: World, tmp_path: Path) -> None:
    job = world.defs.resolve_job_def("chatwoot_export")
    refused = job.execute_in_process(instance=world.instance, raise_on_error=False)
    (failure,) = [e for e in refused.all_events if e.is_step_failure]
    assert "CHATWOOT_EXPORT_DIR is not set" in str(failure.step_failure_data)
    given = world.settings.model_dump() | {"chatwoot_export_dir": tmp_path}
    unsalted = Settings.model_construct(**given)
    with pytest.raises(SettingsError, match="EXPORT_HASH_SALT"):
        unsalted.export_salt()

    settings = Settings.model_validate({**given, "export_hash_salt": SALT})
    world.__dict__["settings"], world.__dict__["system"] = settings, chatwoot_system(settings)
    del world.__dict__["defs"]
    done = world.defs.resolve_job_def("chatwoot_export").execute_in_process(instance=world.instance)
    (made,) = done.get_asset_materialization_events()
    assert made.materialization.metadata["dagster/row_count"].value == world.one(f"SELECT count(*) FROM {TABLE}")
    (check,) = done.get_asset_check_evaluations()
    assert (check.passed, check.metadata["partitions"].value) == (
        True,
        made.materialization.metadata["partitions"].value,
    )
