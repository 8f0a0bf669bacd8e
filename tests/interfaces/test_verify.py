"""`registry verify` finds nothing in an honest store, and names what was altered in another."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from api.cli.main import main
from api.settings import Settings
from api.wiring import open_log, open_register, set_up
from tests.rules.test_dockets import DOCKETS

DOCKET = next(path for path in DOCKETS if path.stem == "flow-arguments-rejected")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a docket, its read models and its log."""
    folder = tmp_path_factory.mktemp("honest")
    url = f"sqlite:///{folder}"
    set_up(url)
    assert main(["replay", str(DOCKET), "--database", url]) == 0
    settings = Settings(database_url=url)
    register = open_register(settings)
    log = open_log(settings, register)
    log.follower.catch_up()
    log.close()
    register.close()
    return folder


@pytest.fixture
def store(honest: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy to alter."""
    folder = tmp_path / "store"
    shutil.copytree(honest, folder)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{folder}")
    return folder


def altered(file: Path, *statements: str) -> None:
    """Alter a store as somebody with the file would: triggers do not stop them."""
    connection = sqlite3.connect(file)
    for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f'DROP TRIGGER "{trigger}"')
    for statement in statements:
        assert connection.execute(statement).rowcount > 0, statement
    connection.commit()
    connection.close()


def verified(capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    capsys.readouterr()
    status = main(["verify", "--json"])
    return status, json.loads(capsys.readouterr().out)["differences"]


def test_an_honest_store_has_no_differences(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verified(capsys) == (0, [])


TAMPERING: dict[str, tuple[Callable[[Path], None], str]] = {
    "a word in a stored event": (
        lambda folder: altered(
            folder / "events.db",
            "UPDATE stored_events SET state = CAST(REPLACE(CAST(state AS TEXT), 'Alpha', 'Omega') AS BLOB) WHERE topic = 'ListEntryPublished'",
        ),
        "leaf",
    ),
    "an event taken out": (lambda folder: altered(folder / "events.db", "DELETE FROM stored_events WHERE topic = 'ProviderHeard'"), "version"),
    "a row of the list": (lambda folder: altered(folder / "public.db", "UPDATE entries SET body = REPLACE(body, 'Alpha', 'Omega')"), "table entries"),
    "a status": (
        lambda folder: altered(folder / "views.db", "UPDATE status_spans SET status = 'CLEARED' WHERE status = 'CLASSIFIED'"),
        "status_spans",
    ),
    "a published leaf": (lambda folder: altered(folder / "public.db", "DELETE FROM log_bundles WHERE number = 0"), ""),
    "a signed checkpoint": (lambda folder: altered(folder / "public.db", "UPDATE log_checkpoint SET size = size - 1"), ""),
}


@pytest.mark.parametrize("name", TAMPERING)
def test_what_was_altered_is_named(name: str, store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    alter, word = TAMPERING[name]
    alter(store)
    status, found = verified(capsys)
    assert status == 1
    assert any(word in sentence.lower() for sentence in found), found
