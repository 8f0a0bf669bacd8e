"""`registry verify` holds every stored document against its hash."""

import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from api.cli.main import main
from api.settings import Settings
from api.stores.documents import Classification
from api.wiring import open_documents, set_up


def test_missing_and_altered_documents_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"sqlite:///{tmp_path}"
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("DOCUMENTS_FOLDER", str(tmp_path / "elsewhere"))
    set_up(url)
    documents = open_documents(Settings())
    digests = []
    for content in (b"kept", b"missing", b"altered"):
        with documents.uploading("text/plain", 100) as arriving:
            arriving.write(content)
            stored = arriving.keep()
        documents.add(stored, UUID(int=1), datetime(2026, 3, 10, tzinfo=UTC), Classification())
        digests.append(stored.hash)
    documents.close()
    assert main(["verify", "--json"]) == 0
    _, missing, altered = (tmp_path / "elsewhere" / digest[:2] / digest[2:4] / digest for digest in digests)
    missing.unlink()
    altered.unlink()
    altered.write_bytes(b"ALTERED")
    capsys.readouterr()
    assert main(["verify", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)["differences"]
    assert sorted(found) == sorted([f"Document {digests[1]}: its bytes are missing.", f"Document {digests[2]}: its bytes were altered."])
