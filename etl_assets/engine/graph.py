"""All declarations of one system as a graph: who reads whom, in which order, and what a change makes stale.

Belongs here: validation across declarations, expansion of views, feeds. Does not belong here: connections, Dagster.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from etl_assets.engine.access import Access, Grant, reader_grants
from etl_assets.engine.errors import SpecError, SqlFileError
from etl_assets.engine.parameters import Parameter
from etl_assets.engine.rules import Cleaning, Withheld
from etl_assets.engine.spec import (
    LANDING_KEY,
    Anything,
    Ignore,
    Keys,
    Merge,
    Months,
    Reading,
    Replace,
    ReplaceDay,
    ReplaceWindow,
    TableSpec,
)
from etl_assets.engine.sqlfile import Language, SqlModel, load, load_template, parameters_in, parse
from etl_assets.engine.template import SUFFIX

# Relations the engine itself keeps; SQL files may read them, nothing feeds on them.
ENGINE_SCHEMAS = ("ctl", "audit")
# All a landing table says of its changes: the months that have another content.
LANDING_MONTH = LANDING_KEY[0]


@dataclass(frozen=True)
class Feed:
    """`consumer` becomes stale by changes of a producer, as `reading` says."""

    consumer: TableSpec
    reading: Reading


class Graph:
    """The declarations of one system and its SQL files. Raises SpecError or SqlFileError on the first contradiction.

    `sql_root` holds `<system>/<layer>/<table>.sql` (or `.sql.j2`, see template.py); `post_ddl` are statements run after
    the views are created (functions that users call). The files are written in `language`; `render` turns a SELECT in
    it into the destination's own. Files and feeds may name `parameters` as `:name`. `access` says who else reads the
    warehouse.
    """

    def __init__(
        self,
        system: str,
        specs: Iterable[TableSpec],
        sql_root: Path,
        *,
        post_ddl: tuple[str, ...] = (),
        language: Language = "postgres",
        render: Callable[[str], str] = str,
        parameters: tuple[Parameter, ...] = (),
        access: Access | None = None,
    ) -> None:
        self.system = system
        self.specs = tuple(specs)
        self.post_ddl = post_ddl
        self.language = language
        self.parameters = parameters
        self.access = access
        self._render = render
        self.sql_root = sql_root
        self.by_relation = {s.relation: s for s in self.specs}
        if len(self.by_relation) != len(self.specs):
            names = [s.relation for s in self.specs]
            raise SpecError(f"{system}: declared twice: {sorted({n for n in names if names.count(n) > 1})}")
        wrong = [s.entity for s in self.specs if s.system != system]
        if wrong:
            raise SpecError(f"{system}: declarations of another system: {wrong}")
        self._models = {s.entity: self._load(s) for s in self.specs if s.has_sql}
        self.ordered = self._sorted()
        for spec in self.specs:
            self._check(spec)

    @cached_property
    def grants(self) -> tuple[Grant, ...]:
        """What others than the loader read."""
        return reader_grants(self.specs, self.access)

    def sql_path(self, spec: TableSpec) -> Path:
        """The file of a table: the template it names, else one of its own name, a template where there is one."""
        root = self.sql_root / spec.system
        if spec.template:
            return root / f"{spec.template}{SUFFIX}"
        own = root / spec.layer / (f"{spec.name}.{spec.sql_variant}" if spec.sql_variant else spec.name)
        template = own.with_name(f"{own.name}{SUFFIX}")
        return template if template.exists() else own.with_name(f"{own.name}.sql")

    def _load(self, spec: TableSpec) -> SqlModel:
        path = self.sql_path(spec)
        if spec.cleans:
            return parse(path, spec.cleans.select(), self.language)
        if path.name.endswith(SUFFIX):
            return load_template(path, self.sql_root / spec.system, spec.variables, self.language)
        if spec.variables:
            raise SpecError(f"{spec.entity}: {path} is no template, and takes no variables")
        return load(path, self.language)

    def model(self, spec: TableSpec) -> SqlModel:
        """The SQL of a transformed table or view. Raises KeyError for a mirror or a landing table."""
        return self._models[spec.entity]

    def find(self, name: str) -> TableSpec:
        """Return the declaration called `table`, `layer.table` or `system.layer.table`. Raises SpecError otherwise."""
        found = [s for s in self.specs if name in (s.name, f"{s.layer}.{s.name}", s.entity, s.relation)]
        if len(found) == 1:
            return found[0]
        if found:
            raise SpecError(f"{name!r} is ambiguous; use one of {', '.join(s.entity for s in found)}")
        raise SpecError(f"{self.system} has no table {name!r}; it has {', '.join(s.name for s in self.specs)}")

    def upstream(self, spec: TableSpec) -> tuple[TableSpec, ...]:
        """Declarations the SQL of `spec` reads directly, itself excluded."""
        if not spec.has_sql:
            return ()
        found = (self.by_relation.get(r) for r in self.model(spec).relations)
        return tuple(u for u in found if u is not None and u.entity != spec.entity)

    def stored_upstream(self, spec: TableSpec) -> tuple[TableSpec, ...]:
        """Stored tables `spec` depends on, through any views, itself included when it reads itself."""
        out: dict[str, TableSpec] = {}
        relations = self.model(spec).relations if spec.has_sql else ()
        for relation in relations:
            up = self.by_relation.get(relation)
            if up is not None:
                nested = self.stored_upstream(up) if up.is_view else (up,)
                out.update((u.relation, u) for u in nested)
        return tuple(out.values())

    def _sorted(self) -> tuple[TableSpec, ...]:
        """Every declaration after all it reads."""
        sorter = TopologicalSorter({s.relation: [u.relation for u in self.upstream(s)] for s in self.specs})
        try:
            return tuple(self.by_relation[r] for r in sorter.static_order())
        except CycleError as error:
            raise SpecError(
                f"{self.system}: tables read each other in a circle: {' -> '.join(error.args[1])}"
            ) from None

    @cached_property
    def _feeds(self) -> dict[str, tuple[Feed, ...]]:
        feeds: dict[str, list[Feed]] = {}
        for consumer in self.specs:
            for relation, reading in self.readings(consumer).items():
                if not isinstance(reading, Ignore):
                    feeds.setdefault(relation, []).append(Feed(consumer, reading))
        return {k: tuple(v) for k, v in feeds.items()}

    def feeds(self, producer: TableSpec) -> tuple[Feed, ...]:
        return self._feeds.get(producer.relation, ())

    def tracked_columns(self, producer: TableSpec) -> tuple[str, ...]:
        """Columns whose old and new values the producer's loads must hand to its consumers."""
        return tuple(dict.fromkeys(c for f in self.feeds(producer) for c in f.reading.columns))

    def readings(self, consumer: TableSpec) -> Mapping[str, Reading]:
        if consumer.is_view or not consumer.has_sql:
            return {}
        if isinstance(consumer.load, Replace | ReplaceDay):
            return {u.relation: consumer.reads.get(u.relation, Anything()) for u in self.stored_upstream(consumer)}
        return consumer.reads

    def select(self, spec: TableSpec, *, keys: str | None = None) -> str:
        """The SELECT of `spec` as the destination takes it; with `keys` (a relation, one column `key`) for those.

        Views on the way to a restricted relation are expanded in place, because a filter on the outside does not reach
        the inside of an aggregate (spec chatwoot F28).
        """
        if keys is None or spec.merge is None:
            return self._render(self.model(spec).text)
        restrict = spec.merge.restrict

        def substitute(relation: str) -> str | None:
            column = restrict.get(relation)
            if column is not None:
                schema, table = relation.split(".")
                return f'SELECT * FROM "{schema}"."{table}" WHERE "{column}" IN (SELECT "key" FROM {keys})'
            view = self.by_relation.get(relation)
            if view is None or not view.is_view:
                return None
            inside = {u.relation for u in self.stored_upstream(view)}
            return self.model(view).reading(substitute) if inside & restrict.keys() else None

        return self._render(self.model(spec).reading(substitute))

    def used(self, spec: TableSpec) -> tuple[Parameter, ...]:
        """The parameters the SQL of `spec` names."""
        return tuple(p for p in self.parameters if p.name in self.model(spec).parameters)

    def is_dated(self, spec: TableSpec) -> bool:
        """Whether the SQL of `spec` names the run's date."""
        return any(p.value is None for p in self.used(spec))

    def _check_parameters(self, spec: TableSpec) -> None:
        model = self.model(spec)
        if model.parameters and spec.is_view:
            raise SqlFileError(
                f"{model.path}: a view is read outside of runs, where :{model.parameters[0]} has no value"
            )
        selects = [r.select for r in spec.reads.values() if isinstance(r, Keys | Months) and r.select]
        fed = [n for s in selects for n in parameters_in(s, self.language)]
        unknown = sorted({*model.parameters, *fed} - {p.name for p in self.parameters})
        if unknown:
            raise SqlFileError(f"{model.path}: {', '.join(f':{n}' for n in unknown)} is no parameter of {self.system}")
        of_day = isinstance(spec.load, ReplaceDay)
        if self.is_dated(spec) and not (of_day or isinstance(spec.load, Replace)):
            raise SpecError(
                f"{spec.entity}: its SQL depends on the run's date; load it with Replace, or with ReplaceDay where the "
                "rows of other days stay"
            )
        if of_day and not self.is_dated(spec):
            raise SpecError(f"{spec.entity}: is loaded by the run's day; its SQL names that by no parameter")

    def _check(self, spec: TableSpec) -> None:
        if not spec.has_sql:
            return
        model = self.model(spec)
        for ref in model.references:
            if ref.relation not in self.by_relation and ref.relation.split(".")[0] not in ENGINE_SCHEMAS:
                raise SqlFileError(
                    f"{model.at(ref.line)}: reads {ref.relation}, which no asset of {self.system} declares"
                )
        wanted = spec.data_columns + (spec.cleans.also if spec.cleans else ())
        if spec.computed:
            wanted = spec.computed.inputs
        if model.outputs != wanted:
            missing = [c for c in wanted if c not in model.outputs]
            extra = [c for c in model.outputs if c not in wanted]
            detail = f"missing {missing}, undeclared {extra}" if missing or extra else "same columns in another order"
            raise SqlFileError(f"{model.path}: output columns differ from the declaration of {spec.entity}: {detail}")
        stored = {u.relation: u for u in self.stored_upstream(spec)}
        if isinstance(spec.load, Merge | ReplaceWindow):
            unmapped = sorted(stored.keys() - spec.reads.keys() - {spec.relation})
            if unmapped:
                raise SpecError(
                    f"{spec.entity}: say in `reads` how changes of {', '.join(unmapped)} reach it (or Ignore)"
                )
        self._check_parameters(spec)
        if spec.cleans:
            self._check_cleaning(spec, spec.cleans)
        unread = sorted(spec.reads.keys() - stored.keys())
        if unread:
            raise SpecError(f"{spec.entity}: `reads` names {', '.join(unread)}, which its SQL does not read")
        for relation, reading in spec.reads.items():
            archive = stored[relation].archive
            if archive and archive.column in reading.columns:
                raise SpecError(f"{spec.entity}: `reads` maps {archive.column} of {relation}, which is archived")
            unknown = [c for c in reading.columns if c not in stored[relation].table.columns]
            if unknown:
                raise SpecError(f"{spec.entity}: `reads` maps undeclared column(s) {unknown} of {relation}")
            if stored[relation].is_landing and not _follows_landing(reading):
                raise SpecError(
                    f"{spec.entity}: {relation} is landed from files month by month: read it as "
                    f"Months({LANDING_MONTH!r}) or Anything, without a select"
                )
        if spec.merge:
            unknown = sorted(r for r in spec.merge.restrict if r not in stored)
            if unknown:
                raise SpecError(f"{spec.entity}: `restrict` names {', '.join(unknown)}, which its SQL does not read")
            for relation, column in spec.merge.restrict.items():
                if column not in stored[relation].table.columns:
                    raise SpecError(f"{spec.entity}: `restrict` names undeclared column {column!r} of {relation}")

    def _check_cleaning(self, spec: TableSpec, cleaning: Cleaning) -> None:
        upstream = self.by_relation[cleaning.relation].table.columns
        read = [old for old, rule in cleaning.columns.values() if not isinstance(rule, Withheld)]
        unknown = [c for c in (*read, *cleaning.also) if c not in upstream]
        if unknown:
            raise SpecError(f"{spec.entity}: its rules read undeclared column(s) {unknown} of {cleaning.relation}")


def _follows_landing(reading: Reading) -> bool:
    """Whether a consumer needs no more than the months that changed."""
    if isinstance(reading, Months):
        return reading.columns == (LANDING_MONTH,) and reading.select is None
    return isinstance(reading, Ignore) or (isinstance(reading, Anything) and not reading.columns)
