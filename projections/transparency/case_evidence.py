"""
What the log of the cases proves of a case: each of its leaves under the signed checkpoint, and that there are no more.

What the log says of itself beside its leaves is not believed: the leaves since the last seal are hashed anew up to the signed root, the leaf of that
seal carries the root over the heads that all files had before it, and every leaf of the case leads to the signed root by its path.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

import orjson

from projections.transparency.answers import Shelf
from projections.transparency.case_history import CaseLog, Histories, Indexed, sealed_day
from projections.transparency.case_leaves import STRETCH, CaseLeaf, file_of, heads_root, read_leaf
from projections.transparency.log import Head
from projections.transparency.merkle import Node, compact_range, inclusion_path, leaf_hash, root_from_path
from projections.transparency.notes import Checkpoint, NoteRefused, Verifier, open_checkpoint
from projections.transparency.tiles import node_reader

LISTING = "ListingRecorded"
"""The event that says which entry of the list is a case's."""
UNREADABLE = (ValueError, LookupError, TypeError, AttributeError)
"""What reading raises when a row of the log was removed or made into something else."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A leaf with its path, and the root that this leads to; None where the path leads to none."""

    index: int
    entry: bytes
    leaf: CaseLeaf
    path: tuple[bytes, ...]
    root: bytes | None
    holds: bool

    @property
    def hash(self) -> bytes:
        """Return the hash of the leaf."""
        return leaf_hash(self.entry)


@dataclass(frozen=True, slots=True)
class Evidence:
    """
    What was found. `reached` is the store position of the last event under the checkpoint, `expected` how many leaves the case must have.

    Each of `faults` is a sentence; without any, the proofs are all leaves that the case has.
    """

    checkpoint: Checkpoint | None
    sealed: Indexed | None
    reached: int
    expected: int
    proofs: tuple[Proof, ...]
    faults: tuple[str, ...]

    @property
    def sealed_on(self) -> date | None:
        """Return the day of the last seal under the checkpoint."""
        return sealed_day(self.sealed.leaf) if self.sealed else None


@dataclass(frozen=True, slots=True)
class CaseEvidence:
    """Reads the log of the cases as a sceptic does."""

    log: CaseLog
    shelf: Shelf

    def of(self, case: str | None) -> Evidence:
        """Return what is proved of a case and its entry on the list; of None, what is proved of the log alone."""
        last = self.shelf.last()
        if last is None:
            return _nothing("The log of the cases has no checkpoint yet.")
        try:
            checkpoint = open_checkpoint(last.note, [Verifier.parse(vkey) for vkey in self.shelf.vkeys()])
        except NoteRefused as refused:
            return _nothing(f"The checkpoint of the log of the cases does not hold: {refused}.")
        return _Reading(self.log, checkpoint, node_reader(lru_cache(maxsize=64)(self.shelf.tile))).evidence(case)


def _nothing(fault: str) -> Evidence:
    return Evidence(None, None, 0, 0, (), (fault,))


@dataclass
class _Reading:
    """One reading, up to one checkpoint."""

    log: CaseLog
    checkpoint: Checkpoint
    node: Node
    expected: int = 0
    faults: list[str] = field(default_factory=list)

    def evidence(self, case: str | None) -> Evidence:
        seal = self._seal()
        heads, later = self._before(seal), self._since(seal.index if seal else 0)
        proofs = list(self._file(case, heads, later)) if case else []
        with self._told("The number on the list cannot be read."):
            for entry in sorted({_entry(proof.leaf) for proof in proofs if proof.leaf.topic == LISTING}):
                proofs += self._file(entry, heads, later)
        reached = 0
        with self._told("The last leaf under the checkpoint names no event."):
            reached = self.log.position_of(self.checkpoint.size - 1)
        return Evidence(self.checkpoint, seal, reached, self.expected, tuple(sorted(proofs, key=lambda proof: proof.index)), tuple(self.faults))

    @contextmanager
    def _told(self, fault: str) -> Iterator[None]:
        try:
            yield
        except UNREADABLE:
            self.faults.append(fault)

    def _seal(self) -> Indexed | None:
        found = None
        with self._told("The leaves of the seals cannot be read."):
            found = Histories(self.log).last_seal(self.checkpoint.size)
        return found

    def _before(self, seal: Indexed | None) -> dict[str, Head]:
        """Return the heads of all files before the last seal, which its leaf vouches for."""
        if seal is None:
            return {}
        heads: dict[str, Head] = {}
        with self._told("The heads of the case files cannot be worked out from the leaves."):
            heads = Histories(self.log).heads_at(seal.index)
            if heads_root(heads).hex() != orjson.loads(self.log.entries(seal.index, seal.index + 1)[0])["heads"]:
                self.faults.append(f"The heads of the case files are not those that the seal of {sealed_day(seal.leaf)} vouches for.")
        return heads

    def _since(self, first: int) -> dict[str, list[int]]:
        """Hash the leaves from `first` on up to the signed root, which proves them all at once; return the indexes of each file's."""
        found: dict[str, list[int]] = {}
        with self._told(f"The leaves from {first} on cannot be read."):
            compact = compact_range(first, self.node)
            for begin in range(first, self.checkpoint.size, STRETCH):
                for index, entry in enumerate(self.log.entries(begin, min(begin + STRETCH, self.checkpoint.size)), start=begin):
                    compact.append(leaf_hash(entry))
                    found.setdefault(file_of(orjson.loads(entry)["stream"]), []).append(index)
            if (compact.size, compact.root()) != (self.checkpoint.size, self.checkpoint.root):
                self.faults.append(f"The leaves from {first} on do not lead to the signed root.")
        return found

    def _file(self, file: str, heads: dict[str, Head], later: dict[str, list[int]]) -> Iterator[Proof]:
        """Yield the leaves of a file, the last first, and note where their chain breaks."""
        head, recent = heads.get(file, Head(0, 0)), later.get(file, [])
        number, index = head.n + len(recent), recent[-1] if recent else head.last
        self.expected += number
        while number:
            proof = self._proof(index)
            if proof is None:
                return
            yield proof
            if (file_of(proof.leaf.stream), proof.leaf.n) != (file, number) or (proof.leaf.prev is None) != (number == 1):
                self.faults.append(f"Leaf {index} is not number {number} of {file}: the chain of its leaves is broken.")
                return
            number, index = number - 1, proof.leaf.prev or 0

    def _proof(self, index: int) -> Proof | None:
        found = None
        with self._told(f"Leaf {index} cannot be read."):
            entry, size = self.log.entries(index, index + 1)[0], self.checkpoint.size
            path = tuple(inclusion_path(index, size, self.node))
            root = root_from_path(leaf_hash(entry), index, size, path)
            if root != self.checkpoint.root:
                self.faults.append(f"Leaf {index} does not lead to the signed root.")
            found = Proof(index, entry, read_leaf(entry), path, root, root == self.checkpoint.root)
        return found


def _entry(leaf: CaseLeaf) -> str:
    """Return the file of the entry whose number a leaf tells."""
    return f"entry/{orjson.loads(leaf.state)['data']['list_id']}"
