"""
The daily seal: a public commitment to the confidential log that says nothing about number or time.

It has two parts of fixed length. The commitment is SHA-256(salt || checkpoint of the confidential log); it is opened to named recipients only,
because a checkpoint tells how busy the office is. The day tree has exactly 4,096 leaves: each act of the day stands somewhere as SHA-256(nonce
|| event bytes), the others are random; one act can be opened to anyone with its nonce and twelve hashes, which say nothing about the rest.

A seal is prepared once and kept before it is published: after a crash the same one is published, never another one for the same day.
"""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from typing import Protocol

import orjson

from domain.law.periods import BRUSSELS, legal_day
from domain.types import instant
from projections.transparency.case_leaves import read_leaf
from projections.transparency.log import SignedTree
from projections.transparency.merkle import leaf_hash, path_among, root_of, verify_inclusion

PLACES = 4_096
SECRET_BYTES = 32
SEALED_AT = time(3)
"""The hour in Brussels at which the day before is sealed; no change of summer time ever skips or repeats it."""


@dataclass(frozen=True, slots=True)
class SealSecrets:
    """What opens a day's seal: it stays in the log's own store."""

    day: date
    salt: bytes
    checkpoint: bytes
    seed: bytes
    first: int
    """Index of the first leaf that this seal covers."""
    places: tuple[int, ...]
    """Where the leaves from the first on stand in the day tree."""

    @property
    def end(self) -> int:
        """Return the index after the last leaf covered."""
        return self.first + len(self.places)


@dataclass(frozen=True, slots=True)
class Seal:
    """What is published of a day: the fields of `SealPublished`."""

    day: date
    commitment_hash: str
    day_tree_root_hash: str


@dataclass(frozen=True, slots=True)
class OpenedAct:
    """Proves to anyone that an event was recorded by the day of a seal: nonce, bytes, place, and twelve hashes."""

    day: date
    nonce: bytes
    event: bytes
    place: int
    path: tuple[bytes, ...]


class SealStore(Protocol):
    """Keeps the secrets of seals: primary data, one row for each day, never changed."""

    def seal(self, day: date) -> SealSecrets | None:
        """Return the secrets of a day."""
        ...

    def covering(self, index: int) -> SealSecrets | None:
        """Return the secrets of the seal that covers a leaf."""
        ...

    def last_seal(self) -> SealSecrets | None:
        """Return the secrets of the last day that has some."""
        ...

    def keep_seal(self, kept: SealSecrets) -> bool:
        """Keep the secrets of the next day. False, and nothing written, when that day or a later one has some."""
        ...


class CaseLog(Protocol):
    """The confidential log, as far as a seal needs it."""

    def latest(self) -> SignedTree | None:
        """Return the last checkpoint."""
        ...

    def entries(self, first: int, end: int) -> list[bytes]:
        """Return the entries first … end - 1."""
        ...


@dataclass
class Seals:
    """Makes and opens the seals of a register."""

    log: CaseLog
    store: SealStore
    random: Callable[[int], bytes] = secrets.token_bytes

    def prepare(self, day: date) -> Seal:
        """
        Return the seal of a day; it is made the first time, over every act up to the day's end that no earlier seal covers.

        Raises: ValueError for a day before the last one sealed, and while the confidential log has no checkpoint.
        """
        kept = self.store.seal(day)
        while kept is None:
            made = self._secrets(day)
            if made is not None:
                # Commit point: the secrets are kept before anything of the seal is published.
                self.store.keep_seal(made)
            kept = self.store.seal(day)  # ours, or that of a worker who was faster and may have gone on to other days
            if made is None and kept is None:
                raise ValueError(f"a day after {day} is sealed already; seals are made in the order of days")
        return self.seal_of(kept)

    def seal_of(self, kept: SealSecrets) -> Seal:
        """Return what is published of a day."""
        return Seal(kept.day, commitment(kept.salt, kept.checkpoint).hex(), root_of(map(leaf_hash, self._tree(kept))).hex())

    def open_checkpoint(self, day: date) -> tuple[bytes, bytes] | None:
        """Return salt and checkpoint of a day, for named recipients only: they disclose how many events the register holds."""
        kept = self.store.seal(day)
        return (kept.salt, kept.checkpoint) if kept else None

    def open_act(self, index: int) -> OpenedAct | None:
        """Return what proves one act under the seal that covers its leaf; None while none does."""
        kept = self.store.covering(index)
        if kept is None:
            return None
        leaf, place = read_leaf(self.log.entries(index, index + 1)[0]), kept.places[index - kept.first]
        hashes = [leaf_hash(commitment_) for commitment_ in self._tree(kept)]
        return OpenedAct(kept.day, leaf.nonce, leaf.state, place, tuple(path_among(place, hashes)))

    def _secrets(self, day: date) -> SealSecrets | None:
        """Make the secrets of the next day; None when it, or a later one, has some by now."""
        last, latest = self.store.last_seal(), self.log.latest()
        if last and last.day >= day:
            return None
        if latest is None:
            raise ValueError("the confidential log has no checkpoint yet")
        first = last.end if last else 0
        # More acts than places: the rest stands in the next day's tree.
        acts = self.log.entries(first, min(latest.size, first + PLACES))
        many = sum(1 for entry in acts if _recorded_on(entry) <= day)  # times never run backwards, so these are the first ones
        return SealSecrets(day, self.random(SECRET_BYTES), latest.note, self.random(SECRET_BYTES), first, _places(many))

    def _tree(self, kept: SealSecrets) -> list[bytes]:
        tree = [sha256(kept.seed + place.to_bytes(2, "big")).digest() for place in range(PLACES)]
        for place, entry in zip(kept.places, self.log.entries(kept.first, kept.end), strict=True):
            leaf = read_leaf(entry)
            tree[place] = commitment(leaf.nonce, leaf.state)
        return tree


def commitment(secret: bytes, material: bytes) -> bytes:
    """Commit to material under a secret of fixed length."""
    return sha256(secret + material).digest()


def _places(many: int) -> tuple[int, ...]:
    return tuple(secrets.SystemRandom().sample(range(PLACES), many))


def verify_act(opened: OpenedAct, day_tree_root_hash: str) -> bool:
    """Tell whether an opened act stands in the day tree with this root."""
    leaf = leaf_hash(commitment(opened.nonce, opened.event))
    return verify_inclusion(leaf, opened.place, PLACES, opened.path, bytes.fromhex(day_tree_root_hash))


def _recorded_on(entry: bytes) -> date:
    return legal_day(instant(orjson.loads(entry)["event"]["recorded_at"]))


def sealed_at(day: date) -> datetime:
    """Return when a day is sealed: at the fixed hour of the next one."""
    return datetime.combine(day + timedelta(days=1), SEALED_AT, tzinfo=BRUSSELS)


def days_due(last: date | None, created: date, now: datetime) -> Iterator[date]:
    """Yield the days whose seal is due and missing, in order: every day after the last one sealed, or from the register's first."""
    day = last + timedelta(days=1) if last else created
    while sealed_at(day) <= now:
        yield day
        day += timedelta(days=1)
