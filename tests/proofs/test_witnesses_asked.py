"""Witnesses over real HTTP: those that cosign, those that are slow, down or lying, and what the log shows of them."""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

import pytest
from sqlalchemy import func, select

from api.stores.log_tables import cosignatures
from projections.transparency.leaves import public_leaf
from projections.transparency.notes import Checkpoint, Signer, open_checkpoint, parse_note
from projections.transparency.policy import Policy, Witness
from projections.transparency.proofs import verify_receipt
from projections.transparency.verification import again, verify_log
from projections.transparency.witness_verification import verify_witnesses
from tests.proofs.logs import ORIGIN, SIGNER, Opened, opened, record
from tests.proofs.witness import PLAIN, SIZE, Answered, OwnWitness, WitnessSigner, lines, named, policy_of, serving, witnessed

WAIT = 30
FOR_EVER = threading.TIMEOUT_MAX
MOST_ANSWER = 64 * 1024


def other() -> OwnWitness:
    return OwnWitness(named("witness.example/other"))


def differences(found: Opened, policy: Policy) -> list[str]:
    """What `registry verify` says of log and witnesses."""
    whole = verify_log(found.store, found.events, again(public_leaf), [SIGNER.verifier], found.answers)
    return [*whole, *verify_witnesses(found.store, policy, found.answers)]


def asked_for(request: bytes) -> tuple[int, int]:
    """Return the old size and the size of a request."""
    head, _, note = request.partition(b"\n\n")
    return int(head.split(b"\n")[0].removeprefix(b"old ")), Checkpoint.parse(parse_note(note).text).size


# -- Honest witnesses ------------------------------------------------------------------------


def test_a_checkpoint_is_cosigned_before_it_is_published(store_url: str) -> None:
    one, two = OwnWitness(), other()
    with serving(one, two) as policy, witnessed(store_url, policy) as found:
        found.record(1, 2, 3)
        note = found.get("checkpoint")
        assert lines(note) == [ORIGIN, "witness.example/other", "witness.example/own"]
        assert note.startswith(found.trees()[0].note), "the text and the log's own line come first, as they were signed"
        state = found.answers.witnesses()
        assert (state.quorum, state.is_reached) == ("everybody", True)
        assert [(shown.name, shown.size, shown.url) for shown in state.witnesses] == [("w1", 3, one.url), ("w2", 3, two.url)]
        assert state.cosigned == {"w1", "w2"}
        looked = [shown.looked_at for shown in state.witnesses]
        assert all(at and abs(at - datetime.now(UTC)) < timedelta(seconds=WAIT) for at in looked)
        assert found.get("policy").decode() == f"log {SIGNER.verifier.vkey}\n{policy.text}"
        assert Policy.parse(found.get("policy")).cosigned(note) == {"w1", "w2"}
        assert differences(found, policy) == []


def test_each_request_continues_the_one_before(store_url: str) -> None:
    witness = OwnWitness()
    with serving(witness) as policy, witnessed(store_url, policy) as found:
        for first, end in ((1, 2), (2, 8), (8, 300), (300, 301)):
            found.record(*range(first, end))
        assert [asked_for(request) for request in witness.requests] == [(0, 1), (1, 7), (7, 299), (299, 300)]
        assert witness.size == 300
        assert lines(found.get("checkpoint")) == [ORIGIN, witness.signer.name]


def test_receipts_carry_the_cosigned_checkpoint() -> None:
    with serving(OwnWitness()) as policy, witnessed("sqlite://", policy) as found:
        found.record(1, 2, 3)
        for form in ("tlog-proof", "spicy"):
            receipt = found.get(f"receipt/1.{form}")
            assert receipt.endswith(found.get("checkpoint"))
            assert verify_receipt(receipt, [SIGNER.verifier.vkey], found.get("entry/1")).index == 1


