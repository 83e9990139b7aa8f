"""Delimited files: what comes out is what was written, or it is a problem with its line. Python's csv is the judge."""

from __future__ import annotations

import csv
import io
import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from etl_assets.engine.delimited import encoding as encodings
from etl_assets.engine.delimited import lines as physical
from etl_assets.engine.delimited.days import day_of
from etl_assets.engine.delimited.encoding import probe
from etl_assets.engine.delimited.header import DELIMITERS
from etl_assets.engine.delimited.names import normal
from etl_assets.engine.delimited.reader import read
from etl_assets.engine.errors import FileRefusedError
from etl_assets_tests.unit.delimited import COLUMNS, layout_of, line_by_line, records

HEAD = b"UC / MD;Data execucao;Obs\r\n"
# What a cell may hold that a database takes: no NUL, no half of a surrogate pair.
_TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
_HOSTILE = st.text(st.sampled_from(['"', ";", ",", "|", "\t", "\r", "\n", "\\", "'", "=", " ", "ã", "\x1a", "N", "."]))
_LATIN = st.text(st.characters(codec="cp1252", exclude_characters="\0"), max_size=12)


def written(rows: Sequence[Sequence[str]], delimiter: str, end: str, quoting: int = csv.QUOTE_MINIMAL) -> str:
    return "".join(_record(row, delimiter, quoting) + end for row in rows)


def _record(row: Sequence[str], delimiter: str, quoting: int) -> str:
    # With another line end a carriage return or a line feed in a cell would not be quoted.
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n", quoting=quoting).writerow(row)  # type: ignore[arg-type]
    return out.getvalue()[:-2]


def as_stored(row: Sequence[str]) -> bytes:
    return written([row], ";", "").encode()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(
    rows=st.lists(st.tuples(_TEXT | _HOSTILE, _TEXT | _HOSTILE, _TEXT | _HOSTILE), max_size=8),
    delimiter=st.sampled_from(DELIMITERS),
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    mark=st.booleans(),
    chunk=st.sampled_from([1, 7, 64, 1 << 20]),
)
def test_any_cells_come_back_as_they_were(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    rows: list[tuple[str, str, str]],
    delimiter: str,
    end: str,
    quoting: int,
    mark: bool,
    chunk: int,
) -> None:
    text = written([("UC / MD", "Data execucao", "Obs")], delimiter, end) + written(rows, delimiter, end, quoting)
    with monkeypatch.context() as patch:
        patch.setattr(physical, "CHUNK", chunk)
        found = records(tmp_path / "a.csv", (b"\xef\xbb\xbf" if mark else b"") + text.encode())
    assert [(r[2], r[4]) for r in found] == [(as_stored(row), "") for row in rows]
    assert [r[1].decode() for r in found] == [row[1] for row in rows]
    line, numbers = 2, []
    for row in rows:
        numbers.append(line)
        line += written([row], delimiter, end, quoting).count("\n")
    assert [r[0] for r in found] == numbers


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=100)
@given(rows=st.lists(st.tuples(_LATIN, _LATIN, _LATIN), max_size=6))
def test_windows_1252_and_utf8_of_the_same_rows_are_the_same(tmp_path: Path, rows: list[tuple[str, str, str]]) -> None:
    text = written([tuple(COLUMNS.values()), ("é", "é", "é"), *rows], ";", "\r\n")
    one, other = (records(tmp_path / "a.csv", text.encode(e)) for e in ("cp1252", "utf-8"))
    assert len(one) == len(rows) + 1
    assert one == other


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=200)
@given(body=st.lists(st.sampled_from([b"a", b"b;", b";", b'"', b'""', b"\n", b"\r\n", b"1;2;3\n", b"\xff"])))
def test_whatever_the_bytes_each_line_is_a_record_a_problem_or_blank(tmp_path: Path, body: list[bytes]) -> None:
    content = HEAD + b"".join(body) + b"\n"
    try:
        found = records(tmp_path / "a.csv", content)
    except FileRefusedError as error:
        event(error.outcome)
        return
    for number, _, row, _, problem, raw in found:
        assert raw.split(b"\r\n")[0] in content or b"\xff" in content
        if problem:
            assert row == b""
        else:
            assert len(next(csv.reader(io.StringIO(row.decode(), newline=""), delimiter=";"))) == 3
        assert 2 <= number <= content.count(b"\n")
    numbers = [r[0] for r in found]
    assert numbers == sorted(set(numbers))


