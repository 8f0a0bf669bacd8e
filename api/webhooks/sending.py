"""One attempt: a signed message is posted to a checked address, and the answer's status is all that is kept of it."""

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic

from httpx2 import URL, AsyncClient, ConnectError, HTTPError, Response, create_ssl_context

from api.webhooks.addresses import AddressRefused, Reach, host_of

ANSWER_WITHIN = 15.0
"""Seconds in which a receiver must have answered, from the look-up of its name to the last byte that is read; Standard Webhooks: 15 to 30."""
LONGEST_FAULT = 200
AGENT = "systemic-risk-register-webhooks"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an attempt: the status, or None and what went wrong; how many seconds to wait, when the receiver said so."""

    status: int | None
    fault: str = ""
    milliseconds: int = 0
    retry_after: int = 0
    body: bytes = b""

    @property
    def is_success(self) -> bool:
        """Tell whether the receiver has taken the message."""
        return self.status is not None and 200 <= self.status <= 299


class Sender:
    """Posts messages; follows no redirect, uses no proxy, and keeps no connection."""

    def __init__(self, reach: Reach, tls: ssl.SSLContext | None = None, answer_within: float = ANSWER_WITHIN) -> None:
        self.reach = reach
        self._tls = tls or create_ssl_context()
        self._answer_within = answer_within

    async def post(self, address: str, headers: Mapping[str, str], body: bytes, *, most_bytes: int = 0) -> Answer:
        """Post a body, and read up to `most_bytes` of the answer's."""
        begun = monotonic()
        try:
            # The time is bounded as a whole: a bound on each byte would let a receiver send one byte after another for ever.
            async with asyncio.timeout(self._answer_within):
                status, retry_after, answered = await self._post(address, headers, body, most_bytes)
        except TimeoutError:
            return Answer(None, f"no answer within {self._answer_within:g} seconds", _since(begun))
        except (AddressRefused, HTTPError) as error:
            return Answer(None, _told(error), _since(begun))
        if len(answered) > most_bytes:
            return Answer(None, f"an answer of more than {most_bytes} bytes", _since(begun))
        return Answer(status, "", _since(begun), retry_after, answered)

    async def _post(self, address: str, headers: Mapping[str, str], body: bytes, most_bytes: int) -> tuple[int, int, bytes]:
        url = self.reach.url(address)
        *others, last = await self.reach.resolve(url)
        async with AsyncClient(verify=self._tls, trust_env=False, timeout=None) as client:
            for place in others:
                with suppress(ConnectError):
                    return await self._post_to(client, url, place, headers, body, most_bytes)
            return await self._post_to(client, url, last, headers, body, most_bytes)

    async def _post_to(
        self, client: AsyncClient, url: URL, place: str, headers: Mapping[str, str], body: bytes, most_bytes: int
    ) -> tuple[int, int, bytes]:
        """Connect to exactly this address; name and certificate are those of the URL."""
        given = {
            **headers,
            "host": url.netloc.decode("ascii"),
            "content-type": "application/json",
            "user-agent": AGENT,
            "accept-encoding": "identity",
        }
        named = {"sni_hostname": host_of(url)}
        async with client.stream(
            "POST", url.copy_with(host=place), content=body, headers=given, extensions=named, follow_redirects=False
        ) as response:
            return response.status_code, _retry_after(response), await _read(response, most_bytes)


async def _read(response: Response, most_bytes: int) -> bytes:
    """Read one byte more than is allowed, at most; nothing when nothing is."""
    received = bytearray()
    if most_bytes:
        async for part in response.aiter_raw():
            received += part
            if len(received) > most_bytes:
                break
    return bytes(received[: most_bytes + 1])


def _retry_after(response: Response) -> int:
    asked = response.headers.get("retry-after", "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 9 else 0


def _told(error: Exception) -> str:
    text = str(error) or type(error).__name__
    return "".join(sign for sign in text if sign.isprintable())[:LONGEST_FAULT]


def _since(begun: float) -> int:
    return round((monotonic() - begun) * 1000)
