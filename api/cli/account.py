"""`registry account`: who signs in with a browser, in which role."""

import argparse
import getpass
import secrets
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from api.cli.token import ROLES
from api.settings import Settings
from api.stores.access_database import AccessDatabase
from api.stores.access_log import AccessAct, AccessLog
from api.stores.accounts import Account, Accounts, AccountUnfit
from api.stores.identities import Identities, Identity
from domain.actors import Role

EXAMPLES = {
    "add": "examples:\n  registry account add --name intake-1 --role CASE_OFFICER\n  registry account add --name chief --role AUDITOR < password.txt",
    "list": "example:\n  registry account list",
    "link": "example:\n  registry account link --name intake-1 --subject 248289761001",
    "unlink": "example:\n  registry account unlink --name intake-1",
    "disable": "example:\n  registry account disable --name intake-1",
    "password": "example:\n  registry account password --name intake-1",
    "sign-out": "example:\n  registry account sign-out --name intake-1",
}
DEMONSTRATED = tuple(role for role in Role if role not in (Role.SYSTEM, Role.PUBLIC))
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Letters and digits that nobody takes for each other."""


def add_parser(verbs: Any) -> None:
    """Add the verb."""
    described = "Local accounts for people; of their passwords only hashes are kept. A password is asked for, or is the first line that is piped in."
    verb = verbs.add_parser(
        "account", help="accounts for people", description=described, epilog=EXAMPLES["add"], formatter_class=argparse.RawDescriptionHelpFormatter
    )
    acts = verb.add_subparsers(title="acts", metavar="ACT", required=True)
    add = _act(acts, "add", "add an account, with one role", _add)
    add.add_argument("--role", required=True, choices=[role for role in ROLES if role != Role.PUBLIC], metavar="R", help=", ".join(DEMONSTRATED))
    add.add_argument("--same-as", metavar="N", help="account of the same person in another role: for the register they are one (rule R31)")
    add.add_argument("--no-password", action="store_true", help="for somebody who signs in by OpenID Connect alone")
    link = _act(acts, "link", "let somebody sign in under an account by OpenID Connect", _link)
    link.add_argument("--subject", required=True, metavar="S", help="what the provider's claim (OPENID_CLAIM, by default `sub`) says of them")
    link.add_argument("--issuer", metavar="URL", help="the provider, unless it is that of OPENID_ISSUER")
    _act(acts, "unlink", "let nobody sign in under an account by OpenID Connect; its sessions end at once", _unlink)
    _act(acts, "list", "list names, roles and days", _list, named=False)
    _act(acts, "disable", "disable an account for ever; its sessions end at once", _disable)
    _act(acts, "password", "give an account another password; its sessions end at once", _password)
    _act(acts, "sign-out", "end every session of an account at once", _sign_out)


def _act(acts: Any, name: str, does: str, run: Callable[[argparse.Namespace], int], *, named: bool = True) -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    act: argparse.ArgumentParser = acts.add_parser(name, help=does, description=does.capitalize() + ".", epilog=EXAMPLES[name], formatter_class=raw)
    if named:
        act.add_argument("--name", required=True, metavar="N", help="name of the account: a function such as intake-1, not a person's name")
    act.set_defaults(func=run)
    return act


def _add(given: argparse.Namespace) -> int:
    return _changed(
        lambda database: Accounts(database).add(given.name, Role(given.role), None if given.no_password else _new_password(), given.same_as),
        AccessAct.GRANTED,
        "The account {0.name!r} signs in as {0.actor.role}, with the reference {0.actor.ref}.",
    )


def _disable(given: argparse.Namespace) -> int:
    return _changed(lambda database: Accounts(database).disable(given.name), AccessAct.WITHDRAWN, "The account {0.name!r} is disabled.")


def _password(given: argparse.Namespace) -> int:
    said = "The account {0.name!r} has another password; its sessions have ended."
    return _changed(lambda database: Accounts(database).set_password(given.name, _new_password()), AccessAct.GRANTED, said)


def _sign_out(given: argparse.Namespace) -> int:
    return _changed(lambda database: Accounts(database).sign_out(given.name), AccessAct.WITHDRAWN, "The sessions of {0.name!r} have ended.")


def _link(given: argparse.Namespace) -> int:
    settings = Settings()
    identity = Identity(given.issuer or settings.openid_issuer, settings.openid_claim, given.subject)
    said = "Whoever that is signs in as {0.actor.role} under the account {0.name!r}."
    return _changed(lambda database: Identities(database).link(given.name, identity), AccessAct.GRANTED, said)


def _unlink(given: argparse.Namespace) -> int:
    said = "Nobody signs in under {0.name!r} by OpenID Connect; its sessions have ended."
    return _changed(lambda database: Identities(database).unlink(given.name), AccessAct.WITHDRAWN, said)


def _changed(change: Callable[[AccessDatabase], Account], act: AccessAct, said: str) -> int:
    with _database() as database:
        if database is None:
            return 2
        try:
            account = change(database)
        except AccountUnfit as unfit:
            print(f"registry account: {unfit}", file=sys.stderr)
            return 2
        _note(database, act, account)
    print(said.format(account), file=sys.stderr)
    return 0


def _note(database: AccessDatabase, act: AccessAct, account: Account) -> None:
    """Note what the operator did; the reference stands for the account, whose name is nobody's business in the log."""
    AccessLog(database).note(act, str(account.actor.role), by="operator", subjects=[f"account/{account.actor.ref}"])


def _list(given: argparse.Namespace) -> int:
    with _database() as database:
        linked = Identities(database).linked() if database else frozenset()
        for account in Accounts(database).names() if database else ():
            ways = "\tlinked" if account.name in linked else ""
            state = f"disabled {account.disabled_at:%Y-%m-%d}" if account.disabled_at else "in use"
            print(f"{account.name}\t{account.actor.role}\t{account.actor.ref}\tcreated {account.created_at:%Y-%m-%d}\t{state}{ways}")
    return 0 if database else 2


def _new_password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass("New password: ")
    if getpass.getpass("The same again: ") != password:
        raise AccountUnfit("the two passwords differ; nothing was changed")
    return password


@contextmanager
def _database() -> Iterator[AccessDatabase | None]:
    url = Settings().database_url
    if url == "sqlite://":
        print("registry account: a store in memory keeps no accounts; set DATABASE_URL", file=sys.stderr)
        yield None
        return
    database = AccessDatabase(url)
    try:
        if not database.has("accounts") or not database.has("identities"):
            database.create()
        yield database
    finally:
        database.close()


# -- The demonstration ---------------------------------------------------------------------


def let_in(database_url: str) -> tuple[tuple[str, ...], str]:
    """
    Give a demonstration an account for each role, and all of them a password made now; return names and password.

    No password that anybody could know beforehand opens a store, and none is kept: the next start makes another.
    """
    password = "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(4))
    database = AccessDatabase(database_url)
    try:
        accounts = Accounts(database)
        for role in DEMONSTRATED:
            name = _demonstration_name(role)
            known = accounts.find(name)
            if known is None or known.disabled_at is None:
                account = accounts.set_password(name, password) if known else accounts.add(name, role, password)
                _note(database, AccessAct.GRANTED, account)
    finally:
        database.close()
    return tuple(map(_demonstration_name, DEMONSTRATED)), password


def _demonstration_name(role: Role) -> str:
    return role.lower().replace("_", "-")
