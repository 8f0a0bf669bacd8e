"""Who sends a request, and who may come in: personal tokens (RFC 6750) for programs, sessions for browsers."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv6Address, ip_address

from starlette.requests import Request

from api.browsers import session_identifier
from api.errors import NotSignedIn
from api.stores.access_log import DONE, AccessAct, AccessLog
from api.stores.accounts import Account, Accounts
from api.stores.attempts import Attempts, Limit
from api.stores.begun_sign_ins import Begun, BegunSignIns
from api.stores.drafts import Drafts
from api.stores.feeds import Feeds, feed_reference
from api.stores.identities import Identities, Identity
from api.stores.kept_forms import KeptForms
from api.stores.sessions import Session, Sessions
from api.stores.tokens import TokenStore
from domain.actors import Actor

_BEARER = re.compile(r"bearer +([A-Za-z0-9._~+/-]+=*) *", re.ASCII | re.IGNORECASE)

MOST_FOR_A_NAME_FROM_ONE_PLACE, MOST_FOR_A_NAME, MOST_FROM_ONE_PLACE = 5, 20, 30
"""Failed attempts to sign in within a quarter of an hour."""
MOST_BEGUN_FROM_ONE_PLACE = 100
"""Sign-ins that are begun with the provider, within a quarter of an hour: a whole organisation may come from one address."""
OPENID = "OPENID"
"""The outcome of a sign-in for which a provider vouched."""
MOST_NOTED = 30
"""Refusals of strangers that are noted, from one place, within a quarter of an hour; further ones are refused all the same."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who is signed in, and what by: a token or a session as the access log names it."""

    actor: Actor
    by: str


class SignInRefused(Exception):
    """Nobody was let in: with a time when there were too many attempts, else for a reason that is told to nobody."""

    def __init__(self, until: datetime | None = None) -> None:
        super().__init__("too many attempts" if until else "wrong name or password")
        self.until = until


