"""Receivers of webhooks with certificates of their own, and the register that sends to them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interfaces.webhook_house import House, opened
from tests.interfaces.webhook_receiver import Receiver, make_certificates, receiving


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(autouse=True)
def _trusted(certificates: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates / "ca.pem"))
    monkeypatch.chdir(tmp_path)  # keys of a store on PostgreSQL stand in `var`


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with opened(f"sqlite:///{tmp_path / 'store'}") as found:
        yield found


@pytest.fixture
def either(empty_url: str) -> Iterator[House]:
    """On SQLite and on PostgreSQL."""
    with opened(empty_url) as found:
        yield found


@pytest.fixture
def receiver(certificates: Path) -> Iterator[Receiver]:
    with receiving(Receiver(), certificates) as found:
        yield found
