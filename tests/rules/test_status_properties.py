"""The fold of the status against a naive second reading of procedure section 3, and the properties that section names."""

import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.law.periods import BRUSSELS, start_of
from domain.law.provisions import CHAPTER_V, FOREVER, Law, ThresholdVersion
from domain.law.settings import Settings
from domain.status import BEGINNING, Annulment, CaseFacts, ConditionMet, Decision, Ground, Outcome, Status, force_of, grounds, status_at, timeline
from tests.rules.oracle import TICK, Oracle
from tests.scenario import named

FULL = os.environ.get("HYPOTHESIS_PROFILE") == "full"
thorough = settings(max_examples=2_000 if FULL else 300, derandomize=not FULL, deadline=None, suppress_health_check=[HealthCheck.too_slow])
quick = settings(thorough, max_examples=2_000 if FULL else 100)

# -- Facts: few days and hours, so that they meet -----------------------------------

DAYS = (
    date(2025, 6, 1), CHAPTER_V - timedelta(days=1), CHAPTER_V, date(2025, 11, 1), date(2026, 3, 1), date(2026, 3, 29), date(2026, 6, 3),
    date(2026, 10, 25), date(2027, 1, 1), date(2027, 7, 1), date(2028, 1, 1),
)  # fmt: skip
days = st.sampled_from(DAYS)
acts = st.sampled_from([day for day in DAYS if day >= CHAPTER_V])  # R02 keeps acts of the Commission behind this day
instants = st.builds(lambda day, hour: start_of(day) + timedelta(hours=hour), acts, st.sampled_from([0, 0, 9, 12]))
spans = st.tuples(instants, instants | st.just(FOREVER)).filter(lambda span: span[0] < span[1])
flops = st.sampled_from([Decimal(10**25), Decimal(10**25 + 1), Decimal(2 * 10**25), Decimal(10**26), Decimal(10**26 + 1)])
conditions = st.builds(ConditionMet, on=days, compute=flops | st.none())
OUTCOMES: tuple[Outcome, ...] = (
    "ACCEPTANCE", "REJECTION", "CONVERSION", "DESIGNATION_52_1", "DESIGNATION_52_4", "LIFTING", "MAINTAINING", "DECLINING", "REVOCATION",
    "WITHDRAWAL",
)  # fmt: skip
TARGETS: dict[Outcome, tuple[Outcome, ...]] = {
    "CONVERSION": ("ACCEPTANCE",),
    "LIFTING": ("DESIGNATION_52_4",),
    "MAINTAINING": ("DESIGNATION_52_4",),
    "REVOCATION": ("REJECTION", "DESIGNATION_52_1", "DESIGNATION_52_4", "MAINTAINING", "REVOCATION", "WITHDRAWAL"),
    "WITHDRAWAL": OUTCOMES,
}
annulments = st.builds(Annulment, maintained_until=st.none() | acts)


@st.composite
def decision(draw: Any, n: int, earlier: list[Decision]) -> Decision:
    outcome = draw(st.sampled_from(OUTCOMES))
    possible = [d.id for d in earlier if d.outcome in TARGETS.get(outcome, ())]
    return Decision(
        id=named(f"decision {n}"),
        outcome=outcome,
        informed_at=draw(instants if n % 5 else st.none() | instants),
        target=draw(st.sampled_from(possible)) if possible else None,
        condition_met_on=draw(days) if outcome == "DESIGNATION_52_1" else None,
        effective_from=draw(st.none() | instants) if outcome == "CONVERSION" else None,
        annulled=draw(st.none() | st.none() | annulments),
        suspended=tuple(draw(st.lists(spans, max_size=2))),
    )


@st.composite
def cases(draw: Any) -> CaseFacts:
    decisions: list[Decision] = []
    for n in range(draw(st.integers(0, 6))):
        decisions.append(draw(decision(n, decisions)))
    met = draw(st.lists(conditions, max_size=3))
    return CaseFacts(tuple(met), tuple(decisions), tuple(draw(st.lists(spans, max_size=2))))


