"""
Receipts: proofs that an entry stands in the log, to be verified off line by anyone, as C2SP tlog-proof writes them.

A receipt is the checkpoint with the path from the entry's hash to its root. The line `extra` carries the entry itself; nobody signs it, but its hash
must lead to the root like any other.
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from projections.transparency.merkle import HASH_BYTES, leaf_hash, verify_inclusion
from projections.transparency.notes import Checkpoint, NoteRefused, Refusal, Verifier, open_checkpoint

FIRST_LINE = "c2sp.org/tlog-proof@v1"
LONGEST_PATH = 63
MOST_BYTES = 1 << 20
_INDEX = re.compile(r"index (0|[1-9]\d{0,18})", re.ASCII)
_HASH = re.compile(r"[A-Za-z0-9+/]{43}=", re.ASCII)
_EXTRA = re.compile(r"extra ((?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)", re.ASCII)


class ReceiptRefused(Refusal):
    """A receipt is malformed or proves nothing; the text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt as it is written: the entry's index, the path of hashes from its sibling up, the signed checkpoint, and perhaps the entry."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes
    entry: bytes | None = None

    def write(self) -> bytes:
        """Write the file `.tlog-proof`."""
        extra = f"extra {_base64(self.entry)}\n" if self.entry is not None else ""
        return f"{FIRST_LINE}\n{extra}".encode() + self.write_spicy()

    def write_spicy(self) -> bytes:
        """Write the file `.spicy`: the same without first line and entry."""
        return "".join([f"index {self.index}\n", *(f"{_base64(node)}\n" for node in self.path), "\n"]).encode() + self.checkpoint

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """
        Read a receipt in either form; nothing is verified.

        Raises: ReceiptRefused when it is malformed.
        """
        if len(raw) > MOST_BYTES:
            raise ReceiptRefused("This is too long for a receipt.")
        head, blank, checkpoint = raw.partition(b"\n\n")
        if not blank:
            raise ReceiptRefused("A receipt has an empty line between its proof and its checkpoint; this has none.")
        lines = head.decode("ascii", "replace").split("\n")
        entry = None
        if lines[0] == FIRST_LINE:
            lines = lines[1:]
            if lines and lines[0].startswith("extra "):
                entry, lines = _entry(lines[0]), lines[1:]
        return cls(_index(lines), _path(lines[1:]), checkpoint, entry)


def _index(lines: Sequence[str]) -> int:
    match = _INDEX.fullmatch(lines[0]) if lines else None
    if match is None:
        raise ReceiptRefused("A receipt begins with the line {} and then says `index` and a number; this does not.", FIRST_LINE)
    return int(match[1])


def _path(lines: Sequence[str]) -> tuple[bytes, ...]:
    if len(lines) > LONGEST_PATH:
        raise ReceiptRefused("A receipt has at most {} hashes; this has {}.", LONGEST_PATH, len(lines))
    return tuple(_hash(number, line) for number, line in enumerate(lines, start=1))


def _hash(number: int, line: str) -> bytes:
    material = b64decode(line) if _HASH.fullmatch(line) else b""
    if len(material) != HASH_BYTES or _base64(material) != line:
        raise ReceiptRefused("Hash number {} of the receipt is not 32 bytes in base64.", number)
    return material


def _entry(line: str) -> bytes:
    match = _EXTRA.fullmatch(line)
    entry = b64decode(match[1]) if match else b""
    if match is None or _base64(entry) != match[1]:
        raise ReceiptRefused("The line `extra` of the receipt is not in base64.")
    return entry


@dataclass(frozen=True, slots=True)
class Proved:
    """What a receipt proves: this entry stands at this index of the log with this checkpoint."""

    index: int
    entry: bytes
    checkpoint: Checkpoint


def verify_receipt(raw: bytes, vkeys: Sequence[str], entry: bytes | None = None) -> Proved:
    """
    Verify a receipt off line: the entry given, or the one that the receipt carries, against the log's verifier keys.

    Raises: ReceiptRefused, with a sentence that says what does not hold; NoteRefused for a verifier key that is none.
    """
    receipt = Receipt.parse(raw)
    if entry is not None:
        receipt = replace(receipt, entry=entry)
    if receipt.entry is None:
        raise ReceiptRefused("This receipt does not carry its entry: give the entry beside it.")
    verifiers = [Verifier.parse(vkey) for vkey in vkeys]
    try:
        checkpoint = open_checkpoint(receipt.checkpoint, verifiers)
    except NoteRefused as refused:
        raise ReceiptRefused("The checkpoint of the receipt does not hold: {}.", refused) from None
    if not verify_inclusion(leaf_hash(receipt.entry), receipt.index, checkpoint.size, receipt.path, checkpoint.root):
        raise ReceiptRefused("The path of the receipt does not lead from the entry to the root of the checkpoint.")
    return Proved(receipt.index, receipt.entry, checkpoint)


def _base64(material: bytes) -> str:
    return b64encode(material).decode()
