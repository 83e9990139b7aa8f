"""However a run ends, nothing of its browser is left: no process, no folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from etl_assets.browser.errors import BrowserError
from etl_assets.browser.session import BrowserOptions, open_browser
from etl_assets_tests.browser.processes import alive, arguments, processes, wait_until

# A shell's background job hands SIGINT on as ignored, and Python then leaves it so.
_RUN = """
import signal, sys, time
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)
from etl_assets.browser.session import BrowserOptions, open_browser
with open_browser(BrowserOptions(root=Path(sys.argv[1]))) as browser:
    browser.driver.get("data:text/html,<p>here")
    print("open", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def root() -> Iterator[Path]:
    """Short, for Chromium puts sockets below it."""
    with tempfile.TemporaryDirectory(prefix="etl_b") as folder:
        yield Path(folder)
        # A test that fails leaves processes that nobody else would find.
        for process in processes(Path(folder)):
            with suppress(psutil.NoSuchProcess):
                process.kill()


def folders(root: Path) -> list[str]:
    return [f.name for f in root.iterdir()] if root.exists() else []


@pytest.fixture
def run(root: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen([sys.executable, "-c", _RUN, str(root)], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert process.stdout.readline() == "open\n"
    assert len(processes(root)) > 4
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def host_of(root: Path) -> psutil.Process:
    return next(p for p in processes(root) if "etl_assets.browser.host" in arguments(p))


def test_after_an_error_in_the_block(root: Path) -> None:
    found: list[psutil.Process] = []

    def fail() -> None:
        with open_browser(BrowserOptions(root=root)) as browser:
            browser.driver.get("data:text/html,<p>here")
            found.extend(processes(root))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert len(found) > 4
    assert not any(map(alive, found))
    assert folders(root) == []


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_after_the_run_was_killed(run: subprocess.Popen[str], root: Path, how: signal.Signals) -> None:
    found = processes(root)
    run.send_signal(how)
    assert wait_until(lambda: processes(root) == [] and folders(root) == [])
    assert wait_until(lambda: not any(map(alive, found)))


def test_after_run_and_host_were_killed_the_next_one_ends_what_is_left(run: subprocess.Popen[str], root: Path) -> None:
    host = host_of(root)
    stopped = []
    # Stopped ones notice nothing, as a Chromium that hangs. It starts and ends helpers of its own meanwhile.
    for process in processes(root):
        with suppress(psutil.NoSuchProcess):
            if "chromium" in process.name():
                process.suspend()
                stopped.append(process)
    # The host first: it would end the others when the run does.
    host.kill()
    run.kill()
    run.wait()
    assert wait_until(lambda: not alive(host))
    assert any(map(alive, stopped))
    (left,) = folders(root)
    with open_browser(BrowserOptions(root=root)) as browser:
        assert browser.is_alive()
        assert left not in folders(root)
        assert not any(map(alive, stopped))
    assert folders(root) == []


def test_a_browser_at_work_is_no_leftover(run: subprocess.Popen[str], root: Path) -> None:
    host, before = host_of(root), folders(root)
    with open_browser(BrowserOptions(root=root)):
        pass
    assert folders(root) == before
    assert alive(host)
    assert len(host.children(recursive=True)) > 4


def test_a_hanging_browser_is_ended_too(root: Path) -> None:
    with open_browser(BrowserOptions(root=root)):
        found = processes(root)
        for process in set(found) - {host_of(root)}:
            with suppress(psutil.NoSuchProcess):
                process.suspend()
    assert not any(map(alive, found))
    assert folders(root) == []


def test_a_driver_that_cannot_start_is_told_and_leaves_nothing(root: Path, tmp_path: Path) -> None:
    driver = tmp_path / "chromedriver"
    driver.write_text("#!/bin/sh\necho no such display >&2\nexit 3\n")
    driver.chmod(0o755)
    with (
        pytest.raises(BrowserError, match="did not start: no such display"),
        open_browser(BrowserOptions(root=root, driver=str(driver))),
    ):
        pass
    assert processes(root) == []
    assert folders(root) == []


def test_a_browser_that_is_gone_is_noticed(root: Path) -> None:
    with open_browser(BrowserOptions(root=root)) as browser:
        assert browser.is_alive()
        os.kill(host_of(root).pid, signal.SIGTERM)
        assert wait_until(lambda: not browser.is_alive())
