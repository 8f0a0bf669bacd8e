"""
The deadlines as a calendar feed, for a calendar that cannot sign in.

Its address holds a token that can be given up. A calendar may be kept by others, so it names cases by their identifiers and no model or provider.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from urllib.parse import parse_qs

from icalendar import Calendar, Event
from starlette.requests import Request
from starlette.responses import Response

from api.errors import NotSignedIn
from api.stores.access_log import AccessAct
from domain.law.periods import legal_day
from projections.office.inbox import Waiting
from registry_site.office.desk import HEADERS, Desk, Visit
from registry_site.office.inbox import readable
from registry_site.office.words import STEPS, source, when

FEED = "/workbench/deadlines.ics"
MEDIA = "text/calendar; charset=utf-8"
NOTHING = "This address opens no calendar. It was given up, or mistyped: make a new one in the workbench, under Calendar.\n"


def show_calendar(desk: Desk, visit: Visit) -> Response:
    """Say what the feed is, and whether there is one."""
    return desk.page("calendar.html", visit.request, visit.session, has_feed=desk.door.feeds.has(visit.session.account))


def change_calendar(desk: Desk, visit: Visit) -> Response:
    """Make a feed, in place of the one before, and show its address this one time; or give it up."""
    account, act = visit.session.account, visit.fields.get("act")
    address = None
    if act == "begin":
        address = f"{visit.request.url.scheme}://{visit.request.url.netloc}{FEED}?token={desk.door.feeds.begin(account)}"
    ended = act == "end" and desk.door.feeds.end(account)
    if address or ended:
        done = AccessAct.GRANTED if address else AccessAct.WITHDRAWN
        desk.door.log.note(done, by=visit.session.reference, actor=visit.session.actor, subjects=[FEED])
    has_feed = desk.door.feeds.has(account)
    return desk.page("calendar.html", visit.request, visit.session, has_feed=has_feed, address=address, ended=ended)


def deadlines(desk: Desk) -> Callable[[Request], Awaitable[Response]]:
    """Give the feed to whoever has its address."""

    async def answer(request: Request) -> Response:
        return await asyncio.to_thread(_deadlines, desk, request)

    return answer


def _deadlines(desk: Desk, request: Request) -> Response:
    token = parse_qs(request.url.query).get("token", [""])[0]
    try:
        caller = desk.door.reader_of(request, token, FEED)
    except NotSignedIn:
        return Response(NOTHING, 403, HEADERS, "text/plain; charset=utf-8")
    now = desk.clock()
    found = [each for each in readable(desk.inbox.waiting(now), caller.actor.role) if each.due]
    base = f"{request.url.scheme}://{request.url.netloc}"
    desk.door.log.note(
        AccessAct.DOWNLOADED, by=caller.by, actor=caller.actor, subjects=[FEED, *(f"case/{each.case_id}" for each in found if each.case_id)]
    )
    return Response(calendar_of(found, now, base), 200, HEADERS, MEDIA)


def calendar_of(found: list[Waiting], now: datetime, base: str) -> bytes:
    """Write things that wait as whole-day events on the day they are due."""
    made = Calendar.new(prodid="-//Systemic-risk model register//Deadlines//EN", name="Deadlines of the register", uid=f"deadlines@{base}")
    for each in found:
        made.add_component(_event(each, now, base))
    return bytes(made.to_ical())


def _event(each: Waiting, now: datetime, base: str) -> Event:
    doubt = " (provisional)" if each.is_provisional else ""
    arithmetic = "\n".join(each.clock.arithmetic) if each.clock else ""
    about = each.clock.about if each.clock else None
    return Event.new(
        uid=f"{each.step}.{each.case_id}.{about or each.since}@register".lower(),
        summary=f"{STEPS[each.step]}: case {each.case_id[:8]}{doubt}",
        description=f"{when(each, legal_day(now))}. {': '.join(source(each))}.\n{arithmetic}",
        url=f"{base}/workbench/cases/{each.case_id}" if each.case_id else f"{base}/workbench/",
        start=each.due,
        stamp=now,
    )
