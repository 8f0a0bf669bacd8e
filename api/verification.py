"""Verifying a whole store: stored events, read models, both logs, what is published of them, seals, access log, documents, persons."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

import orjson
from sqlalchemy import select

from api.logs import CaseShelf
from api.published import published
from api.read_models import tracks, views
from api.settings import Settings
from api.stores.access_database import AccessDatabase
from api.stores.access_log import AccessLog
from api.stores.event_store.factory import Recorder, open_recorder
from api.stores.event_store.mapper import EventDecoder
from api.stores.event_store.verification import EventVerification
from api.stores.keys import KeyFolder, KeyRefused, default_folder
from api.stores.log_store import CASES, PUBLIC, LogStore
from api.stores.seal_store import SealsKept
from api.wiring import open_documents, open_vault
from api.witnesses import read_policy
from domain.corrections import PersonalDataErased
from domain.law.periods import start_of
from projections.follower import Track
from projections.store import ReadStore, microseconds
from projections.transparency.answers import LogAnswers, PublicShelf
from projections.transparency.case_history import Histories
from projections.transparency.case_leaves import SEAL, CaseLeavesAgain, Chain, heads_before
from projections.transparency.leaves import public_leaf
from projections.transparency.notes import Verifier
from projections.transparency.policy import Policy, PolicyRefused
from projections.transparency.publication import UNWITNESSED
from projections.transparency.seal_verification import verify_seals
from projections.transparency.seals import Seal, Seals
from projections.transparency.verification import again, verify_log
from projections.transparency.witness_verification import verify_witnesses

BATCH = 5_000
Show = Callable[[str], None]
"""Is told what is looked at now."""


@dataclass
class Verification:
    """
    One verification of a store, whole or from a day on.

    With `since`, what was recorded before that day is believed to have been verified then; read models, which are one fold of everything, are left
    out.
    """

    settings: Settings
    since: date | None = None
    show: Show = lambda what: None
    recorder: Recorder = field(init=False)

    def differences(self) -> Iterator[str]:
        """Yield a sentence for each difference."""
        self.recorder = open_recorder(self.settings.database_url)
        try:
            after = self.recorder.position_at(microseconds(start_of(self.since)) - 1) if self.since else 0
            events = EventVerification(after)
            yield from events.differences(self.recorder, self.show)
            if events.unreadable is not None:
                yield f"The read models cannot be compared: nobody can read the event at position {events.unreadable}."
            elif self.since is None:
                yield from self._read_models()
            yield from self._logs(after)
            yield from self._access_log()
            yield from self._documents()
            yield from self._persons()
        finally:
            self.recorder.close()

    # -- Read models ---------------------------------------------------------------------

    def _read_models(self) -> Iterator[str]:
        """Fold every event into fresh read stores and compare them with those in use, row by row."""
        decoder, url = EventDecoder(), self.settings.database_url
        live = tracks(views(url), published(url), decoder)
        fresh = tracks(views(url, "_verified"), published(url, "_verified"), decoder)
        for old, new in zip(live, fresh, strict=True):
            new.store.create(empty=True)
            try:
                yield from self._track(old, new)
            finally:
                new.store.discard()
                old.close()

    def _track(self, old: Track, new: Track) -> Iterator[str]:
        while new.step(self.recorder):
            self.show(f"read store {old.store.name}, folded to position {new.position()}")
        if old.position() != new.position():
            yield f"The read store {old.store.name} has followed to position {old.position()} of {new.position()}: start the service, or rebuild."
        else:
            yield from _tables(old, new)

    # -- Logs and seals ------------------------------------------------------------------

    def _logs(self, after: int) -> Iterator[str]:
        url = self.settings.database_url
        keys = KeyFolder(default_folder(url))
        shown, policy = published(url), UNWITNESSED
        try:
            policy = read_policy(self.settings.witness_policy)
        except PolicyRefused as refused:
            yield f"The witnesses of the public log: {refused}"
        for store in (LogStore(url, PUBLIC), LogStore(url, CASES)):
            if store.is_created():
                self.show(f"the {store.name} log")
                yield from log_differences(store, self.recorder, keys, shown, after, policy)
            store.close()
        shown.close()

    def _access_log(self) -> Iterator[str]:
        """Every row of the access log is there, in order, and chained to the one before."""
        log = AccessLog(AccessDatabase(self.settings.database_url))
        try:
            if log.is_created():
                self.show("the access log")
                yield from log.verify()
                yield from self._anchors(log)
        finally:
            log.close()

    def _documents(self) -> Iterator[str]:
        """Hold the bytes of every stored document against its hash; an event may well name a document that nobody stored."""
        documents = open_documents(self.settings)
        try:
            self.show("the documents")
            yield from documents.verify()
        finally:
            documents.close()

    def _persons(self) -> Iterator[str]:
        """Say whom in the vault the master key does not open, and who is still in it although the erasure is recorded."""
        vault = open_vault(self.settings)
        try:
            self.show("the vault")
            yield from vault.verify()
            kept = vault.refs()
            for ref in sorted({ref for ref in _erased(self.recorder) if ref in kept}):
                yield f"Person {ref}: the erasure is recorded, and the vault still has the person; run `registry person erase {ref}` again."
        finally:
            vault.close()

    def _anchors(self, log: AccessLog) -> Iterator[str]:
        """Hold the rows that the leaves of the seals name against those there are: nobody has cut off the end of the chain, or made another one."""
        with closing(LogStore(self.settings.database_url, CASES)) as store:
            sealed = Histories(store).seals if store.is_created() else {}
        for day, leaf in sealed.items():
            number, head = leaf.leaf.access or (0, b"")
            if number and log.hash_of(number) != head:
                yield f"Access log: row {number} is not the one that the seal of {day} vouches for: rows were cut off or exchanged."


def log_differences(
    store: LogStore, recorder: Recorder, keys: KeyFolder, shown: ReadStore, after: int = 0, policy: Policy = UNWITNESSED
) -> Iterator[str]:
    """Yield a sentence for each difference in one of the logs, what is published of it, its witnesses and seals; `shown` is the public read store."""
    origin = store.origin()
    if origin is None:
        # A log that was never opened has promised nothing, and nobody has a key of it.
        if keys.exists(store.name) or store.signed():
            yield f"The {store.name} log has lost its origin."
        return
    try:
        verifiers = keys.verifiers(store.name)
    except KeyRefused as refused:
        yield f"The keys of the {store.name} log: {refused}"
        return
    if origin not in {verifier.name for verifier in verifiers}:
        yield f"The {store.name} log has the origin {origin}, and no key of that name."
    if store.name == PUBLIC:
        answers = LogAnswers(PublicShelf(shown))
        found = verify_log(store, recorder, again(public_leaf), verifiers, answers, after=after)
        yield from (f"Public log: {sentence}" for sentence in (*found, *verify_witnesses(store, policy, answers)))
    else:
        found = _case_log(store, recorder, verifiers, LogAnswers(CaseShelf(store, keys)), after)
        yield from (f"Log of the cases: {sentence}" for sentence in found)


def _case_log(store: LogStore, recorder: Recorder, verifiers: Sequence[Verifier], answers: LogAnswers, after: int) -> Iterator[str]:
    first = store.first_after(after)
    chain = Chain(first, heads_before(first, store.size(), store.heads(), store.entries) if first else {})
    yield from verify_log(store, recorder, CaseLeavesAgain(chain), verifiers, answers, after=after)
    if chain.index == store.size() and chain.heads != store.heads():
        yield "The heads of the case files are not those that its leaves give."
    yield from verify_seals(list(_seals(recorder, after)), Seals(store, SealsKept(store)), store)


def _seals(recorder: Recorder, after: int) -> Iterator[Seal]:
    while raw := recorder.raw_events(after, BATCH):
        for _, topic, state in raw:
            if topic == SEAL:
                data = orjson.loads(state)["data"]
                yield Seal(date.fromisoformat(data["day"]), data["commitment_hash"], data["day_tree_root_hash"])
        after = raw[-1][0]


def _tables(old: Track, new: Track) -> Iterator[str]:
    for table in old.store.projected():
        keys = list(table.primary_key)
        with old.store.reading() as there, new.store.reading() as here:
            kept = {tuple(row._mapping[key] for key in keys): tuple(row) for row in there.execute(select(table))}
            made = {tuple(row._mapping[key] for key in keys): tuple(row) for row in here.execute(select(table))}
        for key in sorted(kept.keys() | made.keys(), key=str):
            if kept.get(key) != made.get(key):
                fault = "is missing" if key not in kept else "should not be there" if key not in made else "differs"
                yield f"Read model {old.store.name}, table {table.name}, row {key}: {fault}."


def _erased(recorder: Recorder) -> Iterator[UUID]:
    after = 0
    while raw := recorder.raw_events(after, BATCH):
        said = [orjson.loads(state)["data"] for _, topic, state in raw if topic == PersonalDataErased.TOPIC]
        yield from (UUID(data["person_ref"]) for data in said if data["scope"] == "ALL")
        after = raw[-1][0]
