"""A log as files, as any mirror has it, and one tampering of each class: for verifiers that are not ours."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from projections.transparency.answers import LogAnswers
from projections.transparency.merkle import leaf_hash, root_of
from projections.transparency.notes import Checkpoint, Signer, parse_note, signed
from projections.transparency.tiles import bundle, unbundle
from tests.proofs.logs import SIGNER, opened
from tests.proofs.witness import named

SIZE = 300
COSIGNED_AT = datetime(2026, 3, 31, 12, tzinfo=UTC)
OLDER = (1, 2, 255, 256, 257, 299)
LAST = "tile/entries/001.p/44"


def save(answers: LogAnswers, folder: Path, paths: list[str]) -> None:
    for path in paths:
        answer = answers.answer(path)
        assert answer.status == 200, path
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(answer.body)


def publish(folder: Path) -> None:
    """Write a log of 300 entries to files, its checkpoint cosigned, with every width of its last tile and some older checkpoints."""
    (folder / "older").mkdir(parents=True)
    with opened() as found:
        size = 0
        for older in OLDER:
            found.record(*range(size + 1, older + 1))
            size = older
            (folder / "older" / str(older)).write_bytes(found.get("checkpoint"))
        found.record(SIZE)
        witness, text = named("witness.example/own"), parse_note(found.trees()[-1].note).text
        found.store.keep_cosignature(SIZE, witness.verifier.vkey, witness.cosignature(text, COSIGNED_AT), COSIGNED_AT)
        found.log.forget()
        found.catch_up()
        assert len(parse_note(found.get("checkpoint")).signatures) == 2
        answers = found.answers
        widths = [f"tile/{level}/001.p/{width}" for level in ("0", "entries") for width in range(1, 45)]
        save(answers, folder, [*answers.paths(), *widths, "tile/1/000.p/1"])


def rewrite(folder: Path, path: str, change: Callable[[bytes], bytes]) -> None:
    before = (folder / path).read_bytes()
    after = change(before)
    assert after != before, "nothing was tampered with"
    (folder / path).write_bytes(after)


def with_entry(index: int, entry: bytes) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        entries = unbundle(data)
        entries[index] = entry
        return bundle(entries)

    return change


def swapped(data: bytes) -> bytes:
    first, second, *rest = unbundle(data)
    return bundle([second, first, *rest])


def other_signature(note: bytes) -> bytes:
    """Put the signature over something else into the note."""
    text, _, _ = note.partition(b"\n\n")
    return text + b"\n\n" + signed("something else\n", SIGNER).partition(b"\n\n")[2]


def forked(note: bytes, signer: Signer = SIGNER) -> bytes:
    """Sign another tree of the same size with the true key, as a log that tells two stories does."""
    origin, size, _ = note.decode().split("\n")[:3]
    root = root_of(leaf_hash(b"%d" % n) for n in range(int(size)))
    return signed(Checkpoint(origin, int(size), root).text, signer)


TAMPERING: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "entry": (LAST, with_entry(5, b'{"topic":"ListEntryRemoved"}')),
    "tile": ("tile/0/001.p/44", lambda tile: tile[:-1] + bytes([tile[-1] ^ 1])),
    "size line": ("checkpoint", lambda note: note.replace(b"\n300\n", b"\n299\n", 1)),
    "signature": ("checkpoint", other_signature),
    "order": (LAST, swapped),
    "fork": ("older/257", forked),
}
