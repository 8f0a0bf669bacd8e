"""
The whole public side, address by address.

It begins with what programs look for by name, and goes wherever an answer leads: so a page, a language or a file that the site gets tomorrow is part
of the export without anybody saying so. The checkpoint of the log comes last: a copy that is taken meanwhile has every tile that it needs.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Hashable, Iterable
from hashlib import sha256
from typing import Any, TypeVar

import orjson

from api.export.asking import Answer, Ask
from api.export.folder import ExportFolder
from api.export.links import file_of, links
from api.schemas import ASSESSMENTS
from registry_site.public.data.small_files import NOT_FOR_CRAWLERS
from registry_site.ui.static import static_addresses

T = TypeVar("T")
LIST = "addresses.json"
"""The file that names every address of the export."""
CHECKPOINT = "/log/checkpoint"
ROUNDS = 5
"""How often a walk is begun at most, when the record moves on meanwhile."""
BY_NAME = (
    "/",
    "/robots.txt",
    "/sitemap.xml",
    "/.well-known/security.txt",
    "/graphql/schema.graphql",
    "/verify/check_receipt.py",
    *(f"/schemas/{name}.json" for name in ("notification", *ASSESSMENTS)),
)
"""Addresses that programs know before they have read anything."""


class RecordMovedOn(Exception):
    """The record moved on during every walk, so the files are of several states."""


async def while_still(state: Callable[[], Hashable], walk: Callable[[], Awaitable[T]]) -> T:
    """
    Walk until the state of the record is the same before and after: then all files are of one state.

    Raises: RecordMovedOn.
    """
    for _ in range(ROUNDS):
        before = state()
        found = await walk()
        if state() == before:
            return found
    raise RecordMovedOn(f"the record moved on during {ROUNDS} walks in a row, so the files are of several states: run it again")


def tiles_in_use(known: Iterable[str], paths: Collection[str]) -> list[str]:
    """
    Give the partial tiles of an earlier export whose tile is not full yet: whoever read its checkpoint a moment ago asks for them still.

    Source: C2SP tlog-tiles, "Partial Tiles".
    """
    earlier = (name.removeprefix("log/") for name in known if name.startswith("log/tile/"))
    return sorted(path for path in earlier if ".p/" in path and path not in paths and path.partition(".p/")[0] not in paths)


class Crawl:
    """One walk through the public side."""

    def __init__(self, ask: Ask, base: str, log: Iterable[str]) -> None:
        self.broken: dict[str, str] = {}
        """Addresses that answer nothing, each with one that names it."""
        self._ask = ask
        self._base = base
        self._log = [f"/log/{path}" for path in log]

    async def answers(self) -> AsyncIterator[Answer]:
        """Yield the answer of every address once."""
        named = {address: address for address in (*BY_NAME, *static_addresses(), *self._log) if address != CHECKPOINT}
        waiting = list(named)
        for address in waiting:  # grows as it is walked
            answer = await self._ask(address)
            if answer.status != 200:
                self.broken[address] = named[address]
                continue
            yield answer
            found = [link for link in sorted(links(answer, self._base)) if link not in named and not link.startswith((*NOT_FOR_CRAWLERS, CHECKPOINT))]
            named.update(dict.fromkeys(found, address))
            waiting += found
        if CHECKPOINT in self._log:
            yield await self._ask(CHECKPOINT)


class Written:
    """An export while it is written: each answer becomes a file, and a line of the list of addresses."""

    def __init__(self, folder: ExportFolder, base: str) -> None:
        self._folder = folder
        self._base = base
        self._listed: list[dict[str, Any]] = []
        folder.begin()

    def keep(self, answer: Answer) -> None:
        """Keep one answer."""
        name = file_of(answer.address, answer.media_type)
        self._folder.put(name, answer.body)
        said = {"address": answer.address, "file": name, "type": answer.media_type, "bytes": len(answer.body)}
        self._listed.append({**said, "sha256": sha256(answer.body).hexdigest()})

    def finish(self) -> int:
        """Write the list, remove what is gone, and return how many addresses there are."""
        listed = sorted(self._listed, key=lambda one: str(one["address"]))
        found = {"about": "Every address of this copy, with its file and its type.", "site": self._base, "addresses": listed}
        self._folder.put(LIST, orjson.dumps(found, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
        self._folder.finish()
        return len(listed)
