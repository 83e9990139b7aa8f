"""The stand-in portal as a process, and its sessions as time passes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from datetime import date

import psutil
import pytest

from etl_assets.demo.pg_process import has_ended
from etl_assets.demo.sigos import Portal
from etl_assets.demo.sigos.sessions import LIFETIME_S, Sessions
from etl_assets_tests.browser.processes import arguments

SOON = date(2022, 4, 1)  # of a history this short the portal starts fast


def test_sessions_slide() -> None:
    now = 0.0
    sessions = Sessions(lambda: now)
    token = sessions.begin()
    for _ in range(3):
        now += LIFETIME_S - 1
        assert sessions.find(token)
    now += LIFETIME_S + 1
    assert sessions.find(token) is None
    now -= LIFETIME_S
    assert sessions.find(token) is None


def test_the_process_is_gone_when_the_block_ends_even_when_it_hangs() -> None:
    with Portal(scale=0.001, today=SOON) as portal:
        child = _youngest_child()
        assert portal.state()["today"] == "2022-04-01"
        os.kill(child.pid, signal.SIGSTOP)
    assert not child.is_running()
    with pytest.raises(RuntimeError, match="not running"):
        _ = portal.url


def test_the_process_ends_with_its_parent() -> None:
    script = (
        "from etl_assets.demo.sigos import Portal; import datetime, os, signal\n"
        "p = Portal(scale=0.001, today=datetime.date(2022, 4, 1)).start(); print(p._process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, check=False)
    child = int(killed.stdout)
    deadline = time.monotonic() + 10
    while not has_ended(child):
        assert time.monotonic() < deadline, "the portal outlives its parent"
        time.sleep(0.05)


def test_a_taken_port_is_an_error(capfd: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(RuntimeError, match="ended before it answered"):
            Portal(scale=0.001, today=SOON, port=port).start()
    assert f"port {port} of 127.0.0.1" in capfd.readouterr().err


def _youngest_child() -> psutil.Process:
    found = [p for p in psutil.Process().children() if "etl_assets.demo.sigos" in arguments(p)]
    return max(found, key=lambda process: process.create_time())
