"""Declared checks as Dagster asset checks: one step per table evaluates all of its own.

Belongs here: when checks run, what they block, what they report. Does not belong here: their SQL (engine/checks.py).
"""

from collections.abc import Iterator

import dagster as dg

from etl_assets.engine import verdicts
from etl_assets.engine.checks import Check, Graded
from etl_assets.engine.errors import SpecError
from etl_assets.engine.spec import TableSpec
from etl_assets.engine.verdicts import Verdict
from etl_assets.orchestration.resources import Mode
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
        required_resource_keys={system.io_manager_key, "load"},
        pool=system.name,
    )
    def checks(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        destination = getattr(context.resources, system.io_manager_key).destination
        # A run of checks alone is somebody who wants to know.
        loads = key in context.job_def.asset_layer.executable_asset_keys
        may_stand = loads and context.resources.load.mode is Mode.changed
        selected = [declared[k.name] for k in sorted(context.selected_asset_check_keys, key=lambda k: k.name)]
        found = verdicts.ask(destination, spec, selected, may_stand=may_stand)
        for check in selected:
            verdict = found[check.name]
            yield dg.AssetCheckResult(
                passed=verdict.violations == 0,
                check_name=check.name,
                asset_key=key,
                severity=_severity(check, verdict),
                description=check.describe(),
                metadata=_metadata(check, verdict),
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


def _severity(check: Check, verdict: Verdict) -> dg.AssetCheckSeverity:
    share = check.error_share * verdict.rows if isinstance(check, Graded) else 0
    is_error = verdict.violations > share if isinstance(check, Graded) else check.blocking
    return dg.AssetCheckSeverity.ERROR if is_error else dg.AssetCheckSeverity.WARN


def _metadata(check: Check, verdict: Verdict) -> dict[str, int | float | dg.TimestampMetadataValue]:
    """Counts, never a row: of a graded check also of how many rows, and which share. And when that was asked."""
    asked_at = dg.MetadataValue.timestamp(verdict.asked_at)
    if not isinstance(check, Graded):
        return {"violating_rows": verdict.violations, "asked_at": asked_at}
    share = round(verdict.violations / verdict.rows, 4) if verdict.rows else 0.0
    return {"violating_rows": verdict.violations, "rows": verdict.rows, "share": share, "asked_at": asked_at}