def test_what_a_witness_has_seen_is_remembered_across_restarts(tmp_path: Path) -> None:
    witness, url = OwnWitness(), f"sqlite:///{tmp_path}"
    with serving(witness) as policy:
        with witnessed(url, policy) as found:
            found.record(1, 2)
        with witnessed(url, policy) as found:
            found.catch_up()
            found.record(3)
        assert [asked_for(request) for request in witness.requests] == [(0, 2), (2, 3)]


def test_the_new_key_of_the_log_takes_the_cosignatures_over(tmp_path: Path) -> None:
    witness, url, fresh = OwnWitness(), f"sqlite:///{tmp_path}", Signer(ORIGIN, b"\x09" * 32)
    with serving(witness) as policy:
        with witnessed(url, policy) as found:
            found.record(1)
        with witnessed(url, policy, signer=fresh) as found:
            found.catch_up()
            note = found.get("checkpoint")
            assert open_checkpoint(note, [fresh.verifier]).size == 1
            assert policy.cosigned(note) == {"w1"}
        assert len(witness.requests) == 1


# -- Witnesses that differ about what they have seen ---------------------------------------------


@pytest.mark.parametrize("seen", [0, 1, 2, 3])
def test_a_witness_that_has_seen_something_else_is_asked_once_more_from_there(tmp_path: Path, seen: int) -> None:
    witness, url = OwnWitness(), f"sqlite:///{tmp_path}"
    with opened(url) as found:
        for n in (1, 2):
            found.record(n)
    with opened(url) as found:
        found.record(3)
        roots = {tree.size: tree.root for tree in found.trees()}
    witness.size, witness.root = seen, roots.get(seen, b"")
    with serving(witness) as policy, witnessed(url, policy) as found:
        found.catch_up()
        assert [asked_for(request) for request in witness.requests] == ([(0, 3)] if seen == 0 else [(0, 3), (seen, 3)])
        assert policy.cosigned(found.get("checkpoint")) == {"w1"}


def test_a_witness_that_has_seen_more_than_was_signed_is_not_asked_again_for_it(caplog: pytest.LogCaptureFixture) -> None:
    witness = OwnWitness(size=7)
    with serving(witness) as policy, witnessed("sqlite://", policy) as found:
        found.record(1)
        assert lines(found.get("checkpoint")) == [ORIGIN]
        assert len(witness.requests) == 1
        assert "it has seen 7 entries: either it lies, or this log's store was restored" in caplog.text


# -- Witnesses that misbehave ----------------------------------------------------------------------


def answering(status: int, media_type: str = PLAIN, body: bytes = b"") -> Callable[[OwnWitness, bytes], Answered]:
    return lambda witness, request: (status, media_type, body)


def text_of(request: bytes) -> str:
    return parse_note(request.partition(b"\n\n")[2]).text


def signing(make: Callable[[OwnWitness, str], str]) -> Callable[[OwnWitness, bytes], Answered]:
    return lambda witness, request: (200, PLAIN, make(witness, text_of(request)).encode())


def ago(seconds: int) -> datetime:
    return datetime.now(UTC) - timedelta(seconds=seconds)


MISBEHAVIOUR: dict[str, tuple[Callable[[OwnWitness, bytes], Answered], str, int]] = {
    "refuses the proof": (answering(422), "it answered 422", 1),
    "refuses the signature": (answering(403), "it answered 403", 1),
    "does not know the log": (answering(404), "it answered 404", 1),
    "is broken": (answering(500), "it answered 500", 1),
    "sends elsewhere": (answering(307), "it answered 307", 1),
    "sends nothing": (answering(204), "it answered 204", 1),
    "has seen something else each time": (answering(409, SIZE, b"1\n"), "it answered 409", 2),
    "has seen it and says so": (answering(409, SIZE, b"2\n"), "it answered 409", 2),
    "has seen no number": (answering(409, SIZE, b"many\n"), "which size", 1),
    "has seen a page": (answering(409, "text/html", b"1\n"), "it answered 409", 1),
    "answers nothing": (answering(200), "no signatures", 1),
    "answers with a page": (answering(200, "text/html", b"<html>\n"), "a dash", 1),
    "is somebody else": (signing(lambda witness, text: other().signer.cosignature(text, datetime.now(UTC))), "none of the known keys", 1),
    "signs something else": (signing(lambda witness, text: witness.signer.cosignature(text + "x\n", datetime.now(UTC))), "does not fit", 1),
    "signs long ago": (signing(lambda witness, text: witness.signer.cosignature(text, ago(3_600))), "before the time", 1),
    "signs ahead": (signing(lambda witness, text: witness.signer.cosignature(text, ago(-3_600))), "ahead of the time", 1),
    "answers too much": (answering(200, PLAIN, b"A" * (MOST_ANSWER + 1)), f"more than {MOST_ANSWER} bytes", 1),
}


