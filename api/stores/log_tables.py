"""The tables of the log's store, their guards, and how the store is opened."""

from typing import Any

from sqlalchemy import BigInteger, Column, Index, LargeBinary, MetaData, String, Table, UniqueConstraint

SCHEMA = "log"
METADATA = MetaData()


def _key(name: str, kind: type[Any] = BigInteger) -> Column[Any]:
    return Column(name, kind, primary_key=True, autoincrement=False)


logs = Table(
    "logs",
    METADATA,
    _key("log", String),
    Column("origin", String, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("tiled", BigInteger, nullable=False),
)
"""One row for each log: its origin, the event store's position reached, how many leaves it has, and how many its tiles cover."""
leaves = Table(
    "leaves",
    METADATA,
    _key("log", String),
    _key("number"),
    Column("position", BigInteger, nullable=False),
    Column("entry", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    UniqueConstraint("log", "position"),
)
"""An event gives at most one leaf, and an index is given once."""
tiles = Table("tiles", METADATA, _key("log", String), _key("level"), _key("number"), Column("hashes", LargeBinary, nullable=False))
trees = Table("trees", METADATA, _key("log", String), _key("size"), Column("root", LargeBinary, nullable=False))
"""The promise: one root for each size. No signature exists for a tree that is not here."""
checkpoints = Table(
    "checkpoints",
    METADATA,
    _key("log", String),
    _key("size"),
    _key("key_id", LargeBinary),
    Column("serial", BigInteger, nullable=False),
    Column("note", LargeBinary, nullable=False),
    Column("signed_at", BigInteger, nullable=False),
    UniqueConstraint("log", "serial"),
)
"""Every checkpoint ever signed; after a rotation the new key signs the same tree once more."""
cosignatures = Table(
    "cosignatures",
    METADATA,
    _key("log", String),
    _key("size"),
    _key("witness", String),
    Column("line", String, nullable=False),
    Column("signed_at", BigInteger, nullable=False),
    Index("cosignatures_by_witness", "log", "witness", "size"),
)
"""Signature lines of witnesses, each named by its whole verifier key; the first one on a size is kept."""
heads = Table("heads", METADATA, _key("log", String), _key("file", String), Column("n", BigInteger, nullable=False), Column("last", BigInteger))
"""For each case file: how many leaves it has, and the index of the last."""
seals = Table(
    "seals",
    METADATA,
    _key("day", String),
    Column("salt", LargeBinary, nullable=False),
    Column("checkpoint", LargeBinary, nullable=False),
    Column("seed", LargeBinary, nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("places", LargeBinary, nullable=False),
)
"""The secrets of each day's seal: what opens its commitment, and where the day's acts stand in its tree."""

PROMISED = ("leaves", "trees", "checkpoints", "cosignatures", "seals")
GUARDS: dict[str, tuple[str, ...]] = {
    "sqlite": (
        *(
            f"CREATE TRIGGER IF NOT EXISTS {table}_refuse_{act.lower()} BEFORE {act} ON {table}"
            " BEGIN SELECT RAISE(ABORT, 'what a log has promised is never changed or removed'); END"
            for table in PROMISED
            for act in ("UPDATE", "DELETE")
        ),
        "CREATE TRIGGER IF NOT EXISTS logs_keep_origin BEFORE UPDATE OF log, origin ON logs"
        " BEGIN SELECT RAISE(ABORT, 'the origin of a log is kept'); END",
    ),
    "postgresql": (
        f"CREATE OR REPLACE FUNCTION {SCHEMA}.refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $body$"
        " BEGIN RAISE EXCEPTION 'what a log has promised is never changed or removed' USING ERRCODE = 'restrict_violation'; END $body$",
        *(
            f"CREATE OR REPLACE TRIGGER {table}_refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {SCHEMA}.{table}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {SCHEMA}.refuse_change()"
            for table in PROMISED
        ),
        f"CREATE OR REPLACE TRIGGER logs_keep_origin BEFORE UPDATE OF log, origin ON {SCHEMA}.logs"
        f" FOR EACH STATEMENT EXECUTE FUNCTION {SCHEMA}.refuse_change()",
    ),
}
