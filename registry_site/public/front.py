"""
Public answers kept ready: rendered once for a state of the record, then sent as bytes until the record or the legal day moves on.

Kept is only what its page allows anyone to keep (`Cache-Control: public`), asked for without any mark of a person. All else passes through.
"""

import asyncio
import gzip
import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

import brotli
from starlette.types import ASGIApp, Message, Receive, Scope, Send

Headers = list[tuple[bytes, bytes]]
Key = tuple[str, bytes, str]

MOST_ENTRIES = 20_000
MOST_BYTES = 64 * 1024 * 1024
LARGEST_SHARE = 2  # of the memory, that one answer may take: the whole list of 40,000 entries, not packed, is a quarter of the default
WORTH_PACKING = 1_024
LARGE = 65_536  # packed in a thread from here on, so that nobody waits
OVERHEAD = 1_024  # what an answer costs beside its body
BROTLI_QUALITY = 5  # as quick as gzip, and smaller; the highest take half a second for a list

# A request with one of these is answered for one person or one negotiation, and never from what is kept.
PERSONAL = frozenset({b"authorization", b"cookie", b"accept-datetime", b"range"})
# By these a prepared answer may vary: what is acceptable was decided before it was asked for, and with a time of its own it is not asked for at all.
VARY = frozenset({b"accept-encoding", b"accept", b"accept-datetime"})
_WEIGHT = re.compile(r"q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)")
NOT_OF_A_304 = frozenset({b"content-length", b"content-type", b"content-encoding"})
PACKING: Mapping[str, Callable[[bytes], bytes]] = {
    "br": lambda body: brotli.compress(body, quality=BROTLI_QUALITY),
    "gzip": lambda body: gzip.compress(body, 6, mtime=0),
}
"""Content codings that answers are prepared in, each when first asked for; first the one that is sent where several are welcome."""
KINDS = (
    b"text/html",
    b"text/csv",
    b"text/turtle",
    b"application/json",
    b"application/ld+json",
    b"application/feed+json",
    b"application/graphql-response+json",
    b"application/atom+xml",
    b"application/xml",
    b"application/x-ndjson",
    b"application/csvm+json",
    b"application/link-format",
)


@dataclass(frozen=True, slots=True)
class Prepared:
    """An answer in one content coding, with headers assembled beforehand."""

    etag: bytes
    headers: Headers
    unchanged: Headers
    body: bytes
    since: datetime | None = None
    """Since when the answer is as it is, where it says so."""

    @property
    def size(self) -> int:
        """Give what keeping it costs, in bytes."""
        return OVERHEAD + len(self.body)


