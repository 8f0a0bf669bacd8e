"""
Rebuilding a read store beside the old one, then switching over.

Readers keep the old rows until one transaction replaces them all; the follower may go on meanwhile.
"""

from collections.abc import Callable

from sqlalchemy import Connection, func, insert, select, text

from projections.follower import Source, Track, collector_at_rest
from projections.store import ReadStore

BATCH = 20_000
"""Events folded in one transaction: more than when following, since the clocks of a case are worked out once a batch."""
Show = Callable[[int, int], None]


def rebuild_track(old: Track, new: Track, source: Source, show: Show) -> None:
    """Fold every event into a fresh store, and put it in the place of the old one."""
    new.store.create(empty=True)
    try:
        _catch_up(new, source, show)
        while not _switch_over(old.store, new.store):
            _catch_up(new, source, show)  # the follower was faster meanwhile
    finally:
        new.store.discard()


def _catch_up(track: Track, source: Source, show: Show) -> None:
    head = source.head()
    with collector_at_rest():
        while track.step(source, BATCH):
            position = track.store.position()
            show(position, max(head, position))


def _switch_over(old: ReadStore, new: ReadStore) -> bool:
    """Replace the old rows by the new ones in one transaction; False when the old store is ahead."""
    return _by_schema(old, new) if old.schema else _by_copy(old, new)


def _by_schema(old: ReadStore, new: ReadStore) -> bool:
    """On PostgreSQL the schemas change names."""
    with old.engine.begin() as rows:
        rows.execute(text(f"LOCK TABLE {old.schema}.positions IN ACCESS EXCLUSIVE MODE"))
        if _ahead(rows, old, new):
            return False
        _keep_what_is_no_projection(rows, old, new)
        _keep_rights(rows, old, new)
        rows.execute(text(f"ALTER SCHEMA {old.schema} RENAME TO {old.schema}_replaced"))
        rows.execute(text(f"ALTER SCHEMA {new.schema} RENAME TO {old.schema}"))
        rows.execute(text(f"DROP SCHEMA {old.schema}_replaced CASCADE"))
    return True


def _by_copy(old: ReadStore, new: ReadStore) -> bool:
    """On SQLite the rows are copied over from the fresh file, into tables made anew: the old ones may be of another version."""
    with old.engine.connect() as rows:
        rows.execute(text("COMMIT"))
        rows.execute(text("ATTACH DATABASE :file AS fresh"), {"file": str(new.engine.url.database)})
        try:
            rows.execute(text("BEGIN IMMEDIATE"))
            if _ahead(rows, old, new):
                rows.execute(text("ROLLBACK"))
                return False
            for table in (*old.projected(), old.positions):
                table.drop(rows)
                table.create(rows)
                rows.execute(text(f"INSERT INTO main.{table.name} SELECT * FROM fresh.{table.name}"))
            rows.execute(text("COMMIT"))
        finally:
            rows.execute(text("DETACH DATABASE fresh"))
            rows.execute(text("BEGIN"))
    return True


def _ahead(rows: Connection, old: ReadStore, new: ReadStore) -> bool:
    """Tell whether the live store has folded events that the fresh one has not."""
    live = int(rows.execute(select(func.max(old.positions.c.position))).scalar_one())
    return live > new.position()


def _keep_rights(rows: Connection, old: ReadStore, new: ReadStore) -> None:
    """Give the roles that may read or fold the old schema the same rights to the fresh one."""
    held = text("SELECT DISTINCT grantee, table_name, privilege_type FROM information_schema.role_table_grants WHERE table_schema = :schema")
    quote = rows.dialect.identifier_preparer.quote
    for grantee, table, privilege in rows.execute(held, {"schema": old.schema}).all():
        rows.execute(text(f"GRANT USAGE ON SCHEMA {new.schema} TO {quote(grantee)}"))
        rows.execute(text(f"GRANT {privilege} ON {new.schema}.{quote(table)} TO {quote(grantee)}"))


def _keep_what_is_no_projection(rows: Connection, old: ReadStore, new: ReadStore) -> None:
    """Copy the tables that no projection fills."""
    for table in old.kept():
        found = [dict(row._mapping) for row in rows.execute(select(table))]
        with new.engine.begin() as fresh:
            if found:
                fresh.execute(insert(table), found)
