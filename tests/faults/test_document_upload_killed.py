"""The real service, killed while a document arrives: nothing of it can be asked for, and the next start sweeps what was left."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

import pytest

from api.settings import Settings
from api.wiring import open_documents, open_tokens, set_up
from domain.actors import Role
from tests.running import serving

pytestmark = pytest.mark.slow
PART = b"x" * 3_000_000


def arriving(folder: Path) -> int:
    """How many bytes of documents on their way are on the disk."""
    place = folder / "documents" / "arriving"
    return sum(file.stat().st_size for file in place.iterdir() if file.name != ".lock") if place.exists() else 0


def wait_until_some_arrived(folder: Path, server: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        if arriving(folder):
            return
        with pytest.raises(subprocess.TimeoutExpired):
            server.wait(0.1)
    pytest.fail("nothing arrived within 30 seconds")


def test_a_service_that_is_killed_while_a_document_arrives_keeps_nothing_of_it(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}"
    set_up(url)
    tokens = open_tokens(Settings(database_url=url))
    token = tokens.issue(Role.CASE_OFFICER, "sender")
    tokens.close()
    head = (
        f"POST /api/v1/documents HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: text/plain\r\nContent-Length: {len(PART) + 1}\r\n\r\n"
    )
    with serving({"DATABASE_URL": url}) as server, socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(head.encode() + PART)
        wait_until_some_arrived(tmp_path, server.process)
        server.process.kill()
        server.process.wait()
    assert arriving(tmp_path) > 0
    with serving({"DATABASE_URL": url}):
        assert arriving(tmp_path) == 0
    documents = open_documents(Settings(database_url=url))
    assert list(documents.verify()) == []
    assert list(documents.shelf.digests()) == []
    documents.close()
