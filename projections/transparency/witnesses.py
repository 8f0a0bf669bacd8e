"""
What the log and its witnesses say to each other, as C2SP tlog-witness and tlog-cosignature write it.

A witness is somebody else. It keeps the last checkpoint that it has seen of a log and cosigns only what continues it: so a log that shows two
histories needs two answers from it, and gets one. Pure text and arithmetic; who sends it is in `api.witnesses`.
"""

import re
from base64 import b64encode
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import ClassVar, Protocol

from projections.transparency.notes import Checkpoint, NoteRefused, Signature, Verifier, open_note, parse_note

COSIGNATURE = b"\x04"
TIME_BYTES = 8
SIGNATURE_BYTES = 64
MOST_PROOF_LINES = 63
CLOCKS_APART = 300
"""Seconds by which a witness's clock may differ from ours; what is older was signed on another occasion."""
_SIZE = re.compile(rb"(0|[1-9]\d{0,18})\n")


class WitnessKey(Verifier):
    """The public key of a witness: what it signs are the time and the whole text of a checkpoint."""

    __slots__ = ()
    kind: ClassVar[bytes] = COSIGNATURE
    kind_name: ClassVar[str] = "the key of a witness (Ed25519 cosignatures)"

    def accepts(self, text: str, signature: bytes) -> bool:
        """Tell whether a cosignature, eight bytes of time before the signature, is this witness's on a text."""
        if len(signature) != TIME_BYTES + SIGNATURE_BYTES:
            return False
        return super().accepts(cosigned_text(text, _seconds(signature)), signature[TIME_BYTES:])


def cosigned_text(text: str, seconds: int) -> str:
    """Return what a witness signs at a time, in seconds since 1970: it says that this was the largest tree that it had seen by then."""
    return f"cosignature/v1\ntime {seconds}\n{text}"


def _seconds(signature: bytes) -> int:
    return int.from_bytes(signature[:TIME_BYTES], "big")


def cosigned_at(line: str) -> datetime:
    """Return the time of a cosignature by the witness's clock; its line was verified when it was kept."""
    (signature,) = parse_note(f"\n\n{line}".encode()).signatures
    return datetime.fromtimestamp(_seconds(signature.signature), UTC)


class Witnessing(Protocol):
    """Whoever asks the witnesses of a log."""

    def look(self, size: int) -> None:
        """Have the signed tree of a size witnessed. Comes back within a bounded time, whatever witnesses do."""
        ...

    def kept(self) -> int:
        """Return how many cosignatures this process has kept so far."""
        ...

    def close(self) -> None:
        """Stop asking."""
        ...


class Unwitnessed:
    """Nobody witnesses the log."""

    def look(self, size: int) -> None:
        """Ask nobody."""

    def kept(self) -> int:
        """Return 0."""
        return 0

    def close(self) -> None:
        """Do nothing."""


# -- Asking ----------------------------------------------------------------------------


def request(old: int, proof: Sequence[bytes], note: bytes) -> bytes:
    """Write the body of `add-checkpoint`: the size that the witness has seen, the proof that the checkpoint continues it, and the checkpoint."""
    assert len(proof) <= MOST_PROOF_LINES, "no log that fits into 64 bits needs a longer proof"
    return "".join([f"old {old}\n", *(f"{b64encode(node).decode()}\n" for node in proof), "\n"]).encode() + note


def size_told(body: bytes) -> int:
    """
    Read the size that a witness has seen, from its answer 409.

    Raises: NoteRefused when it is no number.
    """
    match = _SIZE.fullmatch(body)
    if match is None:
        raise NoteRefused("it does not say which size it has seen")
    return int(match[1])


def cosignature_in(answer: bytes, text: str, key: WitnessKey, now: datetime) -> str:
    """
    Return the line of a witness's answer 200 with its cosignature on the text of a checkpoint; the lines of other keys are ignored.

    Raises: NoteRefused when it is not there, does not hold, or was not made now.
    """
    note = open_note(text.encode() + b"\n" + answer, [key])
    if note.text != text:
        raise NoteRefused("it answers with more than signature lines")
    ours = next(signature for signature in note.signatures if _is_by(signature, key))
    apart = _seconds(ours.signature) - int(now.timestamp())
    if abs(apart) > CLOCKS_APART:
        raise NoteRefused(f"its cosignature is dated {abs(apart)} seconds {'ahead of' if apart > 0 else 'before'} the time it was asked for")
    return ours.line


# -- Reading ---------------------------------------------------------------------------


def cosigned_by(note: bytes, keys: Collection[WitnessKey]) -> set[WitnessKey]:
    """
    Return the witnesses whose cosignatures on a checkpoint hold.

    Raises: NoteRefused when the note is malformed.
    """
    found = parse_note(note)
    Checkpoint.parse(found.text)
    return {key for key in keys for signature in found.signatures if _is_by(signature, key) and key.accepts(found.text, signature.signature)}


def verify_line(line: str, text: str, key: WitnessKey) -> None:
    """
    Verify a kept line.

    Raises: NoteRefused when it is not exactly one line with this witness's cosignature on the text.
    """
    note = open_note(f"{text}\n{line}".encode(), [key])
    if note.text != text or len(note.signatures) != 1:
        raise NoteRefused("it is not one signature line")


def _is_by(signature: Signature, key: WitnessKey) -> bool:
    return (signature.name, signature.key_id) == (key.name, key.id)
