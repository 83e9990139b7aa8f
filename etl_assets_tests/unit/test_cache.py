"""What is remembered between processes is what would be computed, or is computed again."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from etl_assets.engine import cache


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own."""
    monkeypatch.setattr(cache, "folder", lambda: tmp_path / "cache")
    cache._forget.cache_clear()
    return tmp_path / "cache"


class Counted:
    """A computation that says how often it was asked."""

    def __init__(self, value: Any = "value") -> None:
        self.value, self.times = value, 0

    def __call__(self) -> Any:
        self.times += 1
        return self.value


def entry(folder: Path) -> Path:
    (path,) = folder.rglob("*.json")
    return path


def test_a_value_is_computed_once_and_is_the_same_afterwards(folder: Path) -> None:
    compute = Counted({"a": ("ção", 1, None, True), "b": []})
    first = cache.kept("k", ["key", 1], compute)
    assert first == cache.kept("k", ["key", 1], compute) == {"a": ["ção", 1, None, True], "b": []}
    assert compute.times == 1
    assert entry(folder).parent == folder / "k"
    assert entry(folder).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("other", [("k", ["key", 2]), ("l", ["key", 1]), ("k", ["key", "1"])])
def test_another_key_is_another_value(other: tuple[str, list[object]]) -> None:
    cache.kept("k", ["key", 1], Counted("one"))
    assert cache.kept(*other, Counted("two")) == "two"


def test_an_error_is_not_remembered(folder: Path) -> None:
    def refuse() -> Any:
        raise LookupError

    for _ in range(2):
        with pytest.raises(LookupError):
            cache.kept("k", "key", refuse)
    assert cache.kept("k", "key", Counted()) == "value"


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3])


def _changed(path: Path) -> None:
    path.write_text(path.read_text().replace("right", "wrong"))


def _of_another(path: Path) -> None:
    """A file that is in order, under the name of this one."""
    cache.kept("other", "key 2", Counted("wrong"))
    (other,) = path.parents[1].glob("other/*.json")
    other.replace(path)


def _a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGES: list[Callable[[Path], object]] = [
    _cut,
    _changed,
    _of_another,
    _a_folder,
    lambda path: path.write_text(""),
    lambda path: path.write_text('"wrong"'),
    lambda path: path.write_bytes(b"\xff\xfe\x00"),
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_not_believed(folder: Path, damage: Callable[[Path], object]) -> None:
    cache.kept("k", "key", Counted("right"))
    damage(entry(folder))
    compute = Counted("right")
    assert cache.kept("k", "key", compute) == "right"
    assert compute.times == 1
    # And is whole again, unless a folder is in the way.
    cache.kept("k", "key", compute)
    assert compute.times == (2 if damage is _a_folder else 1)
    assert [p for p in (folder / "k").iterdir() if p.suffix != ".json"] == []


def test_a_folder_that_cannot_be_written_costs_time_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(cache, "folder", lambda: tmp_path / "file" / "cache")
    compute = Counted()
    assert [cache.kept("k", "key", compute) for _ in range(2)] == ["value", "value"]
    assert compute.times == 2


def test_a_full_disk_leaves_nothing_behind(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    assert cache.kept("k", "key", Counted()) == "value"
    assert list((folder / "k").iterdir()) == []


def test_somebody_without_a_home_gets_no_folder_where_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cache, "folder", lambda: Path("~/.cache/etl_assets"))
    assert cache.kept("k", "key", Counted()) == "value"
    assert list(tmp_path.iterdir()) == []


def _ask(folder: Path, process: int) -> list[Any]:
    cache.folder = lambda: folder
    return [cache.kept("k", n % 7, Counted("x" * 50_000 + str(n % 7))) for n in range(process, process + 70)]


def test_many_processes_share_a_folder(folder: Path) -> None:
    with ProcessPoolExecutor(4, mp_context=get_context("fork")) as pool:
        answers = list(pool.map(_ask, [folder] * 4, range(4)))
    for process, found in enumerate(answers):
        assert found == ["x" * 50_000 + str(n % 7) for n in range(process, process + 70)]
    assert len(list((folder / "k").iterdir())) == 7


def test_what_nobody_renewed_for_long_is_removed(folder: Path) -> None:
    cache.kept("k", "old", Counted())
    old = entry(folder)
    cache.kept("k", "new", Counted())
    os.utime(old, times=(0, time.time() - cache.KEEP_SECONDS - 60))
    cache._forget.cache_clear()
    cache.kept("k", "newest", Counted())
    assert not old.exists()
    assert len(list((folder / "k").iterdir())) == 2


def test_code_is_what_the_files_hold(tmp_path: Path) -> None:
    one, two = tmp_path / "one.py", tmp_path / "two.py"
    one.write_text("a = 1")
    two.write_text("b = 2")
    before = cache.code(str(one), str(two))
    two.write_text("b = 3")
    assert cache.code(str(one), str(two)) == before, "read once per process"
    cache.code.cache_clear()
    assert cache.code(str(one), str(two)) != before
