"""A user's DataFrame becomes a table by the same path as everything else."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from etl_assets.engine.dialects.postgres import PostgresDialect
from etl_assets.engine.errors import DataError, EtlError, RejectLimitError, SchemaDriftError, SpecError
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


def test_the_declaration_follows_from_the_types() -> None:
    at = pd.Timestamp("2026-05-01 10:00")
    frame = pd.DataFrame(
        {
            "whole": [1, 2],
            "nullable": pd.array([1, None], dtype="Int64"),
            "small": np.array([1, 2], dtype="int8"),
            "real": [0.5, np.nan],
            "yes": [True, False],
            "maybe": pd.array([True, None], dtype="boolean"),
            "naive": [at, pd.NaT],
            "aware": [at.tz_localize("America/Sao_Paulo"), pd.NaT],
            "day": [dt.date(2026, 5, 1), None],
            "text": ["a", None],
            "typed": pd.array(["a", pd.NA], dtype="string"),
            "kind": pd.Categorical(["x", None]),
            "mixed": ["a", 1],
            "money": [Decimal("1.10"), None],
            "took": [pd.Timedelta(hours=1), pd.NaT],
            "empty": [None, None],
        }
    )
    spec = declare("t.frames.all", frame, ("whole",))
    found = {c.name: PostgresDialect().declared_type(c) for c in spec.table.columns}
    assert found == {
        "whole": "bigint", "nullable": "bigint", "small": "bigint", "real": "double precision", "yes": "boolean",
        "maybe": "boolean", "naive": "timestamp without time zone", "aware": "timestamp with time zone", "day": "date",
        "text": "text", "typed": "text", "kind": "text", "mixed": "text", "money": "numeric", "took": "interval",
        "empty": "text",
    }  # fmt: skip
    assert spec.relation == "frames.all"


@pytest.mark.parametrize(
    ("frame", "key", "window", "message"),
    [
        (pd.DataFrame({"a": [1]}), ("id",), None, "no column 'id'; it has a"),
        (pd.DataFrame({"id": [1]}), ("id",), "day", "no column 'day'"),
        (pd.DataFrame({"id": [1]}), (), None, "needs a key"),
        (pd.DataFrame({"id": [1], 7: [1]}), ("id",), None, "must be text, found 7"),
        (pd.DataFrame([[1, 2]], columns=["id", "id"]), ("id",), None, "has column id twice"),
        (pd.DataFrame({"id": [1], "x": [1j]}), ("id",), None, "column x holds complex128"),
        (pd.DataFrame({"id": [1], "x": pd.period_range("2026", periods=1)}), ("id",), None, "column x holds period"),
        (pd.DataFrame({"id": [1], "day": ["2026-05-01"]}), ("id",), "day", "'day' must be a date or timestamp"),
    ],
)
def test_what_cannot_be_declared_is_refused_by_name(
    frame: pd.DataFrame, key: tuple[str, ...], window: str | None, message: str
) -> None:
    with pytest.raises(SpecError) as caught:
        declare("t.frames.x", frame, key, window=window)
    assert message in str(caught.value)


def test_a_relation_needs_three_parts() -> None:
    with pytest.raises(SpecError, match=r"must be system\.layer\.table"):
        declare("frames.x", pd.DataFrame({"id": [1]}), ("id",))


def test_values_arrive_as_they_are(make_world: MakeWorld) -> None:
    world = make_world()
    frame = pd.DataFrame(
        {
            "id": [1, 2],
            "real": [np.nan, np.inf],
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
    assert first[4].isoformat().startswith("2026-05-01T03:00:00")
    assert first[5:] == (frame.text[0], None, Decimal("1.10"))
    assert second == (2, np.inf, False, None, None, None, 2**62, None)
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
    assert not world.rows("SELECT 1 FROM pg_tables WHERE tablename = 'scores'")
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
    with pytest.raises(
        SchemaDriftError, match=r"column n of the DataFrame is double precision, but frames\.scores stores it as bigint"
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
