"""What is declared of the portal's two reports (specs/sigos.md 4, 8.1)."""

from __future__ import annotations

from etl_assets.engine.delimited.names import normal
from etl_assets.engine.spec import Landing
from etl_assets.systems.sigos.bronze import bronze
from etl_assets_tests.sigos import Sigos

GENERAL = (
    "UC / MD;Status;Motivo nao baixado;Regional;Empresa;Municipio;Tipo servico;tipo_servico_comercial;Data execucao;"
    "Cod;Sit deixada;Data Afericao;TOI;TOI Entregue;AR;Data AR;Notificado;MD encontrado;MD instalado;Tipo medicao;"
    "Equipe;Fiscal;Ramal Mono;Ramal Bi;Ramal Tri;Serv de Pedreiro;Parcelamento;RS Entrada;RS Negociado;Qtd parcela(s);"
    "Cod Financiamento;Lancado por;Data lancado;Hora;Backoffice;Data baixado;Hora inicio servico;"
    "Hora fim servico;obs_at"
)
RETURN = (
    "REGIONAL;UC / MD;TIPO SERVICO;DATA EXECUCAO;CODIGO;TOI;MD INSTALADO;EQUIPE;FISCAL;EMPRESA;DATA ENTREGA;"
    "DATA RESOLVIDO;RETORNO DE;MOTIVO;MOTIVO DETALHADO;MOTIVO DETALHADO 2;STATUS"
)


def test_norm_col_limpeza_strings() -> None:
    """Accents, quotes, byte order marks and needless blanks make no other column."""
    assert normal('\ufeff "Município " ') == "MUNICIPIO"
    assert normal("  UC  /   MD ") == "UC / MD"


def test_gap_29_every_column_is_kept(sigos: Sigos) -> None:
    """As built: eleven and six columns are dropped."""
    graph = sigos.destination.graph
    for table, header in (("sigos_general_raw", GENERAL), ("sigos_return_raw", RETURN)):
        spec = graph.find(table)
        assert [spec.source_column(c) for c in spec.data_columns] == header.split(";")


def test_what_is_asked_for_and_what_a_file_must_have() -> None:
    general, returns, _ = (s.load for s in bronze())
    assert isinstance(general, Landing)
    assert isinstance(returns, Landing)
    assert (general.feed, general.day, general.lookback_days, general.keep) == ("general", "data_execucao", 60, 3)
    assert (returns.feed, returns.day, returns.lookback_days, returns.keep) == ("return", "data_execucao", 179, 3)
    key = {"uc_md", "data_execucao", "toi", "equipe"}
    assert set(general.required) == key | {"cod", "status", "municipio", "tipo_servico"}
    assert set(returns.required) == key | {"codigo", "motivo", "status"}


def test_db_connection(sigos: Sigos) -> None:
    assert sigos.one("SELECT 1") == 1
    assert sigos.rows("SELECT 1 FROM bronze.sigos_extraction_log") == []
