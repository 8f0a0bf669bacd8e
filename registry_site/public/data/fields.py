"""The fields of an entry, in the order of the files: what each means, and its type. Held against the allow-list by a test."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "texts", "day"]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the list; `choices` are all values it can have. `texts` are several, in a table with a bar between."""

    name: str
    kind: Kind
    title: str
    meaning: str
    choices: tuple[str, ...] = ()
    required: bool = False


FIELDS = (
    Field("list_id", "text", "List number", "Number in the list's own sequence; it never changes and is never given twice.", required=True),
    Field("listed_on", "day", "On the list since", "Day of publication on the list, whenever the model came to be classified.", required=True),
    Field("updated_on", "day", "Last updated", "Day of the last update."),
    Field("removed_on", "day", "Removed on", "Day of removal; set only where removed entries were asked for."),
    Field(
        "public_reason",
        "text",
        "Reason of removal",
        "Neutral reason of a removal.",
        ("NO_LONGER_CLASSIFIED", "ANNULLED", "ENTERED_IN_ERROR"),
    ),
    Field("marketed_names", "texts", "Names as marketed", "Names under which the model is marketed.", required=True),
    Field("provider_name", "text", "Provider", "Legal name of the provider; empty for a natural person whose name is not published."),
    Field("provider_name_digest", "text", "Digest of the provider's name", "Salted SHA-256 that stands for the name of a natural person."),
    Field("provider_country", "text", "Country of the provider", "Country of the provider (ISO 3166-1, two letters).", required=True),
    Field("representative_name", "text", "Authorised representative", "Authorised representative in the Union (Article 54), if a legal person."),
    Field(
        "public_grounds",
        "texts",
        "Legal ground",
        "Article 51(1)(a) for high-impact capabilities, Article 52(4) for a designation under Article 51(1)(b).",
        ("51(1)(a)", "52(4)", "52(1)"),
        required=True,
    ),
    Field("decision_ref", "text", "Decision", "Reference of the Commission's decision, where there is one."),
    Field("decision_date", "day", "Date of the decision", "Date of that decision."),
    Field("note", "text", "Note", "Suspended by a court, no longer on the Union market, or maintained.", ("SUSPENDED", "OFF_MARKET", "MAINTAINED")),
    Field("note_ref", "text", "Reference of the note", "Reference that the note rests on, such as a case number."),
    Field("note_on", "day", "Day of the note", "Day that the note is about."),
    Field("changed_on", "day", "Last change", "Day of the last change of this entry on the list.", required=True),
)
SEPARATOR = "|"
"""Stands between several values of one cell of a table."""

TERMS = (
    ("Snapshot", "The list or an entry at a pair of times, as one file says it."),
    ("Entry", "An entry of the list, with the fields above."),
    ("change", "A change of an entry."),
    ("Change", "Something that happened to an entry, named by the entry of the public log that says it."),
    ("number", "Number of a change among all changes of the list, from 1."),
    ("kind", "PUBLISHED, UPDATED, CORRECTED or REMOVED."),
    ("on", "Day of a change."),
    ("receipt", "Proof that a change stands in the public log (c2sp.org/tlog-proof)."),
    ("corrects", "The change whose misprint a correction puts right."),
    ("corrected_by", "The corrections of a change."),
    ("field_change", "A field before and after a change."),
    ("field", "Name of the field that changed."),
    ("before", "What the field said before."),
    ("after", "What the field says since."),
    ("log_origin", "Name of the public log that a file follows from."),
    ("log_size", "Number of entries of the log that a file follows from."),
    ("log_root", "Root of the Merkle tree over those entries, in Base64."),
    ("log_position", "Number of entries of the log up to the last that changed the list."),
)
"""What else graphs and feeds name, beside the fields."""