@dataclass(frozen=True, slots=True)
class Door:
    """Where requests come in: what it knows of tokens, accounts and sessions, and where it notes whom it let in and whom it turned away."""

    tokens: TokenStore
    accounts: Accounts
    sessions: Sessions
    attempts: Attempts
    feeds: Feeds
    log: AccessLog
    kept: KeptForms
    drafts: Drafts
    identities: Identities
    begun: BegunSignIns

    # -- Who is there ------------------------------------------------------------------

    def caller_of(self, request: Request, address: str) -> Caller:
        """
        Return who sent a request to an address: by its `Authorization` header, or, when it has none, by the cookie of its session.

        A token that is refused is noted; a request that shows none is nobody's, and nothing is noted of it.
        Raises: NotSignedIn for none, several, another scheme, a token that is unknown or revoked, a session that ended.
        """
        authorization = request.headers.getlist("authorization")
        session = None if authorization else self.session_of(request)
        if session is not None:
            return Caller(session.actor, session.reference)
        given = _BEARER.fullmatch(authorization[0]) if len(authorization) == 1 else None
        if given is None:
            raise NotSignedIn
        token = self.tokens.find(given[1])
        if token is not None and token.is_valid:
            return Caller(token.actor, token.reference)
        if token is None:
            # Not even a part of its hash: it may be a password that somebody sent by mistake.
            self.note_stranger(request, AccessAct.REFUSED, "UNKNOWN_TOKEN", by="token", subjects=[address])
        else:
            self.note_stranger(request, AccessAct.REFUSED, "REVOKED_TOKEN", by=token.reference, actor=token.actor, subjects=[address])
        raise NotSignedIn(token_refused=True)

    def session_of(self, request: Request) -> Session | None:
        """Return the session that a browser's cookie names."""
        identifier = session_identifier(request)
        return self.sessions.find(identifier) if identifier else None

    def reader_of(self, request: Request, token: str, address: str) -> Caller:
        """
        Return whose calendar asks for a feed, by the token in its address.

        Raises: NotSignedIn for a token that opens nothing, which is noted.
        """
        account = self.feeds.account_of(token)
        if account is None:
            self.note_stranger(request, AccessAct.REFUSED, "UNKNOWN_TOKEN", by="feed", subjects=[address])
            raise NotSignedIn(token_refused=True)
        return Caller(account.actor, feed_reference(token))

    # -- Coming in and going -------------------------------------------------------------

    def sign_in(self, request: Request, name: str, password: str) -> str:
        """
        Begin a session under a new identifier, ending the one the browser had; return the identifier.

        Raises: SignInRefused. A wrong password, an unknown name and a disabled account are one to whoever tries; the access log tells them apart.
        """
        limits = (Limit(f"name {name} from {place(request)}", MOST_FOR_A_NAME_FROM_ONE_PLACE), Limit(f"name {name}", MOST_FOR_A_NAME))
        from_there = Limit(f"from {place(request)}", MOST_FROM_ONE_PLACE)
        if too_many := self.attempts.count(*limits, from_there):
            if too_many.first:
                self._note_failure("TOO_MANY_ATTEMPTS", self.accounts.find(name))
            raise SignInRefused(too_many.until)
        account = self.accounts.check(name, password)
        if account is None:
            known = self.accounts.find(name)
            self._note_failure("UNKNOWN_ACCOUNT" if known is None else "DISABLED_ACCOUNT" if known.disabled_at else "WRONG_PASSWORD", known)
            raise SignInRefused
        self.attempts.forget(*limits)
        self.attempts.take_back(from_there)  # a whole office may come from one address
        return self._begun(request, account)

    def confirm(self, request: Request, session: Session, password: str) -> None:
        """
        Let somebody who is signed in say once more who they are, before an act that binds.

        Raises: SignInRefused, with the same limits as signing in.
        """
        limits = (
            Limit(f"name {session.account} from {place(request)}", MOST_FOR_A_NAME_FROM_ONE_PLACE),
            Limit(f"name {session.account}", MOST_FOR_A_NAME),
        )
        if too_many := self.attempts.count(*limits):
            raise SignInRefused(too_many.until)
        account = self.accounts.check(session.account, password)
        if account is None or account.actor != session.actor:
            self._note_failure("WRONG_PASSWORD", self.accounts.find(session.account))
            raise SignInRefused
        self.attempts.forget(*limits)
        self.log.note(AccessAct.SIGNED_IN, "AGAIN", by=session.reference, actor=session.actor)

    # -- By OpenID Connect -----------------------------------------------------------------

    def begin_by_openid(self, request: Request, browser: str, way_back: str, fingerprint: str | None = None) -> tuple[str, Begun]:
        """
        Begin a sign-in with the provider; return the state that goes along.

        Raises: SignInRefused when too many were begun from one place.
        """
        if too_many := self.attempts.count(Limit(f"openid from {place(request)}", MOST_BEGUN_FROM_ONE_PLACE)):
            if too_many.first:
                self.log.note(AccessAct.SIGN_IN_REFUSED, "TOO_MANY_ATTEMPTS", by="openid")
            raise SignInRefused(too_many.until)
        return self.begun.begin(browser, way_back, fingerprint)

    def sign_in_by_openid(self, request: Request, identity: Identity) -> str:
        """
        Begin a session for whom the provider vouches, under a new identifier, ending the one the browser had; return the identifier.

        Raises: SignInRefused when they have no account here, or a disabled one.
        """
        account = self.identities.account_of(identity)
        if account is None or account.disabled_at:
            outcome = "DISABLED_ACCOUNT" if account else "UNKNOWN_PERSON"
            self.note_stranger(request, AccessAct.SIGN_IN_REFUSED, outcome, by="openid", actor=account.actor if account else None)
            raise SignInRefused
        return self._begun(request, account, by_openid=True)

    def confirm_by_openid(self, session: Session, identity: Identity) -> None:
        """
        Take the provider's word that somebody who is signed in said once more who they are.

        Raises: SignInRefused when it is somebody else.
        """
        account = self.identities.account_of(identity)
        if account is None or account.disabled_at or account.name != session.account:
            self.log.note(AccessAct.SIGN_IN_REFUSED, "OTHER_PERSON", by=session.reference, actor=session.actor)
            raise SignInRefused
        self.log.note(AccessAct.SIGNED_IN, "AGAIN", by=session.reference, actor=session.actor)

    def _note_failure(self, outcome: str, known: Account | None) -> None:
        self.log.note(AccessAct.SIGN_IN_REFUSED, outcome, by="password", actor=known.actor if known else None)

    def _begun(self, request: Request, account: Account, *, by_openid: bool = False) -> str:
        if before := session_identifier(request):
            self.sessions.end(before)
        identifier, session = self.sessions.begin(account, by_openid=by_openid)
        self.log.note(AccessAct.SIGNED_IN, OPENID if by_openid else DONE, by=session.reference, actor=session.actor)
        return identifier

    def sign_out(self, request: Request) -> Session | None:
        """End the session of a browser, and return it."""
        session = self.sessions.end(session_identifier(request) or "")
        if session is not None:
            self.log.note(AccessAct.SIGNED_OUT, by=session.reference, actor=session.actor)
        return session

    # -- Whom it turned away ---------------------------------------------------------------

    def note_stranger(
        self, request: Request, act: AccessAct, outcome: str, *, by: str, actor: Actor | None = None, subjects: Iterable[str] = ()
    ) -> None:  # fmt: skip
        """Note a refusal of somebody who need not be known, a limited number from one place: nobody fills the log from outside."""
        if self.attempts.count(Limit(f"noted from {place(request)}", MOST_NOTED)) is None:
            self.log.note(act, outcome, by=by, actor=actor, subjects=subjects)

    def close(self) -> None:
        """Close the access store."""
        self.tokens.close()
        self.log.close()


def place(request: Request) -> str:
    """Return where a request comes from, as attempts are counted: an address, of IPv6 the network that one subscriber has."""
    host = request.client.host if request.client else "unknown"
    try:
        address = ip_address(host)
    except ValueError:
        return host
    return str(int(address) >> 64) if isinstance(address, IPv6Address) else host
