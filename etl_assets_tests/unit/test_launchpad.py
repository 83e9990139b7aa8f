"""What the launchpad offers: every option explains itself, and a run launched as it is does nothing unusual."""

from __future__ import annotations

from collections.abc import Iterator

import dagster as dg
import pytest
from dagster._config import ConfigType, Field

from etl_assets.definitions import build_defs, chatwoot_system
from etl_assets.orchestration.resources import LoadOptions
from etl_assets.settings import PROJECT_ROOT, Settings

JOBS = {
    "chatwoot_incremental": "update",
    "chatwoot_full": "full",
    "chatwoot_pending": "update",
    "chatwoot_staging": "update",
    "chatwoot_plan": "changed",
}
# Dagster's own, for what a check hands on: nothing of it is stored where the project writes.
DAGSTERS = "resources.io_manager."
SAFE = {
    "mode": "requested", "batch_size": 0, "cutoff_minutes": -1, "max_batches": 0, "since": "", "until": "",
    "allow_deletes": False, "allow_shrink": False, "files": [], "as_of_date": "", "lock_wait_seconds": 30,
}  # fmt: skip


@pytest.fixture(scope="module")
def defs() -> dg.Definitions:
    settings = Settings(_env_file=None)
    return build_defs([chatwoot_system(settings)], settings)


def options(path: str, field: Field) -> Iterator[tuple[str, Field]]:
    """What can be set below `path`: fields of a declared type. Where anything may stand nothing is read."""
    inner: dict[str, Field] | None = getattr(field.config_type, "fields", None)
    if inner is not None:
        for name, found in inner.items():
            yield from options(f"{path}.{name}", found)
    elif field.config_type.key != "Any":
        yield path, field


def root(job: dg.JobDefinition) -> dict[str, Field]:
    found: ConfigType = job.run_config_schema.config_type
    fields: dict[str, Field] = getattr(found, "fields")  # noqa: B009  (of a shape, which config_type is)
    return fields


@pytest.mark.parametrize("name", JOBS)
def test_every_option_of_a_job_explains_itself_and_is_safe_by_default(defs: dg.Definitions, name: str) -> None:
    job = defs.resolve_job_def(name)
    declared = (f for part in ("resources", "ops") for f in options(part, root(job)[part]))
    found = {n: field for n, field in declared if not n.startswith(DAGSTERS)}
    assert {n for n, field in found.items() if not (field.description or "").strip()} == set()
    load = {n.rsplit(".", 1)[1]: f.default_value for n, f in found.items() if n.startswith("resources.load.")}
    assert load == SAFE
    others = {n for n in found if not n.startswith("resources.load.")}
    assert others == ({"ops.rehearse_chatwoot.config.entities"} if name == "chatwoot_plan" else set())
    config = job.run_config
    if job.partitioned_config is not None:
        config = job.partitioned_config.get_run_config_for_partition_key("2026-01-01")
    assert config == {"resources": {"load": {"config": {"mode": JOBS[name]}}}}


def test_the_page_names_every_option() -> None:
    text = (PROJECT_ROOT / "docs" / "running.md").read_text(encoding="utf-8")
    told = text.split("Options of a run")[1].split("\n\n")[0]
    assert [n for n in LoadOptions.model_fields if f"`{n}`" not in told] == []
