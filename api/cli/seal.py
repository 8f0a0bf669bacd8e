"""`registry seal`: open what was sealed in public, for whoever may know it, and verify such an opening."""

import argparse
import sys
from datetime import date
from pathlib import Path
from typing import Any

from api.archive import NotInLog, open_archive
from api.cli.bundle import new_file
from api.settings import Settings
from projections.transparency.openings import OpeningRefused, verify_opening

EXAMPLES = {
    "open-act": "example:\n  registry seal open-act case/7f4df69e-3d55-5c3d-9b86-2e4f0d3a5c11 3 act.json",
    "open-checkpoint": 'example:\n  registry seal open-checkpoint 2026-11-20 checkpoint.json --recipient "Court of Auditors"',
    "check": "example:\n  registry seal check act.json --key register.vkey",
}


def add_parser(verbs: Any) -> None:
    """Add the verb."""
    verb = verbs.add_parser(
        "seal", help="open a daily seal", description=__doc__, epilog=EXAMPLES["open-act"], formatter_class=argparse.RawDescriptionHelpFormatter
    )
    acts = verb.add_subparsers(title="acts", metavar="ACT", required=True)
    act = _act(acts, "open-act", "prove to anyone that one event was recorded by the day of its seal; tells nothing of others", _open_act)
    act.add_argument("stream", metavar="STREAM", help="stream of the event, for example case/IDENTIFIER")
    act.add_argument("version", type=int, metavar="VERSION", help="version of the event in its stream")
    act.add_argument("file", type=Path, metavar="FILE", help="where to write; nothing is overwritten")
    checkpoint = _act(
        acts, "open-checkpoint", "open the commitment of a day for a named recipient, who learns how many events there are", _open_checkpoint
    )
    checkpoint.add_argument("day", type=date.fromisoformat, metavar="DATE", help="the day that was sealed")
    checkpoint.add_argument("file", type=Path, metavar="FILE", help="where to write; nothing is overwritten")
    checkpoint.add_argument("--recipient", required=True, help="court, auditor or provider to whom it is opened")
    check = _act(acts, "check", "verify an opening off line", _check)
    check.add_argument("file", type=Path, metavar="FILE", help="the opening")
    check.add_argument("--key", type=Path, required=True, help="file with the verifier keys of the public log")
    check.add_argument("--case-key", type=Path, help="file with the verifier keys of the log of the cases")


def _act(acts: Any, name: str, does: str, run: Any) -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    act: argparse.ArgumentParser = acts.add_parser(name, help=does, description=does.capitalize() + ".", epilog=EXAMPLES[name], formatter_class=raw)
    act.set_defaults(func=run)
    return act


def _open_act(given: argparse.Namespace) -> int:
    archive = open_archive(Settings().database_url)
    try:
        opening = archive.open_act(archive.act(given.stream, given.version).index)
        if opening is None:
            raise NotInLog("This event is not sealed yet: its day is sealed at three in the morning after it.")
        return _write(given.file, opening)
    finally:
        archive.close()


def _open_checkpoint(given: argparse.Namespace) -> int:
    archive = open_archive(Settings().database_url)
    try:
        return _write(given.file, archive.open_checkpoint(given.day, given.recipient))
    finally:
        archive.close()


def _write(file: Path, opening: bytes) -> int:
    with new_file(file) as opened:
        opened.write(opening)
    print(f"{file}: anyone can verify it by docs/seals.md, or with `registry seal check`.", file=sys.stderr)
    return 0


def _check(given: argparse.Namespace) -> int:
    try:
        keys, case_keys = (file.read_text(encoding="utf-8").split() if file else [] for file in (given.key, given.case_key))
        opened = verify_opening(given.file.read_bytes(), keys, case_keys)
    except FileNotFoundError as error:
        print(f"registry seal: there is no file {error.filename}", file=sys.stderr)
        return 2
    except OpeningRefused as refused:
        print(f"Does not hold: {refused}")
        return 1
    print(f"Holds: recorded by {opened.day}, sealed in the public log. What was opened:\n{opened.material.decode()}")
    return 0
