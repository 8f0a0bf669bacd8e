"""
Verify this case file. It needs Python 3.9 or later and the package `cryptography`; nothing of the register's own programs, and no network.

    python verify.py [KEY_OF_THE_PUBLIC_LOG [KEY_OF_THE_LOG_OF_THE_CASES]]

The keys in `keys/` came with this archive: compare them with keys that you have from elsewhere, or give those as files. README.txt says what each
check means. Exit status 0: everything holds. 1: something does not, and the line says what.
"""

import base64
import json
import sys
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

HERE = Path(__file__).resolve().parent
PLACES = 4096


def require(condition: object, fault: str) -> None:
    """End the verification with a sentence."""
    if not condition:
        raise SystemExit(f"DOES NOT HOLD: {fault}")


# -- Hashes, RFC 6962 ----------------------------------------------------------------


def leaf_hash(entry: bytes) -> bytes:
    """Hash an entry."""
    return sha256(b"\0" + entry).digest()


def leads_to(root: bytes, leaf: bytes, index: int, size: int, path: "list[bytes]") -> bool:
    """Tell whether a path leads from a leaf to the root of a tree (RFC 9162, section 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    first, last, node = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if first % 2 or first == last:
            node = sha256(b"\1" + sibling + node).digest()
            while not first % 2 and first:
                first, last = first >> 1, last >> 1
        else:
            node = sha256(b"\1" + node + sibling).digest()
        first, last = first >> 1, last >> 1
    return last == 0 and node == root


# -- Notes and receipts, C2SP ----------------------------------------------------------


def keys_in(file: Path) -> "dict[str, list[Ed25519PublicKey]]":
    """Read verifier keys by the line that a signature of theirs begins with: name and identifier."""
    found: dict[str, list[Ed25519PublicKey]] = {}
    for line in file.read_text(encoding="utf-8").split():
        name, shown, encoded = line.split("+", 2)
        key = base64.b64decode(encoded)
        require(sha256(name.encode() + b"\n" + key).digest()[:4].hex() == shown, f"the key {line} is damaged")
        found.setdefault(name + shown, []).append(Ed25519PublicKey.from_public_bytes(key[1:]))
    return found


def checkpoint_of(note: bytes, keys: "dict[str, list[Ed25519PublicKey]]", what: str) -> "tuple[int, bytes]":
    """Return size and root of a checkpoint that one of the keys signed."""
    text, _, lines = note.partition(b"\n\n")
    origin, size, root = text.decode().split("\n")
    for line in lines.decode().splitlines():
        _, name, encoded = line.split(" ")
        signature = base64.b64decode(encoded)
        for key in keys.get(name + signature[:4].hex(), []) if name == origin else []:
            try:
                key.verify(signature[4:], text + b"\n")
            except InvalidSignature:
                require(False, f"the signature of {what}")
            return int(size), base64.b64decode(root)
    raise SystemExit(f"DOES NOT HOLD: {what} is signed by none of the keys given")


def proved(receipt: bytes, keys: "dict[str, list[Ed25519PublicKey]]", what: str) -> "tuple[int, bytes]":
    """Return index and entry of a receipt that holds."""
    head, _, note = receipt.partition(b"\n\n")
    lines = head.decode().split("\n")
    require(lines[0] == "c2sp.org/tlog-proof@v1" and lines[1].startswith("extra ") and lines[2].startswith("index "), f"{what} is no receipt")
    entry, index = base64.b64decode(lines[1][6:]), int(lines[2][6:])
    size, root = checkpoint_of(note, keys, f"the checkpoint in {what}")
    require(leads_to(root, leaf_hash(entry), index, size, [base64.b64decode(line) for line in lines[3:]]), f"the path in {what}")
    return index, entry


# -- The case file -----------------------------------------------------------------------


def verify_leaves(keys: "dict[str, list[Ed25519PublicKey]]") -> "dict[str, list[tuple[int, dict]]]":  # type: ignore[type-arg]
    """Verify every leaf of the log of the cases: the event is the one shown, and the leaves of a file are numbered without a gap."""
    files: dict[str, list[tuple[int, dict]]] = {}  # type: ignore[type-arg]
    for receipt in sorted((HERE / "leaves").glob("*.tlog-proof")):
        index, entry = proved(receipt.read_bytes(), keys, f"leaves/{receipt.name}")
        leaf = json.loads(entry)
        shown = (HERE / "events" / f"{receipt.stem}.json").read_bytes()
        require(b'{"event":' + shown + b',"' == entry[: len(shown) + 11], f"events/{receipt.stem}.json is not the event in its leaf")
        files.setdefault(leaf["stream"].replace("publication/", "case/"), []).append((index, leaf))
    for file, leaves in files.items():
        before = None
        for number, (index, leaf) in enumerate(leaves, start=1):
            require((leaf["n"], leaf["prev"]) == (number, before), f"an event is missing before number {leaf['n']} of {file}")
            before = index
    return files


def verify_completeness(files: "dict[str, list[tuple[int, dict]]]", keys: "dict[str, list[Ed25519PublicKey]]") -> None:  # type: ignore[type-arg]
    """Verify against the last seal that no file had more events than are shown."""
    for proof in sorted((HERE / "heads").glob("*.json")):
        head = json.loads(proof.read_bytes())
        index, entry = proved((HERE / "seal.tlog-proof").read_bytes(), keys, "seal.tlog-proof")
        shown = [at for at, _ in files[head["file"]] if at < index]
        require((head["n"], head["last"]) == (len(shown), shown[-1]), f"{head['file']} had {head['n']} events when it was sealed; not all are here")
        leaf = leaf_hash(json.dumps({"file": head["file"], "last": head["last"], "n": head["n"]}, separators=(",", ":")).encode())
        root, path = bytes.fromhex(json.loads(entry)["heads"]), [bytes.fromhex(node) for node in head["path"]]
        require(leads_to(root, leaf, head["place"], head["of"], path), f"the head of {head['file']} is not under the seal of {head['day']}")
    print(f"complete: {', '.join(f'{file} has {len(leaves)} events' for file, leaves in files.items())}")


def verify_openings(keys: "dict[str, list[Ed25519PublicKey]]") -> int:
    """Verify that each act stands in the tree that was sealed in public for its day."""
    openings = sorted((HERE / "openings").glob("*.json"))
    for file in openings:
        opened = json.loads(file.read_bytes())
        _, entry = proved(opened["receipt"].encode(), keys, f"the receipt in openings/{file.name}")
        seal = json.loads(entry)["payload"]
        require(seal["day"] == opened["day"], f"openings/{file.name} has the receipt of another day")
        event = opened["event"].encode()
        require(event == (HERE / "events" / file.name).read_bytes(), f"openings/{file.name} opens another event")
        leaf = leaf_hash(sha256(bytes.fromhex(opened["nonce"]) + event).digest())
        path = [bytes.fromhex(node) for node in opened["path"]]
        require(leads_to(bytes.fromhex(seal["day_tree_root_hash"]), leaf, opened["place"], PLACES, path), f"openings/{file.name}")
    return len(openings)


def main(given: "list[str]") -> None:
    """Verify everything in this folder."""
    public = keys_in(Path(given[0]) if given else HERE / "keys" / "public.vkeys")
    cases = keys_in(Path(given[1]) if len(given) > 1 else HERE / "keys" / "cases.vkeys")
    files = verify_leaves(cases)
    print(f"{sum(map(len, files.values()))} events stand in the log of the cases, each as it is shown")
    if (HERE / "seal.tlog-proof").exists():
        verify_completeness(files, cases)
    else:
        print("not sealed yet: nothing proves that these are all events")
    print(f"{verify_openings(public)} of them were sealed in public on their day")
    for receipt in sorted((HERE / "public").glob("*.tlog-proof")):
        proved(receipt.read_bytes(), public, f"public/{receipt.name}")
    for document in sorted((HERE / "documents").glob("*")):
        require(sha256(document.read_bytes()).hexdigest() == document.name, f"documents/{document.name} is not the document with this hash")
    absent = [line for line in (HERE / "absent.txt").read_text(encoding="utf-8").split() if line]
    print(f"{len(list((HERE / 'documents').glob('*')))} documents are as recorded; {len(absent)} are not in this archive (absent.txt)")
    print("everything holds")


if __name__ == "__main__":
    main(sys.argv[1:])
