"""Challenges: anyone may question a published field (procedure 5.12). The free text is a confidential document; the rest is public."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from domain import public
from domain.actors import Actor, Role
from domain.errors import AlreadyInRegister, Malformed, NotInRegister
from domain.ids import Kind
from domain.record import Act, Fact, Facts, History, decides
from domain.types import Sha256

DESK = frozenset({Role.PUBLICATION_OFFICER})
ANYBODY = Actor(UUID("3d0c7a52-7c0e-4b59-9d0a-5f6b0d1f2e64"), Role.PUBLIC)
"""Every visitor of the public side: who it was is not known."""


@dataclass(frozen=True, slots=True)
class Challenge(History):
    """One challenge, under its random public reference."""


class ChallengeFact(Fact):
    """An event of a challenge."""

    STREAMS: ClassVar[tuple[Kind, ...]] = ("challenge",)
    RECORDED_BY: ClassVar[frozenset[Role]] = DESK


class ChallengeReceived(ChallengeFact, public.ChallengeReceived):
    """Somebody questioned a published field."""

    RECORDED_BY: ClassVar[frozenset[Role]] = frozenset({Role.PUBLIC})

    document_hash: Sha256 | None = None


class ChallengeAnswered(ChallengeFact, public.ChallengeAnswered):
    """The question was answered; a right one leads to a correction."""

    document_hash: Sha256 | None = None


class ChallengeClosed(ChallengeFact, public.ChallengeClosed):
    """The challenge was closed."""


@decides(ChallengeReceived, ChallengeAnswered, ChallengeClosed)
def record_challenge(challenge: Challenge, act: Act, fact: ChallengeReceived | ChallengeAnswered | ChallengeClosed) -> Facts:
    """Record a challenge and what becomes of it. Raises: NotInRegister, AlreadyInRegister out of order; Malformed for another reference."""
    if str(fact.challenge_ref) != challenge.stream.key:
        raise Malformed("challenge_ref", "must be the challenge this record belongs to")
    if isinstance(fact, ChallengeReceived) and challenge:
        raise AlreadyInRegister("This challenge is recorded already.")
    if not isinstance(fact, ChallengeReceived) and not challenge:
        raise NotInRegister("there is no challenge under this reference")
    if challenge.of(ChallengeClosed):
        raise AlreadyInRegister("This challenge is closed.")
    return (fact,)