class PreparedPages:
    """ASGI application in front of another; answers what is prepared for this public position and legal day."""

    def __init__(
        self,
        app: ASGIApp,
        position: Callable[[], Hashable],
        legal_day: Callable[[], date],
        *,
        most_entries: int = MOST_ENTRIES,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._app = app
        self._position = position
        self._legal_day = legal_day
        self._most_entries = most_entries
        self._most_bytes = most_bytes
        self._state: tuple[Hashable, date] | None = None
        self._kept: OrderedDict[Key, Prepared] = OrderedDict()
        self._bytes = 0
        self._being_made: dict[Key, asyncio.Event] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from what is prepared, else ask the application and keep what may be kept."""
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        known_etags, known_since, accepted = b"", b"", b""
        for name, value in scope["headers"]:
            if name in PERSONAL:
                await self._app(scope, receive, send)
                return
            if name == b"if-none-match":
                known_etags = value
            elif name == b"if-modified-since":
                known_since = value
            elif name == b"accept-encoding":
                accepted = value
        key = (scope["path"], scope["query_string"], coding(accepted))
        prepared = self._find(key) or await self._prepare(key, scope, receive, send)
        if prepared is not None:
            unchanged = bool(known_since) and not known_etags and _unchanged_since(prepared, known_since)
            await _send(prepared, known_etags, scope["method"] == "HEAD", send, unchanged=unchanged)

    def _find(self, key: Key) -> Prepared | None:
        state = (self._position(), self._legal_day())
        if state != self._state:
            self._throw_away(state)
        prepared = self._kept.get(key)
        if prepared is not None:
            self._kept.move_to_end(key)
        return prepared

    def _throw_away(self, state: tuple[Hashable, date]) -> None:
        self._state = state
        self._kept.clear()
        self._bytes = 0

    async def _prepare(self, key: Key, scope: Scope, receive: Receive, send: Send) -> Prepared | None:
        """Ask the application once, however many ask at the same time; None when the answer went out already."""
        if other := self._being_made.get(key):
            await other.wait()
            if prepared := self._find(key):
                return prepared
        known = asyncio.Event()
        self._being_made.setdefault(key, known)
        try:
            return await self._ask(key, scope, receive, _Answer(send, known, key[2], head=scope["method"] == "HEAD"))
        finally:
            if self._being_made.get(key) is known:
                del self._being_made[key]
            known.set()

    async def _ask(self, key: Key, scope: Scope, receive: Receive, answer: "_Answer") -> Prepared | None:
        state = self._state
        await self._app({**scope, "method": "GET"}, receive, answer.take)
        prepared = await asyncio.to_thread(answer.prepared) if answer.large else answer.prepared()
        # Kept only if the record did not move while the page was made: the page may be of either side.
        if prepared is not None and (self._position(), self._legal_day()) == state == self._state:
            self._keep(key, prepared)
        return prepared

    def _keep(self, key: Key, prepared: Prepared) -> None:
        if prepared.size > self._most_bytes // LARGEST_SHARE:
            return
        if (before := self._kept.pop(key, None)) is not None:
            self._bytes -= before.size
        self._kept[key] = prepared
        self._bytes += prepared.size
        while len(self._kept) > self._most_entries or self._bytes > self._most_bytes:
            self._bytes -= self._kept.popitem(last=False)[1].size


class _Answer:
    """Holds an answer back while it may be kept, and lets every other answer through as it comes."""

    def __init__(self, send: Send, known: asyncio.Event, coding: str, *, head: bool) -> None:
        self._send = send
        self._known = known  # set once others need not wait for this answer
        self._coding = coding
        self._head = head
        self._start: Message | None = None
        self._body: bytes | None = None

    async def take(self, message: Message) -> None:
        """Receive one message of the application."""
        if message["type"] == "http.response.start" and _may_be_kept(message):
            self._start = message
        elif self._start is not None and self._body is None and not message.get("more_body"):
            # A copy: buffers of serialisers can be far larger than what they hold.
            self._body = bytes(memoryview(message.get("body", b"")))
        else:
            await self._let_through(message)

    @property
    def large(self) -> bool:
        """Tell whether compressing takes long enough to be noticed by others."""
        return len(self._body or b"") >= LARGE

    async def _let_through(self, message: Message) -> None:
        self._known.set()
        if self._start is not None:
            start, self._start = self._start, None
            await self._send(start)
        await self._send({**message, "body": b""} if self._head and message["type"] == "http.response.body" else message)

    def prepared(self) -> Prepared | None:
        """Give the answer ready to be sent again and again, or None when it went out."""
        if self._start is None or self._body is None:
            return None
        headers = [(name.lower(), value) for name, value in self._start.get("headers", ())]
        since = next((parsedate_to_datetime(value.decode("ascii")) for name, value in headers if name == b"last-modified"), None)
        return _prepared(headers, self._body, self._coding, since)


@lru_cache(maxsize=256)
def coding(accepted: bytes) -> str:
    """Choose the content coding for what a request accepts (RFC 9110, section 12.5.3): the first of ours that it ranks highest, else none, ''."""
    ranks = dict(map(_rank, accepted.decode("latin-1").lower().split(",")))
    found = max(PACKING, key=lambda name: ranks.get(name, ranks.get("*", 0.0)))
    return found if ranks.get(found, ranks.get("*", 0.0)) > 0 else ""


def _rank(one: str) -> tuple[str, float]:
    name, _, weight = one.partition(";")
    found = _WEIGHT.fullmatch(weight.strip())
    return name.strip(), float(found[1]) if found else 1.0 if not weight.strip() else 0.0


def _may_be_kept(start: Message) -> bool:
    """Tell whether an answer says itself that anyone may keep it; the default is no."""
    headers = {name.lower(): value.lower() for name, value in start.get("headers", ())}
    return (
        start["status"] == 200
        and b"public" in headers.get(b"cache-control", b"")
        and headers.get(b"content-type", b"").startswith(KINDS)
        and b"set-cookie" not in headers
        and b"content-encoding" not in headers
        and VARY.issuperset(headers.get(b"vary", b"accept-encoding").replace(b" ", b"").split(b","))
    )


def _prepared(headers: Headers, body: bytes, coding: str, since: datetime | None) -> Prepared:
    """Assemble an answer, packed where that is worth it."""
    if len(body) >= WORTH_PACKING:
        if not any(name == b"vary" for name, _ in headers):
            headers = [*headers, (b"vary", b"Accept-Encoding")]
        if coding:
            headers, body = [*headers, (b"content-encoding", coding.encode())], PACKING[coding](body)
    etag = b'"' + hashlib.sha256(body).hexdigest()[:32].encode() + b'"'
    kept = [(name, value) for name, value in headers if name not in (b"etag", b"content-length")] + [(b"etag", etag)]
    unchanged = [(name, value) for name, value in kept if name not in NOT_OF_A_304]
    return Prepared(etag, [*kept, (b"content-length", str(len(body)).encode())], unchanged, body, since)


def _unchanged_since(prepared: Prepared, known: bytes) -> bool:
    """Tell whether an answer is as it was at a date of HTTP; what is none changes nothing (RFC 9110, section 13.1.3)."""
    try:
        return prepared.since is not None and parsedate_to_datetime(known.decode("ascii")) >= prepared.since
    except (TypeError, ValueError):  # no date, or one without a zone
        return False


async def _send(prepared: Prepared, known_etags: bytes, head: bool, send: Send, *, unchanged: bool) -> None:
    # The quotes are part of the tag, so that finding it inside the list of tags is finding it whole.
    unchanged = unchanged or (bool(known_etags) and (prepared.etag in known_etags or known_etags.strip() == b"*"))
    # Lists are copied: what stands further out may add headers to the list it is given.
    if unchanged:
        await send({"type": "http.response.start", "status": 304, "headers": prepared.unchanged.copy()})
    else:
        await send({"type": "http.response.start", "status": 200, "headers": prepared.headers.copy()})
    await send({"type": "http.response.body", "body": b"" if head or unchanged else prepared.body})
