"""The checkpoint and its receipts, verified by the note and Merkle modules of PyPI's sigstore."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from projections.transparency.notes import key_id
from projections.transparency.proofs import Receipt
from tests.proofs.logs import SIGNER, opened
from tests.proofs.published import forked, other_signature

merkle = pytest.importorskip("sigstore._internal.merkle", reason="PyPI's sigstore is not installed")
checkpoint = pytest.importorskip("sigstore._internal.rekor.checkpoint")
trust = pytest.importorskip("sigstore._internal.trust")
common = pytest.importorskip("sigstore_models.common.v1")
errors = pytest.importorskip("sigstore.errors")

DER = bytes.fromhex("302a300506032b6570032100")


def keyring() -> Any:
    public = SIGNER.verifier.public_key
    return trust.Keyring([common.PublicKey(raw_bytes=b64encode(DER + public), key_details=common.PublicKeyDetails.PKIX_ED25519)])


def verify(receipt: Receipt) -> None:
    """Hand sigstore what it takes from a bundle: the whole log identifier, the proof, the checkpoint, the body."""
    note = receipt.checkpoint.decode()
    parsed = checkpoint.SignedCheckpoint.from_text(note).checkpoint
    proof = SimpleNamespace(
        log_index=receipt.index,
        tree_size=parsed.log_size,
        hashes=list(receipt.path),
        root_hash=bytes.fromhex(parsed.log_hash),
        checkpoint=SimpleNamespace(envelope=note),
    )
    log_id = SimpleNamespace(key_id=key_id(SIGNER.name, SIGNER.verifier.public_key))
    entry = SimpleNamespace(_inner=SimpleNamespace(inclusion_proof=proof, log_id=log_id, canonicalized_body=receipt.entry))
    merkle.verify_merkle_inclusion(entry)
    checkpoint.verify_checkpoint(keyring(), entry)


@pytest.fixture(scope="module")
def receipts() -> list[Receipt]:
    with opened() as found:
        found.record(*range(1, 12))
        return [Receipt.parse(found.get(f"receipt/{index}.tlog-proof")) for index in range(11)]


def test_honest_receipts_are_accepted(receipts: list[Receipt]) -> None:
    for receipt in receipts:
        verify(receipt)


TAMPERING: dict[str, Callable[[Receipt], Receipt]] = {
    "entry": lambda receipt: replace(receipt, entry=b"{}"),
    "tile": lambda receipt: replace(receipt, path=(bytes(32), *receipt.path[1:])),
    "size line": lambda receipt: replace(receipt, checkpoint=receipt.checkpoint.replace(b"\n11\n", b"\n12\n")),
    "signature": lambda receipt: replace(receipt, checkpoint=other_signature(receipt.checkpoint)),
    "order": lambda receipt: replace(receipt, index=receipt.index - 1),
    "fork": lambda receipt: replace(receipt, checkpoint=forked(receipt.checkpoint)),
}


@pytest.mark.parametrize("what", TAMPERING)
def test_tampered_receipts_are_rejected(receipts: list[Receipt], what: str) -> None:
    with pytest.raises(errors.VerificationError):
        verify(TAMPERING[what](receipts[5]))