@pytest.mark.parametrize("what", MISBEHAVIOUR)
def test_a_witness_that_misbehaves_stops_nothing(caplog: pytest.LogCaptureFixture, what: str) -> None:
    behave, sentence, requests = MISBEHAVIOUR[what]
    bad, good = OwnWitness(behave=behave), other()
    with serving(bad, good) as policy, witnessed("sqlite://", policy) as found:
        found.record(1, 2)
        assert lines(found.get("checkpoint")) == [ORIGIN, good.signer.name]
        assert sentence in caplog.text
        assert len(bad.requests) == requests
        state = found.answers.witnesses()
        assert not state.is_reached, "the log is published, and says that its quorum is not reached"
        assert [(shown.size, shown.looked_at is None) for shown in state.witnesses] == [(None, True), (2, False)]
        assert state.cosigned == {"w2"}
        found.record(3)
        assert found.answers.size() == 3
        assert differences(found, policy) == []
        cosigned = threading.Semaphore(0)
        found.log.witnesses.after_keeping = cosigned.release
        bad.behave = None
        found.record(4)
        assert cosigned.acquire(timeout=WAIT), "both"
        assert cosigned.acquire(timeout=WAIT), "cosign"
        found.catch_up()
        assert found.answers.witnesses().is_reached, "it is asked on, and believed when it cosigns"


def test_a_witness_that_is_down_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with serving(OwnWitness()) as policy:
        pass
    with witnessed("sqlite://", policy) as found:
        found.record(1)
        assert lines(found.get("checkpoint")) == [ORIGIN]
        assert "The witness w1 has not cosigned the checkpoint of 1 entries" in caplog.text
        found.record(2)
        assert caplog.text.count("has not cosigned") == 1, "the same fault is told once"


def test_a_long_answer_is_read_to_its_limit() -> None:
    """A cosignature among the lines of keys that we do not know."""

    def behave(witness: OwnWitness, request: bytes) -> Answered:
        line = witness.signer.cosignature(text_of(request), datetime.now(UTC))
        left = MOST_ANSWER - len(line.encode())
        # Base64 comes in fours: the name takes up what is left over.
        name = "o" * (1 + (left - len("— o \n".encode())) % 4)
        return 200, PLAIN, f"{line}— {name} {'A' * (left - len(f'— {name} '.encode()) - 1)}\n".encode()

    witness = OwnWitness(behave=behave)
    with serving(witness) as policy, witnessed("sqlite://", policy) as found:
        found.record(1)
        assert len(behave(witness, witness.requests[0])[2]) == MOST_ANSWER
        assert policy.cosigned(found.get("checkpoint")) == {"w1"}


def test_a_witness_without_an_address_is_shown_and_not_asked() -> None:
    policy = policy_of(Witness("w1", named("w").verifier))
    with witnessed("sqlite://", policy) as found:
        found.record(1)
        (shown,) = found.answers.witnesses().witnesses
        assert (shown.url, shown.size, shown.looked_at) == (None, None, None)


