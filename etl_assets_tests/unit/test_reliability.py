"""docs/reliability.md names every fault on the list below, with tests that are there and do run."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache

import pytest

from etl_assets.settings import PROJECT_ROOT

TESTS = PROJECT_ROOT / "etl_assets_tests"
PAGE = PROJECT_ROOT / "docs" / "reliability.md"
FAULTS = {
    "Crashes and infrastructure": [
        "kill -9 at every phase of a load",
        "kill -9 after the commit, before Dagster hears of it",
        "kill -9 of daemon, code server and worker at once",
        "daemon killed and started again during a backfill",
        "code server killed during a backfill",
        "cancelled in the UI",
        "daemon down over ticks of a schedule",
        "source connection cut in mid-batch",
        "target connection cut",
        "target lost during COMMIT",
        "target gone for good",
        "audit store down at finish",
        "deadlock victim",
        "lock timeout",
        "statement timeout",
        "Dagster's storage gone or full in mid-run",
        "disk full on the target",
        "local disk full",
        "table of twenty times the size",
        "two runs of one entity",
        "lock holder dies",
        "second writer on the target",
        "warehouse behind a pooler that shares sessions",
        "receiver of alerts down, or their sensor killed while it sends",
    ],
    "Watermark and time": [
        "ties over batch edges",
        "transaction open longer than the lag",
        "sequence ids committed out of order",
        "row updated while it is read",
        "source clock set back 5 minutes",
        "row dated 2999",
        "NULL cursor",
        "NULL and duplicate keys",
        "empty read",
        "naive and aware timestamps under another session zone",
        "DST folds and month edges in local time",
        "migration that stamps all rows alike",
        "deletes, and a suspicious share of them",
        "source restored from a backup",
    ],
    "Values and schema": [
        "NUL and lone surrogates",
        "invalid UTF-8",
        "emoji, right-to-left marks, control characters",
        "empty string and NULL",
        "text of 10 MB",
        "overflow, NaN, Infinity, change of scale",
        "infinity, year 10000, year 1",
        "NaT and NaN from pandas",
        "hostile identifiers",
        "identifiers that differ only by case",
        "injection in values and keys",
        "injection in run config",
        "column added",
        "column dropped, renamed or retyped",
        "column widened",
        "column made NOT NULL",
        "secrets and values of rows in logs, events, audit and run store",
    ],
    "Portal and files": [
        "answers that are slow, a notice, an overlay",
        "export that is cut off, dropped, empty or a page of HTML",
        "file of an earlier window or run",
        "dates that the page swaps or ignores",
        "menu or form that moved",
        "session that expires",
        "wrong password",
        "window too long for the portal",
        "end date that is left out, or is not",
        "browser that hangs, or run that is killed",
        "column missing, added, or in another spelling",
        "ragged, undated or undecodable records",
        "same lines in another order",
        "day of a record corrected into another month",
        "no load comes at all",
        "one window of many fails",
        "month that comes back with fewer rows",
        "kill -9 while files are stored",
        "two extractions at a time",
    ],
    "Soak": ["many kills under eight writers", "histories nobody thought of"],
}
# Where a test runs follows from its folder; a unit test asks no server.
SERVERS = {"engine": {"PostgreSQL", "SQL Server"}, "sqlserver": {"SQL Server"}, "unit": set[str]()}
NOT_RUN = re.compile(r"\b(skip|skipif|xfail)\b")


@dataclass(frozen=True)
class Row:
    fault: str
    behaviour: str
    tests: tuple[str, ...]
    servers: str


@cache
def page() -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    heading = ""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            heading = line[3:]
        if not line.startswith("| ") or line.startswith("| Fault "):
            continue
        fault, behaviour, tests, servers = (cell.strip() for cell in line.strip("|").split("|"))
        names = tuple(re.findall(r"`([^`]+)`", tests))
        assert " ".join(f"`{n}`" for n in names) == tests, fault
        found.setdefault(heading, []).append(Row(fault, behaviour, names, servers))
    return found


def rows() -> list[Row]:
    return [row for section in page().values() for row in section]


@cache
def marks_in(file: str) -> dict[str, str]:
    """The tests of a file by name, each with the decorators and the module's marks that are on it."""
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    named = {
        target.id: ast.unparse(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    return {
        node.name: "\n".join(
            # A mark may be called by a name of its own.
            [named.get("pytestmark", ""), *(named.get(d, d) for d in map(ast.unparse, node.decorator_list))]
        )
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_every_fault_has_its_row_under_its_heading_and_no_other_is_there() -> None:
    assert {heading: [r.fault for r in found] for heading, found in page().items()} == FAULTS


@pytest.mark.parametrize("row", rows(), ids=lambda r: r.fault)
def test_a_row_names_tests_that_are_there_and_run(row: Row) -> None:
    assert row.behaviour
    assert row.tests
    for name in row.tests:
        file, _, test = name.partition("::")
        assert (TESTS / file).is_file(), name
        assert test in marks_in(file), name
        assert not NOT_RUN.search(marks_in(file)[test]), name


@pytest.mark.parametrize("row", rows(), ids=lambda r: r.fault)
def test_a_row_says_on_which_servers_its_tests_run(row: Row) -> None:
    folders = {name.partition("/")[0] for name in row.tests}
    servers = set().union(*(SERVERS.get(f, {"PostgreSQL"}) for f in folders))
    assert row.servers == ("both" if len(servers) == 2 else next(iter(servers)))


def test_the_marks_that_keep_a_test_from_running_are_seen() -> None:
    assert NOT_RUN.search(marks_in("db/test_embedded_users.py")["test_root_hands_the_server_to_nobody"])
    assert NOT_RUN.search("pytestmark = [pytest.mark.xfail]")


def test_what_is_not_covered_is_said_and_the_readme_leads_here() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text.partition("## Not covered")[2].count("\n- ") > 3
    assert "(docs/reliability.md)" in (PROJECT_ROOT / "README.md").read_text(encoding="utf-8")
