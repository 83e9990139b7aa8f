"""The documentation builds without a warning, needs no network, and its pages name what there is."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from etl_assets.settings import PROJECT_ROOT, SYSTEMS
from etl_assets_tests.quotable import known, refusal, runnable, systems

DOCS = PROJECT_ROOT / "docs"
# Tags by which a page makes a browser fetch something.
FETCHED = re.compile(r"<(?:script|link|img|iframe|source)\b[^>]*?\b(?:src|href)=[\"']?(?:https?:)?//", re.IGNORECASE)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)],
        cwd=PROJECT_ROOT,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return folder


def test_every_page_is_there_and_none_fetches_anything(site: Path) -> None:
    pages = {p.relative_to(site).as_posix(): p.read_text(encoding="utf-8") for p in site.rglob("*.html")}
    written = {p.relative_to(DOCS).with_suffix(".html").as_posix() for p in DOCS.rglob("*.md")}
    assert written | {"readme.html", "contributing.html", "readme.pt-br.html"} <= pages.keys()
    assert [name for name, page in pages.items() if FETCHED.search(page)] == []
    styles = [p for p in site.rglob("*.css") if re.search(r"@import|url\([\"']?(?:https?:)?//", p.read_text("utf-8"))]
    assert styles == []
    # The front page leads to all of them.
    assert [name for name in written if f'href="{name}"' not in pages["index.html"]] == []


@cache
def text_of(page: str) -> str:
    return (DOCS / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", ["running.md", "flows.md", "troubleshooting.md", "validation.md", "index.md"])
def test_jobs_and_commands_that_a_page_names_exist(page: str) -> None:
    text = text_of(page)
    jobs = set(re.findall(rf"`((?:{'|'.join(SYSTEMS)})_\w+)`", text))
    lines = re.findall(r"(?:\.venv/bin/|`)(etl_assets [^`#\n]*)", text)
    assert sorted(jobs - runnable() - known()) == []
    assert {line: refusal(line.strip()) for line in lines if refusal(line.strip())} == {}


def test_the_flows_name_every_layer_and_only_tables_there_are() -> None:
    page = text_of("flows.md")
    drawn = "\n".join(re.findall(r"```text\n(.*?)```", page, re.DOTALL))
    for system in systems():
        missing = {str(s.table.schema) for s in system.graph.specs if f"{s.table.schema}" not in drawn}
        assert missing == set(), system.name
    words = set(re.findall(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+\b(?!\*)", drawn))
    # Tables are drawn once for all their periods; sources under the names they have there.
    stems = {re.sub(r"_(daily|weekly|monthly)$", "", s.name) for y in systems() for s in y.graph.specs}
    sources = {str(s.source).rsplit(".", 1)[-1] for y in systems() for s in y.graph.specs if s.source}
    engine = {n.rsplit(".", 1)[-1] for n in known() if n.startswith(("ctl.", "audit."))}
    others = {"updated_at", "etl_assets", "relatorio_prot_geral", "mart_quality", *SYSTEMS, "sigos_analytics"}
    assert sorted(words - stems - sources - engine - known() - runnable() - others) == []


def test_the_schedules_are_those_of_the_systems() -> None:
    rows = re.findall(r"^\| [^|]+ \| `(\w+)`, ([^|]+) \| `(\w+)`, ([^|]+) \|", text_of("running.md"), re.MULTILINE)
    told = {name: when for a, b, c, d in rows for name, when in ((a, b), (c, d))}
    assert told.keys() == {s.job(kind) for s in systems() for kind in ("incremental", "full")}
    for system in systems():
        for kind, cron in (("incremental", system.cadence.incremental), ("full", system.cadence.full)):
            minute, hour, *_, day = cron.split()
            when = told[system.job(kind)]
            assert ("Sundays" in when) == (day == "0"), when
            assert ("Monday to Saturday" in when) == (day == "1-6"), when
            if hour.isdigit():
                assert f"{int(hour):02}:{int(minute):02}" in when, when


def test_the_readme_leads_here() -> None:
    assert "](docs/index.md)" in (PROJECT_ROOT / "README.md").read_text(encoding="utf-8")