# -- Slow witnesses ------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_slow_witness_delays_publication_once_and_its_cosignature_is_published_when_it_comes() -> None:
    free, slow, patience = threading.Event(), OwnWitness(), 3.0
    slow.behave = lambda witness, request: None if free.wait(WAIT) else (500, PLAIN, b"")
    quick = other()
    with serving(slow, quick) as policy, witnessed("sqlite://", policy, patience=patience) as found:
        kept = threading.Semaphore(0)
        found.log.witnesses.after_keeping = kept.release
        begun = monotonic()
        found.record(1)
        assert monotonic() - begun >= patience
        assert lines(found.get("checkpoint")) == [ORIGIN, quick.signer.name]
        found.log.witnesses._patience = FOR_EVER
        found.record(2)  # whoever did not answer is not waited for again
        for _ in range(2):
            assert kept.acquire(timeout=WAIT), "the quick one cosigns both"
        free.set()
        assert kept.acquire(timeout=WAIT)
        found.catch_up()  # as the follower does when it is woken
        while "w1" not in policy.cosigned(found.get("checkpoint")):
            assert kept.acquire(timeout=WAIT), "having answered for the first checkpoint, it is asked for the second"
            found.catch_up()
        assert found.answers.size() == 2
        assert found.answers.witnesses().is_reached
        assert differences(found, policy) == []


@pytest.mark.slow
def test_an_answer_byte_by_byte_ends_with_the_time_for_the_whole(caplog: pytest.LogCaptureFixture) -> None:
    witness = OwnWitness(drips=True)
    with serving(witness) as policy, witnessed("sqlite://", policy, answer_within=0.5) as found:
        found.record(1)  # patience would be much longer
        assert lines(found.get("checkpoint")) == [ORIGIN]
        assert "has not cosigned the checkpoint of 1 entries: TimeoutError" in caplog.text


def test_a_witness_that_failed_is_asked_again_after_a_time() -> None:
    bad = OwnWitness()
    kept = threading.Event()
    bad.behave = lambda witness, request: (500, PLAIN, b"") if len(witness.requests) < 4 else None
    with serving(bad) as policy, witnessed("sqlite://", policy, again_after=0.01) as found:
        found.log.witnesses.after_keeping = kept.set
        found.record(1)
        assert kept.wait(WAIT)
        found.catch_up()
        assert policy.cosigned(found.get("checkpoint")) == {"w1"}
        assert [asked_for(request) for request in bad.requests] == [(0, 1)] * 4


# -- Nothing confidential ------------------------------------------------------------------------


@pytest.mark.parametrize("behave", [None, answering(500)], ids=["cosigns", "fails"])
def test_confidential_events_cause_no_request(behave: Callable[[OwnWitness, bytes], Answered] | None) -> None:
    witness = OwnWitness(behave=behave)
    with serving(witness) as policy, witnessed("sqlite://", policy) as found:
        found.record(1)
        before = found.get("checkpoint"), found.answers.witnesses(), list(witness.requests)
        for n in range(1, 20):
            found.record(n, confidential=True)
            found.log.forget()  # as after a long way
            found.catch_up()
        assert (found.get("checkpoint"), found.answers.witnesses(), witness.requests) == before


# -- Policies that change, and verification --------------------------------------------------------


def test_who_leaves_the_policy_is_not_shown_and_its_cosignatures_stay(tmp_path: Path) -> None:
    one, two, url = OwnWitness(), other(), f"sqlite:///{tmp_path}"
    with serving(one, two) as policy:
        with witnessed(url, policy) as found:
            found.record(1)
        alone = policy_of(policy.witnesses[1])
        with witnessed(url, alone) as found:
            found.catch_up()
            assert lines(found.get("checkpoint")) == [ORIGIN, two.signer.name, one.signer.name]
            assert [shown.name for shown in found.answers.witnesses().witnesses] == ["w2"]
            assert found.answers.witnesses().is_reached
            assert one.signer.verifier.vkey not in found.get("policy").decode()
            assert differences(found, alone) == []
        with witnessed(url, Policy()) as found:
            assert differences(found, Policy()) == ["The published policy of the log is not the one that is set: start the service."]
            found.catch_up()
            assert found.answers.witnesses() == ("none", True, (), frozenset())
            assert found.get("policy").decode() == f"log {SIGNER.verifier.vkey}\nquorum none\n"
            assert differences(found, Policy()) == []


