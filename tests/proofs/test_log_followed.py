"""The log beside the read models: the follower drives it, a rebuild of the public store carries it over, and it works on every database."""

from __future__ import annotations

from datetime import date
from typing import Any, cast

import rfc8785
from eventsourcing.persistence import StoredEvent
from sqlalchemy import MetaData

from api.stores.log_store import CASES, LogStore
from api.stores.seal_store import SealsKept
from domain.ids import Stream
from projections.follower import Follower, Track
from projections.public import tables
from projections.rebuild import rebuild_track
from projections.store import ReadStore, open_store
from projections.transparency.answers import LogAnswers, PublicShelf
from projections.transparency.case_leaves import CaseLeaves, CaseLeavesAgain
from projections.transparency.leaves import public_leaf
from projections.transparency.log import Log, one_by_one, origin_of
from projections.transparency.notes import Signer
from projections.transparency.publication import PublicCopy
from projections.transparency.seals import Seals, verify_act
from projections.transparency.tables import log_tables
from projections.transparency.verification import verify_log
from tests.proofs.logs import SIGNER, Opened, folder_of, open_events, opened, record

CASE_SIGNER = Signer(origin_of("https://register.example.eu", demonstration=False, prefix="audit/log"), b"\x05" * 32)


class AsTrack:
    """A log where the follower expects a read store: what it has reached is what is published, not what is sequenced."""

    def __init__(self, log: Log) -> None:
        self.step, self.position, self.forget, self.close = log.step, log.position, log.forget, log.close
        self.store = self


def test_the_follower_drives_the_log_and_whoever_waits_finds_it_published(store_url: str) -> None:
    with opened(store_url) as found:
        follower = Follower(found.events, [cast("Any", AsTrack(found.log))])
        follower.start()
        try:
            for n in range(1, 6):
                record(found.events, n)
                assert follower.wait_for(found.events.head(), 20)
                assert found.answers.size() == found.store.size()
                assert found.log.position() == found.events.head()
        finally:
            follower.stop()
        assert follower.failed is None


def public_store(url: str, suffix: str = "") -> ReadStore:
    """Open the public read store with the tables of all that is public."""
    metadata = MetaData()
    for table in tables.METADATA.tables.values():
        if not table.name.startswith("log_"):
            table.to_metadata(metadata)
    log_tables(metadata)
    return open_store(url, "published", metadata, suffix=suffix)


def test_a_rebuild_of_the_public_store_carries_the_log_over(empty_url: str) -> None:
    folder_of(empty_url)
    events, store, public = open_events(empty_url), LogStore(empty_url), public_store(empty_url)
    store.create()
    store.choose_origin(SIGNER.name)
    public.create()
    log = Log(store, one_by_one(public_leaf), SIGNER, PublicCopy(public, [SIGNER.verifier]))
    record(events, *range(1, 301))
    while log.step(events):
        pass
    answers = LogAnswers(PublicShelf(public))
    paths = ["checkpoint", "key", "tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/000", "receipt/299.tlog-proof"]
    before = [answers.answer(path) for path in paths]
    assert {answer.status for answer in before} == {200}
    old = Track(public, [], lambda position, topic, state: None)
    rebuild_track(old, Track(public_store(empty_url, "_rebuilt"), [], old.decode), events, lambda position, head: None)
    assert [answers.answer(path) for path in paths] == before
    record(events, 301)
    log.step(events)
    assert answers.size() == 301
    for opened_ in (events, store, public):
        opened_.close()


def test_the_confidential_log_and_its_seals_work_on_every_database(store_url: str) -> None:
    folder_of(store_url)
    with opened(store_url) as found:
        store, copy = LogStore(store_url, CASES), open_copy(store_url)
        store.create()
        store.choose_origin(CASE_SIGNER.name)
        log = Log(store, CaseLeaves(store), CASE_SIGNER, PublicCopy(copy, [CASE_SIGNER.verifier]))
        cases = Opened(found.events, store, copy, log)
        record_cases(found)
        cases.catch_up()
        assert store.size() == 12
        assert {head.n for head in store.heads().values()} == {4}
        assert list(verify_log(store, found.events, CaseLeavesAgain(), [CASE_SIGNER.verifier], cases.answers)) == []
        seals = Seals(store, SealsKept(store))
        seal = seals.prepare(date(2026, 3, 10))
        assert seals.prepare(date(2026, 3, 10)) == seal
        act = seals.open_act(11)
        assert act is not None
        assert verify_act(act, seal.day_tree_root_hash)
        # The two logs share one store and know nothing of each other.
        assert found.store.size() == 0
        assert found.store.origin() != store.origin()
        store.close()
        copy.close()


def open_copy(url: str) -> ReadStore:
    metadata = MetaData()
    log_tables(metadata)
    copy = open_store(url, "views", metadata)
    copy.create()
    return copy


def record_cases(found: Opened) -> None:
    for version in range(1, 5):
        for stream in (Stream("case", "a"), Stream("case", "b"), Stream("law")):
            state = rfc8785.dumps({"recorded_at": "2026-03-10T09:00:00Z", "stream": str(stream), "version": version, "data": {}})
            found.events.insert_events([StoredEvent(stream.id, version, "ThresholdMet", state)], recorded_at=version)
