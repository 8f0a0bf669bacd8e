"""Challenges as far as they are public: which field was questioned, when, and what came of it (procedure section 5.12)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal, Protocol

import orjson
from pydantic import TypeAdapter
from sqlalchemy import Connection, func, select

from domain import public
from projections.public.tables import challenges
from projections.store import Batch, Projection, ReadStore, upsert

Outcome = Literal["CORRECTED", "NOT_CORRECTED", "OUT_OF_SCOPE"]


@dataclass(frozen=True, slots=True)
class PublicChallenge:
    """One challenge under its random reference. Its free text is confidential and not known here."""

    ref: str
    list_id: str
    field: public.ChallengedField
    on: date
    answered_on: date | None = None
    outcome: Outcome | None = None
    closed_on: date | None = None


CHALLENGE = TypeAdapter(PublicChallenge)


class ChallengeQuestions(Protocol):
    """What the public may ask about challenges."""

    def of_entry(self, list_id: str) -> tuple[PublicChallenge, ...]:
        """Return the challenges of an entry, newest first."""
        ...

    def challenge(self, ref: str) -> PublicChallenge | None:
        """Return a challenge by its reference."""
        ...


class Challenges(Projection):
    """Keeps every challenge with its state."""

    name = "challenges.v1"
    tables = (challenges,)

    def apply(self, batch: Batch, rows: Connection) -> None:
        """Fold the batch's events of challenges."""
        payloads = [seen.event.payload for seen in batch if hasattr(seen.event.payload, "challenge_ref")]
        known = _known(rows, {str(payload.challenge_ref) for payload in payloads})
        number = int(rows.execute(select(func.coalesce(func.max(challenges.c.number), 0))).scalar_one())
        for payload in payloads:
            ref = str(payload.challenge_ref)
            if isinstance(payload, public.ChallengeReceived):
                number += 1
                known[ref] = (number, PublicChallenge(ref, payload.list_id, payload.field, payload.on))
            elif ref in known:  # a store that was not rebuilt since it has this table does not know what came before
                known[ref] = (known[ref][0], _changed(known[ref][1], payload))
        upsert(rows, challenges, [_row(number, challenge) for number, challenge in known.values()])


def _known(rows: Connection, refs: Iterable[str]) -> dict[str, tuple[int, PublicChallenge]]:
    found = rows.execute(select(challenges).where(challenges.c.ref.in_(refs)))
    return {row.ref: (row.number, CHALLENGE.validate_json(row.body)) for row in found}


def _changed(challenge: PublicChallenge, payload: public.ChallengeAnswered | public.ChallengeClosed) -> PublicChallenge:
    if isinstance(payload, public.ChallengeAnswered):
        return replace(challenge, answered_on=payload.on, outcome=payload.outcome)
    return replace(challenge, closed_on=payload.on)


def _row(number: int, challenge: PublicChallenge) -> dict[str, Any]:
    return {"number": number, "ref": challenge.ref, "list_id": challenge.list_id, "body": orjson.dumps(challenge)}


class PublishedChallenges:
    """Answers `ChallengeQuestions` from the public read store."""

    def __init__(self, store: ReadStore) -> None:
        self._store = store

    def of_entry(self, list_id: str) -> tuple[PublicChallenge, ...]:
        """Return the challenges of an entry, newest first."""
        query = select(challenges.c.body).where(challenges.c.list_id == list_id).order_by(challenges.c.number.desc())
        with self._store.reading() as rows:
            return tuple(map(CHALLENGE.validate_json, rows.execute(query).scalars()))

    def latest(self, most: int = 500) -> tuple[PublicChallenge, ...]:
        """Return the last challenges of all entries, newest first."""
        query = select(challenges.c.body).order_by(challenges.c.number.desc()).limit(most)
        with self._store.reading() as rows:
            return tuple(map(CHALLENGE.validate_json, rows.execute(query).scalars()))

    def challenge(self, ref: str) -> PublicChallenge | None:
        """Return a challenge by its reference."""
        with self._store.reading() as rows:
            body = rows.execute(select(challenges.c.body).where(challenges.c.ref == ref)).scalar()
        return CHALLENGE.validate_json(body) if body else None
