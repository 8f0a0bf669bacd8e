"""The checkpoint and its receipts, verified by the note and Merkle modules of PyPI's sigstore."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from projections.transparency.proofs import Receipt
from tests.proofs.foreign import errors, verified_by_sigstore
from tests.proofs.logs import opened
from tests.proofs.published import forked, other_signature


@pytest.fixture(scope="module")
def receipts() -> list[Receipt]:
    with opened() as found:
        found.record(*range(1, 12))
        return [Receipt.parse(found.get(f"receipt/{index}.tlog-proof")) for index in range(11)]


def test_honest_receipts_are_accepted(receipts: list[Receipt]) -> None:
    for receipt in receipts:
        verified_by_sigstore(receipt)


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
        verified_by_sigstore(TAMPERING[what](receipts[5]))
