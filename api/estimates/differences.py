"""What changed between two imports of published estimates: added, revised, crossed the threshold either way, withdrawn."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from domain.compute import above
from projections.public.estimates import Estimate

Kind = Literal["CROSSED_UPWARDS", "CROSSED_DOWNWARDS", "ADDED", "REVISED", "WITHDRAWN"]
KINDS: tuple[Kind, ...] = ("CROSSED_UPWARDS", "CROSSED_DOWNWARDS", "ADDED", "REVISED", "WITHDRAWN")


@dataclass(frozen=True, slots=True)
class Difference:
    """One model's estimate before and after; one of them is None where it was added or withdrawn."""

    kind: Kind
    before: Estimate | None
    after: Estimate | None

    @property
    def model(self) -> str:
        """Give the name of the model, as it was published last."""
        known = self.after or self.before
        return known.model if known else ""


def differences(before: Mapping[str, Estimate], after: Mapping[str, Estimate], threshold: Decimal) -> tuple[Difference, ...]:
    """
    Compare two snapshots by the keys of their models; those that crossed the threshold (FLOP, strictly greater counts as above) come first.

    A new figure above the threshold is an addition and a withdrawn one a withdrawal: neither crossed anything.
    """
    return tuple(sorted(_found(before, after, threshold), key=lambda each: (KINDS.index(each.kind), each.model.casefold())))


def _found(before: Mapping[str, Estimate], after: Mapping[str, Estimate], threshold: Decimal) -> Iterator[Difference]:
    for key, new in after.items():
        old = before.get(key)
        if old is None:
            yield Difference("ADDED", None, new)
        elif (old.flop, old.confidence) != (new.flop, new.confidence):
            yield Difference(_revision(old, new, threshold), old, new)
    for key, old in before.items():
        if key not in after:
            yield Difference("WITHDRAWN", old, None)


def _revision(old: Estimate, new: Estimate, threshold: Decimal) -> Kind:
    was, stands = above(old.flop, threshold), above(new.flop, threshold)
    return "REVISED" if was == stands else "CROSSED_UPWARDS" if stands else "CROSSED_DOWNWARDS"
