"""The tables of the documents: what is known of each, how it was classed, who sent it. Nothing in them is ever changed or removed."""

from sqlalchemy import JSON, BigInteger, Boolean, Column, Integer, MetaData, String, Table, and_, func, select

NAME = "documents"
METADATA = MetaData()
DOCUMENTS = Table(
    "documents",
    METADATA,
    Column("hash", String, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("media_type", String, nullable=False),
    Column("uploaded_at", BigInteger, nullable=False),
    Column("uploaded_by", String, nullable=False),
)
"""What is known of each document; who and when are those of its first upload."""
CLASSINGS = Table(
    "classings",
    METADATA,
    Column("hash", String, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("access_class", String, nullable=False),
    Column("exception_tags", JSON, nullable=False),
    Column("third_party", Boolean, nullable=False),
    Column("public_version", String, index=True),
    Column("classed_at", BigInteger, nullable=False),
    Column("classed_by", String, nullable=False),
)
"""How each document was classed, by whom, in order; the last one stands."""
UPLOADS = Table(
    "uploads",
    METADATA,
    Column("hash", String, primary_key=True),
    Column("uploaded_by", String, primary_key=True),
    Column("uploaded_at", BigInteger, nullable=False),
)
"""Everybody who ever uploaded the same bytes: each may read what it sent, and learns nothing about the others."""
RIGHTS = {"documents": "SELECT, INSERT", "classings": "SELECT, INSERT", "uploads": "SELECT, INSERT"}
"""What the role of the web processes may do on PostgreSQL."""

_LAST = select(func.max(CLASSINGS.c.number)).where(CLASSINGS.c.hash == DOCUMENTS.c.hash).correlate(DOCUMENTS).scalar_subquery()
STANDING = select(DOCUMENTS, *(column for column in CLASSINGS.columns if column.name != "hash")).join(
    CLASSINGS, and_(CLASSINGS.c.hash == DOCUMENTS.c.hash, CLASSINGS.c.number == _LAST)
)
"""Every document with how it is classed now."""
