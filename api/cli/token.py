"""`registry token`: who may send requests to the register, in which role."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from api.settings import Settings
from api.stores.tokens import NameUnfit, Token, TokenStore
from domain.actors import Role

EXAMPLES = {
    "create": "example:\n  registry token create --role CASE_OFFICER --name intake --days 90 > intake.token",
    "list": "example:\n  registry token list",
    "revoke": "example:\n  registry token revoke --name intake",
}
MOST_DAYS = 3_650
ROLES = [str(role) for role in Role if role is not Role.SYSTEM]


def add_parser(verbs: Any) -> None:
    """Add the verb."""
    described = "Personal tokens for programs and scripts; only their hashes are kept."
    verb = verbs.add_parser(
        "token", help="tokens for programs", description=described, epilog=EXAMPLES["create"], formatter_class=argparse.RawDescriptionHelpFormatter
    )
    acts = verb.add_subparsers(title="acts", metavar="ACT", required=True)
    create = _act(acts, "create", "issue a token and print it, this one time", _create)
    create.add_argument("--role", required=True, choices=ROLES, metavar="R", help=", ".join(ROLES))
    create.add_argument("--name", required=True, metavar="N", help="by which the token is listed and revoked; it keeps its actor from token to token")
    create.add_argument("--days", type=_days, metavar="D", help="how many days it lasts; without, until it is revoked")
    _act(acts, "list", "list names, roles and days; never a token", _list)
    revoke = _act(acts, "revoke", "revoke every token of a name; it works at once", _revoke)
    revoke.add_argument("--name", required=True, metavar="N")


def _days(text: str) -> timedelta:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_DAYS:
        raise argparse.ArgumentTypeError(f"a token lasts from 1 to {MOST_DAYS} days, not {text!r}")
    return timedelta(days=int(text))


def _act(acts: Any, name: str, does: str, run: Any) -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    act: argparse.ArgumentParser = acts.add_parser(name, help=does, description=does.capitalize() + ".", epilog=EXAMPLES[name], formatter_class=raw)
    act.set_defaults(func=run)
    return act


def _create(given: argparse.Namespace) -> int:
    with _store() as tokens:
        if tokens is None:
            return 2
        try:
            token = tokens.issue(Role(given.role), given.name, lasts=given.days)
        except NameUnfit as unfit:
            print(f"registry token: {unfit}", file=sys.stderr)
            return 2
    print(token)
    print(f"This is the token of {given.name!r} as {given.role}. It is shown this one time; send it as `Authorization: Bearer ...`.", file=sys.stderr)
    return 0


def _list(given: argparse.Namespace) -> int:
    with _store() as tokens:
        for token in tokens.names() if tokens else ():
            print(_line(token))
    return 2 if tokens is None else 0


def _line(token: Token) -> str:
    until = f"{token.revoked_at:%Y-%m-%d}" if token.revoked_at else ""
    state = f"revoked or ended {until}" if not token.is_valid else f"valid until {until}" if until else "valid"
    return f"{token.name}\t{token.role}\t{token.actor_ref}\tcreated {token.created_at:%Y-%m-%d}\t{state}"


def _revoke(given: argparse.Namespace) -> int:
    with _store() as tokens:
        if tokens is None:
            return 2
        count = tokens.revoke(given.name)
    print(f"{count} revoked." if count else f"No valid token has the name {given.name!r}.", file=sys.stderr)
    return 0 if count else 1


@contextmanager
def _store() -> Iterator[TokenStore | None]:
    url = Settings().database_url
    if url == "sqlite://":
        print("registry token: a store in memory keeps no tokens; set DATABASE_URL", file=sys.stderr)
        yield None
        return
    tokens = TokenStore(url)
    try:
        if not tokens.is_created():
            tokens.create()
        yield tokens
    finally:
        tokens.close()
