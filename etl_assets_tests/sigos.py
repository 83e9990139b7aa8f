"""A small SIGOS warehouse: extractions as told, put into bronze as the loader would, and everything made of them.

Belongs here: making it, storing extractions, running loads, asking. Does not belong here: what must hold; reading
files, which is the engine's (its own tests).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from etl_assets.engine import ddl, run
from etl_assets.engine.audit import RunAudit
from etl_assets.engine.control import landed, pending_partition
from etl_assets.engine.destination import Destination
from etl_assets.engine.dialects.postgres import PostgresDialect
from etl_assets.engine.graph import Graph
from etl_assets.engine.months import between, following
from etl_assets.engine.options import Options, Result
from etl_assets.engine.spec import TableSpec
from etl_assets.systems.sigos.bronze import GENERAL, RETURN, bronze
from etl_assets.systems.sigos.compat import compat
from etl_assets.systems.sigos.parameters import parameters
from etl_assets.systems.sigos.silver import silver

PG = PostgresDialect()
SQL_ROOT = Path(__file__).parents[1] / "sql"
FIRST, LAST = "2022-03-01", "2026-12-01"
SALT = "salt of a test"
CELLS = {"general": tuple(c[0] for c in GENERAL), "return": tuple(c[0] for c in RETURN)}
# A service and a return of it, as the portal would export them.
SERVICE = {
    "uc_md": "0012345678", "status": "BAIXADO", "municipio": "Pelotas", "tipo_servico": "INSPECAO",
    "data_execucao": "10/03/2025", "cod": "109", "toi": "7654321", "equipe": "RS-PEL-F001M",
}  # fmt: skip
RETURNED = {
    "uc_md": "0012345678", "data_execucao": "10/03/2025", "codigo": "109", "toi": "7654321", "equipe": "RS-PEL-F001M",
    "motivo": "DOCUMENTACAO", "status": "PENDENTE",
}  # fmt: skip

# What a check of silver asks besides; the table itself is of layer ref.
_CODES = (
    "CREATE SCHEMA IF NOT EXISTS ref; CREATE TABLE IF NOT EXISTS ref.irregularity_code AS "
    "SELECT * FROM (VALUES ('109', 'C100'), ('300', 'ACAO')) AS c (cod, class)"
)

Cells = Mapping[str, str | None]


@dataclass
class Sigos:
    """One warehouse; rows are told by what differs from SERVICE or RETURNED, None being a column that is not there."""

    url: str
    extra: tuple[TableSpec, ...] = ()
    _serial: int = field(default=0, init=False)

    @cached_property
    def destination(self) -> Destination:
        specs = (*bronze(), *self.extra, *silver(), *compat())
        graph = Graph("sigos", specs, SQL_ROOT, parameters=parameters(lambda: SALT))
        made = Destination(sa.make_url(self.url), PG, graph, months=tuple(between(FIRST, LAST)), keep_sessions=True)
        ddl.deploy(made)
        with made.engine.connect() as conn:
            PG.execute(conn, _CODES)
            conn.commit()
        return made

    @cached_property
    def connection(self) -> sa.Connection:
        engine = self.destination.engine
        return engine.connect().execution_options(isolation_level="AUTOCOMMIT")

    def close(self) -> None:
        if "connection" in self.__dict__:
            self.connection.close()
        if "destination" in self.__dict__:
            self.destination.close()

    def extract(
        self,
        feed: str,
        *rows: Cells,
        month: str = "2025-03-01",
        at: str = "2025-04-02 12:00-03",
        file: str | None = None,
        window: tuple[str, str] | None = None,
        same: bool = False,
        keep: int = 3,
    ) -> int:
        """Store `rows` as the latest extraction of `month` (or, with `same`, add them to it) and return its number."""
        self._serial += 1
        entity, relation = f"sigos.bronze.sigos_{feed}_raw", f"bronze.sigos_{feed}_raw"
        end = (date.fromisoformat(following(month))).isoformat()
        start, until = window or (month, end)
        defaults = SERVICE if feed == "general" else RETURNED
        records = [self._record(feed, defaults, r) for r in rows]
        before = self.number(
            f"SELECT coalesce(max(extraction), 0) FROM ctl.landed WHERE entity = '{entity}' AND month = '{month}'"
        )
        extraction = before if same else before + 1
        ours = {
            "_partition_month": month, "_extraction": extraction, "_source_file": file or f"{feed}/{self._serial}.csv",
            "_window_start": start, "_window_end": until, "_extracted_at": at, "_run_id": "1",
        }  # fmt: skip
        lines = range(2, len(records) + 2)
        self._insert(relation, [{"_line_no": n} | ours | r for n, r in zip(lines, records, strict=True)])
        problems = sum(r.get("_problem") is not None for r in records)
        of_month = sa.and_(landed.c.entity == entity, landed.c.month == sa.cast(month, sa.Date))
        if same:
            more = {"rows": landed.c.rows + len(records), "problems": landed.c.problems + problems}
            self.connection.execute(sa.update(landed).where(of_month, landed.c.extraction == extraction).values(more))
        else:
            self.connection.execute(sa.update(landed).where(of_month).values(is_latest=False))
            self._insert(
                "ctl.landed",
                [
                    {
                        "entity": entity, "month": month, "extraction": extraction, "is_latest": True,
                        "rows": len(records), "problems": problems, "digest": str(self._serial),
                        "extracted_at": at, "window_start": start, "window_end": until,
                    }
                ],
            )  # fmt: skip
            self.forget(feed, month, extraction - keep)
        producer = self.destination.graph.find(f"bronze.sigos_{feed}_raw")
        waiting = [{"consumer": f.consumer.entity, "partition": month} for f in self.destination.graph.feeds(producer)]
        self.connection.execute(sa.insert(pending_partition), waiting)
        return extraction

    def forget(self, feed: str, month: str, up_to: int) -> None:
        """Remove extractions of a month up to a number, as retention does."""
        of = f"_partition_month = '{month}' AND _extraction <= {up_to}"
        self.sql(
            f"DELETE FROM bronze.sigos_{feed}_raw WHERE {of}",
            f"DELETE FROM ctl.landed WHERE entity = 'sigos.bronze.sigos_{feed}_raw' AND month = '{month}' "
            f"AND extraction <= {up_to}",
        )

    def _record(self, feed: str, defaults: Cells, row: Cells) -> dict[str, Any]:
        cells: dict[str, Any] = dict.fromkeys(CELLS[feed], "") | dict(defaults) | dict(row)
        text = "\x1f".join(str(cells[c]) for c in CELLS[feed])
        cells.setdefault("_row_hash", hashlib.sha256(text.encode()).hexdigest())
        return cells

    def _insert(self, relation: str, rows: Sequence[Mapping[str, Any]]) -> None:
        if not rows:
            return
        columns = list(dict.fromkeys(c for r in rows for c in r))
        raw = self.connection.connection.driver_connection
        assert raw is not None
        with raw.cursor() as cursor, cursor.copy(f"COPY {relation} ({', '.join(columns)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row([row.get(c) for c in columns])

    def load(
        self, mode: str = "changed", *, only: Iterable[str] = (), months: tuple[str, ...] = ()
    ) -> dict[str, Result]:
        """Load silver and compat in order; results by table. Raises the first error."""
        options = Options(mode=mode)  # type: ignore[arg-type]
        audit = RunAudit(self.destination, options.load_type, "manual")
        wanted = set(only)
        found = {}
        for spec in self.destination.graph.ordered:
            if spec.layer not in ("silver", "compat") or spec.is_view or (wanted and spec.name not in wanted):
                continue
            found[spec.name] = run.load(spec, self.destination, audit, options, months=months)
        audit.close([])
        return found

    def sql(self, *statements: str) -> None:
        for statement in statements:
            PG.execute(self.connection, statement)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return PG.rows(self.connection, query)

    def one(self, query: str) -> Any:
        ((value,),) = self.rows(query)
        return value

    def number(self, query: str) -> int:
        return int(str(self.one(query)))

    def parsed(
        self, feed: str, column: str, *texts: str | None, at: str = "2025-04-02 12:00-03", into: str | None = None
    ) -> list[Any]:
        """What the typed view makes of texts of one column, each in a record of its own: of it or of columns `into`."""
        self.extract(feed, *({column: t} for t in texts), at=at)
        found = self.rows(f"SELECT {into or column} FROM silver.sigos_{feed}_typed WHERE _is_latest ORDER BY _line_no")
        return [r[0] if len(r) == 1 else tuple(r) for r in found]

    def violations(self, table: str) -> dict[str, int]:
        """Violating rows of each check of a table, of those that have any."""
        spec = self.destination.graph.find(table)
        relation = PG.relation(spec.relation)
        counted = {c.name: self.number(c.violations(relation, PG.quote)) for c in spec.all_checks()}
        return {name: n for name, n in counted.items() if n}


def written(results: Mapping[str, Result]) -> dict[str, int]:
    """Rows inserted, updated or deleted by table, where any were."""
    return {n: r.counts.changed for n, r in results.items() if r.counts.changed}
