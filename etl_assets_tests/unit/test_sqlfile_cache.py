"""Every SQL file of the project is the same file whether it is parsed or remembered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from etl_assets.definitions import SQL_ROOT
from etl_assets.engine import cache, sqlparse, tsql, tsql_rewrite
from etl_assets.engine.errors import SqlFileError
from etl_assets.engine.sqlfile import Language, load

FILES = sorted(SQL_ROOT.rglob("*.sql"))
# By system: what its files are written in.
LANGUAGES: dict[str, Language] = {
    "chatwoot": "postgres", "ecommerce": "tsql", "lacrei": "postgres", "sigos": "postgres"
}  # fmt: skip
TSQL = [f for f in FILES if LANGUAGES[f.relative_to(SQL_ROOT).parts[0]] == "tsql"]
HEADER = "-- grain: one row\n-- key: a\n-- answers: a test\n"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty cache, and a process that has not computed anything."""
    monkeypatch.setattr(cache, "folder", lambda: tmp_path / "cache")
    forget()
    yield
    forget()


def forget() -> None:
    """What a process remembers itself."""
    for remembered in (cache.code, cache._forget, tsql.made_by, tsql.to_postgres, tsql.inlined, tsql.renamed):
        remembered.cache_clear()


def never(*_: object) -> Any:
    raise AssertionError("computed again")


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_a_file_that_is_remembered_is_the_one_that_was_parsed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    language = LANGUAGES[path.relative_to(SQL_ROOT).parts[0]]
    fresh = sqlparse.parsed(path, path.read_text(encoding="utf-8"), language)
    parsed = load(path, language)
    monkeypatch.setattr(sqlparse, "parsed", never)
    forget()
    remembered = load(path, language)
    assert remembered == parsed
    assert [(r.relation, r.start, r.end, r.aliased, r.line) for r in remembered.references] == fresh["references"]
    assert remembered.outputs == fresh["outputs"]
    for reference in remembered.references:
        assert remembered.text[reference.start : reference.end].replace('"', "") == reference.relation


@pytest.mark.parametrize("path", TSQL, ids=lambda p: p.stem)
@pytest.mark.parametrize("rewriting", ["to_postgres", "inlined"])
def test_a_text_that_is_remembered_is_the_one_that_was_rewritten(
    path: Path, rewriting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = path.read_text(encoding="utf-8")
    fresh = getattr(tsql_rewrite, rewriting)(text)
    assert getattr(tsql, rewriting)(text) == fresh
    monkeypatch.setattr(tsql_rewrite, rewriting, never)
    forget()
    assert getattr(tsql, rewriting)(text) == fresh


def test_a_relation_renamed_once_is_renamed_so_again(monkeypatch: pytest.MonkeyPatch) -> None:
    given = ("SELECT x.id AS id FROM changes AS x", "changes", "[#changes]")
    assert tsql.renamed(*given) == tsql_rewrite.renamed(*given) == "SELECT x.id AS id FROM [#changes] AS x"
    monkeypatch.setattr(tsql_rewrite, "renamed", never)
    forget()
    assert tsql.renamed(*given) == "SELECT x.id AS id FROM [#changes] AS x"
    with pytest.raises(AssertionError, match="computed again"):
        tsql.renamed(given[0], "changes", "[#others]")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "table.sql"
    made.write_text(f"{HEADER}SELECT o.a AS a FROM staging.orders AS o\n")
    return made


@pytest.fixture
def parses(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The languages files were parsed in, one by one."""
    asked: list[str] = []
    real = sqlparse.parsed

    def counted(path: Path, text: str, language: str) -> Any:
        asked.append(language)
        return real(path, text, language)

    monkeypatch.setattr(sqlparse, "parsed", counted)
    return asked


def test_a_changed_file_is_parsed_and_the_old_one_is_still_known(path: Path, parses: list[str]) -> None:
    before = load(path)
    text = path.read_text()
    path.write_text(text.replace("orders", "people"))
    assert load(path).relations == ("staging.people",)
    path.write_text(text)
    assert load(path) == before
    assert len(parses) == 2


def test_the_same_text_in_another_language_or_place_is_told_apart(path: Path, parses: list[str]) -> None:
    load(path)
    load(path, "tsql")
    other = path.rename(path.with_name("other.sql"))
    assert load(other).path == other
    assert parses == ["postgres", "tsql"]


def test_another_sqlglot_parses_and_rewrites_again(
    path: Path, parses: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    load(path)
    text = tsql.to_postgres("SELECT 1 AS a")
    monkeypatch.setattr(tsql, "version", lambda _: "99.0.0")
    monkeypatch.setattr(tsql_rewrite, "to_postgres", lambda _: "of the other")
    forget()
    load(path)
    assert len(parses) == 2
    assert (text, tsql.to_postgres("SELECT 1 AS a")) == ('SELECT 1 AS "a"', "of the other")


def test_other_code_of_ours_parses_again(path: Path, parses: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    load(path)
    read = Path.read_text
    monkeypatch.setattr(
        Path, "read_text", lambda p, **k: read(p, **k) + ("\n# changed" if p.name == "tsql_subset.py" else "")
    )
    forget()
    load(path)
    assert len(parses) == 2


def test_what_is_refused_is_refused_again(path: Path, parses: list[str]) -> None:
    path.write_text(f"{HEADER}SELECT t.n / 100 AS a FROM s.t AS t\n")
    for _ in range(2):
        with pytest.raises(SqlFileError, match=r"table\.sql:4: a quotient keeps few decimals"):
            load(path, "tsql")
    assert len(parses) == 2


def test_a_damaged_or_unwritable_cache_changes_nothing(
    path: Path, parses: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = load(path)
    (remembered,) = (tmp_path / "cache").rglob("*.json")
    remembered.write_text(remembered.read_text().replace("staging.orders", "staging.people"))
    assert load(path) == first
    monkeypatch.setattr(cache, "folder", lambda: path / "no folder")
    assert load(path) == first
    assert len(parses) == 3
