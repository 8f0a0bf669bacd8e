"""
Sign-in by OpenID Connect: what the provider of an organisation is asked, and what of its answers is believed.

Authorisation code flow with PKCE S256 (RFC 7636), `state`, `nonce`, and the issuer in the answer (RFC 9207). A provider says who somebody is. What
they may do is said by their account here and by nothing that a provider sends.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from time import monotonic
from typing import Annotated, Any
from urllib.parse import urlencode, urlsplit

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oidc.core import CodeIDToken
from httpx2 import AsyncClient, HTTPError
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry
from pydantic import AfterValidator, BaseModel, ValidationError

from api.browsers import LOOPBACK
from api.settings import Settings
from api.stores.begun_sign_ins import Begun
from api.stores.identities import Identity

COME_BACK = "/sign-in/openid/back"
SIGNED_OUT = "/sign-in?signed-out"
DISCOVERY = "/.well-known/openid-configuration"
SIGNED_BY = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""What an ID token may be signed by: neither by nothing nor by a secret that others share."""
LEEWAY = timedelta(seconds=60)
"""How far the clock of a provider may be off."""
KNOWN_FOR = 3600.0
"""Seconds after which a provider is asked anew for its addresses and keys."""


class ProviderUnfit(ValueError):
    """The settings name no provider that anybody could be sent to; the message says what to change."""


class ProviderUnreachable(Exception):
    """The provider cannot be reached, or answers what nobody can use; the message is for the operator."""


class NotVouched(Exception):
    """The provider's answer vouches for nobody. The outcome goes into the access log, the message to the operator."""

    def __init__(self, outcome: str, why: str) -> None:
        super().__init__(why)
        self.outcome = outcome


def _kept_secret(address: str) -> str:
    parts = urlsplit(address)
    if not (address.isascii() and address.isprintable()) or " " in address:
        raise ValueError(f"{address!r} is no address")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise ValueError(f"{address!r} could be read on the way; it must begin with https")
    return address


Address = Annotated[str, AfterValidator(_kept_secret)]


class Discovered(BaseModel):
    """What a provider says of itself (OpenID Connect Discovery 1.0)."""

    issuer: str
    authorization_endpoint: Address
    token_endpoint: Address
    jwks_uri: Address
    end_session_endpoint: Address | None = None
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False


def open_provider(settings: Settings) -> "Provider | None":
    """
    Return the provider of the settings, None when they name none; it is first asked when somebody signs in.

    Raises: ProviderUnfit.
    """
    if not settings.openid_issuer:
        return None
    try:
        _kept_secret(settings.openid_issuer)
        _kept_secret(settings.public_url)
    except ValueError as unfit:
        raise ProviderUnfit(f"OPENID_ISSUER or PUBLIC_ADDRESS: {unfit}") from None
    if not settings.openid_client_id:
        raise ProviderUnfit("OPENID_ISSUER is set and OPENID_CLIENT_ID is not: whoever runs the provider gives one to each service")
    return Provider(settings)


