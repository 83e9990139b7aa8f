"""The synthetic SIGOS reports: shares and dirt as specified, determinism, what a day and an audit change, CSV."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from etl_assets.demo.sigos.book import Book, from_ordinal, to_ordinal
from etl_assets.demo.sigos.columns import COLUMNS, GENERAL, RETURN, Report
from etl_assets.demo.sigos.dirt import UNDATED_EVERY
from etl_assets.demo.sigos.services import CODE_CLASSES, CODE_NUMBERS
from etl_assets.demo.sigos.synthesize import synthesize

TODAY = date(2026, 11, 18)
SEED = 3


@pytest.fixture(scope="module")
def book() -> Book:
    """About 60 000 services."""
    return synthesize(SEED, 0.1, TODAY)


@pytest.fixture(scope="module")
def general(book: Book) -> pd.DataFrame:
    return _frame(book, "general")


@pytest.fixture(scope="module")
def returns(book: Book) -> pd.DataFrame:
    return _frame(book, "return")


def _frame(book: Book, report: Report) -> pd.DataFrame:
    frame = pd.DataFrame(book.sheets[report].rows, columns=pd.Index(COLUMNS[report]), dtype=object)
    frame["day"] = book.sheets[report].days
    frame["age"] = to_ordinal(book.today) - frame["day"]
    return frame


def _share(texts: pd.Series) -> dict[str, float]:
    found: dict[str, float] = texts.str.strip().value_counts(normalize=True).to_dict()
    return found


def _dates(texts: pd.Series) -> pd.Series:
    return pd.to_datetime(texts, format="%d/%m/%Y", errors="coerce")


def test_volume_grows_from_7_000_to_14_000_a_month_and_rests_on_sundays_and_in_december(book: Book) -> None:
    months = book.sheets["general"].by_month()
    assert months["2022-03"] == pytest.approx(7_000 * 0.1, rel=0.06)
    assert months["2026-10"] == pytest.approx(14_000 * 0.1, rel=0.06)
    assert months["2025-12"] == pytest.approx(0.85 * (months["2025-11"] + months["2026-01"]) / 2, rel=0.08)
    assert next(iter(months)) == "2022-03"
    assert max(book.sheets["general"].days) <= to_ordinal(TODAY)
    per_weekday = pd.Series(book.sheets["general"].days).add(3).mod(7).value_counts()
    assert per_weekday[5] / per_weekday[2] == pytest.approx(0.35, abs=0.03)
    assert per_weekday[6] / per_weekday[2] == pytest.approx(0.03, abs=0.01)


def test_returns_are_six_percent_of_executed_services_and_eight_percent_come_twice(
    general: pd.DataFrame, returns: pd.DataFrame
) -> None:
    old, back = general[general.age > 120], returns[returns.age > 120]
    executed = (old.Status.str.strip() != "CANCELADO").sum()
    assert len(back) / executed == pytest.approx(0.06 * 1.08, abs=0.012)
    served, returned = old.groupby("Equipe").size(), back.groupby("EQUIPE").size()
    shares = (returned / served)[lambda found: served.reindex(found.index) > 500]
    assert shares.min() > 0.01
    assert shares.max() < 0.17
    assert shares.max() > 2 * shares.min()


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("Tipo servico", {"INSPECAO": 0.48, "REINSPECAO": 0.10, "REGULARIZACAO": 0.14, "TROCA DE MEDIDOR": 0.12,
                          "AFERICAO": 0.06, "DENUNCIA": 0.06, "VARREDURA": 0.04}),
        ("Serv de Pedreiro", {"SIM": 0.03, "NAO": 0.97}),
        ("Ramal Mono", {"": 0.94}),
        ("Regional", {"SUL": 0.38, "NORTE": 0.62}),
    ],
)  # fmt: skip
def test_shares_of_the_general_report(general: pd.DataFrame, column: str, expected: dict[str, float]) -> None:
    found = _share(general[column].replace("", pd.NA).fillna(""))
    assert {value: found[value] for value in expected} == pytest.approx(expected, abs=0.012)


def test_status_drifts_to_closed_after_four_months(general: pd.DataFrame) -> None:
    young, old = (_share(part.Status) for part in (general[general.age <= 120], general[general.age > 123]))
    expected = {"BAIXADO": 0.74, "PENDENTE": 0.09, "CANCELADO": 0.07, "RETORNO": 0.05, "NAO BAIXADO": 0.03}
    assert {value: young[value] for value in expected} == pytest.approx(expected, abs=0.025)
    assert old["BAIXADO"] == pytest.approx(0.88, abs=0.01)
    assert old["CANCELADO"] == pytest.approx(0.07, abs=0.01)


def test_codes_by_class(general: pd.DataFrame) -> None:
    class_of = dict(zip(map(str, CODE_NUMBERS.tolist()), CODE_CLASSES.tolist(), strict=True))
    codes = general["Cod"].str.strip()
    classes = _share(codes.str.lstrip("0").map(class_of))
    expected = {"ACAO": 0.50, "C100": 0.22, "C200": 0.12, "C300": 0.09, "REGU": 0.06, "NAO MAPEADO": 0.01}
    assert classes == pytest.approx(expected, abs=0.01)
    assert (codes.str.lstrip("0") == "300").mean() == pytest.approx(0.25, abs=0.01)
    assert (codes.str.len() == 4).mean() == pytest.approx(0.10, abs=0.01)
    finding = codes.str.lstrip("0").map(class_of).isin(["C100", "C200"])
    has_toi = general["TOI"].str.fullmatch(r"\d{7}")
    assert has_toi[finding].mean() == pytest.approx(0.85, abs=0.01)
    assert has_toi[~finding].mean() == pytest.approx(0.05, abs=0.01)


def test_units_are_padded_dashed_and_recur(general: pd.DataFrame) -> None:
    units = general["UC / MD"].str.strip()
    assert units.str.contains("-").mean() == pytest.approx(0.01, abs=0.003)
    assert units.str.startswith("0").mean() == pytest.approx(0.20 * 0.70, abs=0.01)
    numbers = units[units.str.contains(r"\d")].str.replace(r"\D", "", regex=True).str.lstrip("0")
    assert numbers.str.len().isin([8, 9, 10]).all()
    assert (numbers.value_counts() > 1).mean() == pytest.approx(0.15, abs=0.02)
    assert 0 < (~units.str.contains(r"\d")).sum() < 0.002 * len(units)


def test_a_team_serves_six_to_fourteen_a_day_or_two_to_four_on_high_voltage() -> None:
    month = synthesize(SEED, 1.0, date(2022, 4, 30))
    found = _frame(month, "general").drop_duplicates()
    teams = found["Equipe"].str.strip().str.upper()
    per_day = found[teams != ""].groupby(["day", teams]).size()
    high = per_day.index.get_level_values(1).str.contains("-A|POA2A")
    assert per_day[high].quantile([0.05, 0.95]).between(1, 5).all()
    assert 6 <= per_day[~high].median() <= 14
    assert per_day[~high].quantile(0.99) <= 15
    assert teams.nunique() in range(90, 110)
    assert {"POA2A101", "POA0F101"} < set(teams)


def test_times_closing_and_money(general: pd.DataFrame, returns: pd.DataFrame) -> None:
    closing = (_dates(general["Data baixado"]) - _dates(general["Data execucao"])).dt.days.dropna()
    assert closing.min() >= 0
    assert closing.quantile([0.5, 0.95]).tolist() == pytest.approx([3, 20], abs=1)
    assert (general.loc[general.Status == "PENDENTE", "Data baixado"].isin(["", "00/00/0000"])).all()
    start, end = (
        pd.to_timedelta(general[column].where(general[column] != "").map(_with_seconds), errors="coerce")
        for column in ("Hora inicio servico", "Hora fim servico")
    )
    assert end.isna().mean() == pytest.approx(0.04, abs=0.005)
    assert (end < start).mean() == pytest.approx(0.003, abs=0.002)
    minutes = (end - start)[end > start].dt.total_seconds() / 60
    assert minutes.quantile([0.5, 0.95]).tolist() == pytest.approx([42, 150], rel=0.05)
    amounts = general.loc[general["RS Negociado"] != "", "RS Negociado"].str.replace("R$ ", "")
    assert amounts.str.fullmatch(r"\d{1,3}(\.\d{3})*,\d\d").all()
    values = amounts.str.replace(".", "").str.replace(",", ".").astype(float)
    assert values.quantile([0.5, 0.95]).tolist() == pytest.approx([900, 9_000], rel=0.2)
    lag = (_dates(returns["DATA ENTREGA"]) - _dates(returns["DATA EXECUCAO"])).dt.days.dropna()
    assert lag.between(1, 120).all()
    assert lag.median() == pytest.approx(12, abs=1)
    resolved = (_dates(returns["DATA RESOLVIDO"]) - _dates(returns["DATA EXECUCAO"])).dt.days.dropna()
    assert resolved.between(3, 90).all()
    assert resolved.median() == pytest.approx(18, abs=2)


def _with_seconds(text: object) -> object:
    return f"{text}:00" if isinstance(text, str) and text.count(":") == 1 else text


def test_nothing_is_dated_after_today(general: pd.DataFrame, returns: pd.DataFrame) -> None:
    for frame in (general, returns):
        for column in frame.columns[frame.columns.str.upper().str.startswith("DATA")]:
            assert _dates(frame[column]).max() <= pd.Timestamp(TODAY), column


def test_return_statuses_and_reasons(returns: pd.DataFrame) -> None:
    old = _share(returns[returns.age > 90].STATUS)
    assert old["RESOLVIDO"] == pytest.approx(0.95, abs=0.015)
    assert _share(returns[returns.age <= 90].STATUS)["RESOLVIDO"] == pytest.approx(0.82, abs=0.07)
    reasons = {"DOCUMENTACAO": 0.40, "MEDIDOR": 0.25, "CADASTRO": 0.15, "EXECUCAO": 0.15, "MATERIAL": 0.05}
    assert _share(returns["MOTIVO"]) == pytest.approx(reasons, abs=0.03)
    assert (returns["MOTIVO DETALHADO 2"] == "").mean() == pytest.approx(0.60, abs=0.03)
    assert not returns.loc[returns.STATUS.str.strip() != "RESOLVIDO", "DATA RESOLVIDO"].str.contains("20").any()


def test_nine_returns_in_ten_have_their_service(general: pd.DataFrame, returns: pd.DataFrame) -> None:
    def units(texts: pd.Series) -> pd.Series:
        return texts.str.replace(r"\D", "", regex=True).str.lstrip("0")

    services = set(zip(units(general["UC / MD"]), general["day"], strict=True))
    told = list(zip(units(returns["UC / MD"]), returns["day"], strict=True))
    matched = sum(each in services for each in told) / len(told)
    assert 0.965 < matched < 0.995


def test_dirt_at_its_rates(general: pd.DataFrame, returns: pd.DataFrame) -> None:
    count = len(general)
    every, days = general[list(GENERAL)], general["Data execucao"]
    spaced = every.apply(lambda column: column.str.contains(r"^ |  | $"))
    rates = {
        "duplicate": every.duplicated().mean(),
        "spaces": spaced.any(axis=1).mean(),
        "lower team": general["Equipe"].str.contains("[a-z]").mean(),
        "zero date": (every == "00/00/0000").any(axis=1).mean(),
        "NULL": (every == "NULL").any(axis=1).mean(),
        "with time": days.str.contains(":").mean(),
        "semicolon": general["obs_at"].str.contains(";").mean(),
        "newline": general["obs_at"].str.contains("\n").mean(),
    }
    expected = {
        "duplicate": 0.01, "spaces": 0.01, "lower team": 0.002, "zero date": 0.003, "NULL": 0.002, "with time": 0.001,
        "semicolon": 0.0055, "newline": 0.001,
    }  # fmt: skip
    assert rates == pytest.approx(expected, rel=0.25)
    assert 0 < (days == "").sum() < 0.0006 * count
    places = general["Municipio"].str.strip()
    assert places.str.contains("[^A-Z ]").mean() == pytest.approx(0.30 * 0.45, abs=0.06)
    assert (general["obs_at"] == "=1+1").sum() == 1
    key = ["UC / MD", "Data execucao", "Cod", "TOI", "Equipe"]
    same_key = general[list(GENERAL)].drop_duplicates().duplicated(key).mean()
    assert same_key == pytest.approx(0.005, rel=0.3)
    assert returns[list(RETURN)].duplicated().mean() == pytest.approx(0.01, abs=0.005)


def test_no_file_has_too_many_undated_rows() -> None:
    """At any scale an undated row has 400 dated ones of its month before it, so a file of whole months is accepted."""
    for scale in (0.005, 0.3):
        book = synthesize(5, scale, date(2023, 6, 30))
        sheet = book.sheets["general"]
        undated = [place for place, row in enumerate(sheet.rows) if not row[GENERAL.index("Data execucao")]]
        assert bool(undated) == (scale > 0.1)
        for place in undated:
            month = from_ordinal(sheet.days[place]).replace(day=1)
            before = sum(to_ordinal(month) <= day for day in sheet.days[:place])
            assert before >= UNDATED_EVERY
