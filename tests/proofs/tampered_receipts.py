"""One tampering of each class for a receipt of any log, and the outcomes that a check has for them."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace

from projections.transparency.merkle import inclusion_path, leaf_hash, root_of
from projections.transparency.notes import Checkpoint, Signer, parse_note, signed
from projections.transparency.proofs import Receipt
from tests.proofs.logs import SIGNER

OTHER_LOG = Signer("another.example.eu/log", b"\x05" * 32)


def size_of(receipt: Receipt) -> int:
    return Checkpoint.parse(parse_note(receipt.checkpoint).text).size


def with_flipped_signature(note: bytes) -> bytes:
    """Flip a bit of the first signature."""
    found = parse_note(note)
    first = found.signatures[0]
    material = first.key_id + first.signature[:-1] + bytes([first.signature[-1] ^ 1])
    return f"{found.text}\n— {first.name} {b64encode(material).decode()}\n".encode()


def with_larger_size(note: bytes) -> bytes:
    origin, size, rest = note.split(b"\n", 2)
    return b"\n".join([origin, b"%d" % (int(size) + 1), rest])


def resigned(note: bytes, signer: Signer) -> bytes:
    """Let somebody else sign the checkpoint, in the name of the log that the signer has."""
    return signed(replace(Checkpoint.parse(parse_note(note).text), origin=signer.name).text, signer)


def of_a_fork(receipt: Receipt, signer: Signer = SIGNER) -> Receipt:
    """Make the receipt of another log of the same size, signed with the true key, as a log that tells two stories does."""
    size = size_of(receipt)
    leaves = [leaf_hash(b"%d" % n) for n in range(size)]
    path = inclusion_path(receipt.index, size, lambda level, at: root_of(leaves[at << level : at + 1 << level]))
    checkpoint = Checkpoint(signer.name, size, root_of(leaves))
    return Receipt(receipt.index, tuple(path), signed(checkpoint.text, signer), b"%d" % receipt.index)


def first_bit_flipped(material: bytes) -> bytes:
    return bytes([material[0] ^ 1]) + material[1:]


TAMPERED: dict[str, Callable[[Receipt], Receipt]] = {
    "entry": lambda receipt: replace(receipt, entry=(receipt.entry or b"") + b" "),
    "path": lambda receipt: replace(receipt, path=(first_bit_flipped(receipt.path[0]), *receipt.path[1:])),
    "shorter path": lambda receipt: replace(receipt, path=receipt.path[:-1]),
    "longer path": lambda receipt: replace(receipt, path=(*receipt.path, bytes(32))),
    "signature": lambda receipt: replace(receipt, checkpoint=with_flipped_signature(receipt.checkpoint)),
    "size": lambda receipt: replace(receipt, checkpoint=with_larger_size(receipt.checkpoint)),
    "index": lambda receipt: replace(receipt, index=receipt.index ^ 1),
    "index beyond size": lambda receipt: replace(receipt, index=size_of(receipt)),
    "other log": lambda receipt: replace(receipt, checkpoint=resigned(receipt.checkpoint, OTHER_LOG)),
    "other key": lambda receipt: replace(
        receipt, checkpoint=resigned(receipt.checkpoint, Signer(receipt.checkpoint.split(b"\n")[0].decode(), b"\x06" * 32))
    ),
}
"""Files that can be read and prove nothing."""

UNREADABLE: dict[str, Callable[[bytes], bytes]] = {
    "cut in the path": lambda raw: raw[: raw.index(b"\n\n") - 3],
    "cut in the checkpoint": lambda raw: raw[: raw.index(b"\n\n") + 9],
    "cut in the signature": lambda raw: raw[:-1],
    "binary": lambda raw: bytes(range(256)),
    "no text": lambda raw: b"\xff" * 100,
    "empty lines": lambda raw: b"\n\n",
    "other line ends": lambda raw: raw.replace(b"\n", b"\r\n"),
    "twice": lambda raw: raw * 2,
    "no first line": lambda raw: raw.split(b"\n", 1)[1],
    "index with a zero in front": lambda raw: raw.replace(b"\nindex ", b"\nindex 0"),
    "a hash that is too short": lambda raw: raw.replace(b"\n\n", b"\nAAAA\n\n", 1),
    "too many hashes": lambda raw: raw.replace(b"\n\n", b"\n" + b"\n".join([b"A" * 43 + b"="] * 64) + b"\n\n", 1),
    "entry that is no base64": lambda raw: raw.replace(b"\nextra ", b"\nextra !"),
    "another line in the checkpoint": lambda raw: raw.replace(b"\n\n\xe2\x80\x94", b"\nmore\n\n\xe2\x80\x94"),
    "size in words": lambda raw: raw.replace(b"\n%d\n" % size_of(Receipt.parse(raw)), b"\nmany\n"),
    "too long": lambda raw: raw + b"x" * (1 << 20),
}
"""Files that cannot be read as a receipt at all."""
