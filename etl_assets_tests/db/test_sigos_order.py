"""Of two records with one key the last counts, also when only their order is new (specs/sigos.md 6.2, rule 8)."""

from __future__ import annotations

from pathlib import Path

from etl_assets.engine import run
from etl_assets.engine.audit import RunAudit
from etl_assets.engine.options import Counts, Options
from etl_assets_tests.landings import FakeSource, text
from etl_assets_tests.sigos import SERVICE, Sigos, written

MONTH = "2026-03-01"
HEADERS = {
    "uc_md": "UC / MD", "status": "Status", "municipio": "Municipio", "tipo_servico": "Tipo servico",
    "data_execucao": "Data execucao", "cod": "Cod", "toi": "TOI", "equipe": "Equipe",
}  # fmt: skip


def record(**cells: str) -> str:
    return ";".join((SERVICE | {"data_execucao": "10/03/2026"} | cells)[c] for c in HEADERS)


def land(sigos: Sigos, source: FakeSource, *records: str) -> Counts:
    """Load bronze from a file of these records, then what is made of it; return bronze's counts."""
    source.clear().put(text(*records, head=";".join(HEADERS.values())), MONTH, name=f"{len(source.asked)}.csv")
    options = Options(mode="requested")
    audit = RunAudit(sigos.destination, options.load_type, "manual")
    bronze = sigos.destination.graph.find("bronze.sigos_general_raw")
    result = run.load(bronze, sigos.destination, audit, options, months=(MONTH,), files=source)
    audit.close([])
    return result.counts


def test_the_same_lines_in_another_order_change_the_winner(sigos: Sigos, tmp_path: Path) -> None:
    source = FakeSource(tmp_path)
    closed, pending, other = record(), record(status="PENDENTE"), record(toi="1")
    assert land(sigos, source, closed, pending, other).inserted == 3
    sigos.load()
    told = "SELECT toi, status, dup_count FROM silver.sigos_service ORDER BY 1"
    assert sigos.rows(told) == [("1", "BAIXADO", 0), ("7654321", "PENDENTE", 1)]
    assert land(sigos, source, other, closed, pending).inserted == 3, "the order of all lines of a day is seen"
    assert written(sigos.load()) == {}
    assert land(sigos, source, other, pending, closed).inserted == 3
    assert written(sigos.load()) == {"sigos_service": 1, "sigos_service_change": 1, "general_reports": 1}
    assert sigos.rows(told) == [("1", "BAIXADO", 0), ("7654321", "BAIXADO", 1)]
    changed = "SELECT change_type, changed_columns, old_values, new_values FROM silver.sigos_service_change"
    assert sigos.rows(changed) == [
        ("U", ["status"], {"status": "PENDENTE"}, {"status": "BAIXADO"}),
    ]
    assert land(sigos, source, other, pending, closed).unchanged == 3
