"""`registry watchlist`: published compute estimates, imported and set beside the cases. For staff: what matches a case is confidential."""

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from api.cli.storage import progress
from api.clocks import server_clock
from api.estimates.differences import KINDS, Difference, Kind
from api.estimates.importing import File, Outcome, import_snapshot, last_differences, require_place, threshold_on
from api.estimates.reading import Gap, Reason, Snapshot, Unreadable, read_estimates
from api.settings import Settings
from api.wiring import open_register, open_watch_list
from domain.law.periods import legal_day
from domain.types import Day, plain, utc_text
from projections.office.watch_list import Match, WatchList
from projections.public.estimates import LINES, Estimate, largest_first

EXAMPLES = {
    "import": "example:\n  registry watchlist import notable_ai_models_2026-07-19.csv",
    "show": "example:\n  registry watchlist show --json",
}
MOST_NAMED = 10  # rows of one kind that are named; the rest is counted
WATCH_LINE, TOP_LINE = LINES[1:]
_DAY: TypeAdapter[date] = TypeAdapter(Day)
_DAY_IN_NAME = re.compile(r"(?<![0-9])[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9])", re.ASCII)

REASONS: Mapping[Reason, str] = {
    "NO_COMPUTE": "give no training compute",
    "NOT_A_NUMBER": "give a training compute that is no exact number above zero",
    "NO_NAME": "name no model",
    "NAME_UNFIT": "have a name that is too long or cannot be printed",
    "NAMED_TWICE": "are about a model that an earlier row is about",
    "WRONG_NUMBER_OF_CELLS": "have more or fewer cells than the first row",
}
GAPS: Mapping[Gap, str] = {
    "DAY_UNREADABLE": "Taken without their day of publication, which is no day written YYYY-MM-DD",
    "CONFIDENCE_UNKNOWN": "Taken with confidence Unknown, because theirs is none that we know",
}
TOLD: Mapping[Kind, str] = {
    "CROSSED_UPWARDS": "crossed the threshold upwards",
    "CROSSED_DOWNWARDS": "crossed the threshold downwards",
    "ADDED": "added",
    "REVISED": "revised",
    "WITHDRAWN": "withdrawn",
}
Line = tuple[int, str, str]
Watched = tuple[Estimate, tuple[Match, ...]]


def add_parser(verbs: Any) -> None:
    """Add the verb."""
    raw = argparse.RawDescriptionHelpFormatter
    verb = verbs.add_parser("watchlist", help="published compute estimates", description=__doc__, epilog=EXAMPLES["import"], formatter_class=raw)
    acts = verb.add_subparsers(title="acts", metavar="ACT", required=True)
    act = _act(acts, "import", "import a file, and say what was skipped and what changed", _import)
    act.add_argument("file", type=Path, metavar="FILE", help="Epoch AI's notable models (CSV), or a file of the same family")
    act.add_argument("--as-of", type=_day, metavar="DATE", help="day of the snapshot (default: the day in the name of the file, else today)")
    act = _act(acts, "show", "show the estimates of 10^24 FLOP or more with the cases they may be about", _show)
    act.add_argument("--all", action="store_true", help="show smaller ones too")


def _act(acts: Any, name: str, does: str, run: Callable[[argparse.Namespace], int]) -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    act: argparse.ArgumentParser = acts.add_parser(name, help=does, description=does.capitalize() + ".", epilog=EXAMPLES[name], formatter_class=raw)
    act.add_argument("--json", action="store_true", help="print one JSON object; figures are text")
    act.set_defaults(func=run)
    return act


def _day(text: str) -> date:
    try:
        return _DAY.validate_python(text)
    except ValidationError as wrong:
        raise argparse.ArgumentTypeError(wrong.errors()[0]["msg"].removeprefix("Value error, ")) from None


# -- Import -------------------------------------------------------------------------


