"""The public log at scale: appending, proving and verifying, beside the hashing alone that each of them cannot do without."""

import shutil
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter

import orjson
from sqlalchemy import MetaData

from api.stores.log_store import LogStore
from bench.measure import ROUNDS, Line, Section, in_turns, number, ratio
from projections.store import open_store
from projections.transparency.answers import LogAnswers, PublicShelf
from projections.transparency.leaves import public_leaf
from projections.transparency.log import Log, one_by_one
from projections.transparency.merkle import leaf_hash, node_hash
from projections.transparency.notes import Signer
from projections.transparency.proofs import verify_receipt
from projections.transparency.publication import PublicCopy
from projections.transparency.tables import log_tables
from projections.transparency.verification import again, verify_log

SIGNER = Signer("bench.example.eu/log", bytes(32))
PROOFS = 500
DAY = '{"data":{"day":"2026-03-10","commitment_hash":"%064x","day_tree_root_hash":"%064x"}}'


class Events:
    """Public events in memory: what the log reads, without a store's own time in the figures."""

    def __init__(self, many: int) -> None:
        self._many = many

    def raw_events(self, after: int, limit: int) -> Sequence[tuple[int, str, bytes]]:
        end = min(self._many, after + limit)
        return [(n, "SealPublished", (DAY % (n, n + 1)).encode()) for n in range(after + 1, end + 1)]


def measure(folder: Path, entries: int) -> Section:
    events, log, answers = _opened(folder / "log", entries)
    began = perf_counter()
    while log.step(events):
        pass
    appended = entries / (perf_counter() - began)
    hashed = entries / _seconds_of_hashing(events, entries)
    alone = f"{number(hashed)} (hashing alone)"
    lines = [Line(f"append, tiles, checkpoint and copy ({entries:,} entries)", number(appended, "/s"), alone, appended / hashed)]
    lines += [_proving(answers, entries), _verifying(answers, entries)]
    began = perf_counter()
    assert not list(verify_log(log.store, events, again(public_leaf), [SIGNER.verifier], answers))  # type: ignore[arg-type]
    verified = entries / (perf_counter() - began)
    lines.append(Line("verify the whole log from its events", number(verified, "/s"), alone, verified / hashed))
    log.close()
    shutil.rmtree(folder / "log")
    return Section("The public log", lines)


def _opened(folder: Path, entries: int) -> tuple[Events, Log, LogAnswers]:
    folder.mkdir()
    metadata = MetaData()
    log_tables(metadata)
    store, shown = LogStore(f"sqlite:///{folder}"), open_store(f"sqlite:///{folder}", "public", metadata)
    store.create()
    store.choose_origin(SIGNER.name)
    shown.create()
    return Events(entries), Log(store, one_by_one(public_leaf), SIGNER, PublicCopy(shown, [SIGNER.verifier])), LogAnswers(PublicShelf(shown))


def _seconds_of_hashing(events: Events, entries: int) -> float:
    """Hash every leaf, and as many nodes as a tree of them has."""
    leaves = [orjson.loads(state)["data"]["commitment_hash"].encode() * 3 for _, _, state in events.raw_events(0, entries)]
    began = perf_counter()
    last = bytes(32)
    for leaf in leaves:
        last = node_hash(leaf_hash(leaf), last)
    return perf_counter() - began


def _proving(answers: LogAnswers, entries: int) -> Line:
    indexes = [Random(1).randrange(entries) for _ in range(PROOFS)]
    ours, beside = in_turns(lambda: _rate(lambda n: answers.receipt(n), indexes), lambda: _rate(lambda n: answers.entry(n), indexes), rounds=ROUNDS)
    return Line("a receipt", number(median(ours), "/s"), f"{number(median(beside))} (one entry read by its index)", ratio(ours, beside))


def _verifying(answers: LogAnswers, entries: int) -> Line:
    receipts = {n: answers.receipt(n).body for n in {Random(2).randrange(entries) for _ in range(PROOFS)}}
    vkeys = [SIGNER.verifier.vkey]
    hashes = [bytes([n % 256]) * 32 for n in range(21)]

    def alone(_: int) -> None:
        SIGNER.verifier.accepts("nothing\n", bytes(64))
        for each in hashes:
            sha256(each + each).digest()

    ours, beside = in_turns(
        lambda: _rate(lambda n: verify_receipt(receipts[n], vkeys), list(receipts)), lambda: _rate(alone, list(receipts)), rounds=ROUNDS
    )
    return Line("verifying a receipt", number(median(ours), "/s"), f"{number(median(beside))} (a signature and 21 hashes)", ratio(ours, beside))


def _rate(action, numbers: list[int]) -> float:  # type: ignore[no-untyped-def]
    began = perf_counter()
    for each in numbers:
        action(each)
    return len(numbers) / (perf_counter() - began)
