"""What the audit pages say when a store was tampered with behind the register's back: each finding in a sentence, in red, and never “none”."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import UUID, uuid4

import orjson
import pytest
from httpx2 import Response

from api.clocks import server_clock
from api.wiring import Register
from domain.actors import Actor, Role
from domain.events import EVENTS
from domain.ids import Stream
from domain.registry import Command
from tests.interfaces.office_house import Browser, House, opened_today, served, words
from tests.tampering import Change, read, replaced, tampered

OFFICER = Actor(UUID(int=7), Role.CASE_OFFICER)
CASE = "7f4df69e-3d55-4c3d-9b86-2e4f0d3a5c11"
PROVIDER = {"provider_kind": "LEGAL_PERSON", "legal_name": "Alpha AI", "country": "FR", "in_union": True, "from_on": "2025-01-01"}
LARGEST = "SELECT max(size) FROM trees WHERE log = 'case'"
THRESHOLD = {"on": "2026-03-01", "compute_flop": "1.1e25", "threshold_version": 1, "source": "PROVIDER", "kind": "COMPUTE"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A register of today, so that no day is sealed meanwhile: nothing is written any more but the access log."""
    folder = tmp_path_factory.mktemp("house")
    with closing(opened_today(folder)) as register:
        record_a_case(register)
    with served(folder) as house:
        house.cases["alpha"] = CASE
        auditor, officer = house.browser().signed_in(Role.AUDITOR), house.browser().signed_in()
        wait_for_the_log(house, auditor, 4)
        # An act by itself, and so a checkpoint by itself.
        named = {"marketed_name": "Alpha One", "on": "2026-03-02"}
        headers = {"If-Match": '"4"', "Idempotency-Key": "name"}
        assert officer.client.post(f"/api/v1/cases/{CASE}/marketed-name-added", json=named, headers=headers).status_code == 201
        wait_for_the_log(house, auditor, 5)
        yield house


def wait_for_the_log(house: House, auditor: Browser, events: int) -> None:
    while f"{events} of {events} events present" not in words(page(house, auditor)):
        pass  # it follows in a thread of its own


def record_a_case(register: Register) -> None:
    """Record four events, the last of which corrects the third."""
    record(register, "ModelCaseOpened", lineage_key="alpha-1", internal_name="Alpha")
    record(register, "ProviderIdentified", provider_ref=str(uuid4()), **PROVIDER)
    met = record(register, "ThresholdMet", **THRESHOLD)
    right = {"field": "on", "old_value": "2026-03-01", "new_value": "2026-03-10", "authentic_doc_hash": "0" * 64}
    record(register, "RecordCorrected", target_event_id=str(met), **right)


def record(register: Register, topic: str, **data: object) -> UUID:
    fact = EVENTS[topic].model_validate(data)
    return register.registry.record(Command(Stream("case", CASE), OFFICER, fact, server_clock())).events[0].event_id


@pytest.fixture(scope="module")
def auditor(house: House) -> Browser:
    return house.browser().signed_in(Role.AUDITOR)


def page(house: House, auditor: Browser, more: str = "") -> Response:
    answer = auditor.get(f"/audit/cases/{house.cases['alpha']}{more}")
    assert answer.status_code == 200, answer.text
    return answer


def folder(house: House) -> Path:
    return Path(house.database.engine.url.database or "").parent


def test_in_an_untouched_store_every_event_is_proved(house: House, auditor: Browser) -> None:
    said = words(page(house, auditor))
    assert re.search("Gaps: none; 5 of 5 events present up to checkpoint [0-9]+ Computed now", said)
    assert "not equal" not in said
    assert "vouches" not in said


def planted(rows: sqlite3.Connection) -> int:
    """Put an event into the read model that was never recorded."""
    columns = "event_id, stream, topic, case_id, recorded_at, actor_ref, role"
    state = "CAST(replace(CAST(state AS TEXT), '\"version\":4', '\"version\":9') AS BLOB)"
    corrected = f"SELECT 0, 9, {columns}, {state} FROM events WHERE topic = 'RecordCorrected'"
    return rows.execute(f"INSERT INTO events (position, version, {columns}, state) {corrected}").rowcount


