"""The tables of the office's read store. Both axes of time are instants in microseconds."""

from sqlalchemy import BigInteger, Boolean, Column, Date, Index, Integer, LargeBinary, MetaData, String, Table

METADATA = MetaData()

events = Table(
    "events",
    METADATA,
    Column("position", Integer().with_variant(BigInteger, "postgresql"), primary_key=True, autoincrement=False),
    Column("event_id", String, nullable=False, index=True),
    Column("stream", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("topic", String, nullable=False),
    Column("case_id", String),
    Column("recorded_at", BigInteger, nullable=False),
    Column("actor_ref", String, nullable=False),
    Column("role", String, nullable=False),
    Column("state", LargeBinary, nullable=False),
)
"""Every stored event with its bytes, so that readers never touch the event store."""
Index("events_case", events.c.case_id, events.c.position)
Index("events_stream", events.c.stream, events.c.version)

cases = Table(
    "cases",
    METADATA,
    Column("case_id", String, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("internal_name", String, nullable=False),
    Column("words", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("list_id", String),
)
"""One row for each case, in the order of opening."""

status_spans = Table(
    "status_spans",
    METADATA,
    Column("case_id", String, primary_key=True),
    Column("valid_from", BigInteger, primary_key=True),
    Column("known_from", BigInteger, primary_key=True),
    Column("valid_to", BigInteger, nullable=False),
    Column("known_to", BigInteger, nullable=False),
    Column("status", String, nullable=False),
    Column("grounds", LargeBinary, nullable=False),
)
"""The status of every case as rectangles of both times."""
Index("status_known", status_spans.c.known_to, status_spans.c.status)

clocks = Table(
    "clocks",
    METADATA,
    Column("case_id", String, primary_key=True),
    Column("clock", String, primary_key=True),
    Column("about", String, primary_key=True),
    Column("day", Date, index=True),
    Column("open", Boolean, nullable=False),
)
"""The day on which each clock of a case ends, as last known; the clock itself is worked out when it is asked for."""

orders = Table(
    "orders",
    METADATA,
    Column("order_id", String, primary_key=True),
    Column("case_id", String, nullable=False),
    Column("slot_at", BigInteger, nullable=False, index=True),
)
"""Orders of the publication desk that wait for their slot."""
