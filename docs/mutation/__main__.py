"""
Change the domain in one place at a time and see whether a test of the rules notices: `python docs/mutation domain/status.py domain/clocks.py`.

What is changed, what by rule is not, and the last result: docs/mutation.md. The tests under tests/rules judge, dockets included, each mutant in a
process of its own: forked when all is imported and collected, with the code of the changed function in place of the old one. What is worked out once,
at import, is changed before the import instead. Only tests that can tell the mutant run, and the first that fails ends it.
"""

import argparse
import json
import os
import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

import pytest
from judges import Judge, judged_from_import, outcome, run_in_a_process, tests
from mutants import ROOT, Module, Mutant

RULES = (
    "clocks guards order_of_acts two_of_a_kind after_an_acceptance questions_of_a_case hearings_and_decisions decisions_on_a_designation "
    "alert_and_publication_files listing_conditions status_by_hand dockets periods status_properties compute completeness obligations assessment "
    "taxonomy types types_exact next_by_hand registry repeated_and_races persons"
).split()
"""Of tests/rules, what says the law again; left out is what plays the same dockets once more for another purpose."""
FARED = ("killed", "survived", "timed out", "failed to run")


class Report:
    """Writes one line for each mutant."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __call__(self, mutant: Mutant, fared: str, killer: str) -> None:
        row = {"module": mutant.module.name, "line": mutant.line, "was": mutant.was, "now": mutant.now, "fared": fared, "by": killer}
        with self.file.open("a", encoding="utf-8") as lines:
            print(json.dumps(row), file=lines)

    def table(self) -> Iterator[str]:
        """Yield the table of all lines written so far, and those that survived."""
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        rows = [json.loads(line) for line in self.file.read_text(encoding="utf-8").splitlines()]
        for row in rows:
            counts[row["module"]][row["fared"]] += 1
        yield "| Module | Mutants | " + " | ".join(FARED) + " |\n|---|" + "---|" * (len(FARED) + 1)
        for module, fared in sorted(counts.items()):
            yield f"| `{module}` | {fared.total()} | " + " | ".join(str(fared[each]) for each in FARED) + " |"
        yield from (f"{row['module']}:{row['line']}: {row['was']} → {row['now']}" for row in rows if row["fared"] == "survived")


def main() -> None:
    told = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    told.add_argument("modules", nargs="+", type=Path)
    told.add_argument("--sample", type=int, help="so many mutants of each module, not all")
    told.add_argument("--seed", type=int, default=0, help="of the sample")
    told.add_argument("--rules", nargs="+", default=RULES, help="the tests/rules/test_….py that judge")
    told.add_argument("--out", type=Path, default=ROOT / "var" / "mutation.jsonl", help="one line for each mutant, added to what stands there")
    asked = told.parse_args()
    os.chdir(ROOT)
    asked.out.parent.mkdir(exist_ok=True)
    chosen = in_turns([sample(Module(path.resolve()).mutants, asked.sample, asked.seed) for path in asked.modules])
    report = Report(asked.out)
    judges = tests(asked.rules)
    run_in_a_process(lambda: pytest.main(judges, plugins=[Judge([each for each in chosen if each.function], report)]))
    for mutant in (each for each in chosen if each.function is None):
        report(mutant, *outcome(lambda mutant=mutant: judged_from_import(mutant, judges)))
    print("\n".join(report.table()))


def sample(mutants: list[Mutant], size: int | None, seed: int) -> list[Mutant]:
    return mutants if size is None else random.Random(seed).sample(mutants, len(mutants))[:size]


def in_turns(modules: list[list[Mutant]]) -> list[Mutant]:
    """Take one mutant of each module after the other, so that a run broken off has treated all alike."""
    return [mutant for turn in zip_longest(*modules) for mutant in turn if mutant]


if __name__ == "__main__":
    main()
