"""The public store holds what the allow-list names and nothing else: every byte of it is searched (Article 78)."""

import re
from pathlib import Path
from uuid import UUID

import orjson
import pytest

from api.read_models import public_decoder
from api.stores.event_store.mapper import EventDecoder, to_bytes
from api.wiring import Register
from domain import public
from domain.public import PUBLIC
from tests.read_models.cases import events_of
from tests.read_models.folding import ReadSide, Told
from tests.scenario import ALPHA, brussels, opened

ANY_UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
ENVELOPE = (b"event_id", b"actor_ref", b"recorded_at", b"correlation", b"settings_version", b"originator")


@pytest.fixture(scope="module")
def raw(demonstration: Register) -> list[tuple[int, str, bytes]]:
    return list(demonstration.recorder.raw_events(0, 1_000_000))


@pytest.fixture
def side(read_side: ReadSide, raw: list[tuple[int, str, bytes]]) -> ReadSide:
    return read_side.fold(Told(raw, [97]))


def bytes_of(side: ReadSide) -> bytes:
    """Return every byte of the public store: its files, or on a server every row in text form."""
    store = side.stores[1]
    if store.file and Path(store.file).exists():
        return b"".join(Path(f"{store.file}{suffix}").read_bytes() for suffix in ("", "-wal") if Path(f"{store.file}{suffix}").exists())
    with store.reading() as rows:
        return b"".join(
            bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
            for table in store.metadata.sorted_tables
            for row in rows.execute(table.select())
            for value in row
        )


def published_texts(raw: list[tuple[int, str, bytes]]) -> set[str]:
    """Return every text that the payload of a public event says."""
    bodies = [orjson.loads(state) for _, topic, state in raw if topic in PUBLIC]
    return set(texts([{name: body["data"].get(name) for name in PUBLIC[body["topic"]].model_fields} for body in bodies]))


def texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [found for inner in value.values() for found in texts(inner)]
    if isinstance(value, list):
        return [found for inner in value for found in texts(inner)]
    return [value] if isinstance(value, str) else []


def test_no_identifier_of_a_case_an_event_or_an_actor_is_in_the_public_store(side: ReadSide, raw: list[tuple[int, str, bytes]]) -> None:
    everything = bytes_of(side)
    assert len(everything) > 10_000
    allowed = {text.encode() for text in published_texts(raw)}
    secret = {found for _, _, state in raw for found in ANY_UUID.findall(state)} - allowed
    assert len(secret) > 500
    for identifier in secret:
        spellings = (identifier, identifier.replace(b"-", b""), UUID(identifier.decode()).bytes)
        assert not any(spelling in everything for spelling in spellings), identifier
    assert set(ANY_UUID.findall(everything)) <= allowed


def test_no_text_of_a_confidential_event_is_in_the_public_store(side: ReadSide, raw: list[tuple[int, str, bytes]]) -> None:
    everything, allowed = bytes_of(side), published_texts(raw)
    confidential = {text for _, topic, state in raw if topic not in PUBLIC for text in texts(orjson.loads(state)["data"])}
    telling = {text for text in confidential if len(text) >= 12 and not any(text in said for said in (*allowed, *public.CONTENT_FIELDS))}
    assert len(telling) > 500
    assert [text for text in telling if text.encode() in everything] == []
    assert [word for word in ENVELOPE if word in everything] == []


def test_every_body_of_a_law_row_is_a_payload_of_the_allow_list(side: ReadSide) -> None:
    table = side.stores[1].metadata.tables["law"]
    with side.stores[1].reading() as rows:
        found = [(row.topic, orjson.loads(bytes(row.body))) for row in rows.execute(table.select())]
    assert found
    for topic, body in found:
        assert body.keys() == PUBLIC[topic].model_fields.keys()


def test_the_decoder_lets_the_payload_through_and_not_its_envelope(raw: list[tuple[int, str, bytes]]) -> None:
    decode = public_decoder(EventDecoder())
    seen = {topic: decode(position, topic, state) for position, topic, state in raw}
    assert {topic for topic, event in seen.items() if event} <= PUBLIC.keys()
    assert {topic for topic, event in seen.items() if event is None}.isdisjoint(PUBLIC)
    for topic, event in seen.items():
        if event:
            assert type(event.event.payload) is PUBLIC[topic]
            assert event.state == b""
            assert not hasattr(event.event, "actor_ref")


def test_an_event_that_nobody_listed_is_confidential() -> None:
    (event,) = events_of([(brussels("2026-03-02"), ALPHA, opened())])
    assert public_decoder(EventDecoder())(1, event.topic, to_bytes(event)) is None


def test_the_allow_list_is_the_one_of_the_procedure() -> None:
    """Procedure section 9 and the table of events: the entry, the law, seals, withdrawn material, challenges."""
    entry = {f"ListEntry{what}" for what in ("Published", "Updated", "Removed", "Corrected")}
    law = {"ThresholdAmended", "AnnexXIIIAmended", "HolidayCalendarPublished", "BenchmarkOrIndicatorAdded"}
    rest = {"SealPublished", "MaterialWithdrawn", "ChallengeReceived", "ChallengeAnswered", "ChallengeClosed"}
    assert entry | law <= PUBLIC.keys() <= entry | law | rest
    assert not any("document_hash" in payload.model_fields for payload in PUBLIC.values())
    assert set(public.CONTENT_FIELDS).isdisjoint({"case_id", "provider_ref", "person_ref", "internal_name"})
