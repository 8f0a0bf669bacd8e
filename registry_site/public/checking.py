"""
Checks of the log for whoever asks on its pages: a receipt, and that one size continues another.

Everything goes through the same pure functions that an off-line reader uses. An outcome is a word; what it means, and whom to tell, the page says.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from projections.transparency.merkle import leaf_hash, root_from_path, verify_consistency
from projections.transparency.notes import Checkpoint, Note, NoteRefused, Verifier, open_note, parse_note
from projections.transparency.proofs import Receipt, ReceiptRefused
from projections.transparency.questions import Continuation

Outcome = Literal["HOLDS", "MALFORMED", "NO_ENTRY", "OTHER_LOG", "WRONG_KEY", "SIGNATURE", "BEYOND", "PATH", "ENTRY", "FORK"]
EntryOf = Callable[[int], bytes | None]
"""Reads an entry of our own log, to tell an altered entry from an altered path."""


@dataclass(frozen=True, slots=True)
class Check:
    """What was checked, as far as it could be read, and how it came out."""

    outcome: Outcome
    why: tuple[object, ...] = ()
    """Why a receipt cannot be read: a sentence and what fills its braces."""
    in_checkpoint: bool = False
    """Whether that is said of the checkpoint in it."""
    receipt: Receipt | None = None
    checkpoint: Checkpoint | None = None
    leaf: bytes | None = None
    root: bytes | None = None
    """The root that the path leads to from the leaf; None where it leads to none."""

    @property
    def equal(self) -> bool:
        """Tell whether the computed root is the signed one."""
        return self.checkpoint is not None and self.root == self.checkpoint.root


def check_receipt(raw: bytes, verifiers: Sequence[Verifier], claimed: Checkpoint, entry_of: EntryOf) -> Check:
    """Check a receipt with verifier keys, beside what the log claims now. A receipt without its entry is checked with the entry of our log."""
    try:
        receipt = Receipt.parse(raw)
        note = parse_note(receipt.checkpoint)
        checkpoint = Checkpoint.parse(note.text)
    except ReceiptRefused as refused:
        return Check("MALFORMED", refused.said)
    except NoteRefused as refused:
        return Check("MALFORMED", refused.said, in_checkpoint=True)
    if receipt.entry is None:
        receipt = replace(receipt, entry=entry_of(receipt.index))
    check = _computed(receipt, checkpoint)
    return replace(check, outcome=_unsigned(note, checkpoint, verifiers) or _unproved(check, claimed, entry_of) or "HOLDS")


def _computed(receipt: Receipt, checkpoint: Checkpoint) -> Check:
    leaf = None if receipt.entry is None else leaf_hash(receipt.entry)
    root = None if leaf is None else root_from_path(leaf, receipt.index, checkpoint.size, receipt.path)
    return Check("NO_ENTRY", receipt=receipt, checkpoint=checkpoint, leaf=leaf, root=root)


def _unsigned(note: Note, checkpoint: Checkpoint, verifiers: Sequence[Verifier]) -> Outcome | None:
    """Say why the checkpoint is not one that these keys signed; None when they did."""
    if checkpoint.origin not in {verifier.name for verifier in verifiers}:
        return "OTHER_LOG"
    known = {(verifier.name, verifier.id): verifier for verifier in verifiers}
    ours = [(known[name], line.signature) for line in note.signatures if (name := (line.name, line.key_id)) in known]
    if not any(verifier.name == checkpoint.origin for verifier, _ in ours):
        return "WRONG_KEY"
    return None if all(verifier.accepts(note.text, signature) for verifier, signature in ours) else "SIGNATURE"


def _unproved(check: Check, claimed: Checkpoint, entry_of: EntryOf) -> Outcome | None:
    """Say why a signed checkpoint does not prove the entry; None when it does."""
    receipt, checkpoint = check.receipt, check.checkpoint
    assert receipt is not None
    assert checkpoint is not None
    if receipt.index >= checkpoint.size:
        return "BEYOND"
    if check.leaf is None:
        return "NO_ENTRY"
    if check.root is None:
        return "PATH"
    if not check.equal:
        return "PATH" if receipt.entry == entry_of(receipt.index) else "ENTRY"
    return "FORK" if checkpoint.origin == claimed.origin and checkpoint.size == claimed.size and checkpoint.root != claimed.root else None


def signed_by(note: bytes, verifiers: Sequence[Verifier]) -> bool:
    """Tell whether one of these keys signed a checkpoint, and none of theirs fails."""
    try:
        open_note(note, verifiers)
    except NoteRefused:
        return False
    return True


def continues(found: Continuation) -> bool:
    """Tell whether a proof shows that the larger tree continues the smaller one."""
    return verify_consistency(found.old, found.new, found.old_root, found.new_root, found.path)
