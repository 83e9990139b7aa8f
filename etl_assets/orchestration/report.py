"""Engine results as Dagster metadata: counts, cursors, months, schema. Never a value of a row.

Belongs here: names and shapes of metadata. Does not belong here: when events are logged (io_managers.py).
"""

from __future__ import annotations

import time
from typing import Any

import dagster as dg

from etl_assets.engine.dialects.base import Dialect
from etl_assets.engine.options import Counts, Result
from etl_assets.engine.spec import Landing, TableSpec

Metadata = dict[str, Any]


def source_key(spec: TableSpec) -> tuple[str, str, str]:
    """Asset key of the source relation a mirror reads, or of the feed a landing table is loaded from."""
    if spec.source_asset:
        return spec.source_asset
    if isinstance(spec.load, Landing):
        return (spec.system, "source", spec.load.feed)
    assert spec.source is not None
    return (spec.system, "source", spec.source.rsplit(".", 1)[-1])


def summary(result: Result) -> str:
    """One line for logs: what a load did, in counts."""
    counts = ", ".join(f"{name} {number}" for name, number in result.counts.as_dict().items())
    return f"{result.entity} {result.status} in {result.seconds:.2f} s: {counts}"


def counts_metadata(counts: Counts) -> Metadata:
    return {f"rows_{name}": number for name, number in counts.as_dict().items()}


def result_metadata(spec: TableSpec, result: Result, row_count: int | None) -> Metadata:
    """Metadata of one materialization."""
    out = counts_metadata(result.counts) if not spec.is_view else {}
    out |= {"status": result.status, "batches": result.batches}
    out |= {"seconds_extract": round(result.extract_seconds, 3), "seconds_load": round(result.load_seconds, 3)}
    if spec.cleans:
        out["values_nulled"] = sum(result.nulled.values())
    if result.nulled:
        out["values_nulled_by_column"] = dg.MetadataValue.table(
            records=[
                dg.TableRecord({"column": column, "reason": reason, "values": number})
                for (column, reason), number in sorted(result.nulled.items())
            ],
            schema=dg.TableSchema(
                columns=[dg.TableColumn("column"), dg.TableColumn("reason"), dg.TableColumn("values", "int")]
            ),
        )
    if row_count is not None:
        out["dagster/row_count"] = row_count
    if result.seconds > 0 and result.counts.extracted:
        out["rows_per_second"] = round(result.counts.extracted / result.seconds)
    if spec.is_mirror:
        out |= {
            "cursor_start": result.cursor_start or "none",
            "cursor_end": result.cursor_end or result.cursor_start or "none",
        }
    if result.months:
        period = getattr(spec.load, "grain", "month")
        out[f"{period}s_rebuilt"] = len(result.months)
        out[f"counts_by_{period}"] = dg.MetadataValue.table(
            records=[dg.TableRecord({period: m, **c.as_dict()}) for m, c in sorted(result.months.items())],
            schema=dg.TableSchema(
                columns=[dg.TableColumn(period, "string"), *(dg.TableColumn(n, "int") for n in Counts().as_dict())]
            ),
        )
    if result.notes:
        out["notes"] = dg.MetadataValue.md("\n".join(f"- {n}" for n in result.notes))
    return out


def source_metadata(spec: TableSpec, result: Result, newest: float | None) -> Metadata:
    """Observation of a source relation or feed, as a load of `spec` saw it; `newest` in seconds since 1970.

    `age_hours`: of the newest row, or file, when it was looked at; not told where rows do not say when they changed.
    """
    cursor = result.cursor_end or result.cursor_start
    out: Metadata = {"rows_read": result.counts.extracted}
    if not spec.is_landing:
        out["newest_row_cursor"] = cursor or "none"
    if newest is not None:
        out["dagster/last_updated_timestamp"] = dg.MetadataValue.timestamp(newest)
        out["age_hours"] = round(max(time.time() - newest, 0.0) / 3600, 3)
    return out


def table_metadata(spec: TableSpec, dialect: Dialect) -> Metadata:
    """Definition metadata: name, schema with descriptions and PII tags, key, strategy."""
    columns = [
        dg.TableColumn(
            c.name,
            dialect.declared_type(c),
            description=c.comment,
            constraints=dg.TableColumnConstraints(
                nullable=bool(c.nullable) and c.name not in spec.key, unique=spec.key == (c.name,)
            ),
            tags={"pii": str(c.info["pii"])} if "pii" in c.info else None,
        )
        for c in spec.table.columns
    ]
    return {
        "dagster/table_name": spec.relation,
        "dagster/column_schema": dg.TableSchema(columns=columns),
        "key": list(spec.key),
        "strategy": type(spec.load).__name__,
    }
