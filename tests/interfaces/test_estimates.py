"""Reading files of published estimates, and what differs between two of them: exact, tolerant of the family, and nothing dropped in silence."""

import ast
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from api.estimates.differences import Kind, differences
from api.estimates.importing import shipped
from api.estimates.reading import LONGEST_NAME, Snapshot, Unreadable, key_of, read_estimates
from domain.types import exact
from projections.public.estimates import LINES, Confidence, Estimate

ROOT = Path(__file__).parents[2]
HEADER = "Model,Organization,Publication date,Training compute (FLOP),Confidence"
THRESHOLD = LINES[-1]


def read(*rows: str, header: str = HEADER) -> Snapshot:
    return read_estimates("\n".join([header, *rows]).encode())


def only(*rows: str, header: str = HEADER) -> Estimate:
    (found,) = read(*rows, header=header).estimates.values()
    return found


def skipped(*rows: str) -> list[tuple[int, str, str]]:
    return [(row.line, row.reason, row.text) for row in read(*rows).skipped]


# -- The snapshot that ships ----------------------------------------------------------


def test_the_shipped_snapshot_is_read_to_the_last_row():
    found = read_estimates(shipped().content)
    figures = [each.flop for each in found.estimates.values()]
    assert (found.rows, len(figures), found.lacking, found.incomplete) == (1036, 529, (), [])
    assert Counter(row.reason for row in found.skipped) == {"NO_COMPUTE": 507}
    assert sum(flop >= LINES[0] for flop in figures) == 145
    assert sum(flop > LINES[2] for flop in figures) == 22
    assert max(figures) == Decimal("500000000000010000000000000")


def test_a_file_ten_times_as_long_is_read_too():
    header, _, rows = shipped().content.decode().partition("\n")
    found = read_estimates(f"{header}\n{rows * 10}".encode())
    assert (found.rows, len(found.estimates)) == (10_360, 529)
    assert Counter(row.reason for row in found.skipped)["NAMED_TWICE"] == 9 * 529


def test_no_float_takes_part():
    rooms = [*(ROOT / "api" / "estimates").glob("*.py"), ROOT / "registry_site/ui/scatter.py", ROOT / "registry_site/public/estimates.py"]
    rooms += [ROOT / "projections/public/estimates.py", ROOT / "api/stores/estimates.py", ROOT / "registry_site/public/compute_question.py"]
    nodes = [node for room in rooms for node in ast.walk(ast.parse(room.read_text(encoding="utf-8")))]
    assert [node.lineno for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, float)] == []
    assert [node.lineno for node in nodes if isinstance(node, ast.Name) and node.id == "float"] == []


# -- Figures ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "figure"),
    [
        ("2.1e+25", "21" + "0" * 24),
        ("5.0000000000001e+26", "50000000000001" + "0" * 13),
        ("1.001e+25", "1001" + "0" * 22),
        ("2006640000000000.0", "2006640000000000"),
        ("40.0", "40"),
        ("1E25", "1" + "0" * 25),
        ("  7e22 ", "7" + "0" * 22),
    ],
)
def test_a_figure_is_exact(text: str, figure: str):
    assert only(f"Alpha,A,2026-01-01,{text},Likely").flop == Decimal(figure)


@pytest.mark.parametrize("text", ["0", "-1e25", "nan", "inf", "~1e25", ">1e25", '"1,000"', "1e25 FLOP", "1e400", "1e-61", "1 000", "１e25", "=1+1"])
def test_what_is_no_figure_is_skipped_with_its_line_and_its_text(text: str):
    assert skipped("Alpha,A,2026-01-01,1e25,Likely", f"Beta,A,2026-01-01,{text},Likely") == [(3, "NOT_A_NUMBER", text.strip('"'))]


# -- Files of the family ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "row"),
    [
        ("Confidence,Training compute (FLOP),Extra,Model,Publication date,Organization", "Likely,1e24,x,Alpha,2026-01-01,A"),
        ("MODEL, organization ,PUBLICATION DATE,training  compute (flop),confidence", "Alpha,A,2026-01-01,1e24,likely"),
        ("System,Organization,Publication date,Training compute (FLOP),Confidence", "Alpha,A,2026-01-01,1e24,LIKELY"),
        (HEADER.replace(",", ";"), "Alpha;A;2026-01-01;1e24;Likely"),
        (HEADER.replace(",", "\t"), "Alpha\tA\t2026-01-01\t1e24\tLikely"),
    ],
)
def test_columns_are_known_by_name_in_any_order(header: str, row: str):
    assert only(row, header=header) == Estimate("Alpha", "A", date(2026, 1, 1), Decimal(10**24), "Likely")


def test_columns_that_are_missing_are_named_and_done_without():
    found = read("Alpha,1e24", header="Model,Training compute (FLOP)")
    assert found.lacking == ("organization", "publication date", "confidence")
    assert found.estimates["alpha"] == Estimate("Alpha", "", None, Decimal(10**24), "Unknown")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_other_encodings_are_read(encoding: str):
    content = f"{HEADER}\nÉtoile,Société,2026-01-01,1e24,Likely\n".encode(encoding)
    assert read_estimates(content).estimates[key_of("Étoile")].organisation == "Société"


