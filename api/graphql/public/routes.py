"""The addresses of the public schema."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from api.graphql.common.http import Endpoint, bugs_answered
from api.graphql.common.kept import Kept
from api.graphql.common.service import Answer, Asked, Service
from api.graphql.public.asked import LogFiles, PublicContext, no_log
from api.graphql.public.remembered import Remembered
from api.graphql.public.schema import public_schema
from api.problems import problem
from domain.law.periods import legal_day
from projections.public.questions import PublicQuestions

KEPT = {"cache-control": "public, max-age=60, must-revalidate"}
"""A public answer may be kept by anyone and asked about again after a minute."""


def public_graphql(
    questions: PublicQuestions, *, clock: Callable[[], datetime], position: Callable[[], int], log: LogFiles = no_log
) -> list[BaseRoute]:
    """
    Give the routes of the public schema.

    `position` is the length of the public sequence, at hand without asking the store: answers are kept until it moves, or the legal day does.
    """
    answers = PublicAnswers(questions, clock, position, log)
    endpoint = bugs_answered(Endpoint(answers.answer, KEPT), problem)
    return [Route("/graphql", endpoint), Route("/graphql/schema.graphql", _published_schema, methods=["GET"])]


class PublicAnswers:
    """Answers the public's requests: from what is kept, else in a worker thread, because the questions wait for a store."""

    def __init__(self, questions: PublicQuestions, clock: Callable[[], datetime], position: Callable[[], int], log: LogFiles) -> None:
        self._clock = clock
        self._position = position
        self._log = log
        self._service = Service(public_schema)
        self._questions = Remembered(questions, position)
        self._kept = Kept()

    async def answer(self, _request: Request, asked: Asked) -> Answer:
        """Answer one request."""
        state, key = self._state(), asked.key
        if (kept := self._kept.find(state, key)) is not None:
            return kept
        context = PublicContext(self._questions, lambda: legal_day(self._clock()), self._log)
        answer = await asyncio.to_thread(self._service.answer, asked, context)
        # Kept only if the record did not move meanwhile: the answer may be of either side.
        if answer.whole and not context.log_asked and self._state() == state:
            self._kept.keep(state, key, answer)
        return answer

    def _state(self) -> tuple[int, object]:
        return (self._position(), legal_day(self._clock()))


def _published_schema(_request: Request) -> Response:
    text = (files("api.graphql") / "public.graphql").read_bytes()
    return Response(text, headers=KEPT, media_type="text/plain; charset=utf-8")
