"""A user's DataFrame becomes a table by the same path as everything else."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from etl_assets.engine.errors import DataError, EtlError, RejectLimitError, SchemaDriftError
from etl_assets.engine.frame import FrameLoad, declare
from etl_assets.engine.options import Options, Result
from etl_assets_tests.invariants import assert_adds_up, assert_every_run_ended, assert_wrote_nothing
from etl_assets_tests.world import MakeWorld, World

MAY, JUNE = "2026-05-01", "2026-06-01"


def store(
    world: World,
    frame: pd.DataFrame,
    key: tuple[str, ...] = ("id",),
    window: str | None = None,
    months: tuple[str, ...] = (),
) -> Result:
    audit = world.audit()
    spec = declare("t.frames.scores", frame, key, window=window)
    try:
        return FrameLoad(spec, world.destination, audit, Options(), frame=frame, months=months).run()
    finally:
        audit.close([])


def scores(*days: str, first: int = 1) -> pd.DataFrame:
    return pd.DataFrame(
        {"id": range(first, first + len(days)), "day": [dt.date.fromisoformat(d) for d in days], "score": 0.5}
    )


def test_values_arrive_as_they_are(make_world: MakeWorld) -> None:
    world = make_world()
    frame = pd.DataFrame(
        {
            "id": [1, 2],
            "real": [np.nan, 1e300],
            "yes": [True, False],
            "at": [pd.Timestamp("2026-05-01 10:00:00.123456"), pd.NaT],
            "aware": [pd.Timestamp("2026-05-01", tz="America/Sao_Paulo"), pd.NaT],
            "text": ["tab\t nl\n back\\ '\"; DROP TABLE x; -- 💚", pd.NA],
            "order": pd.array([None, 2**62], dtype="Int64"),
            "money": [Decimal("1.10"), None],
        }
    )
    assert store(world, frame).counts.inserted == 2
    first, second = world.rows("SELECT * FROM frames.scores ORDER BY id")
    assert first[1:3] == (None, True)
    assert str(first[3]) == "2026-05-01 10:00:00.123456"
    assert first[4] == frame.aware[0]
    assert first[5:] == (frame.text[0], None, Decimal("1.10"))
    assert second == (2, 1e300, False, None, None, None, 2**62, None)
    assert_wrote_nothing(store(world, frame))
    assert_every_run_ended(world)


def test_without_months_the_frame_is_the_whole_table(make_world: MakeWorld) -> None:
    world = make_world()
    store(world, scores("2026-05-01", "2026-05-02", "2026-06-01"))
    changed = scores("2026-05-01", "2026-05-03")
    result = store(world, changed)
    assert (result.counts.updated, result.counts.unchanged, result.counts.deleted) == (1, 1, 1)
    assert_adds_up(result)
    assert world.control_of("t.frames.scores")["initialized_at"] is not None


@pytest.mark.parametrize("kind", ["date", "naive", "aware"])
def test_months_are_replaced_and_only_they(make_world: MakeWorld, kind: str) -> None:
    world = make_world()

    def frame(*days: str, first: int = 1) -> pd.DataFrame:
        made = scores(*days, first=first)
        if kind != "date":
            made["day"] = pd.to_datetime(made["day"])
        if kind == "aware":
            made["day"] = made["day"].dt.tz_localize("America/Sao_Paulo")
        return made

    store(world, frame("2026-05-01", "2026-05-31"), window="day", months=(MAY,))
    store(world, frame("2026-06-01", first=3), window="day", months=(JUNE,))
    result = store(world, frame("2026-05-31", first=2), window="day", months=(MAY,))
    assert (result.counts.unchanged, result.counts.deleted) == (1, 1)
    assert result.months[MAY].deleted == 1
    assert_adds_up(result)
    nothing = pd.DataFrame({"id": [], "day": [], "score": []})
    emptied = store(world, nothing, window="day", months=(MAY, JUNE))
    assert emptied.counts.deleted == 2
    assert {m: c.deleted for m, c in emptied.months.items()} == {MAY: 1, JUNE: 1}


@pytest.mark.parametrize("days", [("2026-05-01", "2026-06-01"), ("2026-05-01", "2026-04-30")])
def test_rows_of_other_months_are_refused(make_world: MakeWorld, days: tuple[str, str]) -> None:
    world = make_world()
    with pytest.raises(
        DataError, match=r"1 row\(s\) of the DataFrame have a day outside the months asked for \(2026-05-01\)"
    ):
        store(world, scores(*days), window="day", months=(MAY,))
    undated = scores("2026-05-01", "2026-05-02")
    undated.loc[1, "day"] = None
    with pytest.raises(DataError, match=r"1 row\(s\)"):
        store(world, undated, window="day", months=(MAY,))
    assert not world.backend.dialect.exists(world.connection, "frames.scores")
    assert_every_run_ended(world)


@pytest.mark.parametrize("text", ["nul \x00 inside", "half \ud83d pair"])
def test_text_no_server_stores_is_refused_by_column_without_the_value(make_world: MakeWorld, text: str) -> None:
    world = make_world()
    with pytest.raises(DataError) as caught:
        store(world, pd.DataFrame({"id": [1, 2], "remark": ["ok", text]}))
    assert "column remark" in str(caught.value)
    assert "row 2" in str(caught.value)
    assert "inside" not in str(caught.value)
    assert "pair" not in str(caught.value).replace("surrogate pair", "")
    assert world.value("SELECT status FROM audit.etl_run_entity") == "failed"


def test_bad_rows_take_the_same_path(make_world: MakeWorld) -> None:
    world = make_world()
    frame = pd.DataFrame({"id": pd.array([1, 1, 2, None], dtype="Int64"), "v": [1, 2, 3, 4]})
    result = store(world, frame)
    assert (result.counts.inserted, result.counts.rejected) == (2, 2)
    assert world.rows("SELECT row_key, reason FROM ctl.rejected_row ORDER BY 1") == [
        ("[1]", "duplicate_key"),
        ("[null]", "null_key"),
    ]
    with pytest.raises(RejectLimitError, match="duplicate_key: "):
        store(world, pd.DataFrame({"id": [1] * 20, "v": range(20)}))


def test_a_column_that_pandas_types_differently_today_still_fits(make_world: MakeWorld) -> None:
    world = make_world()
    store(world, pd.DataFrame({"id": [1, 2], "n": [5, 6], "day": [dt.date(2026, 5, 1), None]}))
    later = pd.DataFrame({"id": [1, 2], "n": [5, np.nan], "day": [None, None]})
    assert store(world, later).counts.updated == 2
    assert world.rows("SELECT n, day FROM frames.scores ORDER BY id") == [(5, None), (None, None)]
    real = world.backend.typed(sa.Double())
    with pytest.raises(
        SchemaDriftError, match=rf"column n of the DataFrame is {real}, but frames\.scores stores it as bigint"
    ):
        store(world, pd.DataFrame({"id": [1], "n": [0.5], "day": [None]}))


def test_new_columns_are_added(make_world: MakeWorld) -> None:
    world = make_world()
    store(world, pd.DataFrame({"id": [1]}))
    assert store(world, pd.DataFrame({"id": [1], "more": ["x"]})).counts.updated == 1


def test_a_frame_waits_for_the_lock_of_its_table(make_world: MakeWorld) -> None:
    world = make_world()
    frame: Any = scores("2026-05-01")
    spec = declare("t.frames.scores", frame, ("id",))
    with world.destination.writer("frames.scores", 1), pytest.raises(EtlError, match="being loaded by another run"):
        FrameLoad(spec, world.destination, world.audit(), Options(lock_wait_seconds=0.2), frame=frame).run()
