"""Read stores to fold into: in memory, in files, in PostgreSQL."""

from collections.abc import Iterator

import pytest

from tests.read_models.folding import ReadSide


@pytest.fixture
def read_side(store_url: str) -> Iterator[ReadSide]:
    """Both read stores, empty, on every kind of database."""
    side = ReadSide(store_url)
    yield side
    side.close()


@pytest.fixture
def in_memory() -> Iterator[ReadSide]:
    """Both read stores in memory, for what depends on no database."""
    side = ReadSide("sqlite://")
    yield side
    side.close()
