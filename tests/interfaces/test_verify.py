"""`registry verify` finds nothing in an honest store, and names what was altered in another."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from api.cli.main import main
from api.logs import open_logs
from api.settings import Settings
from api.stores.access_database import AccessDatabase
from api.stores.access_log import AccessAct, AccessLog
from api.wiring import open_register, set_up
from projections.store import moment_of
from tests.rules.test_dockets import DOCKETS

DOCKET = next(path for path in DOCKETS if path.stem == "listing-correction")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a docket, its read models, its logs and seals."""
    folder = tmp_path_factory.mktemp("honest")
    url = f"sqlite:///{folder}"
    set_up(url)
    assert main(["replay", str(DOCKET), "--database", url]) == 0
    settings = Settings(database_url=url)
    register = open_register(settings)
    logs = open_logs(settings, register)
    assert logs.publish_seals(moment_of(register.recorder.last_recorded_at() or 0) + timedelta(days=3))
    logs.follower.catch_up()
    register.follower.catch_up()
    logs.close()
    register.close()
    access = AccessLog(AccessDatabase(url))
    access.note(AccessAct.READ, by="token", subjects=["law"])
    access.close()
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


NOTE = "UPDATE {table} SET note = CAST(REPLACE(CAST(note AS TEXT), 'log', 'lag') AS BLOB)"
A_SEAL = "WHERE length(places) = (SELECT max(length(places)) FROM seals)"
TAMPERING: dict[str, tuple[Callable[[Path], None], str]] = {
    "an access": (lambda folder: altered(folder / "access.db", "UPDATE access_log SET act = 'SIGNED_OUT'"), "access log, row 1"),
    "a word in a stored event": (
        lambda folder: altered(
            folder / "events.db",
            "UPDATE stored_events SET state = CAST(REPLACE(CAST(state AS TEXT), 'Alpha', 'Omega') AS BLOB) WHERE topic = 'ListEntryPublished'",
        ),
        "leaf",
    ),
    "an event taken out": (lambda folder: altered(folder / "events.db", "DELETE FROM stored_events WHERE topic = 'NotificationReceived'"), "version"),
    "a row of the list": (lambda folder: altered(folder / "public.db", "UPDATE entries SET body = REPLACE(body, 'Alpha', 'Omega')"), "table entries"),
    "a status": (
        lambda folder: altered(folder / "views.db", "UPDATE status_spans SET status = 'CLEARED' WHERE status = 'CLASSIFIED'"),
        "status_spans",
    ),
    "a published leaf": (lambda folder: altered(folder / "public.db", "DELETE FROM log_bundles WHERE number = 0"), ""),
    "a published size": (lambda folder: altered(folder / "public.db", "UPDATE log_checkpoint SET size = size - 1"), "published"),
    "a published checkpoint": (
        lambda folder: altered(folder / "public.db", NOTE.format(table="log_checkpoint")),
        "published",
    ),
    "a published tile": (
        lambda folder: altered(folder / "public.db", "UPDATE log_tiles SET hashes = zeroblob(32) WHERE level = 0"),
        "published tile",
    ),
    "a kept key": (lambda folder: altered(folder / "public.db", "UPDATE log_keys SET vkey = REPLACE(vkey, 'log', 'lag')"), "verifier key"),
    "a time of recording": (
        lambda folder: altered(folder / "events.db", "UPDATE stored_events SET recorded_at = recorded_at + 1 WHERE topic = 'NotificationReceived'"),
        "another time",
    ),
    "the stream of an event": (
        lambda folder: altered(folder / "events.db", "UPDATE stored_events SET originator_id = lower(hex(randomblob(16))) WHERE rowid = 9"),
        "another stream",
    ),
    "the type of an event": (
        lambda folder: altered(folder / "events.db", "UPDATE stored_events SET topic = 'Nothing' WHERE topic = 'NotificationReceived'"),
        "cannot be read",
    ),
    "a promised root": (lambda folder: altered(folder / "log.db", "UPDATE trees SET root = zeroblob(32) WHERE log = 'case'"), "another size or root"),
    "a signed note": (
        lambda folder: altered(folder / "log.db", NOTE.format(table="checkpoints") + " WHERE log = 'public' AND serial = 1"),
        "does not hold",
    ),
    "a tile": (lambda folder: altered(folder / "log.db", "UPDATE tiles SET hashes = zeroblob(32) WHERE log = 'public' AND level = 0"), "stored tile"),
    "a nonce of the log of the cases": (
        lambda folder: altered(
            folder / "log.db",
            "UPDATE leaves SET entry = CAST(REPLACE(CAST(entry AS TEXT), '\"nonce\":\"', '\"nonce\":\"0') AS BLOB) WHERE log = 'case' AND number = 3",
        ),
        "log of the cases: leaf 3",
    ),
    "how many events a case has": (
        lambda folder: altered(folder / "log.db", "UPDATE heads SET n = n + 1 WHERE log = 'case' AND file LIKE 'case/%'"),
        "heads",
    ),
    "the salt of a seal": (lambda folder: altered(folder / "log.db", f"UPDATE seals SET salt = zeroblob(32) {A_SEAL}"), "its secrets"),
    "the seed of a seal": (lambda folder: altered(folder / "log.db", f"UPDATE seals SET seed = zeroblob(32) {A_SEAL}"), "its secrets"),
    "the checkpoint of a seal": (lambda folder: altered(folder / "log.db", f"UPDATE seals SET checkpoint = x'00' {A_SEAL}"), "never signed"),
    "the places of a seal": (
        lambda folder: altered(folder / "log.db", f"UPDATE seals SET places = zeroblob(length(places)) {A_SEAL}"),
        "have one place",
    ),
    "a seal that is gone": (lambda folder: altered(folder / "log.db", f"DELETE FROM seals {A_SEAL}"), "can never be opened"),
}


@pytest.mark.parametrize("name", TAMPERING)
def test_what_was_altered_is_named(name: str, store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    alter, word = TAMPERING[name]
    alter(store)
    status, found = verified(capsys)
    assert status == 1
    assert any(word in sentence.lower() for sentence in found), found


def test_a_verification_goes_on_from_a_day_and_says_what_it_left_out(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "--since", "2026-04-01"]) == 0
    assert "what was recorded before 2026-04-01" in capsys.readouterr().err
    altered(store / "events.db", "UPDATE stored_events SET recorded_at = recorded_at + 1 WHERE rowid = (SELECT max(rowid) FROM stored_events)")
    assert main(["verify", "--since", "2026-04-01"]) == 1
    assert main(["verify", "--since", "2026-06-01"]) == 0
    # What an earlier verification went over is believed; what it led to has to hold all the same.
    altered(store / "log.db", "UPDATE tiles SET hashes = zeroblob(length(hashes)) WHERE log = 'public' AND level = 0")
    assert main(["verify", "--since", "2026-06-01"]) == 1


def test_a_day_that_is_none_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["verify", "--since", "yesterday"])
    assert stopped.value.code == 2
    assert "--since" in capsys.readouterr().err
