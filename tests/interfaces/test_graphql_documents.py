"""The documents of a case in the staff schema: what is stored of each, and that some were never sent."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest

from api.dockets.files import Step
from api.stores.documents import AccessClass, Classification, ExceptionTag
from api.stores.shelf import MemoryShelf
from tests.interfaces.graphql_stack import NOW, OFFICER, Stack

STORED = "size mediaType accessClass exceptionTags thirdParty publicVersion uploadedAt present"
QUERY = f"query ($id: ID!) {{ case(id: $id) {{ documents {{ hash field topic stored {{ {STORED} }} }} }} }}"
LETTER = b"%PDF-1.7\nDear Commission"
DIGEST = sha256(LETTER).hexdigest()


@pytest.fixture
def stack() -> Iterator[Stack]:
    """A case whose events name documents of which one was sent."""
    stack = Stack().replay("flow-arguments-accepted.yaml")
    data = {"on": "2026-11-20", "direction": "IN", "subject": "OTHER", "documents": [DIGEST, "letter-2"]}
    step = {"at": NOW.isoformat(), "by": OFFICER, "stream": "case/alpha", "record": "CorrespondenceRecorded", "data": data}
    assert stack.runner.step(Step(99, 99, step)).outcome == "recorded"
    stack.register.follower.catch_up()
    with stack.documents.uploading("application/pdf", 1000) as arriving:
        arriving.write(LETTER)
        stored = arriving.keep()
    classed = Classification(AccessClass.PROVIDER_FILE, (ExceptionTag.PRIVACY,), third_party=True)
    stack.documents.add(stored, UUID(int=1), NOW, classed)
    yield stack
    stack.register.close()
    stack.documents.close()
    stack.log.close()


def documents(stack: Stack) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = stack.data(QUERY, {"id": stack.case("alpha")}, "/staff/graphql")["case"]["documents"]
    return found


def test_a_document_is_shown_with_what_is_stored_of_it_and_those_that_nobody_sent_as_absent(stack: Stack) -> None:
    found = documents(stack)
    assert len(found) > 3
    [sent] = [reference for reference in found if reference["stored"]]
    assert (sent["hash"], sent["field"], sent["topic"]) == (DIGEST, "documents.0", "CorrespondenceRecorded")
    assert sent["stored"] == {
        "size": len(LETTER), "mediaType": "application/pdf", "accessClass": "PROVIDER_FILE", "exceptionTags": ["4(1)(b)"], "thirdParty": True,
        "publicVersion": None, "uploadedAt": "2026-11-21T12:00:00+01:00", "present": True,
    }  # fmt: skip


def test_a_document_whose_bytes_are_gone_is_not_present(stack: Stack) -> None:
    shelf = stack.documents.shelf
    assert isinstance(shelf, MemoryShelf)
    del shelf._kept[DIGEST]
    [sent] = [reference["stored"] for reference in documents(stack) if reference["stored"]]
    assert (sent["size"], sent["present"]) == (len(LETTER), False)
