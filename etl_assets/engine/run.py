"""The engine's front door: load one entity, or rehearse many.

Belongs here: choosing the loader for a declaration. Does not belong here: anything a loader does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from etl_assets.engine.audit import RunAudit
from etl_assets.engine.clean import CleanLoad
from etl_assets.engine.destination import Destination, Source
from etl_assets.engine.errors import EtlError, SpecError
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
) -> Result:
    """Bring one entity up to date.

    `source` is needed for mirrors, `months` (first days) for partitioned tables; tables by weeks take them too.
    A view has nothing to load.
    Raises the engine's errors after they are recorded in the audit.
    """
    if spec.is_view:
        return Result(spec.entity, status="success", notes=["view: computed when read"])
    if not spec.is_mirror:
        loader = CleanLoad if spec.cleans else SqlLoad
        return loader(spec, destination, audit, options, months=months).run()
    if source is None:
        raise SpecError(f"{spec.entity} is a mirror and needs a source")
    if type(source.dialect) is not type(destination.dialect):
        raise SpecError(
            f"{spec.entity}: moving rows from {source.dialect.kind} to {destination.dialect.kind} is not supported: "
            "source and warehouse must be servers of one kind"
        )
    return MirrorLoad(spec, destination, audit, options, source=source).run()


def rehearse(
    specs: Iterable[TableSpec],
    destination: Destination,
    audit: RunAudit,
    options: Options,
    *,
    source: Source | None,
    months: tuple[str, ...],
    report: Callable[[TableSpec, Result], None] = lambda _spec, _result: None,
) -> list[Result]:
    """Run `specs`, in order, in one transaction that is rolled back: what a real run would do, exactly.

    Each table sees what the ones before it would have written. Nothing stays but the audit rows (and gaps in identity
    columns). An entity that fails is reported; those that read it are `skipped`.
    """
    results: list[Result] = []
    failed: set[str] = set()
    with destination.rehearsal():
        for spec in specs:
            # Through views: they are not loaded, so they are not among `specs`.
            blocked = [u.entity for u in destination.graph.stored_upstream(spec) if u.entity in failed]
            if blocked:
                result = Result(spec.entity, status="skipped", error=f"{', '.join(blocked)} failed")
            else:
                try:
                    result = load(
                        spec, destination, audit, options, source=source, months=months if spec.is_partitioned else ()
                    )
                except EtlError as error:
                    result = Result(spec.entity, status="failed", error=str(error))
            if result.status in ("failed", "skipped"):
                failed.add(spec.entity)
            results.append(result)
            report(spec, result)
    return results
