"""Faults of a database that pass: it is away for a while, or locked for longer than its timeout."""

import sqlite3

import psycopg
from eventsourcing import persistence
from sqlalchemy import exc

PASSING: tuple[type[Exception], ...] = (
    exc.OperationalError,
    persistence.OperationalError,
    persistence.InterfaceError,
    psycopg.OperationalError,
    sqlite3.OperationalError,
)
"""As SQLAlchemy, the library of events and the drivers name them. Whoever runs on its own tries again; nothing was half written."""
