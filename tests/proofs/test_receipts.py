"""Receipts: a stranger verifies them off line; each byte counts, and what is malformed is refused with a sentence."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable

import pytest

from projections.transparency.merkle import inclusion_path, leaf_hash, root_of
from projections.transparency.notes import Checkpoint, NoteRefused, Signer, signed
from projections.transparency.proofs import FIRST_LINE, Receipt, ReceiptRefused, verify_receipt

SIGNER = Signer("register.example.eu/log", b"\x07" * 32)
VKEY = SIGNER.verifier.vkey
ENTRIES = [b'{"payload":{"n":"%d"},"topic":"ThresholdAmended"}' % n for n in range(11)]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]
CHECKPOINT = signed(Checkpoint(SIGNER.name, len(LEAVES), root_of(LEAVES)).text, SIGNER)


def receipt(index: int) -> Receipt:
    path = inclusion_path(index, len(LEAVES), lambda level, at: root_of(LEAVES[at << level : at + 1 << level]))
    return Receipt(index, tuple(path), CHECKPOINT, ENTRIES[index])


@pytest.mark.parametrize("index", range(len(ENTRIES)))
def test_a_receipt_proves_its_entry_off_line_in_both_forms(index: int) -> None:
    proved = verify_receipt(receipt(index).write(), [VKEY])
    assert (proved.index, proved.entry, proved.checkpoint.size) == (index, ENTRIES[index], len(ENTRIES))
    assert verify_receipt(receipt(index).write_spicy(), [VKEY], ENTRIES[index]).entry == ENTRIES[index]
    assert Receipt.parse(receipt(index).write()) == receipt(index)


def test_a_receipt_looks_as_the_specification_says() -> None:
    lines = receipt(5).write().decode().split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert lines[1] == "extra " + b64encode(ENTRIES[5]).decode()
    assert lines[2] == "index 5"
    assert lines[3 : lines.index("")] == [b64encode(node).decode() for node in receipt(5).path]
    assert receipt(5).write().endswith(b"\n\n" + CHECKPOINT)
    assert receipt(5).write_spicy().startswith(b"index 5\n")


def test_the_only_entry_of_a_log_has_a_receipt_without_hashes() -> None:
    checkpoint = signed(Checkpoint(SIGNER.name, 1, LEAVES[0]).text, SIGNER)
    written = Receipt(0, (), checkpoint, ENTRIES[0]).write()
    assert verify_receipt(written, [VKEY]).index == 0


def test_every_changed_bit_of_a_receipt_is_noticed() -> None:
    written = receipt(3).write()
    for at in range(len(written)):
        for bit in range(8):
            changed = written[:at] + bytes([written[at] ^ 1 << bit]) + written[at + 1 :]
            with pytest.raises(ReceiptRefused):
                verify_receipt(changed, [VKEY])


def test_every_cut_of_a_receipt_is_noticed() -> None:
    written = receipt(3).write()
    for end in range(len(written)):
        with pytest.raises(ReceiptRefused):
            verify_receipt(written[:end], [VKEY])


def replaced(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    return lambda written: written.replace(old, new, 1)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda written: b"", "empty line"),
        (lambda written: b"x" * 2_000_000, "too long"),
        (replaced(b"@v1", b"@v2"), "begins with the line"),
        (replaced(b"index 3", b"index 03"), "`index` and a number"),
        (replaced(b"index 3", b"index -1"), "`index` and a number"),
        (replaced(b"index 3\n", b""), "`index` and a number"),
        (replaced(b"extra ", b"extra ="), "`extra`"),
        (replaced(b"index 3\n", b"index 3\nAAAA\n"), "Hash number 1"),
        (replaced(b"index 3\n", b"index 3\n" + b"A" * 42 + b"B=\n"), "Hash number 1"),
        (replaced(b"index 3\n", b"index 3\n" + b"A" * 43 + b"=\n"), "does not lead"),
        (replaced(b"index 3\n", b"index 3\n" + (b"A" * 43 + b"=\n") * 64), "at most 63"),
        (replaced(b"index 3\n", b"index 4\n"), "does not lead"),
        (replaced(b"index 3\n", b"index 11\n"), "does not lead"),
        (replaced(b"\n11\n", b"\n12\n"), "checkpoint of the receipt does not hold"),
        (lambda written: written.rpartition("—".encode())[0], "checkpoint of the receipt does not hold"),
    ],
)
def test_a_malformed_receipt_is_refused_with_a_sentence(change: Callable[[bytes], bytes], sentence: str) -> None:
    with pytest.raises(ReceiptRefused, match=re.escape(sentence)) as refused:
        verify_receipt(change(receipt(3).write()), [VKEY])
    assert str(refused.value).endswith(".")


def test_a_receipt_proves_nothing_about_another_entry() -> None:
    with pytest.raises(ReceiptRefused, match="does not lead"):
        verify_receipt(receipt(3).write(), [VKEY], ENTRIES[4])


def test_without_its_entry_a_receipt_asks_for_it() -> None:
    with pytest.raises(ReceiptRefused, match="give the entry"):
        verify_receipt(receipt(3).write_spicy(), [VKEY])


def test_only_known_keys_count() -> None:
    stranger = Signer(SIGNER.name, b"\x08" * 32)
    with pytest.raises(ReceiptRefused, match="none of the known keys"):
        verify_receipt(receipt(3).write(), [stranger.verifier.vkey])
    assert verify_receipt(receipt(3).write(), [stranger.verifier.vkey, VKEY]).index == 3
    with pytest.raises(NoteRefused):
        verify_receipt(receipt(3).write(), ["no key"])


def test_the_first_line_is_that_of_the_specification() -> None:
    assert FIRST_LINE == "c2sp.org/tlog-proof@v1"
