"""How a record of SIGOS becomes values, a key and a row of silver (specs/sigos.md 6.2): each rule, by hand.

The original's eight tests (7.1) have theirs here under the same names; test_gap_NN are those of section 10.
"""

from __future__ import annotations

import hashlib
from datetime import date, time
from decimal import Decimal
from typing import Any

import pytest

from etl_assets_tests.sigos import SALT, Sigos, written

EQUIPES = {
    "RS-PEL-F001M": ("SUL", "BT", "BT"),
    "POA2F107": ("NORTE", "BT", "BT"),
    "RS-PEL-A001M": ("SUL", "AT", "AT"),
    "POA2A001": ("NORTE", "AT", "AT"),
}


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def services(sigos: Sigos, *columns: str) -> list[tuple[Any, ...]]:
    return sigos.rows(f"SELECT {', '.join(columns)} FROM silver.sigos_service ORDER BY 1")


def test_texts_are_trimmed_collapsed_and_in_capitals_and_null_words_are_null(sigos: Sigos) -> None:
    given = ["  lc  contratos ", "Ação\u00a0 é\tisto\n", "", " ", "null", "None", " NaN ", "-", "nulls", "--", "ª"]
    found = sigos.parsed("general", "empresa", *given, None)
    assert found == ["LC CONTRATOS", "AÇÃO É ISTO", None, None, None, None, None, None, "NULLS", "--", "ª", None]


def test_capitals_do_not_depend_on_the_locale_of_the_database(sigos: Sigos) -> None:
    """upper() of a database of locale C leaves accents alone."""
    lower = "áàâãäåéèêëíìîïóòôõöúùûüçñý"
    sigos.parsed("general", "municipio", lower)
    plain = "AAAAAAEEEEIIIIOOOOOUUUUCNY"
    assert sigos.rows("SELECT municipio, municipio_norm FROM silver.sigos_general_typed") == [(lower.upper(), plain)]
    rule = sigos.one("SELECT pg_get_viewdef('silver.sigos_general_typed'::regclass)")
    assert f"'{lower}'::text, '{lower.upper()}'::text" in rule


def test_normalize_date_columns_sucesso(sigos: Sigos) -> None:
    assert sigos.parsed("general", "data_afericao", "01/11/2025", "15/03/2024") == [
        date(2025, 11, 1),
        date(2024, 3, 15),
    ]


def test_normalize_date_columns_invalidas(sigos: Sigos) -> None:
    assert sigos.parsed("general", "data_afericao", "00/00/0000", "", "NULL") == [None, None, None]


def test_datas_invalidas_viram_none(sigos: Sigos) -> None:
    wrong = ["32/13/2025", "0000-00-00", "nan", "None", "31/02/2025", "29/02/2025", "31/04/2025", "00/01/2025"]
    assert sigos.parsed("general", "data_afericao", *wrong) == [None] * len(wrong)
    assert sigos.parsed("general", "data_afericao", "29/02/2024", "2024-02-29") == [date(2024, 2, 29)] * 2


def test_gap_22_a_time_does_not_lose_the_date_and_nothing_is_read_month_first(sigos: Sigos) -> None:
    """As built: 01/11/2025 10:00:00 is null, and 01-11-2025 is the 11th of January."""
    given = {
        "1/1/2025": date(2025, 1, 1),
        "01/11/2025 10:00:00": date(2025, 11, 1),
        " 01/11/2025  9:05 ": date(2025, 11, 1),
        "2025-11-01": date(2025, 11, 1),
        "2025-11-01 10:00": date(2025, 11, 1),
        "2025-11-01t10:00:00.5": date(2025, 11, 1),
        "01/11/25": None,
        "01-11-2025": None,
        "13-11-2025": None,
        "20251101": None,
        "2025-13-01": None,
        "01/11/2025 at ten": None,
        "١/١/2025": None,
    }
    assert sigos.parsed("general", "data_afericao", *given) == list(given.values())


def test_a_year_lies_between_2000_and_the_one_after_the_extraction(sigos: Sigos) -> None:
    years = ["31/12/1999", "01/01/2000", "31/12/2026", "01/01/2027", "01/01/9999"]
    in_2025 = [None, date(2000, 1, 1), date(2026, 12, 31), None, None]
    assert sigos.parsed("general", "data_afericao", *years, at="2025-12-31 23:59-03") == in_2025
    # In UTC it would be 2026 already, and 2027 the year after it.
    assert sigos.parsed("general", "data_afericao", "01/01/2027", at="2026-01-01 00:01-03") == [date(2027, 1, 1)]


