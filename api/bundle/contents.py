"""What stands in the file of a case: events, receipts, proofs of completeness, openings, documents, keys, and the script that verifies them."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, BinaryIO

import orjson
import rfc8785

from api.archive import Archive, NotInLog
from api.stores.log_store import CASES, PUBLIC
from domain.ids import Stream
from projections.transparency.case_history import HeadProof, Indexed, head_proof

File = tuple[str, bytes | BinaryIO]
"""A path, with the bytes or what they are read from; whoever takes it closes it."""
Document = Callable[[str], BinaryIO | None]
"""Opens a document by its hash; None when it may not or cannot be handed out."""
_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass
class CaseFile:
    """
    The file of one case, as an auditor takes it away.

    It holds the case with its publication, its entry on the list, and the alerts and challenges that name it.
    """

    archive: Archive
    case: Stream
    document: Document
    leaves: dict[str, list[Indexed]] = field(init=False)

    def __post_init__(self) -> None:
        """Read the histories. Raises: NotInLog for a case that has none."""
        found = self.archive.histories.leaves(str(self.case))
        if not found:
            raise NotInLog(f"The log of the cases has no {self.case}.")
        self.leaves = {str(self.case): found}
        numbers = {data["list_id"] for data in map(_data, found) if "list_id" in data}
        self._add("entry", lambda leaf: leaf.leaf.stream.partition("/")[2] in numbers)
        self._add("alert", lambda leaf: self.case.key in _data(leaf).get("case_ids", ()))
        self._add("challenge", lambda leaf: _data(leaf).get("list_id") in numbers)

    def _add(self, kind: str, concerns: Callable[[Indexed], bool]) -> None:
        for name in self.archive.histories.files(kind):
            found = self.archive.histories.leaves(name)
            if any(map(concerns, found)):
                self.leaves[name] = found

    def files(self) -> Iterator[File]:
        """Yield every file with its path."""
        for name in ("README.txt", "verify.py"):
            yield name, (files("api.bundle") / name).read_bytes()
        yield from self._keys()
        for leaves in self.leaves.values():
            for leaf in leaves:
                yield from self._event(leaf)
        yield from self._heads()
        yield from self._documents()

    def _keys(self) -> Iterator[File]:
        for folder, log, answers in (("public", PUBLIC, self.archive.public), ("cases", CASES, self.archive.cases)):
            yield f"keys/{folder}.vkeys", "".join(f"{key.vkey}\n" for key in self.archive.keys.verifiers(log)).encode()
            yield f"checkpoints/{folder}", answers.published("checkpoint") or b""

    def _event(self, found: Indexed) -> Iterator[File]:
        name = f"{found.index:08}"
        yield f"events/{name}.json", found.leaf.state
        receipt = self.archive.cases.published(f"receipt/{found.index}.tlog-proof")
        if receipt is None:
            raise NotInLog(f"Leaf {found.index} is not under a checkpoint yet: try again in a moment.")
        yield f"leaves/{name}.tlog-proof", receipt
        if (opening := self.archive.open_act(found.index)) is not None:
            yield f"openings/{name}.json", opening
        if (shown := self.archive.public_receipt(found.index)) is not None:
            yield f"public/{name}.tlog-proof", shown

    def _heads(self) -> Iterator[File]:
        seal = next(iter(self.archive.histories.seals.values()), None)
        if seal is None:
            return
        yield "seal.tlog-proof", self.archive.cases.published(f"receipt/{seal.index}.tlog-proof") or b""
        heads = self.archive.histories.heads_at(seal.index)
        for number, name in enumerate(self.leaves, start=1):
            proof = head_proof(name, seal, heads)
            if proof is not None:
                yield f"heads/{number:04}.json", _head(proof)

    def _documents(self) -> Iterator[File]:
        absent = []
        for digest in sorted({digest for leaves in self.leaves.values() for leaf in leaves for digest in _hashes(_data(leaf))}):
            content = self.document(digest)
            if content is None:
                absent.append(digest)
            else:
                yield f"documents/{digest}", content
        yield "absent.txt", "".join(f"{digest}\n" for digest in absent).encode()


def _head(proof: HeadProof) -> bytes:
    head: dict[str, str | int] = {"file": proof.file, "n": proof.head.n, "last": proof.head.last}
    path = [node.hex() for node in proof.path]
    return rfc8785.dumps({**head, "day": proof.day.isoformat(), "place": proof.place, "of": proof.of, "path": path})


def _data(found: Indexed) -> dict[str, Any]:
    data: dict[str, Any] = orjson.loads(found.leaf.state)["data"]
    return data


def _hashes(value: Any) -> Iterator[str]:
    """Yield the hashes of documents; a digest is salted and names none."""
    if isinstance(value, dict):
        value = [one for name, one in value.items() if not name.endswith("_digest")]
    if isinstance(value, list):
        for one in value:
            yield from _hashes(one)
    elif isinstance(value, str) and _HASH.fullmatch(value):
        yield value