TAMPERING = {
    "a cosignature": (
        "log.db",
        "UPDATE cosignatures SET line = replace(line, substr(line, -20, 8), 'AAAAAAAA')",
        "cosignature of w1 .* does not fit",
    ),
    "a cosignature cut off": ("log.db", "UPDATE cosignatures SET line = substr(line, 1, 60)", "cosignature of w1 .* does not hold"),
    "the size it is on": ("log.db", "UPDATE cosignatures SET size = 1", "cosignature of w1 .* 1 entries does not hold"),
    "a size that none was signed for": ("log.db", "UPDATE cosignatures SET size = 9", "cosignature of w1 .* 9 entries does not hold"),
    "the witness it is by": ("log.db", "UPDATE cosignatures SET witness = 'somebody'", "cosignature of somebody .* does not hold"),
    "a cosignature taken away": ("log.db", "DELETE FROM cosignatures", "published checkpoint of 3 entries is not a signed one"),
    "the published cosignature taken away": (
        "public.db",
        "UPDATE log_checkpoint SET note = CAST(substr(note, 1, instr(CAST(note AS TEXT), '— witness') - 1) AS BLOB)",
        "published checkpoint",
    ),
    "the published policy": ("public.db", "UPDATE log_policy SET text = replace(text, 'everybody', 'nobody')", "published policy"),
    "a published policy that none is": ("public.db", "UPDATE log_policy SET text = 'x'", "published policy"),
    "who looked": ("public.db", "UPDATE log_witnesses SET looked_at = looked_at + 1000000", "published of the witness w1"),
    "how far": ("public.db", "UPDATE log_witnesses SET size = 2", "published of the witness w1"),
    "nobody": ("public.db", "DELETE FROM log_witnesses", "published of the witness w1"),
    "somebody more": ("public.db", "INSERT INTO log_witnesses (number, name, vkey) VALUES (2, 'w2', 'x')", "published of the witness w2"),
}


@pytest.mark.parametrize("what", TAMPERING)
def test_verification_names_what_was_tampered_with(tmp_path: Path, what: str) -> None:
    file, statement, sentence = TAMPERING[what]
    url = f"sqlite:///{tmp_path}"
    with serving(OwnWitness()) as policy:
        with opened(url) as found:
            found.record(1)
        with witnessed(url, policy) as found:
            found.record(2, 3)
            assert differences(found, policy) == []
        with sqlite3.connect(tmp_path / file) as rows:
            for (name,) in rows.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                rows.execute(f"DROP TRIGGER {name}")
            assert rows.execute(statement).rowcount == 1
        rows.close()
        with opened(url) as found:
            said = differences(found, policy)
            assert [difference for difference in said if re.search(sentence, difference)], said


def test_a_cosignature_of_another_key_of_a_witness_is_not_taken_for_it(tmp_path: Path) -> None:
    url, impostor = f"sqlite:///{tmp_path}", WitnessSigner("witness.example/own", bytes(32))
    with serving(OwnWitness()) as policy, witnessed(url, policy) as found:
        found.record(1)
        text = parse_note(found.trees()[0].note).text
        vkey = policy.witnesses[0].key.vkey
        found.store.keep_cosignature(1, vkey, impostor.cosignature(text, datetime.now(UTC)), datetime.now(UTC))
        with found.store.engine.connect() as rows:
            assert rows.execute(select(func.count()).select_from(cosignatures)).scalar_one() == 1
        assert differences(found, policy) == []


def test_another_process_brings_what_this_one_publishes(empty_url: str) -> None:
    witness = OwnWitness()
    with serving(witness) as policy, witnessed(empty_url, policy) as one, witnessed(empty_url, policy) as two:
        record(one.events, 1)
        one.catch_up()
        two.catch_up()
        record(two.events, 2)
        two.catch_up()
        one.catch_up()
        assert lines(one.get("checkpoint")) == [ORIGIN, witness.signer.name]
        assert [asked_for(request) for request in witness.requests] == [(0, 1), (1, 2)], "what another process got is not asked for again"
