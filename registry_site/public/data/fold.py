#!/usr/bin/env python3
"""
Fold the public log of the register into its list: the file `/list.json`, byte for byte, from the entries of the log alone.

    python3 fold.py https://register.example.eu          reads the log of a register
    python3 fold.py FOLDER                               reads a mirror of it, with `log/checkpoint` and `log/tile/entries/…` below
    python3 fold.py FOLDER --valid-at 2026-06-30 --known-at 2026-07-31 --include-removed

It needs Python 3.11 and nothing else. It checks that the entries have the root that the checkpoint names. It does not check who signed the
checkpoint: the tools of c2sp.org do, with the key at `/log/key`. The page `/data/fold` says in words what stands here.
"""

import argparse
import json
import sys
from base64 import b64encode
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.request import urlopen

TITLE = "General-purpose AI models with systemic risk: the list of Article 52(6) of Regulation (EU) 2024/1689"
NOTICE = "Independent demonstration. Not a website of the European Union."
INVENTED = "The entries are invented."
LICENCE = "https://creativecommons.org/licenses/by/4.0/"
LAW = "http://data.europa.eu/eli/reg/2024/1689/oj"

CONTENT = (
    "marketed_names", "provider_name", "provider_name_digest", "provider_country", "representative_name", "public_grounds", "decision_ref",
    "decision_date", "note", "note_ref", "note_on",
)  # fmt: skip
"""What an entry says, beside its number and its days."""
SEVERAL = ("marketed_names", "public_grounds")
"""Fields with several values; a correction names them with a semicolon and a space between."""
DAYS = {
    "ListEntryPublished": "listed_on",
    "ListEntryUpdated": "updated_on",
    "ListEntryRemoved": "removed_on",
    "ListEntryCorrected": "corrected_on",
}
"""The events of the list, each with the field that says its day. Every other entry of the log leaves the list as it is."""
BUNDLE = 256
LAST_DAY = "9999-12-31"

Entry = dict[str, Any]
Stretch = tuple[str, Entry]
"""What an entry of the list says from a day on, until the next stretch begins."""


# -- The log ---------------------------------------------------------------------


def read(source: str, path: str) -> bytes:
    """Read a file of the log from a register or from a mirror of it."""
    if source.startswith(("http://", "https://")):
        with urlopen(f"{source.rstrip('/')}/log/{path}", timeout=60) as answer:
            return bytes(answer.read())
    return (Path(source) / "log" / path).read_bytes()


