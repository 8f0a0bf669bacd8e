"""Errors that a client can act on: each with a code in `extensions`, and a sentence that says what to do."""

from collections.abc import Iterable, Iterator
from typing import Any

from graphql import GraphQLError, GraphQLFormattedError

NOT_GRAPHQL = "GRAPHQL_PARSE_FAILED"
NOT_IN_SCHEMA = "GRAPHQL_VALIDATION_FAILED"
BAD_INPUT = "BAD_USER_INPUT"
FORBIDDEN = "FORBIDDEN"


def refusal(code: str, sentence: str, **more: Any) -> GraphQLError:
    """Return an error with its code."""
    return GraphQLError(sentence, extensions={"code": code, **more})


def bad_input(sentence: str) -> GraphQLError:
    """Return the error of an argument that no answer exists for."""
    return refusal(BAD_INPUT, sentence)


def formatted(errors: Iterable[GraphQLError], code: str) -> Iterator[GraphQLFormattedError]:
    """Write errors as they are answered; those without a code of their own get this one."""
    for error in errors:
        shown = error.formatted
        yield {**shown, "extensions": {"code": code, **shown.get("extensions", {})}}


def let_bugs_rise(errors: Iterable[GraphQLError]) -> None:
    """
    Raise what a resolver raised unforeseen: the answer is a 500 that says nothing of it, and the log says everything.

    A broken query is none of it: masking that too would leave its author without help.
    """
    for error in errors:
        if error.original_error is not None and not isinstance(error.original_error, GraphQLError):
            raise error.original_error
