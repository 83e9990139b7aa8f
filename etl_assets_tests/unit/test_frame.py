"""What a DataFrame is declared as, and what of it cannot be."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from etl_assets.engine.dialects.postgres import PostgresDialect
from etl_assets.engine.errors import SpecError
from etl_assets.engine.frame import declare


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
