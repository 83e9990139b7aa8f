"""Lacrei's stagings through their Dagster jobs, from the synthetic platform: rows, counts, planted cases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import dagster as dg
import pytest

from etl_assets.definitions import lacrei_system
from etl_assets.demo import lacrei
from etl_assets.demo.lacrei import CASES, SCHEMA, TABLES
from etl_assets.engine.spec import Snapshot
from etl_assets.orchestration.system import System
from etl_assets.settings import Settings
from etl_assets_tests.graph.world import Databases, World, counts, newest, rows, written

S1, S2 = "lacreisaude_staging_01", "lacreisaude_staging_02"
KEYS = {
    "lacreiid_user": "user_id", "lacreiid_profile": "profile_id", "lacreisaude_professional": "professional_id",
    "lacreisaude_clinic": "clinic_id", "lacreiid_cancellation": "cancellation_id", "lacreiid_report": "report_id",
}  # fmt: skip


@dataclass
class Platform(World):
    """As World: jobs read as a role that may not see what must never be read."""

    @property
    def _declared(self) -> System:
        return lacrei_system(Settings())

    @cached_property
    def settings(self) -> Settings:
        urls = {"lacrei_source_url": self.reader, "lacrei_warehouse_url": self.writer}
        return Settings.model_validate(urls | {"lacrei_hash_salt": "of this test alone"})

    @cached_property
    def system(self) -> System:
        return lacrei_system(self.settings)

    def staged(self) -> dict[str, str]:
        """Every row of both stagings, physical row versions included."""
        return self.fingerprint([f"{s}.{t}" for s in (S1, S2) for t in TABLES])


@pytest.fixture(scope="module")
def loaded(databases: Databases) -> Platform:
    """The small platform, loaded once stage by stage; for reading and copying."""
    source = databases.make("platform")
    lacrei.synthesize(source, "small")
    platform = Platform(source, databases.make("lacrei_dw"))
    platform.succeed("staging_01")
    platform.succeed("staging_02")
    return platform


@pytest.fixture
def platform(databases: Databases, loaded: Platform) -> Iterator[Platform]:
    made = Platform(databases.copy(loaded.source, "platform"), databases.copy(loaded.warehouse, "lacrei_dw"))
    yield made
    databases.drop(made.source)
    databases.drop(made.warehouse)


def test_every_source_is_observed_with_the_age_of_its_newest_row_where_rows_have_one(loaded: Platform) -> None:
    first = min(loaded.rows("SELECT run_id, dagster_run_id FROM audit.etl_run"))[1]
    seen = {k: newest(v) for k, v in loaded.observations(first).items()}
    assert {k.rsplit(".", 1)[1] for k in seen} == set(TABLES)
    undated = {s.name for s in loaded.system.graph.specs if s.is_mirror and isinstance(s.load, Snapshot)}
    assert {k.rsplit(".", 1)[1] for k, v in seen.items() if v is None} == undated
    for table in set(TABLES) - undated:
        ((expected,),) = rows(
            loaded.source,
            f'SELECT extract(epoch FROM max(updated_at)) FROM "{SCHEMA}".{table} WHERE updated_at <= now()',
        )
        assert seen[f"lacrei.source.{table}"] == pytest.approx(float(expected), abs=1e-3), table


def test_each_stage_runs_alone_and_counts_every_table(databases: Databases) -> None:
    """The seed's endpoints. Staging 02 of a warehouse without staging 01's rows is empty, and says so."""
    source = databases.make("platform")
    lacrei.synthesize(source, "small")
    platform = Platform(source, databases.make("lacrei_dw"))
    assert written(platform.succeed("staging_02")) == {}
    first = platform.succeed("staging_01")
    assert {e.entity for e in first.entities} == {f"lacrei.staging_01.{t}" for t in TABLES}
    for table in TABLES:
        ((number, ids),) = rows(source, f'SELECT count(*), count(DISTINCT id) FROM "{SCHEMA}".{table}')
        done = counts(first)[f"lacrei.staging_01.{table}"]
        assert (done["extracted"], done["inserted"], done["rejected"]) == (number, ids, number - ids), table
        assert platform.one(f"SELECT count(*) FROM {S1}.{table}") == ids, "one row per id of the source"
    second = platform.succeed("staging_02")
    for table in TABLES:
        done, key = counts(second)[f"lacrei.staging_02.{table}"], KEYS.get(table, "id")
        stored = platform.one(f"SELECT count(*) FROM {S2}.{table}")
        assert (done["extracted"], done["inserted"]) == (
            counts(first)[f"lacrei.staging_01.{table}"]["inserted"],
            stored,
        )
        assert platform.one(f"SELECT count(DISTINCT trim({key}::text)) FROM {S2}.{table}") == stored
    assert written(platform.succeed("staging_01")) == written(platform.succeed("staging_02")) == {}


def test_the_numbers_of_a_load_are_metadata_of_its_asset(loaded: Platform) -> None:
    record = loaded.instance.get_latest_materialization_event(
        dg.AssetKey(["lacrei", "staging_02", "lacreisaude_clinic"])
    )
    assert record is not None
    assert record.asset_materialization is not None
    metadata = {k: v.value for k, v in record.asset_materialization.metadata.items()}
    assert metadata["values_nulled"] == 3
    table = record.asset_materialization.metadata["values_nulled_by_column"]
    assert isinstance(table, dg.TableMetadataValue)
    assert [dict(r.data) for r in table.records] == [
        {"column": "consult_price", "reason": "not_an_amount", "values": 2},
        {"column": "duration_minutes", "reason": "not_an_integer", "values": 1},
    ]
    lineage = metadata["dagster/column_lineage"]
    assert isinstance(lineage, dg.TableColumnLineage)
    assert "address_line2" not in lineage.deps_by_column, "it is not read"
    assert [(d.asset_key.path[-2], d.column_name) for d in lineage.deps_by_column["consult_price"]] == [
        ("staging_01", "consult_price")
    ]


def of(platform: Platform, table: str, case: str, columns: str) -> list[tuple[object, ...]]:
    """The rows of staging 02 a planted case is about."""
    key = KEYS.get(table, "id")
    return platform.rows(
        f"SELECT {columns} FROM {S2}.{table} WHERE {key}::text = ANY(%s) ORDER BY {key}", list(CASES[case])
    )


def test_planted_cases_end_as_the_specification_says(loaded: Platform) -> None:
    p, appointment, user, clinic = loaded, "lacreiid_appointment", "lacreiid_user", "lacreisaude_clinic"
    for table, case in (
        (appointment, "appointment_padded"), (user, "user_padded"), ("lacreisaude_professional", "professional_padded"),
        (clinic, "clinic_padded"), (appointment, "appointment_twice"), (appointment, "appointment_twice_equal"),
        (appointment, "appointment_twice_padded"), (user, "user_twice"), (clinic, "clinic_twice_equal"),
        ("lacreiid_sexualorientation", "sexualorientation_padded"),
    ):  # fmt: skip
        assert len(of(p, table, case, "1")) == len(CASES[case]), case
    assert of(p, appointment, "appointment_blank_id", "1") == []
    joined = f"SELECT 1 FROM {S2}.lacreiid_appointment a JOIN {S2}.{{0}} x ON x.{{1}} = a.{{1}} WHERE a.id = ANY(%s)"
    for case, other, key in (
        ("appointment_padded_professional", "lacreisaude_professional", "professional_id"),
        ("appointment_padded_patient", "lacreiid_user", "user_id"),
    ):
        assert len(p.rows(joined.format(other, key), list(CASES[case]))) == 1, case
    spelled = of(p, user, "user_spelled_booleans", "is_active, newsletter_subscribed")
    assert len(spelled) == 2
    assert None not in [v for row in spelled for v in row]
    assert all(v is not None for (v,) in of(p, clinic, "clinic_price_with_both_separators", "consult_price"))
    assert all(v is not None for (v,) in of(p, clinic, "clinic_price_in_words", "consult_price"))
    for table, case, column in (
        (clinic, "clinic_price_not_a_number", "consult_price"), (clinic, "clinic_price_beyond_range", "consult_price"),
        (appointment, "appointment_date_unparsable", "appointment_date"),
        (appointment, "appointment_no_date", "appointment_date"),
        (user, "user_birth_date_unparsable", "birth_date"),
    ):  # fmt: skip
        assert {v for (v,) in of(p, table, case, column)} == {None}, case
    moments = {c: of(p, appointment, f"appointment_date_{c}", "appointment_date") for c in ("z", "offset", "no_offset")}
    assert all(len(m) == 1 and m[0][0] is not None for m in moments.values()), moments
    assert {v for (v,) in of(p, appointment, "appointment_canceled", "status")} == {"cancelled"}
    assert {v for (v,) in of(p, appointment, "appointment_online", "type")} == {"Online"}
    assert {v for (v,) in of(p, appointment, "appointment_type_mapped", "type")} == {"Online"}
    assert {v for (v,) in of(p, appointment, "appointment_type_other", "type")} == {"Outro"}
    assert p.one(f"SELECT count(*) FROM {S2}.lacreiid_disabilitytype") == p.one(
        f"SELECT count(*) - 1 FROM {S1}.lacreiid_disabilitytype"
    )


def test_a_day_of_life_ends_as_a_full_load_of_its_own_would(platform: Platform, databases: Databases) -> None:
    for _ in range(2):
        assert sum(lacrei.mutate(platform.source).values()) > 0
        assert written(platform.succeed("staging_01"))
        platform.succeed("staging_02")
    staged = platform.staged()
    assert written(platform.succeed("staging_01")) == written(platform.succeed("staging_02")) == {}
    assert platform.staged() == staged, "not one row version is new"
    anew = Platform(platform.source, databases.make("lacrei_dw"))
    anew.succeed("staging_01")
    anew.succeed("staging_02")
    for spec in platform.system.graph.specs:
        if spec.layer not in ("staging_01", "staging_02"):
            continue
        live = " WHERE NOT _is_deleted" if spec.marks_deletes else ""
        content = f"SELECT {', '.join(spec.data_columns)} FROM {spec.relation}{live}"
        assert sorted(map(str, platform.rows(content))) == sorted(map(str, anew.rows(content))), spec.entity


def test_deleted_rows_are_marked_and_nothing_else(platform: Platform) -> None:
    (gone,) = platform.rows(f"SELECT id FROM {S1}.lacreiid_appointment WHERE id = trim(id) AND id <> '' LIMIT 1")
    lacrei.delete(platform.source, "lacreiid_appointment", str(gone[0]))
    assert counts(platform.succeed("staging_01"))["lacrei.staging_01.lacreiid_appointment"]["deleted"] == 1
    assert written(platform.succeed("staging_02")) == {"lacrei.staging_02.lacreiid_appointment": 1}
    assert platform.rows(f"SELECT id FROM {S2}.lacreiid_appointment WHERE _is_deleted") == [gone]


@pytest.mark.parametrize("what", ["empty", "missing"])
def test_g03_an_empty_table_and_a_missing_one(databases: Databases, what: str) -> None:
    source = databases.make("platform")
    lacrei.synthesize(source, "small")
    platform = Platform(source, databases.make("lacrei_dw"))
    make = lacrei.empty_table if what == "empty" else lacrei.drop_table
    make(source, "lacreiid_report")
    if what == "empty":
        assert counts(platform.succeed("staging_01"))["lacrei.staging_01.lacreiid_report"]["extracted"] == 0
        return
    outcome = platform.run("staging_01")
    bad = {e.entity: e.error for e in outcome.entities if e.status != "success"}
    assert set(bad) == {"lacrei.staging_01.lacreiid_report"}, "the others are loaded"
    assert f"the source has no table or view {SCHEMA}.lacreiid_report" in str(bad)
