"""`registry keys`: the keys that sign the logs."""

import argparse
import sys
from pathlib import Path
from typing import Any

from api.settings import Settings
from api.stores.keys import KeyFolder, KeyRefused, default_folder
from api.stores.log_store import CASES, PUBLIC, LogStore
from api.stores.vault_key import VaultKey
from projections.transparency.notes import NoteRefused

EXAMPLES = {
    "init": "example:\n  registry keys init --origin register.example.eu/log",
    "rotate": "example:\n  registry keys rotate",
    "show": "example:\n  registry keys show > register.vkey",
}
LOGS = (PUBLIC, CASES)


def add_parser(verbs: Any) -> None:
    """Add the verb."""
    described = "The Ed25519 keys that sign the checkpoints of the logs; files outside the database that only their owner may read."
    verb = verbs.add_parser(
        "keys", help="keys that sign the log", description=described, epilog=EXAMPLES["init"], formatter_class=argparse.RawDescriptionHelpFormatter
    )
    acts = verb.add_subparsers(title="acts", metavar="ACT", required=True)
    init = _act(acts, "init", "make the first key of a log", _init)
    init.add_argument("--vault", action="store_true", help="make the master key of the vault of persons instead, before its first use makes it")
    init.add_argument("--origin", help="name of log and key: its public address without scheme; chosen once and kept")
    _act(acts, "rotate", "make the next key; old checkpoints stay verifiable, and the service takes it when it starts again", _rotate)
    _act(acts, "show", "print the verifier keys, oldest first, the last one in use", _show)


def _act(acts: Any, name: str, does: str, run: Any) -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    act: argparse.ArgumentParser = acts.add_parser(name, help=does, description=does.capitalize() + ".", epilog=EXAMPLES[name], formatter_class=raw)
    act.add_argument("--log", choices=LOGS, default=PUBLIC, help="which log; the public one by default")
    act.add_argument("--folder", type=Path, help="where the keys are; by default `keys` beside the stores")
    act.set_defaults(func=run)
    return act


def _folder(given: argparse.Namespace) -> KeyFolder:
    return KeyFolder(given.folder or default_folder(Settings().database_url))


def _init(given: argparse.Namespace) -> int:
    if given.vault:
        return _init_vault(given)
    origin = kept_origin(given.log)
    if given.origin and origin and given.origin != origin:
        return _refuse(f"the origin of this log is {origin}; it was chosen when the register was created", 2)
    if not (name := given.origin or origin):
        return _refuse("this log has no origin yet: give --origin, for example register.example.eu/log", 2)
    try:
        signer = _folder(given).init(given.log, name)
    except (KeyRefused, NoteRefused) as refused:
        return _refuse(str(refused), 1)
    print(signer.verifier.vkey)
    return 0


def _init_vault(given: argparse.Namespace) -> int:
    key = VaultKey(_folder(given).folder)
    try:
        key.init()
    except KeyRefused as refused:
        return _refuse(str(refused), 1)
    print(f"{key.file} opens the vault. Keep a copy of it apart from the backups of the database.", file=sys.stderr)
    return 0


def _rotate(given: argparse.Namespace) -> int:
    try:
        signer = _folder(given).rotate(given.log)
    except KeyRefused as refused:
        return _refuse(str(refused), 1)
    print(signer.verifier.vkey)
    print("The service signs with this key when it starts again.", file=sys.stderr)
    return 0


def _show(given: argparse.Namespace) -> int:
    try:
        verifiers = _folder(given).verifiers(given.log)
    except KeyRefused as refused:
        return _refuse(str(refused), 1)
    for verifier in verifiers:
        print(verifier.vkey)
    return 0


def kept_origin(log: str) -> str | None:
    """Return the origin that the store of the logs keeps, None while there is none."""
    store = LogStore(Settings().database_url, log)
    try:
        return store.origin() if store.is_created() else None
    finally:
        store.close()


def _refuse(why: str, status: int) -> int:
    print(f"registry keys: {why}", file=sys.stderr)
    return status
