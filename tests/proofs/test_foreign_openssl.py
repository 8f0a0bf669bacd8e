"""The checkpoint's signature and a whole receipt, verified with the program openssl and nothing of ours."""

from __future__ import annotations

import shutil
import subprocess
from base64 import b64decode
from pathlib import Path

import pytest

from tests.proofs.logs import ORIGIN, SIGNER, opened
from tests.proofs.published import forked, other_signature

PREFIX = bytes.fromhex("302a300506032b6570032100")
"""What stands before an Ed25519 key in DER (RFC 8410)."""


@pytest.fixture(autouse=True)
def _openssl() -> None:
    if shutil.which("openssl") is None:
        pytest.skip("the program openssl is not here")


@pytest.fixture(scope="module")
def receipts() -> list[bytes]:
    with opened() as found:
        found.record(*range(1, 8))
        return [found.get(f"receipt/{index}.tlog-proof") for index in range(7)]


def accepted(note: bytes, folder: Path, vkey: str = SIGNER.verifier.vkey) -> bool:
    """Cut text and signature out of the note with plain string work, and let openssl decide."""
    text, _, lines = note.decode().partition("\n\n")
    name, _, key = vkey.split("+", 2)
    mark, signer, encoded = lines.split("\n")[0].split(" ")
    assert (mark, signer) == ("—", name)
    (folder / "key.der").write_bytes(PREFIX + b64decode(key)[1:])
    (folder / "text").write_text(text + "\n", encoding="utf-8")
    (folder / "signature").write_bytes(b64decode(encoded)[4:])
    command = "openssl pkeyutl -verify -pubin -keyform DER -inkey key.der -rawin -in text -sigfile signature"
    return subprocess.run(command.split(), cwd=folder, capture_output=True, check=False).returncode == 0


def digest(data: bytes) -> bytes:
    return subprocess.run(["openssl", "dgst", "-sha256", "-binary"], input=data, capture_output=True, check=True).stdout


def root_from(receipt: bytes) -> tuple[bytes, bytes]:
    """Walk from the entry to the root as RFC 9162, section 2.1.3.2, says; return it and the checkpoint's."""
    head, _, checkpoint = receipt.decode().partition("\n\n")
    _, extra, index, *path = head.split("\n")
    size, root = checkpoint.split("\n")[1:3]
    at, last = int(index.split()[1]), int(size) - 1
    found = digest(b"\x00" + b64decode(extra.split()[1]))
    for sibling in map(b64decode, path):
        left = at % 2 == 1 or at == last
        found = digest(b"\x01" + (sibling + found if left else found + sibling))
        while left and at % 2 == 0 and at:
            at, last = at // 2, last // 2
        at, last = at // 2, last // 2
    return found, b64decode(root)


def test_the_honest_checkpoint_and_its_receipts_are_accepted(receipts: list[bytes], tmp_path: Path) -> None:
    for receipt in receipts:
        note = receipt.partition(b"\n\n")[2]
        assert note.startswith(ORIGIN.encode() + b"\n7\n")
        assert accepted(note, tmp_path)
        found, root = root_from(receipt)
        assert found == root


def test_tampered_checkpoints_are_rejected(receipts: list[bytes], tmp_path: Path) -> None:
    note = receipts[0].partition(b"\n\n")[2]
    assert not accepted(note.replace(b"\n7\n", b"\n8\n"), tmp_path)
    assert not accepted(other_signature(note), tmp_path)


def test_tampered_entries_orders_and_forks_lead_to_another_root(receipts: list[bytes], tmp_path: Path) -> None:
    for one, other in ((b"extra ", b"extra AAAA"), (b"\nindex 3\n", b"\nindex 2\n")):
        found, root = root_from(receipts[3].replace(one, other))
        assert found != root
    note = receipts[3].partition(b"\n\n")[2]
    fork = forked(note)
    assert accepted(fork, tmp_path), "the key itself told another story"
    found, root = root_from(receipts[3].replace(note, fork))
    assert found != root
