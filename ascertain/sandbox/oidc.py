"""An identity provider on loopback: OpenID Connect for trying and for tests, with switches to misbehave.

with OidcProvider() as provider:
    settings = Settings(**from_environment(provider.environment()))

There is no page and no password: whoever comes is signed in as ``provider.person``.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import FastAPI, Form, Header, HTTPException, Request
from fastapi.responses import JSONResponse, RedirectResponse
from joserfc import jws, jwt
from joserfc.jwk import KeySet, RSAKey

CLIENT_ID = "ascertain"
CLIENT_SECRET = "the-sandbox-has-no-secrets"
TOKEN_SECONDS = 300


@dataclass(slots=True)
class Switches:
    """What the provider does wrong. All off: nothing."""

    wrong_issuer: bool = False
    wrong_audience: bool = False
    expired: bool = False
    wrong_nonce: bool = False
    algorithm_none: bool = False
    shared_secret: bool = False
    """Sign with the client's secret (HS256), as if a public key were one."""
    unknown_key: bool = False
    forged: bool = False
    """Sign with a key of nobody's, under the name of a known one."""
    unverified_email: bool = False
    no_email_in_token: bool = False
    somebody_else_in_userinfo: bool = False
    other_issuer_in_discovery: bool = False


@dataclass(slots=True)
class Person:
    """Who signs in."""

    subject: str = "s-1"
    email: str = "ann@example.org"
    groups: tuple[str, ...] = ()


@dataclass(slots=True)
class _Code:
    nonce: str
    challenge: str
    redirect_uri: str


class OidcProvider:
    """The provider; a context manager. ``person`` and ``switches`` may be changed while it runs."""

    def __init__(self, *, port: int = 0) -> None:
        self.person = Person()
        self.switches = Switches()
        self._port = port
        self._codes: dict[str, _Code] = {}
        self._tokens: set[str] = set()
        self._key = _new_key()
        self.url = ""
        self._served: Any = None

    def __enter__(self) -> OidcProvider:
        from ascertain.sandbox.server import Served

        self._served = Served(self._app(), self._port)
        self._served.wait()
        self.url = self._served.url
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._served.ask_to_stop()
        self._served.join()

    def environment(self) -> dict[str, str]:
        """The settings under which the product signs people in here."""
        return {
            "ASCERTAIN_OIDC_ISSUER": self.url,
            "ASCERTAIN_OIDC_CLIENT_ID": CLIENT_ID,
            "ASCERTAIN_OIDC_CLIENT_SECRET": CLIENT_SECRET,
        }

    def rotate(self) -> None:
        """Sign with a new key from now on; the old one is no longer published."""
        self._key = _new_key()

    def _app(self) -> FastAPI:
        app = FastAPI(title="identity provider", openapi_url=None)

        @app.get("/.well-known/openid-configuration")
        def discovery() -> dict[str, Any]:
            base = self.url
            return {
                "issuer": "https://elsewhere.example" if self.switches.other_issuer_in_discovery else base,
                "authorization_endpoint": f"{base}/authorize",
                "token_endpoint": f"{base}/token",
                "userinfo_endpoint": f"{base}/userinfo",
                "jwks_uri": f"{base}/jwks",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "code_challenge_methods_supported": ["S256"],
            }

        @app.get("/jwks")
        def jwks() -> Any:
            return KeySet([self._key]).as_dict(private=False)

        @app.get("/authorize")
        def authorize(request: Request) -> RedirectResponse:
            asked = request.query_params
            wanted = {"client_id": CLIENT_ID, "response_type": "code", "code_challenge_method": "S256"}
            needed = all(asked.get(n) for n in ("state", "nonce", "code_challenge", "redirect_uri"))
            if not needed or any(asked.get(n) != v for n, v in wanted.items()):
                raise HTTPException(400, "not an authorisation request with PKCE, state and nonce")
            code = secrets.token_urlsafe(16)
            self._codes[code] = _Code(asked["nonce"], asked["code_challenge"], asked["redirect_uri"])
            back = urlencode({"code": code, "state": asked["state"]})
            return RedirectResponse(f"{asked['redirect_uri']}?{back}", 302)

        @app.post("/token")
        def token(
            code: Annotated[str, Form()],
            code_verifier: Annotated[str, Form()],
            redirect_uri: Annotated[str, Form()],
            authorization: Annotated[str, Header()] = "",
        ) -> JSONResponse:
            known = self._codes.pop(code, None)
            basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
            digest = hashlib.sha256(code_verifier.encode()).digest()
            challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            if not hmac.compare_digest(authorization, f"Basic {basic}"):
                return JSONResponse({"error": "invalid_client"}, 401)
            if known is None or known.redirect_uri != redirect_uri or known.challenge != challenge:
                return JSONResponse({"error": "invalid_grant"}, 400)
            access = secrets.token_urlsafe(16)
            self._tokens.add(access)
            body = {"access_token": access, "token_type": "Bearer", "expires_in": TOKEN_SECONDS}
            return JSONResponse({**body, "id_token": self._id_token(known.nonce)})

        @app.get("/userinfo")
        def userinfo(authorization: Annotated[str, Header()] = "") -> dict[str, Any]:
            if authorization.removeprefix("Bearer ") not in self._tokens:
                raise HTTPException(401)
            who = "somebody else" if self.switches.somebody_else_in_userinfo else self.person.subject
            return {"sub": who, **self._about()}

        return app

    def _about(self) -> dict[str, Any]:
        return {
            "email": self.person.email,
            "email_verified": not self.switches.unverified_email,
            "groups": list(self.person.groups),
        }

    def _id_token(self, nonce: str) -> str:
        wrong, now = self.switches, int(time.time())
        claims: dict[str, Any] = {
            "iss": "https://elsewhere.example" if wrong.wrong_issuer else self.url,
            "aud": "another-client" if wrong.wrong_audience else CLIENT_ID,
            "sub": self.person.subject,
            "iat": now - 2 * TOKEN_SECONDS if wrong.expired else now,
            "exp": now - TOKEN_SECONDS if wrong.expired else now + TOKEN_SECONDS,
            "nonce": "another" if wrong.wrong_nonce else nonce,
            **({} if wrong.no_email_in_token else self._about()),
        }
        if wrong.algorithm_none:
            registry = jws.JWSRegistry(algorithms=["none"])
            return jwt.encode({"alg": "none"}, claims, self._key, registry=registry)
        if wrong.shared_secret:
            from joserfc.jwk import OctKey

            return jwt.encode({"alg": "HS256", "kid": self._key.kid}, claims, OctKey.import_key(CLIENT_SECRET * 2))
        if wrong.unknown_key:
            other = _new_key()
            return jwt.encode({"alg": "RS256", "kid": other.kid}, claims, other)
        if wrong.forged:
            return jwt.encode({"alg": "RS256", "kid": self._key.kid}, claims, _new_key())
        return jwt.encode({"alg": "RS256", "kid": self._key.kid}, claims, self._key)


def _new_key() -> RSAKey:
    return RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)