@st.composite
def laws(draw: Any) -> Law:
    known = datetime(2025, 1, 1, tzinfo=UTC)
    first = ThresholdVersion(1, Decimal(10**25), date(2024, 7, 12), CHAPTER_V, False, known)
    later = [
        ThresholdVersion(n, draw(flops), date(2025, 9, 1), draw(acts), draw(st.booleans()), known) for n in range(2, 2 + draw(st.integers(0, 2)))
    ]
    switches = {
        "SUSPENDED_ENDING": draw(st.sampled_from(["operates_again", "operates_again", "stays_ended"])),
        "RAISED_THRESHOLD_EFFECT": draw(st.sampled_from(["lapses", "lapses", "never_lapses"])),
    }
    return Law(thresholds=(first, *later), settings=Settings(1, switches))


def one(decision: Decision | None = None, **changes: Any) -> Decision:
    """Return a decision with some fields changed."""
    base = decision or Decision(named("decision"), "REJECTION", start_of(date(2026, 6, 3)))
    return replace(base, **changes)


# -- Two readings, one result --------------------------------------------------------


@given(cases(), laws())
@thorough
def test_two_readings_of_the_law_agree_at_every_moment(facts: CaseFacts, law: Law) -> None:
    oracle = Oracle(facts, law)
    found = grounds(facts, law)
    assert {ground: oracle.spans(ground) for ground in Ground} == found.spans
    for moment in oracle.moments[:-1]:
        status, active = status_at(facts, law, moment)
        assert status is oracle.status(moment), moment.astimezone(BRUSSELS).isoformat()
        assert [ground for ground, _ in active] == [ground for ground in Ground if oracle.is_active(ground, moment)]
        assert all(begin <= moment < end for _, (begin, end) in active)


@given(cases(), laws())
@quick
def test_the_timeline_covers_all_time_once_and_says_what_the_fold_says(facts: CaseFacts, law: Law) -> None:
    pieces = timeline(facts, law)
    assert pieces[0][0][0] == BEGINNING
    assert pieces[-1][0][1] == FOREVER
    for (before, *said), (after, *says) in pairwise(pieces):
        assert before[1] == after[0]
        assert said != says, "two pieces that say the same are one"
    for (begin, end), status, active in pieces:
        for moment in (begin, end - TICK):
            assert status_at(facts, law, moment) == (status, active)


# -- The properties of section 3 -------------------------------------------------------


@given(cases(), laws(), st.randoms(use_true_random=False))
@quick
def test_i_the_order_of_recording_does_not_matter(facts: CaseFacts, law: Law, order: Any) -> None:
    shuffled = [list(part) for part in (facts.conditions, facts.decisions, facts.expected)]
    thresholds = list(law.thresholds)
    for part in (*shuffled, thresholds):
        order.shuffle(part)
    other = CaseFacts(*(tuple(part) for part in shuffled))  # type: ignore[arg-type]
    assert timeline(other, replace(law, thresholds=tuple(thresholds))) == timeline(facts, law)


@given(cases(), laws(), st.integers(0, 5))
@quick
def test_ii_a_decision_that_nobody_was_informed_of_changes_nothing(facts: CaseFacts, law: Law, n: int) -> None:
    silent = tuple(one(d, informed_at=None) if i == n else d for i, d in enumerate(facts.decisions))
    without = tuple(d for i, d in enumerate(facts.decisions) if i != n)
    assert timeline(replace(facts, decisions=silent), law) == timeline(replace(facts, decisions=without), law)


@given(cases(), laws(), st.integers(0, 5))
@quick
def test_iii_an_annulled_decision_might_as_well_never_have_been(facts: CaseFacts, law: Law, n: int) -> None:
    annulled = tuple(one(d, annulled=Annulment(None)) if i == n else d for i, d in enumerate(facts.decisions))
    without = tuple(d for i, d in enumerate(facts.decisions) if i != n)
    assert timeline(replace(facts, decisions=annulled), law) == timeline(replace(facts, decisions=without), law)


