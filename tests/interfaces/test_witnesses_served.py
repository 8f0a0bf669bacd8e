"""The service with a policy file: the checkpoint that everyone is given is cosigned, and a cosignature that comes late is published by itself."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from api.cli.main import main
from api.logs import open_logs
from api.main import service
from api.public_side import public_service
from api.published import published
from api.settings import Settings
from api.stores.keys import KeyFolder, default_folder
from api.stores.log_store import PUBLIC, LogStore
from api.stores.log_tables import logs
from api.wiring import open_register, set_up
from projections.transparency.answers import LogAnswers, PublicShelf
from projections.transparency.policy import Policy, PolicyRefused
from projections.transparency.proofs import verify_receipt
from tests.interfaces.graphql_stack import Stack
from tests.proofs.witness import PLAIN, Answered, OwnWitness, lines, serving

PATIENCE = 30
ORIGIN = "127.0.0.1:8000/log/demonstration"
CHECKPOINT = "{ checkpoint { note } }"


def until(met: Callable[[], bool]) -> None:
    """Wait for what another thread does."""
    end = time.monotonic() + PATIENCE
    while not met():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A register with an entry, whose log was never opened; its policy file is still to be written."""
    found = Settings(database_url=f"sqlite:///{tmp_path / 'var'}", witness_policy=str(tmp_path / "policy"))
    set_up(found.database_url)
    Stack(open_register(found)).replay("listing-correction.yaml").register.close()
    return found


@pytest.fixture
def witness(settings: Settings) -> Iterator[tuple[OwnWitness, Policy]]:
    """A witness of this log, named in the policy file."""
    log = KeyFolder(default_folder(settings.database_url)).init(PUBLIC, ORIGIN)
    found = OwnWitness(log=log.verifier)
    with serving(found) as policy:
        Path(settings.witness_policy).write_text(f"# Ours\nlog {log.verifier.vkey}\n{policy.text}", encoding="utf-8")
        yield found, policy


def test_everyone_is_given_the_cosigned_checkpoint(
    settings: Settings, witness: tuple[OwnWitness, Policy], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _, policy = witness
    with TestClient(service(settings)) as client:
        until(lambda: client.get("/log/checkpoint").status_code == 200)
        until(lambda: policy.cosigned(client.get("/log/checkpoint").content) == {"w1"})
    # A public process needs the public read store and nothing else; nobody seals days meanwhile, so that its answers can be compared.
    with TestClient(public_service(settings)) as client:
        note = client.get("/log/checkpoint").text
        assert policy.cosigned(note.encode()) == {"w1"}
        assert client.post("/graphql", json={"query": CHECKPOINT}).json()["data"]["checkpoint"]["note"] == note
        vkey = client.get("/log/key").text
        receipt = client.get("/log/receipt/0.tlog-proof").content
        assert receipt.endswith(note.encode())
        verify_receipt(receipt, [vkey.strip()])
        assert client.get("/log/policy").text == f"log {vkey}{policy.text}"
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("WITNESS_POLICY", settings.witness_policy)
    capsys.readouterr()
    assert main(["verify", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["differences"] == []


def test_a_cosignature_that_comes_late_is_published_by_itself(settings: Settings, witness: tuple[OwnWitness, Policy]) -> None:
    slow, policy = witness
    free = threading.Event()
    slow.behave = lambda asked, request: None if free.wait(PATIENCE) else (500, PLAIN, b"")
    with TestClient(service(settings.model_copy(update={"witness_seconds": 0.05}))) as client:
        until(lambda: client.get("/log/checkpoint").status_code == 200)
        assert len(lines(client.get("/log/checkpoint").content)) == 1
        assert client.get("/readyz").status_code == 200
        free.set()
        until(lambda: policy.cosigned(client.get("/log/checkpoint").content) == {"w1"})


def test_the_service_ends_while_a_witness_is_silent(settings: Settings, witness: tuple[OwnWitness, Policy]) -> None:
    silent, _ = witness
    asked, free, waited = threading.Event(), threading.Event(), []

    def silence(witness: OwnWitness, request: bytes) -> Answered:
        asked.set()
        waited.append(free.wait(PATIENCE))
        return 500, PLAIN, b""

    silent.behave = silence
    with TestClient(service(settings.model_copy(update={"witness_seconds": 0.0}))):
        assert asked.wait(PATIENCE)
    assert not waited, "it is silent still"
    free.set()


def test_a_policy_that_cannot_be_used_leaves_no_trace(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    register = open_register(settings)
    Path(settings.witness_policy).write_text("witness\nquorum none\n", encoding="utf-8")
    with pytest.raises(PolicyRefused, match="WITNESS_POLICY"):
        open_logs(settings, register)
    register.close()
    before = set(threading.enumerate())
    with pytest.raises(PolicyRefused, match="WITNESS_POLICY"), TestClient(service(settings)):
        pass
    left = {thread.name for thread in threading.enumerate() if thread not in before}
    assert not [name for name in left if name.startswith(("follower", "witnesses"))], "the process could not end"
    store = LogStore(settings.database_url)
    with store.engine.connect() as rows:
        assert rows.execute(select(logs)).all() == []
    store.close()
    assert not default_folder(settings.database_url).exists()
    assert LogAnswers(PublicShelf(published(settings.database_url))).answer("policy").status == 404
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    monkeypatch.setenv("WITNESS_POLICY", settings.witness_policy)
    assert main(["serve"]) == 2
    assert "WITNESS_POLICY): line 1" in capsys.readouterr().err
