"""The log of the cases for auditors, under `/audit/log/`: the same files as the public log has, for whoever signs in as an auditor."""

import asyncio
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from api.errors import NotSignedIn, problem_of
from api.problems import problem
from domain.actors import Actor, Role
from projections.transparency.answers import LogAnswers

NOT_KEPT = {"cache-control": "private, no-store"}
ONLY_AUDITORS = "The log of the cases is read by auditors: sign in as AUDITOR. What the public may verify of it stands in the daily seals."


def audit_log(answers: LogAnswers, actor_of: Callable[[Request], Actor]) -> Callable[[Request], Awaitable[Response]]:
    """
    Return what answers a request for a file of the log. Its size tells how busy the office is, so nobody else learns even that a file is missing.

    Law: Article 78(1).
    """

    def read(request: Request) -> Response:
        try:
            actor = actor_of(request)
        except NotSignedIn as error:
            return problem_of(error)
        if actor.role is not Role.AUDITOR:
            return problem(403, ONLY_AUDITORS)
        found = answers.answer(request.path_params["path"])
        return Response(found.body, found.status, headers={**NOT_KEPT, "content-type": found.media_type})

    async def answer(request: Request) -> Response:
        return await asyncio.to_thread(read, request)

    return answer
