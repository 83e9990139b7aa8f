"""The SIGOS oracle's facts and figures, and the comparison of frames, against answers worked out by hand."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal
from fractions import Fraction as F
from typing import Any

import pandas as pd
import pytest

from etl_assets_tests.oracle import sigos_gold as gold
from etl_assets_tests.oracle.compare import differences, same

D = Decimal
SERVICE = {
    "service_key": "s", "status": "BAIXADO", "equipe": "T1", "regional": "NORTE", "grupo": "BT",
    "municipio_norm": "VIAMAO", "tipo_servico": "INSPECAO", "cod_norm": "300", "data_execucao": date(2026, 1, 30),
    "data_baixado": None, "toi": None, "toi_entregue": None, "hora_inicio_servico": None, "hora_fim_servico": None,
    "rs_negociado": None,
}  # fmt: skip
RETURN = {
    "return_key": "r", "service_key": None, "match_level": 0, "status": "PENDENTE", "equipe": "T1", "regional": "NORTE",
    "grupo": "BT", "tipo_servico": "REINSPECAO", "codigo_norm": "300", "data_execucao": date(2026, 1, 30),
    "data_resolvido": None, "occurrences": 1, "motivo": "MEDIDOR", "motivo_detalhado": None, "motivo_detalhado_2": None,
}  # fmt: skip


def frame(defaults: dict[str, Any], *rows: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame([{**defaults, **row} for row in rows], columns=list(defaults), dtype=object)


def built(services: list[dict[str, Any]], returns: list[dict[str, Any]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    back = frame(RETURN, *returns)
    facts = gold.services(frame(SERVICE, *({"service_key": f"s{n}", **row} for n, row in enumerate(services))), back)
    return facts, gold.service_returns(back, facts)


@pytest.fixture
def days() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Five services and three returns of one ISO week (26 January to 1 February), two of the services in February."""
    sunday = date(2026, 2, 1)
    return built(
        [
            {
                "service_key": "a", "cod_norm": "109", "toi": "1", "toi_entregue": True, "rs_negociado": D("100.10"),
                "hora_inicio_servico": time(9), "hora_fim_servico": time(9, 30), "data_baixado": date(2026, 2, 2),
            },
            {"service_key": "b", "status": "CANCELADO", "rs_negociado": D("50"), "toi": "2"},
            {"service_key": "c", "status": "PENDENTE", "cod_norm": "201", "toi": "3", "toi_entregue": False},
            {
                "service_key": "d", "data_execucao": sunday, "hora_inicio_servico": time(23, 50),
                "hora_fim_servico": time(0, 20), "data_baixado": date(2026, 2, 2),
            },
            {"service_key": "e", "data_execucao": sunday, "equipe": None, "status": "PENDENTE", "rs_negociado": D("0")},
        ],
        [
            {"service_key": "a", "match_level": 1, "occurrences": 2, "data_resolvido": date(2026, 2, 9)},
            {"service_key": "d", "match_level": 3, "data_execucao": sunday, "status": "CANCELADO"},
            {"data_execucao": sunday, "data_resolvido": date(2026, 2, 12)},
        ],
    )  # fmt: skip


def test_derivations_of_a_service() -> None:
    facts, _ = built(
        [
            {"status": "CANCELADO", "data_baixado": date(2026, 1, 30), "service_key": "x"},
            {"status": "PENDENTE", "data_baixado": date(2026, 1, 29), "hora_inicio_servico": time(8),
             "hora_fim_servico": time(8), "rs_negociado": D("-1")},
            {"status": None, "hora_inicio_servico": time(20), "hora_fim_servico": time(8)},
            {"hora_inicio_servico": time(20), "hora_fim_servico": time(8, 0, 1), "rs_negociado": D("0.01")},
        ],
        [{"service_key": "x", "occurrences": 2}, {"service_key": "x"}],
    )  # fmt: skip
    columns = [
        "is_cancelled",
        "is_closed",
        "duration_min",
        "days_to_close",
        "is_negotiated",
        "return_count",
        "is_returned",
    ]
    assert facts[columns].to_numpy().tolist() == [
        [True, False, None, 0, False, 3, True],
        [False, True, None, None, False, 0, False],  # closed before it was done: no days; no minutes: no duration
        [False, False, F(720), None, False, 0, False],
        [False, True, None, None, True, 0, False],  # a second above twelve hours
    ]
    assert facts["status_group"].tolist() == ["CANCELADO", "ABERTO", "ABERTO", "BAIXADO"]
    assert facts["status"].tolist() == ["CANCELADO", "PENDENTE", "NAO INFORMADO", "BAIXADO"]


