"""The public log through the public schema: its checkpoint, and the receipt of an entry, verified off line."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from api.graphql.public import public_graphql
from api.main import service
from api.settings import Settings
from api.wiring import open_register, set_up
from projections.transparency.notes import Verifier, open_checkpoint
from projections.transparency.proofs import verify_receipt
from tests.interfaces.graphql_stack import NOW, Stack, publish

CHECKPOINT = "{ checkpoint { origin size root note } }"
RECEIPT = "query ($v: DateTime) { list(validAt: $v, first: 1, includeRemoved: true) { edges { node { listId receipt } } } }"
PATIENCE = 30


@dataclass
class Served:
    """The running service over a register kept in files, in which an entry was listed and then corrected."""

    client: TestClient

    def data(self, query: str, **variables: str) -> Any:
        answer = self.client.post("/graphql", json={"query": query, "variables": variables}).json()
        assert "errors" not in answer, answer
        return answer["data"]

    def receipt(self, **variables: str) -> str | None:
        (edge,) = self.data(RECEIPT, **variables)["list"]["edges"]
        found: str | None = edge["node"]["receipt"]
        return found

    def logged(self) -> None:
        """Wait until the log holds everything that is public."""
        end = time.monotonic() + PATIENCE
        while self.receipt() is None:
            assert time.monotonic() < end, "the log never came"
            time.sleep(0.05)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    settings = Settings(database_url=f"sqlite:///{tmp_path_factory.mktemp('register') / 'var'}")
    set_up(settings.database_url)
    stack = Stack(open_register(settings)).replay("listing-correction.yaml")
    stack.register.close()
    with TestClient(service(settings)) as client:
        served = Served(client)
        served.logged()
        yield served


def test_the_checkpoint_is_the_one_of_the_log_and_signed_by_its_key(served: Served) -> None:
    said = served.data(CHECKPOINT)["checkpoint"]
    assert said["note"] == served.client.get("/log/checkpoint").text
    proved = open_checkpoint(said["note"].encode(), [Verifier.parse(served.client.get("/log/key").text.strip())])
    assert f"{said['origin']}\n{said['size']}\n{said['root']}\n" == proved.text


@pytest.mark.parametrize(
    ("asked", "topic"), [({}, "ListEntryCorrected"), ({"v": "2026-04-24T00:00:00+02:00"}, "ListEntryPublished")], ids=["now", "before the correction"]
)  # fmt: skip
def test_the_receipt_proves_the_last_event_told_of_an_entry(served: Served, asked: dict[str, str], topic: str) -> None:
    receipt = served.receipt(**asked)
    assert receipt is not None
    entry = json.loads(verify_receipt(receipt.encode(), [served.client.get("/log/key").text.strip()]).entry)
    assert (entry["topic"], entry["payload"]["list_id"]) == (topic, "1")


def test_without_a_log_there_is_no_receipt_and_asking_for_the_checkpoint_says_so() -> None:
    stack = Stack().replay("listing-correction.yaml")
    assert stack.data(RECEIPT)["list"]["edges"] == [{"node": {"listId": "1", "receipt": None}}]
    assert stack.refused(CHECKPOINT) == ("NO_CHECKPOINT", "The public log has no checkpoint yet. Ask again in a minute.")
    stack.register.close()


def test_what_depends_on_the_log_is_never_kept_because_the_log_goes_on_while_the_list_stands_still() -> None:
    stack = Stack()
    publish(stack, ("Aurelia",))
    files: dict[str, bytes] = {}
    client = TestClient(Starlette(routes=public_graphql(stack.register.public, clock=lambda: NOW, position=lambda: 1, log=files.get)))
    for size in (b"1", b"2"):
        files["checkpoint"] = b"log\n" + size + b"\nAAAA\n\nsigned\n"
        answer = client.post("/graphql", json={"query": "{ checkpoint { size } }"}).json()
        assert answer["data"]["checkpoint"]["size"] == int(size)
    stack.register.close()
