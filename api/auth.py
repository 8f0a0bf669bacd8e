"""Who sends a request: personal tokens (RFC 6750)."""

import re

from api.errors import NotSignedIn
from api.stores.tokens import TokenStore
from domain.actors import Actor

_BEARER = re.compile(r"bearer +([A-Za-z0-9._~+/-]+=*) *", re.ASCII | re.IGNORECASE)


def actor_of(authorization: list[str], tokens: TokenStore) -> Actor:
    """
    Return who signed a request, by its `Authorization` headers.

    Raises: NotSignedIn for none, several, another scheme, or a token that is unknown or revoked.
    """
    given = _BEARER.fullmatch(authorization[0]) if len(authorization) == 1 else None
    if given is None:
        raise NotSignedIn
    actor = tokens.actor_of(given[1])
    if actor is None:
        raise NotSignedIn(token_refused=True)
    return actor
