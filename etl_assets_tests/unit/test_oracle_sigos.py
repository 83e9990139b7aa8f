"""The SIGOS oracle's rows against answers worked out by hand; its figures are in test_oracle_sigos_gold.py."""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from etl_assets_tests.oracle import sigos, sigos_changes, sigos_compat, sigos_text
from etl_assets_tests.oracle.sigos import File, landed, silver

D = Decimal
TODAY = date(2026, 3, 10)
JAN, FEB, MAR = date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)
GENERAL = {
    "UC / MD": "12345", "Status": "BAIXADO", "Municipio": "Pelotas", "Tipo servico": "INSPECAO",
    "Data execucao": "05/01/2026", "Cod": "300", "TOI": "", "Equipe": "POA1F101",
}  # fmt: skip
RETURN = {
    "UC / MD": "12345", "DATA EXECUCAO": "05/01/2026", "CODIGO": "300", "TOI": "", "EQUIPE": "POA1F101",
    "MOTIVO": "MEDIDOR", "STATUS": "PENDENTE", "TIPO SERVICO": "REINSPECAO",
}  # fmt: skip


def january(defaults: Mapping[str, str], *lines: Mapping[str, str | None], end: date = FEB) -> File:
    return File(pd.DataFrame([{**defaults, **line} for line in lines], dtype=object), JAN, end, (JAN,))


def made(general: list[dict[str, Any]], returned: list[dict[str, Any]] | None = None) -> sigos.Silver:
    files = {"general": [[january(GENERAL, *general)]], "return": [[january(RETURN, *(returned or [RETURN]))]]}
    return silver(files, TODAY)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cell", "given", "expected"),
    [
        ("text", "  são   lourenço ", "SÃO LOURENÇO"), ("text", " nUll ", None), ("text", " - ", None),
        ("text", "None", None), ("text", "nan", None), ("text", "NULLO", "NULLO"), ("text", None, None),
        ("without_accents", "SÃO LOURENÇO", "SAO LOURENCO"),
        ("digits", "0012345-6", "123456"), ("digits", "000", None), ("digits", "ABC", None),
        ("code", " 0300 ", "300"), ("code", "0000", None), ("code", "0a", "A"),
        ("clock", "9:5", time(9, 5)), ("clock", "23:59:58", time(23, 59, 58)), ("clock", "24:00", None),
        ("clock", "0930", None),
        ("amount", "R$ 1.234,56", D("1234.56")), ("amount", "900", D("900.00")), ("amount", "12,3,4", None),
        ("amount", "", None), ("amount", "um", None), ("amount", "0,005", D("0.01")),
        ("quantity", "", D("0.00")), ("quantity", "12,5", D("12.50")), ("quantity", "x", None),
        ("whole", "12", 12), ("whole", "1,5", None), ("whole", "null", None),
        ("flag", "sim", True), ("flag", "x", True), ("flag", "NÃO", False), ("flag", "n", False),
        ("flag", "talvez", None), ("flag", "", None),
        ("regional", "RS-PEL-F001M", "SUL"), ("regional", "POA2F107", "NORTE"), ("regional", None, "NORTE"),
        ("grupo", "RS-PEL-A001M", "AT"), ("grupo", "POA2A101", "BT"), ("grupo", "POA0F101", "AT"),
        ("grupo", None, "BT"),
        ("grupo_norm", "POA2A101", "AT"), ("grupo_norm", "POA0F101", "BT"), ("grupo_norm", "RS-PEL-F001", "BT"),
        ("grupo_norm", "RS-PEL-F01M", None), ("grupo_norm", None, None),
        ("code_class", "109", "C100"), ("code_class", "175", "REGU"), ("code_class", "221", "C200"),
        ("code_class", "307", "C300"), ("code_class", "300", "ACAO"), ("code_class", "304", "NAO MAPEADO"),
        ("code_class", None, "NAO MAPEADO"), ("header", '\ufeff"Município  "', "MUNICIPIO"),
    ],
)  # fmt: skip
def test_one_text(cell: str, given: str | None, expected: object) -> None:
    assert getattr(sigos_text, cell)(given) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("1/1/2025", date(2025, 1, 1)),
        ("01/11/2025 10:00:00", date(2025, 11, 1)), ("01/11/2025 9:5", date(2025, 11, 1)),
        ("2025-11-01", date(2025, 11, 1)), ("2025-11-01 10:00:00", date(2025, 11, 1)), ("01/11/25", None),
        ("01-11-2025", None), ("20251101", None), ("31/02/2025", None), ("00/00/0000", None), ("31/12/1999", None),
        ("01/01/2027", date(2027, 1, 1)), ("01/01/2028", None), (" null ", None), ("2025-11-01x", None),
    ],
)  # fmt: skip
def test_one_day(given: str, expected: date | None) -> None:
    assert sigos_text.day(given, 2027) == expected


