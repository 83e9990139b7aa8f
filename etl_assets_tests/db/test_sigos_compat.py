"""The tables dashboards read under the names of old (specs/sigos.md 5.1, 5.3)."""

from __future__ import annotations

from datetime import date, datetime, time

from etl_assets.orchestration.lineage import column_lineage
from etl_assets_tests.sigos import Sigos, written

GENERAL = """
"UC / MD" text, "STATUS" text, "MUNICIPIO" text, "TIPO SERVICO" text, "DATA_EXECUCAO" date, "COD" text,
"DATA AFERICAO" date, "TOI" text, "TOI ENTREGUE" text, "AR" text, "DATA AR" date, "MD ENCONTRADO" text,
"MD INSTALADO" text, "TIPO MEDICAO" text, "EQUIPE" text, "RAMAL MONO" text, "RAMAL BI" text, "RAMAL TRI" text,
"SERV DE PEDREIRO" text, "PARCELAMENTO" text, "RS NEGOCIADO" text, "BACKOFFICE" text, "DATA BAIXADO" date,
"HORA INICIO SERVICO" time without time zone, "HORA FIM SERVICO" time without time zone, "COD FINANCIAMENTO" text,
"QTD PARCELA(S)" text, "REGIONAL" text, "GRUPO" text, "DATA_EXTRACAO" timestamp without time zone, "NOTIFICADO" text
"""
RETURN = """
"UC / MD" text, "DATA_EXECUCAO" date, "CODIGO" text, "TOI" text, "MD INSTALADO" text, "EQUIPE" text,
"DATA RESOLVIDO" date, "MOTIVO" text, "MOTIVO DETALHADO" text, "MOTIVO DETALHADO 2" text, "STATUS" text,
"REGIONAL" text, "GRUPO" text, "DATA_EXTRACAO" timestamp without time zone
"""


def columns(sigos: Sigos, table: str) -> list[str]:
    found = sigos.rows(
        "SELECT format('\"%s\" %s', attname, format_type(atttypid, atttypmod)) FROM pg_attribute "
        f"WHERE attrelid = 'public.{table}'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
    )
    return [c for (c,) in found]


def row(sigos: Sigos, table: str) -> dict[str, object]:
    return sigos.one(f"SELECT to_jsonb(t) FROM public.{table} t")


def test_schema_general_report(sigos: Sigos) -> None:
    """Names, order and types of the original: as built, its test makes the frame it then looks at."""
    assert columns(sigos, "general_reports") == " ".join(GENERAL.split()).split(", ")
    assert columns(sigos, "return_reports") == " ".join(RETURN.split()).split(", ")


def test_texts_are_those_received_in_capitals(sigos: Sigos) -> None:
    sigos.extract(
        "general",
        {
            "municipio": " São  Lourenço do Sul", "rs_negociado": "1.234,56", "toi_entregue": "sim",
            "ramal_mono": "12,5",
            "qtd_parcelas": "x", "backoffice": "Ana Back", "data_afericao": "1/3/2025 10:00", "data_ar": "00/00/0000",
            "hora_inicio_servico": "9:5", "hora_fim_servico": "late", "notificado": None, "status": "null",
        },
        at="2025-04-02 23:30:15-03",
    )  # fmt: skip
    sigos.extract("return", {"motivo": "Documentação ", "data_resolvido": "20/03/2025"}, at="2025-04-02 01:00+00")
    sigos.load()
    told = row(sigos, "general_reports")
    assert told == {
        "UC / MD": "0012345678", "STATUS": "NULL", "MUNICIPIO": " SÃO  LOURENÇO DO SUL", "TIPO SERVICO": "INSPECAO",
        "DATA_EXECUCAO": "2025-03-10", "COD": "109", "DATA AFERICAO": "2025-03-01", "TOI": "7654321",
        "TOI ENTREGUE": "SIM", "AR": "", "DATA AR": None, "MD ENCONTRADO": "", "MD INSTALADO": "", "TIPO MEDICAO": "",
        "EQUIPE": "RS-PEL-F001M", "RAMAL MONO": "12,5", "RAMAL BI": "", "RAMAL TRI": "", "SERV DE PEDREIRO": "",
        "PARCELAMENTO": "", "RS NEGOCIADO": "1.234,56", "BACKOFFICE": "ANA BACK", "DATA BAIXADO": None,
        "HORA INICIO SERVICO": "09:05:00", "HORA FIM SERVICO": None, "COD FINANCIAMENTO": "", "QTD PARCELA(S)": "X",
        "REGIONAL": "SUL", "GRUPO": "BT", "DATA_EXTRACAO": "2025-04-02T23:30:15", "NOTIFICADO": None,
    }  # fmt: skip
    assert row(sigos, "return_reports") == {
        "UC / MD": "0012345678", "DATA_EXECUCAO": "2025-03-10", "CODIGO": "109", "TOI": "7654321", "MD INSTALADO": "",
        "EQUIPE": "RS-PEL-F001M", "DATA RESOLVIDO": "2025-03-20", "MOTIVO": "DOCUMENTAÇÃO ", "MOTIVO DETALHADO": "",
        "MOTIVO DETALHADO 2": "", "STATUS": "PENDENTE", "REGIONAL": "SUL", "GRUPO": "BT",
        "DATA_EXTRACAO": "2025-04-01T22:00:00",
    }  # fmt: skip


