"""A check that reads a table its own does not read waits for it, and blocks what is downstream until then."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy as sa

from etl_assets.engine.checks import NoRows
from etl_assets.engine.dialects.postgres import PostgresDialect
from etl_assets.engine.errors import SpecError
from etl_assets.engine.graph import Graph
from etl_assets.engine.spec import Replace, TableSpec
from etl_assets.orchestration.checks import build_checks
from etl_assets.orchestration.system import Cadence, System
from etl_assets_tests.world import HEADER, spec

CHECK = NoRows("agrees", "SELECT 1 AS one FROM a.rejected", "Nothing is rejected", blocking=True, after=("a.rejected",))


def system(root: Path, *specs: TableSpec) -> System:
    for name in ("stored", "rejected"):
        path = root / "t" / "a" / f"{name}.sql"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{HEADER}SELECT CAST(1 AS integer) AS one\n", encoding="utf-8")

    def nowhere() -> sa.URL:
        return sa.make_url("postgresql://nowhere")

    pg = PostgresDialect()
    return System("t", "T", Graph("t", specs, root), pg, pg, nowhere, nowhere, Cadence("0 0 * * *", "0 0 * * 0", 1), "")


def table(name: str, *checks: NoRows) -> TableSpec:
    return spec(f"a.{name}", [("one", sa.Integer())], ("one",), Replace(), checks=checks)


def test_it_waits_for_what_it_reads(tmp_path: Path) -> None:
    made = build_checks(system(tmp_path, table("stored", CHECK), table("rejected")))
    specs = {(s.asset_key.path[-1], s.name): s for checks in made for s in checks.check_specs}
    waits = {k: [d.asset_key.path[-1] for d in s.additional_deps] for k, s in specs.items()}
    assert waits[("stored", "agrees")] == ["rejected"]
    assert waits[("stored", "unique_key")] == []
    assert specs[("stored", "agrees")].blocking
    inputs = {
        key
        for m in made
        if ("stored", "agrees") in {(s.asset_key.path[-1], s.name) for s in m.check_specs}
        for key in m.keys_by_input_name.values()
    }
    assert inputs == {dg.AssetKey(["t", "a", "stored"]), dg.AssetKey(["t", "a", "rejected"])}


def test_what_it_waits_for_must_be_an_asset(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"check 'agrees' waits for a\.elsewhere, which no asset of t declares"):
        build_checks(system(tmp_path, table("stored", replace(CHECK, after=("a.elsewhere",)))))
