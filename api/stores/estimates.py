"""
Imports of published compute estimates. A primary store: what was imported when, row for row, backed up with the events and never rebuilt.

In `estimates.db` (SQLite), in the schema `estimates` (PostgreSQL), or in memory for `sqlite://`. An import is one transaction, and is never changed.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import BigInteger, Column, Connection, Integer, MetaData, Row, String, Table, func, insert, inspect, select, text
from sqlalchemy.schema import CreateSchema

from api.stores.opening import open_engine
from projections.public.estimates import Estimate, Imported, as_row, from_row
from projections.store import microseconds, moment_of

SCHEMA = "estimates"
METADATA = MetaData()

imports = Table(
    "imports",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("file", String, nullable=False),
    Column("sha256", String, nullable=False),
    Column("snapshot_on", String, nullable=False),
)
figures = Table(
    "figures",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("key", String, primary_key=True),
    Column("model", String, nullable=False),
    Column("organisation", String, nullable=False),
    Column("published_on", String),
    Column("flop", String, nullable=False),
    Column("confidence", String, nullable=False),
)


@dataclass(frozen=True, slots=True)
class Import:
    """An import as the store knows it: when, which file with which SHA-256 (hex), and the day of its snapshot."""

    number: int
    at: datetime
    file: str
    sha256: str
    snapshot_on: date

    @property
    def imported(self) -> Imported:
        """Give what the public is told of it."""
        return Imported(self.number, self.snapshot_on)


class EstimateStore:
    """Keeps imports of published estimates."""

    def __init__(self, database_url: str) -> None:
        self._schema = SCHEMA if database_url.startswith("postgresql") else None
        engine = open_engine(database_url, SCHEMA)
        self._engine = engine.execution_options(schema_translate_map={None: SCHEMA}) if self._schema else engine

    def create(self, role: str | None = None) -> None:
        """Create file or schema and tables unless they are there; on PostgreSQL let a database role read and add."""
        file = self._engine.url.database
        if self._schema is None and file and not file.startswith("file:"):
            Path(file).parent.mkdir(parents=True, exist_ok=True)
        with self._writing() as rows:
            if self._schema:
                rows.execute(CreateSchema(SCHEMA, if_not_exists=True))
            METADATA.create_all(rows)
            if self._schema and role is not None:
                quoted = rows.dialect.identifier_preparer.quote(role)
                rows.execute(text(f"GRANT USAGE ON SCHEMA {SCHEMA} TO {quoted}"))
                rows.execute(text(f"GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA {SCHEMA} TO {quoted}"))

    def is_created(self) -> bool:
        """Tell whether the tables are there; a missing file is not created."""
        file = self._engine.url.database
        if self._schema is None and file and not file.startswith("file:") and not Path(file).exists():
            return False
        with self._engine.connect() as rows:
            return inspect(rows).has_table("figures", schema=self._schema)

    def add(self, at: datetime, file: str, sha256: str, snapshot_on: date, estimates: Mapping[str, Estimate]) -> Import:
        """Keep an import, the next in number; others wait meanwhile."""
        with self._writing() as rows:
            number = int(rows.execute(select(func.coalesce(func.max(imports.c.number), 0))).scalar_one()) + 1
            kept = {"at": microseconds(at), "file": file, "sha256": sha256, "snapshot_on": snapshot_on.isoformat()}
            rows.execute(insert(imports).values(number=number, **kept))
            if estimates:
                rows.execute(insert(figures), [{"number": number, "key": key, **as_row(each)} for key, each in estimates.items()])
        return Import(number, at, file, sha256, snapshot_on)

    def imports(self) -> tuple[Import, ...]:
        """Return every import, in order."""
        with self._engine.connect() as rows:
            return tuple(map(_import, rows.execute(select(imports).order_by(imports.c.number))))

    def estimates(self, number: int) -> dict[str, Estimate]:
        """Return the estimates of an import by the keys of their models; none for an import that never was."""
        with self._engine.connect() as rows:
            found = rows.execute(select(figures).where(figures.c.number == number).order_by(figures.c.key)).mappings()
            return {row["key"]: from_row(row) for row in found}

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._engine.execution_options(immediate=True).begin() as rows:
            if self._schema:
                rows.execute(select(func.pg_advisory_xact_lock(func.hashtextextended("import estimates", 0))))
            yield rows


def _import(row: Row[tuple[object, ...]]) -> Import:
    return Import(row.number, moment_of(row.at), row.file, row.sha256, date.fromisoformat(row.snapshot_on))
