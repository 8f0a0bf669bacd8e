"""
How deliveries are signed, as Standard Webhooks 1.0.0 says: `v1a`, Ed25519, for everybody, and `v1`, HMAC-SHA256, for libraries that know only that.

The secrets of `v1` follow from the register's private key and what each subscription drew, so that no secret stands in the database.
"""

from base64 import b64encode
from datetime import datetime
from hashlib import sha256
from hmac import digest

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from projections.transparency.notes import Signer, Verifier

KEY = "webhooks"
"""The name of the key among the files of keys."""
SECRET_BYTES = 32


def secret_of(key: Signer, salt: str) -> bytes:
    """Return the 32 bytes that the register shares with one subscriber."""
    return HKDF(SHA256(), SECRET_BYTES, salt=None, info=f"webhooks v1 {salt}".encode()).derive(key.seed)


def told_secret(key: Signer, salt: str) -> str:
    """Write the secret as libraries read it."""
    return f"whsec_{b64encode(secret_of(key, salt)).decode()}"


def told_key(verifier: Verifier) -> str:
    """Write the public key as libraries read it."""
    return f"whpk_{b64encode(verifier.public_key).decode()}"


def headers(key: Signer, salt: str, message_id: str, at: datetime, body: bytes) -> dict[str, str]:
    """Return the headers of one attempt: the same identifier with every attempt, the time of this one, and both signatures."""
    seconds = str(int(at.timestamp()))
    signed = f"{message_id}.{seconds}.".encode() + body
    by_key = b64encode(Ed25519PrivateKey.from_private_bytes(key.seed).sign(signed)).decode()
    by_secret = b64encode(digest(secret_of(key, salt), signed, "sha256")).decode()
    return {"webhook-id": message_id, "webhook-timestamp": seconds, "webhook-signature": f"v1a,{by_key} v1,{by_secret}"}


def message_id(name: str) -> str:
    """Return the identifier of what has a name that is unique in the world; it has no full stop, for that divides what is signed."""
    return f"msg_{sha256(name.encode()).hexdigest()[:32]}"
