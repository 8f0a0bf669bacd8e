"""The public read store, by the address of a database: all that the public side opens."""

from projections.public.tables import METADATA
from projections.store import ReadStore, open_store
from projections.transparency.tables import log_tables

PUBLISHED = "public"
"""The public read store on SQLite; a schema of the same role on PostgreSQL is called `published`."""


def published(database_url: str, suffix: str = "") -> ReadStore:
    """Open the public read store."""
    log_tables(METADATA)
    name = "published" if database_url.startswith("postgresql") else PUBLISHED
    return open_store(database_url, name, METADATA, suffix=suffix)
