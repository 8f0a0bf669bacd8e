"""Write docs/law-coverage.md, which says of each row of the law what proves it: `python docs/coverage.py`. A test holds it."""

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from domain.law.rules import RULES

ROOT = Path(__file__).parents[1]
NOT_YET = "not yet"
SHOWN = 3
"""Dockets named in a row; the most telling first."""


# -- Dockets -----------------------------------------------------------------------


@dataclass(frozen=True)
class Docket:
    """A docket as it is written: its comments, and its steps with every value as text."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.stem

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = yaml.load(self.text, Loader=yaml.CBaseLoader)
        return body

    @property
    def steps(self) -> list[dict[str, Any]]:
        steps: list[dict[str, Any]] = self.body["steps"]
        return steps

    @cached_property
    def comments(self) -> str:
        return " ".join(line.strip(" #") for line in self.text.splitlines() if line.lstrip().startswith("#"))

    def cites(self, what: str) -> bool:
        """Tell whether a comment cites a number such as 10.7, D4, T14, R05 or the name of a switch."""
        return re.search(rf"(?<![\w.^]){re.escape(what)}(?![\d\w])", self.comments) is not None

    def records(self, event: str) -> bool:
        """Tell whether the docket puts an event into the register: as a step, as a ruling, or as a marker that its history then shows."""
        return any(event in recorded(step) or event in shown(step) for step in self.steps)

    def meets(self, code: str) -> bool:
        """Tell whether the docket expects a refusal, or a ruling on that ground."""
        return any(code in (expectation(step).get("refused"), expectation(step).get("cause_code")) for step in self.steps if "record" in step)

    def asks(self, clock: str) -> bool:
        """Tell whether the docket says how a clock stands."""
        return any(clock in asked(step) for step in self.steps)

    def switches(self) -> set[str]:
        """Return the switches that the docket sets or changes."""
        return set(self.body.get("settings", ())) | {step["data"]["switch"] for step in self.steps if step.get("record") == "JudgementSettingChanged"}

    def asks_status_after(self, event: str) -> bool:
        """Tell whether the docket records an event and asks for the status of that case, or after another record's event of any case, later."""
        return any(
            event in recorded(step) and any(later.get("ask") == "status" and same_case(step, later) for later in self.steps[n + 1 :])
            for n, step in enumerate(self.steps)
        )

    def decides(self, event: str, decision_id: str, outcome: str) -> bool:
        """Tell whether the docket puts a decision to the register with an outcome: `ok`, or the code of its refusal."""
        found = (step for step in self.steps if step.get("record") == event and step["data"].get("decision_id") == decision_id)
        return any(expectation(step).get("refused", "ok") == outcome for step in found)


def expectation(step: dict[str, Any]) -> dict[str, Any]:
    expect = step.get("expect")
    return expect if isinstance(expect, dict) else {}


def recorded(step: dict[str, Any]) -> set[str]:
    """Return the events that a step records: its own unless refused, and the ruling that it expects."""
    if "record" not in step or "refused" in expectation(step):
        return set()
    return {step["record"], expectation(step).get("ruled", step["record"])}


def shown(step: dict[str, Any]) -> list[str]:
    return list(step["expect"]) if step.get("ask") == "history" and isinstance(step.get("expect"), list) else []


def asked(step: dict[str, Any]) -> set[str]:
    if step.get("ask") == "clock":
        return {step["clock"]} if "expect" in step else set()
    return {clock.get("clock", "") for clock in step.get("expect", ())} if step.get("ask") == "clocks" else set()


def same_case(step: dict[str, Any], later: dict[str, Any]) -> bool:
    return not step["stream"].startswith("case/") or step["stream"] == later.get("stream")


# -- Rows and proofs ------------------------------------------------------------------


