"""
What the public may ask of the log beside its files, as a protocol and its plain answers.

Pages know only this module and the pure ones beside it: what they check, they check with the functions that any other reader uses.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from projections.transparency.proofs import Receipt


class Looked(NamedTuple):
    """A witness of the policy: the largest size that it has cosigned and when, by its own clock. Both None before the first."""

    name: str
    vkey: str
    url: str | None
    size: int | None
    looked_at: datetime | None


class WitnessState(NamedTuple):
    """Whose cosignatures the policy asks for, `none` for nobody's, whether the last checkpoint has them, every witness, and who cosigned that one."""

    quorum: str
    is_reached: bool
    witnesses: tuple[Looked, ...]
    cosigned: frozenset[str]


@dataclass(frozen=True, slots=True)
class Claim:
    """What the log claims at one moment: its last checkpoint as it is served, and every verifier key that ever signed, the one in use first."""

    note: bytes
    vkeys: tuple[str, ...]
    witnessed: WitnessState


@dataclass(frozen=True, slots=True)
class Continuation:
    """Two sizes of the log with their roots, and the proof that the larger tree continues the smaller one."""

    old: int
    new: int
    old_root: bytes
    new_root: bytes
    path: tuple[bytes, ...]


class LogQuestions(Protocol):
    """The questions about the log that a page answers. Sync; called from worker threads."""

    def claim(self) -> Claim | None:
        """Return what the log claims now; None before its first checkpoint."""
        ...

    def receipt_under(self, note: bytes, index: int) -> Receipt:
        """
        Return the receipt of an entry under a checkpoint that was published, whether or not it is the last.

        Raises: ValueError for an entry that the log of that size does not have.
        """
        ...

    def continuation(self, old: int, new: int) -> Continuation:
        """
        Return what shows that one published size continues another.

        Raises: ValueError for sizes between which there is no proof.
        """
        ...

    def published(self, path: str) -> bytes | None:
        """Return the bytes at a path after `/log/`, None while nothing is published there."""
        ...
