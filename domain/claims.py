"""
Claims: one-event streams that make something unique without a race, saved together with what they are for.

A lineage belongs to one case; an idempotency key answers one request. The list's numbers are the versions of one such stream.
"""

from typing import ClassVar

from domain.actors import Role
from domain.ids import Kind, Stream
from domain.record import Fact
from domain.types import Int, Payload, Sha256, Text

LIST_NUMBERS = Stream("claim", "list")
"""The stream whose versions are the numbers of the public list."""
DEMONSTRATION = Stream("claim", "demonstration")
"""The stream that exists in a store created as a demonstration."""


class Written(Payload):
    """A stretch of a stream that a request wrote."""

    stream: Text
    first: Int
    last: Int


class Claimed(Fact):
    """Something is taken. `body_hash` and `written` let the first answer to a repeated request be given again."""

    STREAMS: ClassVar[tuple[Kind, ...]] = ("claim",)
    RECORDED_BY: ClassVar[frozenset[Role]] = frozenset(Role)

    body_hash: Sha256 | None = None
    written: tuple[Written, ...] = ()