THRESHOLD_MET = " WHERE topic = 'ThresholdMet'"
FINDINGS: list[tuple[str, Change, str]] = [
    (
        "events.db",
        replaced("stored_events", "state", "2026-03-01", "2026-03-02") + THRESHOLD_MET,
        "Event 3 is stored with other bytes than its leaf has.",
    ),
    ("events.db", f"DELETE FROM stored_events{THRESHOLD_MET}", "Event 3 is not in the event store."),
    (
        "views.db",
        replaced("events", "state", "2026-03-01", "2026-03-02") + THRESHOLD_MET,
        "Event 3 is shown with other bytes than the event store has.",
    ),
    (
        "views.db",
        f"DELETE FROM events{THRESHOLD_MET}",
        rf"Leaf \d+ has version 3 of case/{CASE} \(ThresholdMet\), which is not among the events.",
    ),
    ("views.db", planted, "Event 1 is not in the log of the cases."),
    (
        "log.db",
        replaced("leaves", "entry", "2026-03-01", "2026-03-02") + " WHERE log = 'case'",
        "The leaves from 0 on do not lead to the signed root.",
    ),
    ("log.db", replaced("checkpoints", "note", "— ", "- "), "The checkpoint of the log of the cases does not hold: "),
]


@pytest.mark.parametrize(("file", "change", "finding"), FINDINGS)
def test_each_finding_is_told_in_red_and_gaps_are_never_none(house: House, auditor: Browser, file: str, change: Change, finding: str) -> None:
    with tampered(folder(house) / file, change):
        answer, event, lines = page(house, auditor), page(house, auditor, "/events/1"), page(house, auditor, "/events.ndjson")
    assert 'class="outcome outcome--bad"' in answer.text
    assert re.search(finding, words(answer)), words(answer)
    assert "Gaps: none" not in words(answer)
    assert "This case does not agree with its proofs" in words(event)
    assert any(re.match(finding, gap) for gap in orjson.loads(lines.text.partition("\n")[0])["gaps"])
    assert "Gaps: none; 5 of 5" in words(page(house, auditor))


def test_the_row_itself_says_not_equal_and_the_others_stay_equal(house: House, auditor: Browser) -> None:
    with tampered(folder(house) / "events.db", FINDINGS[0][1]):
        rows = re.findall(r'<tr class="govuk-table__row" id="event-\d+">.*?</tr>', page(house, auditor).text, re.DOTALL)
        event = words(page(house, auditor, "/events/3"))
    assert ["not equal" in row for row in rows] == [False, False, True, False, False]
    assert "Read model and event store not equal Leaf and event store not equal" in event
    assert '"on":"2026-03-02"' in event  # what is stored is what is shown of it


def test_of_an_event_that_is_stored_no_more_the_page_shows_what_is_known(house: House, auditor: Browser) -> None:
    with tampered(folder(house) / "events.db", FINDINGS[1][1]):
        event = words(page(house, auditor, "/events/3"))
    assert "The event store does not have this event." in event
    assert '"on":"2026-03-01"' in event


def test_an_event_that_no_checkpoint_has_yet_waits_and_is_no_gap(house: House, auditor: Browser) -> None:
    """The read model may be ahead of the log: then there is no proof yet, and none is missed."""
    last = read(folder(house) / "log.db", f"SELECT max(size) FROM trees WHERE log = 'case' AND size < ({LARGEST})")
    with tampered(folder(house) / "log.db", lambda rows: gone_back(rows, last)):
        answer, event = words(page(house, auditor)), words(page(house, auditor, "/events/5"))
        bundle = auditor.get(f"/audit/cases/{CASE}/bundle.zip")
    assert f"Gaps: none; 4 of 4 events present up to checkpoint {last}" in answer
    assert "1 event is so new that no checkpoint has it yet" in answer
    assert "No checkpoint has this event yet" in event
    assert (bundle.status_code, bundle.headers["retry-after"]) == (503, "5")
    assert "Not under a checkpoint yet" in words(bundle)


def gone_back(rows: sqlite3.Connection, size: int) -> int:
    """Take the last checkpoint away, as if it were still to be signed."""
    rows.execute(f"DELETE FROM checkpoints WHERE log = 'case' AND size > {size}")
    return rows.execute(f"DELETE FROM trees WHERE log = 'case' AND size > {size}").rowcount
