"""The log of the cases is served to auditors and to nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from api.clocks import server_clock
from api.main import service
from api.settings import Settings
from api.stores.access_database import AccessDatabase
from api.stores.access_log import AccessLog
from api.stores.keys import KeyFolder
from api.stores.log_store import CASES
from api.stores.tokens import TokenStore
from api.wiring import open_register, set_up
from domain.actors import Role
from projections.transparency.notes import open_checkpoint
from projections.transparency.proofs import verify_receipt

PATHS = ("checkpoint", "key", "keys", "tile/0/000.p/1", "tile/entries/000.p/1", "entry/0", "receipt/0.tlog-proof", "receipt/0.spicy")
LEARNS_NOTHING = ("nothing", "entry/99", "tile/0/000", "receipt/99.tlog-proof")


class Served:
    """The whole service over a store in a folder, and tokens for it."""

    def __init__(self, folder: Path, client: TestClient) -> None:
        self.client = client
        self.folder = folder
        self._tokens = TokenStore(f"sqlite:///{folder}")
        self._known: dict[Role, str] = {}

    def get(self, path: str, role: Role | None) -> Response:
        if role and role not in self._known:
            self._known[role] = self._tokens.issue(role, f"test {role}")
        headers = {"Authorization": f"Bearer {self._known[role]}"} if role else {}
        return self.client.get(f"/audit/log/{path}", headers=headers)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("audited")
    settings = Settings(database_url=f"sqlite:///{folder}")
    set_up(settings.database_url)
    register = open_register(settings)
    register.create(server_clock(), demonstration=False)
    register.close()
    with TestClient(service(settings)) as client:
        found = Served(folder, client)
        while found.get("checkpoint", Role.AUDITOR).status_code == 404:
            pass  # the log follows in a thread of its own
        yield found


@pytest.mark.parametrize("path", PATHS)
def test_an_auditor_reads_every_file_and_nothing_is_kept_on_the_way(served: Served, path: str) -> None:
    answer = served.get(path, Role.AUDITOR)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "private, no-store"


def test_checkpoint_and_receipt_verify_under_the_key_of_the_cases(served: Served) -> None:
    verifiers = KeyFolder(served.folder / "keys").verifiers(CASES)
    checkpoint = open_checkpoint(served.get("checkpoint", Role.AUDITOR).content, verifiers)
    assert checkpoint.origin.endswith("/audit/log")
    assert checkpoint.size >= 1
    receipt = served.get("receipt/0.tlog-proof", Role.AUDITOR).content
    assert verify_receipt(receipt, [verifiers[-1].vkey]).entry == served.get("entry/0", Role.AUDITOR).content


@pytest.mark.parametrize("path", [*PATHS, *LEARNS_NOTHING])
def test_whoever_is_not_signed_in_learns_nothing(served: Served, path: str) -> None:
    answer = served.get(path, None)
    assert answer.status_code == 401
    assert answer.content == served.get("checkpoint", None).content


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.AUDITOR, Role.SYSTEM, Role.PUBLIC)])
def test_no_other_role_learns_even_what_is_missing(served: Served, role: Role) -> None:
    answers = [served.get(path, role) for path in ("checkpoint", *LEARNS_NOTHING)]
    assert {answer.status_code for answer in answers} == {403}
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].headers["cache-control"] == "no-store"


def test_what_is_missing_is_missing_for_an_auditor(served: Served) -> None:
    assert {served.get(path, Role.AUDITOR).status_code for path in LEARNS_NOTHING} == {404}


def test_who_read_it_and_who_was_refused_is_noted(served: Served) -> None:
    log = AccessLog(AccessDatabase(f"sqlite:///{served.folder}"))
    before, _ = log.head()
    for path, role in (("checkpoint", Role.AUDITOR), ("nothing else", Role.CASE_OFFICER), ("checkpoint", None)):
        served.get(path, role)
    found = [(row.act.value, row.outcome, row.role, row.subjects) for row in log.rows(after=before)]
    log.close()
    assert found == [("READ", "DONE", Role.AUDITOR, ("/audit/log",)), ("REFUSED", "ROLE", Role.CASE_OFFICER, ("/audit/log",))]
