"""The addresses of letters and of the file of a case: as a page, and as a PDF made on demand and kept nowhere."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from api.stores.drafts import Draft, Outcome
from domain.actors import READS_EVERYTHING
from domain.events import event_type, read
from domain.model_case.undoing import DecisionRectified
from domain.types import utc_text
from projections.office.questions import CaseRow, EventRow
from registry_site.office.acts import Line, lines_of
from registry_site.office.asked import BadQuestion, parameters
from registry_site.office.case import case_row_of
from registry_site.office.desk import HEADERS, Desk, NotThere, Visit, route
from registry_site.office.drafts import DRAFTS
from registry_site.office.letters.case_file import CaseAsked, case_file
from registry_site.office.letters.content import Paper
from registry_site.office.letters.kinds import OF_LETTERS
from registry_site.office.letters.known import known, position_of
from registry_site.office.letters.letter import Said, draft_letter, letter
from registry_site.office.letters.press import Overloaded, TooLarge
from registry_site.office.times import TIMES, Times, times_of

PDF = "application/pdf"
READS_LETTERS = READS_EVERYTHING
"""Decisions are no business of those who keep the list (the table of roles in events.md)."""
SECONDS_TO_WAIT = "5"
POSITION = "position"
_NUMBER = re.compile(r"[1-9][0-9]{0,14}", re.ASCII)


class NotInLogYet(Exception):
    """An event was recorded a moment ago, and the log of the cases has not sequenced it yet."""


def letter_pages(desk: Desk) -> list[Route]:
    """Give the routes of letters and files; a PDF stands before the page whose address it ends."""
    cases = "/workbench/cases/{case_id}"
    pages: list[tuple[str, Callable[[Desk, Visit], Response]]] = [
        (cases + "/file.pdf", print_case_file),
        (cases + "/letters/{event_id}.pdf", print_letter),
        (cases + "/letters/{event_id}", show_letter),
        (DRAFTS + "/{draft_id}/letter.pdf", print_draft_letter),
        (DRAFTS + "/{draft_id}/letter", show_draft_letter),
    ]
    return [route(desk, path, page, roles=READS_LETTERS) for path, page in pages]


# -- Letters of what was adopted ------------------------------------------------------------


def show_letter(desk: Desk, visit: Visit) -> Response:
    """Show the letter of a decision; that it was read is noted. Raises: NotThere, BadQuestion."""
    return _told(desk, visit, lambda: _letter_page(desk, visit))


def print_letter(desk: Desk, visit: Visit) -> Response:
    """Give the letter of a decision as PDF; that it was read is noted. Raises: NotThere, BadQuestion."""
    return _told(desk, visit, lambda: _printed(desk, visit, "decision.typ", *_letter(desk, visit), f"letter-{visit.request.path_params['event_id']}"))


def _letter_page(desk: Desk, visit: Visit) -> Response:
    paper, row = _letter(desk, visit)
    line = _line(desk, row, visit.request.path_params["event_id"])
    since = [other for other in lines_of(desk.office.history(UUID(row.case_id))) if other.number > line.number and _speaks_of(other, line)]
    desk.note_read(visit, [f"case/{row.case_id}"])
    return desk.page("letter.html", visit.request, visit.session, case=row, paper=paper, since=since, draft=None)


def _letter(desk: Desk, visit: Visit) -> tuple[Paper, CaseRow]:
    parameters(visit.request.url.query, ())
    row = case_row_of(desk, visit)
    found = _line(desk, row, visit.request.path_params["event_id"]).row
    # A rectification is told from the text that it rectifies; any other decision from the case with itself, for the clocks that it starts.
    position = found.position - 1 if isinstance(found.event.fact, DecisionRectified) else found.position
    then = known(desk.office, UUID(row.case_id), found.event.recorded_at, position)
    return letter(Said(found.event.fact, then.case, then.law, desk.demonstration), found, _leaf(desk, found)), row


def _line(desk: Desk, row: CaseRow, event_id: str) -> Line:
    lines = lines_of(desk.office.history(UUID(row.case_id)))
    found = next((line for line in lines if str(line.event.event_id) == event_id and isinstance(line.event.fact, OF_LETTERS)), None)
    if found is None:
        raise NotThere
    return found


def _speaks_of(other: Line, line: Line) -> bool:
    """Tell whether an event names a decision, or corrects what was recorded of it."""
    fact = other.event.fact
    named = {getattr(fact, name, None) for name in ("decision_id", "target_decision_id", "replaces", "target_event_id")}
    return bool(named & {line.event.event_id, getattr(line.event.fact, "decision_id", line.event.event_id)})


def _leaf(desk: Desk, row: EventRow) -> int | None:
    """Return the leaf of an event in the log of the cases; None in a register that keeps no log. Raises: NotInLogYet."""
    if desk.leaf_of is None:
        return None
    leaf = desk.leaf_of(row.position)
    if leaf is None:
        raise NotInLogYet
    return leaf


# -- Letters of drafts -------------------------------------------------------------------------


def show_draft_letter(desk: Desk, visit: Visit) -> Response:
    """Show the letter that a draft would become; once adopted, that of the decision. Raises: NotThere, BadQuestion."""
    return _of_draft(desk, visit, _draft_page)


def print_draft_letter(desk: Desk, visit: Visit) -> Response:
    """Give the letter that a draft would become as PDF; once adopted, that of the decision. Raises: NotThere, BadQuestion."""
    return _of_draft(
        desk,
        visit,
        lambda desk, visit, draft: _told(desk, visit, lambda: _printed(desk, visit, "decision.typ", *_draft(desk, draft), f"draft-{draft.draft_id}")),
    )


def _of_draft(desk: Desk, visit: Visit, shown: Callable[[Desk, Visit, Draft], Response]) -> Response:
    parameters(visit.request.url.query, ())
    try:
        draft = desk.door.drafts.find(UUID(visit.request.path_params["draft_id"]))
    except ValueError:
        raise NotThere from None
    if draft is None or draft.stream.kind != "case" or event_type(draft.topic) not in OF_LETTERS:
        raise NotThere
    if draft.outcome is Outcome.ADOPTED and (address := _address_of_adopted(desk, draft)):
        ending = ".pdf" if visit.request.url.path.endswith(".pdf") else ""
        return RedirectResponse(f"{address}{ending}", 303, HEADERS)
    return shown(desk, visit, draft)


def _address_of_adopted(desk: Desk, draft: Draft) -> str | None:
    """Return the address of the letter of what a draft became: the event that says the very same."""
    lines = lines_of(desk.office.history(UUID(draft.stream.key)))
    same = read(event_type(draft.topic), draft.data)
    found = next((line for line in lines if line.event.fact == same and line.event.stream == draft.stream), None)
    return f"/workbench/cases/{draft.stream.key}/letters/{found.event.event_id}" if found else None


def _draft_page(desk: Desk, visit: Visit, draft: Draft) -> Response:
    paper, row = _draft(desk, draft)
    desk.note_read(visit, [str(draft.stream)])
    return desk.page("letter.html", visit.request, visit.session, case=row, paper=paper, since=[], draft=draft)


def _draft(desk: Desk, draft: Draft) -> tuple[Paper, CaseRow]:
    row = desk.office.case_row(UUID(draft.stream.key))
    if row is None:
        raise NotThere
    fact, case_id = read(event_type(draft.topic), draft.data), UUID(row.case_id)
    seen = [each for each in desk.office.history(case_id) if _is_seen(each, draft)]
    # A demonstration may run ahead of the clock that dates drafts.
    at = max([draft.drafted_at, *(each.event.recorded_at for each in seen)])
    then = known(desk.office, case_id, at, max((each.position for each in seen), default=0))
    return draft_letter(Said(fact, then.case, then.law, desk.demonstration, adopted=False), draft), row


def _is_seen(row: EventRow, draft: Draft) -> bool:
    return row.event.stream == draft.stream and row.event.version <= draft.seen


# -- The file of a case ---------------------------------------------------------------------------


def print_case_file(desk: Desk, visit: Visit) -> Response:
    """
    Give the file of a case as PDF at a pair of times; that it was read is noted.

    Asked for otherwise it goes to an address with two instants and the position reached, so that every file can be asked for again, byte for byte.
    Raises: NotThere, BadQuestion.
    """
    row, asked = case_row_of(desk, visit), parameters(visit.request.url.query, (*TIMES, POSITION))
    now = desk.clock()
    times = times_of(asked, now, desk.office.law(now).settings["LEGAL_DAY_IN_QUERIES"])
    last = position_of(desk.office, UUID(row.case_id), times.known_at)
    exact = {**{name: utc_text(getattr(times, name)) for name in TIMES}, POSITION: str(min(_position(asked) or last, last))}
    if asked != exact:
        return RedirectResponse(f"{visit.request.url.path}?{urlencode(exact)}", 303, HEADERS)
    return _told(desk, visit, lambda: _case_file(desk, visit, row, times, int(exact[POSITION])))


def _position(asked: dict[str, str]) -> int | None:
    text = asked.get(POSITION)
    if text is not None and not _NUMBER.fullmatch(text):
        raise BadQuestion(POSITION)
    return int(text) if text else None


def _case_file(desk: Desk, visit: Visit, row: CaseRow, times: Times, position: int) -> Response:
    then = known(desk.office, UUID(row.case_id), times.known_at, position)
    leaves = [_leaf(desk, each) for each in then.rows]
    return _printed(desk, visit, "case_file.typ", case_file(CaseAsked(times, position, then, leaves, desk.demonstration)), row, f"case-{row.case_id}")


# -- Answers ------------------------------------------------------------------------------------


def _printed(desk: Desk, visit: Visit, template: str, paper: Paper, row: CaseRow, name: str) -> Response:
    content = desk.press.printed(template, paper)
    desk.note_read(visit, [f"case/{row.case_id}"])
    taken = {"content-disposition": f'attachment; filename="{name}.pdf"'}
    return Response(content, media_type=PDF, headers={**HEADERS, **taken})


def _told(desk: Desk, visit: Visit, answered: Callable[[], Response]) -> Response:
    """Answer, or say why there is no PDF now; then nothing was read."""
    try:
        return answered()
    except TooLarge:
        return _none(desk, visit, 413, "PDF_TOO_LARGE")
    except Overloaded:
        return _none(desk, visit, 503, "PDF_OVERLOADED")
    except NotInLogYet:
        return _none(desk, visit, 503, "NOT_IN_LOG_YET")


def _none(desk: Desk, visit: Visit, status: int, reason: str, **more: Any) -> Response:
    answer = desk.page("refused.html", visit.request, visit.session, status=status, reason=reason, **more)
    if status == 503:
        answer.headers["retry-after"] = SECONDS_TO_WAIT
    return answer