class Provider:
    """The provider of an organisation, as one process knows it."""

    def __init__(self, settings: Settings) -> None:
        self.name = settings.openid_name
        self._settings = settings
        self._come_back = settings.public_url + COME_BACK
        self._discovered: Discovered | None = None
        self._keys: KeySet | None = None
        self._until = 0.0

    # -- Going there ---------------------------------------------------------------------

    async def reach(self) -> None:
        """
        Ask what the provider says of itself, unless that is known.

        Raises: ProviderUnreachable.
        """
        await self._known()

    async def address(self, state: str, begun: Begun) -> str:
        """
        Return where a browser goes to sign in; to adopt a draft the provider asks for a new sign-in, whoever is there.

        Raises: ProviderUnreachable.
        """
        provider = await self._known()
        more = {"acr_values": self._settings.openid_acr or None}
        if begun.fingerprint:
            more |= {"prompt": "login", "max_age": "0"}
        async with self._client(provider) as client:
            address, _ = client.create_authorization_url(
                provider.authorization_endpoint, state=state, nonce=begun.nonce, code_verifier=begun.verifier, **more
            )
        return str(address)

    async def sign_out_address(self) -> str | None:
        """
        Return where a browser goes to sign out of the provider too (RP-Initiated Logout 1.0); None when the provider has no such place.

        No ID token is kept to go along: it names a person.
        Raises: ProviderUnreachable.
        """
        provider = await self._known()
        if provider.end_session_endpoint is None:
            return None
        asked = {"client_id": self._settings.openid_client_id, "post_logout_redirect_uri": self._settings.public_url + SIGNED_OUT}
        return f"{provider.end_session_endpoint}{'&' if '?' in provider.end_session_endpoint else '?'}{urlencode(asked)}"

    # -- Coming back ---------------------------------------------------------------------

    async def identity(self, answer: Mapping[str, str], begun: Begun) -> Identity:
        """
        Return for whom the provider vouches, by the answer that a browser brought back.

        Raises: ProviderUnreachable; NotVouched for a refusal of the provider, a code that gives nothing, and an ID token that does not hold.
        """
        provider = await self._known()
        self._require_issuer(provider, answer.get("iss"))
        if "error" in answer:
            outcome = "CANCELLED" if answer["error"] == "access_denied" else "PROVIDER_REFUSED"
            raise NotVouched(outcome, f"the provider answered {answer['error'][:100]!r}")
        given = await self._exchanged(provider, answer.get("code", ""), begun)
        claims = await self._verified(provider, given, begun)
        self._require_strength(claims)
        if begun.fingerprint:
            _require_fresh(claims, begun.begun_at)
        return self._identity_in(provider, claims)

    def _require_issuer(self, provider: Discovered, said: str | None) -> None:
        """Refuse an answer that another provider sent (RFC 9207)."""
        if said is None and not provider.authorization_response_iss_parameter_supported:
            return
        if said != provider.issuer:
            raise NotVouched("ISSUER", f"the answer names the issuer {(said or '')[:200]!r}")

    async def _exchanged(self, provider: Discovered, code: str, begun: Begun) -> dict[str, Any]:
        try:
            async with self._client(provider) as client:
                given = await client.fetch_token(
                    provider.token_endpoint, grant_type="authorization_code", code=code, code_verifier=begun.verifier
                )  # fmt: skip
        except AuthlibBaseError as refused:
            raise NotVouched("CODE", f"the provider gives nothing for the code: {refused}") from refused
        except (HTTPError, ValueError) as failed:
            raise ProviderUnreachable(f"{provider.token_endpoint}: {failed!r}") from failed
        return dict(given)

    async def _verified(self, provider: Discovered, given: Mapping[str, Any], begun: Begun) -> CodeIDToken:
        """Return the claims of an ID token after every check of OpenID Connect Core 1.0, section 3.1.3.7."""
        try:
            token = await self._decoded(provider, str(given.get("id_token", "")))
            same = {"iss": {"essential": True, "value": provider.issuer}, "aud": {"essential": True, "value": self._settings.openid_client_id}}
            bound = {"nonce": begun.nonce, "client_id": self._settings.openid_client_id, "access_token": given.get("access_token")}
            claims = CodeIDToken(token.claims, token.header, same, bound)
            claims.validate(leeway=int(LEEWAY.total_seconds()))
        except (JoseError, ValueError, TypeError) as wrong:
            raise NotVouched("ID_TOKEN", f"the ID token does not hold: {wrong}") from wrong
        return claims

    async def _decoded(self, provider: Discovered, id_token: str) -> jwt.Token:
        """Return what a key of the provider signed; keys may have been changed since they were asked for."""
        registry = JWSRegistry(algorithms=SIGNED_BY, strict_check_header=False)
        try:
            return jwt.decode(id_token, self._keys or await self._ask_for_keys(provider), registry=registry)
        except InvalidKeyIdError:
            return jwt.decode(id_token, await self._ask_for_keys(provider), registry=registry)

    def _require_strength(self, claims: Mapping[str, Any]) -> None:
        strong = self._settings.openid_acr.split()
        if strong and claims.get("acr") not in strong:
            raise NotVouched("NOT_STRONG", "the ID token names no way of signing in of OPENID_ACR")

    def _identity_in(self, provider: Discovered, claims: Mapping[str, Any]) -> Identity:
        name = self._settings.openid_claim
        found = Identity(provider.issuer, name, value if isinstance(value := claims.get(name), str) else "")
        if not found.is_fit or (name == "email" and claims.get("email_verified") is not True):
            raise NotVouched("ID_TOKEN", f"the ID token has no fit claim {name!r}")
        return found

    # -- What is known of it ---------------------------------------------------------------

    async def _known(self) -> Discovered:
        if self._discovered is None or monotonic() >= self._until:
            self._discovered, self._keys = await self._discover(), None
            self._until = monotonic() + KNOWN_FOR
        return self._discovered

    async def _discover(self) -> Discovered:
        address = self._settings.openid_issuer.rstrip("/") + DISCOVERY
        try:
            found = Discovered.model_validate(await self._ask(address))
        except ValidationError as unfit:
            raise ProviderUnreachable(f"{address} answers nothing that can be used: {unfit}") from unfit
        if found.issuer != self._settings.openid_issuer:
            raise ProviderUnreachable(f"{address} names the issuer {found.issuer!r}, OPENID_ISSUER {self._settings.openid_issuer!r}")
        return found

    async def _ask_for_keys(self, provider: Discovered) -> KeySet:
        said = await self._ask(provider.jwks_uri)
        try:
            self._keys = KeySet.import_key_set(said)
        except (JoseError, ValueError, TypeError, KeyError) as unfit:
            raise ProviderUnreachable(f"{provider.jwks_uri} gives no keys: {unfit!r}") from unfit
        return self._keys

    async def _ask(self, address: str) -> Any:
        try:
            async with AsyncClient(timeout=self._settings.openid_seconds) as client:
                answer = await client.get(address)
                return answer.raise_for_status().json()
        except (HTTPError, ValueError) as failed:
            raise ProviderUnreachable(f"{address}: {failed!r}") from failed

    def _client(self, provider: Discovered) -> AsyncOAuth2Client:
        settings, secret = self._settings, self._settings.openid_client_secret.get_secret_value()
        known = provider.token_endpoint_auth_methods_supported
        method = "none" if not secret else "client_secret_basic" if "client_secret_basic" in known else "client_secret_post"
        return AsyncOAuth2Client(
            settings.openid_client_id, secret or None, token_endpoint_auth_method=method, scope=settings.openid_scope,
            redirect_uri=self._come_back, code_challenge_method="S256", timeout=settings.openid_seconds,
        )  # fmt: skip


def _require_fresh(claims: Mapping[str, Any], begun_at: datetime) -> None:
    """Refuse somebody who was signed in before: whoever adopts says who they are for this very act."""
    at = claims.get("auth_time")
    if not (isinstance(at, int | float) and at >= (begun_at - LEEWAY).timestamp()):
        raise NotVouched("NOT_FRESH", "the ID token does not say that somebody signed in just now (auth_time)")