def test_gap_23_amounts_are_numbers(sigos: Sigos) -> None:
    """As built: amounts stay text, blanks are ''."""
    given = {
        "1.234,56": "1234.56", "R$ 1.234,56": "1234.56", "900": "900", "0,5": "0.5", "-12,00": "-12", "": None,
        "1.234": "1234", "12.345.678,9": "12345678.9", "1234.56": None, "1.23": None, "abc": None, "1,234": None,
        "R$": None, "999.999.999.999,99": "999999999999.99", "1.000.000.000.000": None, "12,": None,
        " 1 234,5 ": "1234.5",
    }  # fmt: skip
    wanted = [None if v is None else Decimal(v) for v in given.values()]
    assert sigos.parsed("general", "rs_negociado", *given) == wanted
    assert sigos.parsed("general", "ramal_mono", "", "12,5", "x", "123.456.789") == [0, Decimal("12.5"), None, None]
    assert sigos.parsed("general", "qtd_parcelas", "12", "", "012", "1,5", "9999999999") == [12, None, 12, None, None]


def test_flags(sigos: Sigos) -> None:
    given = ["SIM", "s", "1", " x ", "NAO", "não", "N", "0", "", "TALVEZ", None]
    wanted = [True] * 4 + [False] * 4 + [None] * 3
    assert sigos.parsed("general", "toi_entregue", *given) == wanted
    assert sigos.parsed("general", "serv_de_pedreiro", "sim", into="serv_pedreiro") == [True]


def test_times(sigos: Sigos) -> None:
    given = ["09:15", "9:5", "10:02:11", "24:00", "10:60", "1015", ""]
    wanted = [time(9, 15), time(9, 5), time(10, 2, 11), None, None, None, None]
    assert sigos.parsed("general", "hora_fim_servico", *given) == wanted


def test_values_that_are_not_of_their_type_are_counted(sigos: Sigos) -> None:
    sigos.extract(
        "general",
        {"data_afericao": "00/00/0000", "rs_negociado": "abc", "toi_entregue": "TALVEZ", "hora": "25:00"},
        {"toi": "2", "data_afericao": "", "rs_negociado": "-", "toi_entregue": "null"},
    )
    sigos.load()
    assert services(sigos, "toi", "_bad_values") == [("2", 0), ("7654321", 4)]
    assert sigos.violations("sigos_service")["values_readable"] == 1


def test_units_and_codes_without_padding(sigos: Sigos) -> None:
    given = {"0012345678": "12345678", "1234567-8": "12345678", "12.345.678": "12345678", "0000": None, "MD X": None}
    assert sigos.parsed("general", "uc_md", *given, "", into="uc_md_norm, uc_missing") == [
        *((v, False) for v in given.values()), (None, True),
    ]  # fmt: skip
    assert sigos.parsed("general", "cod", "0300", "300", "A1", into="cod, cod_norm") == [
        ("0300", "300"), ("300", "300"), ("A1", "A1"),
    ]  # fmt: skip


def test_the_key_is_the_digest_of_five_normalised_columns(sigos: Sigos) -> None:
    plain = sha("12345678|2025-03-10|109|7654321|RS-PEL-F001M")
    same = {"uc_md": "1234567-8", "data_execucao": "2025-03-10 08:00", "cod": "0109", "equipe": " rs-pel-f001m "}
    blank = {"uc_md": "", "cod": "", "toi": "NULL", "equipe": "-"}
    sigos.extract("general", {}, same, blank, {"uc_md": " md  x "})
    found = sigos.rows("SELECT service_key FROM silver.sigos_general_typed ORDER BY _line_no")
    assert [k for (k,) in found] == [
        plain,
        plain,
        sha("|2025-03-10|||"),
        sha("MD X|2025-03-10|109|7654321|RS-PEL-F001M"),
    ]
    sigos.extract("return", {})
    assert sigos.one("SELECT return_key FROM silver.sigos_return_typed") == plain


def test_regional_e_grupo_baseado_em_equipe(sigos: Sigos) -> None:
    assert sigos.parsed("general", "equipe", *EQUIPES, into="regional, grupo, grupo_norm") == list(EQUIPES.values())


