"""Verifying what witnesses have said: every cosignature kept, and what is published of them."""

from collections.abc import Iterator

from projections.transparency.answers import LogAnswers
from projections.transparency.log import DurableLog
from projections.transparency.notes import NoteRefused, parse_note
from projections.transparency.policy import Policy
from projections.transparency.publication import looks
from projections.transparency.verification import VerifiableLog
from projections.transparency.witnesses import WitnessKey, verify_line


def verify_witnesses(log: VerifiableLog, policy: Policy, public: LogAnswers) -> Iterator[str]:
    """
    Yield a sentence for each kept cosignature that does not hold, and for what is published of witnesses and is not what was kept.

    A cosignature is kept with the key that made it, so it is verified even when the policy does not name its witness any more.
    """
    notes = {tree.size: tree.note for tree in log.signed()}
    names = {witness.key.vkey: witness.name for witness in policy.witnesses}
    for size, vkey, line in log.all_cosignatures():
        try:
            verify_line(line, parse_note(notes.get(size, b"")).text, WitnessKey.parse(vkey))
        except NoteRefused as refused:
            yield f"The cosignature of {names.get(vkey, vkey)} on the checkpoint of {size} entries does not hold: {refused}."
    if public.size():
        yield from _published(log, policy, public)


def _published(log: DurableLog, policy: Policy, public: LogAnswers) -> Iterator[str]:
    if public.shelf.policy() != policy.text:
        yield "The published policy of the log is not the one that is set: start the service."
        return
    shown = {witness.name: tuple(witness) for witness in public.shelf.witnesses()}
    try:
        expected = {row["name"]: tuple(row.values())[1:] for row in looks(policy, log)}
    except NoteRefused:
        return  # of a kept cosignature, which was named already
    for name in sorted(expected.keys() | shown.keys()):
        if expected.get(name) != shown.get(name):
            yield f"What is published of the witness {name} is not what the log has kept."