def test_line_breaks_of_any_system_and_inside_names_are_read():
    found = read_estimates(f'{HEADER}\r\n"Solar\n Open",A,2026-01-01,1e24,Likely\r\n\r\nBeta,B,2026-01-01,1e23,Likely\r\n'.encode())
    assert [each.model for each in found.estimates.values()] == ["Solar Open", "Beta"]
    assert found.rows == 2


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "it says: nothing"),
        (b"\xff\xfe\x00", "is no text"),
        (b"Model\x00,Training compute (FLOP)\n", "is no text"),
        (b"\x89PNG\r\n\x1a\n", "columns named"),
        (b"Model,Parameters\nAlpha,1\n", "`model` and `training compute (flop)`"),
        (b"{}", "it says: {}"),
        ((f'{HEADER}\nAlpha,A,2026-01-01,1e24,Likely\n"Beta,' + "x" * 200_000).encode(), "breaks off after 1 rows"),
    ],
)
def test_what_is_no_such_file_is_refused_with_what_is_wrong(content: bytes, says: str):
    with pytest.raises(Unreadable, match=says.replace("(", r"\(").replace(")", r"\)")):
        read_estimates(content)


# -- Rows ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("Beta,A,2026-01-01,,Likely", "NO_COMPUTE"),
        (",A,2026-01-01,1e24,Likely", "NO_NAME"),
        ("Be\x07ta,A,2026-01-01,1e24,Likely", "NAME_UNFIT"),
        (f"{'B' * (LONGEST_NAME + 1)},A,2026-01-01,1e24,Likely", "NAME_UNFIT"),
        (" alpha ,B,2026-01-02,2e24,Likely", "NAMED_TWICE"),
        ("Beta,A,2026-01-01,1e24", "WRONG_NUMBER_OF_CELLS"),
        ("Beta,A,2026-01-01,1e24,Likely,more", "WRONG_NUMBER_OF_CELLS"),
    ],
)
def test_a_row_that_cannot_be_used_is_skipped_with_the_reason(row: str, reason: str):
    found = read("Alpha,A,2026-01-01,1e24,Likely", row)
    assert [(each.line, each.reason) for each in found.skipped] == [(3, reason)]
    assert [each.flop for each in found.estimates.values()] == [Decimal(10**24)]


def test_a_name_of_the_longest_length_is_taken():
    assert only(f"{'B' * LONGEST_NAME},A,2026-01-01,1e24,Likely").model == "B" * LONGEST_NAME


@pytest.mark.parametrize(("day", "taken"), [("2026-02-28", date(2026, 2, 28)), ("2026-02-29", None), ("2026-02", None), ("20260228", None)])
def test_a_day_that_is_none_is_left_out_and_noted(day: str, taken: date | None):
    found = read(f"Alpha,A,{day},1e24,Likely")
    assert found.estimates["alpha"].published_on == taken
    assert [each.text for each in found.incomplete] == ([] if taken else [day])


def test_an_unknown_confidence_is_noted_and_an_empty_one_is_not():
    found = read("Alpha,A,2026-01-01,1e24,Certain", "Beta,A,2026-01-01,1e24,")
    assert {each.confidence for each in found.estimates.values()} == {"Unknown"}
    assert [(each.line, each.gap, each.text) for each in found.incomplete] == [(2, "CONFIDENCE_UNKNOWN", "Certain")]


def test_a_list_of_hundreds_of_organisations_is_cut_visibly():
    assert only(f"Alpha,{'A' * (LONGEST_NAME + 1)},2026-01-01,1e24,Likely").organisation == "A" * (LONGEST_NAME - 1) + "…"
    assert only(f"Alpha,{'A' * LONGEST_NAME},2026-01-01,1e24,Likely").organisation == "A" * LONGEST_NAME


# -- Differences -------------------------------------------------------------------------------


def estimate(flop: str, confidence: Confidence = "Likely", model: str = "Alpha") -> Estimate:
    return Estimate(model, "A", date(2026, 1, 1), exact(flop), confidence)


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        ("1e25", "10000000000000000000000001", "CROSSED_UPWARDS"),
        ("9.9e24", "1e25", "REVISED"),
        ("10000000000000000000000001", "1e25", "CROSSED_DOWNWARDS"),
        ("1.001e25", "9e24", "CROSSED_DOWNWARDS"),
        ("2e25", "3e25", "REVISED"),
        (None, "3e25", "ADDED"),
        ("3e25", None, "WITHDRAWN"),
    ],
)
def test_a_difference_says_what_happened_and_the_threshold_itself_is_not_above_it(before: str | None, after: str | None, kind: Kind):
    old, new = ({"alpha": estimate(flop)} if flop else {} for flop in (before, after))
    (found,) = differences(old, new, THRESHOLD)
    assert (found.kind, found.before, found.after) == (kind, old.get("alpha"), new.get("alpha"))


def test_an_amended_threshold_decides_what_crossed():
    (found,) = differences({"alpha": estimate("2e25")}, {"alpha": estimate("2e26")}, Decimal(10**26))
    assert found.kind == "CROSSED_UPWARDS"


def test_another_confidence_is_a_revision_and_another_spelling_is_none():
    assert [each.kind for each in differences({"alpha": estimate("1e24")}, {"alpha": estimate("1e24", "Confident")}, THRESHOLD)] == ["REVISED"]
    assert differences({"alpha": estimate("1e24")}, {"alpha": estimate("1e24", model="ALPHA")}, THRESHOLD) == ()


def test_the_same_snapshot_again_differs_in_nothing():
    found = read_estimates(shipped().content).estimates
    assert differences(found, found, THRESHOLD) == ()
