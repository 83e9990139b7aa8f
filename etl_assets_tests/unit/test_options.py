"""Run options refuse nonsense by name; counts add up."""

from __future__ import annotations

from typing import Any

import pytest

from etl_assets.engine.errors import SettingsError
from etl_assets.engine.options import COUNT_NAMES, Counts, Options, Result


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"mode": "everything"}, "mode 'everything' is unknown; use one of requested, changed, update, full"),
        ({"batch_size": 0}, "batch_size is 0; it must be at least 1"),
        ({"batch_size": -5}, "batch_size is -5; it must be at least 1"),
        ({"max_batches": 0}, "max_batches is 0; it must be at least 1"),
    ],
)
def test_refused_by_name(values: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Options(**values)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("values", "windowed"),
    [({}, False), ({"since": "2026-01-01"}, True), ({"until": "2026-01-01"}, True), ({"since": ""}, True)],
)
def test_a_window_is_a_window_with_one_end_too(values: dict[str, Any], windowed: bool) -> None:
    assert Options(**values).windowed is windowed


@pytest.mark.parametrize(
    ("mode", "load_type"), [("requested", "incremental"), ("changed", "incremental"), ("full", "full")]
)
def test_load_type_follows_the_mode(mode: Any, load_type: str) -> None:
    assert Options(mode=mode).load_type == load_type


def test_the_defaults_delete_nothing_in_bulk() -> None:
    assert not Options().allow_deletes
    assert Options().mode == "requested"


def test_counts_add_up_name_by_name() -> None:
    total = Counts(extracted=1, inserted=1)
    total.add(Counts(extracted=9, inserted=2, updated=3, unchanged=4, deleted=5, rejected=6))
    assert total.as_dict() == {
        "extracted": 10, "inserted": 3, "updated": 3, "unchanged": 4, "deleted": 5, "rejected": 6,
    }  # fmt: skip
    assert tuple(total.as_dict()) == COUNT_NAMES
    assert total.changed == 11


def test_results_share_no_counts() -> None:
    first, second = Result("t.a.b"), Result("t.a.c")
    first.counts.inserted += 1
    first.notes.append("x")
    assert (second.counts.inserted, second.notes) == (0, [])
