"""The tables of the access store: who may come in, and who did what. With their guards."""

from sqlalchemy import BigInteger, Column, Index, LargeBinary, MetaData, String, Table

SCHEMA = "access"
METADATA = MetaData()

TOKENS = Table(
    "tokens",
    METADATA,
    Column("sha256", LargeBinary, primary_key=True),
    Column("name", String, nullable=False),
    Column("role", String, nullable=False),
    Column("actor_ref", String, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
)
accounts = Table(
    "accounts",
    METADATA,
    Column("name", String, primary_key=True),
    Column("role", String, nullable=False),
    Column("actor_ref", String, nullable=False),
    Column("password", String),
    Column("created_at", BigInteger, nullable=False),
    Column("sessions_from", BigInteger, nullable=False),
    Column("disabled_at", BigInteger),
)
"""Who may sign in, in which role. Sessions begun before `sessions_from` are void."""
sessions = Table(
    "sessions",
    METADATA,
    Column("sha256", LargeBinary, primary_key=True),
    Column("account", String, nullable=False, index=True),
    Column("signed_in_at", BigInteger, nullable=False, index=True),
    Column("used_at", BigInteger, nullable=False),
)
"""Who is signed in, by the hash of the session's identifier."""
openid_sessions = Table("openid_sessions", METADATA, Column("sha256", LargeBinary, primary_key=True))
"""Which of the sessions were begun by OpenID Connect."""
identities = Table(
    "identities",
    METADATA,
    Column("sha256", LargeBinary, primary_key=True),
    Column("account", String, nullable=False, unique=True),
    Column("linked_at", BigInteger, nullable=False),
)
"""For whom an OpenID provider vouches, by the hash of who it says they are, and the account that they have here."""
begun_sign_ins = Table(
    "begun_sign_ins",
    METADATA,
    Column("state", LargeBinary, primary_key=True),
    Column("browser", LargeBinary, nullable=False),
    Column("nonce", String, nullable=False),
    Column("verifier", String, nullable=False),
    Column("way_back", String, nullable=False),
    Column("fingerprint", String),
    Column("begun_at", BigInteger, nullable=False, index=True),
)
"""Who has gone on to the OpenID provider and has not come back yet; with a fingerprint: to adopt that draft."""
attempts = Table("attempts", METADATA, Column("key", LargeBinary, nullable=False), Column("at", BigInteger, nullable=False, index=True))
"""Attempts to sign in of the last minutes, by the hash of what is counted."""
Index("attempts_key", attempts.c.key, attempts.c.at)
feeds = Table(
    "feeds",
    METADATA,
    Column("account", String, primary_key=True),
    Column("sha256", LargeBinary, nullable=False, unique=True),
    Column("created_at", BigInteger, nullable=False),
)
"""The calendar feed of an account, by the hash of its token."""
kept_forms = Table(
    "kept_forms",
    METADATA,
    Column("account", String, primary_key=True),
    Column("address", String, primary_key=True),
    Column("written", LargeBinary, nullable=False),
    Column("kept_at", BigInteger, nullable=False, index=True),
)
"""What somebody wrote into a form whose session had ended, until they sign in again."""
drafts = Table(
    "drafts",
    METADATA,
    Column("draft_id", String, primary_key=True),
    Column("stream", String, nullable=False, index=True),
    Column("topic", String, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("fingerprint", String, nullable=False),
    Column("seen", BigInteger, nullable=False),
    Column("drafted_by", String, nullable=False),
    Column("drafted_at", BigInteger, nullable=False),
    Column("outcome", String),
    Column("closed_by", String),
    Column("closed_at", BigInteger),
    Column("reason", String),
)
"""Frozen drafts of decisions: never changed, only adopted or rejected by a second officer."""
access_log = Table(
    "access_log",
    METADATA,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False, index=True),
    Column("act", String, nullable=False),
    Column("outcome", String, nullable=False),
    Column("actor", String, index=True),
    Column("role", String),
    Column("by", String, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)
"""Every access, in order, without a gap; each row is chained to the one before."""
access_subjects = Table(
    "access_subjects",
    METADATA,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("subject", String, primary_key=True),
)
"""What each access was about; part of what its row's hash covers."""
Index("access_subjects_subject", access_subjects.c.subject, access_subjects.c.number)

READ_BY_WEB = ("tokens", "accounts", "identities")
WRITTEN_BY_WEB = ("sessions", "openid_sessions", "begun_sign_ins", "attempts", "feeds", "kept_forms", "drafts")
APPENDED_BY_WEB = ("access_log", "access_subjects")
"""What the role of the web processes may read, write and append on PostgreSQL: it can neither make an account nor remove what was noted."""

APPENDED = ("access_log", "access_subjects")
_SENTENCE = "what the access log has noted is never changed or removed"
GUARDS: dict[str, tuple[str, ...]] = {
    "sqlite": tuple(
        f"CREATE TRIGGER IF NOT EXISTS {table}_refuse_{act.lower()} BEFORE {act} ON {table} BEGIN SELECT RAISE(ABORT, '{_SENTENCE}'); END"
        for table in APPENDED
        for act in ("UPDATE", "DELETE")
    ),
    "postgresql": (
        f"CREATE OR REPLACE FUNCTION {SCHEMA}.refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $body$"
        f" BEGIN RAISE EXCEPTION '{_SENTENCE}' USING ERRCODE = 'restrict_violation'; END $body$",
        *(
            f"CREATE OR REPLACE TRIGGER {table}_refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {SCHEMA}.{table}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {SCHEMA}.refuse_change()"
            for table in APPENDED
        ),
    ),
}
