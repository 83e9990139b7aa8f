"""What is exported of a table, and in which form: columns as they are, as pseudonyms, or not at all.

Belongs here: the declaration, and the Parquet type of each column. Does not belong here: rows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import sqlalchemy as sa

from etl_assets.engine.errors import SpecError
from etl_assets.engine.spec import TableSpec

Form = Literal["plain", "pseudonym"]
FORMAT = 1
# Classes of personal data whose values tell rows of one person together. Of any other class, free text above all, no
# pseudonym is of use, and none is made: the column is left out.
PSEUDONYMS = frozenset({"name", "email", "phone", "identifier"})
# What a moment must be to have a place in a file: Python and most readers have no other.
DAYS = "0001-01-01", "9999-12-31"
MAX_PRECISION = 38


@dataclass(frozen=True)
class ExportColumn:
    """A column of the files. `type` is the declaration's."""

    name: str
    type: Any
    form: Form

    @property
    def parquet(self) -> str:
        """Name of its Parquet (Arrow) type."""
        if self.form == "pseudonym":
            return "string"
        return parquet_type(self.type)


@dataclass(frozen=True)
class Export:
    """A stored table in files of one tenant and month each.

    `tenant` is a column, `day` the date or timestamp that tells the month, `watermark` what tells how new a row is;
    `sums` are whole or exact numbers whose sums are held against the warehouse's. `plain` names classes of personal
    data that go out as they are.
    """

    spec: TableSpec
    tenant: str
    day: str
    watermark: str
    sums: tuple[str, ...] = ()
    plain: frozenset[str] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        names = {c.name for c in self.columns}
        wrong = [n for n in (self.tenant, self.day, self.watermark, *self.sums, *self.spec.key) if n not in names]
        if wrong:
            raise SpecError(f"export of {self.spec.entity}: {', '.join(wrong)} is not among the columns exported")
        exact = [c.name for c in self.columns if c.name in self.sums and c.parquet in ("double", "string")]
        if exact:
            raise SpecError(f"export of {self.spec.entity}: {', '.join(exact)} is no exact number; its sum would drift")

    @property
    def name(self) -> str:
        return self.spec.name

    @cached_property
    def columns(self) -> tuple[ExportColumn, ...]:
        """What a file has, in the order of the table: its data, and whether the source still has the row."""
        kept = {*self.spec.data_columns, self.spec.role("deleted_flag")}
        found = []
        for column in self.spec.table.columns:
            pii = column.info.get("pii")
            if column.name in kept and (pii is None or pii in self.plain or pii in PSEUDONYMS):
                form: Form = "plain" if pii is None or pii in self.plain else "pseudonym"
                found.append(ExportColumn(column.name, column.type, form))
        return tuple(found)

    @property
    def left_out(self) -> tuple[str, ...]:
        return tuple(n for n in self.spec.data_columns if n not in {c.name for c in self.columns})

    @cached_property
    def schema_version(self) -> str:
        """Another one when a column comes, goes, or changes its type or form."""
        told = [FORMAT, self.tenant, self.day, [(c.name, c.parquet, c.form) for c in self.columns]]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]

    def described(self) -> list[Mapping[str, str]]:
        """The columns, for the manifest."""
        return [{"name": c.name, "type": c.parquet, "form": c.form} for c in self.columns]


def parquet_type(type_: Any) -> str:
    """Arrow's name of the type a declared type is written as; what has no exact counterpart is text."""
    if isinstance(type_, sa.Boolean):
        return "bool"
    if isinstance(type_, sa.SmallInteger | sa.BigInteger) or type(type_) is sa.Integer:
        return "int64" if isinstance(type_, sa.BigInteger) else "int32"
    if isinstance(type_, sa.Float):
        return "double"
    if isinstance(type_, sa.Numeric):
        precision = type_.precision
        return f"decimal128({precision}, {type_.scale or 0})" if precision and precision <= MAX_PRECISION else "string"
    if isinstance(type_, sa.DateTime):
        return "timestamp[us, tz=UTC]" if type_.timezone else "timestamp[us]"
    return "date32[day]" if isinstance(type_, sa.Date) else "string"
