"""The log of the cases for auditors, under `/audit/log/`: the same files as the public log has, for whoever signs in as an auditor."""

import asyncio
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from api.auth import Caller
from api.errors import NotSignedIn, problem_of
from api.problems import problem
from api.stores.access_log import AccessAct, AccessLog
from domain.actors import Role
from projections.transparency.answers import LogAnswers

ADDRESS = "/audit/log"
"""The log as the access log names it, whichever of its files was asked for."""
NOT_KEPT = {"cache-control": "private, no-store"}
ONLY_AUDITORS = "The log of the cases is read by auditors: sign in as AUDITOR. What the public may verify of it stands in the daily seals."


def audit_log(answers: LogAnswers, log: AccessLog, caller_of: Callable[[Request, str], Caller]) -> Callable[[Request], Awaitable[Response]]:
    """
    Return what answers a request for a file of the log, and notes it.

    The size of the log tells how busy the office is, so nobody else learns even that a file is missing.

    Law: Article 78(1).
    """

    def read(request: Request) -> Response:
        try:
            caller = caller_of(request, ADDRESS)
        except NotSignedIn as error:
            return problem_of(error)
        if caller.actor.role is not Role.AUDITOR:
            log.note(AccessAct.REFUSED, "ROLE", by=caller.by, actor=caller.actor, subjects=[ADDRESS])
            return problem(403, ONLY_AUDITORS)
        found = answers.answer(request.path_params["path"])
        log.note(AccessAct.READ, by=caller.by, actor=caller.actor, subjects=[ADDRESS])
        return Response(found.body, found.status, headers={**NOT_KEPT, "content-type": found.media_type})

    async def answer(request: Request) -> Response:
        return await asyncio.to_thread(read, request)

    return answer
