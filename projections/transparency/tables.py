"""
The tables of the public read store that hold the published log: leaves, tiles, keys, the last checkpoint, and who witnesses it.

No projection fills them, and a rebuild carries them over: they are copied from the log's own store, which a public process never opens.
"""

from dataclasses import dataclass

from sqlalchemy import Column, Integer, LargeBinary, MetaData, String, Table

from projections.store import Instant

KEPT = {"kept": True}


@dataclass(frozen=True, slots=True)
class LogTables:
    """The tables of one public read store."""

    bundles: Table
    """One row for each entry; a bundle is put together when it is asked for, at any width."""
    tiles: Table
    """One row for each tile, as wide as the log has it; a partial tile is its beginning."""
    checkpoint: Table
    """One row: the last checkpoint, as it is served."""
    keys: Table
    """The verifier keys that ever signed; the last is in use."""
    policy: Table
    """One row: the log's policy, without the lines of logs."""
    witnesses: Table
    """The witnesses of the policy in its order; of each the largest size that it has cosigned, and when, by its own clock."""


def log_tables(metadata: MetaData) -> LogTables:
    """Return the log's tables in the tables of a read store; they are added the first time."""
    known = metadata.tables
    if "log_checkpoint" not in known:
        _add(metadata)
    return LogTables(*(known[f"log_{name}"] for name in ("bundles", "tiles", "checkpoint", "keys", "policy", "witnesses")))


def _add(metadata: MetaData) -> None:
    Table("log_bundles", metadata, _key("number"), Column("entry", LargeBinary, nullable=False), info=KEPT)
    Table(
        "log_tiles",
        metadata,
        _key("level"),
        _key("number"),
        Column("hashes", LargeBinary, nullable=False),
        info=KEPT,
    )
    Table(
        "log_checkpoint",
        metadata,
        Column("name", String, primary_key=True),
        Column("size", Integer, nullable=False),
        Column("root", LargeBinary, nullable=False),
        Column("note", LargeBinary, nullable=False),
        info=KEPT,
    )
    Table("log_keys", metadata, _key("number"), Column("vkey", String, nullable=False), info=KEPT)
    Table("log_policy", metadata, Column("name", String, primary_key=True), Column("text", String, nullable=False), info=KEPT)
    Table(
        "log_witnesses",
        metadata,
        _key("number"),
        Column("name", String, nullable=False),
        Column("vkey", String, nullable=False),
        Column("url", String),
        Column("size", Integer),
        Column("looked_at", Instant),
        info=KEPT,
    )


def _key(name: str) -> Column[int]:
    return Column(name, Integer, primary_key=True, autoincrement=False)
