"""Signing in at the organisation's identity provider: OpenID Connect, authorisation code with PKCE, state and nonce."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

import httpx
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from ascertain.connectors.addresses import Resolve, resolve
from ascertain.connectors.host_guard import HostGuard
from ascertain.errors import AscertainError, ConfigError, PermanentConnectorError

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
"""Signed with a key of the provider's: never `none`, never with our own secret."""
LEEWAY = 60
_FRESH_SECONDS = 3600.0
_AGAIN_SECONDS = 30.0
"""An unknown key makes us look for new ones, at most so often."""
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class SignInError(AscertainError):
    """The provider's answer proves nothing. ``message`` says what was wrong, without a token."""


@dataclass(frozen=True, slots=True)
class Begun:
    """Where to send the browser, and what to keep until it comes back."""

    url: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom the provider vouches for. ``email`` is empty unless it is verified."""

    subject: str
    email: str
    groups: tuple[str, ...]


class OidcClient:
    """One provider. Finds its addresses and keys by discovery, and new keys when it rotates them.

    The provider says where its endpoints are; an address where machines keep their credentials, or this very machine
    unless the issuer is here, is not called.

    Raises:
        ConfigError: the issuer is not an https address (http only on this machine).
    """

    def __init__(
        self,
        issuer: str,
        client_id: str,
        client_secret: str,
        *,
        group_claim: str,
        timeout: float = 10.0,
        find: Resolve = resolve,
    ) -> None:
        self.issuer = issuer
        self._client_id = client_id
        self._secret = client_secret
        self._group_claim = group_claim
        self._guard = HostGuard((issuer,), find, others=True)
        self._http = httpx.Client(timeout=timeout, follow_redirects=False, event_hooks=self._hooks())
        self._timeout = timeout
        self._lock = threading.Lock()
        self._metadata: tuple[float, dict[str, Any]] | None = None
        self._keys: tuple[float, KeySet] | None = None
        _safe(issuer, "ASCERTAIN_OIDC_ISSUER")

    def begin(self, redirect_uri: str) -> Begun:
        """Begin a sign-in.

        Raises:
            SignInError: the provider is away or tells what cannot be.
        """
        nonce, verifier, state = secrets.token_urlsafe(24), secrets.token_urlsafe(48), secrets.token_urlsafe(24)
        with self._client(redirect_uri) as client:
            url, _ = client.create_authorization_url(
                self._told("authorization_endpoint"), state=state, nonce=nonce, code_verifier=verifier
            )
        return Begun(url, state, nonce, verifier)

    def finish(self, code: str, begun: Mapping[str, Any], redirect_uri: str) -> Identity:
        """Exchange the code and check what comes back: signature, issuer, audience, times, nonce.

        Raises:
            SignInError: anything is wrong or missing.
        """
        try:
            with self._client(redirect_uri) as client:
                token = client.fetch_token(
                    self._told("token_endpoint"), grant_type="authorization_code", code=code,
                    code_verifier=begun["verifier"],
                )  # fmt: skip
        except PermanentConnectorError as e:
            raise SignInError(e.message) from None
        except (AuthlibBaseError, httpx.HTTPError, ValueError) as e:
            raise SignInError(f"the identity provider gave no token ({type(e).__name__})") from None
        if not isinstance(token.get("id_token"), str):
            raise SignInError("the identity provider gave no ID token")
        claims = self._checked(token["id_token"], str(begun["nonce"]))
        if "email" not in claims and "userinfo_endpoint" in self._discovered():
            claims = {**self._userinfo(str(token.get("access_token", "")), claims["sub"]), **claims}
        verified = claims.get("email_verified") is True
        groups = claims.get(self._group_claim, ())
        return Identity(
            str(claims["sub"]),
            str(claims.get("email", "")).strip() if verified else "",
            tuple(str(g) for g in groups) if isinstance(groups, list) else (),
        )

    def close(self) -> None:
        """Give back connections."""
        self._http.close()

    def _client(self, redirect_uri: str) -> OAuth2Client:
        return OAuth2Client(
            self._client_id,
            self._secret or None,
            token_endpoint_auth_method="client_secret_basic" if self._secret else "none",
            scope="openid email profile",
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
            timeout=self._timeout,
            event_hooks=self._hooks(),
        )

    def _hooks(self) -> dict[str, list[Callable[..., None]]]:
        return {
            "request": [lambda request: self._guard.may_call(request.url, "the identity provider")],
            "response": [lambda r: self._guard.may_hear(r, r.request.url.host, "the identity provider")],
        }

    def _checked(self, id_token: str, nonce: str) -> dict[str, Any]:
        try:
            decoded = self._decode(id_token)
            claims = CodeIDToken(
                decoded.claims,
                decoded.header,
                {
                    "iss": {"essential": True, "value": self.issuer},
                    "aud": {"essential": True, "value": self._client_id},
                    "sub": {"essential": True},
                    "nonce": {"essential": True, "value": nonce},
                },
                {"nonce": nonce, "client_id": self._client_id},
            )
            claims.validate(now=int(time.time()), leeway=LEEWAY)
        except (JoseError, AuthlibBaseError, ValueError, TypeError, KeyError) as e:
            raise SignInError(f"the ID token is not valid ({type(e).__name__})") from None
        return dict(claims)

    def _decode(self, id_token: str) -> jwt.Token:
        try:
            return jwt.decode(id_token, self._keyset(), algorithms=list(ALGORITHMS))
        except (JoseError, ValueError):
            fresh = self._keyset(again=True)  # perhaps it has new keys since
            return jwt.decode(id_token, fresh, algorithms=list(ALGORITHMS))

    def _keyset(self, *, again: bool = False) -> KeySet:
        with self._lock:
            age = time.monotonic() - self._keys[0] if self._keys else float("inf")
            if self._keys is None or age > (_AGAIN_SECONDS if again else _FRESH_SECONDS):
                found = KeySet.import_key_set(cast(Any, self._get(self._told("jwks_uri"))))
                self._keys = (time.monotonic(), found)
            return self._keys[1]

    def _discovered(self) -> dict[str, Any]:
        known = self._metadata
        if known is None or time.monotonic() - known[0] > _FRESH_SECONDS:
            found = self._get(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
            if found.get("issuer") != self.issuer:
                raise SignInError("the identity provider names another issuer than ASCERTAIN_OIDC_ISSUER")
            self._metadata = known = (time.monotonic(), found)
        return known[1]

    def _told(self, name: str) -> str:
        url = self._discovered().get(name)
        if not isinstance(url, str):
            raise SignInError(f"the identity provider does not tell its {name}")
        try:
            _safe(url, name)
        except ConfigError as e:
            raise SignInError(e.message) from None
        return url

    def _userinfo(self, access_token: str, subject: str) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {access_token}"}
        found = self._get(self._told("userinfo_endpoint"), headers)
        if found.get("sub") != subject:
            raise SignInError("the identity provider told about somebody else")
        return found

    def _get(self, url: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        try:
            answer = self._http.get(url, headers=dict(headers or {}))
            answer.raise_for_status()
            found = answer.json()
        except PermanentConnectorError as e:
            raise SignInError(e.message) from None
        except (httpx.HTTPError, ValueError) as e:
            raise SignInError(f"the identity provider cannot be asked ({type(e).__name__})") from None
        if not isinstance(found, dict):
            raise SignInError("the identity provider's answer is no object")
        return found


def _safe(url: str, name: str) -> None:
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise ConfigError(f"{name}: {url!r} is not an https address", remedy="give the address of the provider")
