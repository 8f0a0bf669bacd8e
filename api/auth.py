"""Who sends a request: personal tokens (RFC 6750)."""

import re
from dataclasses import dataclass

from api.errors import NotSignedIn
from api.stores.access_log import AccessAct, AccessLog
from api.stores.tokens import TokenStore
from domain.actors import Actor

_BEARER = re.compile(r"bearer +([A-Za-z0-9._~+/-]+=*) *", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who is signed in, and what by: a token as the access log names it."""

    actor: Actor
    by: str


@dataclass(frozen=True, slots=True)
class Door:
    """Where requests come in: what it knows of tokens, and where it notes whom it turned away."""

    tokens: TokenStore
    log: AccessLog

    def caller_of(self, authorization: list[str], address: str) -> Caller:
        """
        Return who signed a request to an address, by its `Authorization` headers.

        A token that is refused is noted; a request that shows none is nobody's, and nothing is noted of it.
        Raises: NotSignedIn for none, several, another scheme, or a token that is unknown or revoked.
        """
        given = _BEARER.fullmatch(authorization[0]) if len(authorization) == 1 else None
        if given is None:
            raise NotSignedIn
        token = self.tokens.find(given[1])
        if token is not None and token.revoked_at is None:
            return Caller(token.actor, token.reference)
        if token is None:
            # Not even a part of its hash: it may be a password that somebody sent by mistake.
            self.log.note(AccessAct.REFUSED, "UNKNOWN_TOKEN", by="token", subjects=[address])
        else:
            self.log.note(AccessAct.REFUSED, "REVOKED_TOKEN", by=token.reference, actor=token.actor, subjects=[address])
        raise NotSignedIn(token_refused=True)

    def close(self) -> None:
        """Close the access store."""
        self.tokens.close()
        self.log.close()