def test_gap_21_case_and_odd_codes_of_teams(sigos: Sigos) -> None:
    """As built: a lower-case team is of the other region, and the A0 rule is all there is."""
    given = {
        "rs-pel-f001m": ("SUL", "BT", "BT"),
        " POA2a001": ("NORTE", "AT", "AT"),
        "POA2A101": ("NORTE", "BT", "AT"),
        "POA0F101": ("NORTE", "AT", "BT"),
        "POA0A0F1": ("NORTE", "AT", None),
        "RS-PEL-A001": ("SUL", "AT", "AT"),
        "RS-PEL-A001MM": ("SUL", "AT", None),
        "": ("NORTE", "BT", None),
    }
    assert sigos.parsed("general", "equipe", *given, into="regional, grupo, grupo_norm") == list(given.values())
    sigos.load()
    assert sigos.violations("sigos_service")["grupo_agrees"] == 2


def test_deduplicacao_mantem_mais_recente(sigos: Sigos) -> None:
    """Of two extractions the latest counts, whatever the earlier had."""
    sigos.extract("general", {"status": "PENDENTE"}, {"toi": "1"}, at="2025-04-02 12:00-03")
    sigos.extract("general", {"status": "BAIXADO"}, {"toi": "1"}, at="2025-04-02 15:00-03")
    sigos.load()
    assert services(sigos, "toi", "status", "dup_count") == [("1", "BAIXADO", 0), ("7654321", "BAIXADO", 0)]


def test_gap_02_the_winner_is_what_was_got_and_stands_last(sigos: Sigos) -> None:
    """As built: the survivor is arbitrary, mostly the row read first, and x (10).csv comes before x (2).csv."""
    early, late = "2025-04-02 12:00-03", "2025-04-02 12:01-03"
    whole, half = ("2025-03-01", "2025-04-01"), ("2025-03-01", "2025-03-16")
    a, b, c = "1", "2", "3"
    sigos.extract("general", {"toi": a, "status": "old"}, {"toi": b, "status": "old"}, at=early, file="x (2).csv")
    sigos.extract(
        "general", {"toi": b, "status": "newer file"}, {"toi": c, "status": "early line"},
        {"toi": c, "status": "late line"}, {"toi": c, "status": "late line"}, at=late, file="x (10).csv", same=True,
        window=half,
    )  # fmt: skip
    sigos.extract("general", {"toi": c, "status": "ends later"}, at=late, file="x (1).csv", same=True, window=whole)
    sigos.load()
    assert services(sigos, "toi", "status", "dup_count") == [
        (a, "OLD", 0), (b, "NEWER FILE", 1), (c, "ENDS LATER", 3),
    ]  # fmt: skip
    assert "bronze_accounted" not in sigos.violations("sigos_service")


def test_gap_05_a_record_without_a_day_is_rejected_alone(sigos: Sigos) -> None:
    """As built: one null date raises, and if all are null nothing is deleted and rows pile up."""
    sigos.extract("general", {}, {"data_execucao": "", "fiscal": "Ana; B"}, {"data_execucao": "31/02/2025"})
    sigos.extract("return", {"data_execucao": "NULL", "status": "x"})
    sigos.load()
    raw = "0012345678;BAIXADO;;;;Pelotas;INSPECAO;;;109;;;7654321;;;;;;;;RS-PEL-F001M;Ana; B" + ";" * 17
    rejected = sigos.rows("SELECT report, _line_no, reason, raw FROM silver.sigos_rejected_row ORDER BY 1, 2")
    assert rejected[0] == ("general", 3, "no_day", raw)
    assert [r[:3] for r in rejected] == [("general", 3, "no_day"), ("general", 4, "no_day"), ("return", 2, "no_day")]
    assert len(services(sigos, "service_key")) == 1


def test_gap_20_a_row_outside_of_the_days_asked_for_is_rejected_and_the_boundary_day_is_asked_for(sigos: Sigos) -> None:
    sigos.extract(
        "general", {"data_execucao": "01/03/2025"}, {"data_execucao": "15/03/2025"}, {"data_execucao": "16/03/2025"},
        window=("2025-03-01", "2025-03-15"),
    )  # fmt: skip
    sigos.extract("general", {"data_execucao": "01/04/2025"}, same=True)
    sigos.load()
    assert services(sigos, "data_execucao") == [(date(2025, 3, 1),), (date(2025, 3, 15),)]
    rejected = sigos.rows("SELECT _line_no, reason FROM silver.sigos_rejected_row ORDER BY reason DESC")
    assert rejected == [(4, "outside_window"), (2, "other_month")]


