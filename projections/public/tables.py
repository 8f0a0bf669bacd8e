"""
The tables of the public read store. They hold the payloads of public events and nothing else of the register.

Listing days are Brussels days as ordinals; the known axis is the instant at which something became public.
"""

from typing import get_args

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, MetaData, String, Table

from projections.public.questions import Kind

METADATA = MetaData()
SORTED = String().with_variant(String(collation="C"), "postgresql")
"""Text in the same order on every database, whatever language that was set up for."""

entries = Table(
    "entries",
    METADATA,
    Column("list_id", String, primary_key=True),
    Column("valid_from", Integer, primary_key=True),
    Column("known_from", BigInteger, primary_key=True),
    Column("valid_to", Integer, nullable=False),
    Column("known_to", BigInteger, nullable=False),
    Column("on_list", Boolean, nullable=False),
    Column("number", Integer, nullable=False),
    Column("country", SORTED, nullable=False),
    Column("grounds", String, nullable=False),
    Column("words", String, nullable=False),
    Column("name", SORTED, nullable=False),
    Column("provider", SORTED, nullable=False),
    Column("listed_on", Integer, nullable=False),
    Column("changed_on", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
"""One row for each entry, stretch of listing days, and stretch of knowledge: a rectangle of the two times."""
RECTANGLE = (entries.c.known_to, entries.c.known_from, entries.c.valid_to, entries.c.valid_from, entries.c.on_list)
for column in (entries.c.listed_on, entries.c.changed_on, entries.c.name, entries.c.provider):
    # In the order of a list and with its rectangles, so that a page is read without sorting, and rows of other times without being fetched.
    Index(f"entries_by_{column.name}", column, entries.c.number, *RECTANGLE)

changes = Table(
    "changes",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("list_id", String, nullable=False, index=True),
    Column("kind", String, nullable=False),
    Column("on_day", Integer, nullable=False, index=True),
    Column("known_at", BigInteger, nullable=False, index=True),
    *(Column(kind.lower(), Integer, nullable=False) for kind in get_args(Kind)),
    Column("body", LargeBinary, nullable=False),
)
"""Every event of the list, numbered from 1 without gaps, with how many there were of each kind up to it: what fell between two is a difference."""

challenges = Table(
    "challenges",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("ref", String, nullable=False, unique=True),
    Column("list_id", String, nullable=False, index=True),
    Column("body", LargeBinary, nullable=False),
)
"""Every challenge of a published field, in the order of their coming."""

law = Table(
    "law",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("topic", String, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
"""Every published version of the law."""

sequence = Table(
    "sequence",
    METADATA,
    Column("name", String, primary_key=True),
    Column("length", Integer, nullable=False),
    Column("day", Integer, nullable=False),
)
"""How long the public sequence is, and the Brussels day of its last event."""

about = Table("about", METADATA, Column("name", String, primary_key=True), Column("value", String, nullable=False), info={"kept": True})
"""What the register says of itself: whether it is a demonstration."""

estimates = Table(
    "estimates",
    METADATA,
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("model", String, nullable=False),
    Column("organisation", String, nullable=False),
    Column("published_on", String),
    Column("flop", String, nullable=False),
    Column("confidence", String, nullable=False),
    info={"kept": True},
)
"""Published estimates of others, largest first, as they were imported last: no register data, and folded from no event."""
