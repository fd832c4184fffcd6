"""The master key in HashiCorp Vault (or OpenBao): the Transit engine wraps and unwraps, the key never leaves it.

Calls, as its API documents them: ``POST /v1/<mount>/encrypt/<key>`` and ``/decrypt/<key>`` with ``associated_data``,
``POST /v1/<mount>/keys/<key>/rotate``. Errors come as ``{"errors": [...]}``. A wrapped key is stored as Vault gave it
(``vault:v<version>:<base64>``), so the version that it needs travels with it.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Callable, Generator
from typing import Any

import httpx

from ascertain.connectors.http import HttpClient, StatusError, verdict_of
from ascertain.domain.connector import Failure, Verdict
from ascertain.errors import ConfigError, ConnectorError, IntegrityError, KeyGone, KeyServiceUnavailable

_PROBE, _OTHER = b"ascertain probe", b"ascertain another probe"
_GONE = ("not found", "too old", "disallowed by policy", "does not exist")
_CHANGED = ("authentication failed", "invalid ciphertext", "decrypt")


class VaultTransit:
    """``ascertain.domain.key_manager.KeyManager``.

    The id is made of mount and key and not of the address, which may change. May be shared by threads and inherited by
    forked children.

    Args:
        url: Vault's address (https://vault.example:8200).
        token: read before each call, since an agent may renew it.
        namespace: of Vault Enterprise and OpenBao; empty for none.
        timeout, tries, max_wait: see ``HttpClient``. Others may wait for the audit chain meanwhile, so all are small.
    """

    def __init__(
        self,
        url: str,
        token: Callable[[], str],
        *,
        key: str = "ascertain",
        mount: str = "transit",
        namespace: str = "",
        timeout: float = 5.0,
        tries: int = 3,
        max_wait: float = 1.0,
    ) -> None:
        self._url = url
        self._token = token
        self._key, self._mount, self._namespace = key, mount.strip("/"), namespace.strip("/")
        self._options: dict[str, Any] = {"timeout": timeout, "tries": tries, "max_wait": max_wait}
        # A connection must not cross a fork.
        self._clients: dict[int, HttpClient] = {}

    @property
    def id(self) -> str:
        place = "/".join(p for p in (self._namespace, self._mount, self._key) if p)
        return f"vault:{place}"

    def knows(self, wrapped_by: str) -> bool:
        return wrapped_by == self.id

    def make(self) -> None:
        """The key is Vault's owner's to make."""

    def wrap(self, key: bytes, context: bytes) -> bytes:
        return self._text(self._post(f"encrypt/{self._key}", {"plaintext": _b64(key)}, context), "ciphertext").encode()

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        found = self._post(f"decrypt/{self._key}", {"ciphertext": wrapped.decode("ascii", "replace")}, context)
        try:
            return base64.b64decode(self._text(found, "plaintext"), validate=True)
        except binascii.Error:
            raise KeyServiceUnavailable("Vault answered something else than a plaintext in base64") from None

    def rotate(self) -> None:
        self._post(f"keys/{self._key}/rotate", {})

    def retire(self) -> None:
        """Earlier versions stay in Vault until its owner raises ``min_decryption_version``."""

    def check(self) -> str:
        """
        Raises:
            ConfigError: this Vault is too old to bind a key to its context.
        """
        wrapped = self.wrap(_PROBE, _PROBE)
        if self.unwrap(wrapped, _PROBE) != _PROBE:
            raise IntegrityError("Vault does not give back what it wrapped")
        try:
            self.unwrap(wrapped, _OTHER)
        except KeyGone:
            raise
        except IntegrityError:
            return f"{self.id} at {self._url}, version {wrapped.decode('ascii', 'replace').split(':')[1]}"
        raise ConfigError(
            "this Vault ignores associated_data, so a wrapped key could be moved from one person to another",
            remedy="use a version of Vault or OpenBao whose Transit engine knows associated_data, and an AEAD key type",
        )

    def close(self) -> None:
        """Give back this process's connections."""
        client = self._clients.pop(os.getpid(), None)
        if client is not None:
            client.close()

    def _post(self, path: str, body: dict[str, str], context: bytes = b"") -> Any:
        if context:
            body = {**body, "associated_data": _b64(context)}
        try:
            return self._client().post(f"/v1/{self._mount}/{path}", body=body).data
        except StatusError as e:
            raise self._meaning(e) from None
        except ConnectorError as e:
            raise KeyServiceUnavailable(
                f"the master key cannot be reached: {e.message}",
                remedy="nothing was stored: look whether Vault is up and unsealed, and ASCERTAIN_KMS_URL is right",
            ) from None

    def _meaning(self, e: StatusError) -> Exception:
        """What a refusal is, by its status and Vault's own words."""
        said, status = e.failure.body.casefold(), e.failure.status
        if status == 403:
            return KeyServiceUnavailable(
                f"Vault refuses this token (403) for {self.id}",
                remedy="renew ASCERTAIN_KMS_TOKEN or its file; it needs update on encrypt and decrypt of that key",
            )
        if status == 400 and any(words in said for words in _GONE):
            return KeyGone(
                f"Vault has no key {self.id}, or not the version that this was wrapped with",
                remedy="restore the key, or lower its min_decryption_version; else what was sealed stays closed",
            )
        if status == 400 and any(words in said for words in _CHANGED):
            return IntegrityError(f"what {self.id} wrapped was changed or moved")
        return ConfigError(
            f"Vault refuses: {e.message}: {e.failure.body}",
            remedy="look at ASCERTAIN_KMS_MOUNT and ASCERTAIN_KMS_KEY; the mount must be a Transit engine",
        )

    def _text(self, answer: Any, name: str) -> str:
        data = answer.get("data") if isinstance(answer, dict) else None
        found = data.get(name) if isinstance(data, dict) else None
        if not isinstance(found, str):
            raise KeyServiceUnavailable(
                f"what answers at {self._url} is no Transit engine: there is no {name} in its answer",
                remedy="correct ASCERTAIN_KMS_URL",
            )
        return found

    def _client(self) -> HttpClient:
        pid = os.getpid()
        client = self._clients.get(pid)
        if client is None:
            auth = _Token(self._token, self._namespace)
            made = HttpClient("Vault", self._url, auth=auth, classify=_verdict, **self._options)
            client = self._clients.setdefault(pid, made)
        return client


class _Token(httpx.Auth):
    """Vault's headers, with the token as it is now."""

    def __init__(self, token: Callable[[], str], namespace: str) -> None:
        self._token = token
        self._namespace = namespace

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["X-Vault-Token"] = self._token()
        request.headers["X-Vault-Request"] = "true"
        if self._namespace:
            request.headers["X-Vault-Namespace"] = self._namespace
        yield request


def _verdict(failure: Failure) -> Verdict:
    """412: a replica has not caught up; 472, 473: a standby that does not forward."""
    return Verdict.RETRY if failure.status in (412, 472, 473) else verdict_of(failure)


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