def test_lines_are_kept_by_window_and_month() -> None:
    days = ["31/12/2025", "01/01/2026", "31/01/2026", "01/02/2026", "02/02/2026", "", "45/01/2026"]
    rows = landed("general", [[january(GENERAL, *({"Data execucao": d} for d in days))]])
    # The first of February is inside the window and of another month: neither kept nor rejected.
    assert list(zip(rows["DATA EXECUCAO"], rows["_problem"].fillna(""), strict=True)) == [
        ("31/12/2025", "outside_window"),
        ("01/01/2026", ""),
        ("31/01/2026", ""),
        ("02/02/2026", "outside_window"),
        ("", "no_day"),
        ("45/01/2026", "no_day"),
    ]
    assert set(rows["_month"]) == {JAN}


def test_a_file_of_months_keeps_each_under_its_month_and_problems_under_the_first() -> None:
    lines = pd.DataFrame([{**GENERAL, "Data execucao": d} for d in ("05/02/2026", "07/01/2026", "?", "09/03/2026")])
    rows = landed("general", [[File(lines, JAN, MAR, (JAN, FEB))]])
    assert list(zip(rows["_month"], rows["_problem"].fillna(""), strict=True)) == [
        (FEB, ""),
        (JAN, ""),
        (JAN, "no_day"),
        (JAN, "outside_window"),
    ]


def test_a_later_load_replaces_the_months_it_covers_even_by_nothing() -> None:
    both = File(pd.DataFrame([GENERAL, {**GENERAL, "Data execucao": "05/02/2026"}]), JAN, MAR, (JAN, FEB))
    empty = File(pd.DataFrame(columns=list(GENERAL)), JAN, FEB, (JAN,))
    assert list(landed("general", [[both], [empty]])["_month"]) == [FEB]
    other = january(GENERAL, {"Cod": "109"})
    assert list(landed("general", [[both], [other]])["COD"]) == ["300", "109"]


def test_a_service_is_its_last_line_with_every_value_typed() -> None:
    full = {
        "UC / MD": " 0012345 ", "Status": "baixado", "Municipio": "Bagé", "Data execucao": "05/01/2026 08:00",
        "Cod": "0109", "TOI": "1234567", "TOI Entregue": "Sim", "Equipe": "rs-pel-a001m", "RS Negociado": "R$ 1.234,56",
        "Qtd parcela(s)": "12", "Ramal Bi": "7,5", "Parcelamento": "NAO", "Data baixado": "00/00/0000",
        "Hora": "10:11", "Hora fim servico": "9:5", "Backoffice": "x",
    }  # fmt: skip
    older = {**full, "UC / MD": "12345", "Cod": "109", "Status": "PENDENTE"}
    services = made([older, full, {"UC / MD": "-"}, {"UC / MD": "abc"}]).services
    row, blank, letters = services.to_dict("records")
    wanted = {
        "uc_md": "0012345", "uc_md_norm": "12345", "uc_missing": False, "status": "BAIXADO", "municipio": "BAGÉ",
        "municipio_norm": "BAGE", "tipo_servico": "INSPECAO", "data_execucao": date(2026, 1, 5), "cod": "0109",
        "cod_norm": "109", "toi": "1234567", "toi_entregue": True, "notificado": None, "equipe": "RS-PEL-A001M",
        "rs_negociado": D("1234.56"), "rs_entrada": None, "qtd_parcelas": 12, "ramal_mono": D("0.00"),
        "ramal_bi": D("7.50"), "parcelamento": False, "serv_pedreiro": None, "data_baixado": None,
        "hora_lancado": time(10, 11), "hora_inicio_servico": None, "hora_fim_servico": time(9, 5), "regional": "SUL",
        "grupo": "AT", "grupo_norm": "AT", "dup_count": 1, "_month": JAN,
    }  # fmt: skip
    assert {c: row[c] for c in wanted} == wanted
    assert row["_key"] == ("12345", "2026-01-05", "109", "1234567", "RS-PEL-A001M")
    assert (blank["uc_missing"], blank["uc_md"], blank["_key"][0]) == (True, None, "")
    assert (letters["uc_missing"], letters["uc_md_norm"], letters["_key"][0]) == (False, None, "ABC")


