"""What landing a delimited file costs, beside plain COPY of the same file into text columns, which judges nothing.

Belongs here: a file of the shape of the portal's general report, both sides, peak memory. Does not belong here: what
the portal's data look like (sigos/), timing.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import perf_counter
from uuid import uuid4

import psycopg
import sqlalchemy as sa

from etl_assets.demo.bench_timing import Phases, databases, interleaved, peak_memory, settle
from etl_assets.demo.postgres import dsn
from etl_assets.engine import ddl, run
from etl_assets.engine.audit import RunAudit
from etl_assets.engine.destination import Destination
from etl_assets.engine.dialects.postgres import PostgresDialect
from etl_assets.engine.files import FileWindow, LandedFile, WindowReport
from etl_assets.engine.graph import Graph
from etl_assets.engine.months import between, following
from etl_assets.engine.options import Options
from etl_assets.engine.spec import LANDING_KEY, Landing, TableSpec, column, landing_columns

COLUMNS = 39
_DAY, _UNIT, _REMARK = 8, 0, 38
_FIRST, _DAYS = date(2022, 3, 1), 1736
_LAST = _FIRST + timedelta(days=_DAYS - 1)
_CHUNK = 1 << 17
# So many rows of a file have a cell in quotes, as the portal's have a delimiter in a remark.
_QUOTED_EVERY = 200
TIMES = 10


def write_file(path: Path, rows: int) -> None:
    """`rows` records of 39 columns (about 330 bytes each), in latin-1, in the order of their days."""
    cells = [f"CELULA {n:02d}" for n in range(COLUMNS)]
    with path.open("w", encoding="latin-1", newline="") as file:
        file.write(";".join(f"Coluna {n}" for n in range(COLUMNS)) + "\r\n")
        for n in range(rows):
            cells[_UNIT], cells[_DAY] = str(1_000_000_000 + n), f"{_FIRST + timedelta(days=n * _DAYS // rows):%d/%m/%Y}"
            cells[_REMARK] = '"medição; não"' if n % _QUOTED_EVERY == 0 else "São Lourenço" if n % 3 else "NORMAL"
            file.write(";".join(cells) + "\r\n")


@dataclass(frozen=True)
class OneFile:
    """A source of one file that holds every month."""

    path: Path

    def fetch(
        self, feed: str, months: Sequence[str], today: date, log: Callable[[WindowReport], None]
    ) -> list[LandedFile]:
        window = FileWindow(_FIRST, _LAST, tuple(between(_FIRST.isoformat(), f"{_LAST:%Y-%m}-01")))
        now = datetime.now(UTC)
        return [LandedFile(self.path, self.path.name, window, now, WindowReport(window, "ok", 1, now, now))]

    def done(self, files: Sequence[LandedFile]) -> None:
        """It stays."""

    def tidy(self, feed: str, held: Callable[[Sequence[str]], AbstractSet[str]]) -> int:
        return 0


class Landed:
    """The engine's side."""

    def __init__(self, warehouse: str, path: Path) -> None:
        texts = [column(f"c{n}", sa.Text(), f"Column {n}", source=f"Coluna {n}") for n in range(COLUMNS)]
        table = sa.Table("raw", sa.MetaData(), *texts, *landing_columns(), schema="bronze")
        load = Landing("raw", f"c{_DAY}", (f"c{_UNIT}", f"c{_DAY}"), lookback_days=0)
        self.spec = TableSpec("bench", "bronze", table, LANDING_KEY, load)
        months = tuple(between(_FIRST.isoformat(), following(f"{_LAST:%Y-%m}-01")))
        graph = Graph("bench", (self.spec,), Path())
        self.destination = Destination(
            sa.make_url(warehouse), PostgresDialect(), graph, months=months, keep_sessions=True
        )
        self.source = OneFile(path)
        ddl.deploy(self.destination)

    def forget(self) -> None:
        with self.destination.engine.begin() as conn:
            conn.execute(sa.text("TRUNCATE TABLE bronze.raw, ctl.landed"))

    def load(self) -> Phases:
        audit = RunAudit(self.destination, "full", "manual", str(uuid4()))
        options, begun = Options(mode="full"), perf_counter()
        result = run.load(self.spec, self.destination, audit, options, files=self.source)
        total = perf_counter() - begun
        audit.close([])
        return {"total": total, "rows": float(result.counts.extracted), "appended": float(result.counts.inserted)}


def copy(warehouse: str, path: Path) -> Phases:
    """The bare side: the file's bytes, sent to COPY as they are."""
    with psycopg.connect(dsn(warehouse)) as conn:
        begun = perf_counter()
        statement = b"COPY bare FROM STDIN (FORMAT CSV, HEADER, DELIMITER ';', ENCODING 'LATIN1')"
        with path.open("rb") as file, conn.cursor() as cursor, cursor.copy(statement) as into:
            while data := file.read(_CHUNK):
                into.write(data)
        conn.commit()
        return {"total": perf_counter() - begun}


def measure(rows: int, repeats: int) -> dict[str, dict[str, Phases]]:
    """Medians of the first load of a file, and of a load of the same file again, each beside plain COPY."""
    with _file(rows) as path, databases("bare", "dw") as (bare, warehouse):
        engine = Landed(warehouse, path)
        with psycopg.connect(dsn(bare)) as conn:
            conn.execute(f"CREATE TABLE bare ({', '.join(f'c{n} text' for n in range(COLUMNS))})".encode())

        def before(_round: int) -> None:
            engine.forget()
            with psycopg.connect(dsn(bare)) as conn:
                conn.execute("TRUNCATE bare")
            settle(bare, warehouse)

        sides: dict[str, Callable[[], Phases]] = {"engine": engine.load, "copy": lambda: copy(bare, path)}
        first = interleaved(sides, before, repeats)
        before(0)
        engine.load()

        def again(_round: int) -> None:
            with psycopg.connect(dsn(bare)) as conn:
                conn.execute("TRUNCATE bare")
            settle(bare, warehouse)

        same = interleaved(sides, again, repeats)
        engine.destination.close()
        return {"first load": first, "the same again": same}


def measure_memory(rows: int) -> dict[str, float]:
    """Peak memory, in MiB, of a process that lands a file of `rows` rows, and of one that lands a tenth of them."""
    found = {}
    for name, size in (("a tenth of the rows", rows // TIMES), ("rows", rows)):
        with _file(size) as path, databases("dw") as (warehouse,):
            found[name] = peak_memory(_load, warehouse, path)
    return found


def _load(warehouse: str, path: Path) -> None:
    Landed(warehouse, path).load()


@contextmanager
def _file(rows: int) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="etl_bench-"))
    try:
        write_file(folder / "general.csv", rows)
        yield folder / "general.csv"
    finally:
        shutil.rmtree(folder)
