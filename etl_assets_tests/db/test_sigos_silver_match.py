"""To which service a return belongs (specs/sigos.md 8.2): by levels, and of several to which."""

from __future__ import annotations

from etl_assets_tests.sigos import Cells, Sigos, written

LEVELS = (
    "SELECT r.match_level, s.toi FROM silver.sigos_service_return r "
    "LEFT JOIN silver.sigos_service s USING (service_key)"
)


def matched(sigos: Sigos, returned: Cells, *services: Cells) -> list[tuple[object, ...]]:
    """Level, and the inspection report of the service: services are told apart by it."""
    sigos.extract("general", *services)
    sigos.extract("return", returned)
    sigos.load()
    return sigos.rows(LEVELS)


def test_the_whole_key(sigos: Sigos) -> None:
    other = {"toi": "1", "hora_fim_servico": "18:00"}
    assert matched(sigos, {"uc_md": "1234567-8", "codigo": "0109", "equipe": "rs-pel-f001m"}, {}, other) == [
        (1, "7654321")
    ]


def test_unit_day_and_team_before_unit_and_day(sigos: Sigos) -> None:
    services: list[Cells] = [
        {"toi": "1", "equipe": "POA1F101", "hora_fim_servico": "19:00"},
        {"toi": "2", "hora_fim_servico": "10:00"},
        {"toi": "3", "hora_fim_servico": "11:30"},
        {"toi": "4"},
    ]
    assert matched(sigos, {"toi": "", "codigo": ""}, *services) == [(2, "3")], "the one that ended last"


def test_unit_and_day(sigos: Sigos) -> None:
    services: list[Cells] = [{"toi": "1", "hora_fim_servico": "10:00"}, {"toi": "2", "hora_fim_servico": "9:00"}]
    assert matched(sigos, {"toi": "", "equipe": "POA1F101"}, *services) == [(3, "1")]


def test_a_tie_goes_to_the_lowest_key(sigos: Sigos) -> None:
    services: list[Cells] = [{"toi": str(i), "hora_fim_servico": "10:00"} for i in range(6)]
    ((_, toi),) = matched(sigos, {"toi": ""}, *services)
    assert toi == sigos.one("SELECT toi FROM silver.sigos_service ORDER BY service_key LIMIT 1")


def test_nothing_alike(sigos: Sigos) -> None:
    assert matched(sigos, {"uc_md": "999"}, {}, {"toi": "2", "data_execucao": "11/03/2025"}) == [(0, None)]


def test_a_unit_or_team_that_is_not_known_equals_none(sigos: Sigos) -> None:
    assert matched(sigos, {"uc_md": "", "toi": ""}, {"uc_md": "", "toi": "2"}) == [(0, None)]
    assert matched(sigos, {"equipe": "", "toi": ""}, {"equipe": "", "toi": "2"}) == [(3, "2")]


def test_a_service_that_comes_later_is_found_then(sigos: Sigos) -> None:
    assert matched(sigos, {}) == [(0, None)]
    assert sigos.violations("sigos_service_return")["returns_matched"] == 1
    sigos.extract("general", {})
    assert written(sigos.load())["sigos_service_return"] == 1
    assert sigos.rows(LEVELS) == [(1, "7654321")]
    assert "returns_matched" not in sigos.violations("sigos_service_return")