def test_the_tables_of_old_keep_names_order_and_texts() -> None:
    found = made(
        [{"RS Negociado": " r$ 1.234,56", "TOI Entregue": "sim", "Cod": "0300", "Qtd parcela(s)": "",
          "Backoffice": "Ana", "Data baixado": "9/1/2026", "Hora fim servico": "9:5", "Municipio": "  Bagé"}],
        [{"MOTIVO": "null", "STATUS": "resolvido", "TOI": None}],
    )  # fmt: skip
    general = sigos_compat.general_reports(found.services)
    assert len(general.columns) == 30
    assert list(general.columns[:6]) == ["UC / MD", "STATUS", "MUNICIPIO", "TIPO SERVICO", "DATA_EXECUCAO", "COD"]
    (row,) = general.to_dict("records")
    wanted = {
        "RS NEGOCIADO": " R$ 1.234,56", "TOI ENTREGUE": "SIM", "COD": "0300", "QTD PARCELA(S)": "",
        "BACKOFFICE": "ANA", "DATA BAIXADO": date(2026, 1, 9), "HORA FIM SERVICO": time(9, 5), "MUNICIPIO": "  BAGÉ",
        "NOTIFICADO": None, "RAMAL MONO": None, "REGIONAL": "NORTE", "GRUPO": "BT", "DATA_EXECUCAO": date(2026, 1, 5),
    }  # fmt: skip
    assert {c: row[c] for c in wanted} == wanted
    (back,) = sigos_compat.return_reports(found.returns).to_dict("records")
    assert len(back) == 13
    assert (back["MOTIVO"], back["STATUS"], back["TOI"], back["DATA RESOLVIDO"]) == ("NULL", "RESOLVIDO", "", None)


def test_occurrences_are_different_lines_and_duplicates_are_all_others() -> None:
    (row,) = made([{}], [{}, {"STATUS": "EM CAMPO"}, {}, {"STATUS": "RESOLVIDO"}]).returns.to_dict("records")
    assert (row["status"], row["dup_count"], row["occurrences"]) == ("RESOLVIDO", 3, 3)


def test_rejected_lines_are_in_no_table() -> None:
    found = made([{}, {"Data execucao": "NULL"}], [{"DATA EXECUCAO": "07/03/2026"}])
    assert found.rejected.to_dict("records") == [
        {"report": "general", "month": JAN, "reason": "no_day"},
        {"report": "return", "month": JAN, "reason": "outside_window"},
    ]
    assert (len(found.services), len(found.returns), len(found.lines)) == (1, 0, 3)


