"""`registry export`: the public side as static files, byte for byte what the live service answers."""

import argparse
import asyncio
import sys
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from uvicorn.importer import import_from_string

from api.clocks import server_clock
from api.export.asking import NotStarted, running
from api.export.folder import ExportFolder, FolderRefused, export_folder
from api.export.links import UnfitAddress
from api.export.site import Crawl, RecordMovedOn, Written, tiles_in_use, while_still
from api.published import published
from api.settings import Settings
from api.stores.event_store import StoreNotMigrated
from domain.law.periods import legal_day
from projections.public.answers import PublicList
from projections.transparency.answers import LogAnswers, PublicShelf
from registry_site.ui.static import AssetsMissing, require_built

EXAMPLE = "example:\n  registry export mirror && python -m http.server --directory mirror 9000"
APPLICATION = "api.public_side:create"


def add_parser(verbs: Any) -> None:
    """Add the verb."""
    verb = verbs.add_parser(
        "export", help="the public side as static files", description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verb.add_argument("folder", type=Path, metavar="DIR", help="a new or empty folder, or an earlier export, in which only what changed is written")
    verb.set_defaults(func=run)


def run(given: argparse.Namespace) -> int:
    """Write the export; 1 when a link of the site leads nowhere or the record did not hold still, 2 when it cannot be written."""
    settings = Settings()
    try:
        require_built()
        with published_list(settings) as shown, export_folder(given.folder) as folder:
            count, broken = asyncio.run(_export(settings, shown, folder))
    except RecordMovedOn as error:
        print(f"registry export: {error}", file=sys.stderr)
        return 1
    except (AssetsMissing, FolderRefused, NotStarted, OSError, UnfitAddress) as error:
        print(f"registry export: {error}", file=sys.stderr)
        return 2
    for address, page in broken.items():
        print(f"registry export: {page} names {address}, which answers nothing", file=sys.stderr)
    print(f"{given.folder}: {count} addresses, {folder.written} files written, {folder.removed} removed.", file=sys.stderr)
    return 1 if broken else 0


@contextmanager
def published_list(settings: Settings) -> Iterator[PublicList]:
    """Open the public read store, the only one that is read. Raises: StoreNotMigrated."""
    store = published(settings.database_url)
    try:
        if not store.is_created():
            raise StoreNotMigrated("The public read store was never set up: run `registry migrate`.")
        yield PublicList(store)
    finally:
        store.close()


async def _export(settings: Settings, shown: PublicList, folder: ExportFolder) -> tuple[int, dict[str, str]]:
    log = LogAnswers(PublicShelf(shown.store))

    async def walk() -> tuple[Written, dict[str, str]]:
        written = Written(folder, settings.public_url)
        # Started afresh each time: an application that runs on may answer with what it prepared before the record moved.
        async with running(import_from_string(APPLICATION)(), settings.public_url) as ask:
            paths = list(log.paths())
            crawl = Crawl(ask, settings.public_url, [*paths, *tiles_in_use(folder.names, set(paths))])
            await _walk(crawl, written)
        return written, crawl.broken

    written, broken = await while_still(lambda: _state(shown, log), walk)
    return written.finish(), broken


def _state(shown: PublicList, log: LogAnswers) -> Hashable:
    return (shown.state(), log.checkpoint(), legal_day(server_clock()))


async def _walk(crawl: Crawl, written: Written) -> None:
    """Keep every answer, and count them on a terminal."""
    count = 0
    async for answer in crawl.answers():
        written.keep(answer)
        count += 1
        if sys.stderr.isatty() and count % 25 == 0:
            print(f"\r{count} addresses", end="", file=sys.stderr, flush=True)
    if sys.stderr.isatty():
        print(f"\r{count} addresses", file=sys.stderr)