@given(laws(), flops, instants, instants)
@quick
def test_iv_annulling_the_end_of_a_ground_revives_it(law: Law, flop: Decimal, designated: datetime, ended: datetime) -> None:
    designation = Decision(named("designation"), "DESIGNATION_52_4", designated)
    lifting = Decision(named("lifting"), "LIFTING", ended, target=designation.id)
    acceptance = Decision(named("acceptance"), "ACCEPTANCE", ended)
    alive = CaseFacts((ConditionMet(CHAPTER_V, flop),), (designation,))
    for end in (lifting, acceptance):
        void = one(end, annulled=Annulment(None))
        assert grounds(replace(alive, decisions=(designation, void)), law).spans == grounds(alive, law).spans
    assert not any(
        begin <= ended < finish for begin, finish in grounds(replace(alive, decisions=(designation, lifting)), law).spans[Ground.DESIGNATED]
    )


@given(cases(), laws())
@quick
def test_a_model_is_classified_while_any_ground_is_active_and_none_ends_with_another(facts: CaseFacts, law: Law) -> None:
    """Article 51(1), "any of the following conditions": grounds are united, never overruled by each other."""
    found = grounds(facts, law)
    for (begin, _), status, active in timeline(facts, law):
        assert (status is Status.CLASSIFIED) == bool(active) == any(first <= begin < last for spans in found.spans.values() for first, last in spans)
    for ground, outcome in ((Ground.DESIGNATED, "DESIGNATION_52_4"), (Ground.DECLARED, "DESIGNATION_52_1")):
        without = grounds(replace(facts, decisions=tuple(d for d in facts.decisions if d.outcome != outcome)), law).spans
        assert without[ground] == []
        assert {other: without[other] for other in Ground if other is not ground} == {g: found.spans[g] for g in Ground if g is not ground}


@given(cases(), laws())
@quick
def test_v_no_ground_starts_before_chapter_v_applied(facts: CaseFacts, law: Law) -> None:
    starts = [begin for spans in grounds(facts, law).spans.values() for begin, _ in spans]
    assert all(begin >= start_of(CHAPTER_V) for begin in starts)
    assert status_at(facts, law, start_of(CHAPTER_V) - TICK)[0] in (Status.NOT_CLASSIFIED, Status.ANTICIPATED, Status.CLEARED)


# -- Nothing makes the fold fail ---------------------------------------------------------

anything = st.datetimes(datetime(1950, 1, 1), datetime(2199, 12, 31), timezones=st.just(BRUSSELS))  # noqa: DTZ001 - the zone is given beside
any_span = st.tuples(anything, anything | st.just(FOREVER))
some_id = st.sampled_from([named(f"decision {n}") for n in range(5)])
wild = st.builds(
    Decision, id=some_id, outcome=st.sampled_from(OUTCOMES), informed_at=st.none() | anything, target=st.none() | some_id,
    condition_met_on=st.none() | days, effective_from=st.none() | anything, annulled=st.none() | annulments,
    suspended=st.lists(any_span, max_size=3).map(tuple),
)  # fmt: skip
wild_cases = st.builds(
    CaseFacts, st.lists(conditions, max_size=4).map(tuple), st.lists(wild, max_size=8).map(tuple), st.lists(any_span, max_size=3).map(tuple)
)  # fmt: skip


@given(wild_cases, laws() | st.just(Law()))
@quick
def test_no_facts_make_the_fold_fail_not_even_acts_that_undo_each_other(facts: CaseFacts, law: Law) -> None:
    pieces = timeline(facts, law)
    assert pieces[0][0][0] == BEGINNING
    assert pieces[-1][0][1] == FOREVER
    for moment in (BEGINNING, start_of(CHAPTER_V), FOREVER - TICK):
        status_at(facts, law, moment)
    assert set(force_of(facts, law)) == {decision.id for decision in facts.decisions}


