"""The confidential log and the daily seals, over the events of the demonstration."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, timedelta

import orjson
import pytest
import rfc8785
from sqlalchemy import MetaData

from api.stores.log_store import CASES, LogStore
from api.stores.seal_store import SealsKept
from api.wiring import Register
from domain.law.periods import BRUSSELS, legal_day
from domain.types import instant
from projections.store import open_store
from projections.transparency.case_leaves import NONCE_BYTES, CaseLeaves, CaseLeavesAgain, file_of, head_entry, heads_root, read_leaf
from projections.transparency.leaves import public_leaf
from projections.transparency.log import Head, Log, one_by_one
from projections.transparency.merkle import leaf_hash, root_of
from projections.transparency.notes import Signer
from projections.transparency.proofs import verify_receipt
from projections.transparency.publication import PublicCopy
from projections.transparency.seals import PLACES, Seals, commitment, days_due, sealed_at, verify_act
from projections.transparency.tables import log_tables
from projections.transparency.verification import again, verify_log
from tests.proofs.logs import ORIGIN, SIGNER, Opened

CASE_SIGNER = Signer("register.example.eu/audit/log", b"\x05" * 32)
DAY = date(2026, 3, 10)
LAST_DAY = date(2026, 12, 31)
"""A day after everything in the demonstration."""


def over(register: Register, name: str) -> Iterator[Opened]:
    signer = SIGNER if name == "public" else CASE_SIGNER
    metadata = MetaData()
    log_tables(metadata)
    public, store = open_store("sqlite://", "copy", metadata), LogStore("sqlite://", name)
    public.create()
    store.create()
    store.choose_origin(signer.name)
    leaves = CaseLeaves(store) if name == CASES else one_by_one(public_leaf)
    yield Opened(register.recorder, store, public, Log(store, leaves, signer, PublicCopy(public, [signer.verifier])))
    store.close()
    public.close()


@pytest.fixture
def cases(demonstration: Register) -> Iterator[Opened]:
    for found in over(demonstration, CASES):
        while found.log.step(found.events, 97):
            pass
        yield found


# -- Leaves ------------------------------------------------------------------------------


def test_every_event_has_one_leaf_in_canonical_form_around_its_stored_bytes(cases: Opened) -> None:
    raw = cases.events.raw_events(0, 100_000)
    entries = cases.store.entries(0, len(raw))
    assert cases.store.size() == len(raw) > 100
    nonces = set()
    for (_, topic, state), entry in zip(raw, entries, strict=True):
        assert rfc8785.dumps(orjson.loads(entry)) == entry
        leaf, event = read_leaf(entry), orjson.loads(state)
        assert (leaf.topic, leaf.state, leaf.stream, leaf.version) == (topic, bytes(state), event["stream"], event["version"])
        assert len(leaf.nonce) == NONCE_BYTES
        nonces.add(leaf.nonce)
    assert len(nonces) == len(raw)


def test_the_leaves_of_a_file_are_numbered_and_name_the_one_before(cases: Opened) -> None:
    heads: dict[str, Head] = {}
    for index, entry in enumerate(cases.store.entries(0, cases.store.size())):
        leaf = read_leaf(entry)
        before = heads.get(file_of(leaf.stream))
        assert (leaf.n, leaf.prev) == ((before.n + 1, before.last) if before else (1, None))
        heads[file_of(leaf.stream)] = Head(leaf.n, index)
    assert heads == cases.store.heads()
    assert cases.store.heads(["case/none"]) == {}


def test_a_publication_belongs_to_its_case() -> None:
    assert file_of("publication/x") == file_of("case/x") == "case/x"
    assert [file_of(stream) for stream in ("law", "entry/1", "alert/x")] == ["law", "entry/1", "alert/x"]


def test_the_confidential_log_is_verified_from_the_events_and_the_stored_nonces(cases: Opened) -> None:
    found = verify_log(cases.store, cases.events, CaseLeavesAgain(), [CASE_SIGNER.verifier], cases.answers)
    assert list(found) == []
    receipt = cases.get("receipt/3.tlog-proof")
    assert verify_receipt(receipt, [CASE_SIGNER.verifier.vkey]).entry == cases.store.entries(3, 4)[0]


def test_the_leaf_of_a_seal_carries_the_root_over_all_heads_before_it() -> None:
    def event(stream: str, version: int) -> bytes:
        return rfc8785.dumps({"stream": stream, "version": version})

    class Empty:
        def size(self) -> int:
            return 0

        def heads(self, files: object = None) -> dict[str, Head]:
            return {}

    raw = [(1, "ModelCaseOpened", event("case/a", 1)), (2, "ThresholdMet", event("case/a", 2)), (3, "SealPublished", event("register", 1))]
    stored = [leaf.entry for leaf in CaseLeaves(Empty())(raw)]
    assert rfc8785.dumps(orjson.loads(stored[2])) == stored[2]
    assert orjson.loads(stored[2])["heads"] == heads_root({"case/a": Head(2, 1)}).hex() == leaf_hash(head_entry("case/a", Head(2, 1))).hex()
    remade = CaseLeavesAgain()
    assert [remade(topic, state, entry) for (_, topic, state), entry in zip(raw, stored, strict=True)] == stored


# -- The public log over real events -----------------------------------------------------------


def test_the_public_log_of_the_demonstration_begins_with_the_law_and_tells_nothing_of_envelopes(demonstration: Register) -> None:
    for found in over(demonstration, "public"):
        found.catch_up()
        entries = [orjson.loads(entry) for entry in found.store.entries(0, found.store.size())]
        assert entries[0]["topic"] == "ThresholdAmended"
        assert {"ListEntryPublished", "HolidayCalendarPublished"} <= {entry["topic"] for entry in entries}
        assert all(set(entry) == {"topic", "payload"} for entry in entries)
        assert list(verify_log(found.store, found.events, again(public_leaf), [SIGNER.verifier], found.answers)) == []
        secrets = {str(orjson.loads(state)[name]) for _, _, state in found.events.raw_events(0, 100_000) for name in ("event_id", "actor_ref")}
        public = b"".join(found.get(path) for path in found.answers.paths())
        assert [secret for secret in secrets if secret.encode() in public] == []
        assert ORIGIN.encode() in public


# -- Seals ---------------------------------------------------------------------------------


@pytest.fixture
def seals(cases: Opened) -> Seals:
    return Seals(cases.store, SealsKept(cases.store))


def test_a_seal_is_made_once(cases: Opened, seals: Seals) -> None:
    seal = seals.prepare(DAY)
    assert seals.prepare(DAY) == seal == Seals(cases.store, SealsKept(cases.store)).prepare(DAY)
    assert len(seal.commitment_hash) == len(seal.day_tree_root_hash) == 64
    with pytest.raises(ValueError, match="sealed already"):
        seals.prepare(date(2026, 3, 9))


def test_the_commitment_is_opened_by_salt_and_checkpoint(cases: Opened, seals: Seals) -> None:
    seal = seals.prepare(DAY)
    opened = seals.open_checkpoint(DAY)
    assert opened is not None
    assert commitment(*opened).hex() == seal.commitment_hash
    assert opened[1] == cases.get("checkpoint")
    assert seals.open_checkpoint(date(2026, 3, 11)) is None


def test_one_act_is_opened_to_anyone_with_twelve_hashes(cases: Opened, seals: Seals) -> None:
    seal = seals.prepare(LAST_DAY)
    raw = cases.events.raw_events(0, 100_000)
    for index in (0, 7, min(len(raw), PLACES) - 1):
        act = seals.open_act(index)
        assert act is not None
        assert act.event == bytes(raw[index][2])
        assert len(act.path) == 12
        assert verify_act(act, seal.day_tree_root_hash)
        assert not verify_act(replace(act, event=act.event + b" "), seal.day_tree_root_hash)
        assert not verify_act(replace(act, nonce=bytes(16)), seal.day_tree_root_hash)
        assert not verify_act(replace(act, place=(act.place + 1) % PLACES), seal.day_tree_root_hash)
    assert seals.open_act(len(raw)) is None


def test_a_seal_covers_the_acts_up_to_the_end_of_its_day_and_no_others(cases: Opened, seals: Seals) -> None:
    kept, covered = SealsKept(cases.store), 0
    days = [legal_day(instant(orjson.loads(state)["recorded_at"])) for _, _, state in cases.events.raw_events(0, 100_000)]
    for day in (date(2025, 8, 12), days[0], DAY, LAST_DAY):
        seals.prepare(day)
        secrets = kept.seal(day)
        assert secrets is not None
        assert (secrets.first, secrets.end) == (covered, sum(recorded <= day for recorded in days))
        covered = secrets.end
    assert covered == len(days)


def test_acts_that_find_no_place_stand_in_the_next_days_seal(cases: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    few = 64
    monkeypatch.setattr("projections.transparency.seals.PLACES", few)
    seals, kept = Seals(cases.store, SealsKept(cases.store)), SealsKept(cases.store)
    days = list(days_due(None, LAST_DAY, sealed_at(date(2027, 6, 1))))
    covered = 0
    for day in days[: cases.store.size() // few + 2]:
        seals.prepare(day)
        secrets = kept.seal(day)
        assert secrets is not None
        assert secrets.first == covered
        assert len(set(secrets.places)) == len(secrets.places) <= few
        covered = secrets.end
    assert covered == cases.store.size()


def test_an_empty_day_has_a_seal_like_any_other(seals: Seals) -> None:
    busy, empty = seals.prepare(DAY), seals.prepare(date(2026, 3, 11))
    assert busy != empty
    assert [len(value) for value in (empty.commitment_hash, empty.day_tree_root_hash)] == [64, 64]


def test_a_seal_waits_for_the_first_checkpoint() -> None:
    store = LogStore("sqlite://", CASES)
    store.create()
    store.choose_origin(CASE_SIGNER.name)
    with pytest.raises(ValueError, match="no checkpoint"):
        Seals(store, SealsKept(store)).prepare(DAY)
    store.close()


def test_missed_days_are_due_in_order() -> None:
    hour = sealed_at(date(2026, 3, 11))
    assert hour == instant("2026-03-12T03:00:00+01:00")
    assert list(days_due(None, DAY, hour)) == [DAY, date(2026, 3, 11)]
    assert list(days_due(DAY, DAY, hour)) == [date(2026, 3, 11)]
    assert list(days_due(DAY, DAY, hour - timedelta(microseconds=1))) == []
    assert list(days_due(date(2026, 3, 11), DAY, hour)) == []


def test_summer_time_neither_skips_nor_repeats_the_hour_of_sealing() -> None:
    for last_sunday in (date(2026, 3, 29), date(2026, 10, 25)):
        hours = [sealed_at(last_sunday + timedelta(days=n)).astimezone(UTC) for n in (-2, -1, 0)]
        assert [legal_day(hour) - last_sunday for hour in hours] == [timedelta(days=n) for n in (-1, 0, 1)]
        assert {hour.astimezone(BRUSSELS).hour for hour in hours} == {3}


def test_the_root_over_no_heads_is_that_of_the_empty_tree() -> None:
    assert heads_root({}) == root_of([])
