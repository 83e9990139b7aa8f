"""Declared checks as Dagster asset checks: one step per table evaluates all of its own.

Belongs here: when checks run, what they block, what they report. Does not belong here: their SQL (engine/checks.py).
"""

from collections.abc import Iterator

import dagster as dg

from etl_assets.engine.checks import Check, Graded
from etl_assets.engine.errors import SpecError
from etl_assets.engine.spec import TableSpec
from etl_assets.orchestration.system import System


def build_checks(system: System) -> list[dg.AssetChecksDefinition]:
    return [_checks_of(system, spec) for spec in system.graph.ordered if spec.all_checks()]


def _checks_of(system: System, spec: TableSpec) -> dg.AssetChecksDefinition:
    key = dg.AssetKey(spec.asset_key)
    declared = {c.name: c for c in spec.all_checks()}

    @dg.multi_asset_check(
        name="__".join((*spec.asset_key, "checks")),
        specs=[
            dg.AssetCheckSpec(
                c.name,
                asset=key,
                blocking=c.blocking,
                description=c.describe(),
                additional_deps=_after(system, c),
            )
            for c in declared.values()
        ],
        can_subset=True,
        required_resource_keys={system.io_manager_key},
        pool=system.name,
    )
    def checks(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        destination = getattr(context.resources, system.io_manager_key).destination
        dialect = destination.dialect
        relation = dialect.relation(spec.relation)
        selected = sorted(k.name for k in context.selected_asset_check_keys)
        counts = ", ".join(f"({declared[n].violations(relation, dialect.quote)})" for n in selected)
        with destination.engine.connect() as conn:
            found = dialect.rows(conn, f"SELECT {counts}")[0] if selected else ()
            totals = {
                n: dialect.number(conn, c.total(relation, dialect.quote))
                for n, c in declared.items()
                if n in selected and isinstance(c, Graded)
            }
        for name, number in zip(selected, found, strict=True):
            violations = int(str(number))
            yield dg.AssetCheckResult(
                passed=violations == 0,
                check_name=name,
                asset_key=key,
                severity=_severity(declared[name], violations, totals.get(name, 0)),
                description=declared[name].describe(),
                metadata=_metadata(declared[name], violations, totals.get(name, 0)),
            )

    return checks


def _after(system: System, check: Check) -> list[dg.AssetKey]:
    """Assets a check must wait for besides its own. Raises SpecError for a relation that is none."""
    found = []
    for relation in getattr(check, "after", ()):
        if relation not in system.graph.by_relation:
            raise SpecError(f"check {check.name!r} waits for {relation}, which no asset of {system.name} declares")
        found.append(dg.AssetKey(system.graph.by_relation[relation].asset_key))
    return found


def _severity(check: Check, violations: int, rows: int) -> dg.AssetCheckSeverity:
    is_error = violations > check.error_share * rows if isinstance(check, Graded) else check.blocking
    return dg.AssetCheckSeverity.ERROR if is_error else dg.AssetCheckSeverity.WARN


def _metadata(check: Check, violations: int, rows: int) -> dict[str, int | float]:
    """Counts, never a row: of a graded check also of how many rows, and which share."""
    if not isinstance(check, Graded):
        return {"violating_rows": violations}
    return {"violating_rows": violations, "rows": rows, "share": round(violations / rows, 4) if rows else 0.0}