def test_one_row_per_service_blank_keys_included(sigos: Sigos) -> None:
    same = {"toi": "1", "equipe": " rs-pel-f001m "}
    sigos.extract("general", {"toi": "1"}, same, same, {"uc_md": "", "toi": None, "equipe": ""}, {"toi": "2"})
    sigos.load()
    keys = sigos.rows('SELECT "UC / MD", "TOI", "EQUIPE" FROM public.general_reports ORDER BY 1, 2')
    assert keys == [("", "", ""), ("0012345678", "1", " RS-PEL-F001M "), ("0012345678", "2", "RS-PEL-F001M")]
    assert sigos.violations("general_reports") == {}


def test_changes_reach_it_and_what_stays_is_not_written(sigos: Sigos) -> None:
    sigos.extract("general", {}, {"toi": "2"}, {"toi": "3"})
    sigos.load()
    sigos.extract(
        "general", {}, {"toi": "2", "fiscal": "Ana"}, {"toi": "4", "municipio": "x"}, at="2025-05-01 12:00-03"
    )
    results = sigos.load()
    counts = results["general_reports"].counts
    assert (counts.inserted, counts.updated, counts.deleted, counts.unchanged) == (1, 0, 1, 2)
    got = dict(sigos.rows('SELECT "TOI", "DATA_EXTRACAO" FROM public.general_reports'))
    assert got == {
        "7654321": datetime(2025, 4, 2, 12), "2": datetime(2025, 4, 2, 12), "4": datetime(2025, 5, 1, 12),
    }  # fmt: skip
    assert written(sigos.load()) == {}
    assert written(sigos.load("full")) == {}


def test_a_date_that_moves_is_in_one_month(sigos: Sigos) -> None:
    sigos.extract("general", {"data_execucao": "31/03/2025"})
    sigos.load()
    sigos.extract("general", month="2025-03-01")
    sigos.extract("general", {"data_execucao": "01/04/2025"}, month="2025-04-01")
    sigos.load()
    assert sigos.rows('SELECT "DATA_EXECUCAO" FROM public.general_reports') == [(date(2025, 4, 1),)]


def test_as_many_rows_as_silver_by_month(sigos: Sigos) -> None:
    sigos.extract("general", {}, {"toi": "2"})
    sigos.extract("general", {"data_execucao": "05/02/2025"}, month="2025-02-01")
    sigos.load()
    assert sigos.violations("general_reports") == {}
    sigos.sql("UPDATE public.general_reports SET \"DATA_EXECUCAO\" = '2025-02-09' WHERE \"TOI\" = '2'")
    assert sigos.violations("general_reports") == {"as_many_as_silver": 2}
    (check,) = [
        c for c in sigos.destination.graph.find("general_reports").all_checks() if c.name == "as_many_as_silver"
    ]
    assert check.blocking


def test_a_month_it_has_yet_to_take_up_is_not_held_against_it(sigos: Sigos) -> None:
    sigos.extract("general", {})
    sigos.load(only=["sigos_service"])
    assert sigos.violations("general_reports") == {}


def test_every_column_tells_where_it_is_from(sigos: Sigos) -> None:
    graph = sigos.destination.graph
    lineage = column_lineage(graph, graph.find("general_reports"))
    assert lineage is not None
    found = {n: {(d.asset_key.path[-1], d.column_name) for d in deps} for n, deps in lineage.deps_by_column.items()}
    assert found["QTD PARCELA(S)"] == {("sigos_general_raw", "qtd_parcelas")}
    assert found["DATA_EXECUCAO"] == {("sigos_service", "data_execucao")}
    assert len(found) == 31
    of_service = column_lineage(graph, graph.find("sigos_service"))
    assert of_service is not None
    teams = {(d.asset_key.path[-1], d.column_name) for d in of_service.deps_by_column["grupo_norm"]}
    assert teams == {("sigos_general_raw", "equipe")}


def test_times_of_day_are_times(sigos: Sigos) -> None:
    sigos.extract("general", {"hora_fim_servico": "10:02:11"})
    sigos.load()
    assert sigos.one('SELECT "HORA FIM SERVICO" FROM public.general_reports') == time(10, 2, 11)
