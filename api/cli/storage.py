"""`registry migrate` and `registry rebuild`: setting up stores and read models."""

import argparse
import sys
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from api.read_models import PROJECTIONS, rebuild
from api.settings import Settings
from api.wiring import set_up

T = TypeVar("T")


def add_parser(verbs: Any) -> None:
    """Add the verbs."""
    raw = argparse.RawDescriptionHelpFormatter
    verb = verbs.add_parser(
        "migrate",
        help="set up the stores",
        description="Create stores and tables unless they are there; build read models of another version anew.",
        epilog="example:\n  DATABASE_URL=postgresql://localhost/register registry migrate --role register_app",
        formatter_class=raw,
    )
    verb.add_argument("--role", help="on PostgreSQL: the role of the web processes, which may read and append and nothing else")
    verb.add_argument("--public-role", help="on PostgreSQL: the role of public processes, which may read the published list and nothing else")
    verb.set_defaults(func=_migrate)
    verb = verbs.add_parser(
        "rebuild",
        help="rebuild read models",
        description="Fold all events into fresh tables while readers keep the old ones, then switch over.",
        epilog="example:\n  registry rebuild --projection published_list",
        formatter_class=raw,
    )
    verb.add_argument("--projection", choices=sorted(PROJECTIONS), help="rebuild only the read store that holds this projection")
    verb.set_defaults(func=_rebuild)


def _migrate(given: argparse.Namespace) -> int:
    settings = Settings()
    set_up(settings.database_url, given.role, given.public_role)
    return 0


def _rebuild(given: argparse.Namespace) -> int:
    count = rebuild(Settings().database_url, given.projection, _show)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    print(f"Rebuilt from {count} events.", file=sys.stderr)
    return 0


def _show(position: int, head: int) -> None:
    """Show how far a rebuild is, on a terminal only."""
    if sys.stderr.isatty():
        print(f"\r{position} of {head} events", end="", file=sys.stderr, flush=True)


def progress(things: Iterable[T], what: str, unit: str) -> Iterator[T]:
    """Count things as they pass, on a terminal only."""
    shown = sys.stderr.isatty()
    n = 0
    for n, thing in enumerate(things, start=1):
        if shown and n % 25 == 0:
            print(f"\r{what}: {n} {unit}", end="", file=sys.stderr, flush=True)
        yield thing
    if shown:
        print(f"\r{what}: {n} {unit}", file=sys.stderr)
