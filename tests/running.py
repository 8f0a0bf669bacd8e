"""The real service in a process of its own, that ends whatever happens."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO
from urllib.error import URLError
from urllib.request import urlopen

import pytest

SERVICE = (sys.executable, "-m", "api.cli.main", "serve")
PATIENCE = 60.0
"""Seconds in which a service has to answer, and to end when it is told to."""


@dataclass
class Running:
    """A service that answers."""

    base: str
    port: int
    process: subprocess.Popen[bytes]


@contextmanager
def serving(environment: dict[str, str], *options: str, port: int = 0, log: IO[bytes] | None = None) -> Iterator[Running]:
    """Start `registry serve` with what the environment adds to ours, and wait until it is ready."""
    port = port or free_port()
    known = {**os.environ, "PORT": str(port), **environment}
    with subprocess.Popen([*SERVICE, *options], env=known, stdout=log, stderr=log) as process, ended(process):
        base = f"http://127.0.0.1:{port}"
        wait_for(f"{base}/readyz", process)
        yield Running(base, port, process)


@contextmanager
def ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Let a process end after the block, and kill it when it does not: whoever fails must not wait for it for ever."""
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        assert process.poll() is None, "the service ended before it answered"
        try:
            urlopen(address).close()
        except URLError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"the service did not answer within {PATIENCE:.0f} seconds")
