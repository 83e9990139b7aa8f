"""What audits change between two extractions of a month (specs/sigos.md 8.2): the change log, by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime

from etl_assets_tests.sigos import Sigos, written

CHANGES = ["sigos_service_change"]
FIRST, SECOND, THIRD = "2025-04-02 12:00-03", "2025-05-02 22:30-03", "2025-06-02 12:00-03"


def changes(sigos: Sigos, *columns: str) -> list[tuple[object, ...]]:
    """Load the log alone; its rows by extraction and inspection report."""
    sigos.load(only=CHANGES)
    named = ", ".join(columns)
    report = "coalesce(new_values ->> 'toi', old_values ->> 'toi', '')"
    return sigos.rows(f"SELECT {named} FROM silver.sigos_service_change ORDER BY report, _extraction, {report}, 1")


def test_the_first_extraction_of_a_month_logs_nothing(sigos: Sigos) -> None:
    sigos.extract("general", {}, {"toi": "2"}, at=FIRST)
    assert changes(sigos, "change_type") == []


def test_what_came_changed_and_went(sigos: Sigos) -> None:
    stays = {"toi": "0"}
    sigos.extract("general", stays, {"toi": "1", "status": "PENDENTE", "rs_negociado": ""}, {"toi": "2"}, at=FIRST)
    sigos.extract("general", stays, {"toi": "1", "rs_negociado": "1.234,50"}, {"toi": "3"}, at=SECOND)
    rows = changes(sigos, "report", "change_type", "changed_columns", "old_values", "new_values")
    whole = {
        "uc_md": "0012345678", "status": "BAIXADO", "municipio": "PELOTAS", "tipo_servico": "INSPECAO", "cod": "109",
        "equipe": "RS-PEL-F001M", "data_execucao": "2025-03-10", "ramal_mono": 0.0, "ramal_bi": 0.0, "ramal_tri": 0.0,
    }  # fmt: skip
    changed = (
        "general", "U", ["rs_negociado", "status"],
        {"rs_negociado": None, "status": "PENDENTE"}, {"rs_negociado": 1234.5, "status": "BAIXADO"},
    )  # fmt: skip
    assert [r for r in rows if r[1] == "U"] == [changed]
    assert [r for r in rows if r[1] == "D"] == [("general", "D", [], whole | {"toi": "2"}, None)]
    assert [r for r in rows if r[1] == "I"] == [("general", "I", [], None, whole | {"toi": "3"})]


def test_when_it_is_detected_and_how_old_the_service_is_then(sigos: Sigos) -> None:
    """By the day of Sao Paulo: half past ten in the evening is the next day in UTC."""
    sigos.extract("general", {}, at=FIRST)
    sigos.extract("general", {"status": "CANCELADO"}, at=SECOND)
    detected = datetime(2025, 5, 3, 1, 30, tzinfo=UTC)
    age = (date(2025, 5, 2) - date(2025, 3, 10)).days
    assert changes(sigos, "detected_at", "age_days", "data_execucao", "_partition_month") == [
        (detected, age, date(2025, 3, 10), date(2025, 3, 1))
    ]


def test_each_extraction_is_held_against_the_one_before(sigos: Sigos) -> None:
    for status, at in (("PENDENTE", FIRST), ("BAIXADO", SECOND), ("PENDENTE", THIRD)):
        sigos.extract("general", {"status": status}, at=at)
    assert changes(sigos, "_extraction", "new_values ->> 'status'") == [(2, "BAIXADO"), (3, "PENDENTE")]


def test_a_month_that_becomes_empty_and_comes_back(sigos: Sigos) -> None:
    sigos.extract("general", {}, at=FIRST)
    sigos.extract("general", at=SECOND)
    sigos.extract("general", {}, at=THIRD)
    assert changes(sigos, "_extraction", "change_type") == [(2, "D"), (3, "I")]


def test_what_is_logged_stays_when_bronze_forgets_and_a_second_run_writes_nothing(sigos: Sigos) -> None:
    for number, at in enumerate((FIRST, SECOND, THIRD)):
        sigos.extract("general", {"status": f"S{number}"}, at=at, keep=1 if number == 2 else 3)
        sigos.load(only=CHANGES)
    assert sigos.one("SELECT count(DISTINCT _extraction) FROM bronze.sigos_general_raw") == 1
    assert changes(sigos, "_extraction") == [(2,)], "of the third nothing is known: the second is gone"
    assert written(sigos.load("full", only=CHANGES)) == {}
    sigos.extract("general", {"status": "S3"}, at="2025-07-02 12:00-03")
    assert changes(sigos, "_extraction") == [(2,), (4,)]
    assert written(sigos.load(only=CHANGES)) == {}


def test_a_moved_date_goes_in_one_month_and_comes_in_the_other(sigos: Sigos) -> None:
    for month, kept in (("2025-03-01", "10/03/2025"), ("2025-04-01", "10/04/2025")):
        sigos.extract("general", {"data_execucao": kept}, month=month, at=FIRST)
    sigos.extract("general", month="2025-03-01", at=SECOND)
    sigos.extract(
        "general", {"data_execucao": "10/04/2025"}, {"data_execucao": "11/04/2025"}, month="2025-04-01", at=SECOND
    )
    assert sorted(changes(sigos, "_partition_month", "change_type")) == [
        (date(2025, 3, 1), "D"), (date(2025, 4, 1), "I"),
    ]  # fmt: skip


def test_blanks_and_case_alone_change_no_column(sigos: Sigos) -> None:
    sigos.extract("general", {"empresa": "Um"}, at=FIRST)
    sigos.extract("general", {"empresa": " UM "}, at=SECOND)
    assert changes(sigos, "change_type", "changed_columns", "old_values") == [("U", [], None)]


def test_of_names_it_says_that_they_changed(sigos: Sigos) -> None:
    columns = ("fiscal", "lancado_por", "backoffice", "obs_at")
    sigos.extract("general", dict.fromkeys(columns, "Ana"), at=FIRST)
    sigos.extract("general", dict.fromkeys(columns, "Eva") | {"sit_deixada": "ligado"}, at=SECOND)
    sigos.extract("return", {"fiscal": "Ana"}, at=FIRST)
    sigos.extract("return", {"fiscal": "Eva"}, at=SECOND)
    assert changes(sigos, "report", "changed_columns", "old_values", "new_values") == [
        ("general", sorted([*columns, "sit_deixada"]), {"sit_deixada": None}, {"sit_deixada": "LIGADO"}),
        ("return", ["fiscal"], None, None),
    ]


def test_of_several_records_of_a_key_the_winners_are_compared(sigos: Sigos) -> None:
    sigos.extract("general", {"status": "A"}, {"status": "B"}, at=FIRST)
    sigos.extract("general", {"status": "C"}, {"status": "B"}, at=SECOND)
    assert changes(sigos, "change_type") == [], "the one that stands last is the same"
    sigos.extract("general", {"status": "B"}, {"status": "C"}, at=THIRD)
    assert changes(sigos, "change_type", "new_values ->> 'status'") == [("U", "C")]


def test_rejected_records_are_no_services(sigos: Sigos) -> None:
    sigos.extract("general", {}, {"data_execucao": ""}, at=FIRST)
    sigos.extract("general", {"data_execucao": "x"}, at=SECOND)
    assert changes(sigos, "change_type") == [("D",)]