def test_a_return_finds_its_service_on_the_best_level() -> None:
    found = made(
        [
            {"Hora fim servico": "23:00"},
            {"Cod": "301", "Hora fim servico": "10:00"},
            {"Cod": "302", "Hora fim servico": "10:00"},
            {"Equipe": "POA1F102", "Hora fim servico": "23:30"},
            {"UC / MD": "777", "Cod": "1"},
            {"UC / MD": "777", "Cod": "2", "Hora fim servico": "00:00"},
            {"UC / MD": "888", "Cod": "1"},
            {"UC / MD": "888", "Cod": "2"},
            {"UC / MD": "", "Cod": "9"},
            {"UC / MD": "999", "Equipe": ""},
        ],
        [
            {"CODIGO": "0302"},
            {"CODIGO": "999"},
            {"EQUIPE": "POA4F115"},
            {"UC / MD": "777", "CODIGO": "3"},
            {"UC / MD": "888", "CODIGO": "3"},
            {"UC / MD": "12345", "DATA EXECUCAO": "06/01/2026"},
            {"UC / MD": "", "CODIGO": "9"},
            {"UC / MD": "", "CODIGO": "8"},
            {"UC / MD": "999", "EQUIPE": "", "CODIGO": "8"},
        ],
    )
    key = {s["service_key"]: (s["uc_md"], s["cod"], s["equipe"]) for s in found.services.to_dict("records")}
    lowest = min(s for s, (unit, _, _) in key.items() if unit == "888")
    matches = found.returns[["service_key", "match_level"]].to_dict("records")
    assert [(key.get(m["service_key"]), m["match_level"]) for m in matches] == [
        (("12345", "302", "POA1F101"), 1),  # the full key, whichever ended later
        (("12345", "300", "POA1F101"), 2),  # of the team's three the one that ended last
        (("12345", "300", "POA1F102"), 3),  # of all four the one that ended last
        (("777", "2", "POA1F101"), 2),  # an end at midnight is later than none
        (key[lowest], 2),
        (None, 0),
        ((None, "9", "POA1F101"), 1),
        (None, 0),  # a missing unit is no unit to look for
        (("999", "300", None), 3),  # nor is a missing team
    ]


def test_changes_between_kept_loads_of_a_month() -> None:
    first = january(GENERAL, {}, {"Cod": "301"}, {"Cod": "302"}, {"Cod": "303", "Fiscal": "Ana"})
    same = january(GENERAL, {"Cod": "303", "Fiscal": "Ana"}, {"Cod": "302"}, {"Cod": "301"}, {})
    third = january(
        GENERAL,
        {"Status": " baixado "},  # blanks and case
        {"Cod": "0301", "Status": "CANCELADO"},  # the same key, spelled otherwise
        {"Cod": "303", "Fiscal": "Rui"},
        {"Cod": "304", "Data execucao": "31/01/2026"},
    )
    days = [date(2026, 2, 2), date(2026, 2, 9), date(2026, 3, 7)]
    found = sigos_changes.changes({"general": [[first], [same], [third]], "return": [[], [], []]}, days)
    key = {r["service_key"]: r["cod"] for r in silver({"general": [[first], [third]], "return": []}, TODAY)
           .services.to_dict("records")}  # fmt: skip
    rows = sorted((r["change_type"], key.get(r["record_key"], "gone"), r["changed_columns"], r["age_days"])
                  for r in found.to_dict("records"))  # fmt: skip
    assert rows == [
        ("D", "gone", (), 61),
        ("I", "304", (), 35),
        ("U", "0301", ("cod", "status"), 61),
        ("U", "300", (), 61),
        ("U", "303", ("fiscal",), 61),
    ]
    monday = date(2026, 3, 2)
    assert sigos_changes.by_week(found).to_numpy().tolist() == [
        [monday, "D", "*", 1, 1], [monday, "I", "*", 1, 0], [monday, "U", "NENHUMA", 1, 1], [monday, "U", "cod", 1, 1],
        [monday, "U", "fiscal", 1, 1], [monday, "U", "status", 1, 1],
    ]  # fmt: skip


def test_no_oracle_imports_what_it_judges() -> None:
    allowed = {*sys.stdlib_module_names, "pandas", "psycopg", "sqlalchemy"}
    files = sorted(Path(sigos.__file__).parent.glob("*.py"))
    assert {"sigos.py", "sigos_gold.py", "sigos_text.py", "compare.py"} <= {f.name for f in files}
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                assert {a.name.partition(".")[0] for a in node.names} <= allowed, file.name
            elif isinstance(node, ast.ImportFrom):
                inside = node.level == 1 and "etl_assets" not in str(node.module)
                assert inside or str(node.module).partition(".")[0] in allowed, file.name
