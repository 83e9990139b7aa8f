"""A small SIGOS warehouse up to gold: extractions as told, and all that is made of them as of a day.

Belongs here: making it and a handful of services whose figures can be worked out by hand. Does not belong here: what
must come of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from etl_assets.engine import ddl, run
from etl_assets.engine.audit import RunAudit
from etl_assets.engine.destination import Destination
from etl_assets.engine.graph import Graph
from etl_assets.engine.months import between
from etl_assets.engine.options import Options, Result
from etl_assets.systems.sigos.bronze import bronze
from etl_assets.systems.sigos.gold import gold
from etl_assets.systems.sigos.parameters import parameters
from etl_assets.systems.sigos.reference import reference
from etl_assets.systems.sigos.silver import silver
from etl_assets_tests.sigos import FIRST, LAST, PG, SALT, SQL_ROOT, Cells, Sigos

JANUARY, FEBRUARY = "2026-01-01", "2026-02-01"
SOUTH, NORTH, HIGH = "RS-PEL-F001M", "POA2F107", "POA2A001"
# Friday 30 January and Sunday 1 February are of one ISO week, that of Monday the 26th.
FRIDAY, SUNDAY, MONDAY = "30/01/2026", "01/02/2026", "02/02/2026"
SERVICES: tuple[Cells, ...] = (
    {
        "uc_md": "1", "data_execucao": FRIDAY, "toi": "1", "toi_entregue": "SIM", "rs_negociado": "1.100,10",
        "qtd_parcelas": "3", "hora_inicio_servico": "09:00", "hora_fim_servico": "09:30", "data_baixado": MONDAY,
    },
    {"uc_md": "2", "data_execucao": FRIDAY, "status": "CANCELADO", "toi": "2", "rs_negociado": "50,00"},
    {
        "uc_md": "3", "data_execucao": FRIDAY, "status": "PENDENTE", "cod": "0201", "toi": "3", "toi_entregue": "NAO",
        "equipe": NORTH, "municipio": "Viamão",
    },
    {
        "uc_md": "4", "data_execucao": SUNDAY, "cod": "300", "toi": "", "hora_inicio_servico": "23:50",
        "hora_fim_servico": "00:20", "data_baixado": MONDAY,
    },
    {
        "uc_md": "5", "data_execucao": SUNDAY, "status": "PENDENTE", "cod": "999", "toi": "", "equipe": "",
        "rs_negociado": "0,00", "data_baixado": "31/01/2026",
    },
    {
        "uc_md": "6", "data_execucao": MONDAY, "status": "", "cod": "", "toi": "", "equipe": HIGH, "municipio": "",
        "tipo_servico": "", "hora_inicio_servico": "10:00", "hora_fim_servico": "10:00",
    },
)  # fmt: skip
# The first is returned twice and resolved, the fourth once and cancelled; of the third return nobody knows the service.
RETURNS: tuple[Cells, ...] = (
    {"uc_md": "1", "data_execucao": FRIDAY, "toi": "1", "status": "PENDENTE", "motivo_detalhado": "FOTO AUSENTE"},
    {
        "uc_md": "1", "data_execucao": FRIDAY, "toi": "1", "status": "RESOLVIDO", "motivo_detalhado": "FOTO AUSENTE",
        "data_resolvido": "09/02/2026",
    },
    {"uc_md": "4", "data_execucao": SUNDAY, "codigo": "300", "toi": "", "status": "CANCELADO", "motivo": ""},
    {
        "uc_md": "99", "data_execucao": SUNDAY, "codigo": "300", "toi": "", "tipo_servico": "REINSPECAO",
        "status": "RESOLVIDO", "data_resolvido": "12/02/2026", "motivo": "MEDIDOR",
    },
)  # fmt: skip


class Warehouse(Sigos):
    """See Sigos; `bring` loads silver, ref and gold."""

    @cached_property
    def destination(self) -> Destination:
        specs = (*bronze(), *silver(), *reference(), *gold())
        graph = Graph("sigos", specs, SQL_ROOT, parameters=parameters(lambda: SALT))
        made = Destination(sa.make_url(self.url), PG, graph, months=tuple(between(FIRST, LAST)), keep_sessions=True)
        ddl.deploy(made)
        return made

    def tell(self, feed: str, rows: Sequence[Cells], *months: str) -> None:
        """Store the rows of each month as its latest extraction; dates are dd/mm/yyyy."""
        for month in months:
            year, number, _ = month.split("-")
            self.extract(feed, *(r for r in rows if str(r["data_execucao"]).endswith(f"/{number}/{year}")), month=month)

    def bring(
        self, mode: str = "changed", *, as_of: str = "2026-03-01", only: Iterable[str] = (), without: Iterable[str] = ()
    ) -> dict[str, Result]:
        """Load what silver, ref and gold have, in order (`only` these tables, `without` those); results by table."""
        options = Options(mode=mode, as_of_date=as_of)  # type: ignore[arg-type]
        audit = RunAudit(self.destination, options.load_type, "manual")
        wanted, left = set(only), set(without)
        found = {}
        for spec in self.destination.graph.ordered:
            chosen = (not wanted or spec.name in wanted) and spec.name not in left
            if spec.layer in ("silver", "ref", "gold") and not spec.is_view and chosen:
                found[spec.name] = run.load(spec, self.destination, audit, options)
        audit.close([])
        return found

    def table(self, name: str, *columns: str, by: str = "1", where: str = "TRUE") -> list[tuple[Any, ...]]:
        """Rows of a table of gold in the order of `by`, decimals and days as text."""
        texts = {c.name: str(c.type) for c in self.destination.graph.find(f"gold.{name}").table.columns}
        shown = ", ".join(f"CAST({c} AS text)" if texts[c] == "DATE" or "NUMERIC" in texts[c] else c for c in columns)
        return self.rows(f"SELECT {shown} FROM gold.{name} WHERE {where} ORDER BY {by}")


def told(url: str) -> Warehouse:
    """A warehouse with SERVICES and RETURNS in bronze."""
    made = Warehouse(url)
    made.tell("general", SERVICES, JANUARY, FEBRUARY)
    made.tell("return", RETURNS, JANUARY, FEBRUARY)
    return made