def test_derivations_of_a_return() -> None:
    _, back = built(
        [{"service_key": "a", "municipio_norm": None}, {"service_key": "b", "tipo_servico": None}],
        [
            {"service_key": "a", "equipe": None},
            {"service_key": "b", "status": "CANCELADO", "codigo_norm": "171"},
            {"data_resolvido": date(2026, 1, 29), "status": "RESOLVIDO"},
            {"data_resolvido": date(2026, 2, 28), "status": "CANCELADO", "tipo_servico": None},
        ],
    )
    columns = ["municipio_norm", "tipo_servico", "is_resolved", "is_open", "days_to_resolve", "code_class", "equipe"]
    none = "NAO INFORMADO"
    assert back[columns].to_numpy().tolist() == [
        [none, "INSPECAO", False, True, None, "ACAO", "NAO INFORMADA"],
        ["VIAMAO", "REINSPECAO", False, False, None, "C100", "T1"],
        [none, "REINSPECAO", True, False, None, "ACAO", "T1"],
        [none, none, True, False, 29, "ACAO", "T1"],
    ]


def test_a_week_across_months_is_recomputed_from_counts(days: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    (week,) = gold.kpis(*days, (), "weekly", date(2026, 8, 1)).to_dict("records")
    assert week == {
        "period": date(2026, 1, 26), "services_protocoled": 5, "services_cancelled": 1, "cancel_rate": F(1, 5),
        "services_executed": 4, "services_closed": 2, "closing_rate": F(1, 2), "team_days": 3,
        "services_per_team_day": F(4, 3), "services_timed": 2, "duration_min_sum": 60, "field_hours": 1,
        "avg_duration_min": 30, "services_per_field_hour": 2, "avg_days_to_close": 2,
        "days_to_close_sum": 4, "days_to_close_count": 2, "services_with_toi": 2,
        "toi_rate": F(1, 2), "toi_delivered": 1, "toi_delivery_rate": F(1, 2), "findings": 2, "finding_rate": F(1, 2),
        "frauds": 1, "fraud_rate": F(1, 4), "negotiated_amount": F("100.10"), "services_negotiated": 1,
        "negotiation_rate": F(1, 4), "returned_services": 2, "return_rate": F(1, 2), "first_pass_rate": F(1, 2),
        "return_count_sum": 3, "rework_intensity": F(3, 2), "repeat_returned_services": 1,
        "repeat_return_rate": F(1, 2), "returns_total": 3, "returns_open": 0, "returns_resolved": 2,
        "resolution_rate": F(2, 3), "days_to_resolve_sum": 21, "days_to_resolve_count": 2,
        "avg_days_to_resolve": F(21, 2), "p90_days_to_resolve": F(109, 10),
        "unmatched_returns": 1, "is_mature": True,
    }  # fmt: skip


def test_days_and_months_split_what_a_week_holds(days: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    facts, back = days
    daily = gold.kpis(facts, back, ("equipe",), "daily", date(2026, 7, 29)).set_index(["period", "equipe"])
    assert daily[["services_executed", "returned_services", "returns_total", "is_mature"]].T.to_dict("list") == {
        (date(2026, 1, 30), "T1"): [2, 1, 1, True],
        (date(2026, 2, 1), "T1"): [1, 1, 2, False],
        (date(2026, 2, 1), "NAO INFORMADA"): [1, 0, 0, False],
    }
    monthly = gold.kpis(facts, back, ("regional", "grupo"), "monthly", date(2026, 7, 30)).set_index("period")
    assert monthly[["services_protocoled", "return_rate", "avg_days_to_resolve", "is_mature"]].T.to_dict("list") == {
        date(2026, 1, 1): [3, F(1, 2), 10, True],
        date(2026, 2, 1): [2, F(1, 2), 11, False],
    }


def test_nothing_is_divided_by_zero() -> None:
    facts, back = built([{"status": "CANCELADO"}], [{"equipe": "T2", "status": "EM CAMPO"}])
    rows = gold.kpis(facts, back, ("equipe",), "monthly", date(2026, 7, 30)).set_index("equipe").to_dict("index")
    assert (rows["T1"]["cancel_rate"], rows["T1"]["return_rate"], rows["T1"]["first_pass_rate"]) == (1, None, None)
    assert (rows["T1"]["returns_total"], rows["T1"]["resolution_rate"], rows["T1"]["p90_days_to_resolve"]) == (
        0,
        None,
        None,
    )
    assert (rows["T2"]["services_protocoled"], rows["T2"]["cancel_rate"], rows["T2"]["returns_open"]) == (0, None, 1)


@pytest.mark.parametrize(
    ("day", "week", "month", "end_of_month"),
    [
        (date(2026, 1, 1), date(2025, 12, 29), date(2026, 1, 1), date(2026, 1, 31)),
        (date(2024, 2, 29), date(2024, 2, 26), date(2024, 2, 1), date(2024, 2, 29)),
        (date(2026, 3, 1), date(2026, 2, 23), date(2026, 3, 1), date(2026, 3, 31)),
    ],
)
def test_periods(day: date, week: date, month: date, end_of_month: date) -> None:
    assert [gold.period(day, g) for g in gold.GRAINS] == [day, week, month]
    assert gold.period_end(month, "monthly") == end_of_month


def test_reasons_and_recovery(days: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    facts, back = days
    back.loc[2, "motivo"] = "CADASTRO"
    reasons = gold.return_reasons(back).drop(columns=["motivo_detalhado", "equipe"]).to_numpy().tolist()
    assert reasons == [
        [date(2026, 1, 1), "MEDIDOR", 1, F(1), 1, F(10)],
        [date(2026, 2, 1), "MEDIDOR", 1, F(1, 2), 0, None],
        [date(2026, 2, 1), "CADASTRO", 1, F(1, 2), 1, F(11)],
    ]
    rows = gold.recovery(facts)[["period", "code_class", "findings", "services_with_toi", "negotiated_amount"]]
    assert rows.to_numpy().tolist() == [
        [date(2026, 1, 1), "C100", 1, 1, F("100.10")],
        [date(2026, 1, 1), "ACAO", 0, 0, 0],  # the cancelled one's report and money do not count
        [date(2026, 1, 1), "C200", 1, 1, 0],
        [date(2026, 2, 1), "ACAO", 0, 0, 0],
    ]


def test_backlog_by_age() -> None:
    as_of = date(2026, 3, 31)
    on = [
        date(2026, 3, 24),
        date(2026, 3, 23),
        date(2026, 3, 1),
        date(2026, 1, 30),
        date(2026, 1, 29),
        date(2026, 4, 1),
    ]
    facts, back = built(
        [{"status": "PENDENTE", "data_execucao": d} for d in on] + [{"status": "CANCELADO"}, {}],
        [{"data_execucao": on[0]}, {"data_execucao": on[0], "status": "CANCELADO"}, {"data_resolvido": as_of}],
    )
    assert gold.backlog(facts, back, as_of).to_numpy().tolist() == [
        ["T1", "0-7", 1, 1], ["T1", "8-15", 1, 0], ["T1", "16-30", 1, 0], ["T1", "31-60", 1, 0], ["T1", ">60", 1, 0],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("found", "expected", "answer"),
    [
        (None, None, True), (float("nan"), None, True), (pd.NaT, None, True), (0, None, False), (None, 0, False),
        (D("0.6667"), F(2, 3), True), (D("0.6666"), F(2, 3), False), (D("0.67"), F(2, 3), False),
        (D("0.5"), F(1, 2), True),
        (D("-0.6667"), F(-2, 3), True),
        (D("0.9687"), F(31, 32), False), (D("0.9688"), F(31, 32), True), (D("0.9689"), F(31, 32), False),
        (D("-0.0313"), F(-1, 32), True), (D("-0.0312"), F(-1, 32), False), (D("0.0000"), F(-1, 30_000), True),
        (0.6666666666666666, F(2, 3), True), (0.6667, F(2, 3), False),
        (D("2.00"), D("2"), True), (D("2.01"), D("2"), False), (True, True, True), (1, True, False), (True, 1, False),
        ("A", "A", True), ("A", "B", False), (3, F(3), True), (date(2026, 1, 1), date(2026, 1, 1), True),
    ],
)  # fmt: skip
def test_same(found: object, expected: object, answer: bool) -> None:
    assert same(found, expected) is answer


def test_a_sum_of_rounded_parts_may_be_off_a_little() -> None:
    assert same(D("0.999999"), F(1), F(1, 10**6))
    assert not same(D("0.999997"), F(1), F(1, 10**6))


def test_differences_are_told_by_key() -> None:
    ours = pd.DataFrame({"k": ["a", "b", "d", "d"], "v": [1, 2, 4, 4]})
    theirs = pd.DataFrame({"k": ["a", "b", "c", "d"], "v": [F(1), F(5, 2), 3, 4]})
    assert differences(ours, theirs, ["k"], ["v"]) == [
        "found: 2 rows of key {'k': 'd'}",
        "{'k': 'b'}: v is 2, expected 5/2 = 2.5",
        "missing: {'k': 'c'}",
    ]
    assert differences(theirs, ours, ["k"], ["v"], most=1)[-1] == "... and 2 more"
    assert differences(theirs, theirs, ["k"], ["v"]) == []
    with pytest.raises(KeyError, match="w"):
        differences(ours, theirs, ["k"], ["w"])
