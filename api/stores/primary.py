"""
A primary store as a database: a file of its own on SQLite, a schema of its own on PostgreSQL, memory for `sqlite://`.

Primary stores are backed up with the events and never rebuilt; a commit is on the disk before it is answered.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, MetaData, inspect, text
from sqlalchemy.schema import CreateSchema

from api.stores.opening import OVERWRITING, open_engine


class PrimaryDatabase:
    """One primary store, open. `rights` says for each table what the role of the web processes may do with it on PostgreSQL."""

    def __init__(self, database_url: str, name: str, metadata: MetaData, rights: Mapping[str, str]) -> None:
        self.name = name
        self._metadata = metadata
        self._rights = rights
        self.is_postgresql = database_url.startswith("postgresql")
        engine = open_engine(database_url, name, OVERWRITING)
        self.engine: Engine = engine.execution_options(schema_translate_map={None: name}) if self.is_postgresql else engine
        self._writer = self.engine.execution_options(immediate=True)

    def create(self, role: str | None = None) -> None:
        """Create file or schema and tables unless they are there; on PostgreSQL let a database role use what web processes use."""
        if self.file:
            self.file.parent.mkdir(parents=True, exist_ok=True)
        with self.writing() as rows:
            if self.is_postgresql:
                rows.execute(CreateSchema(self.name, if_not_exists=True))
            self._metadata.create_all(rows)
            if self.is_postgresql and role is not None:
                self._grant_to(rows, role)

    def is_created(self) -> bool:
        """Tell whether the tables are there; a missing file is not created."""
        if self.file and not self.file.exists():
            return False
        with self.reading() as rows:
            schema = self.name if self.is_postgresql else None
            return all(inspect(rows).has_table(table, schema=schema) for table in self._metadata.tables)

    @property
    def file(self) -> Path | None:
        """The file of the store, when it is one."""
        database = self.engine.url.database
        return None if self.is_postgresql or database is None or database.startswith("file:") else Path(database)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a connection for questions."""
        with self.engine.connect() as rows:
            yield rows

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Write in one transaction, in turn: on SQLite it takes the file's lock at its beginning, on PostgreSQL a lock of its own."""
        with self._writer.begin() as rows:
            if self.is_postgresql:
                rows.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": f"primary {self.name}"})
            yield rows

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    def _grant_to(self, rows: Connection, role: str) -> None:
        quoted = rows.dialect.identifier_preparer.quote(role)
        rows.execute(text(f"GRANT USAGE ON SCHEMA {self.name} TO {quoted}"))
        for table, rights in self._rights.items():
            rows.execute(text(f"GRANT {rights} ON {self.name}.{table} TO {quoted}"))
