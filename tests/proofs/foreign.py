"""Receipts handed to verifiers that nobody here wrote: the note and Merkle modules of PyPI's sigstore."""

from __future__ import annotations

from base64 import b64encode
from types import SimpleNamespace
from typing import Any

import pytest

from projections.transparency.notes import key_id
from projections.transparency.proofs import Receipt
from tests.proofs.logs import SIGNER

merkle = pytest.importorskip("sigstore._internal.merkle", reason="PyPI's sigstore is not installed")
checkpoint = pytest.importorskip("sigstore._internal.rekor.checkpoint")
trust = pytest.importorskip("sigstore._internal.trust")
common = pytest.importorskip("sigstore_models.common.v1")
errors = pytest.importorskip("sigstore.errors")

DER = bytes.fromhex("302a300506032b6570032100")


def keyring() -> Any:
    public = SIGNER.verifier.public_key
    return trust.Keyring([common.PublicKey(raw_bytes=b64encode(DER + public), key_details=common.PublicKeyDetails.PKIX_ED25519)])


def verified_by_sigstore(receipt: Receipt) -> None:
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
