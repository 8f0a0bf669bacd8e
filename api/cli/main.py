"""The command line: `registry VERB`."""

import argparse
import os
import sqlite3
import sys
from collections.abc import Sequence

import eventsourcing.persistence
import psycopg
import sqlalchemy.exc
from pydantic import ValidationError

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
from api.settings import Settings
from api.stores.event_store import StoreNotMigrated, UnknownDatabaseUrl
from api.stores.event_store.mapper import UnknownEvent
from projections.store import OtherVersion

AWAY = (
    eventsourcing.persistence.OperationalError,
    sqlalchemy.exc.OperationalError,
    sqlite3.OperationalError,
    psycopg.OperationalError,
    PermissionError,
    NotADirectoryError,
)
"""What a database says that is not there, or that may not be written."""

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
    """Run one verb; 0 success, 1 a finding, 2 wrong usage or a database that is away, 130 when it was interrupted."""
    given = parser().parse_args(arguments)
    try:
        return int(given.func(given))
    except (StoreNotMigrated, OtherVersion, UnknownDatabaseUrl, UnknownEvent) as error:
        print(f"registry: {error}", file=sys.stderr)
        return 2
    except (NotInLog, FileExistsError) as error:
        print(f"registry: {error}", file=sys.stderr)
        return 2
    except ValidationError as error:
        if error.title != Settings.__name__:
            raise
        for fault in error.errors():
            print(f"registry: {'.'.join(map(str, fault['loc'])).upper()} in the environment or in .env: {fault['msg']}", file=sys.stderr)
        return 2
    except AWAY as error:
        print(f"registry: the database cannot be reached or written: {str(error).splitlines()[0]}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("registry: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # Whoever read our output has read enough; nothing more can be written, not even by the interpreter on its way out.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


if __name__ == "__main__":
    sys.exit(main())
