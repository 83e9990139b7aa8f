"""Old text goes to files and comes back, to the byte; loads neither bring it back nor lose what changes."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from etl_assets.engine import partitions, text_archive
from etl_assets.engine.errors import ArchiveError, SettingsError, SpecError
from etl_assets.engine.spec import Keys, Merge, TableSpec, audit_columns, column
from etl_assets.engine.text_archive import ArchivedFile
from etl_assets.engine.upkeep import RangePartitions, TextArchive
from etl_assets_tests.engine.test_kills import KILLED, killed_at
from etl_assets_tests.world import Column, MakeWorld, World, orders, spec

# Months of `day` are January to November; in November those before May are old.
NOW = datetime(2026, 11, 20, tzinfo=UTC)
SQL = (
    "SELECT o.id, jsonb_build_array(o.note, 'é\t\"𝄞', 1.50) AS texts, length(o.note) AS size, "
    "o.day AT TIME ZONE 'UTC' AS begun FROM staging.orders AS o"
)
WHOLE = "SELECT t.id, t.texts::text, t.size, t.begun, t.etl_updated_at FROM core.talks AS t ORDER BY t.id"
OLD = "begun < '2026-05-01'"
LISTED = "SELECT count(*) FROM ctl.archived_text"


def talks(above: int = 1000) -> TableSpec:
    stamp = sa.DateTime(timezone=True)
    columns: list[Column] = [
        ("id", sa.BigInteger()),
        ("texts", sa.dialects.postgresql.JSONB()),
        ("size", sa.Integer()),
        column("begun", stamp, "Begun", nullable=False),
        *audit_columns(marks_deletes=True),
    ]
    return spec(
        "core.talks",
        columns,
        ("id",),
        Merge({"staging.orders": "id"}),
        reads={"staging.orders": Keys(("id",))},
        marks_deletes=True,
        partitions=RangePartitions("begun", above=above),
        archive=TextArchive("texts", "begun"),
    )


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    made = make_world(orders(), talks(), core__talks=SQL)
    made.add_orders(1, 300)
    made.run_all()
    return made


def archive(world: World, folder: Path, now: datetime = NOW) -> list[ArchivedFile]:
    return text_archive.archive(world.destination, world.graph.find("core.talks"), folder, now=now)


def restore(world: World, folder: Path, month: str) -> int:
    return text_archive.restore(world.destination, world.graph.find("core.talks"), folder, month)[0]


def written(world: World, mode: str = "changed") -> tuple[int, int, int]:
    counts = world.run_all(mode)["talks"].counts
    return counts.inserted, counts.updated, counts.deleted


@pytest.mark.parametrize("is_cut", [False, True])
def test_text_goes_to_files_and_comes_back_to_the_byte(world: World, tmp_path: Path, *, is_cut: bool) -> None:
    before = world.rows(WHOLE)
    if is_cut:
        world = world.changed(talks(100))
        assert partitions.keep(world.destination, world.graph.find("core.talks"), now=NOW).was_cut
    part = "SELECT pg_relation_filenode(to_regclass('core.talks_2026_01'))"
    lies_in = world.value(part)
    old = world.value(f"SELECT count(*) FROM core.talks WHERE {OLD}")
    files = archive(world, tmp_path)
    assert [f.month for f in files] == ["2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01"]
    # Of a month that is a table of its own the room is given back.
    assert (world.value(part) != lies_in) == is_cut
    assert sum(f.rows for f in files) == world.value(LISTED) == old > 80
    assert world.value(f"SELECT count(*) FROM core.talks WHERE texts IS NULL AND {OLD}") == old
    assert world.value("SELECT count(*) FROM core.talks WHERE texts IS NULL") == old
    assert [r[2:] for r in world.rows(WHOLE)] == [r[2:] for r in before]
    path = tmp_path / files[0].file_name
    assert path.stat().st_mode & 0o777 == 0o600
    stored = pq.ParquetFile(path)
    assert stored.metadata.row_group(0).column(1).compression == "ZSTD"
    assert stored.schema_arrow.metadata[b"month"] == b"2026-01-01"
    # No load brings it back, whichever reads it.
    assert archive(world, tmp_path) == []
    for mode in ("changed", "full"):
        assert written(world, mode) == (0, 0, 0)
    for file in files:
        assert restore(world, tmp_path, file.month[:7]) == file.rows
    assert world.rows(WHOLE) == before
    assert world.value(LISTED) == 0
    assert written(world, "full") == (0, 0, 0)
    with pytest.raises(SettingsError, match=r"nothing of 2026-01 is archived; archived is: no month"):
        restore(world, tmp_path, "2026-01")
    # What somebody wanted back is left there for a month.
    assert archive(world, tmp_path) == []
    world.sql("UPDATE ctl.archived_file SET restored_at = restored_at - interval '20 years'")
    assert len(archive(world, tmp_path)) == 4


def test_what_changes_upstream_in_an_archived_month_is_neither_lost_nor_overwritten(
    world: World, tmp_path: Path
) -> None:
    (january, *_) = archive(world, tmp_path)
    # Another text, another value beside the text, no text any more, and one that came late; all of them in January.
    world.sql(
        "UPDATE src.orders SET note = 'anew', updated_at = '2026-04-01' WHERE id = 1",
        "UPDATE src.orders SET day = day + 1, updated_at = '2026-04-01' WHERE id = 2",
    )
    world.add_orders(901, 901, at="2026-04-01 10:00", day="'2026-01-20'")
    assert written(world) == (1, 2, 0)
    assert written(world) == written(world, "full") == (0, 0, 0)
    text = "SELECT id, texts IS NULL, texts->>0 FROM core.talks WHERE id IN (1, 2, 901) ORDER BY id"
    assert world.rows(text) == [(1, False, "anew"), (2, True, None), (901, False, "note 901")]
    (second,) = archive(world, tmp_path)
    assert (second.month, second.rows) == ("2026-01-01", 2)
    assert written(world, "full") == (0, 0, 0)
    assert restore(world, tmp_path, "2026-01") == january.rows + 1
    assert world.rows(text) == [(1, False, "anew"), (2, False, "note 2"), (901, False, "note 901")]
    assert written(world, "full") == (0, 0, 0)


@pytest.mark.parametrize("harm", ["changed", "gone"])
def test_a_file_that_is_not_the_one_written_is_refused(world: World, tmp_path: Path, harm: str) -> None:
    (file, *_) = archive(world, tmp_path)
    path, declared = tmp_path / file.file_name, world.graph.find("core.talks")
    assert text_archive.verify(world.destination, declared, tmp_path) == {}
    shutil.copy(path, tmp_path / "backup")
    if harm == "gone":
        path.unlink()
    else:
        content = bytearray(path.read_bytes())
        content[len(content) // 3] ^= 1
        path.write_bytes(content)
    before = world.rows(WHOLE)
    with pytest.raises(ArchiveError, match="was changed" if harm == "changed" else "is not in"):
        restore(world, tmp_path, "2026-01")
    assert list(text_archive.verify(world.destination, declared, tmp_path)) == [file.file_name]
    assert world.rows(WHOLE) == before
    # The way out where there is no backup: the text is made anew from the source.
    world.sql(f"DELETE FROM ctl.archived_text WHERE file_id = {file.id}")
    assert written(world, "full") == (0, file.rows, 0)
    assert world.value("SELECT count(*) FROM core.talks WHERE texts IS NULL AND begun < '2026-02-01'") == 0


@pytest.mark.parametrize("point", ["staged", "inside_merge", "before_commit", "after_commit"])
@pytest.mark.faults
def test_a_process_that_dies_leaves_no_text_without_a_file(world: World, tmp_path: Path, point: str) -> None:
    before = world.rows(WHOLE)
    world.close()
    assert killed_at(point, world, lambda: archive(world, tmp_path)) == KILLED
    months = world.rows("SELECT month::text FROM ctl.archived_file")
    assert months == ([("2026-01-01",)] if point == "after_commit" else [])
    assert world.value("SELECT count(*) FROM core.talks WHERE texts IS NULL") == world.value(LISTED)
    assert len(archive(world, tmp_path)) == 4 - len(months)
    for month in range(1, 5):
        restore(world, tmp_path, f"2026-{month:02d}")
    assert world.rows(WHOLE) == before


def test_a_folder_that_cannot_be_written_stops_it(world: World, tmp_path: Path) -> None:
    (tmp_path / "t.core.talks").write_text("in the way")
    with pytest.raises(ArchiveError, match=r"2026-01 cannot be archived in .*The warehouse was not changed"):
        archive(world, tmp_path)
    assert world.value("SELECT count(*) FROM core.talks WHERE texts IS NULL") == 0


def test_declarations_that_cannot_be_archived_are_refused(world: World) -> None:
    for wrong in (TextArchive("id", "begun"), TextArchive("texts", "size"), TextArchive("texts", "begun", 0)):
        with pytest.raises(SpecError, match="archive"):
            spec("core.x", [("id", sa.BigInteger()), ("texts", sa.Text()), ("size", sa.Integer())], ("id",),
                 Merge(), archive=wrong)  # fmt: skip
