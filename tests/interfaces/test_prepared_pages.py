"""Prepared answers: the same bytes again and again, thrown away at the right moment, and never anybody's private answer."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from gzip import decompress
from typing import Any

import brotli
import pytest
from starlette.types import Message, Receive, Scope, Send

from registry_site.public.front import PreparedPages

DAY = date(2026, 11, 21)
PUBLIC = [(b"content-type", b"text/html; charset=utf-8"), (b"cache-control", b"public, max-age=60, must-revalidate")]


class Site:
    """An application that counts how often it is asked and says which state it stood at."""

    def __init__(self, headers: list[tuple[bytes, bytes]] = PUBLIC, status: int = 200, body: bytes | None = None) -> None:
        self.headers, self.status, self.body = headers, status, body
        self.asked = 0
        self.position = 1
        self.day = DAY
        self.meanwhile: Callable[[], Awaitable[None]] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked += 1
        body = self.body if self.body is not None else f"{scope['method']} {scope['path']} at {self.position}".encode()
        if self.meanwhile:
            await self.meanwhile()
        await send({"type": "http.response.start", "status": self.status, "headers": list(self.headers)})
        await send({"type": "http.response.body", "body": body})


def front(site: Site, **limits: int) -> PreparedPages:
    return PreparedPages(site, position=lambda: site.position, legal_day=lambda: site.day, **limits)


async def ask(pages: PreparedPages, path: str = "/", method: str = "GET", query: bytes = b"", **headers: str) -> Any:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    raw = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    await pages({"type": "http", "method": method, "path": path, "query_string": query, "headers": raw}, receive, send)
    return sent[0]["status"], dict(sent[0]["headers"]), b"".join(message.get("body", b"") for message in sent[1:])


def run(*questions: Awaitable[Any]) -> list[Any]:
    async def all_in_turn() -> list[Any]:
        return [await question for question in questions]

    return asyncio.run(all_in_turn())


def test_the_second_visitor_gets_the_same_bytes_without_asking_again():
    site = Site()
    pages = front(site)
    first, second = run(ask(pages), ask(pages))
    assert first == second
    assert site.asked == 1
    assert first[1][b"content-length"] == str(len(first[2])).encode()


def test_another_query_is_another_answer():
    site = Site()
    pages = front(site)
    run(ask(pages), ask(pages, query=b"page=2"), ask(pages, path="/law"))
    assert site.asked == 3


def test_a_known_tag_is_answered_with_not_modified_and_no_body():
    pages = front(Site())
    [(_, headers, _)] = run(ask(pages))
    tag = headers[b"etag"].decode()
    for known in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        [(status, short, body)] = run(ask(pages, if_none_match=known))
        assert (status, body) == (304, b"")
        assert short[b"etag"] == headers[b"etag"]
        assert b"content-length" not in short
    assert run(ask(pages, if_none_match='"other"'))[0][0] == 200


DATED = [*PUBLIC, (b"last-modified", b"Mon, 05 Oct 2026 22:00:00 GMT")]


@pytest.mark.parametrize(
    ("known", "status"),
    [
        ("Mon, 05 Oct 2026 22:00:00 GMT", 304),
        ("Tue, 06 Oct 2026 00:00:00 +0200", 304),
        ("Mon, 05 Oct 2026 21:59:59 GMT", 200),
        ("Mon, 05 Oct 2026 22:00:00", 200),
        ("yesterday", 200),
        ("\xff", 200),
    ],
)
def test_a_known_date_is_answered_with_not_modified_unless_it_is_older_or_none(known: str, status: int):
    assert run(ask(front(Site(DATED)), if_modified_since=known))[0][0] == status


def test_an_answer_without_a_date_is_never_unchanged_since_one():
    assert run(ask(front(Site()), if_modified_since="Mon, 05 Oct 2099 22:00:00 GMT"))[0][0] == 200


def test_a_tag_is_more_precise_than_a_date_and_decides_alone():
    assert run(ask(front(Site(DATED)), if_none_match='"other"', if_modified_since="Mon, 05 Oct 2099 22:00:00 GMT"))[0][0] == 200


def test_an_answer_that_varies_by_what_was_decided_before_is_kept_and_any_other_is_not():
    for vary, asked in ((b"Accept, Accept-Datetime, Accept-Encoding", 1), (b"Accept-Encoding, Cookie", 2), (b"*", 2)):
        site = Site([*PUBLIC, (b"vary", vary)])
        pages = front(site)
        run(ask(pages), ask(pages))
        assert site.asked == asked


def test_everything_is_thrown_away_when_the_record_or_the_day_moves():
    site = Site()
    pages = front(site)
    [(_, before, _)] = run(ask(pages))
    site.position = 2
    [(_, after, body)] = run(ask(pages))
    assert body == b"GET / at 2"
    assert before[b"etag"] != after[b"etag"]
    site.day = date(2026, 11, 22)
    run(ask(pages))
    assert site.asked == 3


def test_a_page_made_while_the_record_moved_is_not_kept():
    site = Site()

    async def record() -> None:
        site.position += 1

    site.meanwhile = record
    pages = front(site)
    run(ask(pages))
    site.meanwhile = None
    assert run(ask(pages))[0][2] == b"GET / at 2"
    assert site.asked == 2


def test_head_is_the_same_without_the_body_and_prepares_for_get():
    site = Site()
    pages = front(site)
    (status, headers, body), (_, of_get, _) = run(ask(pages, method="HEAD"), ask(pages))
    assert (status, body, site.asked) == (200, b"", 1)
    assert headers == of_get


def test_whoever_shows_a_mark_of_a_person_is_never_served_from_what_is_kept():
    site = Site()
    pages = front(site)
    run(ask(pages), ask(pages, authorization="Bearer x"), ask(pages, cookie="sid=1"), ask(pages, accept_datetime="x"))
    assert site.asked == 4


def test_only_a_public_answer_of_200_is_kept():
    private = [(b"content-type", b"text/html"), (b"cache-control", b"no-store")]
    silent = [(b"content-type", b"text/html")]
    cookie = [*PUBLIC, (b"set-cookie", b"a=b")]
    picky = [*PUBLIC, (b"vary", b"Cookie")]
    script = [(b"content-type", b"text/javascript"), PUBLIC[1]]
    for site in (Site(private), Site(silent), Site(cookie), Site(picky), Site(script), Site(status=404), Site(status=206)):
        pages = front(site)
        run(ask(pages), ask(pages), ask(pages, method="HEAD"))
        assert site.asked == 3


def test_an_act_passes_through():
    site = Site()
    pages = front(site)
    run(ask(pages, method="POST"), ask(pages, method="POST"))
    assert site.asked == 2


def test_what_was_asked_for_longest_ago_goes_first():
    site = Site()
    pages = front(site, most_entries=2)
    run(ask(pages, "/a"), ask(pages, "/b"), ask(pages, "/a"), ask(pages, "/c"), ask(pages, "/a"))
    assert site.asked == 3
    run(ask(pages, "/b"))
    assert site.asked == 4


def test_memory_is_capped_in_bytes():
    site = Site(body=b"x" * 1000)
    pages = front(site, most_bytes=20_000)
    run(*(ask(pages, f"/{n}") for n in range(50)))
    run(*(ask(pages, f"/{n}") for n in range(41, 50)))
    assert site.asked == 50  # nine fit, with what keeping each one costs
    run(ask(pages, "/40"))
    assert site.asked == 51
    large = Site(body=b"x" * 10_000)
    pages = front(large, most_bytes=20_000)
    run(ask(pages), ask(pages))
    assert large.asked == 2


UNPACKING: dict[str, Callable[[bytes], bytes]] = {"br": brotli.decompress, "gzip": decompress}


@pytest.mark.parametrize("coding", UNPACKING)
def test_whoever_can_unpack_gets_it_packed_under_another_tag(coding: str):
    site = Site(body=b"word " * 1000)
    pages = front(site)
    (_, plain, body), (_, packed, small), again = run(ask(pages), *[ask(pages, accept_encoding=coding) for _ in range(2)])
    assert site.asked == 2  # once for each form, so that what nobody asks for is neither made nor kept
    assert again == (200, packed, small)
    assert UNPACKING[coding](small) == body
    assert packed[b"content-encoding"] == coding.encode()
    assert packed[b"vary"] == plain[b"vary"] == b"Accept-Encoding"
    assert packed[b"etag"] != plain[b"etag"]


@pytest.mark.parametrize(
    ("accepted", "sent"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip;q=1.0, br;q=0.9", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("gzip;q=0", None),
        ("GZIP ; Q=0.5", "gzip"),
        ("*", "br"),
        ("*;q=0", None),
        ("br;q=0, *", "gzip"),
        ("deflate, zstd", None),
        ("identity", None),
        ("gzip;q=2", None),
        ("gzip;level=9", None),
        (",;,", None),
        ("\xff", None),
    ],
)
def test_the_coding_is_the_one_that_the_visitor_ranks_highest(accepted: str, sent: str | None):
    [(_, headers, _)] = run(ask(front(Site(body=b"word " * 1000)), accept_encoding=accepted))
    assert headers.get(b"content-encoding", b"").decode() == (sent or "")


def test_what_packing_would_not_make_smaller_to_speak_of_is_sent_as_it_is():
    for length, sent in ((1_023, None), (1_024, b"br")):
        [(_, headers, _)] = run(ask(front(Site(body=b"x" * length)), accept_encoding="br"))
        assert headers.get(b"content-encoding") == sent


@pytest.mark.parametrize("length", [1_000, 100_000])
def test_many_who_ask_at_once_have_it_made_once_in_each_form(length: int):
    site = Site(body=b"x" * length)
    site.meanwhile = lambda: asyncio.sleep(0.01)
    pages = front(site)

    async def crowd() -> list[Any]:
        return await asyncio.gather(*(ask(pages, accept_encoding=coding) for coding in ("", "br") * 50))

    answers = asyncio.run(crowd())
    assert site.asked == 2
    assert all(answer == answers[n % 2] for n, answer in enumerate(answers))


def test_what_an_outer_layer_adds_to_an_answer_stays_out_of_what_is_kept():
    pages = front(Site())

    async def twice() -> list[int]:
        lengths = []
        for _ in range(2):
            sent: list[Message] = []

            async def send(message: Message, sent: list[Message] = sent) -> None:
                sent.append(message)

            await pages({"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}, None, send)  # type: ignore[arg-type]
            lengths.append(len(sent[0]["headers"]))
            sent[0]["headers"].append((b"x-request", b"1"))
        return lengths

    first, second = asyncio.run(twice())
    assert first == second
