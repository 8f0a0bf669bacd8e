"""The command line: `registry VERB`."""

import argparse
import os
import sys
from collections.abc import Sequence

from api.archive import NotInLog
from api.cli import (
    account,
    bundle,
    compute,
    deadline,
    demo,
    export,
    keys,
    notification,
    person,
    replay,
    seal,
    serve,
    storage,
    token,
    verify,
    watchlist,
    webhook,
)
from api.stores.event_store import StoreNotMigrated, UnknownDatabaseUrl
from api.stores.event_store.mapper import UnknownEvent
from projections.store import OtherVersion

ROOMS = (
    serve,
    demo,
    replay,
    storage,
    verify,
    bundle,
    export,
    seal,
    account,
    token,
    keys,
    person,
    compute,
    deadline,
    notification,
    watchlist,
    webhook,
)
"""The verbs in the order in which help names them."""


def parser() -> argparse.ArgumentParser:
    """Return the parser of every verb."""
    found = argparse.ArgumentParser(prog="registry", description="The public register of general-purpose AI models with systemic risk.")
    verbs = found.add_subparsers(title="verbs", metavar="VERB", required=True)
    for room in ROOMS:
        room.add_parser(verbs)
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; 0 success, 1 a finding, 2 wrong usage."""
    given = parser().parse_args(arguments)
    try:
        return int(given.func(given))
    except (StoreNotMigrated, OtherVersion, UnknownDatabaseUrl, UnknownEvent) as error:
        print(f"registry: {error}", file=sys.stderr)
        return 2
    except (NotInLog, FileExistsError) as error:
        print(f"registry: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        # Whoever read our output has read enough; nothing more can be written, not even by the interpreter on its way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


if __name__ == "__main__":
    sys.exit(main())
