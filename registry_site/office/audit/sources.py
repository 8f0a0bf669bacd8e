"""What auditors read beside the questions of the office: the stored events themselves, the log of the cases, the file of a case."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import UUID

from projections.transparency.case_evidence import CaseEvidence


@dataclass(frozen=True, slots=True)
class Sources:
    """
    Put in by `api.main`, which knows the stores.

    `stored` reads the bytes of an event from the event store, by its position. `bundle` packs the file of a case, piece by piece; None while some of
    its leaves are not under a checkpoint.
    """

    evidence: CaseEvidence
    stored: Callable[[int], bytes | None]
    bundle: Callable[[UUID], Iterator[bytes] | None]
