"""
The access store as one database: `access.db` (SQLite), the schema `access` (PostgreSQL), or memory for `sqlite://`.

A primary store, backed up with the events and never rebuilt. Accounts, sessions, tokens and the access log live in it, each with a class of its own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.schema import CreateSchema

from api.stores.access_tables import APPENDED_BY_WEB, GUARDS, METADATA, READ_BY_WEB, SCHEMA, WRITTEN_BY_WEB
from api.stores.opening import open_engine


class AccessDatabase:
    """The access store, open. Whoever shares one shares its connections; in memory also what is in it."""

    def __init__(self, database_url: str) -> None:
        engine = open_engine(database_url, SCHEMA)
        self._schema = SCHEMA if database_url.startswith("postgresql") else None
        self.engine = engine.execution_options(schema_translate_map={None: SCHEMA}) if self._schema else engine
        self._writer = self.engine.execution_options(immediate=True)

    def create(self, role: str | None = None) -> None:
        """Create file or schema, tables and triggers unless they are there; on PostgreSQL let a database role use what web processes use."""
        file = self.engine.url.database
        if self._schema is None and file and not file.startswith("file:"):
            Path(file).parent.mkdir(parents=True, exist_ok=True)
        with self.writing() as rows:
            if self._schema:
                rows.execute(CreateSchema(SCHEMA, if_not_exists=True))
            METADATA.create_all(rows)
            for statement in GUARDS[rows.dialect.name]:
                rows.exec_driver_sql(statement)
            if self._schema and role is not None:
                self._grant_to(rows, role)

    def _grant_to(self, rows: Connection, role: str) -> None:
        quoted = rows.dialect.identifier_preparer.quote(role)
        rows.execute(text(f"GRANT USAGE ON SCHEMA {SCHEMA} TO {quoted}"))
        rights_of = {"SELECT": READ_BY_WEB, "SELECT, INSERT": APPENDED_BY_WEB, "SELECT, INSERT, UPDATE, DELETE": WRITTEN_BY_WEB}
        for rights, tables in rights_of.items():
            named = ", ".join(f"{SCHEMA}.{table}" for table in tables)
            rows.execute(text(f"GRANT {rights} ON {named} TO {quoted}"))

    def has(self, table: str) -> bool:
        """Tell whether a table is there; a missing file is not created."""
        file = self.engine.url.database
        if self._schema is None and file and not file.startswith("file:") and not Path(file).exists():
            return False
        with self.engine.connect() as rows:
            return inspect(rows).has_table(table, schema=self._schema)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a connection for questions."""
        with self.engine.connect() as rows:
            yield rows

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Write in one transaction, in turn: on SQLite it takes the file's lock at its beginning, on PostgreSQL a lock of its own."""
        with self._writer.begin() as rows:
            if self._schema:
                rows.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('access', 0))"))
            yield rows

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()
