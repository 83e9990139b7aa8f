"""The oracle of SIGOS's reference and dimensions against days and members known by hand."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pandas as pd

from etl_assets_tests.oracle import sigos_dimensions as dimensions

TODAY = date(2026, 3, 27)


def rows(frame: pd.DataFrame, *columns: str) -> list[list[Any]]:
    return frame[list(columns)].to_numpy().tolist()


def test_easter_of_years_that_are_known() -> None:
    """The earliest and the latest there can be, and both exceptions of the rule."""
    known = (date(2022, 4, 17), date(2024, 3, 31), date(2027, 3, 28), date(2038, 4, 25), date(1981, 4, 19),
             date(1954, 4, 18), date(2008, 3, 23))  # fmt: skip
    assert tuple(dimensions.easter(day.year) for day in known) == known


def test_the_calendar_has_every_day_once_and_its_holidays() -> None:
    days = dimensions.calendar(TODAY).set_index("calendar_date")
    assert (len(days), days.index[0], days.index[-1]) == (6 * 365 + 1, date(2022, 1, 1), date(2027, 12, 31))
    assert days.loc[date(2026, 2, 17), ["holiday", "is_holiday", "is_workday"]].tolist() == ["Carnaval", False, True]
    assert days.loc[date(2026, 4, 3), ["holiday", "is_holiday", "is_workday"]].tolist() == [
        "Sexta-feira Santa", True, False,
    ]  # fmt: skip
    assert [days.loc[date(y, 11, 20), "is_holiday"] for y in (2023, 2024)] == [False, True]
    assert days["is_holiday"].sum() == 2 * 9 + 4 * 10
    assert days.loc[date(2027, 1, 3), ["iso_year", "iso_week", "weekday", "week_start"]].tolist() == [
        2026, 53, 7, date(2026, 12, 28),
    ]  # fmt: skip


def test_a_day_a_week_and_a_month_are_mature_180_days_after_their_end() -> None:
    days = dimensions.dates(TODAY).set_index("date_key")
    last = TODAY - timedelta(days=180)
    assert last == date(2025, 9, 28), "a Sunday, and the month has two days more"
    flags = ["day_is_mature", "week_is_mature", "month_is_mature"]
    assert [days.loc[key, flags].tolist() for key in (20250831, 20250928, 20250929)] == [
        [True, True, True], [True, True, False], [False, False, False],
    ]  # fmt: skip
    assert days.loc[-1, ["calendar_date", "weekday_name", "is_workday"]].tolist() == [None, "NAO INFORMADO", False]


def test_members_and_what_is_said_of_them() -> None:
    old, young = TODAY - timedelta(days=30), TODAY - timedelta(days=29)
    services = pd.DataFrame(
        [
            ("RS-PEL-A001M", old, "BAGE", "BAGÉ", "SUL", "INSPECAO", "BAIXADO"),
            ("POA2F107", young, "BAGE", "BAGE", "NORTE", None, "NOVO"),
            (None, TODAY, None, None, "NORTE", "TROCA", None),
        ],
        columns=["equipe", "data_execucao", "municipio_norm", "municipio", "regional", "tipo_servico", "status"],
        dtype=object,
    )
    returns = pd.DataFrame(
        [("X", "AFERICAO", "A", None, None), ("X", "TROCA", None, None, None)],
        columns=["equipe", "tipo_servico", "motivo", "motivo_detalhado", "motivo_detalhado_2"],
        dtype=object,
    )
    unknown = "NAO INFORMADO"
    assert rows(dimensions.teams(services, returns, TODAY), "equipe", "grupo", "first_service_date", "is_active") == [
        ["POA2F107", "BT", young, True], ["RS-PEL-A001M", "AT", old, False], ["X", "BT", None, False],
        ["NAO INFORMADA", "BT", None, False],
    ]  # fmt: skip
    # Of two spellings and two regions as frequent the first by alphabet.
    assert dimensions.municipalities(services).to_numpy().tolist() == [["BAGE", "BAGE", "NORTE"], [unknown] * 3]
    assert rows(dimensions.kinds(services, returns), "tipo_servico") == [
        ["AFERICAO"],
        ["INSPECAO"],
        ["TROCA"],
        [unknown],
    ]
    assert dimensions.states(services).to_numpy().tolist() == [
        ["BAIXADO", "BAIXADO"], ["NOVO", "ABERTO"], [unknown, "ABERTO"],
    ]  # fmt: skip
    assert dimensions.reasons(returns).to_numpy().tolist() == [["A", unknown, unknown], [unknown] * 3]


def test_codes_are_those_of_the_specification() -> None:
    found = dimensions.codes()
    assert found["class"].value_counts().to_dict() == {"C100": 11, "C200": 10, "ACAO": 10, "C300": 4, "REGU": 2}
    assert found["cod"].is_unique
    assert set(dimensions.code_members()["cod"]) - set(found["cod"]) == {"NAO INFORMADO", "NAO MAPEADO"}
