"""The synthetic SIGOS reports: determinism, what a day, an audit and a deletion change, and their CSV."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from pathlib import Path

import pytest

from etl_assets.demo.sigos import bulk, mutate
from etl_assets.demo.sigos.book import Book, Sheet, to_ordinal
from etl_assets.demo.sigos.columns import COLUMNS, GENERAL, REPORTS
from etl_assets.demo.sigos.csv_form import to_csv
from etl_assets.demo.sigos.switches import Switches
from etl_assets.demo.sigos.synthesize import synthesize

TODAY = date(2026, 11, 18)
SEED = 3


@pytest.fixture(scope="module")
def made() -> Book:
    return synthesize(SEED, 0.01, TODAY)


@pytest.fixture
def small(made: Book) -> Book:
    return _copy(made)


def _copy(book: Book) -> Book:
    sheets = {r: Sheet(r, [list(row) for row in sheet.rows], list(sheet.days)) for r, sheet in book.sheets.items()}
    return Book(book.seed, book.scale, book.today, sheets)


def test_the_same_arguments_give_the_same_rows(small: Book) -> None:
    again, other = synthesize(SEED, 0.01, TODAY), synthesize(SEED + 1, 0.01, TODAY)
    for report in REPORTS:
        assert again.sheets[report].rows == small.sheets[report].rows
        assert again.sheets[report].days == small.sheets[report].days
        assert other.sheets[report].rows != small.sheets[report].rows


def test_another_today_shows_the_same_services_as_they_stood_then(small: Book) -> None:
    """A day later there are more rows; those of before are the same services, some further along."""
    later = synthesize(SEED, 0.01, TODAY + timedelta(days=20))
    fixed = [GENERAL.index(column) for column in ("UC / MD", "Equipe", "Cod", "TOI", "Hora inicio servico")]

    def told(book: Book) -> list[tuple[object, ...]]:
        found = book.select("general", date(2022, 3, 1), TODAY)
        return sorted((day, *(row[place] for place in fixed)) for day, row in found)

    assert told(later) == told(small)
    assert len(later.sheets["general"]) > len(small.sheets["general"])


def test_a_day_passes(small: Book) -> None:
    same = _copy(small)
    before = {report: [list(row) for row in small.sheets[report].rows] for report in REPORTS}
    done = mutate.pass_day(small)
    assert small.today == TODAY + timedelta(days=1)
    assert mutate.pass_day(same) == done
    assert same.sheets == small.sheets
    for report in REPORTS:
        sheet, changes = small.sheets[report], done[report]
        assert len(sheet) == len(before[report]) + changes.added
        differs = [n for n, row in enumerate(before[report]) if row != sheet.rows[n]]
        recent = [n for n in range(len(before[report])) if sheet.days[n] > to_ordinal(TODAY) - 60]
        assert len(differs) == changes.changed == max(1, round(0.03 * len(recent)))
        assert set(differs) <= set(recent)
    new = set(small.sheets["general"].days[len(before["general"]) :])
    assert new == {to_ordinal(TODAY) + 1}
    # Returns of services weeks old appear as days go by.
    assert sum(mutate.pass_day(small)["return"].added for _ in range(15))


def test_an_audit_changes_only_what_is_older_than_sixty_days(small: Book) -> None:
    same, other = _copy(small), _copy(small)
    before = {report: small.sheets[report].by_month() for report in REPORTS}
    unchanged = [tuple(row) for row in small.sheets["general"].rows]
    old = sum(day < to_ordinal(TODAY) - 60 for day in small.sheets["general"].days)
    done = mutate.audit(small, 0.02, seed=7)
    assert mutate.audit(same, 0.02, seed=7) == done
    assert same.sheets == small.sheets
    assert mutate.audit(other, 0.02, seed=8) != done
    general = done["general"]
    assert general.changed == round(0.02 * old)
    assert general.vanished == round(0.02 * old * 0.02 / 0.3)
    assert general.moved == round(0.02 * old * 0.01 / 0.3)
    after = [tuple(row) for row in small.sheets["general"].rows]
    assert len(after) == len(unchanged) - general.vanished
    assert len(set(after) - set(unchanged)) == general.changed + general.moved
    for report in REPORTS:
        now = small.sheets[report].by_month()
        assert {month for month in now if now[month] != before[report].get(month)} <= set(done[report].months)
        for month in ("2026-10", "2026-11"):
            assert month not in done[report].months


def test_deletion_removes_so_many_rows_of_the_month_and_no_more(small: Book) -> None:
    before = small.sheets["return"].by_month()
    assert mutate.delete(small, "return", 3, "2025-03").vanished == 3
    after = small.sheets["return"].by_month()
    assert {month: before[month] - after[month] for month in before if before[month] != after[month]} == {"2025-03": 3}
    with pytest.raises(ValueError, match=r"return has .* rows in 2025-03, not 5000"):
        mutate.delete(small, "return", 5000, "2025-03")


def test_csv_form() -> None:
    rows = [["1", 'diz "não"; sai', "linha\r\noutra", "=1+1", " x ", ""]]
    body = to_csv(list("abcdef"), rows, Switches())
    assert body == 'a;b;c;d;e;f\r\n1;"diz ""não""; sai";"linha\r\noutra";=1+1; x ;\r\n'.encode("latin-1")
    assert to_csv(["a", "b"], [], Switches()) == b"a;b\r\n"


def test_every_row_survives_csv(small: Book) -> None:
    for report in REPORTS:
        rows = small.sheets[report].rows
        read = list(csv.reader(io.StringIO(to_csv(COLUMNS[report], rows, Switches()).decode("latin-1")), delimiter=";"))
        assert read == [list(COLUMNS[report]), *rows]


def test_a_big_file_has_exactly_the_rows_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "big.csv"
    size = bulk.write_general(path, 20_000, seed=2)
    assert path.stat().st_size == size
    with path.open(encoding="latin-1", newline="") as file:
        header, *rows = csv.reader(file, delimiter=";")
    assert tuple(header) == GENERAL
    assert len(rows) == 20_000
    assert {len(row) for row in rows} == {len(GENERAL)}
    assert rows[-1][8].endswith("10/2026")


def test_the_portal_knew_no_notified_column_before_december_2025(small: Book) -> None:
    day = GENERAL.index("Notificado")
    filled = {n for row, n in zip(small.sheets["general"].rows, small.sheets["general"].days, strict=True) if row[day]}
    assert min(filled) >= to_ordinal(date(2025, 12, 1))
    before = synthesize(SEED, 0.01, date(2025, 11, 30))
    assert len(before.header("general")) == 38
    found = before.select("general", date(2025, 11, 1), date(2025, 11, 30))
    assert {len(row) for _, row in found} == {38}
    assert small.header("general") == GENERAL
