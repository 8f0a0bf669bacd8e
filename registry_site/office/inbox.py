"""The inbox: what waits, most urgent first, with filter and order in the address."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import urlencode

from domain.actors import READS_EVERYTHING, Role
from projections.office.inbox import PUBLICATION, Step, Waiting
from registry_site.office.asked import BadQuestion, choice, page_number, parameters, search_words

PER_PAGE = 50
Test = Callable[[Waiting, date], bool]

SHOWN: dict[str, tuple[str, Test]] = {
    "all": ("Everything", lambda waiting, today: True),
    "late": ("Late", lambda waiting, today: waiting.is_late(today)),
    "provisional": ("Provisional", lambda waiting, today: waiting.is_provisional),
    "arguments": ("Arguments", lambda waiting, today: waiting.step is Step.DECIDE_ON_ARGUMENTS),
    "hearings": ("Hearings open", lambda waiting, today: waiting.step in (Step.HEAR, Step.ADOPT)),
    "requests": ("Requests waiting", lambda waiting, today: waiting.step is Step.DECIDE_ON_REQUEST),
    "alerts": ("Alerts running", lambda waiting, today: waiting.step is Step.PROCESS_ALERT),
    "publication": ("Due for publication", lambda waiting, today: waiting.step in PUBLICATION),
}
"""What can be shown: by its name in the address, its words, and which things it is."""
ORDERS = ("due", "-due", "case", "-case", "since", "-since")
"""By due day (what has none comes last, the oldest first), by working name, by the day it began; "-" turns round."""
KNOWN = ("show", "sort", "search", "page")


@dataclass(frozen=True, slots=True)
class Question:
    """What the officer wants to see."""

    show: str = "all"
    order: str = "due"
    search: str = ""
    page: int = 1

    @property
    def address(self) -> str:
        """Give the address of this question, without what is usual anyway."""
        usual = Question()
        said = {"show": self.show, "sort": self.order, "search": self.search, "page": str(self.page)}
        usually = {"show": usual.show, "sort": usual.order, "search": usual.search, "page": str(usual.page)}
        changed = {name: text for name, text in said.items() if text != usually[name]}
        return f"/workbench/?{urlencode(changed)}" if changed else "/workbench/"

    def showing(self, show: str) -> str:
        """Give the address of the same question with another filter."""
        return replace(self, show=show, page=1).address

    def ordered(self, name: str) -> str:
        """Give the address in which a heading sorts; a second time it turns the order round."""
        return replace(self, order=f"-{name}" if self.order == name else name, page=1).address

    def sorted_by(self, name: str) -> str:
        """Say how a heading sorts now, as `aria-sort` does."""
        return "ascending" if self.order == name else "descending" if self.order == f"-{name}" else "none"

    def on_page(self, page: int) -> str:
        """Give the address of another page."""
        return replace(self, page=page).address


@dataclass(frozen=True, slots=True)
class Answer:
    """A page of the inbox, with how much there is of everything."""

    question: Question
    items: list[Waiting]
    total: int
    pages: int
    counts: dict[str, int]


def question_of(query: str) -> Question:
    """
    Read the question in an address.

    Raises: BadQuestion.
    """
    given = parameters(query, KNOWN)
    return Question(choice(given, "show", SHOWN, "all"), choice(given, "sort", ORDERS, "due"), search_words(given), page_number(given))


def readable(waiting: list[Waiting], role: Role) -> list[Waiting]:
    """Leave what a role reads: a publication officer what concerns the list, roles without case files nothing."""
    if role in READS_EVERYTHING:
        return waiting
    return [each for each in waiting if each.step in PUBLICATION] if role is Role.PUBLICATION_OFFICER else []


def answer(question: Question, waiting: list[Waiting], today: date) -> Answer:
    """
    Filter, sort and cut.

    Raises: BadQuestion for a page that there is not.
    """
    words = question.search.casefold().split()
    named = [each for each in waiting if all(word in f"{each.name} {each.case_id}".casefold() for word in words)]
    counts = {show: sum(test(each, today) for each in named) for show, (_, test) in SHOWN.items()}
    found = _sorted([each for each in named if SHOWN[question.show][1](each, today)], question.order)
    pages = max(1, -(-len(found) // PER_PAGE))
    if question.page > pages:
        raise BadQuestion("page")
    first = (question.page - 1) * PER_PAGE
    return Answer(question, found[first : first + PER_PAGE], len(found), pages, counts)


def _sorted(found: list[Waiting], order: str) -> list[Waiting]:
    name, turned = order.removeprefix("-"), order.startswith("-")
    found = sorted(found, key=lambda each: (each.since, each.name, each.step))
    if name == "since":
        return sorted(found, key=lambda each: each.since, reverse=turned)
    if name == "case":
        return sorted(found, key=lambda each: each.name.casefold(), reverse=turned)
    dated = sorted((each for each in found if each.due), key=lambda each: each.due or date.max, reverse=turned)
    return dated + [each for each in found if each.due is None]
