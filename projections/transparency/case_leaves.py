"""
What stands in the confidential log: one leaf for every stored event, for auditors and courts.

A leaf is the RFC 8785 form of {event, n, nonce, prev, stream, topic, version}: the stored bytes of the event as they are, its running number n in its
case file, the index of the file's previous leaf, and 16 random bytes. They are made once, when the event is sequenced, and never again. The leaf of a
day's seal carries two things more: the root over the heads of all files, with which an auditor checks that the events he is shown are all there are;
and number and hash of the last row of the access log, so that nobody can cut off the end of that chain either.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import orjson
import rfc8785

from projections.transparency.log import Head, Leaf, Raw
from projections.transparency.merkle import leaf_hash, root_of

NONCE_BYTES = 16
SEAL = "SealPublished"
STRETCH = 5_000
"""Entries read at once."""


Access = tuple[int, bytes]
"""Number and hash of the last row of the access log."""


class Heads(Protocol):
    """The durable log, as far as new leaves depend on earlier ones."""

    def size(self) -> int:
        """Return how many leaves are sequenced."""
        ...

    def heads(self, files: Sequence[str] | None = None) -> dict[str, Head]:
        """Return the heads of case files, or of all."""
        ...


def file_of(stream: str) -> str:
    """Return the case file of a stream: a publication belongs to its case, any other record is a file of its own."""
    kind, _, key = stream.partition("/")
    return f"case/{key}" if kind == "publication" else stream


def heads_before(index: int, size: int, heads: Mapping[str, Head], entries: Callable[[int, int], Sequence[bytes]]) -> dict[str, Head]:
    """
    Return the heads of all case files as they were before a leaf, from the heads now, when the log has `size` leaves.

    The first later leaf of a file says which one came before it.
    """
    found, moved = dict(heads), set[str]()
    for first in range(index, size, STRETCH):
        for entry in entries(first, min(first + STRETCH, size)):
            leaf: dict[str, Any] = orjson.loads(entry)
            file = file_of(leaf["stream"])
            if file not in moved:
                moved.add(file)
                found[file] = Head(leaf["n"] - 1, leaf["prev"]) if leaf["prev"] is not None else Head(0, 0)
    return {file: head for file, head in found.items() if head.n}


def heads_root(heads: Mapping[str, Head]) -> bytes:
    """Return the root over all heads, in the order of their files."""
    return root_of(leaf_hash(head_entry(file, head)) for file, head in sorted(heads.items()))


def head_entry(file: str, head: Head) -> bytes:
    """Return what stands for one head under their root, in the canonical form of RFC 8785."""
    # By the quick encoder, which writes that form for text and whole numbers: a root takes every head.
    return orjson.dumps({"file": file, "last": head.last, "n": head.n})


@dataclass
class Chain:
    """Writes the entries of one leaf after another; keeps the heads that it moves."""

    index: int
    heads: dict[str, Head] = field(default_factory=dict)

    def entry(
        self, topic: str, state: bytes, nonce: bytes, every: Callable[[], Mapping[str, Head]], access: Access | None = None
    ) -> tuple[str, bytes]:
        """Return the file and the entry of the next event; `every` tells all heads, for the leaf of a seal, which carries `access` too."""
        event: dict[str, Any] = orjson.loads(state)
        file = file_of(event["stream"])
        before = self.heads.get(file)
        seen = b'"access":{"head":"%s","number":%d},' % (access[1].hex().encode(), access[0]) if access else b""
        extra = b'"heads":"%s",' % heads_root(every()).hex().encode() if topic == SEAL else b""
        written = b"{" + seen + _written(state, extra, event, topic, nonce, before)
        self.heads[file] = Head(before.n + 1 if before else 1, self.index)
        self.index += 1
        return file, written


def _written(state: bytes, extra: bytes, event: Mapping[str, Any], topic: str, nonce: bytes, before: Head | None) -> bytes:
    """Write the canonical form around the stored bytes, which are canonical themselves: the keys stand in order."""
    n, prev = (before.n + 1, str(before.last)) if before else (1, "null")
    tail = f'"n":{n},"nonce":"{nonce.hex()}","prev":{prev},"stream":"{event["stream"]}","topic":"{topic}","version":{event["version"]}}}'
    return b'"event":' + state + b"," + extra + tail.encode()


@dataclass
class CaseLeaves:
    """Makes the leaves of the confidential log."""

    store: Heads
    random: Callable[[int], bytes] = secrets.token_bytes
    access: Callable[[], Access] | None = None
    """Tells how far the access log is, where there is one."""

    def __call__(self, raw: Raw) -> list[Leaf]:
        """
        Make the leaves of a batch.

        They continue the heads as stored; the store takes them only if nobody has moved the log since its position was read.
        """
        files = {file_of(orjson.loads(state)["stream"]) for _, _, state in raw}
        chain = Chain(self.store.size(), self.store.heads(sorted(files)))
        return [self._leaf(chain, *row) for row in raw]

    def _leaf(self, chain: Chain, position: int, topic: str, state: bytes) -> Leaf:
        access = self.access() if topic == SEAL and self.access else None
        file, entry = chain.entry(topic, state, self.random(NONCE_BYTES), lambda: {**self.store.heads(), **chain.heads}, access)
        return Leaf(position, entry, leaf_hash(entry), file)


@dataclass(frozen=True, slots=True)
class CaseLeaf:
    """A leaf as it is read back."""

    topic: str
    stream: str
    version: int
    n: int
    prev: int | None
    nonce: bytes
    state: bytes
    access: Access | None = None


def read_leaf(entry: bytes) -> CaseLeaf:
    """Read a leaf of the confidential log. The event is written back by the encoder that wrote it, so its bytes are the stored ones."""
    found = orjson.loads(entry)
    state, nonce = rfc8785.dumps(found["event"]), bytes.fromhex(found["nonce"])
    seen = found.get("access")
    access = (seen["number"], bytes.fromhex(seen["head"])) if seen else None
    return CaseLeaf(found["topic"], found["stream"], found["version"], found["n"], found["prev"], nonce, state, access)


@dataclass
class CaseLeavesAgain:
    """Makes leaves again from the events and the stored nonces, to be compared with the stored ones."""

    chain: Chain = field(default_factory=lambda: Chain(0))

    def __call__(self, topic: str, state: bytes, stored: bytes | None) -> bytes:
        """Make the next leaf again; a stored leaf that cannot be read has no nonce that could be believed."""
        try:
            leaf = read_leaf(stored) if stored else None
        except (ValueError, KeyError, TypeError):
            leaf = None
        nonce, access = (leaf.nonce, leaf.access) if leaf else (b"", None)
        return self.chain.entry(topic, state, nonce, lambda: self.chain.heads, access)[1]