def _import(given: argparse.Namespace) -> int:
    url, at = Settings().database_url, server_clock()
    if url == "sqlite://":
        return _wrong("a store in memory keeps no estimates; set DATABASE_URL")
    try:
        content = given.file.read_bytes()
        with open_watch_list(url) as (store, shown):
            require_place(shown)
            file = File(given.file.name, content, given.as_of or _day_in(given.file.name) or legal_day(at))
            last = store.imports()[-1:]
            if last and last[0].sha256 == file.sha256:
                return _known_already(last[0].number, last[0].snapshot_on)
            snapshot = read_estimates(content, lambda rows: progress(rows, "estimates", "rows"))
            outcome = import_snapshot(store, shown, file, snapshot, at)
            _print(given, _as_json(snapshot, outcome), _report(snapshot, outcome, threshold_on(shown, file.snapshot_on)))
    except OSError as error:
        return _wrong(f"{given.file} cannot be read: {error.strerror}")
    except Unreadable as error:
        return _wrong(f"{given.file}: {error}")
    return 0


def _wrong(sentence: str) -> int:
    print(f"registry watchlist: {sentence}", file=sys.stderr)
    return 2


def _known_already(number: int, snapshot_on: date) -> int:
    print(f"This is the file of import {number} (snapshot of {snapshot_on}), byte for byte: nothing was imported.", file=sys.stderr)
    return 0


def _day_in(name: str) -> date | None:
    found = _DAY_IN_NAME.findall(name)
    try:
        return _DAY.validate_python(found[-1]) if found else None
    except ValidationError:
        return None


def _report(snapshot: Snapshot, outcome: Outcome, threshold: Decimal) -> Iterator[str]:
    made, before = outcome.made, outcome.before
    yield f"Import {made.number}: {made.file}, snapshot of {made.snapshot_on}, read as {snapshot.encoding}."
    yield f"{snapshot.rows} rows: {len(snapshot.estimates)} estimates taken, {len(snapshot.skipped)} rows skipped."
    if snapshot.lacking:
        yield f"Columns that the file lacks: {', '.join(snapshot.lacking)}."
    skipped: dict[Reason, list[Line]] = {}
    for row in snapshot.skipped:
        skipped.setdefault(row.reason, []).append((row.line, row.model, row.text))
    for reason, rows in skipped.items():
        yield from _named(f"Skipped, because they {REASONS[reason]}", rows)
    gaps: dict[Gap, list[Line]] = {}
    for gap in snapshot.incomplete:
        gaps.setdefault(gap.gap, []).append((gap.line, gap.model, gap.text))
    for kind, rows in gaps.items():
        yield from _named(GAPS[kind], rows)
    if before:
        yield f"Compared with import {before.number}, snapshot of {before.snapshot_on}; the threshold is {scientific(threshold)} FLOP:"
        yield from _told(outcome.differences)


def _named(heading: str, rows: Sequence[Line]) -> Iterator[str]:
    yield f"  {heading}: {len(rows)}"
    for line, model, text in rows[:MOST_NAMED]:
        yield f"    line {line}: {model or '(no name)'}{f': {text}' if text else ''}"
    if len(rows) > MOST_NAMED:
        yield f"    and {len(rows) - MOST_NAMED} more"


def _told(differences: Sequence[Difference]) -> Iterator[str]:
    if not differences:
        yield "  nothing differs."
    counted = Counter(each.kind for each in differences)
    for kind in (kind for kind in KINDS if counted[kind]):
        yield f"  {counted[kind]} {TOLD[kind]}"
        most = None if kind.startswith("CROSSED") else MOST_NAMED
        yield from (f"    {_sentence(each)}" for each in [each for each in differences if each.kind == kind][:most])
        if most and counted[kind] > most:
            yield f"    and {counted[kind] - most} more"


def _sentence(difference: Difference) -> str:
    before, after = (_figure(each) for each in (difference.before, difference.after))
    return f"{difference.model}: {' -> '.join(each for each in (before, after) if each)}"


def _figure(estimate: Estimate | None) -> str:
    return f"{scientific(estimate.flop)} FLOP, {estimate.confidence}" if estimate else ""


def scientific(flop: Decimal) -> str:
    """Write a figure exactly, as digits and a power of ten: 1.1e25."""
    _, digits, exponent = flop.as_tuple()
    text = "".join(map(str, digits)).rstrip("0") or "0"
    return f"{text[0]}{'.' if text[1:] else ''}{text[1:]}e{len(digits) + int(exponent) - 1}"


# -- Show ---------------------------------------------------------------------------


