"""How every primary store opens its database: a file of its own on SQLite, shared memory for `sqlite://`, else PostgreSQL."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Engine, create_engine, event

from api.stores.event_store import unknown

# FULL: what was signed or acknowledged survives power loss.
DURABLE = ("journal_mode=WAL", "synchronous=FULL")
# What was removed is overwritten, not only forgotten.
OVERWRITING = (*DURABLE, "secure_delete=ON")


def open_engine(database_url: str, name: str, pragmas: tuple[str, ...] = DURABLE) -> Engine:
    """
    Open the database of the primary store `name`; on SQLite with these pragmas on every connection.

    Raises: UnknownDatabaseUrl.
    """
    if database_url.startswith("postgresql://"):
        engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg://", 1), pool_pre_ping=True)
        event.listen(engine, "connect", _settle_postgres)
        return engine
    if database_url == "sqlite://":
        file = f"file:/{uuid4().hex}?vfs=memdb&uri=true"  # connections of this process share it as they would a file
    elif database_url.startswith("sqlite:///"):
        file = str(Path(database_url.removeprefix("sqlite:///")) / f"{name}.db")
    else:
        raise unknown(database_url)
    engine = create_engine(f"sqlite:///{file}", connect_args={"timeout": 30})
    event.listen(engine, "connect", _settle(pragmas))
    event.listen(engine, "begin", _begin)
    return engine


def _settle(pragmas: tuple[str, ...]) -> Callable[[Any, Any], None]:
    def settle(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # transactions are begun below, not by the driver
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    return settle


def _settle_postgres(connection: Any, _: Any) -> None:
    connection.execute("SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'")
    connection.commit()


def _begin(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("immediate")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
