"""`registry person`: what the vault has of persons, and erasing it."""

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from pydantic import ValidationError

from api.clocks import server_clock
from api.persons import Persons
from api.settings import Settings
from api.stores.access_log import AccessAct
from api.stores.keys import KeyRefused
from api.stores.vault import PersonalData, StillOnDisk
from api.wiring import demonstration_clock, open_door, open_persons, open_register, open_vault
from domain.actors import Actor, Role
from domain.errors import Malformed, NotInRegister, TooBusy
from domain.ids import STREAMS

EXAMPLES = {
    "add": 'example:\n  echo \'{"name": "Ada Example", "e_mail": "ada@example.org"}\' | registry person add',
    "show": "example:\n  registry person show 3f2b8a1e-5c1d-4e7a-9b60-0d8f1f3c2a10",
    "erase": "example:\n  registry person erase 3f2b8a1e-5c1d-4e7a-9b60-0d8f1f3c2a10 --scope CONTACT",
}
OPERATOR = Actor(uuid5(STREAMS, "actor:command-line"), Role.CASE_OFFICER)
"""Whoever works on the command line; the file system and the database say who may."""
GROUND = "Regulation (EU) 2018/1725, Article 19(1)(a)"


@dataclass(frozen=True, slots=True)
class Office:
    """What the verb works with."""

    persons: Persons
    at: datetime
    settings: Settings


def add_parser(verbs: Any) -> None:
    """Add the verb."""
    described = "Names, e-mail addresses and telephone numbers, kept in the vault alone; events carry references."
    verb = verbs.add_parser(
        "person", help="persons in the vault", description=described, epilog=EXAMPLES["erase"], formatter_class=argparse.RawDescriptionHelpFormatter
    )
    acts = verb.add_subparsers(title="acts", metavar="ACT", required=True)
    _act(acts, "add", "keep a person, read as JSON (name, e_mail, telephone) from standard input, and print the reference", _add)
    _act(acts, "show", "print what the vault has of a person; it is noted", _show).add_argument("ref", metavar="REF", type=_ref)
    erase = _act(acts, "erase", "destroy the data of a person, and record it on every file that names them", _erase)
    erase.add_argument("ref", metavar="REF", type=_ref)
    erase.add_argument("--scope", choices=["ALL", "CONTACT"], default="ALL", help="everything, or e-mail address and telephone number only")
    erase.add_argument("--ground", default=GROUND, help="the legal ground to be recorded; never a name")


def _act(acts: Any, name: str, does: str, run: Any) -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    act: argparse.ArgumentParser = acts.add_parser(name, help=does, description=does.capitalize() + ".", epilog=EXAMPLES[name], formatter_class=raw)
    act.set_defaults(func=lambda given: _answered(run, given))
    return act


def _ref(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise argparse.ArgumentTypeError("a person is named by a reference such as 3f2b8a1e-5c1d-4e7a-9b60-0d8f1f3c2a10") from None


def _answered(run: Any, given: argparse.Namespace) -> int:
    try:
        with _office() as office:
            return int(run(office, given)) if office else 2
    except (NotInRegister, Malformed, TooBusy, KeyRefused, StillOnDisk) as error:
        print(f"registry person: {error}", file=sys.stderr)
        return 1


def _add(office: Office, given: argparse.Namespace) -> int:
    try:
        data = PersonalData.model_validate_json(sys.stdin.read())
    except ValidationError as error:
        for problem in error.errors(include_url=False, include_input=False):  # nothing that was given is repeated
            field = ".".join(map(str, problem["loc"])) or "input"
            print(f"registry person: {field}: {problem['msg'].removeprefix('Value error, ')}", file=sys.stderr)
        return 2
    print(office.persons.vault.add(data, office.at))
    return 0


def _show(office: Office, given: argparse.Namespace) -> int:
    person = office.persons.vault.find(given.ref)
    if person is None:
        raise NotInRegister(f"the vault has no person {given.ref}")
    door = open_door(office.settings)
    door.log.note(AccessAct.READ, by="cli", actor=OPERATOR, subjects=[f"person/{given.ref}"])
    door.close()
    if person.data is None:
        print(f"The data of this person are restricted since {person.restricted_at:%Y-%m-%d}; they are kept, and shown to nobody.", file=sys.stderr)
        return 1
    print(json.dumps(person.data.model_dump(exclude_none=True), ensure_ascii=False, indent=2))
    return 0


def _erase(office: Office, given: argparse.Namespace) -> int:
    try:
        recorded = office.persons.erase(given.ref, given.scope, OPERATOR, office.at, given.ground)
    except ValidationError:
        print("registry person: --ground must be one line of at most 500 characters", file=sys.stderr)
        return 2
    office.persons.follower.catch_up()
    for event in recorded.events if recorded else ():
        print(f"{event.topic} recorded on {event.stream}")
    done = "Key and row are destroyed." if given.scope == "ALL" else "E-mail address and telephone number are destroyed."
    print(f"{done} Documents and backups are not searched: redact or remove what they say of this person.", file=sys.stderr)
    return 0


@contextmanager
def _office() -> Iterator[Office | None]:
    settings = Settings()
    if settings.database_url == "sqlite://":
        print("registry person: a store in memory keeps no persons; set DATABASE_URL", file=sys.stderr)
        yield None
        return
    register, vault = open_register(settings), open_vault(settings)
    try:
        register.follower.catch_up()
        at = demonstration_clock(register) if register.demonstration else server_clock()
        yield Office(open_persons(settings, register, vault), at, settings)
    finally:
        vault.close()
        register.close()
