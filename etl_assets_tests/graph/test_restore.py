"""A warehouse is dumped, lost and restored, as docs/deploy.md says: what the next runs then do."""

from __future__ import annotations

import subprocess
from pathlib import Path

from etl_assets.demo import ecommerce, pg_binaries
from etl_assets.demo.postgres import dsn
from etl_assets.engine.access import BI_READER
from etl_assets_tests.graph.shop import SURROGATES, Shop
from etl_assets_tests.graph.test_roles import readable
from etl_assets_tests.graph.world import Databases, execute, written


def _run(pg_bin_dir: Path | None, program: str, *arguments: str) -> None:
    found = (pg_bin_dir or pg_binaries.wheel_installs()[-1] / "bin") / program
    done = subprocess.run([found, *arguments], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def contents(shop: Shop) -> dict[str, list[str]]:
    """All stored rows under their surrogate keys, without when they were loaded."""
    found = {}
    for spec in (s for s in shop.system.graph.specs if not s.is_view):
        more = [SURROGATES[spec.relation][1]] if spec.relation in SURROGATES else []
        columns = ", ".join(f'"{c}"' for c in (*spec.data_columns, *more) if c not in spec.not_compared)
        # A boolean, or as SQL Server has it, a number.
        live = f" WHERE {flag}::int = 0" if (flag := spec.role("deleted_flag")) else ""
        found[spec.relation] = sorted(str(r) for r in shop.rows(f"SELECT {columns} FROM {spec.relation}{live}"))
    return found


def test_a_restored_old_warehouse_catches_up_under_its_own_keys(
    databases: Databases, shop: Shop, pg_bin_dir: Path | None, tmp_path: Path
) -> None:
    dump, before, keys = str(tmp_path / "dw.dump"), shop.fingerprint(), shop.surrogates()
    seen = readable(shop.warehouse, BI_READER)
    _run(pg_bin_dir, "pg_dump", "-Fc", "-d", dsn(shop.warehouse), "-f", dump)
    for seed in (21, 22):
        ecommerce.mutate(shop.source, seed=seed)
        shop.succeed(cutoff_minutes=0)

    restored = databases.make("restored")
    _run(pg_bin_dir, "pg_restore", "--exit-on-error", "-d", dsn(restored), dump)
    again = Shop(shop.source, restored, reader=shop.reader)
    # Physical versions are new; what is in them is not.
    assert {t: f.split()[0] for t, f in again.fingerprint().items()} == {t: f.split()[0] for t, f in before.items()}
    assert again.surrogates() == keys
    assert readable(restored, BI_READER) == seen, "grants are restored with the tables"

    again.succeed(cutoff_minutes=0)
    again.succeed("full", cutoff_minutes=0, allow_deletes=True)
    shop.succeed("full", cutoff_minutes=0, allow_deletes=True)
    for table, known in keys.items():
        now = again.surrogates()[table]
        assert {k: s for k, s in now.items() if k in known} == {k: s for k, s in known.items() if k in now}, table
    assert {t: len(r) for t, r in contents(again).items()} == {t: len(r) for t, r in contents(shop).items()}
    natural = [s.relation for s in shop.system.graph.specs if s.is_mirror]
    assert {t: contents(again)[t] for t in natural} == {t: contents(shop)[t] for t in natural}
    assert written(again.succeed(cutoff_minutes=0)) == {}, "and there is nothing left to do"
    assert execute(restored, "UPDATE audit.etl_run SET status = status WHERE status = 'running'") == 0