_PIECES = (
    b"1;2;3", b"1,2,3", b"a;b;c;d", b";", b",", b"\t", b'"', b'""', b'"x', b"\n", b"\r\n", b"\r\n", b"\r", b"7;8;9\r\n",
    b"7;8;9\r\n", b"7;8;9\n", b"7,8,9\n", b"7,8;8,9\n", b"\xe9", "é".encode(), b"\0", b"=1+1", b"  ",
    b'a;"b;\r\nc";d\r\n',
)  # fmt: skip
_HEADS = (
    HEAD, b"UC / MD;Data execucao;Obs\n", b"UC / MD,Data execucao,Obs\r\n", b"UC / MD\tData execucao\tObs\n",
    b"Obs;More;Data execucao;UC / MD\n", b"Data execucao;UC / MD\r\n", b"Data execucao\n",
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)
@given(
    mark=st.booleans(),
    head=st.sampled_from(_HEADS),
    body=st.lists(st.sampled_from(_PIECES), max_size=40),
    end=st.sampled_from([b"", b"\n", b"\r\n"]),
    chunk=st.integers(1, 60) | st.just(1 << 17),
)
def test_whatever_the_bytes_and_the_chunks_records_are_those_read_line_by_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mark: bool, head: bytes, body: list[bytes], end: bytes, chunk: int
) -> None:
    path, required = tmp_path / "a.csv", ["Data execucao"]
    content = (b"\xef\xbb\xbf" if mark else b"") + head + b"".join(body) + end
    path.write_bytes(content)
    try:
        wanted: object = line_by_line(path, layout_of(path, required=required))
    except FileRefusedError as error:
        wanted = str(error)
    with monkeypatch.context() as patch:
        patch.setattr(physical, "CHUNK", chunk)
        try:
            found: object = records(path, content, required=required)
        except FileRefusedError as error:
            found = str(error)
    event(wanted if isinstance(wanted, str) else "read")
    assert found == wanted


def test_every_undefined_byte_of_windows_1252_is_read(tmp_path: Path) -> None:
    every = bytes(n for n in range(1, 256) if n not in b';"\r\n')
    ((_, _, row, _, problem, _),) = records(tmp_path / "a.csv", HEAD + b"1;1/1/2025;" + every + b"\r\n")
    assert problem == ""
    assert row.decode()[11:] == "".join(
        bytes([n]).decode("latin-1" if n in b"\x81\x8d\x8f\x90\x9d" else "cp1252") for n in every
    )


@pytest.mark.parametrize("line", [b"1;2", b"1;2;3;4", b";", b'"1;2;3', b'1;"2";3;', b"1;2\r;3"])
def test_a_ragged_line_is_one_problem_and_takes_no_other_with_it(tmp_path: Path, line: bytes) -> None:
    found = records(tmp_path / "a.csv", HEAD + b"a;b;c\r\n" + line + b'\r\nd;"e";f\r\ng;h;i\r\n')
    assert [(r[0], r[2], r[4], r[5]) for r in found] == [
        (2, b"a;b;c", "", b"a;b;c"),
        (3, b"", "ragged", line),
        (4, b"d;e;f", "", b'd;"e";f'),
        (5, b"g;h;i", "", b"g;h;i"),
    ]


@pytest.mark.parametrize(
    ("line", "row"),
    [
        (b'5" pipe;b;c', b'"5"" pipe";b;c'),
        (b'a;"b";c "d" e', b'a;b;"c ""d"" e"'),
        (b'a;"b"c;d', b"a;bc;d"),
        (b'=1+1;@x;"-2"', b"=1+1;@x;-2"),
        (b"  a ; ;\\N", b"  a ; ;\\N"),
        (b'a;"b\r\nc\nd";e', b'a;"b\r\nc\nd";e'),
        (b'a;b;"x;y""z"', b'a;b;"x;y""z"'),
    ],
)
def test_quotes_delimiters_and_line_ends_in_cells(tmp_path: Path, line: bytes, row: bytes) -> None:
    found = records(tmp_path / "a.csv", HEAD + line + b"\r\n1;2;3\r\n")
    assert [(r[2], r[5]) for r in found] == [(row, line), (b"1;2;3", b"1;2;3")]
    assert found[1][0] == 3 + line.count(b"\n")


