"""All of SIGOS from the stand-in's rows to the marts, without a browser: loads as of days, frames to compare.

Belongs here: running loads, reading tables under natural keys. Does not belong here: what must hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

import pandas as pd
import sqlalchemy as sa

from etl_assets.engine import ddl, run
from etl_assets.engine.audit import RunAudit
from etl_assets.engine.destination import Destination
from etl_assets.engine.graph import Graph
from etl_assets.engine.options import Options, Result
from etl_assets.systems.sigos.bronze import bronze
from etl_assets.systems.sigos.compat import compat
from etl_assets.systems.sigos.gold import gold
from etl_assets.systems.sigos.parameters import parameters
from etl_assets.systems.sigos.reference import reference
from etl_assets.systems.sigos.silver import silver
from etl_assets_tests.sigos import PG, SALT, SQL_ROOT
from etl_assets_tests.sigos_files import PortalFiles

# Surrogate -> table and natural column that stand for it.
_NAMES = {
    "team_key": ("gold.dim_team", "equipe"),
    "municipality_key": ("gold.dim_municipality", "municipio_norm"),
    "service_type_key": ("gold.dim_service_type", "tipo_servico"),
    "status_key": ("gold.dim_status", "status"),
}


@dataclass
class Whole:
    """One warehouse over `files`; every load is as of the day of their book. `days` are those of the loads so far."""

    url: str
    files: PortalFiles
    months: tuple[str, ...]
    days: list[date] = field(default_factory=list)

    @cached_property
    def destination(self) -> Destination:
        specs = (*bronze(), *silver(), *compat(), *reference(), *gold())
        graph = Graph("sigos", specs, SQL_ROOT, parameters=parameters(lambda: SALT))
        made = Destination(sa.make_url(self.url), PG, graph, months=self.months, keep_sessions=True)
        ddl.deploy(made)
        return made

    def load(self, mode: str = "changed") -> dict[str, Result]:
        """Load everything in order; results by `layer.table`. Raises the first error."""
        options = Options(mode=mode, as_of_date=self.files.book.today.isoformat())  # type: ignore[arg-type]
        audit = RunAudit(self.destination, options.load_type, "manual")
        found = {}
        for spec in self.destination.graph.ordered:
            made = run.load(spec, self.destination, audit, options, files=self.files if spec.is_landing else None)
            found[f"{spec.layer}.{spec.name}"] = made
        audit.close([])
        self.days.append(self.files.book.today)
        return found

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.destination.engine.connect() as conn:
            return PG.rows(conn, query)

    def columns(self, table: str) -> tuple[str, ...]:
        return self.destination.graph.find(table).data_columns

    def frame(self, table: str, columns: Sequence[str], where: str = "TRUE") -> pd.DataFrame:
        """Columns of a table; a name of `named()` that the table has not is looked up by its surrogate."""
        own = self.columns(table)
        shown, joins = [], []
        for column in columns:
            surrogate = next((s for s, (_, name) in _NAMES.items() if name == column and s in own), None)
            if column in own or surrogate is None:
                shown.append(f't."{column}"')
            else:
                dimension = _NAMES[surrogate][0]
                joins.append(f"LEFT JOIN {dimension} AS {surrogate}_d ON {surrogate}_d.{surrogate} = t.{surrogate}")
                shown.append(f"{surrogate}_d.{column}")
        relation = PG.relation(self.destination.graph.find(table).relation)
        rows = self.rows(f"SELECT {', '.join(shown)} FROM {relation} AS t {' '.join(joins)} WHERE {where}")
        return pd.DataFrame(rows, columns=list(columns), dtype=object)
