"""The engine's front door: load one entity, or rehearse many.

Belongs here: choosing the loader for a declaration. Does not belong here: anything a loader does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress

from etl_assets.engine.audit import RunAudit
from etl_assets.engine.clean import CleanLoad
from etl_assets.engine.computed import ComputedLoad
from etl_assets.engine.destination import Destination, Source
from etl_assets.engine.entity import Load
from etl_assets.engine.errors import EtlError, SpecError
from etl_assets.engine.files import FileSource
from etl_assets.engine.landing import LandingLoad
from etl_assets.engine.mirror import MirrorLoad
from etl_assets.engine.options import Options, Result
from etl_assets.engine.rebuild import SqlLoad
from etl_assets.engine.spec import TableSpec


def load(
    spec: TableSpec,
    destination: Destination,
    audit: RunAudit,
    options: Options,
    *,
    source: Source | None = None,
    months: tuple[str, ...] = (),
    files: FileSource | None = None,
) -> Result:
    """Bring one entity up to date.

    `source` is needed for mirrors, `files` for landing tables, `months` (first days) for partitioned tables; tables by
    weeks take them too. A view has nothing to load. Raises the engine's errors after they are recorded in the audit.
    """
    if spec.is_view:
        return Result(spec.entity, status="success", notes=["view: computed when read"])
    return _loader(spec, destination, audit, options, source, months, files).run()


def _loader(
    spec: TableSpec,
    destination: Destination,
    audit: RunAudit,
    options: Options,
    source: Source | None,
    months: tuple[str, ...],
    files: FileSource | None,
) -> Load:
    if spec.is_landing:
        return _landing(spec, destination, audit, options, months, files)
    if not spec.is_mirror:
        kind = CleanLoad if spec.cleans else ComputedLoad if spec.computed else SqlLoad
        return kind(spec, destination, audit, options, months=months)
    if source is None:
        raise SpecError(f"{spec.entity} is a mirror and needs a source")
    if not source.dialect.sends_to(destination.dialect):
        raise SpecError(
            f"{spec.entity}: moving rows from {source.dialect.kind} to {destination.dialect.kind} is not supported: "
            "source and warehouse must be servers of one kind, or the source's dialect one made for the warehouse's"
        )
    return MirrorLoad(spec, destination, audit, options, source=source)


def _landing(
    spec: TableSpec,
    destination: Destination,
    audit: RunAudit,
    options: Options,
    months: tuple[str, ...],
    files: FileSource | None,
) -> LandingLoad:
    if files is None:
        raise SpecError(f"{spec.entity} is loaded from files, and nothing was given to get them from")
    return LandingLoad(spec, destination, audit, options, files=files, months=months)


def rehearse(
    specs: Iterable[TableSpec],
    destination: Destination,
    audit: RunAudit,
    options: Options,
    *,
    source: Source | None,
    months: tuple[str, ...],
    files: FileSource | None = None,
    report: Callable[[TableSpec, Result], None] = lambda _spec, _result: None,
) -> list[Result]:
    """Run `specs`, in order, in one transaction that is rolled back: what a real run would do, exactly.

    Each table sees what the ones before it would have written. Nothing stays but the audit rows (and gaps in identity
    columns). An entity that fails is reported; those that read it are `skipped`.
    """
    results: list[Result] = []
    failed: set[str] = set()
    specs, landings = list(specs), {}
    for spec in (s for s in specs if s.is_landing):
        # Files are got before the transaction begins. What goes wrong is said when it is the table's turn.
        with suppress(EtlError):
            landings[spec.entity] = _landing(spec, destination, audit, options, months, files)
            landings[spec.entity].fetch()
    with destination.rehearsal():
        for spec in specs:
            # Through views: they are not loaded, so they are not among `specs`.
            blocked = [u.entity for u in destination.graph.stored_upstream(spec) if u.entity in failed]
            if blocked:
                result = Result(spec.entity, status="skipped", error=f"{', '.join(blocked)} failed")
            else:
                try:
                    if spec.entity in landings:
                        result = landings[spec.entity].run()
                    else:
                        own = months if spec.is_partitioned else ()
                        result = load(spec, destination, audit, options, source=source, months=own, files=files)
                except EtlError as error:
                    result = Result(spec.entity, status="failed", error=str(error))
            if result.status in ("failed", "skipped"):
                failed.add(spec.entity)
            results.append(result)
            report(spec, result)
    return results
