"""
Check a receipt of a C2SP log off line, with Python's own library and the package `cryptography`.

    python3 check_receipt.py RECEIPT.tlog-proof KEY [KEY …]

A key is a file with verifier keys, one on a line. Read this file before you run it: it is short so that you can.
"""

import sys
from base64 import b64decode
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def root(entry: bytes, index: int, size: int, path: list[bytes]) -> bytes | None:
    """Return the root that the path leads to (RFC 9162, section 2.1.3.2)."""
    at, last, found = index, size - 1, sha256(b"\x00" + entry).digest()
    for sibling in path:
        if last == 0:
            return None
        left = at % 2 == 1 or at == last
        found = sha256(b"\x01" + (sibling + found if left else found + sibling)).digest()
        while left and at and at % 2 == 0:
            at, last = at // 2, last // 2
        at, last = at // 2, last // 2
    return found if last == 0 and 0 <= index < size else None


def signed(text: str, lines: list[str], vkey: str) -> bool:
    """Tell whether a key signed the text; raise InvalidSignature where its line does not fit."""
    name, _, key = vkey.split("+", 2)
    material = b64decode(key)
    identifier = sha256(name.encode() + b"\n" + material).digest()[:4]
    ours = [b64decode(line.rpartition(" ")[2]) for line in lines if line.startswith(f"— {name} ")]
    ours = [found[4:] for found in ours if found[:4] == identifier and text.startswith(f"{name}\n")]
    for signature in ours:
        Ed25519PublicKey.from_public_bytes(material[1:]).verify(signature, text.encode())
    return bool(ours)


def check(receipt: str, vkeys: list[str]) -> str:
    """Return what the receipt proves; raise ValueError or InvalidSignature where it proves nothing."""
    head, _, checkpoint = receipt.partition("\n\n")
    text, _, lines = checkpoint.partition("\n\n")
    first, extra, index, *path = head.split("\n")
    _, size, expected = text.split("\n")
    if first != "c2sp.org/tlog-proof@v1" or True not in [signed(text + "\n", lines.splitlines(), vkey) for vkey in vkeys]:
        raise ValueError("none of these keys signed it")
    entry = b64decode(extra.removeprefix("extra "), validate=True)
    if root(entry, int(index.removeprefix("index ")), int(size), [b64decode(node, validate=True) for node in path]) != b64decode(expected):
        raise ValueError("its path does not lead from the entry to the signed root")
    return f"The receipt holds. This is the entry with the {index}, of {size} entries in {text.split()[0]}:\n{entry.decode()}\n"


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    try:
        keys = [vkey for name in sys.argv[2:] for vkey in Path(name).read_text(encoding="utf-8").split()]
        sys.stdout.write(check(Path(sys.argv[1]).read_text(encoding="utf-8"), keys))
    except InvalidSignature:
        sys.exit("THE RECEIPT DOES NOT HOLD: its signature does not fit")
    except (ValueError, OSError) as wrong:
        sys.exit(f"THE RECEIPT DOES NOT HOLD: {wrong}")