# -- A few by hand, so that the oracle is known to bite ------------------------------------

LAW = Law(thresholds=(ThresholdVersion(1, Decimal(10**25), date(2024, 7, 12), CHAPTER_V, False, datetime(2025, 1, 1, tzinfo=UTC)),))
MARCH_1, JUNE_3 = date(2026, 3, 1), date(2026, 6, 3)
MET = ConditionMet(MARCH_1, Decimal(10**25 + 1))


@pytest.mark.parametrize(
    ("facts", "at", "status"),
    [
        (CaseFacts(), start_of(MARCH_1), Status.NOT_CLASSIFIED),
        (CaseFacts((MET,)), start_of(MARCH_1), Status.CLASSIFIED),
        (CaseFacts((MET,)), start_of(MARCH_1) - TICK, Status.NOT_CLASSIFIED),
        (CaseFacts((ConditionMet(MARCH_1, Decimal(10**25)),)), start_of(JUNE_3), Status.NOT_CLASSIFIED),
        (CaseFacts((MET,), (one(outcome="ACCEPTANCE"),)), start_of(JUNE_3), Status.CLEARED),
        (CaseFacts((MET,), (one(outcome="ACCEPTANCE"),)), start_of(JUNE_3) - TICK, Status.CLASSIFIED),
        (CaseFacts((MET,), (one(outcome="ACCEPTANCE", informed_at=None),)), start_of(JUNE_3), Status.CLASSIFIED),
        (CaseFacts((), (one(outcome="DESIGNATION_52_1", condition_met_on=MARCH_1),)), start_of(MARCH_1), Status.CLASSIFIED),
        (CaseFacts((), (one(outcome="DESIGNATION_52_4"),)), start_of(JUNE_3) - TICK, Status.NOT_CLASSIFIED),
        (CaseFacts((), (), ((start_of(MARCH_1), FOREVER),)), start_of(JUNE_3), Status.ANTICIPATED),
        (CaseFacts((MET,), (), ((start_of(CHAPTER_V), FOREVER),)), start_of(MARCH_1) - TICK, Status.ANTICIPATED),
    ],
)
def test_both_readings_give_what_the_procedure_says(facts: CaseFacts, at: datetime, status: Status) -> None:
    assert status_at(facts, LAW, at)[0] is status
    assert Oracle(facts, LAW).status(at) is status


def test_an_oracle_that_misreads_the_law_is_found_out() -> None:
    """Accepting "at least" for "greater than" would be seen."""
    exactly = CaseFacts((ConditionMet(MARCH_1, Decimal(10**25)),))
    lower = replace(LAW, thresholds=(replace(LAW.thresholds[0], value_flop=Decimal(10**25 - 1)),))
    assert Oracle(exactly, lower).spans(Ground.PRESUMED) != grounds(exactly, LAW).spans[Ground.PRESUMED]


@pytest.mark.parametrize(("informed_at", "confirmed"), [(start_of(JUNE_3) - TICK, True), (start_of(JUNE_3), False), (start_of(JUNE_3) + TICK, False)])
def test_a_rejection_holds_a_lapse_off_only_if_it_was_in_force_before(informed_at: datetime, confirmed: bool) -> None:
    facts = CaseFacts((MET,), (one(informed_at=informed_at),))
    raised = replace(LAW, thresholds=(*LAW.thresholds, replace(LAW.thresholds[0], version=2, value_flop=Decimal(10**26), applies_from=JUNE_3)))
    expected = [(start_of(MARCH_1), FOREVER if confirmed else start_of(JUNE_3))]
    assert grounds(facts, raised).spans[Ground.PRESUMED] == Oracle(facts, raised).spans(Ground.PRESUMED) == expected
