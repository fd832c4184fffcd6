"""Open Badges 3.0 credentials: what they say, and how they are signed. Pure.

A credential has the same id and bytes whenever it is made for the same issuer, person, skill and level. The person is
named by a salted hash of the e-mail address; no confidence and no evidence goes into it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import jsonschema
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from ascertain.domain.writeback import SkillClaim
from ascertain.errors import ConfigError
from ascertain.paths import CONFIG_DIR

CONTEXT = ("https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json")
Credential = dict[str, Any]
_OURS = uuid.UUID("b7f0f2de-6a0b-5c51-8f7e-0d6a2f1f6f11")
MIN_RSA_BITS = 2048


def credential(
    issuer: str, issuer_name: str, email: str, claim: SkillClaim, *, valid_for: timedelta | None = None
) -> Credential:
    """The unsigned credential of one accepted skill. It is valid from the day of acceptance, midnight UTC."""
    level = f"level {int(claim.level)} ({claim.level.name.lower()})"
    achievement: dict[str, Any] = {
        "id": urn(issuer, "achievement", claim.skill_id, int(claim.level)),
        "type": ["Achievement"],
        "achievementType": "Competency",
        "name": f"{claim.label}, {level}",
        "description": f"Performs tasks of {claim.label} at {level} on a scale of five.",
        "criteria": {
            "narrative": "Evidence of work and learning was weighed by published rules, and the result was accepted by"
            " a person or under the issuer's policy."
        },
    }
    if claim.uri.startswith(("http://", "https://")):
        achievement["alignment"] = [
            {"type": ["Alignment"], "targetName": claim.label, "targetUrl": claim.uri, "targetType": "CFItem"}
        ]
    made: Credential = {
        "@context": list(CONTEXT),
        "id": urn(issuer, "credential", email, claim.skill_id, int(claim.level), claim.accepted_on.isoformat()),
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": achievement["name"],
        "issuer": {"id": issuer, "type": ["Profile"], "name": issuer_name},
        "validFrom": _midnight(claim.accepted_on),
        "credentialSubject": {
            "id": urn(issuer, "person", email),
            "type": ["AchievementSubject"],
            "identifier": [_identity(issuer, email)],
            "achievement": achievement,
        },
    }
    if valid_for is not None:
        made["validUntil"] = _midnight(claim.accepted_on + valid_for)
    return made


def urn(*parts: str | int) -> str:
    """An id that follows from its parts."""
    return uuid.uuid5(_OURS, "\n".join(map(str, parts))).urn


def written(value: Any) -> str:
    """The one way a credential is written down."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def problem(found: object) -> str:
    """What is wrong with a credential by ``config/schemas/openbadge.schema.json``; empty when nothing is."""
    error = jsonschema.exceptions.best_match(_validator().iter_errors(found))
    return "" if error is None else f"{'.'.join(map(str, error.absolute_path)) or 'credential'}: {error.message[:120]}"


@cache
def _validator() -> jsonschema.Draft202012Validator:
    file = CONFIG_DIR / "schemas" / "openbadge.schema.json"
    return jsonschema.Draft202012Validator(json.loads(file.read_text(encoding="utf-8")))


class Signer:
    """Signs credentials as compact JWTs (RFC 7515): EdDSA with an Ed25519 key, RS256 with an RSA key.

    Args:
        pem: the private key, PKCS#8 without a password.
        kid: the key's name, under which receivers find the public half.

    Raises:
        ConfigError: for a key that cannot be used; the message never repeats it.
    """

    def __init__(self, name: str, pem: str, kid: str) -> None:
        try:
            key = serialization.load_pem_private_key(pem.encode("ascii"), None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            key = None
        if not isinstance(key, Ed25519PrivateKey | RSAPrivateKey) or (
            isinstance(key, RSAPrivateKey) and key.key_size < MIN_RSA_BITS
        ):
            raise ConfigError(
                f"connection {name}: secrets.signing_key is no Ed25519 key, nor an RSA key of {MIN_RSA_BITS} bits",
                remedy="make one: openssl genpkey -algorithm ed25519",
            )
        self._key = key
        self._kid = kid
        self.algorithm = "EdDSA" if isinstance(key, Ed25519PrivateKey) else "RS256"

    def sign(self, unsigned: Mapping[str, Any]) -> str:
        """The whole credential as the JWT's payload, with the registered claims that repeat it. Signing the same
        credential twice gives the same text."""
        claims: dict[str, Any] = {
            **unsigned,
            "iss": unsigned["issuer"]["id"],
            "jti": unsigned["id"],
            "sub": unsigned["credentialSubject"]["id"],
            "nbf": _epoch(unsigned["validFrom"]),
        }
        if "validUntil" in unsigned:
            claims["exp"] = _epoch(unsigned["validUntil"])
        header = {"alg": self.algorithm, "kid": self._kid, "typ": "JWT"}
        text = f"{_b64(written(header).encode())}.{_b64(written(claims).encode())}"
        if isinstance(self._key, Ed25519PrivateKey):
            signature = self._key.sign(text.encode("ascii"))
        else:
            signature = self._key.sign(text.encode("ascii"), padding.PKCS1v15(), hashes.SHA256())
        return f"{text}.{_b64(signature)}"

    def public(self) -> dict[str, Any]:
        """The public half as a set of one JWK (RFC 7517, RFC 8037), for publishing."""
        known = {"kid": self._kid, "alg": self.algorithm, "use": "sig"}
        if isinstance(self._key, Ed25519PrivateKey):
            raw = self._key.public_key().public_bytes_raw()
            return {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": _b64(raw), **known}]}
        numbers = self._key.public_key().public_numbers()
        return {"keys": [{"kty": "RSA", "n": _b64(_bytes(numbers.n)), "e": _b64(_bytes(numbers.e)), **known}]}


def _identity(issuer: str, email: str) -> dict[str, Any]:
    salt = hashlib.sha256(f"{issuer}\n{email}".encode()).hexdigest()[:32]
    found = hashlib.sha256(f"{email}{salt}".encode()).hexdigest()
    return {
        "type": "IdentityObject",
        "hashed": True,
        "identityHash": f"sha256${found}",
        "identityType": "emailAddress",
        "salt": salt,
    }


def _midnight(day: date) -> str:
    return f"{day.isoformat()}T00:00:00Z"


def _epoch(instant: str) -> int:
    return int(datetime.strptime(instant, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp())


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _bytes(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")
