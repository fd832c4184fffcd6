"""A local server that speaks the dialect of HashiCorp Vault's Transit secrets engine, as its API documents it.

Versioned AES-256-GCM keys, ciphertexts ``vault:v<n>:<base64 of nonce and ciphertext>``, ``associated_data``,
``min_decryption_version``, the error texts of the engine, and the seal, which answers 503. Nothing is kept.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response

from ascertain.sandbox.server import Served

_NONCE = 12


class Refusal(Exception):
    """Ends a call as Vault does: a status and its errors."""

    def __init__(self, status: int, *errors: str) -> None:
        super().__init__(status)
        self.status, self.errors = status, list(errors)


@dataclass
class TransitKey:
    """A named key with its versions; the first one is version 1."""

    versions: list[bytes] = field(default_factory=lambda: [os.urandom(32)])
    min_decryption_version: int = 1


@dataclass
class VaultOptions:
    """How this server behaves.

    Attributes:
        sealed: every call is answered 503.
        knows_associated_data: off, it is ignored, as by versions before it was introduced.
        calls: how many calls were made, by operation.
    """

    token: str = "sandbox-vault-token"
    mount: str = "transit"
    keys: dict[str, TransitKey] = field(default_factory=lambda: {"ascertain": TransitKey()})
    sealed: bool = False
    knows_associated_data: bool = True
    may_rotate: bool = True
    calls: dict[str, int] = field(default_factory=dict)


class SandboxVault:
    """The server on loopback; a context manager. ``options`` may be changed while it runs."""

    def __init__(self, options: VaultOptions | None = None) -> None:
        self.options = options or VaultOptions()
        self.url = ""
        self._served: Served | None = None

    def start(self, port: int = 0) -> str:
        """Its address, once it answers."""
        if self._served is None:
            self._served = Served(create_app(self.options), port)
            self._served.wait()
            self.url = self._served.url
        return self.url

    def stop(self) -> None:
        """Stop; safe to call twice."""
        served, self._served = self._served, None
        if served is not None:
            served.ask_to_stop()
            served.join()

    def __enter__(self) -> SandboxVault:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def create_app(options: VaultOptions) -> FastAPI:
    """The application."""
    app = FastAPI(title="vault", docs_url=None, redoc_url=None, openapi_url=None)
    engine = _Engine(options)

    @app.api_route("/v1/{path:path}", methods=["GET", "POST", "PUT"])
    async def call(request: Request, path: str) -> Response:
        raw = await request.body()
        try:
            return JSONResponse(engine.answer(request, path, raw))
        except Refusal as e:
            return JSONResponse({"errors": e.errors}, e.status)

    return app


class _Engine:
    def __init__(self, options: VaultOptions) -> None:
        self._options = options
        self._lock = threading.Lock()
        self._operations: dict[str, Callable[[TransitKey, dict[str, Any]], dict[str, Any]]] = {
            "encrypt": self._encrypt,
            "decrypt": self._decrypt,
            "rewrap": self._rewrap,
        }

    def answer(self, request: Request, path: str, raw: bytes) -> dict[str, Any]:
        options = self._options
        if options.sealed:
            raise Refusal(503, "Vault is sealed")
        if request.headers.get("x-vault-token") != options.token:
            raise Refusal(403, "permission denied")
        mount, _, rest = path.partition("/")
        if mount != options.mount:
            raise Refusal(404, f'no handler for route "{path}". route entry not found.')
        parts, body = rest.split("/"), self._body(raw)
        with self._lock:
            options.calls[parts[0]] = options.calls.get(parts[0], 0) + 1
            data = self._done(request.method, parts, body)
        return {"request_id": os.urandom(8).hex(), "lease_id": "", "renewable": False, "data": data, "warnings": None}

    def _done(self, method: str, parts: list[str], body: dict[str, Any]) -> dict[str, Any]:
        key = self._options.keys.get(parts[1]) if len(parts) > 1 else None
        if parts[0] == "keys" and len(parts) == 2 and method == "GET" and key is not None:
            return {
                "name": parts[1],
                "type": "aes256-gcm96",
                "latest_version": len(key.versions),
                "min_decryption_version": key.min_decryption_version,
            }
        if parts[0] == "keys" and len(parts) == 3 and parts[2] == "rotate":
            if key is None:
                raise Refusal(400, "key not found")
            if not self._options.may_rotate:
                raise Refusal(403, "1 error occurred:\n\t* permission denied\n\n")
            key.versions.append(os.urandom(32))
            return {"latest_version": len(key.versions)}
        operation = self._operations.get(parts[0])
        if operation is None or len(parts) != 2 or method == "GET":
            raise Refusal(404)
        if key is None:
            raise Refusal(400, "encryption key not found")
        return operation(key, body)

    def _encrypt(self, key: TransitKey, body: dict[str, Any]) -> dict[str, Any]:
        clear = _decoded(body.get("plaintext"), "plaintext")
        version, nonce = len(key.versions), os.urandom(_NONCE)
        sealed = nonce + AESGCM(key.versions[-1]).encrypt(nonce, clear, self._bound(body))
        return {"ciphertext": f"vault:v{version}:{base64.b64encode(sealed).decode()}", "key_version": version}

    def _decrypt(self, key: TransitKey, body: dict[str, Any]) -> dict[str, Any]:
        given = str(body.get("ciphertext") or "")
        head, _, rest = given.partition(":v")
        number, _, encoded = rest.partition(":")
        if head != "vault" or not number.isdigit():
            raise Refusal(400, "invalid ciphertext: no prefix")
        version = int(number)
        if version < key.min_decryption_version:
            raise Refusal(400, "ciphertext or signature version is disallowed by policy (too old)")
        if version > len(key.versions):
            raise Refusal(400, "invalid ciphertext: version is too new")
        sealed = _decoded(encoded, "ciphertext")
        try:
            clear = AESGCM(key.versions[version - 1]).decrypt(sealed[:_NONCE], sealed[_NONCE:], self._bound(body))
        except (InvalidTag, ValueError):
            raise Refusal(400, "cipher: message authentication failed") from None
        return {"plaintext": base64.b64encode(clear).decode()}

    def _rewrap(self, key: TransitKey, body: dict[str, Any]) -> dict[str, Any]:
        return self._encrypt(key, {**body, **self._decrypt(key, body)})

    def _bound(self, body: dict[str, Any]) -> bytes | None:
        given = body.get("associated_data")
        return _decoded(given, "associated_data") if given and self._options.knows_associated_data else None

    @staticmethod
    def _body(raw: bytes) -> dict[str, Any]:
        try:
            found = json.loads(raw or b"{}")
        except ValueError:
            raise Refusal(400, "failed to parse JSON input") from None
        return found if isinstance(found, dict) else {}


def _decoded(given: Any, name: str) -> bytes:
    try:
        return base64.b64decode(str(given or ""), validate=True)
    except binascii.Error:
        raise Refusal(400, f"failed to base64-decode {name}") from None
