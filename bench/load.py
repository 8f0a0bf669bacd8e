"""
A load generator in a process of its own: keep-alive connections to 127.0.0.1, one request at a time on each.

`python -m bench.load '{"port": 8000, "paths": ["/"], "seconds": 2, "connections": 16, "headers": {}}'` prints what it measured as JSON.
"""

import json
import re
import selectors
import socket
import sys
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

HOST = "127.0.0.1"
MOST_SECONDS = 30
MOST_CONNECTIONS = 64
LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)


@dataclass
class Tally:
    """What was received: how many answers, of which statuses, how long each took. A connection that breaks ends the run."""

    statuses: dict[int, int] = field(default_factory=dict)
    times: list[float] = field(default_factory=list)
    received: int = 0

    def report(self, seconds: float) -> dict[str, Any]:
        times = sorted(self.times) or [0.0]
        return {
            "requests": len(self.times),
            "rate": len(self.times) / seconds,
            "statuses": self.statuses,
            "bytes": self.received,
            "p50_us": 1e6 * times[len(times) // 2],
            "p99_us": 1e6 * times[len(times) * 99 // 100],
        }


class Connection:
    """One connection; it asks the next question when the last one is answered."""

    def __init__(self, port: int, tally: Tally) -> None:
        self.socket = socket.create_connection((HOST, port), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._tally = tally
        self._head = b""
        self._left = 0  # bytes of the body still to come
        self._status = 0
        self._asked_at = 0.0

    def ask(self, request: bytes) -> None:
        self._head, self._left, self._status = b"", 0, 0
        self._asked_at = perf_counter()
        self.socket.sendall(request)

    def take(self, buffer: memoryview) -> bool:
        """Read what is there; True when the answer is complete."""
        count = self.socket.recv_into(buffer)
        if not count:
            raise ConnectionError("the server closed the connection")
        self._tally.received += count
        if self._status:
            self._left -= count
        elif not self._read_head(bytes(buffer[:count])):
            return False
        if self._left > 0:
            return False
        self._tally.times.append(perf_counter() - self._asked_at)
        self._tally.statuses[self._status] = self._tally.statuses.get(self._status, 0) + 1
        return True

    def _read_head(self, received: bytes) -> bool:
        self._head += received
        end = self._head.find(b"\r\n\r\n")
        if end < 0:
            return False
        self._status = int(self._head[9:12])
        length = LENGTH.search(self._head, 0, end)
        self._left = (int(length[1]) if length and self._status != 304 else 0) - (len(self._head) - end - 4)
        return True


def run(port: int, paths: list[str], seconds: float, connections: int, headers: dict[str, str]) -> dict[str, Any]:
    """Ask the paths in turn until the time is over."""
    rest = "".join(f"{name}: {value}\r\n" for name, value in {"host": HOST, **headers}.items())
    requests = [f"GET {path} HTTP/1.1\r\n{rest}\r\n".encode() for path in paths]
    tally, buffer, asked = Tally(), memoryview(bytearray(1 << 20)), 0
    with selectors.DefaultSelector() as selector:
        for _ in range(min(connections, MOST_CONNECTIONS)):
            selector.register((one := Connection(port, tally)).socket, selectors.EVENT_READ, one)
            one.ask(requests[asked % len(requests)])
            asked += 1
        began = perf_counter()
        end = began + min(seconds, MOST_SECONDS)
        while (now := perf_counter()) < end:
            for key, _ in selector.select(end - now):
                if key.data.take(buffer):
                    key.data.ask(requests[asked % len(requests)])
                    asked += 1
    return tally.report(perf_counter() - began)


if __name__ == "__main__":
    print(json.dumps(run(**json.loads(sys.argv[1]))))
