"""`dim.dim_data` and `dim.dim_regiao`: when and where. Belongs here: their columns and loading.

Does not belong here: population, area and other facts about a city, which the source does not have.
"""

from __future__ import annotations

from etl_assets.engine.spec import Replace, TableSpec
from etl_assets.systems.ecommerce import quality
from etl_assets.systems.ecommerce.columns import BIG, DATE, FLAG, INT, TIME, Row, text
from etl_assets.systems.ecommerce.members import UNKNOWN_ID, dimension, unknown

DATA: tuple[Row, ...] = (
    ("data_id!", INT, "Surrogate key: YYYYMMDD; -1 unknown"),
    ("data_completa!", DATE, "Day, São Paulo"),
    ("ano!", INT, "Year"),
    ("trimestre!", INT, "Quarter"),
    ("mes!", INT, "Month"),
    ("dia!", INT, "Day of the month"),
    ("semana_do_ano!", INT, "Week from Sunday; week 1 holds 1 January"),
    ("dia_da_semana!", INT, "1 Sunday to 7 Saturday"),
    ("nome_mes!", text(20), "Janeiro to Dezembro"),
    ("nome_mes_abrev!", text(3), "Jan to Dez"),
    ("nome_dia_semana!", text(20), "Domingo to Sabado"),
    ("nome_dia_semana_abrev!", text(3), "Dom to Sab"),
    ("eh_fim_de_semana!", FLAG, "Saturday or Sunday"),
    ("eh_feriado!", FLAG, "National holiday of a fixed date"),
    ("nome_feriado", text(50), "Name of the holiday"),
    ("dia_do_ano!", INT, "1 to 366"),
    ("eh_ano_bissexto!", FLAG, "The year has 366 days"),
    ("periodo_mes!", text(7), "YYYY-MM"),
    ("periodo_trimestre!", text(7), "YYYY-Qn"),
)
# Checks hold for the unknown day too: it is 1 January 1900, a Monday.
_UNKNOWN_DAY = {
    "ano": 1900, "trimestre": 1, "mes": 1, "dia": 1, "semana_do_ano": 1, "dia_da_semana": 2, "dia_do_ano": 1,
    "nome_mes_abrev": "N/I", "nome_dia_semana_abrev": "N/I", "nome_feriado": None,
    "periodo_mes": "1900-01", "periodo_trimestre": "1900-Q1",
}  # fmt: skip

REGIAO: tuple[Row, ...] = (
    ("regiao_original_id!", BIG, "Region in the source; -1 unknown"),
    ("pais!", text(50), "Country"),
    ("regiao_pais", text(30), "Macro-region: Norte, Nordeste, Centro-Oeste, Sudeste, Sul"),
    ("estado!", text(2), "State; NA when not two letters"),
    ("nome_estado!", text(50), "Name of the state"),
    ("cidade!", text(100), "City"),
    ("codigo_ibge", text(10), "IBGE code of the city, seven digits"),
    ("data_cadastro!", TIME, "Created in the source (UTC)"),
    ("data_ultima_atualizacao!", TIME, "When the source last changed the row (UTC)"),
    ("eh_ativo!", FLAG, "In use and not deleted in the source"),
)


def data() -> TableSpec:
    return dimension(
        "dim_data",
        DATA,
        key="data_completa",
        load=Replace(),
        unknown_member=unknown(DATA, data_id=UNKNOWN_ID, **_UNKNOWN_DAY),
        checks=quality.DATA,
        indexes=(("data_id",),),
    )


def regiao() -> TableSpec:
    return dimension(
        "dim_regiao",
        REGIAO,
        key="regiao_original_id",
        surrogate="regiao_id",
        load=Replace(always=True),
        unknown_member=unknown(REGIAO),
        checks=quality.REGIAO,
        indexes=(("pais", "regiao_pais", "estado", "cidade"), ("codigo_ibge",)),
    )
