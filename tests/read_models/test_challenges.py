"""Challenges as far as they are public: field, day and outcome, whatever the batches are."""

from datetime import date

import pytest

from projections.public.challenges import PublicChallenge, PublishedChallenges
from tests.read_models.folding import ReadSide, Told, rows_of
from tests.read_models.listing import events_of, listed
from tests.scenario import brussels, document, fact, named

ONE, TWO, THREE = (str(named(f"challenge {n}")) for n in (1, 2, 3))
MAY_4, MAY_6, MAY_7 = (brussels(day, 11) for day in ("2026-05-04", "2026-05-06", "2026-05-07"))
HISTORY = events_of(
    [
        listed(brussels("2026-03-02", 10)),
        (MAY_4, fact("ChallengeReceived", challenge_ref=ONE, list_id="1", field="provider_name", on="2026-05-04", document_hash=document("a"))),
        (MAY_4, fact("ChallengeReceived", challenge_ref=TWO, list_id="1", field="OTHER", on="2026-05-04")),
        (MAY_4, fact("ChallengeReceived", challenge_ref=THREE, list_id="2", field="note", on="2026-05-04")),
        (MAY_6, fact("ChallengeAnswered", challenge_ref=ONE, on="2026-05-06", outcome="CORRECTED", document_hash=document("b"))),
        (MAY_7, fact("ChallengeClosed", challenge_ref=ONE, on="2026-05-07")),
    ]
)
FIRST = PublicChallenge(ONE, "1", "provider_name", date(2026, 5, 4), date(2026, 5, 6), "CORRECTED", date(2026, 5, 7))
SECOND = PublicChallenge(TWO, "1", "OTHER", date(2026, 5, 4))


@pytest.mark.parametrize("size", [1, 2, 100])
def test_a_challenge_shows_its_field_its_days_and_its_outcome(read_side: ReadSide, size: int) -> None:
    read_side.fold(Told.of(HISTORY, [size]))
    found = PublishedChallenges(read_side.stores[1])
    assert found.of_entry("1") == (SECOND, FIRST)
    assert found.challenge(ONE) == FIRST
    assert [challenge.ref for challenge in found.of_entry("2")] == [THREE]
    assert (found.of_entry("3"), found.challenge("no-reference")) == ((), None)


def test_no_document_of_a_challenge_is_in_the_public_store(read_side: ReadSide) -> None:
    read_side.fold(Told.of(HISTORY))
    rows = repr(dict(rows_of(read_side.stores[1])))
    assert ONE in rows
    assert document("a") not in rows
    assert document("b") not in rows


def test_an_answer_to_what_came_before_the_table_is_left_to_the_next_rebuild(read_side: ReadSide) -> None:
    read_side.fold(Told.of(HISTORY[4:]))
    assert PublishedChallenges(read_side.stores[1]).challenge(ONE) is None
    assert PublishedChallenges(read_side.emptied().fold(Told.of(HISTORY)).stores[1]).challenge(ONE) == FIRST
