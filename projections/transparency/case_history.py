"""
The file of a case in the confidential log: its leaves in order, and the proof that they are all.

A leaf says which number it has in its file and where the one before it stands. The leaf of a seal carries the root over the heads of all files:
with the path from this file's head to that root nothing can have been left out up to then.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Protocol

import orjson

from projections.transparency.case_leaves import SEAL, CaseLeaf, head_entry, heads_before, read_leaf
from projections.transparency.log import Head
from projections.transparency.merkle import leaf_hash, path_among

REGISTER = "register"
"""The file in which the seals stand."""


class CaseLog(Protocol):
    """The confidential log, as far as histories are read from it."""

    def size(self) -> int:
        """Return how many leaves are sequenced."""
        ...

    def heads(self, files: Sequence[str] | None = None) -> dict[str, Head]:
        """Return the heads of case files, or of all."""
        ...

    def entries(self, first: int, end: int) -> list[bytes]:
        """Return the entries first … end - 1."""
        ...

    def position_of(self, index: int) -> int:
        """Return the store position of a leaf's event."""
        ...


@dataclass(frozen=True, slots=True)
class Indexed:
    """A leaf with its index in the log."""

    index: int
    leaf: CaseLeaf


@dataclass(frozen=True, slots=True)
class HeadProof:
    """Proves how many leaves a file had when a day was sealed: its head, and the path to the root in the leaf of that seal."""

    day: date
    seal_index: int
    file: str
    head: Head
    place: int
    of: int
    path: tuple[bytes, ...]


@dataclass
class Histories:
    """Reads files from the confidential log."""

    log: CaseLog

    def files(self, kind: str) -> list[str]:
        """Return the files of a kind of record, such as `alert`."""
        return sorted(file for file in self.log.heads() if file.startswith(f"{kind}/"))

    def leaves(self, file: str) -> list[Indexed]:
        """Return the leaves of a file in order."""
        return list(self._backwards(file))[::-1]

    def _backwards(self, file: str) -> Iterator[Indexed]:
        head = self.log.heads([file]).get(file)
        index = head.last if head else None
        while index is not None:
            leaf = read_leaf(self.log.entries(index, index + 1)[0])
            yield Indexed(index, leaf)
            index = leaf.prev

    @cached_property
    def seals(self) -> dict[date, Indexed]:
        """The leaves of the seals by day, the last first, as they stood when they were first asked for."""
        return {sealed_day(found.leaf): found for found in self._backwards(REGISTER) if found.leaf.topic == SEAL}

    def last_seal(self, size: int) -> Indexed | None:
        """Return the leaf of the last seal among the first `size` leaves."""
        return next((found for found in self._backwards(REGISTER) if found.leaf.topic == SEAL and found.index < size), None)

    def heads_at(self, index: int) -> dict[str, Head]:
        """Return the heads of all files as they were before a leaf."""
        heads = self.log.heads()  # before the size: a leaf that comes between the two is wound back like any other
        return heads_before(index, self.log.size(), heads, self.log.entries)


def sealed_day(seal: CaseLeaf) -> date:
    """Return the day that a seal covers."""
    return date.fromisoformat(orjson.loads(seal.state)["data"]["day"])


def head_proof(file: str, seal: Indexed, heads: Mapping[str, Head]) -> HeadProof | None:
    """Prove how many leaves a file had before the leaf of a seal; None for a file that began later."""
    if file not in heads:
        return None
    names = sorted(heads)
    place = names.index(file)
    path = path_among(place, (leaf_hash(head_entry(name, heads[name])) for name in names))
    return HeadProof(sealed_day(seal.leaf), seal.index, file, heads[file], place, len(names), tuple(path))
