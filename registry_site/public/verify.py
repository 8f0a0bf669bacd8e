"""
The page on which anyone checks the register: what the log claims, whether an entry stands in it, whether it only ever grew.

It depends on the last checkpoint, which moves when neither the public sequence nor the legal day does; so it is never kept. All that one page shows
is of one checkpoint, read once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from http import HTTPStatus
from importlib.resources import files

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from projections.public.page_questions import PageQuestions
from projections.transparency.notes import Checkpoint, NoteRefused, Verifier, parse_note
from projections.transparency.questions import Claim, Continuation, LogQuestions
from registry_site.public.asked import BadQuestion, Complaint, Problem, number_asked, parameters
from registry_site.public.checking import Check, check_receipt, continues, signed_by
from registry_site.public.desk import KEPT, Desk, in_languages, problem_page
from registry_site.public.sent import fields_sent
from registry_site.ui.languages import in_every_language

LONGEST_KEYS = 20
"""Verifier keys that a visitor may give at once."""


@dataclass(slots=True)
class Shown:
    """What the page shows beside the forms: what was typed, what is wrong with it, and what came out."""

    claim: Claim
    checkpoint: Checkpoint
    signature_fits: bool
    typed: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, Problem] = field(default_factory=dict)
    entry: Check | None = None
    growth: Continuation | None = None
    growth_holds: bool = False
    file: Check | None = None
    keys: str = ""


def verify_pages(questions: PageQuestions, log: LogQuestions, *, clock: Callable[[], datetime], address: str = "") -> list[BaseRoute]:
    """Give the routes of the page and of the script that it offers; `address` is the register's own."""
    desk = Desk(questions, clock, address)

    def verify(desk: Desk, request: Request) -> Response:
        return _asked(desk, log, request)

    async def check_file(request: Request) -> Response:
        try:
            sent = await fields_sent(request)
        except BadQuestion as bad:
            return problem_page(request, HTTPStatus.BAD_REQUEST, problems=bad.problems)
        return await run_in_threadpool(_sent, desk, log, request, sent)

    return [
        *in_languages(desk, "/verify", verify),
        *(Route(path, check_file, methods=["POST"], name="check_file") for path in in_every_language("/verify")),
        Route("/verify/check_receipt.py", _script, name="check_receipt.py"),
    ]


def _script(request: Request) -> Response:
    return PlainTextResponse(_check_receipt_py(), headers=KEPT)


@cache
def _check_receipt_py() -> str:
    """Read the script that checks a receipt off line, to be given to whoever wants it."""
    return (files("registry_site.public") / "check_receipt.py").read_text(encoding="utf-8")


def _page(desk: Desk, request: Request, shown: Shown | None) -> Response:
    status = HTTPStatus.BAD_REQUEST if shown and shown.problems else HTTPStatus.OK
    receipt = shown.entry.receipt if shown and shown.entry else None
    written = receipt.write().decode("utf-8", "replace") if receipt else ""
    return desk.page("verify.html", request, status=status, kept=False, shown=shown, receipt=written, base=str(request.base_url).rstrip("/"))


def _claimed(log: LogQuestions) -> Shown | None:
    """Read what the log claims, once for the whole page; None before its first checkpoint."""
    claim = log.claim()
    if claim is None:
        return None
    checkpoint = Checkpoint.parse(parse_note(claim.note).text)
    fits = signed_by(claim.note, _verifiers(claim.vkeys))
    return Shown(claim, checkpoint, fits, keys="\n".join(claim.vkeys))


def _verifiers(vkeys: Sequence[str]) -> list[Verifier]:
    return [Verifier.parse(vkey) for vkey in vkeys]


# -- Asked by address -----------------------------------------------------------------


def _asked(desk: Desk, log: LogQuestions, request: Request) -> Response:
    """Show what the log claims and, where they are asked for, one entry and one stretch of growth."""
    typed = parameters(request.scope["query_string"], ("entry", "from", "to"))
    shown = _claimed(log)
    if shown is not None:
        shown.typed = typed
        shown.problems = {bad.parameter: bad for bad in (*_ask_entry(shown, log), *_ask_growth(shown, log))}
    return _page(desk, request, shown)


def _ask_entry(shown: Shown, log: LogQuestions) -> Sequence[Problem]:
    if "entry" not in shown.typed:
        return ()
    try:
        index = _number(shown, "entry", 0, shown.checkpoint.size - 1, "NO_SUCH_ENTRY")
    except BadQuestion as bad:
        return bad.problems
    receipt = log.receipt_under(shown.claim.note, index).write()
    shown.entry = check_receipt(receipt, _verifiers(shown.claim.vkeys), shown.checkpoint, _entries(log))
    return ()


def _ask_growth(shown: Shown, log: LogQuestions) -> Sequence[Problem]:
    if not shown.typed.keys() & {"from", "to"}:
        return ()
    size = shown.checkpoint.size
    # Left out, the sizes are the first and the last there are.
    shown.typed = {"from": "1", "to": str(size), **shown.typed}
    try:
        old, new = (_number(shown, name, 1, size, "NO_SUCH_SIZE") for name in ("from", "to"))
        if old > new:
            raise BadQuestion(Problem("to", "SIZES_REVERSED"))
    except BadQuestion as bad:
        return bad.problems
    shown.growth = log.continuation(old, new)
    shown.growth_holds = continues(shown.growth) and (new < size or shown.growth.new_root == shown.checkpoint.root)
    return ()


def _number(shown: Shown, name: str, least: int, most: int, complaint: Complaint) -> int:
    number = number_asked(name, shown.typed[name])
    if not least <= number <= most:
        raise BadQuestion(Problem(name, complaint, shown.typed[name]))
    return number


def _entries(log: LogQuestions) -> Callable[[int], bytes | None]:
    return lambda index: log.published(f"entry/{index}")


# -- Sent as a file ---------------------------------------------------------------------


def _sent(desk: Desk, log: LogQuestions, request: Request, sent: Mapping[str, bytes]) -> Response:
    """Check a receipt that the visitor sent, with the keys on the page or others."""
    shown = _claimed(log)
    if shown is not None:
        shown.keys = sent.get("key", b"").decode("utf-8", "replace").strip() or shown.keys
        raw = sent.get("receipt", b"")
        try:
            verifiers = _verifiers(shown.keys.split())
        except NoteRefused:
            verifiers = []
        if not 0 < len(verifiers) <= LONGEST_KEYS:
            shown.problems = {"key": Problem("key", "NOT_A_KEY")}
        elif not raw:
            shown.problems = {"receipt": Problem("receipt", "NO_FILE")}
        else:
            shown.file = check_receipt(raw, verifiers, shown.checkpoint, _entries(log))
    return _page(desk, request, shown)