def test_a_quote_nobody_closes_costs_one_line_even_in_a_long_file(tmp_path: Path) -> None:
    good = b'x;y;"%d"\r\n'
    many = b"".join(good % n for n in range(40_000))
    found = records(tmp_path / "a.csv", HEAD + b'"a;b;c\r\n' + many)
    assert [r[:1] + r[4:5] for r in found if r[4]] == [(2, "ragged")]
    assert len(found) == 40_001
    rows = b"".join(b"x;y;%d\r\n" % n for n in range(300_000))
    found = records(tmp_path / "a.csv", HEAD + b'"a;b;c\r\n' + rows)
    assert (len(found), found[0][4], found[-1][0]) == (300_001, "ragged", 300_002)


def test_records_of_several_lines_do_not_add_up_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(physical, "CHUNK", 1 << 12)
    path, peaks = tmp_path / "a.csv", []
    for number in (1_000, 6_000):
        path.write_bytes(HEAD + b"".join(b'%d;1/1/2025;"first\r\nsecond\r\nthird"\r\n' % n for n in range(number)))
        encoding, layout = probe(path).encoding, layout_of(path)
        tracemalloc.start()
        assert sum(len(found.rows) for found in read(path, encoding, layout)) == number
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]


def test_nul_bytes_and_broken_utf8_are_problems_of_their_line(tmp_path: Path) -> None:
    found = records(tmp_path / "a.csv", b"\xef\xbb\xbf" + HEAD + b"a;\0;c\r\nd;\xff;f\r\ng;\xc3\xa9;i\r\n\0\r\n")
    assert [(r[0], r[2].decode(), r[4], r[5].decode()) for r in found] == [
        (2, "", "bad_bytes", "a;\ufffd;c"),
        (3, "", "bad_bytes", "d;\ufffd;f"),
        (4, "g;é;i", "", "g;é;i"),
        (5, "", "bad_bytes", "\ufffd"),
    ]


def test_blank_lines_are_no_records_but_count_as_lines(tmp_path: Path) -> None:
    found = records(tmp_path / "a.csv", HEAD + b"\r\n1;2;3\r\n\r\n\n4;5;6\r\n\r\n")
    assert [(r[0], r[2]) for r in found] == [(3, b"1;2;3"), (6, b"4;5;6")]


@pytest.mark.parametrize("end", [b"1;2;3", b"1;2", b'1;2;"3\r\n', b'1;2;"3\r\n4;5;6\r\n', b"\r"])
def test_a_file_that_ends_in_mid_record_is_refused(tmp_path: Path, end: bytes) -> None:
    with pytest.raises(FileRefusedError, match="ends within") as refused:
        records(tmp_path / "a.csv", HEAD + b"a;b;c\r\n" + end)
    assert refused.value.outcome == "truncated"


def test_a_line_without_end_is_refused_before_it_fills_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(physical, "LONGEST", 100)
    monkeypatch.setattr(physical, "CHUNK", 50)
    with pytest.raises(FileRefusedError, match="more than 100 bytes"):
        records(tmp_path / "a.csv", HEAD + b"x" * 1000)