def test_gap_03_a_ragged_record_is_set_aside_as_it_was(sigos: Sigos) -> None:
    """As built: it turns the whole file into one column."""
    sigos.extract("general", {}, {"_problem": "ragged", "_raw": "1;2;3", "data_execucao": ""})
    sigos.load()
    assert sigos.rows("SELECT _line_no, reason, raw FROM silver.sigos_rejected_row") == [(3, "ragged", "1;2;3")]
    assert len(services(sigos, "service_key")) == 1
    sigos.extract("general", {}, {"toi": "mended"})
    sigos.load()
    assert sigos.rows("SELECT 1 FROM silver.sigos_rejected_row") == []
    assert len(services(sigos, "service_key")) == 2


def test_gap_24_a_missing_key_value_uses_all_five_columns_still(sigos: Sigos) -> None:
    """As built: a key column that is not found is left out of the key, and valid rows are dropped."""
    sigos.extract("general", *({"uc_md": None, "toi": t, "equipe": e} for t in "12" for e in ("POA1F101", "")))
    sigos.load()
    assert sigos.rows("SELECT uc_missing, toi, equipe FROM silver.sigos_service ORDER BY toi, equipe") == [
        (True, "1", "POA1F101"), (True, "1", None), (True, "2", "POA1F101"), (True, "2", None),
    ]  # fmt: skip
    assert sigos.violations("sigos_service")["unit_known"] == 4


def test_gap_25_returns_of_one_service_are_one_row_that_tells_how_many(sigos: Sigos) -> None:
    """As built: they collapse into one. An exact duplicate is no second return."""
    first = {"motivo": "DOCUMENTACAO", "data_entrega": "20/03/2025"}
    again = {"motivo": "MEDIDOR", "data_entrega": "25/03/2025"}
    sigos.extract("return", first, first, again, {"toi": "1"})
    sigos.load()
    assert sigos.rows(
        "SELECT toi, motivo, data_entrega, occurrences, dup_count FROM silver.sigos_service_return ORDER BY toi"
    ) == [("1", "DOCUMENTACAO", None, 1, 0), ("7654321", "MEDIDOR", date(2025, 3, 25), 2, 2)]


def test_gap_27_names_end_in_bronze(sigos: Sigos) -> None:
    """As built: names are unprotected everywhere. A pseudonym tells people apart whatever case they are written in."""
    who = {"fiscal": "Fiscal Silva", "lancado_por": "Lanca Souza", "obs_at": "ligar para Obs", "backoffice": "Ana Back"}
    sigos.extract("general", who, {**who, "toi": "2", "backoffice": " ana  BACK"}, {"toi": "3"})
    sigos.extract("return", {"fiscal": "Fiscal Silva"})
    sigos.extract("general", {**who, "backoffice": "Eva Back", "fiscal": "Outro Silva"}, {"toi": "4", **who})
    sigos.load()
    stored = sigos.rows(
        "SELECT t::text FROM (SELECT to_jsonb(s) AS t FROM silver.sigos_service s UNION ALL "
        "SELECT to_jsonb(s) FROM silver.sigos_service_return s UNION ALL "
        "SELECT to_jsonb(s) FROM silver.sigos_service_change s UNION ALL "
        "SELECT to_jsonb(s) FROM silver.sigos_general_typed s UNION ALL "
        "SELECT to_jsonb(s) FROM silver.sigos_return_typed s) x"
    )
    text = "\n".join(t for (t,) in stored).upper()
    assert "7654321" in text
    assert not [w for w in ("SILVA", "SOUZA", "OBS ", 'BACK"', "ANA", "EVA ") if w in text.replace("NULL", "")]
    assert dict(services(sigos, "toi", "backoffice")) == {
        "7654321": sha(f"{SALT}|backoffice|EVA BACK"), "4": sha(f"{SALT}|backoffice|ANA BACK"),
    }  # fmt: skip


def test_gap_27_personal_data_is_declared(sigos: Sigos) -> None:
    tagged = {
        f"{s.name}.{c.name}": c.info["pii"]
        for s in sigos.destination.graph.specs
        for c in s.table.columns
        if "pii" in c.info
    }
    assert tagged == {
        "sigos_general_raw.fiscal": "direct_identifier",
        "sigos_general_raw.lancado_por": "direct_identifier",
        "sigos_general_raw.backoffice": "direct_identifier",
        "sigos_general_raw.obs_at": "free_text",
        "sigos_return_raw.fiscal": "direct_identifier",
        "sigos_rejected_row.raw": "free_text",
        "sigos_service.backoffice": "pseudonym",
        "general_reports.BACKOFFICE": "direct_identifier",
    }