def entries_of(source: str, size: int) -> list[bytes]:
    """Read the first entries of the log, from bundles of 256: each entry after its length in two bytes."""
    found: list[bytes] = []
    for number in range(-(-size // BUNDLE)):
        width = min(BUNDLE, size - number * BUNDLE)
        bundle = read(source, f"tile/entries/{place(number)}" + (f".p/{width}" if width < BUNDLE else ""))
        while bundle:
            end = 2 + int.from_bytes(bundle[:2], "big")
            found.append(bundle[2:end])
            bundle = bundle[end:]
    return found


def place(number: int) -> str:
    """Write the number of a bundle in groups of three digits, all but the last with an x: 1234067 is x001/x234/067."""
    digits = str(number).zfill(-(-len(str(number)) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    return "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])


def root_of(entries: list[bytes]) -> bytes:
    """Return the root of the Merkle tree over entries (RFC 6962, section 2.1)."""
    row = [sha256(b"\x00" + entry).digest() for entry in entries]
    while len(row) > 1:
        pairs = [sha256(b"\x01" + row[at] + row[at + 1]).digest() for at in range(0, len(row) - 1, 2)]
        row = pairs + row[len(pairs) * 2 :]
    return row[0] if row else sha256(b"").digest()


# -- The fold --------------------------------------------------------------------


def folded(entries: list[bytes], known_at: str | None) -> tuple[dict[str, list[Stretch]], int, str | None]:
    """
    Fold entries of the log, those of the days up to `known_at`.

    Return what each entry of the list says, in stretches of days; how many entries of the log reach up to the last that counts; and its day.
    """
    said: dict[str, list[Stretch]] = {}
    position, changed_on = 0, None
    for index, raw in enumerate(entries):
        entry = json.loads(raw)
        topic, payload = entry["topic"], entry["payload"]
        if topic not in DAYS or (known_at and payload[DAYS[topic]] > known_at):
            continue
        before = said.get(payload["list_id"], [])
        said[payload["list_id"]] = corrected(before, payload) if topic == "ListEntryCorrected" else changed(before, topic, payload)
        position, changed_on = index + 1, payload[DAYS[topic]]
    return said, position, changed_on


def changed(before: list[Stretch], topic: str, payload: Entry) -> list[Stretch]:
    """Begin a stretch on the day of an event; what was said before that day stays."""
    day = payload[DAYS[topic]]
    last = before[-1][1] if before else None
    if topic == "ListEntryRemoved":
        assert last is not None, "an entry was removed before it was published"
        now = {**last, "removed_on": day, "public_reason": payload["public_reason"], "changed_on": day}
    else:
        updated = topic == "ListEntryUpdated"
        now = {"list_id": payload["list_id"], **{name: payload.get(name) for name in CONTENT}, "removed_on": None, "public_reason": None}
        now |= {"listed_on": last["listed_on"] if updated and last else day, "updated_on": day if updated else None, "changed_on": day}
    return [*(stretch for stretch in before if stretch[0] < day), (day, now)]


def corrected(before: list[Stretch], payload: Entry) -> list[Stretch]:
    """Set a misprint right wherever it stood: the entry is now known to have said the right thing all along."""
    return [(day, right(entry, payload, last=entry is before[-1][1])) for day, entry in before]


def right(entry: Entry, payload: Entry, *, last: bool) -> Entry:
    """Set a misprint right in one stretch, if it stands there."""
    field, new = payload["field"], payload["new_value"]
    said = "; ".join(entry[field]) if field in SEVERAL else entry[field]
    if said != payload["old_value"]:
        return entry
    return {**entry, field: new.split("; ") if field in SEVERAL else new, "changed_on": payload["corrected_on"] if last else entry["changed_on"]}


def listed(said: dict[str, list[Stretch]], valid_at: str | None, *, include_removed: bool) -> list[Entry]:
    """Return the list of a day, in the order of listing; without a day, what is said now."""
    stood = ([entry for day, entry in stretches if day <= (valid_at or LAST_DAY)] for stretches in said.values())
    found = [entries[-1] for entries in stood if entries]
    found = [entry for entry in found if include_removed or entry["removed_on"] is None]
    return sorted(found, key=lambda entry: (entry["listed_on"], int(entry["list_id"])))


# -- The file --------------------------------------------------------------------


def description(demonstration: bool) -> Entry:
    """Say what every file of the register says of itself."""
    return {"title": TITLE, "notice": f"{NOTICE} {INVENTED}" if demonstration else NOTICE, "licence": LICENCE, "legal_act": LAW}


def tree(origin: str, size: int, root: bytes, position: int) -> Entry:
    """Name the part of the log that a file follows from: its entries, their root, and up to which of them the list changed."""
    return {"origin": origin, "size": size, "root": b64encode(root).decode(), "position": position}


def canonical(document: object) -> bytes:
    """Write the canonical form of RFC 8785; there are no fractions here, and every name is plain ASCII."""
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def snapshot(source: str, valid_at: str | None = None, known_at: str | None = None, *, include_removed: bool = False) -> bytes:
    """
    Return `/list.json` as the log gives it.

    Raises: SystemExit when the entries are not those that the checkpoint names.
    """
    origin, size, root = read(source, "checkpoint").decode().split("\n")[:3]
    log = entries_of(source, int(size))
    if b64encode(root_of(log)).decode() != root or len(log) != int(size):
        raise SystemExit("The entries do not have the root that the checkpoint names: this is not the log that was signed.")
    said, position, changed_on = folded(log, known_at)
    known = log[:position] if known_at else log
    entries = listed(said, valid_at, include_removed=include_removed)
    return canonical(
        {
            **description(origin.endswith("/demonstration")),
            "asked": {"valid_at": valid_at, "known_at": known_at, "include_removed": include_removed},
            "log": tree(origin, len(known), root_of(known), position),
            "changed_on": changed_on,
            "count": len(entries),
            "entries": entries,
        }
    )


def day(text: str) -> str:
    """
    Read a day, YYYY-MM-DD.

    Raises: ValueError when it is not one.
    """
    return date.fromisoformat(text).isoformat()


def main() -> None:
    """Write the list to the standard output."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", help="address of a register, or the folder of a mirror")
    parser.add_argument("--valid-at", type=day, help="the list as it stood on a day")
    parser.add_argument("--known-at", type=day, help="by what was known at the end of a day that is over")
    parser.add_argument("--include-removed", action="store_true", help="with the entries that were removed")
    given = parser.parse_args()
    sys.stdout.buffer.write(snapshot(given.source, given.valid_at, given.known_at, include_removed=given.include_removed))


if __name__ == "__main__":
    main()
