"""Verifying the seals: one for each day, what its secrets give over the log of the cases, and nothing left out between two of them."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from projections.transparency.seals import PLACES, Seal, Seals, SealSecrets
from projections.transparency.verification import VerifiableLog


def verify_seals(published: Sequence[Seal], seals: Seals, log: VerifiableLog) -> Iterator[str]:
    """Yield a sentence for each difference between the seals as they were published, in order, their secrets, and the log of the cases."""
    notes = {tree.note for tree in log.signed()}
    before: SealSecrets | None = None
    for number, seal in enumerate(published):
        if number and seal.day != published[number - 1].day + timedelta(days=1):
            yield f"No seal is published for {published[number - 1].day + timedelta(days=1)}, or it stands at another place than its day."
        kept = seals.store.seal(seal.day)
        if kept is None:
            yield f"The secrets of the seal of {seal.day} are missing: it can never be opened."
        else:
            yield from _secrets(kept, before or seals.store.seal(seal.day - timedelta(days=1)), notes, log.size())
            yield from _published(seal, kept, seals, log.size())
        before = kept
    last = seals.store.last_seal()
    if last and published and last.day > published[-1].day + timedelta(days=1):
        yield f"Secrets are kept of the seal of {last.day}, and the last one published is that of {published[-1].day}."


def _secrets(kept: SealSecrets, before: SealSecrets | None, notes: set[bytes], size: int) -> Iterator[str]:
    if before and kept.first != before.end:
        yield f"The seal of {kept.day} begins with leaf {kept.first}; the one before it ends before leaf {before.end}."
    if kept.checkpoint not in notes:
        yield f"The checkpoint in the seal of {kept.day} was never signed for the log of the cases."
    if len(set(kept.places)) != len(kept.places) or any(place >= PLACES for place in kept.places):
        yield f"Two acts have one place in the day tree of {kept.day}, or a place that it does not have."
    if kept.end > size:
        yield f"The seal of {kept.day} covers leaf {kept.end - 1}; the log of the cases has {size}."


def _published(seal: Seal, kept: SealSecrets, seals: Seals, size: int) -> Iterator[str]:
    if kept.end > size or any(place >= PLACES for place in kept.places):
        return  # said already
    try:
        remade = seals.seal_of(kept)
    except (ValueError, KeyError, TypeError):
        yield f"The seal of {seal.day} cannot be made again: nobody can read a leaf that it covers."
    else:
        if remade != seal:
            yield f"The seal of {seal.day} is not what its secrets and the log of the cases give."