def test_gap_26_the_moment_of_an_extraction_has_its_zone(sigos: Sigos) -> None:
    sigos.extract("general", {}, at="2025-04-02 23:30-03")
    sigos.load()
    utc = "_extracted_at AT TIME ZONE 'UTC'"
    assert sigos.one(f"SELECT to_char({utc}, 'YYYY-MM-DD HH24:MI') FROM silver.sigos_service") == "2025-04-03 02:30"


def test_gap_19_keys_and_indexes(sigos: Sigos) -> None:
    """As built: no table has a key or an index."""
    _ = sigos.destination
    indexes = "\n".join(i for (i,) in sigos.rows("SELECT indexdef FROM pg_indexes WHERE schemaname IN ('silver')"))
    for column in ("service_key", "data_execucao", "equipe", "uc_md_norm", "municipio_norm"):
        assert f"sigos_service USING btree ({column})" in indexes, column
    for column in ("return_key", "data_execucao", "equipe", "uc_md_norm"):
        assert f"sigos_service_return USING btree ({column})" in indexes, column


def test_gap_01_a_failing_load_leaves_the_month_as_it_was(sigos: Sigos, monkeypatch: pytest.MonkeyPatch) -> None:
    """As built: the range is deleted in a transaction of its own, and a failed insert leaves it empty."""
    sigos.extract("general", {}, {"toi": "2"})
    sigos.load()
    before = sigos.rows("SELECT t::text, xmin::text FROM silver.sigos_service t ORDER BY 1")
    sigos.extract("general", {"toi": "3"})

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("after the rows were deleted")

    monkeypatch.setattr("etl_assets.engine.pending.record", fail)
    with pytest.raises(Exception, match="RuntimeError"):
        sigos.load(only=["sigos_service"])
    monkeypatch.undo()
    assert sigos.rows("SELECT t::text, xmin::text FROM silver.sigos_service t ORDER BY 1") == before
    sigos.load()
    assert services(sigos, "toi") == [("3",)]


def test_gap_06_what_the_portal_no_longer_has_goes(sigos: Sigos) -> None:
    """As built: rows before the first day found in the data survive."""
    sigos.extract("general", {"data_execucao": "01/03/2025"}, {"data_execucao": "20/03/2025"})
    sigos.extract("general", {"data_execucao": "05/02/2025"}, month="2025-02-01")
    sigos.load()
    sigos.extract("general", {"data_execucao": "20/03/2025"})
    sigos.load()
    assert services(sigos, "data_execucao") == [(date(2025, 2, 5),), (date(2025, 3, 20),)]
    sigos.extract("general", month="2025-02-01")
    sigos.load()
    assert services(sigos, "data_execucao") == [(date(2025, 3, 20),)], "a month that has become empty"


def test_gap_18_only_the_months_that_were_extracted_are_rebuilt(sigos: Sigos) -> None:
    """As built: a file without rows wipes the table in full mode."""
    for month, day in (("2025-01-01", "05/01/2025"), ("2025-02-01", "05/02/2025")):
        sigos.extract("general", {"data_execucao": day}, month=month)
    sigos.load()
    assert services(sigos, "_partition_month") == [(date(2025, 1, 1),), (date(2025, 2, 1),)]
    sigos.extract("general", month="2025-02-01")
    results = sigos.load()
    assert list(results["sigos_service"].months) == ["2025-02-01"]
    assert services(sigos, "_partition_month") == [(date(2025, 1, 1),)]


def test_a_second_run_writes_nothing_and_a_second_extraction_only_what_differs(sigos: Sigos) -> None:
    rows = [{"toi": str(i)} for i in range(5)]
    sigos.extract("general", *rows)
    sigos.extract("return", *rows)
    sigos.load()
    assert written(sigos.load()) == {}
    assert written(sigos.load("full")) == {}
    sigos.extract("general", *rows[:4], {"toi": "4", "status": "CANCELADO"}, at="2025-05-01 12:00-03")
    assert written(sigos.load()) == {"sigos_service": 1, "sigos_service_change": 1, "general_reports": 1}