class Coverage:
    """The rows of the law with what proves them. A proof is a docket, or a test written FILE::NAME."""

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root
        self.dockets = {path.stem: Docket(path) for path in sorted((root / "tests" / "dockets").glob("*.yaml"))}
        self.rows: dict[str, Any] = self._data("coverage.yaml")
        self.events: list[dict[str, Any]] = self._data("roles.yaml")["events"]

    def _data(self, name: str) -> Any:
        return yaml.safe_load((self.root / "tests" / "data" / name).read_text(encoding="utf-8"))

    def found(self, proves: Callable[[Docket], bool], cited: str = "") -> list[str]:
        """Return the dockets that prove something: those that cite it first, then the shortest."""
        found = [docket for docket in self.dockets.values() if proves(docket)]
        return [d.name for d in sorted(found, key=lambda d: (not (cited and d.cites(cited)), len(d.steps), d.name))]

    def of_event(self, row: dict[str, Any]) -> list[str]:
        event, kind = row["event"], row["stream"]
        return self.found(lambda d: d.records(event) and any(event in recorded(s) | set(shown(s)) and on(s, kind) for s in d.steps), event)

    def of_refusal(self, code: str) -> list[str]:
        return self.found(lambda d: d.meets(code), code) + self.rows["refusals"].get(code, [])

    def of_clock(self, row: dict[str, Any]) -> list[str]:
        return self.found(lambda d: d.asks(row["id"]), row["id"]) + row.get("proofs", [])

    def of_citation(self, number: str) -> list[str]:
        return self.found(lambda d: d.cites(number))

    def of_switch(self, switch: str) -> list[str]:
        return self.found(lambda d: switch in d.switches(), switch)

    def cells(self) -> Iterator[tuple[str, str, str, str, str, list[Any]]]:
        """Yield every cell of the transition table: axis, from, act, event, what the law says, proofs."""
        for table in self.rows["transitions"]:
            for row in table["rows"]:
                for act, event in table["acts"].items():
                    says, *proofs = row.get(act, ["?"])
                    yield table["axis"], row["from"], act, event, says, proofs

    def unproven(self) -> Iterator[str]:
        """Yield the rows that nothing proves."""
        yield from (f"event {row['event']} on {row['stream']}" for row in self.events if not self.of_event(row))
        yield from (f"refusal {code}" for code in RULES if not self.of_refusal(code))
        yield from (f"clock {row['id']}" for row in self.rows["clocks"] if not self.of_clock(row))
        yield from (f"effect {row['act']}" for row in self.rows["effects"] if not row.get("proofs"))
        yield from (f"transition {axis}: {start}, {act}" for axis, start, act, _, _, proofs in self.cells() if not proofs)
        yield from (f"tricky case {number}" for number in self.rows["tricky"] if not self.of_citation(number))
        yield from (f"scenario {number}" for number in self.rows["scenarios"] if not self.of_citation(number))
        yield from (f"switch {switch}" for switch in self.rows["switches"] if not self.of_switch(switch))

    def false_claims(self) -> Iterator[str]:
        """Yield the proofs typed by hand that are none."""
        for row in self.rows["effects"]:
            yield from (f"{docket}: {event}" for docket, event in row["proofs"] if not self._holds(docket, lambda d, e=event: d.asks_status_after(e)))
        for axis, start, act, event, says, proofs in self.cells():
            for proof in proofs:
                if not (self._is_test(proof) if isinstance(proof, str) else self._is_decided(event, says, *proof)):
                    yield f"{axis}: {start}, {act}: {proof}"
        typed = [proof for proofs in self.rows["refusals"].values() for proof in proofs]
        yield from (proof for proof in typed if not self._is_test(proof))
        yield from (
            proof for row in self.rows["clocks"] for proof in row.get("proofs", ()) if not self._holds(proof, lambda d, i=row["id"]: d.cites(i))
        )

    def _holds(self, docket: str, proves: Callable[[Docket], bool]) -> bool:
        return docket in self.dockets and proves(self.dockets[docket])

    def _is_decided(self, event: str, says: str, docket: str, decision_id: str, outcome: str) -> bool:
        allowed = {"✓": outcome == "ok", "✗": outcome != "ok", "◐": True}[says]
        return allowed and self._holds(docket, lambda d: d.decides(event, decision_id, outcome))

    def _is_test(self, proof: str) -> bool:
        file, _, name = proof.partition("::")
        path = self.root / file
        return path.is_file() and re.search(rf"^(async )?def {re.escape(name)}\(", path.read_text(encoding="utf-8"), re.MULTILINE) is not None


def on(step: dict[str, Any], kind: str) -> bool:
    return str(step.get("stream", "")).partition("/")[0] == kind


