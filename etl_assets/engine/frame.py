"""Diff-merges a pandas DataFrame into a table of the warehouse: what a user's five-line asset returns.

Belongs here: the declaration that follows from a frame, and its rows as values the server takes.
Does not belong here: storing them (replace.py), Dagster.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd
import sqlalchemy as sa
from pandas.api import types as kinds

from etl_assets.engine import control, ddl
from etl_assets.engine.destination import Writer
from etl_assets.engine.dialects.values import CatalogColumn, Staged
from etl_assets.engine.entity import Stopwatch
from etl_assets.engine.errors import DataError, SchemaDriftError, SpecError
from etl_assets.engine.replace import ReplaceLoad
from etl_assets.engine.spec import Replace, ReplaceWindow, TableSpec, column
from etl_assets.engine.statements import NOW
from etl_assets.engine.window import Window

# Where pyarrow is installed, pandas has it keep text by default: it refuses half a pair while a frame is made, and
# quotes it. A frame's text is to be judged here, by column and without its value.
pd.set_option("mode.string_storage", "python")

# What pandas finds in a column of objects, and what it is stored as.
_OBJECTS: dict[str, Any] = {
    "string": sa.Text(),
    "empty": sa.Text(),
    "mixed": sa.Text(),
    "mixed-integer": sa.Text(),
    "boolean": sa.Boolean(),
    "integer": sa.BigInteger(),
    "floating": sa.Double(),
    "mixed-integer-float": sa.Double(),
    "decimal": sa.Numeric(),
    "date": sa.Date(),
    "datetime": sa.DateTime(),
    "datetime64": sa.DateTime(),
    "timedelta": sa.Interval(),
    "timedelta64": sa.Interval(),
    "bytes": sa.LargeBinary(),
}


def declare(relation: str, frame: pd.DataFrame, key: Sequence[str], *, window: str | None = None) -> TableSpec:
    """Return the declaration of a table that holds `frame`.

    `relation` is `system.layer.table`, stored as `layer.table`; `key` its natural key; `window` the date or timestamp
    column by which it is cut into months. Raises SpecError naming what cannot be.
    """
    parts = relation.split(".")
    if len(parts) != 3:
        raise SpecError(f"{relation!r} must be system.layer.table")
    system, layer, name = parts
    odd = [repr(c) for c in frame.columns if not isinstance(c, str) or not c]
    if odd:
        raise SpecError(f"{relation}: column names of the DataFrame must be text, found {', '.join(odd)}")
    repeated = sorted(set(frame.columns[frame.columns.duplicated()]))
    if repeated:
        raise SpecError(f"{relation}: the DataFrame has column {', '.join(repeated)} twice")
    for wanted in (*key, *([window] if window else [])):
        if wanted not in frame.columns:
            raise SpecError(f"{relation}: the DataFrame has no column {wanted!r}; it has {', '.join(frame.columns)}")
    types = {c: _type(relation, frame[c]) for c in frame.columns}
    if window and frame[window].isna().all():
        types[window] = sa.Date()
    columns = [column(c, t, f"Column {c} of a DataFrame") for c, t in types.items()]
    table = sa.Table(name, sa.MetaData(), *columns, schema=layer)
    return TableSpec(system, layer, table, tuple(key), ReplaceWindow(window) if window else Replace())


@dataclass
class FrameLoad(ReplaceLoad):
    """One load of a DataFrame. With `months` its rows must lie in them and replace them; without, the whole table."""

    frame: pd.DataFrame = field(kw_only=True)
    _stored: dict[str, str] = field(default_factory=dict, init=False)

    @property
    def window(self) -> Window | None:
        declared = super().window
        return declared and replace(declared, type=self._stored.get(declared.column, declared.type))

    def move(self, writer: Writer, before: control.ControlRow) -> None:
        dialect, conn, watch = writer.dialect, writer.conn, Stopwatch()
        types = self._prepare_table(writer)
        stage = dialect.create_stage(conn, [CatalogColumn(n, t, False) for n, t in types.items()])
        rows = dialect.stage_rows(conn, stage, list(types.values()), self._rows())
        expressions = {n: dialect.expression(n, t, self._stored[n]) for n, t in types.items()}
        scope = self._scope(writer, stage) if self.months else None
        self.replace(writer, Staged(stage, expressions, types, self._stored), rows, watch, scope, periods=self.months)
        if before.initialized_at is None:
            self._settled["initialized_at"] = NOW

    def _prepare_table(self, writer: Writer) -> dict[str, str]:
        """Create the table or add columns it lacks; return the types in which the frame's columns travel.

        A stored type may differ from the frame's where the values fit: pandas turns whole numbers into floats as soon
        as one is missing, and a column without any value has no type.
        """
        dialect, conn, spec = writer.dialect, writer.conn, self.spec
        schema = str(spec.table.schema)
        if not sa.inspect(conn).has_schema(schema):
            dialect.create_schema(conn, schema)
        declared = {c.name: dialect.declared_type(c) for c in spec.table.columns}
        present = {c.name: c.type for c in dialect.columns_as(conn, spec.relation, declared)}
        differing = {n: present[n] for n, t in declared.items() if n in present and present[n] != t}
        for name, stored in differing.items():
            values = self.frame[name].dropna()
            whole = kinds.is_float_dtype(values.dtype) and bool((values % 1 == 0).all())
            if values.empty:
                declared[name] = stored
            fits = dialect.type_fits(declared[name], stored)
            if not fits and not (whole and dialect.type_fits("bigint", stored)):
                raise SchemaDriftError(
                    f"{spec.entity}: column {name} of the DataFrame is {declared[name]}, but {spec.relation} stores "
                    f"it as {stored}. Nothing was changed: convert the frame's column, or the table's."
                )
        if ddl.ensure_table(conn, dialect, spec, other_types=differing):
            control.forget(conn, spec.entity)
        self._stored = {**declared, **differing}
        return declared

    def _scope(self, writer: Writer, stage: str) -> str:
        window, dialect = self.window, writer.dialect
        if window is None:
            raise SpecError(f"{self.spec.entity}: say which column cuts it into months, or load it without months")
        column = f"s.{dialect.quote(window.column)}"
        outside = f"{column} IS NULL OR NOT ({window.within(self.months, 's')})"
        strays = dialect.number(writer.conn, f"SELECT COUNT(*) FROM {dialect.quote(stage)} s WHERE {outside}")
        if strays:
            raise DataError(
                f"{self.spec.entity}: {strays} row(s) of the DataFrame have a {window.column} outside the months asked "
                f"for ({', '.join(self.months)}) or none. Nothing was stored: return rows of those months only."
            )
        return window.within(self.months, "t")

    def _rows(self) -> Iterator[tuple[object, ...]]:
        return rows(self.spec.entity, self.frame)


def rows(entity: str, frame: pd.DataFrame) -> Iterator[tuple[object, ...]]:
    """Rows of a frame as Python values, None for what is missing. Raises DataError for text no server can store."""
    return zip(*(_values(entity, frame[c]) for c in frame.columns), strict=True)


def _type(relation: str, series: pd.Series[Any]) -> Any:
    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return _type(relation, series.astype(dtype.categories.dtype))
    if kinds.is_bool_dtype(dtype):
        return sa.Boolean()
    if kinds.is_integer_dtype(dtype):
        return sa.BigInteger()
    if kinds.is_float_dtype(dtype):
        return sa.Double()
    if isinstance(dtype, pd.DatetimeTZDtype):
        return sa.DateTime(timezone=True)
    if kinds.is_datetime64_dtype(dtype):
        return sa.DateTime()
    if kinds.is_timedelta64_dtype(dtype):
        return sa.Interval()
    if isinstance(dtype, pd.StringDtype):
        return sa.Text()
    found = kinds.infer_dtype(series, skipna=True) if kinds.is_object_dtype(dtype) else str(dtype)
    if found not in _OBJECTS:
        raise SpecError(f"{relation}: column {series.name} holds {found}, which no column type stands for; convert it")
    if found == "datetime" and series.dropna().map(lambda v: v.tzinfo is not None).any():
        return sa.DateTime(timezone=True)
    return _OBJECTS[found]


def _values(entity: str, series: pd.Series[Any]) -> list[object]:
    """Python values of a column, None for what is missing. Raises DataError for text the server cannot store."""
    is_text = isinstance(_type(entity, series), sa.Text)
    values = [None if missing else v for v, missing in zip(series.astype(object), series.isna(), strict=True)]
    if not is_text:
        return values
    texts = [v if v is None or isinstance(v, str) else str(v) for v in values]
    for number, text in enumerate(texts, 1):
        if text is not None and ("\x00" in text or not _encodes(text)):
            raise DataError(
                f"{entity}: column {series.name} holds text that cannot be stored (a NUL character or half of a "
                f"surrogate pair), first in row {number} of the DataFrame"
            )
    return list(texts)


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
