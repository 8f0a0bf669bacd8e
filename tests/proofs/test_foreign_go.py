"""The published log, verified by the note and tlog packages of the Go project (Debian: golang-go, golang-golang-x-mod-dev)."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.proofs.logs import SIGNER
from tests.proofs.published import TAMPERING, publish, rewrite

PROGRAM = Path(__file__).parent / "verify_log.go"
PACKAGES = Path("/usr/share/gocode")
REJECTED = {
    "entry": "entries: another root",
    "tile": "not what the entries give",
    "size line": "invalid signature",
    "signature": "invalid signature",
    "order": "entries: another root",
    "fork": "older checkpoint of 257 entries",
}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def verifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program, built without the network."""
    if shutil.which("go") is None or not (PACKAGES / "src/golang.org/x/mod/sumdb/tlog").exists():
        pytest.skip("Go and its module x/mod are not here (Debian: golang-go, golang-golang-x-mod-dev)")
    folder = tmp_path_factory.mktemp("go")
    # Read as a plain file of its own: GOPATH mode knows no go.mod and asks nobody.
    environment = {**os.environ, "GO111MODULE": "off", "GOPATH": str(PACKAGES), "GOCACHE": str(folder / "cache"), "GOFLAGS": "", "GOPROXY": "off"}
    subprocess.run(["go", "build", "-o", folder / "verify", PROGRAM], env=environment, cwd=folder, check=True)
    return folder / "verify"


@pytest.fixture
def files(tmp_path: Path, published_once: Path) -> Path:
    shutil.copytree(published_once, tmp_path / "log")
    return tmp_path / "log"


@pytest.fixture(scope="module")
def published_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("published") / "log"
    publish(folder)
    return folder


def verify(verifier: Path, files: Path, vkey: str = SIGNER.verifier.vkey) -> subprocess.CompletedProcess[str]:
    return subprocess.run([verifier, files, vkey], capture_output=True, text=True, check=False)


def test_the_honest_log_is_accepted(verifier: Path, files: Path) -> None:
    assert verify(verifier, files).stdout == "verified\n"


@pytest.mark.parametrize("what", TAMPERING)
def test_a_tampered_log_is_rejected(verifier: Path, files: Path, what: str) -> None:
    path, change = TAMPERING[what]
    rewrite(files, path, change)
    result = verify(verifier, files)
    assert result.returncode == 1
    assert REJECTED[what] in result.stdout


def test_a_receipt_of_another_entry_is_rejected(verifier: Path, files: Path) -> None:
    other = (files / "receipt/4.spicy").read_bytes()
    rewrite(files, "receipt/3.spicy", lambda _: other.replace(b"index 4", b"index 3"))
    assert "receipt 3" in verify(verifier, files).stdout
