"""Key files: private to their owner, never lost by rotation, refused when damaged; and the verb that makes them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from api.cli.main import main
from api.clocks import server_clock
from api.logs import open_logs
from api.settings import Settings
from api.stores.keys import KeyFolder, KeyRefused, default_folder
from api.stores.log_store import PUBLIC, LogStore
from api.verification import Verification
from api.wiring import open_register, set_up
from projections.transparency.notes import NoteRefused, Verifier

NAME = "register.example.eu/log"


@pytest.fixture
def keys(tmp_path: Path) -> KeyFolder:
    return KeyFolder(tmp_path / "keys")


def test_a_key_is_made_once_and_read_again(keys: KeyFolder) -> None:
    made = keys.init(PUBLIC, NAME)
    assert keys.signer(PUBLIC) == made
    assert keys.verifiers(PUBLIC) == [made.verifier]
    with pytest.raises(KeyRefused, match="has a key already"):
        keys.init(PUBLIC, NAME)


def test_key_files_are_private_whatever_the_mask_says(keys: KeyFolder) -> None:
    before = os.umask(0)
    try:
        keys.init(PUBLIC, NAME)
    finally:
        os.umask(before)
    assert {file.stat().st_mode & 0o777 for file in keys.folder.iterdir()} == {0o600}
    assert keys.folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o700, 0o666])
def test_a_key_that_others_may_read_is_refused(keys: KeyFolder, mode: int) -> None:
    keys.init(PUBLIC, NAME)
    file = keys.folder / "public.key"
    file.chmod(mode)
    with pytest.raises(KeyRefused, match="chmod 600"):
        keys.signer(PUBLIC)
    file.chmod(0o400)
    assert keys.signer(PUBLIC).name == NAME


def test_rotation_replaces_the_key_and_keeps_every_verifier_key(keys: KeyFolder) -> None:
    made = [keys.init(PUBLIC, NAME), keys.rotate(PUBLIC), keys.rotate(PUBLIC)]
    assert keys.signer(PUBLIC) == made[-1]
    assert keys.verifiers(PUBLIC) == [signer.verifier for signer in made]
    assert len({signer.seed for signer in made}) == 3
    assert {signer.name for signer in made} == {NAME}
    files = b"".join(file.read_bytes() for file in keys.folder.iterdir())
    assert files.count(b"PRIVATE") == 1


def test_missing_and_damaged_keys_are_refused_with_advice(keys: KeyFolder) -> None:
    with pytest.raises(KeyRefused, match="keys init"):
        keys.signer(PUBLIC)
    keys.init(PUBLIC, NAME)
    file = keys.folder / "public.key"
    whole = file.read_text()
    for damaged in ("", "x", whole[:-9], whole.replace(NAME, "other.example/log"), whole.replace("PRIVATE", "PUBLIC"), "\x00"):
        file.write_text(damaged)
        with pytest.raises(KeyRefused):
            keys.signer(PUBLIC)
    file.write_text(whole)
    (keys.folder / "public.vkeys").write_text("")
    with pytest.raises(KeyRefused, match="restore the two files together"):
        keys.signer(PUBLIC)
    (keys.folder / "public.vkeys").unlink()
    with pytest.raises(KeyRefused, match="no list"):
        keys.signer(PUBLIC)


def test_a_name_that_no_key_can_have_makes_no_file(keys: KeyFolder) -> None:
    with pytest.raises(NoteRefused):
        keys.init(PUBLIC, "a name")
    assert not keys.folder.exists()


@pytest.mark.parametrize(
    ("url", "folder"),
    [
        ("sqlite:///var", "var/keys"),
        ("sqlite:////srv/register", "/srv/register/keys"),
        ("sqlite://", "var/keys"),
        ("postgresql://host/db", "var/keys"),
    ],
)
def test_keys_lie_beside_the_stores_unless_told_otherwise(url: str, folder: str) -> None:
    assert default_folder(url) == Path(folder)


# -- The verb ----------------------------------------------------------------------------

RUN = "import argparse, sys; from api.cli import keys; p = argparse.ArgumentParser(); keys.add_parser(p.add_subparsers(required=True)); "
RUN += "given = p.parse_args(sys.argv[1:]); sys.exit(given.func(given))"


def registry(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DATABASE_URL": url}
    return subprocess.run([sys.executable, "-c", RUN, "keys", *arguments], env=environment, capture_output=True, text=True, check=False)


def test_the_verb_makes_shows_and_rotates_keys(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}"
    assert registry(url, "init").returncode == 2, "nobody has chosen an origin yet"
    assert registry(url, "show").returncode == 1
    first = registry(url, "init", "--origin", NAME)
    assert first.returncode == 0
    assert Verifier.parse(first.stdout.strip()).name == NAME
    assert registry(url, "init", "--origin", NAME).returncode == 1
    second = registry(url, "rotate")
    assert registry(url, "show").stdout == first.stdout + second.stdout
    assert "PRIVATE" not in first.stdout + second.stdout + second.stderr


def test_the_verb_takes_the_origin_that_the_store_keeps(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}"
    store = LogStore(url)
    store.create()
    store.choose_origin("kept.example/log")
    store.close()
    assert registry(url, "init", "--origin", NAME).returncode == 2
    assert registry(url, "init").stdout.startswith("kept.example/log+")


@pytest.mark.parametrize("lost", [["public.key"], ["public.key", "public.vkeys"], ["case.key"]])
def test_the_service_does_not_go_on_without_a_key_that_it_had(
    lost: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(database_url=f"sqlite:///{tmp_path}/store")
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    set_up(settings.database_url)
    register = open_register(settings)
    register.create(server_clock(), demonstration=False)
    logs = open_logs(settings, register)
    logs.follower.catch_up()
    logs.close()
    folder = tmp_path / "store" / "keys"
    kept = {path.name: path.read_bytes() for path in folder.iterdir()}
    for name in lost:
        (folder / name).unlink()
    with pytest.raises(KeyRefused, match="is lost: restore it from the backup"):
        open_logs(settings, register)
    assert main(["serve"]) == 2
    assert "registry serve: The key" in capsys.readouterr().err
    assert sorted(path.name for path in folder.iterdir()) == sorted(kept.keys() - set(lost))
    # A new key, with the old one's verifier key kept or put back, verifies old checkpoints and signs on.
    assert main(["keys", "init", "--log", lost[0].removesuffix(".key")]) == 0
    if "public.vkeys" in lost:
        (folder / "public.vkeys").write_bytes(kept["public.vkeys"] + (folder / "public.vkeys").read_bytes())
    logs = open_logs(settings, register)
    logs.follower.catch_up()
    logs.close()
    register.follower.catch_up()
    register.close()
    assert list(Verification(settings).differences()) == []