# -- The document ------------------------------------------------------------------------


def document(coverage: Coverage) -> str:
    """Return docs/law-coverage.md."""
    tables = (_events, _refusals, _clocks, _effects, _transitions, _tricky, _scenarios, _switches)
    return _HEAD + "".join(table(coverage) for table in tables)


_HEAD = f"""# What proves which row of the law

Made by `python docs/coverage.py`; a test holds it. A proof is a docket that runs in the tests, or a test. Dockets are found by what they record,
expect, ask and cite; what cannot be found so is typed in `tests/data/coverage.yaml`, and checked. A row without a proof says "{NOT_YET}", and the
test names it.
"""


def _table(title: str, columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = list(columns)
    lines = [f"\n## {title}\n\n| {' | '.join(names)} |\n|{'---|' * len(names)}\n"]
    return "".join([*lines, *(f"| {' | '.join(row)} |\n" for row in rows)])


def _links(proofs: Iterable[str]) -> str:
    names = list(dict.fromkeys(proofs))
    linked = [_link(name) for name in names[:SHOWN]]
    return ", ".join(linked + ["…"] * (len(names) > SHOWN)) or f"**{NOT_YET}**"


def _link(proof: str) -> str:
    file, _, name = proof.partition("::")
    return f"[{name}](../{file})" if name else f"[{proof}](../tests/dockets/{proof}.yaml)"


def _events(coverage: Coverage) -> str:
    rows = ((f"`{row['event']}`", f"{row['stream']}, {row['section']}", _links(coverage.of_event(row))) for row in coverage.events)
    return _table("Events (events.md)", ("Event", "Record, procedure", "Recorded in"), rows)


def _refusals(coverage: Coverage) -> str:
    rows = (
        (code, rule.article, "ruled inadmissible" if rule.received else "refused", _links(coverage.of_refusal(code))) for code, rule in RULES.items()
    )
    return _table("Refusals (procedure 11)", ("Code", "Provision", "", "Expected in"), rows)


def _clocks(coverage: Coverage) -> str:
    rows = ((row["id"], row["rule"], row["ground"], _links(coverage.of_clock(row))) for row in coverage.rows["clocks"])
    return _table("Clocks (procedure 2.3)", ("Id", "Rule", "Ground", "Asked in"), rows)


def _effects(coverage: Coverage) -> str:
    rows = ((row["act"], row["change"], row["from"], _links(docket for docket, _ in row["proofs"])) for row in coverage.rows["effects"])
    return _table("Effect dates (procedure 3.1)", ("Act or fact", "Status change", "From", "Asked in"), rows)


def _transitions(coverage: Coverage) -> str:
    rows = (
        (axis, start, act, says, _outcomes(proofs), _links(proof if isinstance(proof, str) else proof[0] for proof in proofs))
        for axis, start, act, _, says, proofs in coverage.cells()
    )
    return _table("Transition table (procedure 6.5)", ("Axis", "From", "Act", "Law", "Outcome", "Put to the register in"), rows)


def _outcomes(proofs: list[Any]) -> str:
    return ", ".join(dict.fromkeys("not there" if isinstance(proof, str) else "recorded" if proof[2] == "ok" else proof[2] for proof in proofs))


def _tricky(coverage: Coverage) -> str:
    rows = ((number, title, _links(coverage.of_citation(number))) for number, title in coverage.rows["tricky"].items())
    return _table("Tricky cases (procedure 10)", ("No", "Case", "Cited and run in"), rows)


def _scenarios(coverage: Coverage) -> str:
    rows = ((number, _links(coverage.of_citation(number))) for number in coverage.rows["scenarios"])
    return _table("Scenarios (procedure 13)", ("No", "Run in"), rows)


def _switches(coverage: Coverage) -> str:
    rows = ((f"`{name}`", *readings, _links(coverage.of_switch(name))) for name, readings in coverage.rows["switches"].items())
    return _table("Judgement switches (procedure 14)", ("Switch", "Default", "Other reading", "Set or changed in"), rows)


if __name__ == "__main__":
    (ROOT / "docs" / "law-coverage.md").write_text(document(Coverage()), encoding="utf-8")
    sys.stderr.write("docs/law-coverage.md\n")