@pytest.mark.parametrize("delimiter", DELIMITERS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_the_header_is_found_below_a_preamble_with_any_delimiter(tmp_path: Path, delimiter: str, encoding: str) -> None:
    names = delimiter.join(['"Obs"', " data  EXECUÇÃO ", "\xa0UC / MD"])
    text = f"Relatório; geral, | \t\r\n\r\n{names}\r\nc{delimiter}b{delimiter}a\r\n"
    found = records(tmp_path / "a.csv", text.encode(encoding))
    assert [(r[0], r[1], r[2]) for r in found] == [(4, b"b", b"a;b;c")]
    path = tmp_path / "b.csv"
    path.write_bytes(b"Uc / md;DATA EXECUCAO;obs\n")
    assert layout_of(path).header.fingerprint != layout_of(tmp_path / "a.csv").header.fingerprint
    path.write_bytes(b"OBS|data execucao|UC / MD\n")
    assert layout_of(path).header.fingerprint == layout_of(tmp_path / "a.csv").header.fingerprint


@pytest.mark.parametrize(
    ("content", "outcome", "words"),
    [
        (b"", "truncated", "is empty"),
        (b"\0\0\0", "truncated", "is empty"),
        (b"UC / MD;Data execucao;Obs", "truncated", "ends in its header"),
        (b"\n" * 100 + HEAD, "schema_error", "no header"),
        (b"UC / MD;Data execucao\n1;2\n", "schema_error", "Obs not found"),
        (b"<!DOCTYPE html>\n<html></html>\n", "html", "web page"),
        (b"  <HTML lang='pt'><body>504</body></HTML>", "html", "web page"),
        (b"UC / MD;Data execucao;Obs;obs\n", "schema_error", "column Obs twice"),
    ],
)
def test_what_is_no_such_file_is_refused_by_kind(tmp_path: Path, content: bytes, outcome: str, words: str) -> None:
    with pytest.raises(FileRefusedError, match=words) as refused:
        records(tmp_path / "a.csv", content)
    assert refused.value.outcome == outcome


def test_unknown_columns_are_kept_apart_and_missing_ones_are_empty(tmp_path: Path) -> None:
    content = b'New;UC / MD;;New;Data execucao\nx;1;;y;2\n;3;z;;4\n"p;q";5;;;"6"\n7;8\n'
    found = records(tmp_path / "a.csv", content, required=["UC / MD", "Data execucao"])
    assert [(r[2], r[3].decode(), r[4]) for r in found] == [
        (b"1;2;", '{"NEW": "x", "NEW (2)": "y"}', ""),
        (b"3;4;", '{"COLUMN 3": "z"}', ""),
        (b"5;6;", '{"NEW": "p;q"}', ""),
        (b"", "", "ragged"),
    ]
    assert layout_of(tmp_path / "a.csv", required=["UC / MD"]).missing == ("note",)


@pytest.mark.parametrize("chunk", range(8, 22))
def test_a_record_over_chunks_of_other_line_ends_is_as_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    """Windows' line ends where it begins; where it ends most lines have a line feed alone."""
    monkeypatch.setattr(physical, "CHUNK", chunk)
    found = records(tmp_path / "a.csv", HEAD + b'a;"b;\r\nc";d\r\n\n7;8;9\n')
    assert [(r[0], r[2], r[5]) for r in found] == [
        (2, b'a;"b;\r\nc";d', b'a;"b;\r\nc";d'),
        (5, b"7;8;9", b"7;8;9"),
    ]


def test_a_single_column_may_be_empty(tmp_path: Path) -> None:
    found = records(tmp_path / "a.csv", b'Day\n1\n\n""\n2\n', columns={"day": "Day"})
    assert [(r[0], r[2]) for r in found] == [(2, b"1"), (4, b""), (5, b"2")]


def test_the_encoding_is_that_of_the_whole_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encodings, "CHUNK", 4)
    path = tmp_path / "a.csv"
    for content, is_utf8, start in (
        ("aaaé".encode(), True, 0),
        ("aaaé".encode()[:-1], False, 0),
        ("aaaaaaaaé".encode("latin-1"), False, 0),
        ("é".encode("utf-8-sig") + b"\xff", True, 3),
    ):
        path.write_bytes(content)
        for sha256 in (None, "known"):
            found = probe(path, sha256=sha256)
            assert (found.encoding.is_utf8, found.encoding.start) == (is_utf8, start)
            assert found.size == len(content)


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("1/1/2025", "2025-01-01"),
        (" 31/12/2025 ", "2025-12-31"),
        ("01/11/2025 10:00:00", "2025-11-01"),
        ("01/11/2025 9:5", "2025-11-01"),
        ("2025-11-01", "2025-11-01"),
        ("2025-11-01T10:00:00Z", "2025-11-01"),
        ("2025-11-01 10:00:00.123-03:00", "2025-11-01"),
        *(
            (c, None)
            for c in ("", "NULL", "00/00/0000", "31/02/2025", "01/11/25", "01-11-2025", "20251101", "١/١/٢٠٢٥")
        ),
        *((c, None) for c in ("2025-11-01 x", "1/1/2025/1", "1/1/20255", "2025-1-1")),
    ],
)
def test_days(cell: str, day: str | None) -> None:
    found = day_of(cell)
    assert (found and found.isoformat()) == day


def test_names_are_compared_without_accents_quotes_case_and_needless_blanks() -> None:
    assert normal('\ufeff "Data   Execução" ') == normal("DATA EXECUCAO") == "DATA EXECUCAO"
    assert normal("Qtd parcela(s)") == "QTD PARCELA(S)"
