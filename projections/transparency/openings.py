"""
Openings of a seal: documents that a third party checks with a short recipe (docs/seals.md), without the register.

An act is opened to anyone: day, place, nonce, event and twelve hashes, which say nothing of any other act. The commitment to the checkpoint of the
log of the cases is opened to named recipients only, because a checkpoint tells how many events the register holds.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson
import rfc8785

from projections.transparency.notes import NoteRefused, Verifier, open_checkpoint
from projections.transparency.proofs import ReceiptRefused, verify_receipt
from projections.transparency.seals import OpenedAct, commitment, verify_act

ACT = "act"
CHECKPOINT = "checkpoint"


class OpeningRefused(ValueError):
    """An opening is malformed or proves nothing; the text says what does not hold."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What an opening proves: on which day at the latest it was recorded, and what."""

    kind: str
    day: date
    material: bytes
    """The event, or the checkpoint of the log of the cases."""


def act_document(act: OpenedAct, receipt: bytes) -> bytes:
    """Write the opening of an act; `receipt` is that of the day's seal in the public log."""
    return _written(
        ACT,
        act.day,
        receipt,
        {"event": act.event.decode(), "nonce": act.nonce.hex(), "place": act.place, "path": [node.hex() for node in act.path]},
    )


def checkpoint_document(day: date, salt: bytes, checkpoint: bytes, recipient: str, receipt: bytes) -> bytes:
    """Write the opening of a day's commitment for a named recipient."""
    return _written(CHECKPOINT, day, receipt, {"checkpoint": checkpoint.decode(), "recipient": recipient, "salt": salt.hex()})


def _written(kind: str, day: date, receipt: bytes, opened: dict[str, Any]) -> bytes:
    return rfc8785.dumps({"kind": kind, "day": day.isoformat(), "receipt": receipt.decode(), **opened}) + b"\n"


def verify_opening(raw: bytes, vkeys: list[str], case_vkeys: list[str] | None = None) -> Opened:
    """
    Verify an opening off line, against the verifier keys of the public log and, for a checkpoint, those of the log of the cases.

    Raises: OpeningRefused, with a sentence that says what does not hold.
    """
    try:
        document = orjson.loads(raw)
        if document["kind"] == ACT:
            return _act(document, _seal(document, vkeys)["day_tree_root_hash"])
        if document["kind"] == CHECKPOINT:
            return _checkpoint(document, _seal(document, vkeys)["commitment_hash"], case_vkeys)
    except OpeningRefused:
        raise
    except (ReceiptRefused, NoteRefused) as refused:
        raise OpeningRefused(str(refused)) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise OpeningRefused(f"This is no opening of a seal: {type(error).__name__} {error}.") from None
    raise OpeningRefused(f"An opening is of an {ACT} or of a {CHECKPOINT}, not of {document['kind']!r}.")


def _seal(document: dict[str, Any], vkeys: list[str]) -> dict[str, str]:
    entry = orjson.loads(verify_receipt(document["receipt"].encode(), vkeys).entry)
    if entry["topic"] != "SealPublished" or entry["payload"]["day"] != document["day"]:
        raise OpeningRefused(f"The receipt is not that of the seal of {document['day']}.")
    payload: dict[str, str] = entry["payload"]
    return payload


def _act(document: dict[str, Any], root: str) -> Opened:
    day, path = date.fromisoformat(document["day"]), tuple(bytes.fromhex(node) for node in document["path"])
    act = OpenedAct(day, bytes.fromhex(document["nonce"]), document["event"].encode(), document["place"], path)
    if not verify_act(act, root):
        raise OpeningRefused(f"The act does not stand in the day tree that was sealed for {day}.")
    return Opened(ACT, day, act.event)


def _checkpoint(document: dict[str, Any], committed: str, case_vkeys: list[str] | None) -> Opened:
    day, note = date.fromisoformat(document["day"]), document["checkpoint"].encode()
    if commitment(bytes.fromhex(document["salt"]), note).hex() != committed:
        raise OpeningRefused(f"The checkpoint is not the one that was committed to on {day}.")
    if case_vkeys:
        open_checkpoint(note, [Verifier.parse(vkey) for vkey in case_vkeys])
    return Opened(CHECKPOINT, day, note)
