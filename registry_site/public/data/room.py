"""What every data address needs: the questions, the published log, the clock, and the way from an answer to a response or a problem."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.problems import problem
from domain.law.periods import legal_day, start_of
from projections.public.page_questions import PageQuestions
from projections.public.questions import Known, SnapshotQuestions
from projections.transparency.notes import Checkpoint
from registry_site.public.asked import BadQuestion, Problem
from registry_site.public.data.fold import LICENCE
from registry_site.public.data.question import DataQuestion, OutsideTheRecord, data_question
from registry_site.public.desk import KEPT, NOT_KEPT, NotOnTheList

Answer = Callable[["Room", Request], Response]
ONE_DAY = timedelta(days=1)

COMPLAINTS = {
    "UNKNOWN_PARAMETER": "“{0}” is not something this address can be asked.",
    "GIVEN_TWICE": "“{0}” is given more than once. Give it once.",
    "NOT_READABLE": "What follows the question mark in the address cannot be read.",
    "NOT_A_DAY": "{0}: “{1}” is not a day. Write year, month and day with hyphens, like 2026-03-31.",
    "NOT_A_TIME": "{0}: “{1}” is neither a day, like 2026-03-31, nor an instant with its offset, like 2026-03-31T12:00:00Z.",
    "NO_OFFSET": "{0}: “{1}” does not say which time zone it means. Add the offset from UTC, like 2026-03-31T12:00:00Z, or give the day alone.",
    "NOT_A_CHOICE": "{0}: “{1}” is not one of the choices: true, false.",
}


class PublishedLog(Protocol):
    """The published log, as far as data name it."""

    def tree(self, size: int | None = None) -> Checkpoint | None:
        """Return origin, size and root of what is published, or of its first entries; None for more than is published."""
        ...


@dataclass(frozen=True, slots=True)
class Site:
    """
    What the register says of its own place.

    Its address without a slash at the end, whom to tell about a hole, the paths of its pages, and where readers write to, as a URI.
    """

    address: str
    contact: str
    pages: tuple[str, ...] = ()
    write_to: str = ""


class NoSuchForm(Exception):
    """A file was asked for in a form that it is not kept in; `choices` are the addresses of those it is."""

    def __init__(self, choices: Mapping[str, str]) -> None:
        super().__init__(choices)
        self.choices = choices


class Room:
    """Answers data addresses; holds nothing that changes."""

    def __init__(self, questions: PageQuestions, snapshots: SnapshotQuestions, log: PublishedLog, clock: Callable[[], datetime], site: Site) -> None:
        self.questions = questions
        self.snapshots = snapshots
        self.log = log
        self.site = site
        self._clock = clock

    @property
    def address(self) -> str:
        """Give the register's own address."""
        return self.site.address

    def now(self) -> datetime:
        """Give the aware instant of now."""
        return self._clock()

    def today(self) -> date:
        """Give the legal day, in Brussels."""
        return legal_day(self._clock())

    def first_day(self) -> date | None:
        """Give the day of the first entry ever."""
        first = self.questions.changes(None, None, first=1)
        return first[0].on if first else None

    def question(self, request: Request, *known: str) -> DataQuestion:
        """
        Read what is asked.

        Raises: BadQuestion, OutsideTheRecord.
        """
        return data_question(request.scope["query_string"], known, self.now(), self.first_day())

    def published(self) -> int | None:
        """Give how many entries the published log has; None where none is published."""
        tree = self.log.tree()
        return tree.size if tree else None

    def tree(self, question: DataQuestion, known: Known) -> Checkpoint | None:
        """Give the tree that an answer follows from: all of the log for what is known now, else up to the last change that was known."""
        return self.log.tree(known.position if question.day.when.known_at else known.size)

    def dated(self, known: Known) -> dict[str, str]:
        """
        Say since when an answer is as it is: since the end of the day of the last change, for the list has days and no hours.

        While that day lasts, nothing is said, for more may come with it. That the log goes on, by a seal every day, makes no other list. An answer
        that waits for list or log is not kept.
        """
        if not known.caught_up:
            return dict(NOT_KEPT)
        if known.changed_on is None or known.changed_on >= self.today():
            return {}
        return {"last-modified": format_datetime(start_of(known.changed_on + ONE_DAY).astimezone(UTC), usegmt=True)}


def kept(body: bytes, media_type: str, headers: Mapping[str, str] | None = None) -> Response:
    """Give an answer that anyone may keep and pass on under the licence of the data."""
    links = [f'<{LICENCE}>; rel="license"', *([headers["link"]] if headers and "link" in headers else [])]
    given = {**KEPT, "vary": "Accept-Datetime, Accept-Encoding", "access-control-allow-origin": "*", **(headers or {}), "link": ", ".join(links)}
    return Response(body, headers={**given, "content-type": media_type})


def route(room: Room, path: str, answer: Answer) -> Route:
    """Serve data under a path; what it refuses becomes a problem document that names the choices."""

    def found(request: Request) -> Response:
        try:
            return answer(room, request)
        except BadQuestion as bad:
            return problem(400, " ".join(map(_sentence, bad.problems)), choices=_EXAMPLES)
        except OutsideTheRecord as outside:
            return _outside(outside)
        except NoSuchForm as none:
            return problem(404, "There is no such form of this. Choose one of those listed.", choices=none.choices)
        except NotOnTheList:
            return problem(404, "The list did not carry this entry then, or never. See all entries, removed ones too.", choices=_ENTRIES)

    return Route(path, found, methods=["GET"], name=answer.__name__)


_TIMES = ["2026-03-31", "2026-03-31T12:00:00Z"]
_EXAMPLES = {"valid_at": _TIMES, "known_at": _TIMES, "include_removed": ["true", "false"]}
_ENTRIES = {"entries": "/list.json?include_removed=true"}


def _sentence(bad: Problem) -> str:
    return COMPLAINTS[bad.complaint].format(bad.parameter, bad.given)


def _outside(outside: OutsideTheRecord) -> Response:
    earliest, latest = outside.earliest.isoformat(), outside.latest.isoformat()
    detail = f"{outside.parameter}: the list has days from {earliest}, that of its first entry, to {latest}, today. Choose one of them."
    return problem(400, detail, choices={outside.parameter: {"earliest": earliest, "latest": latest}})