def _show(given: argparse.Namespace) -> int:
    url = Settings().database_url
    register = open_register(Settings())
    try:
        with open_watch_list(url) as (store, shown):
            require_place(shown)
            imports = store.imports()
            if not imports:
                print("Nothing was imported yet: registry watchlist import FILE", file=sys.stderr)
                return 1
            last = imports[-1]
            found = largest_first(list(store.estimates(last.number).values()))
            asked = [each for each in found if given.all or each.flop >= WATCH_LINE]
            watched = list(zip(asked, WatchList(register.office).matched(each.model for each in asked), strict=True))
            differences = last_differences(store, shown, imports)
            heading = f"Import {last.number} of {last.at:%Y-%m-%d}: snapshot of {last.snapshot_on}, {len(found)} estimates."
            answer = {"import": last.number, "at": utc_text(last.at), "snapshot_on": str(last.snapshot_on), "counted": len(found)}
            answer |= {"estimates": [_watched(each) for each in watched], "differences": list(map(_difference, differences))}
            _print(given, answer, _listed(heading, watched, differences, compared=len(imports) > 1))
    finally:
        register.close()
    return 0


def _listed(heading: str, watched: Sequence[Watched], differences: Sequence[Difference], *, compared: bool) -> Iterator[str]:
    yield heading
    yield "Estimates of a third party. A name that matches a case says nothing about the model: whether it is the same is for an officer to say."
    for part in ("over 10^25 FLOP", "10^24 to 10^25 FLOP", "below 10^24 FLOP"):
        rows = [each for each in watched if _part(each[0].flop) == part]
        if rows:
            yield ""
            yield f"{part}: {len(rows)}"
            yield from _table(rows)
    if compared:
        yield ""
        yield "Since the import before:"
        yield from _told(differences)


def _part(flop: Decimal) -> str:
    return "over 10^25 FLOP" if flop > TOP_LINE else "10^24 to 10^25 FLOP" if flop >= WATCH_LINE else "below 10^24 FLOP"


def _table(rows: Sequence[Watched]) -> Iterator[str]:
    cells = [
        (scientific(each.flop), each.confidence, str(each.published_on or ""), each.model, each.organisation[:40], _cases(matches))
        for each, matches in rows
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ("  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells)


def _cases(matches: Sequence[Match]) -> str:
    words = {"SAME_NAME": "", "SAME_BUT_FOR_THE_VERSION": " (but for the version)"}
    return "; ".join(f"{match.case.internal_name} {match.case.case_id}{words[match.alike]}" for match in matches)


# -- JSON ---------------------------------------------------------------------------


def _as_json(snapshot: Snapshot, outcome: Outcome) -> dict[str, Any]:
    return {
        "import": outcome.made.number,
        "snapshot_on": str(outcome.made.snapshot_on),
        "encoding": snapshot.encoding,
        "lacking": list(snapshot.lacking),
        "rows": snapshot.rows,
        "taken": len(snapshot.estimates),
        "skipped": [{"line": row.line, "model": row.model, "reason": row.reason, "text": row.text} for row in snapshot.skipped],
        "incomplete": [{"line": row.line, "model": row.model, "gap": row.gap, "text": row.text} for row in snapshot.incomplete],
        "compared_with": outcome.before.number if outcome.before else None,
        "differences": [_difference(each) for each in outcome.differences],
    }


def _difference(found: Difference) -> dict[str, Any]:
    return {"kind": found.kind, "model": found.model, "before": _estimate(found.before), "after": _estimate(found.after)}


def _watched(watched: Watched) -> dict[str, Any]:
    estimate, matches = watched
    cases = [{"case_id": each.case.case_id, "internal_name": each.case.internal_name, "alike": each.alike} for each in matches]
    return {"model": estimate.model, **(_estimate(estimate) or {}), "part": _part(estimate.flop), "cases": cases}


def _estimate(estimate: Estimate | None) -> dict[str, str | None] | None:
    if estimate is None:
        return None
    day = str(estimate.published_on) if estimate.published_on else None
    return {"organisation": estimate.organisation, "published_on": day, "flop": plain(estimate.flop), "confidence": estimate.confidence}


def _print(given: argparse.Namespace, answer: dict[str, Any], lines: Iterable[str]) -> None:
    print(json.dumps(answer, ensure_ascii=False, indent=2) if given.json else "\n".join(lines))
