"""Web servers to measure: started as processes on 127.0.0.1, asked until they answer, stopped again."""

import http.client
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

ROOT = Path(__file__).parent.parent
HOST = "127.0.0.1"
SETTINGS = ("--loop", "uvloop", "--http", "httptools", "--log-level", "warning", "--no-access-log", "--no-server-header", "--lifespan", "on")
READY_WITHIN = 120.0
Headers = Mapping[str, str]


@dataclass
class Server:
    """A running server, with the time from its start to its first answer."""

    process: subprocess.Popen[bytes]
    port: int
    ready_after: float = 0.0

    def get(self, path: str, headers: Headers | None = None) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=30)
        try:
            connection.request("GET", path, headers=dict(headers or {}))
            answer = connection.getresponse()
            return answer.status, [(name.lower(), value) for name, value in answer.getheaders()], answer.read()
        finally:
            connection.close()

    def cpu_seconds(self) -> float:
        """Return the processor time used so far (Linux)."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def megabytes(self) -> float:
        """Return the memory in use (Linux)."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024

    def load(self, paths: list[str], *, seconds: float, headers: Headers | None = None, connections: int = 16) -> dict[str, Any]:
        """Put load on the server from another process; rate, statuses, and processor time for each request."""
        asked = {"port": self.port, "paths": paths, "seconds": seconds, "connections": connections, "headers": dict(headers or {})}
        before = self.cpu_seconds()
        done = subprocess.run([sys.executable, "-m", "bench.load", json.dumps(asked)], cwd=ROOT, capture_output=True, check=True, timeout=120)
        found: dict[str, Any] = json.loads(done.stdout)
        found["cpu_us"] = 1e6 * (self.cpu_seconds() - before) / max(found["requests"], 1)
        return found


@contextmanager
def served(app: str, first_path: str, **environment: str) -> Iterator[Server]:
    """Serve an application for a while; ready once `first_path` is answered with 200."""
    port = _free_port()
    command = [sys.executable, "-m", "uvicorn", app, "--factory", "--host", HOST, "--port", str(port), *SETTINGS]
    began = perf_counter()
    server = Server(subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment}), port)
    try:
        _wait(server, first_path)
        server.ready_after = perf_counter() - began
        yield server
    finally:
        server.process.terminate()
        server.process.wait(timeout=30)


@contextmanager
def register(database_url: str, first_path: str = "/") -> Iterator[Server]:
    """Serve the register itself."""
    with served("api.main:create", first_path, DATABASE_URL=database_url) as server:
        yield server


@contextmanager
def public_alone(database_url: str) -> Iterator[Server]:
    """Serve the public side alone, over the public read store."""
    with served("api.public_side:create", "/", DATABASE_URL=database_url) as server:
        yield server


@contextmanager
def bare(folder: Path, answer: tuple[list[tuple[str, str]], bytes]) -> Iterator[Server]:
    """Serve the same bytes from a bare application."""
    body, kept = folder / "answer.body", folder / "answer.json"
    body.write_bytes(answer[1])
    headers = [(name, value) for name, value in answer[0] if name not in ("date", "connection")]
    kept.write_text(json.dumps({"headers": headers, "body": str(body)}))
    with served("bench.bare:create", "/", BENCH_ANSWER=str(kept)) as server:
        yield server


def _free_port() -> int:
    with socket.socket() as found:
        found.bind((HOST, 0))
        return int(found.getsockname()[1])


def _wait(server: Server, path: str) -> None:
    end = perf_counter() + READY_WITHIN
    while perf_counter() < end:
        if server.process.poll() is not None:
            raise RuntimeError("the server ended before it answered")
        try:
            if server.get(path)[0] == 200:
                return
        except OSError:
            pass
        sleep(0.005)
    raise TimeoutError(f"no answer within {READY_WITHIN:.0f} s")
