"""The verb `notification`: the form of Article 52(1), blank; a filled-in one checked on three levels; and the steps that record it."""

import json
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from textwrap import shorten
from typing import Any

import yaml
from pydantic_core import to_jsonable_python

from api.notification_form.reading import FormUnreadable, read_form
from api.notification_form.writing import blank_json, blank_text, load_expectations
from domain.completeness.check import LEVELS, Check, Finding, Level, check
from domain.completeness.filing import arguments_of, documents_of, notification_fields
from domain.completeness.form import NotificationForm
from domain.errors import Malformed
from domain.law.periods import legal_day
from domain.law.provisions import CHAPTER_V
from domain.legal_parameters import ThresholdAmended, first_law
from domain.types import exact, instant

_EXAMPLES = """\
examples:
  registry notification blank --text > notice.txt
  registry notification check notice.txt
  registry notification events notice.txt --received-at 2026-03-10T09:00:00+01:00 --case alpha > notice.yaml"""
STATES = {"GIVEN": "given", "MISSING": "missing", "LOOK_AT": "look at"}
LABEL = 64
"""Width of a label in the table; `--json` has all of it."""
CLOSING = "The check says what is there. Whether it is right, and enough, is for the Commission to say."


class _Stop(Exception):
    """The end of a run with a sentence and an exit code."""

    def __init__(self, code: int, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


# -- Parsers ----------------------------------------------------------------------


def add_parser(verbs: Any) -> None:
    """Add `notification` with its three uses."""
    form = RawDescriptionHelpFormatter
    verb = verbs.add_parser("notification", help="the notification form", description=__doc__, epilog=_EXAMPLES, formatter_class=form)
    uses = verb.add_subparsers(dest="use", required=True, metavar="blank|check|events")
    _add_blank(_use(uses, "blank", "print the form to be filled in, as JSON or as text", _blank))
    _add_check(_use(uses, "check", "say what is there: required by law, expected, good practice", _check))
    _add_events(_use(uses, "events", "print the docket steps that record a form", _events))


def _use(uses: Any, name: str, text: str, answer: Callable[[Namespace], int]) -> ArgumentParser:
    said = f"{text[0].upper()}{text[1:]}."
    parser: ArgumentParser = uses.add_parser(name, help=text, description=said, epilog=_EXAMPLES, formatter_class=RawDescriptionHelpFormatter)
    parser.set_defaults(func=_guarded(answer))
    return parser


def _add_blank(parser: ArgumentParser) -> None:
    parser.add_argument("--text", action="store_true", help="as plain text with labels and help")


def _add_check(parser: ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="a form, JSON or text")
    parser.add_argument("--threshold", type=_flop, metavar="FLOP", help="threshold in force on the day of the trigger (default: the first one)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _add_events(parser: ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="a form, JSON or text")
    parser.add_argument("--received-at", type=_instant, required=True, metavar="INSTANT", help="receipt by the Commission, with offset")
    parser.add_argument("--at", type=_instant, metavar="INSTANT", help="time of recording (default: that of receipt)")
    parser.add_argument("--case", default="model", metavar="NAME", help="name of the case in the docket")
    parser.add_argument("--submission", default="notice-1", metavar="NAME", help="name of the submission")
    parser.add_argument("--provider", default="provider-1", metavar="NAME", help="reference of the provider: no person's name")
    parser.add_argument("--filer", metavar="NAME", help="reference of who files (default: the provider, or filer-1)")
    parser.add_argument("--officer", default="officer-1", metavar="NAME", help="who records")
    parser.add_argument("--channel", choices=("EU_SEND", "OTHER"), default="EU_SEND")
    parser.add_argument("--open", action="store_true", help="begin with the opening of the case, so that the docket runs by itself")
    parser.add_argument("--documents", type=Path, metavar="DIR", help="write the documents that the steps name, each under its hash")


def _guarded(answer: Callable[[Namespace], int]) -> Callable[[Namespace], int]:
    """Turn an end of the run into its sentence and exit code."""

    def guarded(args: Namespace) -> int:
        try:
            return answer(args)
        except _Stop as stop:
            print(f"registry notification {args.use}: {stop}", file=sys.stderr)
            return stop.code

    return guarded


def _flop(text: str) -> Decimal:
    try:
        return exact(text)
    except ValueError as wrong:
        raise ArgumentTypeError(str(wrong)) from None


def _instant(text: str) -> str:
    try:
        instant(text)
    except ValueError as wrong:
        raise ArgumentTypeError(str(wrong)) from None
    return text


def _read(file: Path) -> tuple[NotificationForm, bytes]:
    try:
        raw = file.read_bytes()
        return read_form(raw), raw
    except OSError as wrong:
        raise _Stop(2, f"{file}: {wrong.strerror}.") from None
    except FormUnreadable as wrong:
        raise _Stop(2, "\n".join(f"{file}, {complaint}." for complaint in wrong.complaints)) from None


# -- blank ------------------------------------------------------------------------


def _blank(args: Namespace) -> int:
    sys.stdout.write(blank_text(load_expectations()) if args.text else blank_json())
    return 0


# -- check ------------------------------------------------------------------------


def _check(args: Namespace) -> int:
    form, _ = _read(args.file)
    threshold = _first_threshold() if args.threshold is None else args.threshold
    found = check(form, load_expectations(), threshold)
    print(_as_json(args.file, found) if args.json else "\n".join(_as_table(found)))
    return 1 if found.lacks_by_law else 0


def _first_threshold() -> Decimal:
    """Return the threshold of Article 51(2) as adopted; a register knows the later ones."""
    facts = first_law(CHAPTER_V, [], "0" * 64)
    return next(fact.value_flop for fact in facts if isinstance(fact, ThresholdAmended))


def _as_json(file: Path, found: Check) -> str:
    levels = {level: [each.model_dump(mode="json", exclude_none=True, exclude={"level"}) for each in found.on(level)] for level in Level}
    answer = {"file": file.name, "expectations_version": found.expectations_version, "lacks_by_law": found.lacks_by_law, "levels": levels}
    return json.dumps(answer, ensure_ascii=False, indent=2)


def _as_table(found: Check) -> Iterator[str]:
    for level in Level:
        yield f"{LEVELS[level]}: {_counts(found.on(level))}"
        for each in found.on(level):
            yield f"  {STATES[each.state]:<7}  {shorten(each.label, LABEL, placeholder='…'):<{LABEL}}  {each.source}"
            if each.sentence:
                yield f"           {each.sentence}"
        yield ""
    yield CLOSING


def _counts(found: tuple[Finding, ...]) -> str:
    counted = {words: sum(each.state == state for each in found) for state, words in STATES.items()}
    return f"{counted['missing']} missing, {counted['look at']} to look at, {counted['given']} given"


# -- events -----------------------------------------------------------------------


def _events(args: Namespace) -> int:
    form, raw = _read(args.file)
    try:
        steps = [*(_opening(args, form) if args.open else ()), *_recording(args, form, raw)]
        documents = documents_of(form, raw)
    except Malformed as wrong:
        raise _Stop(1, f"{args.file}: {wrong.field} {wrong.sentence}.") from None
    if args.documents:
        _store(args.documents, documents)
    sys.stdout.write(yaml.safe_dump({"title": f"Receipt of {args.file.name}", "steps": steps}, sort_keys=False, allow_unicode=True, width=150))
    return 0


def _opening(args: Namespace, form: NotificationForm) -> Iterator[dict[str, Any]]:
    yield _step(args, "ModelCaseOpened", {"lineage_key": args.case, "internal_name": form.model.name or args.case})
    provider = form.provider
    if None in (provider.country, provider.in_union, provider.kind, provider.name):
        return
    # A natural person is named in the vault, never in an event.
    named = {"legal_name": provider.name} if provider.kind == "LEGAL_PERSON" else {"person_ref": f"{args.provider}-person"}
    stated = {"provider_kind": provider.kind, **named, "country": provider.country, "in_union": provider.in_union}
    received_on = legal_day(instant(args.received_at))
    since = min(form.trigger.trigger_on or received_on, received_on)
    yield _step(args, "ProviderIdentified", {"provider_ref": args.provider, **stated, "from_on": since})


def _recording(args: Namespace, form: NotificationForm, raw: bytes) -> Iterator[dict[str, Any]]:
    filer = args.filer or (args.provider if form.filer.role == "PROVIDER" else "filer-1")
    filing = {"submission_id": args.submission, "received_at": args.received_at}
    by = {"provider_ref": args.provider, "filer_ref": filer, "channel": args.channel}
    yield _step(args, "NotificationReceived", {**filing, **by, **notification_fields(form, raw)})
    arguments = arguments_of(form)
    if arguments:
        yield _step(args, "ArgumentsReceived", {**filing, "filer_ref": filer, "filer_role": form.filer.role, **arguments.fields()})


def _step(args: Namespace, event: str, data: dict[str, Any]) -> dict[str, Any]:
    by = {"role": "CASE_OFFICER", "id": args.officer}
    plain = to_jsonable_python(data, exclude_none=True)
    return {"at": args.at or args.received_at, "by": by, "stream": f"case/{args.case}", "record": event, "data": plain}


def _store(folder: Path, documents: dict[str, bytes]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for digest, stored in documents.items():
            (folder / digest).write_bytes(stored)
    except OSError as wrong:
        raise _Stop(2, f"{folder}: {wrong.strerror}.") from None
