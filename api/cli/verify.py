"""`registry verify`: recompute everything from the events, and say precisely what differs."""

import argparse
import json
import sys
from datetime import date
from typing import Any

from api.settings import Settings
from api.verification import Verification

EXAMPLE = "examples:\n  registry verify\n  registry verify --since 2026-11-01 --json"
BELIEVED = "Not looked at: read models, and what was recorded before {since}; `registry verify` alone verifies everything."


def add_parser(verbs: Any) -> None:
    """Add the verb."""
    verb = verbs.add_parser(
        "verify", help="recompute everything", description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verb.add_argument("--json", action="store_true", help="print one object")
    verb.add_argument("--since", type=date.fromisoformat, metavar="DATE", help="continue an earlier verification: what was recorded from this day on")
    verb.set_defaults(func=run)


def run(given: argparse.Namespace) -> int:
    """Verify; 1 when anything differs."""
    found = list(Verification(Settings(), given.since, _show).differences())
    _clear()
    if given.json:
        since = given.since.isoformat() if given.since else None
        print(json.dumps({"ok": not found, "since": since, "differences": found}, ensure_ascii=False))
        return 1 if found else 0
    for sentence in found:
        print(sentence)
    if given.since:
        print(BELIEVED.format(since=given.since), file=sys.stderr)
    print("Everything is as the events say." if not found else f"{len(found)} differences.", file=sys.stderr)
    return 1 if found else 0


def _show(what: str) -> None:
    """Show what is looked at, on a terminal only."""
    if sys.stderr.isatty():
        print(f"\rverifying {what}\033[K", end="", file=sys.stderr, flush=True)


def _clear() -> None:
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
