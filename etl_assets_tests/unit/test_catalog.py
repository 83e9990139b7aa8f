"""docs/catalog is what the declarations say today, whatever databases are configured."""

from __future__ import annotations

import re
from functools import cache

import pytest

from etl_assets.definitions import build_catalog
from etl_assets.settings import PROJECT_ROOT

FOLDER = PROJECT_ROOT / "docs" / "catalog"


@cache
def pages() -> dict[str, str]:
    return dict(build_catalog())


def test_the_pages_are_those_the_declarations_make() -> None:
    stored = {p.name: p.read_text(encoding="utf-8") for p in FOLDER.iterdir()}
    stale = sorted(n for n in stored.keys() | pages().keys() if stored.get(n) != pages().get(n))
    assert not stale, f"{', '.join(stale)} of docs/catalog: run `.venv/bin/etl_assets catalog`, look, commit"


def test_no_variable_of_the_machine_is_in_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ETL_SYSTEMS", "lacrei")
    monkeypatch.setenv("CHATWOOT_SOURCE_MODE", "view")
    monkeypatch.setenv("ECOMMERCE_DW_URL", "postgresql://somebody:s3cr3t@db.example.org/dw")
    assert dict(build_catalog()) == pages()


def test_a_page_says_what_a_reader_asks_for() -> None:
    page = pages()["lacrei.md"]
    user = page.partition("### lacreisaude_staging_01.lacreiid_user\n")[2].partition("\n### ")[0]
    assert "- Asset `lacrei/staging_01/lacreiid_user`, key `id`" in user
    assert "by `updated_at`; rows of the last 15 minutes" in user
    assert "| `first_name` | text | `direct_identifier` |" in user
    assert "| `unique_key` | stops what is made of it | One row per (id) |" in user
    assert "| `lacrei_incremental` | `0 2 * * *` |" in page
    assert "| `quantidade_vendida` | integer NOT NULL | int NOT NULL |" in pages()["ecommerce.md"]
    assert "### staging.vw_conversations_analytics_final\n" in pages()["chatwoot.md"]


def test_every_link_leads_to_a_heading() -> None:
    for name, page in pages().items():
        headings = {re.sub(r"[^\w\s-]", "", h).strip().lower() for h in re.findall(r"^#+ (.+)$", page, re.MULTILINE)}
        links = re.findall(r"\]\(#([^)]*)\)", page)
        assert set(links) <= headings, name
        assert links or name == "index.md"
    assert set(re.findall(r"\]\((\w+\.md)\)", pages()["index.md"])) == pages().keys() - {"index.md"}
